//! Numbers that a source uses for two people.
//!
//! A record number that comes with another name and another birthday is refused
//! (domain rules for matching), and the number is in dispute from then on: what
//! is new under it and does not say itself whom it means is refused as well, so
//! that nobody gets the visits of another. What is known already, such as a visit
//! that is called off, goes on. A description that agrees ends the dispute.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use tendon_care::matching::{Model, Outcome, Person, compare};
use tendon_care::patient::{Identifier, Patient};
use tendon_care::person::Mrn;
use tendon_exchange::Position;
use tendon_exchange::field::Field;
use tendon_exchange::record::{ForeignKey, PatientRecord};
use tendon_store::as_matched;

use crate::import::entry::{Entry, Slot};
use crate::import::person::described;
use crate::import::report::Verdict;
use crate::import::shelf::{Index, KeyState};
use crate::import::work::{Fresh, Told};

const HELD_BACK: &str = "is a number in dispute: its source has given it to another person as well, and this record does not say whom it means";

/// The records of one person, judged.
#[derive(Default)]
pub(super) struct Judged {
    /// Those that are taken in.
    pub(super) kept: Vec<Fresh>,
    /// Those whose number is nobody's yet.
    pub(super) waiting: Vec<Entry>,
    /// Numbers in dispute.
    pub(super) disputed: BTreeSet<ForeignKey>,
    /// Refusals.
    pub(super) told: Told,
}

/// Judges the records of one person against the record on file, or the one about
/// to be made. `own` are keys of one about to be made.
pub(super) fn judge(
    index: &Index,
    on_file: &Patient,
    own: &[&ForeignKey],
    fresh: Vec<Fresh>,
) -> Judged {
    let bench = Bench::new(index, on_file, own);
    let findings = Findings::of(&bench, &fresh);
    let mut judged = Judged::default();
    for (fresh, refused) in fresh.into_iter().zip(&findings.refused) {
        if let Some(reason) = refused {
            judged.told.reject(&fresh.entry, Field::Patient, reason);
            continue;
        }
        let key = fresh.entry.patient();
        let disputed = key.is_some_and(|key| findings.is_disputed(&bench, key));
        if !disputed {
            judged.kept.push(fresh);
        } else if describes(&fresh.entry).is_some() {
            if fresh.is_repeat() {
                judged.told.verdict(&fresh.entry, Verdict::Unchanged);
            } else {
                judged.kept.push(fresh);
            }
        } else if bench.is_known(&fresh.entry) || findings.agreed.contains(&place(&fresh.entry)) {
            judged.kept.push(fresh);
        } else if fresh.entry.parked || key.is_none_or(|key| !bench.is_own(key)) {
            judged.waiting.push(fresh.entry);
        } else {
            judged.told.reject(&fresh.entry, Field::Patient, HELD_BACK);
        }
    }
    let disputed = findings.disputed.into_iter();
    judged.disputed = disputed.filter(|key| bench.is_own(key)).collect();
    judged
}

/// Returns the person that a record describes by name.
fn describes(entry: &Entry) -> Option<&PatientRecord> {
    entry.person().filter(|said| said.name.is_some())
}

/// Where a record stands: what stands in one row or message belongs together.
fn place(entry: &Entry) -> (Arc<str>, Position) {
    let origin = &entry.origin;
    (Arc::clone(&origin.source), origin.position.clone())
}

/// The record on file, ready to be compared.
struct Bench<'a> {
    index: &'a Index,
    patient: &'a Patient,
    own: &'a [&'a ForeignKey],
    on_file: Person,
    model: Model,
}

impl<'a> Bench<'a> {
    fn new(index: &'a Index, patient: &'a Patient, own: &'a [&'a ForeignKey]) -> Self {
        Self {
            index,
            patient,
            own,
            on_file: as_matched(patient),
            model: Model::default(),
        }
    }

    /// Tells whether a number is this patient's.
    fn is_own(&self, key: &ForeignKey) -> bool {
        self.own.contains(&key) || self.index.patient(key) == Some(self.patient.id)
    }

    /// Tells whether a record speaks of something that is known here.
    fn is_known(&self, entry: &Entry) -> bool {
        let thing = self.index.known(&entry.thing());
        !matches!(entry.record, tendon_exchange::Record::Patient(_))
            && thing.is_some_and(|known| known.entity.is_some())
    }

    /// Says why a description is of another person. A key is a number as any
    /// other, except that of a record that was merged: the two differed.
    fn contradiction(&self, said: &PatientRecord) -> Option<&'static str> {
        let mut described = described(said);
        let known = self.index.known(&Slot::patient(&said.key));
        let merged = known.is_some_and(|known| known.is_retired(self.patient.id));
        let outcome = match Mrn::parse("the-key") {
            Ok(value) if !merged && self.is_own(&said.key) => {
                let same = Identifier {
                    system: "key".to_owned(),
                    value,
                };
                let mut on_file = self.on_file.clone();
                on_file.identifiers.push(same.clone());
                described.identifiers.push(same);
                compare(&described, &on_file, &self.model).outcome
            }
            _ => compare(&described, &self.on_file, &self.model).outcome,
        };
        match outcome {
            Outcome::Quarantine(why) => Some(why.words()),
            _ => None,
        }
    }
}

/// What the descriptions of one person say.
#[derive(Default)]
struct Findings {
    /// Why a record describes another person, by its place in the list.
    refused: Vec<Option<&'static str>>,
    disputed: BTreeSet<ForeignKey>,
    /// Where descriptions stand that agree, and by which numbers.
    agreed: HashSet<(Arc<str>, Position)>,
    vouched: BTreeSet<ForeignKey>,
}

impl Findings {
    fn of(bench: &Bench<'_>, fresh: &[Fresh]) -> Self {
        let mut findings = Self::default();
        for fresh in fresh {
            let said = describes(&fresh.entry);
            let refused = said.and_then(|said| bench.contradiction(said));
            let key = fresh.entry.patient().filter(|_| said.is_some());
            if let Some(key) = key {
                if refused.is_some() {
                    findings.disputed.insert(key.clone());
                } else {
                    findings.vouched.insert(key.clone());
                    findings.agreed.insert(place(&fresh.entry));
                }
            }
            findings.refused.push(refused);
        }
        findings
    }

    fn is_disputed(&self, bench: &Bench<'_>, key: &ForeignKey) -> bool {
        let before = || {
            let known = bench.index.known(&Slot::patient(key));
            known.is_some_and(|known| known.state == KeyState::Disputed)
        };
        self.disputed.contains(key) || (!self.vouched.contains(key) && before())
    }
}
