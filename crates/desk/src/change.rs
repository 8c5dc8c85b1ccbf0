//! A decision in the making: what happened to a patient, and everything that
//! follows from it, gathered as one commit.
//!
//! A use case says what happened ([`Change::happened`]) and how records now
//! stand. [`Change::finish`] then lets every journey hear of it, in order, until
//! nothing new follows, and returns the writes. Nothing here touches the store.

use std::collections::VecDeque;

use jiff::Timestamp;
use tendon_care::access::{Access, Actor};
use tendon_care::appointment::{Appointment, VisitEvent};
use tendon_care::contact::{Address, Channel, Standing};
use tendon_care::episode::{Episode, EpisodeEvent};
use tendon_care::id::{AppointmentId, EnrolmentId, EpisodeId, Id, MessageId, PatientId, TaskId};
use tendon_care::message::{Cause, Message, MessageState};
use tendon_care::patient::{Life, Patient};
use tendon_care::task::{About, Task, TaskKind, TaskState};
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_journey::definition::{Pending, SubjectKind};
use tendon_journey::enrolment::Refs;
use tendon_journey::event::WithdrawReason;
use tendon_journey::{Admission, Definition, Effect, Enrolment, Event, admit, step};
use tendon_store::{
    Action, AddressKey, AuditEntry, Commit, DecisionRow, EnrolmentRow, MessageMove, MessageRow,
    Versioned, WakeAt, Write,
};

use crate::chart::{Chart, Running};
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

    /// Tells a fact to everything that runs, and lets in what begins with it.
    fn spread(&mut self, fact: &Fact) -> Result<(), DeskError> {
        let about = self.about(fact);
        let event = Event::Happened {
            fact: fact.code(),
            about,
        };
        for index in 0..self.chart.enrolments.len() {
            self.hear(index, &event)?;
            self.hear(index, &Event::AnchorsChanged)?;
        }
        let house = self.house;
        for definition in house.journeys().current() {
            self.admit(definition, fact, &about)?;
        }
        Ok(())
    }

    /// Returns what a fact is about.
    fn about(&self, fact: &Fact) -> Refs {
        let mut about = Refs::patient(self.chart.patient.id);
        match fact {
            Fact::VisitBooked { appointment, .. }
            | Fact::VisitMoved { appointment, .. }
            | Fact::VisitConfirmed { appointment, .. }
            | Fact::VisitMoveAsked { appointment, .. }
            | Fact::VisitCancelled { appointment, .. }
            | Fact::VisitReinstated { appointment }
            | Fact::VisitArrived { appointment }
            | Fact::VisitCompleted { appointment }
            | Fact::VisitMissed { appointment, .. }
            | Fact::VisitVoided { appointment } => {
                about.appointment = Some(*appointment);
                about.episode = self
                    .chart
                    .visit(*appointment)
                    .and_then(|visit| visit.episode);
            }
            Fact::EpisodeOpened { episode } | Fact::EpisodeMoved { episode, .. } => {
                about.episode = Some(*episode);
            }
            Fact::PlanSet { plan, .. } => {
                let plans = &self.chart.plans;
                about.episode = plans
                    .iter()
                    .find(|known| known.id == *plan)
                    .map(|plan| plan.episode);
            }
            Fact::ReferralReceived { referral } => about.referral = Some(*referral),
            _ => {}
        }
        about
    }

    fn admit(
        &mut self,
        definition: &std::sync::Arc<Definition>,
        fact: &Fact,
        about: &Refs,
    ) -> Result<(), DeskError> {
        let Some((subject, refs)) = subject(definition, about) else {
            return Ok(());
        };
        let deceased = self.chart.patient.life != Life::Living;
        let history = self.origin == Origin::Backfill && !self.lies_ahead(&refs, definition);
        if deceased || history {
            return Ok(());
        }
        let facts = self.chart.facts(&refs, self.house, self.now);
        let latest = self.chart.enrolments.iter().rev().find(|running| {
            running.row.subject == subject && running.row.journey == definition.name()
        });
        let admission = admit(
            definition,
            fact.code(),
            &facts,
            latest.map(|running| &running.state),
            self.now,
        );
        if admission != Admission::Enter {
            return Ok(());
        }
        let state = Enrolment::begin(definition, refs, self.now);
        let row = EnrolmentRow {
            id: self.desk.mint().id(),
            journey: definition.name().to_owned(),
            journey_version: definition.version(),
            subject,
            patient: self.chart.patient.id,
            appointment: refs.appointment,
            episode: refs.episode,
            state: String::new(),
            wake: None,
            entered_at: self.now,
            ended: None,
        };
        let (enrolment, journey) = (row.id, row.journey.clone());
        self.chart.enrolments.push(Running {
            row,
            version: None,
            state,
            touched: true,
        });
        self.happened(Fact::JourneyEntered { enrolment, journey });
        self.hear(self.chart.enrolments.len() - 1, &Event::Entered)
    }

    /// History begins only what is about a visit still to come.
    fn lies_ahead(&self, refs: &Refs, definition: &Definition) -> bool {
        definition.subject() == SubjectKind::Appointment
            && refs
                .appointment
                .and_then(|visit| self.chart.visit(visit))
                .is_some_and(|visit| visit.is_open() && visit.starts_at > self.now)
    }

    /// Lets one enrolment hear an event and takes over what follows.
    fn hear(&mut self, index: usize, event: &Event) -> Result<(), DeskError> {
        let Some(running) = self
            .chart
            .enrolments
            .get(index)
            .filter(|running| running.is_running())
        else {
            return Ok(());
        };
        let (journey, version) = (running.row.journey.as_str(), running.row.journey_version);
        let definition = self.house.journeys().version(journey, version);
        let definition = definition.ok_or(DeskError::Corrupt("a journey that somebody is in"))?;
        let facts = self
            .chart
            .facts(running.state.about(), self.house, self.now);
        let (state, effects) = step(definition, &running.state, event, &facts, self.now)
            .map_err(|_| DeskError::Corrupt("an enrolment"))?;
        if state == running.state && effects.is_empty() && running.version.is_some() {
            return Ok(());
        }
        if let Some(running) = self.chart.enrolments.get_mut(index) {
            running.row.state = tendon_journey::enrolment::v1::write(&state);
            running.row.wake = state.wake().map(|(step, at)| WakeAt {
                step: step.as_str().to_owned(),
                at,
            });
            running.state = state;
            running.touched = true;
        }
        for effect in effects {
            self.follow(index, definition, effect)?;
        }
        Ok(())
    }

    /// Turns an effect of an enrolment into writes.
    fn follow(
        &mut self,
        index: usize,
        definition: &Definition,
        effect: Effect,
    ) -> Result<(), DeskError> {
        let Some(running) = self.chart.enrolments.get(index) else {
            return Ok(());
        };
        let (enrolment, about) = (running.row.id, *running.state.about());
        match effect {
            Effect::Withdraw { pending, reason } => self.withdraw_of(enrolment, &pending, &reason),
            Effect::Send {
                step,
                template,
                channels,
                expires_at,
                purpose,
                priority,
                prompt,
            } => {
                // History never sends.
                if self.origin == Origin::Live {
                    let cause = Cause::Journey {
                        enrolment,
                        journey: definition.name().to_owned(),
                        version: definition.version(),
                        step: step.as_str().to_owned(),
                    };
                    let asked = Asked {
                        template,
                        channel: channels.first().copied().unwrap_or(Channel::Sms),
                        purpose,
                        expires_at,
                        prompt: prompt.map(|prompt| prompt.code().to_owned()),
                        priority: 100 - i64::from(priority),
                    };
                    let row = self.templated(cause, about.appointment, asked)?;
                    self.send(row);
                }
            }
            Effect::Task { kind, due_at, .. } => {
                if self.origin == Origin::Live {
                    let about = About {
                        appointment: about.appointment,
                        ..About::default()
                    };
                    self.open_task(kind, about, due_at);
                }
            }
            // The wake-up stands in the state; a step left out leaves no trace but there.
            Effect::LeftOut { .. } | Effect::Wake { .. } | Effect::Unwake => {}
            Effect::End { reason } => {
                let code = reason.code().to_owned();
                if let Some(running) = self.chart.enrolments.get_mut(index) {
                    running.row.ended = Some((self.now, code.clone()));
                    running.row.wake = None;
                }
                self.happened(Fact::JourneyEnded {
                    enrolment,
                    reason: code,
                });
            }
        }
        Ok(())
    }

    fn withdraw_of(&mut self, enrolment: EnrolmentId, pending: &Pending, reason: &WithdrawReason) {
        let reason = match reason {
            WithdrawReason::Moved => "visit_moved".to_owned(),
            WithdrawReason::Ended(code) => format!("journey_ended:{code}"),
            WithdrawReason::Fact(code) => (*code).to_owned(),
        };
        let meant = |cause: &Cause| match cause {
            Cause::Journey {
                enrolment: of,
                step,
                ..
            } => {
                *of == enrolment
                    && match pending {
                        Pending::All => true,
                        Pending::Of(steps) => steps.iter().any(|known| known.as_str() == step),
                    }
            }
            Cause::Staff | Cause::Reply => false,
        };
        for message in self.chart.pending.clone() {
            if meant(&message.message.cause) {
                self.withdraw(&message, &reason);
            }
        }
        // What this very decision was about to send has not been seen by anybody.
        self.outgoing.retain(|row| !meant(&row.message.cause));
    }

    /// Makes a message of a template; its final words are found at dispatch, when
    /// the address and channel are known.
    pub(crate) fn templated(
        &self,
        cause: Cause,
        appointment: Option<AppointmentId>,
        asked: Asked,
    ) -> Result<MessageRow, DeskError> {
        let visit = appointment.and_then(|id| self.chart.visit(id));
        let patient = &self.chart.patient.value;
        let values = crate::letter::values(
            self.house,
            patient,
            visit.map(|v| &v.value),
            self.now,
            None,
            false,
        );
        let words = &self.house.catalogue;
        let content = words
            .render(&asked.template, patient.language, &values, asked.channel)
            .or_else(|_| words.render(&asked.template, patient.language, &values, Channel::Email))
            .map_err(|_| DeskError::Corrupt("the words of a message"))?;
        Ok(MessageRow {
            message: Message {
                id: self.desk.mint().id(),
                patient: patient.id,
                conversation: None,
                contact_point: None,
                channel: asked.channel,
                purpose: asked.purpose,
                language: patient.language,
                cause,
                appointment,
                content,
                expires_at: asked.expires_at,
                state: MessageState::Queued { due_at: self.now },
            },
            template: Some(asked.template),
            prompt: asked.prompt,
            appointment_start: visit.map(|visit| visit.starts_at),
            sender: None,
            segments: 0,
            priority: asked.priority,
            created_at: self.now,
            carrier: None,
        })
    }
}

/// A message of a template, as a step or a use case asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) template: String,
    pub(crate) channel: Channel,
    pub(crate) purpose: tendon_care::purpose::Purpose,
    pub(crate) expires_at: Timestamp,
    pub(crate) prompt: Option<String>,
    /// Lower goes first.
    pub(crate) priority: i64,
}

/// Returns what would go through a journey because of a fact, and its id as bytes.
fn subject(definition: &Definition, about: &Refs) -> Option<(uuid::Uuid, Refs)> {
    let patient = about.patient;
    match definition.subject() {
        // Which visit it was about stays known: a missed visit is spoken of.
        SubjectKind::Patient => Some((patient.uuid(), *about)),
        SubjectKind::Appointment => about.appointment.map(|visit| (visit.uuid(), *about)),
        SubjectKind::Episode => about.episode.map(|episode| {
            (
                episode.uuid(),
                Refs {
                    episode: Some(episode),
                    ..Refs::patient(patient)
                },
            )
        }),
        SubjectKind::Referral => about.referral.map(|referral| {
            (
                referral.uuid(),
                Refs {
                    referral: Some(referral),
                    ..Refs::patient(patient)
                },
            )
        }),
    }
}
