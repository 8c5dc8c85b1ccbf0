//! What staff do with messages: write, answer, hold, move, skip, send again.
//!
//! Staff's own words pass the same gate as any other at dispatch; when they are
//! written, the gate is asked what it would say now, so that nobody waits for an
//! answer to a message that cannot go.

mod draft;
mod waiting;

use jiff::SignedDuration;
use tendon_care::access::{Access, Actor, Permission};
use tendon_care::contact::Channel;
use tendon_care::decision::Outcome;
use tendon_care::id::{ContactPointId, ConversationId, MessageId, PatientId, UserId};
use tendon_care::message::{Body, Cause, Content, Message, MessageState};
use tendon_care::purpose::Purpose;
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, MessageRow, Write};

pub use self::draft::{Draft, Measured};
use self::draft::{check, measured};
pub use self::waiting::{MessageAct, Resolution};
use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::dispatch::{channel_of, foresee};
use crate::error::DeskError;

/// How long staff's words stay timely after the time for which they were written.
const TIMELY: SignedDuration = SignedDuration::from_hours(72);

/// Staff's words go before reminders.
const PRIORITY: i64 = 20;

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is in the outbox.
    Queued {
        /// Which message.
        message: MessageId,
        /// What the gate would say at its time, as things stand.
        foreseen: Outcome,
    },
    /// It has to be changed, or sent despite the advice where that is possible.
    Refused(Measured),
}

impl Desk {
    /// Writes to a patient.
    pub async fn write_to(
        &self,
        access: &Access,
        patient: PatientId,
        draft: &Draft,
    ) -> Result<Posted, DeskError> {
        self.post(access, patient, draft, None).await
    }

    /// Answers in a thread: goes back to the address from which the person wrote,
    /// is not capped, and ends the waiting with its tasks.
    pub async fn reply(
        &self,
        access: &Access,
        thread: ConversationId,
        words: &str,
        despite_advice: bool,
    ) -> Result<Posted, DeskError> {
        access.require(Permission::WriteMessages)?;
        let answered = self.answered_thread(access, thread).await?;
        let draft = Draft {
            channel: answered.channel,
            subject: None,
            words: words.to_owned(),
            purpose: Purpose::Care,
            send_at: None,
            despite_advice,
        };
        self.post(access, answered.patient, &draft, Some(&answered))
            .await
    }

    /// Ends the waiting of a thread that needs no answer.
    pub async fn thread_done(
        &self,
        access: &Access,
        thread: ConversationId,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        let answered = self.answered_thread(access, thread).await?;
        self.change(access, answered.patient, Origin::Live, |change| {
            answered.end_waiting(change);
            change.audit(Action::Update, "conversation", "done");
            Ok(())
        })
        .await
    }

    async fn post(
        &self,
        access: &Access,
        patient: PatientId,
        draft: &Draft,
        answers: Option<&Answered>,
    ) -> Result<Posted, DeskError> {
        access.require(Permission::WriteMessages)?;
        check(draft, self.now())?;
        let root = self.reader(access).root_of(patient).await?;
        let known = self.known(access, root).await?;
        self.change(access, patient, Origin::Live, |change| {
            let clinic = change.house().practice.name.clone();
            let first = change.chart.patient.name.first().to_owned();
            let measured = measured(&clinic, &first, draft, answers.is_some());
            let refused = !measured.findings.is_empty() && !draft.despite_advice;
            if refused || measured.must_change {
                return Ok(Posted::Refused(measured));
            }
            let row = worded(change, draft, &measured, &clinic, answers);
            let due_at = draft.send_at.unwrap_or(change.now());
            let foreseen = foresee(change, &row, &known, due_at).outcome;
            let message = row.message.id;
            change.send(row);
            if let Some(answered) = answers {
                answered.end_waiting(change);
            }
            let advice = if measured.findings.is_empty() {
                "written"
            } else {
                "written despite advice"
            };
            change.audit(Action::Create, "message", advice);
            Ok(Posted::Queued { message, foreseen })
        })
        .await
    }

    /// Reads what an answer in a thread must know.
    async fn answered_thread(
        &self,
        access: &Access,
        thread: ConversationId,
    ) -> Result<Answered, DeskError> {
        let reader = self.reader(access);
        let row = reader.conversation(thread).await?;
        let row = row.ok_or(DeskError::NotFound("thread"))?;
        let said = reader.thread(thread).await?;
        let tasks = reader.tasks_of(row.patient).await?;
        let about = |message: Option<MessageId>| {
            message.is_some_and(|message| said.iter().any(|line| line.id == message))
        };
        let mut point = None;
        for candidate in reader.contact_points(row.patient).await? {
            let channel = channel_of(&candidate.address);
            let found = reader
                .conversation_with(row.patient, channel, &candidate.address)
                .await?;
            if found == Some(thread) {
                point = Some(candidate.id);
                break;
            }
        }
        Ok(Answered {
            thread,
            patient: row.patient,
            channel: row.channel,
            waits: row.waiting_since.is_some(),
            point: point.ok_or(DeskError::Stale("the address is no longer on file"))?,
            tasks: tasks
                .into_iter()
                .filter(|task| task.kind == TaskKind::Reply && task.state == TaskState::Open)
                .filter(|task| about(task.about.message))
                .map(|task| task.id)
                .collect(),
        })
    }
}

/// A thread that is being answered.
struct Answered {
    thread: ConversationId,
    patient: PatientId,
    channel: Channel,
    waits: bool,
    point: ContactPointId,
    tasks: Vec<tendon_care::id::TaskId>,
}

impl Answered {
    fn end_waiting(&self, change: &mut Change<'_>) {
        if self.waits {
            change.write(Write::ConversationWaiting(self.thread, None));
        }
        for task in &self.tasks {
            change.write(Write::TaskSettled(*task, change.now()));
            change.happened(Fact::TaskDone { task: *task });
        }
    }
}

fn worded(
    change: &Change<'_>,
    draft: &Draft,
    measured: &Measured,
    clinic: &str,
    answers: Option<&Answered>,
) -> MessageRow {
    let now = change.now();
    let due_at = draft.send_at.unwrap_or(now);
    let subject = match draft.channel {
        Channel::Email => Some(draft.subject.clone().unwrap_or_else(|| clinic.to_owned())),
        Channel::Sms | Channel::Voice => None,
    };
    MessageRow {
        message: Message {
            id: change.desk().mint().id(),
            patient: change.chart.patient.id,
            conversation: answers.map(|answered| answered.thread),
            contact_point: answers.map(|answered| answered.point),
            channel: draft.channel,
            purpose: draft.purpose,
            language: change.chart.patient.language,
            cause: if answers.is_some() {
                Cause::Reply
            } else {
                Cause::Staff
            },
            appointment: None,
            content: Content {
                subject: subject.map(Body::new),
                text: measured.text.clone(),
                html: None,
            },
            expires_at: due_at + TIMELY,
            state: MessageState::Queued { due_at },
        },
        template: None,
        prompt: None,
        appointment_start: None,
        sender: user_of(change.access()),
        segments: u16::try_from(measured.parts).unwrap_or(u16::MAX),
        priority: PRIORITY,
        created_at: now,
        carrier: None,
    }
}

const fn user_of(access: &Access) -> Option<UserId> {
    match access.actor {
        Actor::User { id, .. } => Some(id),
        _ => None,
    }
}
