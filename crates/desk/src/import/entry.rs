//! One record on its way through an import: where it comes from, under which
//! key it is known, and what it says.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_exchange::field::{Field, Names};
use tendon_exchange::record::{ForeignKey, Moment, PatientRecord, Record};
use tendon_exchange::{Position, Problem, Severity};

use super::fingerprint::Fingerprint;
use super::moment;

/// The kind and key under which a thing, or what somebody says of it, is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) kind: String,
    pub(super) key: ForeignKey,
}

impl Slot {
    pub(super) fn new(kind: &str, key: &ForeignKey) -> Self {
        Self {
            kind: kind.to_owned(),
            key: key.clone(),
        }
    }

    pub(super) fn patient(key: &ForeignKey) -> Self {
        Self::new(PATIENT, key)
    }
}

/// The kind of slots under which patients are known.
pub(super) const PATIENT: &str = "patient";

/// The kind of slots under which courses of care are known.
pub(super) const EPISODE: &str = "episode";

/// Where a record stood, for problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: Arc<str>,
    pub(super) position: Position,
    /// What the source calls its fields.
    pub(super) names: Names,
}

impl Origin {
    /// Says what was wrong with a field of a record that stood here.
    pub(super) fn problem(
        &self,
        (field, record): (Field, Option<&Record>),
        reason: &str,
        severity: Severity,
    ) -> Problem {
        Problem {
            source: self.source.to_string(),
            position: self.position.clone(),
            field: self.names.of(field, record).to_owned(),
            reason: reason.to_owned(),
            severity,
        }
    }
}

/// One record on its way in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Which one of the run, in order of arrival.
    pub(super) number: u64,
    pub(super) origin: Origin,
    pub(super) record: Record,
    /// Who tells it, where that is not the thing's own record.
    pub(super) teller: Option<Arc<str>>,
    pub(super) print: Fingerprint,
    /// When the source changed it; local times are the practice's.
    pub(super) changed_at: Option<Timestamp>,
    /// It waited for its patient since an earlier batch or run.
    pub(super) parked: bool,
    /// It was told as rejected in this run while it waited.
    pub(super) told: bool,
}

impl Entry {
    pub(super) fn new(number: u64, origin: Origin, record: Record, zone: &TimeZone) -> Self {
        let changed_at = changed_at(&record)
            .and_then(|moment| moment::resolve(moment, zone).ok())
            .map(|(at, _)| at);
        Self {
            teller: None,
            number,
            origin,
            print: Fingerprint::of(&record),
            record,
            changed_at,
            parked: false,
            told: false,
        }
    }

    /// Says who tells it.
    pub(super) fn told_by(self, teller: Option<Arc<str>>) -> Self {
        Self { teller, ..self }
    }

    /// Says what was wrong with one of its fields.
    pub(super) fn problem(&self, field: Field, reason: &str, severity: Severity) -> Problem {
        let field = (field, Some(&self.record));
        self.origin.problem(field, reason, severity)
    }

    /// Returns the kind under which it is counted.
    pub(super) fn kind(&self) -> &'static str {
        self.record.kind()
    }

    /// Returns the slot of this word: what this teller says of this thing. Words in
    /// other slots say nothing about whether this one is news.
    pub(super) fn slot(&self) -> Slot {
        let mut slot = self.thing();
        if let Some(teller) = &self.teller {
            slot.key.value.push('\u{1f}');
            slot.key.value.push_str(teller);
        }
        slot
    }

    /// Returns the slot of the thing that it speaks of: what the thing became, and
    /// what its own record says of it.
    pub(super) fn thing(&self) -> Slot {
        match &self.record {
            Record::Document(document) => Slot::new(&document.resource_type, &document.key),
            // The same two numbers are one merge, however often it is told.
            Record::Merge(merge) => Slot {
                kind: "merge".to_owned(),
                key: ForeignKey {
                    system: merge.retired.system.clone(),
                    value: format!(
                        "{}\u{1f}{}\u{1f}{}",
                        merge.retired.value, merge.survivor.system, merge.survivor.value
                    ),
                },
            },
            other => Slot {
                kind: other.kind().to_owned(),
                key: other.key().cloned().unwrap_or_else(|| ForeignKey {
                    system: String::new(),
                    value: String::new(),
                }),
            },
        }
    }

    /// Returns the key of the patient it is about.
    pub(super) fn patient(&self) -> Option<&ForeignKey> {
        match &self.record {
            Record::Patient(person) => Some(&person.key),
            Record::Appointment(visit) => Some(&visit.patient),
            Record::Episode(episode) => Some(&episode.patient),
            Record::Plan(plan) => Some(&plan.patient),
            Record::Referral(referral) => Some(&referral.patient),
            Record::Document(document) => document.patient.as_ref(),
            Record::Merge(_) | Record::Clinician(_) | Record::Location(_) => None,
        }
    }

    /// Returns the key without which it has to wait: the patient it is about, the
    /// survivor of a merge.
    pub(super) fn awaits(&self) -> Option<&ForeignKey> {
        match &self.record {
            Record::Merge(merge) => Some(&merge.survivor),
            _ => self.patient(),
        }
    }

    /// Returns the person that it describes.
    pub(super) fn person(&self) -> Option<&PatientRecord> {
        match &self.record {
            Record::Patient(person) => Some(person),
            Record::Appointment(visit) => visit.patient_record.as_deref(),
            _ => None,
        }
    }

    /// Returns the course of care that it names.
    pub(super) fn episode(&self) -> Option<&ForeignKey> {
        match &self.record {
            Record::Appointment(visit) => visit.episode.as_ref(),
            Record::Plan(plan) => plan.episode.as_ref(),
            _ => None,
        }
    }

    /// Returns about how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        weight(&self.record)
    }
}

/// Returns about how many bytes a record holds.
pub(super) fn weight(record: &Record) -> usize {
    match record {
        Record::Document(document) => document.json.len() + 512,
        Record::Patient(_) => 2_048,
        _ => 1_024,
    }
}

fn changed_at(record: &Record) -> Option<Moment> {
    match record {
        Record::Patient(person) => person.changed_at,
        Record::Appointment(visit) => visit.changed_at,
        Record::Merge(merge) => merge.changed_at,
        _ => None,
    }
}
