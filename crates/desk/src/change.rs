//! A decision in the making: what happened to a patient, and everything that
//! follows from it, gathered as one commit.
//!
//! A use case says what happened ([`Change::happened`]) and how records now
//! stand. [`Change::finish`] then lets every journey hear of it, in order, until
//! nothing new follows, and returns the writes. Nothing here touches the store.

mod journeys;
mod templated;

use std::collections::VecDeque;

use jiff::Timestamp;
use tendon_care::access::{Access, Actor};
use tendon_care::appointment::{Appointment, VisitEvent};
use tendon_care::contact::{Address, Standing};
use tendon_care::episode::{Episode, EpisodeEvent};
use tendon_care::id::{AppointmentId, EnrolmentId, EpisodeId, MessageId, PatientId, TaskId};
use tendon_care::message::MessageState;
use tendon_care::patient::Patient;
use tendon_care::task::{About, Task, TaskKind, TaskState};
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_journey::Event;
use tendon_store::{
    Action, AddressKey, AuditEntry, Commit, DecisionRow, MessageMove, MessageRow, Versioned, Write,
};

pub(crate) use templated::Asked;

use crate::chart::Chart;
use crate::desk::Desk;
use crate::error::DeskError;
use crate::house::House;

/// Facts that follow from facts, at most; more is a circle among journeys.
const MOST_FACTS: usize = 200;

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It happens now: messages may follow.
    Live,
    /// It is loaded: it changes state and plans what lies ahead, and nothing is
    /// sent because of it. Journeys begin only for visits still to come.
    Backfill,
}

/// A decision in the making.
#[derive(Debug)]
pub struct Change<'a> {
    desk: &'a Desk,
    house: &'a House,
    access: &'a Access,
    origin: Origin,
    now: Timestamp,
    /// The patient as of now, changed as the decision goes on.
    pub chart: Chart,
    commit: Commit,
    unheard: VecDeque<(Fact, Timestamp)>,
    heard: usize,
    outgoing: Vec<MessageRow>,
    /// Written last: what is learnt of addresses moves the version of every holder.
    standings: Vec<Write>,
}

impl<'a> Change<'a> {
    pub(crate) fn new(
        desk: &'a Desk,
        house: &'a House,
        access: &'a Access,
        origin: Origin,
        chart: Chart,
    ) -> Self {
        Self {
            desk,
            house,
            access,
            origin,
            now: desk.now(),
            chart,
            commit: Commit::new(access),
            unheard: VecDeque::new(),
            heard: 0,
            outgoing: Vec::new(),
            standings: Vec::new(),
        }
    }

    /// Returns the moment of the decision.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns what the practice has set up.
    pub const fn house(&self) -> &'a House {
        self.house
    }

    /// Returns the desk, for minting ids.
    pub const fn desk(&self) -> &'a Desk {
        self.desk
    }

    /// Returns who decides.
    pub const fn access(&self) -> &'a Access {
        self.access
    }

    /// Returns where the facts come from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Adds a write that no journey needs to hear of.
    pub fn write(&mut self, write: Write) {
        self.commit.push(write);
    }

    /// Adds a write that must see what every other one has written.
    pub fn write_last(&mut self, write: Write) {
        self.standings.push(write);
    }

    /// Adds an audit row.
    pub fn audit(&mut self, action: Action, entity: &'static str, detail: impl Into<String>) {
        let entry = AuditEntry::new(self.access, self.now, action, entity);
        self.commit
            .audit(entry.about(self.chart.patient.id).with(detail));
    }

    /// Says that something happens now.
    pub fn happened(&mut self, fact: Fact) {
        self.happened_at(fact, self.now);
    }

    /// Says that something happened then.
    pub fn happened_at(&mut self, fact: Fact, at: Timestamp) {
        self.unheard.push_back((fact, at));
    }

    /// Replaces the patient.
    pub fn set_patient(&mut self, patient: Patient) {
        let version = self.chart.patient.version;
        self.commit.push(Write::Patient(Box::new(Versioned {
            value: patient.clone(),
            version,
        })));
        self.chart.patient = Versioned {
            value: patient,
            version: version + 1,
        };
    }

    /// Adds a visit.
    pub fn add_visit(&mut self, visit: Appointment) {
        self.commit.push(Write::AppointmentNew(visit.clone()));
        self.chart.visits.push(Versioned {
            value: visit,
            version: 1,
        });
        self.chart
            .visits
            .sort_by_key(|visit| (visit.starts_at, visit.id));
    }

    /// Replaces a visit.
    pub fn set_visit(&mut self, visit: Appointment) {
        if let Some(known) = self
            .chart
            .visits
            .iter_mut()
            .find(|known| known.id == visit.id)
        {
            let written = Versioned {
                value: visit,
                version: known.version,
            };
            known.value = written.value.clone();
            known.version += 1;
            self.commit.push(Write::Appointment(written));
        }
        self.chart
            .visits
            .sort_by_key(|visit| (visit.starts_at, visit.id));
    }

    /// Moves a visit to its next state, or refuses.
    pub fn move_visit(
        &mut self,
        visit: AppointmentId,
        event: VisitEvent,
    ) -> Result<Appointment, DeskError> {
        let known = self
            .chart
            .visit(visit)
            .ok_or(DeskError::NotFound("visit"))?
            .value
            .clone();
        let state = known.state.clone().on(event, known.starts_at, self.now)?;
        let moved = Appointment { state, ..known };
        self.set_visit(moved.clone());
        Ok(moved)
    }

    /// Adds an episode.
    pub fn add_episode(&mut self, episode: Episode) {
        self.commit.push(Write::EpisodeNew(episode.clone()));
        self.happened(Fact::EpisodeOpened {
            episode: episode.id,
        });
        self.chart.episodes.push(Versioned {
            value: episode,
            version: 1,
        });
    }

    /// Moves an episode on where its table permits; facts that do not move it are no error.
    pub fn move_episode(&mut self, episode: EpisodeId, event: EpisodeEvent) {
        let now = self.now;
        let Some(known) = self
            .chart
            .episodes
            .iter_mut()
            .find(|known| known.id == episode)
        else {
            return;
        };
        let before = known.state.code();
        let Ok(state) = known.value.state.clone().on(event, now) else {
            return;
        };
        let to = state.code();
        if to == before {
            return;
        }
        known.value.state = state;
        let written = Versioned {
            value: known.value.clone(),
            version: known.version,
        };
        known.version += 1;
        self.commit.push(Write::Episode(written));
        self.happened(Fact::EpisodeMoved {
            episode,
            to: to.to_owned(),
        });
    }

    /// Opens work for a person.
    pub fn open_task(&mut self, kind: TaskKind, about: About, due_at: Timestamp) -> TaskId {
        let task = Task {
            id: self.desk.mint().id(),
            kind,
            about: About {
                patient: about.patient.or(Some(self.chart.patient.id)),
                ..about
            },
            due_at,
            owner: None,
            state: TaskState::Open,
        };
        let id = task.id;
        self.commit.push(Write::TaskNew(task, self.now));
        self.happened(Fact::TaskOpened {
            task: id,
            kind: kind.code().to_owned(),
        });
        id
    }

    /// Puts a message into the outbox.
    pub fn send(&mut self, row: MessageRow) {
        self.outgoing.push(row);
    }

    /// Records what is learnt of an address, for everybody who has it; a later
    /// change of this patient in the same decision keeps it.
    pub fn set_address_standing(&mut self, address: &Address, standing: Standing) {
        for point in &mut self.chart.patient.value.contact_points {
            if point.address.comparable() == address.comparable() {
                point.standing = standing;
            }
        }
        self.standings
            .push(Write::AddressStanding(AddressKey::new(address), standing));
    }

    /// Records that a member of staff decided about a message.
    pub fn decided(
        &mut self,
        message: MessageId,
        outcome: &'static str,
        reason: &str,
        until: Option<Timestamp>,
    ) {
        let by = match self.access.actor {
            Actor::User { id, .. } => Some(id),
            _ => None,
        };
        self.commit.push(Write::Decision(Box::new(DecisionRow {
            id: self.desk.mint().id(),
            message,
            at: self.now,
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            until,
            chain: "[]".into(),
            by,
        })));
    }

    /// Takes a queued message back, with the reason on record.
    pub fn withdraw(&mut self, message: &Versioned<MessageRow>, reason: &str) {
        let id = message.message.id;
        let to = MessageState::Dropped { at: self.now };
        self.commit
            .push(Write::MessageState(Box::new(MessageMove::to(
                id,
                message.version,
                to,
            ))));
        self.commit.push(Write::OutboxGone(id));
        self.decided(id, "drop", reason, None);
        self.chart
            .pending
            .retain(|pending| pending.message.id != id);
        self.happened(Fact::MessageDropped {
            message: id,
            reason: reason.to_owned(),
        });
    }

    /// Lets an enrolment hear of something, outside of what happened.
    pub fn tell(&mut self, enrolment: EnrolmentId, event: &Event) -> Result<(), DeskError> {
        let index = self
            .chart
            .enrolments
            .iter()
            .position(|running| running.row.id == enrolment);
        self.hear(index.ok_or(DeskError::NotFound("enrolment"))?, event)
    }

    /// Lets an enrolment hear of a wake-up. Its timer is set anew in any case:
    /// one that comes early or late must not be left without.
    pub fn wake(&mut self, enrolment: EnrolmentId, event: &Event) -> Result<(), DeskError> {
        let Some(index) = self
            .chart
            .enrolments
            .iter()
            .position(|running| running.row.id == enrolment)
        else {
            self.commit.push(Write::TimerGone(enrolment));
            return Ok(());
        };
        if let Some(running) = self.chart.enrolments.get_mut(index) {
            running.touched = true;
        }
        self.hear(index, event)
    }

    /// Returns the strand of the ledger that a new entry belongs to: a patient
    /// who was merged out of several records speaks for all of them.
    pub fn strand(&self) -> Option<PatientId> {
        (!self.chart.merged).then_some(self.chart.patient.id)
    }

    /// Ends every enrolment and takes every queued message back: for a death.
    pub fn stop_everything(&mut self, reason: &str) {
        let now = self.now;
        for running in self
            .chart
            .enrolments
            .iter_mut()
            .filter(|running| running.is_running())
        {
            running.row.ended = Some((now, reason.to_owned()));
            running.row.wake = None;
            running.touched = true;
        }
        for message in self.chart.pending.clone() {
            self.withdraw(&message, reason);
        }
    }

    /// Lets the journeys hear everything and returns what is to be written: the
    /// commit, and what must stand last in it.
    pub(crate) fn finish(mut self) -> Result<(Commit, Vec<Write>), DeskError> {
        while let Some((fact, at)) = self.unheard.pop_front() {
            self.heard += 1;
            if self.heard > MOST_FACTS {
                return Err(DeskError::Corrupt("journeys that set each other off"));
            }
            self.commit.push(Write::Touchpoint(Touchpoint {
                id: self.desk.mint().id(),
                patient: self.chart.patient.id,
                happened_at: at,
                fact: fact.clone(),
                backfilled: self.origin == Origin::Backfill,
            }));
            self.spread(&fact)?;
        }
        for running in self
            .chart
            .enrolments
            .iter()
            .filter(|running| running.touched)
        {
            self.commit.push(match running.version {
                None => Write::EnrolmentNew(Box::new(running.row.clone())),
                Some(version) => Write::Enrolment(Box::new(Versioned {
                    value: running.row.clone(),
                    version,
                })),
            });
        }
        for row in self.outgoing {
            self.commit.push(Write::MessageNew(Box::new(row)));
        }
        Ok((self.commit, self.standings))
    }
}
