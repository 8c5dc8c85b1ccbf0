//! The audit trail: append-only rows, each hashed over the one before.
//!
//! The committer of each engine appends the rows while it holds the chain's
//! head, in the same transaction as the writes that they describe: there is no
//! moment at which a write stands without its row. `tendon verify` walks the
//! chain; a row that was edited, removed or put in between breaks it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tendon_care::access::{Access, Actor};
use tendon_care::id::Id;
use uuid::Uuid;

use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    HEAD = "select seq, hash from audit_head where practice_id = $1";
    INSERT = "insert into audit (practice_id, seq, recorded_at, actor, role, action, entity, entity_id, \
              patient_id, purpose, detail, prev_hash, hash) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    SET_HEAD = "insert into audit_head (practice_id, seq, hash) values ($1, $2, $3) \
                on conflict (practice_id) do update set seq = excluded.seq, hash = excluded.hash";
}

/// What was done (FHIR AuditEvent.action).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Created.
    Create,
    /// Read.
    Read,
    /// Changed.
    Update,
    /// Removed.
    Delete,
    /// Executed: signed in, exported, sent.
    Execute,
}

impl Action {
    /// Returns FHIR's letter.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "C",
            Self::Read => "R",
            Self::Update => "U",
            Self::Delete => "D",
            Self::Execute => "E",
        }
    }
}

/// One entry, before it has a place in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) role: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) action: Action,
    pub(crate) entity: &'static str,
    pub(crate) entity_id: Option<Uuid>,
    pub(crate) patient: Option<Uuid>,
    pub(crate) detail: String,
}

impl AuditEntry {
    /// Describes what `access` did to which kind of thing.
    pub fn new(access: &Access, at: Timestamp, action: Action, entity: &'static str) -> Self {
        let (actor, role) = match access.actor {
            Actor::User { id, role } => (id.to_string(), role.code()),
            Actor::Token { id, role } => (id.to_string(), role.code()),
            Actor::Patient { id } => (id.to_string(), "patient"),
            Actor::System { worker } => (worker.to_owned(), "system"),
        };
        Self {
            at,
            actor,
            role,
            purpose: access.purpose.code(),
            action,
            entity,
            entity_id: None,
            patient: None,
            detail: String::new(),
        }
    }

    /// Names the thing.
    #[must_use]
    pub fn of(mut self, id: impl Id) -> Self {
        self.entity_id = Some(id.uuid());
        self
    }

    /// Names the patient whose data it is.
    #[must_use]
    pub fn about(mut self, patient: tendon_care::id::PatientId) -> Self {
        self.patient = Some(patient.uuid());
        self
    }

    /// Adds words: codes and counts, never personal data.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// The fields of a row that the hash covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashed<'a> {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) texts: [&'a str; 6],
    pub(crate) entity_id: Option<Uuid>,
    pub(crate) patient: Option<Uuid>,
}

impl Hashed<'_> {
    /// Hashes a row over the hash of the one before it. Every field is preceded by
    /// its length, so that no two different rows give the same bytes.
    pub(crate) fn over(&self, prev: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        field(prev);
        field(&self.seq.to_be_bytes());
        field(&self.at.as_millisecond().to_be_bytes());
        self.texts.iter().for_each(|text| field(text.as_bytes()));
        for uuid in [self.entity_id, self.patient] {
            field(uuid.as_ref().map_or(&[][..], |uuid| uuid.as_bytes()));
        }
        hash.finalize().to_vec()
    }
}

impl AuditEntry {
    fn hashed(&self, seq: i64) -> Hashed<'_> {
        Hashed {
            seq,
            at: self.at,
            texts: [
                &self.actor,
                self.role,
                self.action.code(),
                self.entity,
                self.purpose,
                &self.detail,
            ],
            entity_id: self.entity_id,
            patient: self.patient,
        }
    }
}

/// The heads of the chains that one group of commits appends to.
#[derive(Debug, Default)]
pub(crate) struct Chains(BTreeMap<Uuid, Head>);

#[derive(Debug)]
struct Head {
    seq: i64,
    hash: Vec<u8>,
    grown: bool,
}

impl Chains {
    pub(crate) fn knows(&self, practice: Uuid) -> bool {
        self.0.contains_key(&practice)
    }

    /// Takes over the stored head; a practice without one begins at zero.
    pub(crate) fn learn(&mut self, practice: Uuid, row: Option<&Row>) -> Result<(), BadRow> {
        let (seq, hash) = match row {
            Some(row) => (row.int(0)?, row.bytes(1)?.to_vec()),
            None => (0, Vec::new()),
        };
        self.0.insert(
            practice,
            Head {
                seq,
                hash,
                grown: false,
            },
        );
        Ok(())
    }

    /// Gives the entries their places and returns the rows to insert.
    pub(crate) fn append(&mut self, practice: Uuid, entries: &[AuditEntry]) -> Vec<Bound> {
        let Some(head) = self.0.get_mut(&practice) else {
            return Vec::new();
        };
        entries
            .iter()
            .map(|entry| {
                head.seq += 1;
                let hash = entry.hashed(head.seq).over(&head.hash);
                let prev = std::mem::replace(&mut head.hash, hash.clone());
                head.grown = true;
                Bound::one(
                    &INSERT,
                    params![
                        practice,
                        head.seq,
                        entry.at,
                        &entry.actor,
                        entry.role,
                        entry.action.code(),
                        entry.entity,
                        entry.entity_id,
                        entry.patient,
                        entry.purpose,
                        &entry.detail,
                        prev,
                        hash
                    ],
                )
            })
            .collect()
    }

    /// Returns the writes that store the new heads.
    pub(crate) fn heads(&self) -> Vec<Bound> {
        self.0
            .iter()
            .filter(|(_, head)| head.grown)
            .map(|(practice, head)| {
                Bound::one(&SET_HEAD, params![*practice, head.seq, head.hash.clone()])
            })
            .collect()
    }
}
