//! The consent ledger: rows are only ever added, and each is sealed.

use serde::{Deserialize, Serialize};
use tendon_care::access::{Actor, Role};
use tendon_care::consent::{
    Act, Basis, Entry, Evidence, EvidenceRef, Extent, Ledger, RevokedVia, ScopeMode,
};
use tendon_care::contact::{Address, Channel, Email, Owner, Phone};
use tendon_care::id::{ConsentId, ContactPointId, Id, PatientId};
use tendon_care::purpose::{Purpose, Purposes};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::{Cell, PracticeKeys};
use crate::sql::{Bound, Row, id, params, statements};

statements! {
    OF_PATIENT = "select consent_id, strand, captured_at, entry_sealed from consent \
                  where practice_id = $1 and patient_id = $2 order by captured_at, consent_id";
    /// What the practice's other records say of the addresses that a patient has.
    ELSEWHERE = "select o.consent_id, c.contact_point_id, o.captured_at, o.entry_sealed, o.patient_id \
                 from contact_point c join consent o on o.practice_id = c.practice_id \
                 and o.address_blind = c.address_blind and o.patient_id <> c.patient_id \
                 where c.practice_id = $1 and c.patient_id = $2 \
                 order by c.contact_point_id, o.patient_id, o.captured_at, o.consent_id";
    /// What is said about consent is part of the patient: a merge that was begun before
    /// must be decided again, and a record that was merged meanwhile takes no more.
    TOUCH = "update patient set version = version + 1 \
             where practice_id = $1 and patient_id = $2 and merged_into is null";
    INSERT = "insert into consent (practice_id, consent_id, patient_id, strand, address_blind, captured_at, \
              entry_sealed) values ($1, $2, $3, $4, $5, $6, $7)";
}

/// An entry of one patient's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// Whose ledger.
    pub patient: PatientId,
    /// The record in which it was said: the patient's own, or none for a patient
    /// who was merged out of several and speaks for all of them.
    pub strand: Option<PatientId>,
    /// The entry.
    pub entry: Entry,
}

/// What another record says of one address that a patient has as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidElsewhere {
    /// The patient's contact point with that address.
    pub contact_point: ContactPointId,
    /// In whose record it was said.
    pub patient: PatientId,
    /// What was said, oldest first.
    pub entries: Vec<Entry>,
}

/// The sealed shape of an entry, version 1. Every enum is written as its code.
#[derive(Serialize, Deserialize)]
struct EntryV1 {
    person: String,
    address: String,
    by: String,
    evidence: (String, String),
    act: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basis: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wording: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    via: Option<String>,
}

impl Reader<'_> {
    /// Returns a patient's entries, oldest first.
    pub async fn consents(&self, patient: PatientId) -> Result<Vec<ConsentRow>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        let keys = self.keys()?;
        let read = |row: &Row| -> Result<ConsentRow, StoreError> {
            Ok(ConsentRow {
                patient,
                strand: row.opt_id(1)?,
                entry: open(&keys, row)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns what other patients' records say of the addresses that a patient has.
    pub async fn consents_elsewhere(
        &self,
        patient: PatientId,
    ) -> Result<Vec<SaidElsewhere>, StoreError> {
        let rows = self
            .rows(&ELSEWHERE, vec![self.tenant(), id(patient)])
            .await?;
        let keys = self.keys()?;
        let mut said: Vec<SaidElsewhere> = Vec::new();
        for row in &rows {
            let (contact_point, patient) = (row.id(1)?, row.id(4)?);
            let entry = open(&keys, row)?;
            match said.last_mut() {
                Some(last) if last.contact_point == contact_point && last.patient == patient => {
                    last.entries.push(entry);
                }
                _ => said.push(SaidElsewhere {
                    contact_point,
                    patient,
                    entries: vec![entry],
                }),
            }
        }
        Ok(said)
    }

    /// Returns a patient's ledger: one strand for each record that was merged.
    pub async fn ledger(&self, patient: PatientId) -> Result<Ledger, StoreError> {
        let rows = self.consents(patient).await?;
        let mut strands: Vec<PatientId> = rows.iter().filter_map(|row| row.strand).collect();
        strands.sort_unstable();
        strands.dedup();
        let mut ledger = Ledger::new();
        for strand in strands {
            let mut one = Ledger::new();
            let said = rows.iter().filter(|row| row.strand == Some(strand));
            said.for_each(|row| one.push(row.entry.clone()));
            ledger = ledger.merge(one);
        }
        let for_all = rows.into_iter().filter(|row| row.strand.is_none());
        for_all.for_each(|row| ledger.push(row.entry));
        Ok(ledger)
    }
}

pub(crate) fn insert(binder: Binder<'_>, row: &ConsentRow) -> Result<Bound, StoreError> {
    let entry = &row.entry;
    let plain = serde_json::to_string(&stored(entry)).unwrap_or_default();
    Ok(Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            entry.id.uuid(),
            row.patient.uuid(),
            row.strand.map(Id::uuid),
            binder.keys.blind(&entry.address.comparable()),
            entry.captured_at,
            binder.keys.seal(cell(entry.id), plain.as_bytes())?
        ],
    ))
}

/// Tells a patient's record that its ledger has grown; last in a commit, since every
/// other write of the patient names the version that was read.
pub(crate) fn touch(binder: Binder<'_>, patient: PatientId) -> Bound {
    Bound::one(&TOUCH, params![binder.practice.uuid(), patient.uuid()])
}

/// Reads the entry of a row whose first column is its id, its third the moment and its
/// fourth the sealed rest.
fn open(keys: &PracticeKeys, row: &Row) -> Result<Entry, StoreError> {
    let consent: ConsentId = row.id(0)?;
    let plain = keys.open_text(cell(consent), row.bytes(3)?)?;
    let stored: Option<EntryV1> = serde_json::from_str(&plain).ok();
    let read = stored.and_then(|stored| entry(consent, row.time(2).ok()?, &stored));
    read.ok_or_else(|| row.nonsense(3, "a consent entry").into())
}

fn cell(consent: ConsentId) -> Cell {
    Cell {
        table: "consent",
        column: "entry_sealed",
        row: consent.uuid(),
    }
}

fn stored(entry: &Entry) -> EntryV1 {
    let mut out = EntryV1 {
        person: match entry.person {
            Owner::Patient => "patient".into(),
            Owner::Proxy(proxy) => proxy.to_string(),
        },
        address: match &entry.address {
            Address::Phone(phone) => phone.expose().to_owned(),
            Address::Email(email) => email.expose().to_owned(),
        },
        by: actor_text(&entry.captured_by),
        evidence: evidence_text(&entry.evidence),
        act: String::new(),
        purpose: None,
        channel: None,
        basis: None,
        wording: None,
        language: None,
        warning: None,
        mode: None,
        via: None,
    };
    match &entry.act {
        Act::Granted {
            purpose,
            channel,
            basis,
            wording_version,
            language,
            unencrypted_warning_version,
        } => {
            out.act = "granted".into();
            out.purpose = Some(purpose.code().into());
            out.channel = channel.map(|channel| channel.code().into());
            out.basis = Some(basis.code().into());
            out.wording = Some(wording_version.clone());
            out.language = Some(language.tag().into());
            out.warning.clone_from(unencrypted_warning_version);
        }
        Act::Revoked { extent, via } => {
            out.via = Some(via.code().into());
            match extent {
                Extent::Everything => out.act = "revoked_everything".into(),
                Extent::Unqualified { topic, mode } => {
                    out.act = "revoked".into();
                    out.purpose = topic.map(|topic| topic.code().into());
                    out.mode = Some(mode.code().into());
                }
                Extent::Narrowed { purposes, channel } => {
                    out.act = "narrowed".into();
                    out.purpose = Some(
                        purposes
                            .iter()
                            .map(Purpose::code)
                            .collect::<Vec<_>>()
                            .join(" "),
                    );
                    out.channel = channel.map(|channel| channel.code().into());
                }
            }
        }
        Act::CarrierBlocked => out.act = "carrier_blocked".into(),
        Act::CarrierLifted => out.act = "carrier_lifted".into(),
    }
    out
}

fn entry(id: ConsentId, captured_at: jiff::Timestamp, stored: &EntryV1) -> Option<Entry> {
    let person = match stored.person.as_str() {
        "patient" => Owner::Patient,
        proxy => Owner::Proxy(proxy.parse().ok()?),
    };
    let address = if stored.address.starts_with('+') {
        Address::Phone(Phone::from_e164(&stored.address).ok()?)
    } else {
        Address::Email(Email::parse(&stored.address).ok()?)
    };
    Some(Entry {
        id,
        person,
        address,
        captured_at,
        captured_by: actor(&stored.by)?,
        evidence: evidence(&stored.evidence)?,
        act: act(stored)?,
    })
}

fn act(stored: &EntryV1) -> Option<Act> {
    let channel = match &stored.channel {
        Some(code) => Some(Channel::from_code(code)?),
        None => None,
    };
    let via = || RevokedVia::from_code(stored.via.as_deref()?);
    let purpose = || stored.purpose.as_deref()?.parse::<Purpose>().ok();
    Some(match stored.act.as_str() {
        "granted" => Act::Granted {
            purpose: purpose()?,
            channel,
            basis: Basis::from_code(stored.basis.as_deref()?)?,
            wording_version: stored.wording.clone()?,
            language: stored.language.as_deref()?.parse().ok()?,
            unencrypted_warning_version: stored.warning.clone(),
        },
        "revoked_everything" => Act::Revoked {
            extent: Extent::Everything,
            via: via()?,
        },
        "revoked" => {
            let topic = if stored.purpose.is_some() {
                Some(purpose()?)
            } else {
                None
            };
            let mode = ScopeMode::from_code(stored.mode.as_deref()?)?;
            Act::Revoked {
                extent: Extent::Unqualified { topic, mode },
                via: via()?,
            }
        }
        "narrowed" => {
            let codes = stored.purpose.as_deref()?.split_whitespace();
            let purposes: Purposes = codes
                .map(|code| code.parse::<Purpose>().ok())
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .collect();
            Act::Revoked {
                extent: Extent::Narrowed { purposes, channel },
                via: via()?,
            }
        }
        "carrier_blocked" => Act::CarrierBlocked,
        "carrier_lifted" => Act::CarrierLifted,
        _ => return None,
    })
}

/// Names of workers that write consents; an actor read back must be one of them.
const WORKERS: [&str; 5] = ["import", "inbound", "dispatcher", "simulate", "command"];

fn actor_text(actor: &Actor) -> String {
    match actor {
        Actor::User { id, role } => format!("{id} {}", role.code()),
        Actor::Token { id, role } => format!("{id} {}", role.code()),
        Actor::Patient { id } => id.to_string(),
        Actor::System { worker } => format!("system {worker}"),
    }
}

fn actor(text: &str) -> Option<Actor> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    if first == "system" {
        let worker = WORKERS
            .into_iter()
            .find(|worker| *worker == rest)
            .unwrap_or("system");
        return Some(Actor::System { worker });
    }
    if let Ok(id) = first.parse() {
        return Some(Actor::Patient { id });
    }
    let role = Role::from_code(rest)?;
    match (first.parse(), first.parse()) {
        (Ok(id), _) => Some(Actor::User { id, role }),
        (_, Ok(id)) => Some(Actor::Token { id, role }),
        _ => None,
    }
}

fn evidence_text(evidence: &Evidence) -> (String, String) {
    let (kind, text) = match evidence {
        Evidence::Message(id) => ("message", id.to_string()),
        Evidence::Page(id) => ("page", id.to_string()),
        Evidence::Form(text) => ("form", text.expose().to_owned()),
        Evidence::Recording(text) => ("recording", text.expose().to_owned()),
        Evidence::Feed(text) => ("feed", text.expose().to_owned()),
        Evidence::Note(text) => ("note", text.expose().to_owned()),
    };
    (kind.to_owned(), text)
}

fn evidence((kind, text): &(String, String)) -> Option<Evidence> {
    Some(match kind.as_str() {
        "message" => Evidence::Message(text.parse().ok()?),
        "page" => Evidence::Page(text.parse().ok()?),
        "form" => Evidence::Form(EvidenceRef::new(text)),
        "recording" => Evidence::Recording(EvidenceRef::new(text)),
        "feed" => Evidence::Feed(EvidenceRef::new(text)),
        "note" => Evidence::Note(EvidenceRef::new(text)),
        _ => return None,
    })
}
