//! What staff do with messages: write, answer, hold, move, skip, send again.
//!
//! Staff's own words pass the same gate as any other at dispatch; when they are
//! written, the gate is asked what it would say now, so that nobody waits for an
//! answer to a message that cannot go.

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Actor, Permission};
use tendon_care::contact::Channel;
use tendon_care::decision::Outcome;
use tendon_care::id::{ContactPointId, ConversationId, MessageId, PatientId, UserId};
use tendon_care::lint::{self, Code, Finding, Place, Rendered};
use tendon_care::message::{Body, Cause, Content, Message, MessageState};
use tendon_care::purpose::Purpose;
use tendon_care::segment::{MAX_PARTS, segments};
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, MessageRow, Versioned, Write};

use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::dispatch::{channel_of, foresee};
use crate::error::DeskError;
use crate::outcome::{accepted, moved};

/// How long staff's words stay timely after the time for which they were written.
const TIMELY: SignedDuration = SignedDuration::from_hours(72);

/// The furthest ahead that staff may write.
const FURTHEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Staff's words go before reminders.
const PRIORITY: i64 = 20;

/// Words of staff before they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// How they travel.
    pub channel: Channel,
    /// The subject, for e-mail; the clinic's name where none is given.
    pub subject: Option<String>,
    /// The words.
    pub words: String,
    /// Why they are sent; safety is not for staff to claim.
    pub purpose: Purpose,
    /// Not before; at once where `None`.
    pub send_at: Option<Timestamp>,
    /// Staff have seen the advice and send it as it is.
    pub despite_advice: bool,
}

/// What the editor shows of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The words as they would leave, for texts with the clinic's name before them.
    pub text: Body,
    /// SMS parts; 0 for e-mail.
    pub parts: usize,
    /// What is wrong, in the order of the text.
    pub findings: Vec<Finding>,
    /// Something is wrong that no insistence helps.
    pub must_change: bool,
}

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

/// What staff do with a message that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAct {
    /// Not before then.
    Hold {
        /// Until when.
        until: Timestamp,
    },
    /// At another time, earlier or later.
    Move {
        /// When.
        to: Timestamp,
    },
    /// Now, as far as the gate lets it.
    SendNow,
    /// Not at all: one of a journey's.
    Skip,
    /// Not at all: one of staff's own.
    Withdraw,
}

/// What a person found out about a message whose fate nobody knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It went out.
    WasSent,
    /// It did not, and shall.
    SendAgain,
}

impl Desk {
    /// Measures a draft for the editor.
    pub async fn measure(
        &self,
        access: &Access,
        patient: PatientId,
        draft: &Draft,
        is_reply: bool,
    ) -> Result<Measured, DeskError> {
        access.require(Permission::WriteMessages)?;
        let stored = self.reader(access).patient(patient).await?;
        let stored = stored.ok_or(DeskError::NotFound("patient"))?;
        let house = self.house(access.practice).await?;
        Ok(measured(
            &house.practice.name,
            stored.name.first(),
            draft,
            is_reply,
        ))
    }

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

    /// Holds, moves, skips or sends a message that waits. The decision is written
    /// down with who made it.
    pub async fn on_message(
        &self,
        access: &Access,
        message: MessageId,
        act: MessageAct,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        self.change_message(access, message, |change, row| {
            if !matches!(row.message.state, MessageState::Queued { .. }) {
                return Err(DeskError::Stale("the message is no longer waiting"));
            }
            let now = change.now();
            match act {
                MessageAct::Hold { until } => put_off(change, row, until, "hold", "held_by_staff"),
                MessageAct::Move { to } => {
                    put_off(change, row, to.max(now), "move", "moved_by_staff")
                }
                MessageAct::SendNow => put_off(change, row, now, "move", "sent_now_by_staff"),
                MessageAct::Skip => {
                    change.withdraw(row, "skipped_by_staff");
                    Ok(())
                }
                MessageAct::Withdraw => {
                    change.withdraw(row, "withdrawn_by_staff");
                    Ok(())
                }
            }?;
            change.audit(Action::Update, "message", act.code());
            Ok(())
        })
        .await
    }

    /// Settles a message whose fate nobody knew.
    pub async fn resolve_parked(
        &self,
        access: &Access,
        message: MessageId,
        resolution: Resolution,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        self.change_message(access, message, |change, row| {
            let MessageState::Parked { task, .. } = row.message.state else {
                return Err(DeskError::Stale("the message is settled"));
            };
            let now = change.now();
            match resolution {
                Resolution::WasSent => {
                    // The carrier's own id is not known; ours is as good, and unique.
                    accepted(change, row, &format!("seen-{message}"));
                    change.decided(message, "send", "seen_by_staff", None);
                }
                Resolution::SendAgain => {
                    if now >= row.message.expires_at {
                        return Err(DeskError::Stale("the message is no longer timely"));
                    }
                    change.write(moved(row, MessageState::Queued { due_at: now }));
                    change.write(Write::OutboxAgain(message, now, PRIORITY));
                    change.write(Write::TaskSettled(task, now));
                    change.happened(Fact::TaskDone { task });
                    change.decided(message, "move", "again_by_staff", None);
                }
            }
            change.audit(Action::Update, "message", "settled");
            Ok(())
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

impl MessageAct {
    /// Returns the code used in the audit trail, forms and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hold { .. } => "hold",
            Self::Move { .. } => "move",
            Self::SendNow => "send_now",
            Self::Skip => "skip",
            Self::Withdraw => "withdraw",
        }
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

fn check(draft: &Draft, now: Timestamp) -> Result<(), DeskError> {
    if draft.words.trim().is_empty() {
        return Err(DeskError::invalid("words", "must not be empty"));
    }
    if draft.channel == Channel::Voice {
        return Err(DeskError::invalid("channel", "must be sms or email"));
    }
    if draft.purpose == Purpose::Safety {
        return Err(DeskError::invalid(
            "purpose",
            "is for automatic answers only",
        ));
    }
    let in_reach = |at: Timestamp| at >= now && at <= now + FURTHEST;
    if !draft.send_at.is_none_or(in_reach) {
        return Err(DeskError::invalid(
            "send_at",
            "must be within the next 90 days",
        ));
    }
    Ok(())
}

fn measured(clinic: &str, first_name: &str, draft: &Draft, is_reply: bool) -> Measured {
    let words = draft.words.trim();
    let text = match draft.channel {
        // Who writes stands at the front, as everybody who gets a text from a
        // number must be told; within a conversation they know.
        Channel::Sms if !is_reply && !words.contains(clinic) => format!("{clinic}: {words}"),
        _ => words.to_owned(),
    };
    let place = match draft.channel {
        Channel::Email => Place::MailBody,
        Channel::Sms | Channel::Voice => Place::Text,
    };
    let rendered = |text, place| Rendered {
        text,
        place,
        purpose: draft.purpose,
        clinic,
        first_name: Some(first_name),
    };
    let mut findings = lint::lint(&rendered(&text, place));
    findings.retain(|finding| !(is_reply && finding.code == Code::NoClinic));
    if let (Channel::Email, Some(subject)) = (draft.channel, &draft.subject) {
        findings.extend(lint::lint(&rendered(subject, Place::Subject)));
    }
    let parts = match draft.channel {
        Channel::Sms => segments(&text).parts,
        Channel::Email | Channel::Voice => 0,
    };
    let must_change = parts > MAX_PARTS || findings.iter().any(|finding| is_firm(finding.code));
    Measured {
        text: Body::new(text),
        parts,
        findings,
        must_change,
    }
}

/// What nobody may send: it would be blocked, or taken for an opt-out, or give away
/// what proves who somebody is. All else is advice; a patient who asks about a knee
/// may be told about the knee (45 CFR 164.522(b)).
const fn is_firm(code: Code) -> bool {
    matches!(
        code,
        Code::Shortener
            | Code::CarrierWord
            | Code::TooManyParts
            | Code::BirthDate
            | Code::RecordNumber
    )
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

fn put_off(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    to: Timestamp,
    outcome: &'static str,
    reason: &'static str,
) -> Result<(), DeskError> {
    if to < change.now() {
        return Err(DeskError::invalid("at", "must not be in the past"));
    }
    if to >= row.message.expires_at {
        return Err(DeskError::invalid(
            "at",
            "comes after the message is of use",
        ));
    }
    let message = row.message.id;
    change.write(moved(row, MessageState::Queued { due_at: to }));
    change.write(Write::OutboxLater(message, to));
    change.decided(message, outcome, reason, Some(to));
    change.happened(Fact::MessageHeld {
        message,
        reason: reason.to_owned(),
    });
    Ok(())
}
