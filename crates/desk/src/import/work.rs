//! One decision of an import: some records of one patient, one commit.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::id::{EpisodeId, Id, PatientId};
use tendon_care::patient::Life;
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_exchange::field::Field;
use tendon_exchange::record::{DocumentRecord, ForeignKey, Moment, Record};
use tendon_exchange::{Problem, Severity};
use tendon_store::{Action, ParkedKey, SaidOf, SourceRow, Write};
use uuid::Uuid;

use super::entry::{Entry, PATIENT, Slot};
use super::fingerprint::Fingerprint;
use super::moment;
use super::places::Places;
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{Index, KeyState, Known};
use super::worker::REVIEW_WITHIN;
use crate::change::Change;
use crate::chart::Running;
use crate::error::DeskError;

/// A record that says something new, with what its teller said before.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) entry: Entry,
    pub(super) before: Option<Known>,
}

impl Fresh {
    /// Returns the last word that this one follows.
    pub(super) fn last(&self) -> Option<Fingerprint> {
        self.before.as_ref().and_then(|known| known.heard.last())
    }

    /// Tells whether the same was said before, and is only looked at once more.
    pub(super) fn is_repeat(&self) -> bool {
        self.last() == Some(self.entry.print)
    }
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

    pub(super) fn problem(&mut self, entry: &Entry, field: Field, reason: &str, how: Severity) {
        let problem = entry.problem(field, reason, how);
        self.problems.push((entry.number, problem));
    }

    /// Rejects a record with its reason.
    pub(super) fn reject(&mut self, entry: &Entry, field: Field, reason: &str) {
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
    /// Numbers of the patient that their source has given to another person, too.
    pub(super) disputed: BTreeSet<ForeignKey>,
    pub(super) told: Told,
}

impl Work<'_> {
    /// Takes the records in: who the patient is, courses of care, visits, what
    /// was planned and asked for, and documents. Each kind may lean on those before.
    pub(super) fn take_all(&mut self, records: &[Fresh]) -> Result<(), DeskError> {
        self.dispute();
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
        let thing = fresh.entry.thing();
        let known = self.known(&thing);
        let own = known.as_ref().and_then(|known| known.entity);
        let (patient, entity) = match (&fresh.entry.record, own) {
            (Record::Patient(_), Some(own)) => (PatientId::from_uuid(own), Some(own)),
            _ => (self.change.chart.patient.id, entity),
        };
        let state = match &fresh.entry.record {
            Record::Patient(said) => self.state_of(&said.key),
            _ => KeyState::Own,
        };
        let (row, learnt) = noted(fresh, entity, patient, state, body);
        self.change.write(Write::Source(Box::new(row)));
        self.told.learnt.extend([learnt]);
        if fresh.entry.teller.is_some() && known.is_none_or(|known| known.state != state) {
            self.set_key(thing, entity, state);
        }
        if fresh.entry.parked {
            self.change
                .write(Write::ParkedGone(parked_key(&fresh.entry)));
        }
    }

    /// Returns how a key of the patient stands from now on.
    fn state_of(&self, key: &ForeignKey) -> KeyState {
        let known = self.known(&Slot::patient(key));
        match known.map(|known| known.state) {
            _ if self.disputed.contains(key) => KeyState::Disputed,
            Some(KeyState::Retired) => KeyState::Retired,
            _ => KeyState::Own,
        }
    }

    /// Tells whether a key is that of a record that was merged into the patient.
    pub(super) fn is_retired(&self, key: &ForeignKey) -> bool {
        let known = self.known(&Slot::patient(key));
        known.is_some_and(|known| known.is_retired(self.change.chart.patient.id))
    }

    /// Puts the numbers in dispute on record, and has a person look where that is new.
    pub(super) fn dispute(&mut self) {
        let mut is_new = false;
        for key in self.disputed.clone() {
            let slot = Slot::patient(&key);
            let known = self.known(&slot);
            if known.is_none_or(|known| known.state != KeyState::Disputed) {
                let patient = self.change.chart.patient.id;
                self.set_key(slot, Some(patient.uuid()), KeyState::Disputed);
                is_new = true;
            }
        }
        if is_new {
            let due_at = self.scene.now + REVIEW_WITHIN;
            self.change
                .open_task(TaskKind::NumberDisputed, About::default(), due_at);
        }
    }

    /// Notes what a key names and how it stands; what was said under it stays.
    fn set_key(&mut self, slot: Slot, entity: Option<Uuid>, state: KeyState) {
        let known = self.known(&slot);
        let known = Known {
            state,
            entity: known.as_ref().and_then(|known| known.entity).or(entity),
            ..known.unwrap_or_default()
        };
        let own = known.entity.filter(|_| slot.kind == PATIENT);
        let said = self.said.iter();
        let mut body = said
            .filter(|row| row.system == slot.key.system && row.value == slot.key.value)
            .filter(|_| slot.kind == PATIENT);
        self.change.write(Write::Source(Box::new(SourceRow {
            kind: slot.kind.clone(),
            system: slot.key.system.clone(),
            value: slot.key.value.clone(),
            entity: known.entity,
            patient: Some(own.map_or(self.change.chart.patient.id, PatientId::from_uuid)),
            hash: known.hash(),
            changed_at: known.changed_at,
            body: body.next().and_then(|row| row.body.clone()),
        })));
        self.told.learnt.insert(slot, known);
    }

    /// Returns what a thing has become, this decision included.
    pub(super) fn entity_of(&self, fresh: &Fresh) -> Option<Uuid> {
        let known = self.known(&fresh.entry.thing());
        known.and_then(|known| known.entity)
    }

    /// Returns what was said last under a key, this decision included.
    pub(super) fn known(&self, slot: &Slot) -> Option<Known> {
        let here = self.told.learnt.get(slot).cloned();
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
    ///
    /// *Errors*: why it cannot be meant.
    pub(super) fn moment(
        &mut self,
        entry: &Entry,
        moment: Moment,
        zone: &TimeZone,
        field: Field,
    ) -> Result<Timestamp, &'static str> {
        let (at, doubt) = moment::resolve(moment, zone)?;
        if let Some(doubt) = doubt {
            self.told.problem(entry, field, doubt, Severity::Ignored);
        }
        Ok(at)
    }

    /// Resolves a moment of which no doubt needs to be told.
    pub(super) fn roughly(&self, moment: Option<Moment>) -> Option<Timestamp> {
        let zone = &self.scene.house.practice.time_zone;
        moment::resolve(moment?, zone).ok().map(|(at, _)| at)
    }
}

/// Returns the row of what a source said, and the same for memory.
pub(super) fn noted(
    fresh: &Fresh,
    entity: Option<Uuid>,
    patient: PatientId,
    state: KeyState,
    body: Option<String>,
) -> (SourceRow, (Slot, Known)) {
    let entry = &fresh.entry;
    let slot = entry.slot();
    let known = Known {
        entity,
        state,
        ..Known::after(fresh.before.as_ref(), entry)
    };
    let row = SourceRow {
        kind: slot.kind.clone(),
        system: slot.key.system.clone(),
        value: slot.key.value.clone(),
        entity,
        patient: Some(patient),
        hash: known.hash(),
        changed_at: known.changed_at,
        body,
    };
    (row, (slot, known))
}

/// Returns the row under which a further key of a thing is known.
pub(super) fn alias(slot: &Slot, known: &Known, patient: PatientId) -> Write {
    Write::Source(Box::new(SourceRow {
        kind: slot.kind.clone(),
        system: slot.key.system.clone(),
        value: slot.key.value.clone(),
        entity: known.entity,
        patient: Some(patient),
        hash: known.hash(),
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
