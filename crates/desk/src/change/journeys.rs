//! How journeys hear of what happened, and what follows from it.

use tendon_care::contact::Channel;
use tendon_care::id::{EnrolmentId, Id};
use tendon_care::message::Cause;
use tendon_care::patient::Life;
use tendon_care::task::About;
use tendon_care::touchpoint::Fact;
use tendon_journey::definition::{Pending, SubjectKind};
use tendon_journey::enrolment::Refs;
use tendon_journey::event::WithdrawReason;
use tendon_journey::{Admission, Definition, Effect, Enrolment, Event, admit, step};
use tendon_store::{EnrolmentRow, WakeAt};

use super::{Asked, Change, Origin};
use crate::chart::Running;
use crate::error::DeskError;

impl Change<'_> {
    /// Tells a fact to everything that runs, and lets in what begins with it.
    pub(super) fn spread(&mut self, fact: &Fact) -> Result<(), DeskError> {
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
    pub(super) fn about(&self, fact: &Fact) -> Refs {
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
    pub(super) fn hear(&mut self, index: usize, event: &Event) -> Result<(), DeskError> {
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
