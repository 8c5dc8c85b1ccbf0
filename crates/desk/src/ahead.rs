//! What will happen to a patient in the next days, before it happens, and staff's
//! say in it.
//!
//! Two things lie ahead: messages that wait in the outbox, and what journeys will
//! ask for. For both the gate itself is asked what it would say at that time, so
//! that the page and the dispatcher cannot differ in what they know; what a page
//! promises uses up the caps of what comes after it, as the message itself will.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Permission};
use tendon_care::decision::{Outcome, Reason};
use tendon_care::gate::{Sent, SentThere};
use tendon_care::id::{AppointmentId, EnrolmentId, InvalidId, MessageId, PatientId};
use tendon_care::message::{Cause, MessageState};
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskKind;
use tendon_journey::definition::StepId;
use tendon_journey::explain::explain_step;
use tendon_journey::forecast::{Planned, forecast};
use tendon_journey::{Definition, Effect, Event};
use tendon_store::{Action, MessageRow};

use crate::change::{Asked, Change, Origin};
use crate::chart::{Chart, Running};
use crate::desk::Desk;
use crate::dispatch::{Known, foresee};
use crate::error::DeskError;
use crate::messages::MessageAct;

/// The furthest that is looked ahead.
const MOST_DAYS: u16 = 90;

/// Names something ahead, in addresses and the API: `msg_…`, or `enr_…~step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedKey {
    /// A message that waits.
    Message(MessageId),
    /// A step of a journey.
    Step {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The step.
        step: String,
    },
}

impl fmt::Display for PlannedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => message.fmt(f),
            Self::Step { enrolment, step } => write!(f, "{enrolment}~{step}"),
        }
    }
}

impl FromStr for PlannedKey {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('~') {
            None => text.parse().map(Self::Message),
            Some((enrolment, step)) => Ok(Self::Step {
                enrolment: enrolment.parse()?,
                step: step.to_owned(),
            }),
        }
    }
}

/// What something ahead is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedWhat {
    /// A message.
    Message {
        /// Why it is sent.
        purpose: Purpose,
    },
    /// Work for a person.
    Task {
        /// Which.
        kind: TaskKind,
    },
}

/// What the gate would say, as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreseen {
    /// It goes at its time.
    Goes,
    /// It waits first.
    Waits(Reason),
    /// It will not go.
    Dropped(Reason),
}

/// One thing ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLine {
    /// Its name.
    pub key: PlannedKey,
    /// When its turn comes.
    pub due_at: Timestamp,
    /// When it would leave after quiet hours and caps; its turn where it never does.
    pub leaves_at: Timestamp,
    /// What the gate would say.
    pub foreseen: Foreseen,
    /// What it is.
    pub what: PlannedWhat,
    /// The journey and the version of its definition.
    pub journey: Option<(String, u32)>,
    /// The name of the wording.
    pub template: Option<String>,
    /// The visit that it is about.
    pub appointment: Option<AppointmentId>,
    /// It also hangs on something that may be different by then.
    pub conditional: bool,
    /// What does this, in a sentence.
    pub words: String,
}

/// What staff do with something ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedAct {
    /// Not at all.
    Skip,
    /// At another time; a past one means now.
    Move {
        /// When.
        to: Timestamp,
    },
    /// Now, as far as the gate lets it.
    Now,
}

impl PlannedAct {
    /// Returns the code used in the audit trail, forms and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Move { .. } => "move",
            Self::Now => "now",
        }
    }
}

impl Desk {
    /// Lists what lies ahead for a patient, soonest first.
    ///
    /// It is a part of the chart, and whoever shows the chart records the look: only
    /// the page knows whether somebody looked or it reloaded itself.
    pub async fn planned(
        &self,
        access: &Access,
        patient: PatientId,
        days: u16,
    ) -> Result<Vec<PlannedLine>, DeskError> {
        access.require(Permission::ReadChart)?;
        let now = self.now();
        let until = now + SignedDuration::from_hours(24 * i64::from(days.min(MOST_DAYS)));
        let reader = self.reader(access);
        let chart = Chart::load(reader, patient).await?;
        let chart = chart.ok_or(DeskError::NotFound("patient"))?;
        let id = chart.patient.id;
        let mut known = self.known(access, id).await?;
        let house = self.house(access.practice).await?;
        // A decision that is looked at and thrown away.
        let change = Change::new(self, &house, access, Origin::Live, chart);
        let mut drafts = waiting(&change);
        for running in change
            .chart
            .enrolments
            .iter()
            .filter(|one| one.is_running())
        {
            drafts.extend(of_journey(&change, running, until)?);
        }
        drafts.retain(|draft| draft.line.due_at <= until);
        drafts.sort_by_key(|draft| draft.line.due_at);
        let mut lines: Vec<PlannedLine> = drafts
            .into_iter()
            .map(|draft| draft.judged(&change, &mut known))
            .collect();
        lines.sort_by_key(|line| line.leaves_at);
        Ok(lines)
    }

    /// Skips, moves or does something ahead.
    pub async fn on_planned(
        &self,
        access: &Access,
        patient: PatientId,
        key: &PlannedKey,
        act: PlannedAct,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        let (enrolment, step) = match key {
            PlannedKey::Message(message) => {
                let act = match act {
                    PlannedAct::Skip => MessageAct::Skip,
                    PlannedAct::Move { to } => MessageAct::Move { to },
                    PlannedAct::Now => MessageAct::SendNow,
                };
                return self.on_message(access, *message, act).await;
            }
            PlannedKey::Step { enrolment, step } => (*enrolment, StepId::new(step)),
        };
        let event = match act {
            PlannedAct::Skip => Event::Skip { step },
            PlannedAct::Move { to } if to > self.now() => Event::Move { step, to },
            PlannedAct::Move { .. } | PlannedAct::Now => Event::DoNow { step },
        };
        self.change(access, patient, Origin::Live, |change| {
            let state = |change: &Change<'_>| {
                let running = &change.chart.enrolments;
                let found = running.iter().find(|one| one.row.id == enrolment);
                found.map(|one| one.state.clone())
            };
            let before = state(change).ok_or(DeskError::NotFound("step"))?;
            change.tell(enrolment, &event)?;
            if state(change).as_ref() == Some(&before) {
                return Err(DeskError::Stale("the step is no longer ahead"));
            }
            if let Event::Move { step, to } = &event
                && !would_run_at(change, enrolment, step, *to)?
            {
                return Err(DeskError::invalid("to", NOT_THEN));
            }
            change.audit(Action::Update, "enrolment", act.code());
            Ok(())
        })
        .await
    }
}

/// Why a step is not given another time.
const NOT_THEN: &str = "is a time at which the journey would not do this: too late for it, or while the journey still waits for an earlier step";

/// Tells whether a step would run at the time that it was given.
fn would_run_at(
    change: &Change<'_>,
    enrolment: EnrolmentId,
    step: &StepId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let mut running = change.chart.enrolments.iter();
    let Some(running) = running.find(|one| one.row.id == enrolment) else {
        return Ok(false);
    };
    let planned = foreseen(change, running, at)?;
    Ok(planned
        .iter()
        .any(|planned| planned.step == *step && planned.at == at))
}

/// A line before the gate was asked, with the message that it would be.
struct Drafted {
    line: PlannedLine,
    row: Option<MessageRow>,
}

impl Drafted {
    /// Asks the gate, and lets what would leave count for what comes after it.
    fn judged(self, change: &Change<'_>, known: &mut Known) -> PlannedLine {
        let Self { mut line, row } = self;
        let Some(row) = row else { return line };
        let turn = line.due_at.max(change.now());
        let (foreseen, leaves_at) = match foresee(change, &row, known, turn).outcome {
            Outcome::Send { .. } => (Foreseen::Goes, turn),
            Outcome::Hold { until, reason } => (Foreseen::Waits(reason), until),
            Outcome::Drop { reason } => (Foreseen::Dropped(reason), turn),
        };
        line.foreseen = foreseen;
        line.leaves_at = leaves_at;
        if row.message.cause != Cause::Reply && !matches!(foreseen, Foreseen::Dropped(_)) {
            let sent = Sent {
                at: leaves_at,
                purpose: row.message.purpose,
            };
            known.to_person.push(sent);
            let then = foresee(change, &row, known, leaves_at).outcome;
            if let Outcome::Send { contact_point, .. } = then {
                known.to_address.push(SentThere {
                    contact_point,
                    sent,
                });
            }
        }
        line
    }
}

/// Lists the messages that wait.
fn waiting(change: &Change<'_>) -> Vec<Drafted> {
    let line = |row: &MessageRow| {
        let message = &row.message;
        let MessageState::Queued { due_at } = message.state else {
            return None;
        };
        let (journey, words) = match &message.cause {
            Cause::Journey {
                enrolment,
                journey,
                version,
                step,
            } => (
                Some((journey.clone(), *version)),
                said(change, *enrolment, &StepId::new(step)),
            ),
            Cause::Staff => (None, "A member of staff wrote this.".to_owned()),
            Cause::Reply => (None, "Answers what the patient wrote.".to_owned()),
        };
        Some(Drafted {
            line: PlannedLine {
                key: PlannedKey::Message(message.id),
                due_at,
                leaves_at: due_at,
                foreseen: Foreseen::Goes,
                what: PlannedWhat::Message {
                    purpose: message.purpose,
                },
                journey,
                template: row.template.clone(),
                appointment: message.appointment,
                conditional: false,
                words,
            },
            row: Some(row.clone()),
        })
    };
    let pending = change.chart.pending.iter();
    pending.filter_map(|row| line(&row.value)).collect()
}

/// Lists what an enrolment will ask for.
fn of_journey(
    change: &Change<'_>,
    running: &Running,
    until: Timestamp,
) -> Result<Vec<Drafted>, DeskError> {
    let definition = definition(change, running)?;
    Ok(foreseen(change, running, until)?
        .into_iter()
        .filter_map(|planned| drafted(change, running, definition, planned))
        .collect())
}

/// Forecasts an enrolment.
fn foreseen(
    change: &Change<'_>,
    running: &Running,
    until: Timestamp,
) -> Result<Vec<Planned>, DeskError> {
    let facts = change
        .chart
        .facts(running.state.about(), change.house(), change.now());
    let definition = definition(change, running)?;
    forecast(definition, &running.state, &facts, change.now(), until)
        .map_err(|_| DeskError::Corrupt("an enrolment"))
}

fn drafted(
    change: &Change<'_>,
    running: &Running,
    definition: &Definition,
    planned: Planned,
) -> Option<Drafted> {
    let appointment = running.state.about().appointment;
    let (what, template, row) = match planned.act {
        Effect::Send {
            template,
            channels,
            expires_at,
            purpose,
            priority,
            prompt,
            ..
        } => {
            let cause = Cause::Journey {
                enrolment: running.row.id,
                journey: definition.name().to_owned(),
                version: definition.version(),
                step: planned.step.as_str().to_owned(),
            };
            let asked = Asked {
                template: template.clone(),
                channel: channels.first().copied()?,
                purpose,
                expires_at,
                prompt: prompt.map(|prompt| prompt.code().to_owned()),
                priority: 100 - i64::from(priority),
            };
            let row = change.templated(cause, appointment, asked).ok();
            (PlannedWhat::Message { purpose }, Some(template), row)
        }
        Effect::Task { kind, .. } => (PlannedWhat::Task { kind }, None, None),
        _ => return None,
    };
    Some(Drafted {
        line: PlannedLine {
            key: PlannedKey::Step {
                enrolment: running.row.id,
                step: planned.step.as_str().to_owned(),
            },
            due_at: planned.at,
            leaves_at: planned.at,
            foreseen: Foreseen::Goes,
            what,
            journey: Some((definition.name().to_owned(), definition.version())),
            template,
            appointment,
            conditional: planned.conditional,
            words: said(change, running.row.id, &planned.step),
        },
        row,
    })
}

fn definition<'c>(change: &'c Change<'_>, running: &Running) -> Result<&'c Definition, DeskError> {
    let journeys = change.house().journeys();
    let found = journeys.version(&running.row.journey, running.row.journey_version);
    let found = found.ok_or(DeskError::Corrupt("a journey that somebody is in"))?;
    Ok(found.as_ref())
}

/// Says what a step does.
fn said(change: &Change<'_>, enrolment: EnrolmentId, step: &StepId) -> String {
    let running = change.chart.enrolments.iter();
    let explained = running
        .clone()
        .find(|one| one.row.id == enrolment)
        .and_then(|one| {
            let facts = change
                .chart
                .facts(one.state.about(), change.house(), change.now());
            let definition = definition(change, one).ok()?;
            explain_step(definition, &one.state, step, &facts, change.now())
        });
    explained.map_or_else(String::new, |explained| explained.words)
}

#[cfg(test)]
mod tests {
    use tendon_care::id::Id;

    use super::*;

    #[test]
    fn keys_read_back() {
        let at = Timestamp::UNIX_EPOCH;
        for key in [
            PlannedKey::Message(MessageId::from_parts(at, [1; 10])),
            PlannedKey::Step {
                enrolment: EnrolmentId::from_parts(at, [2; 10]),
                step: "day-before".into(),
            },
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for nonsense in [
            "",
            "msg_1",
            "enr_1~x",
            "pat_00000000000070008000000000000000",
        ] {
            assert!(nonsense.parse::<PlannedKey>().is_err(), "{nonsense}");
        }
    }
}
