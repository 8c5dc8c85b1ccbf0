//! Foreign records that came before the patient they are about.

use jiff::Timestamp;
use tendon_care::id::Id;
use uuid::Uuid;

use super::source::{MOST_AT_ONCE, padded};
use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{Bound, params, statements};

statements! {
    /// Many awaited keys of one namespace at once; a shorter list repeats its last value.
    AWAITING = "select kind, system, value, awaits_system, awaits_value, hash, parked_at, body_sealed \
                from parked_record where practice_id = $1 and awaits_system = $2 and awaits_value in ($3, $4, \
                $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
                $25, $26, $27, $28, $29, $30, $31, $32, $33, $34) order by parked_at, kind, system, value";
    ANY = "select 1 from parked_record where practice_id = $1 limit 1";
    PUT = "insert into parked_record (practice_id, kind, system, value, awaits_system, awaits_value, hash, \
           parked_at, body_sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
           on conflict (practice_id, kind, system, value) do update set \
           awaits_system = excluded.awaits_system, awaits_value = excluded.awaits_value, \
           hash = excluded.hash, parked_at = excluded.parked_at, body_sealed = excluded.body_sealed";
    GONE = "delete from parked_record \
            where practice_id = $1 and kind = $2 and system = $3 and value = $4";
}

/// A foreign record that waits for its patient.
#[derive(Clone, PartialEq, Eq)]
pub struct ParkedRow {
    /// Which record.
    pub key: ParkedKey,
    /// The namespace and the key of the patient it waits for.
    pub awaits: (String, String),
    /// A hash of what was said.
    pub hash: Vec<u8>,
    /// Since when it waits.
    pub parked_at: Timestamp,
    /// The record in `desk`'s stored shape; sealed at rest.
    pub body: String,
}

/// The key of a foreign record that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct ParkedKey {
    /// The kind of thing, such as `appointment` or `Observation`.
    pub kind: String,
    /// The namespace of the key.
    pub system: String,
    /// The key in it.
    pub value: String,
}

impl std::fmt::Debug for ParkedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParkedRow({:?}, …)", self.key)
    }
}

impl std::fmt::Debug for ParkedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParkedKey({}, {}, …)", self.kind, self.system)
    }
}

impl Reader<'_> {
    /// Tells whether any foreign record waits for its patient.
    pub async fn is_anything_parked(&self) -> Result<bool, StoreError> {
        Ok(self.first(&ANY, vec![self.tenant()]).await?.is_some())
    }

    /// Returns the records that wait for patients of one namespace, longest first.
    pub async fn parked_for(
        &self,
        system: &str,
        values: &[String],
    ) -> Result<Vec<ParkedRow>, StoreError> {
        let keys = self.keys()?;
        let mut found = Vec::new();
        for some in values.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id(), system];
            bound.extend(padded(some.iter()));
            for row in self.rows(&AWAITING, bound).await? {
                found.push(ParkedRow {
                    key: ParkedKey {
                        kind: row.text(0)?.to_owned(),
                        system: row.text(1)?.to_owned(),
                        value: row.text(2)?.to_owned(),
                    },
                    awaits: (row.text(3)?.to_owned(), row.text(4)?.to_owned()),
                    hash: row.bytes(5)?.to_vec(),
                    parked_at: row.time(6)?,
                    body: keys.open_text(cell(self.tenant_id()), row.bytes(7)?)?,
                });
            }
        }
        Ok(found)
    }
}

pub(crate) fn upsert(binder: Binder<'_>, row: &ParkedRow) -> Result<Bound, StoreError> {
    let practice = binder.practice.uuid();
    let body = binder.keys.seal(cell(practice), row.body.as_bytes())?;
    Ok(Bound::one(
        &PUT,
        params![
            practice,
            &row.key.kind,
            &row.key.system,
            &row.key.value,
            &row.awaits.0,
            &row.awaits.1,
            row.hash.clone(),
            row.parked_at,
            body
        ],
    ))
}

/// Forgets a record; another node may have been faster.
pub(crate) fn gone(binder: Binder<'_>, key: &ParkedKey) -> Bound {
    Bound::any(
        &GONE,
        params![binder.practice.uuid(), &key.kind, &key.system, &key.value],
    )
}

/// A parked record has no id of its own: it is bound to the practice.
fn cell(practice: Uuid) -> Cell {
    Cell {
        table: "parked_record",
        column: "body_sealed",
        row: practice,
    }
}
