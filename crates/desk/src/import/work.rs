//! One decision of an import: some records of one patient, one commit.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::id::{EpisodeId, Id, PatientId};
use tendon_care::patient::Life;
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_exchange::record::{DocumentRecord, Moment, Record};
use tendon_exchange::{Problem, Severity};
use tendon_store::{Action, ParkedKey, SaidOf, SourceRow, Write};
use uuid::Uuid;

use super::entry::{Entry, Slot};
use super::moment;
use super::places::Places;
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{Index, Known};
use crate::change::Change;
use crate::chart::Running;
use crate::error::DeskError;

/// A record that says something new, with what its source said before.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) entry: Entry,
    pub(super) before: Option<Known>,
}

/// What one decision tells: counted and said only once it is committed.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) verdicts: Vec<(&'static str, Verdict)>,
    pub(super) problems: Vec<(u64, Problem)>,
    pub(super) learnt: HashMap<Slot, Known>,
}

impl Told {
    pub(super) fn verdict(&mut self, entry: &Entry, verdict: Verdict) {
        self.verdicts.push((entry.kind(), verdict));
    }

    pub(super) fn problem(&mut self, entry: &Entry, field: &str, reason: &str, how: Severity) {
        let problem = entry.origin.problem(field, reason, how);
        self.problems.push((entry.number, problem));
    }

    /// Rejects a record with its reason.
    pub(super) fn reject(&mut self, entry: &Entry, field: &str, reason: &str) {
        self.problem(entry, field, reason, Severity::Rejected);
        self.verdict(entry, Verdict::Rejected);
    }
}

/// A decision in the making.
pub(super) struct Work<'a> {
    pub(super) scene: &'a Scene,
    pub(super) places: &'a Places,
    pub(super) index: &'a Index,
    pub(super) change: Change<'a>,
    /// The patient is added by this decision.
    pub(super) is_new: bool,
    /// What every source says of this patient, for telling their addresses apart.
    pub(super) said: Vec<SaidOf>,
    /// Courses of care that a source has named; the others were inferred from visits.
    pub(super) named: HashSet<Uuid>,
    /// Courses of care whose visits changed.
    pub(super) touched: BTreeSet<EpisodeId>,
    pub(super) told: Told,
}

impl Work<'_> {
    /// Takes the records in: who the patient is, courses of care, visits, what
    /// was planned and asked for, and documents. Each kind may lean on those before.
    pub(super) fn take_all(&mut self, records: &[Fresh]) -> Result<(), DeskError> {
        for fresh in records {
            if let Record::Patient(person) = &fresh.entry.record {
                self.person(fresh, person);
            }
        }
        for fresh in records {
            if let Record::Episode(episode) = &fresh.entry.record {
                self.episode(fresh, episode);
            }
        }
        self.visits(records)?;
        for fresh in records {
            match &fresh.entry.record {
                Record::Plan(plan) => self.plan(fresh, plan),
                Record::Referral(referral) => self.referral(fresh, referral),
                Record::Document(document) => self.document(fresh, document),
                _ => {}
            }
        }
        self.settle_episodes();
        let count = records.len();
        let action = if self.is_new {
            Action::Create
        } else {
            Action::Update
        };
        self.change
            .audit(action, "import", format!("{count} records"));
        Ok(())
    }

    /// Keeps a document as it came.
    fn document(&mut self, fresh: &Fresh, document: &DocumentRecord) {
        self.remember(fresh, None, Some(document.json.clone()));
        let verdict = match fresh.before {
            Some(_) => Verdict::Updated,
            None => Verdict::Created,
        };
        self.told.verdict(&fresh.entry, verdict);
    }

    /// Notes what the source said and what it became.
    pub(super) fn remember(&mut self, fresh: &Fresh, entity: Option<Uuid>, body: Option<String>) {
        // A key keeps naming the record that it named first, so that taking a merge
        // back leaves every key with its own.
        let own = fresh.before.and_then(|known| known.entity);
        let (patient, entity) = match (&fresh.entry.record, own) {
            (Record::Patient(_), Some(own)) => (PatientId::from_uuid(own), Some(own)),
            _ => (self.change.chart.patient.id, entity),
        };
        let (row, learnt) = noted(fresh, entity, patient, body);
        self.change.write(Write::Source(Box::new(row)));
        self.told.learnt.extend([learnt]);
        if fresh.entry.parked {
            self.change
                .write(Write::ParkedGone(parked_key(&fresh.entry)));
        }
    }

    /// Returns what was said last under a key, this decision included.
    pub(super) fn known(&self, slot: &Slot) -> Option<Known> {
        let here = self.told.learnt.get(slot).copied();
        here.or_else(|| self.index.known(slot))
    }

    /// Puts a fact on the timeline without asking anybody.
    pub(super) fn quiet(&mut self, fact: Fact, at: Timestamp) {
        self.change.write(Write::Touchpoint(Touchpoint {
            id: self.scene.desk.mint().id(),
            patient: self.change.chart.patient.id,
            happened_at: at,
            fact,
            backfilled: true,
        }));
    }

    /// Puts a fact on the timeline; journeys that run for the patient hear of it.
    pub(super) fn note(&mut self, fact: Fact, at: Timestamp) {
        if self.change.chart.enrolments.iter().any(Running::is_running) {
            self.change.happened_at(fact, at);
        } else {
            self.quiet(fact, at);
        }
    }

    /// Puts a fact about a visit still to come on the timeline: journeys may
    /// begin with it, unless the patient is dead or left alone.
    pub(super) fn announce(&mut self, fact: Fact, at: Timestamp) {
        let patient = &self.change.chart.patient;
        if patient.life == Life::Living && !patient.paused {
            self.change.happened_at(fact, at);
        } else {
            self.note(fact, at);
        }
    }

    /// Resolves a moment of a record; tells where it is in doubt.
    pub(super) fn moment(
        &mut self,
        entry: &Entry,
        moment: Moment,
        zone: &TimeZone,
        field: &str,
    ) -> Option<Timestamp> {
        let (at, doubt) = moment::resolve(moment, zone)?;
        if let Some(doubt) = doubt {
            self.told.problem(entry, field, doubt, Severity::Ignored);
        }
        Some(at)
    }

    /// Resolves a moment of which no doubt needs to be told.
    pub(super) fn roughly(&self, moment: Option<Moment>) -> Option<Timestamp> {
        let zone = &self.scene.house.practice.time_zone;
        moment::resolve(moment?, zone).map(|(at, _)| at)
    }
}

/// Returns the row of what a source said, and the same for memory.
pub(super) fn noted(
    fresh: &Fresh,
    entity: Option<Uuid>,
    patient: PatientId,
    body: Option<String>,
) -> (SourceRow, (Slot, Known)) {
    let entry = &fresh.entry;
    let slot = entry.slot();
    let row = SourceRow {
        kind: slot.kind.clone(),
        system: slot.key.system.clone(),
        value: slot.key.value.clone(),
        entity,
        patient: Some(patient),
        hash: entry.print.write(),
        changed_at: entry.changed_at,
        body,
    };
    let known = Known {
        entity,
        print: Some(entry.print),
        changed_at: entry.changed_at,
    };
    (row, (slot, known))
}

/// Returns the row under which a further key of a thing is known.
pub(super) fn alias(slot: &Slot, entity: impl Id, patient: PatientId) -> Write {
    Write::Source(Box::new(SourceRow {
        kind: slot.kind.clone(),
        system: slot.key.system.clone(),
        value: slot.key.value.clone(),
        entity: Some(entity.uuid()),
        patient: Some(patient),
        hash: Vec::new(),
        changed_at: None,
        body: None,
    }))
}

/// Returns the key under which a record that waits is parked.
pub(super) fn parked_key(entry: &Entry) -> ParkedKey {
    let Slot { kind, key } = entry.slot();
    ParkedKey {
        kind,
        system: key.system,
        value: key.value,
    }
}
