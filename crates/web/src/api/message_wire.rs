//! Messages and the decisions about them on the wire, version 1 of the API.

use serde::Serialize;
use tendon_care::decision::Reason;
use tendon_care::message::{Cause, MessageState};
use tendon_store::{DecisionRow, MessageLine, MessageRow};
use utoipa::ToSchema;

use super::patient_wire::code_schemas;
use super::text::{
    AppointmentRef, As, ChannelCode, ContactPointRef, DecisionKey, EnrolmentRef, LanguageTag,
    MessageRef, Moment, PatientRef, PurposeCode, UserRef,
};

code_schemas! {
    /// From the practice, or to it.
    Direction [Out, In]
    /// Where a message stands; `received` is one that came in.
    MessageStateCode [Queued, Sending, Sent, Delivered, Failed, Dropped, Unknown, Parked, Received]
    /// What became of it at one moment.
    DecisionOutcome [Send, Hold, Move, Drop]
    /// What a check found.
    CheckFinding [Pass, Exempt, Hold, Drop]
    /// Why a message exists.
    CauseKind [Journey, Staff, Reply]
}

/// The codes of [`MessageStateCode`], for filters.
pub(crate) const STATES: [&str; 9] = [
    "queued",
    "sending",
    "sent",
    "delivered",
    "failed",
    "dropped",
    "unknown",
    "parked",
    "received",
];

/// A message in either direction.
#[derive(Serialize, ToSchema)]
pub(crate) struct Message {
    id: MessageRef,
    patient: PatientRef,
    #[schema(value_type = Direction)]
    direction: &'static str,
    channel: ChannelCode,
    purpose: PurposeCode,
    /// The journey that asked for it, where one did.
    journey: Option<JourneyStep>,
    /// The name of its wording, where it has one.
    template: Option<String>,
    appointment: Option<AppointmentRef>,
    /// The words.
    text: String,
    #[schema(value_type = MessageStateCode)]
    state: String,
    state_since: Moment,
    /// What the parser understood, for one that came in.
    intent: Option<String>,
    created_at: Moment,
    /// Parts of a text; 0 for e-mail.
    segments: u16,
}

/// A step of a journey.
#[derive(Serialize, ToSchema)]
pub(crate) struct JourneyStep {
    #[schema(example = "visit-reminder")]
    name: String,
    /// The version of its definition.
    version: u32,
    step: String,
}

/// A message with everything that explains it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageDetail {
    #[serde(flatten)]
    message: Message,
    /// For one that goes out.
    outgoing: Option<Outgoing>,
    /// Every decision about it, oldest first.
    decisions: Vec<Decision>,
}

/// What is known of a message that goes out.
#[derive(Serialize, ToSchema)]
pub(crate) struct Outgoing {
    /// Why it exists.
    cause: CauseOfMessage,
    language: LanguageTag,
    /// The subject line, for e-mail.
    subject: Option<String>,
    /// Where it goes, once chosen.
    contact_point: Option<ContactPointRef>,
    /// Not before this, while it is queued.
    due_at: Option<Moment>,
    /// After this it would be stale, and is dropped instead.
    expires_at: Moment,
    /// The carrier that took it.
    carrier: Option<String>,
    /// The carrier's own id.
    carrier_ref: Option<String>,
    /// Why it did not arrive.
    failure: Option<FailureOfMessage>,
    /// Who wrote it, where a member of staff did.
    sender: Option<UserRef>,
}

/// Why a message exists.
#[derive(Serialize, ToSchema)]
pub(crate) struct CauseOfMessage {
    #[schema(value_type = CauseKind)]
    kind: &'static str,
    enrolment: Option<EnrolmentRef>,
    journey: Option<JourneyStep>,
}

/// Why a message did not arrive.
#[derive(Serialize, ToSchema)]
pub(crate) struct FailureOfMessage {
    /// The class that decides what follows.
    #[schema(example = "invalid_address")]
    class: &'static str,
    /// The carrier's code.
    #[schema(example = "30003")]
    code: String,
}

/// Why a message was sent, held, moved or dropped at one moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decision {
    id: DecisionKey,
    at: Moment,
    #[schema(value_type = DecisionOutcome)]
    outcome: String,
    /// The code of the reason; empty for a plain yes.
    reason: String,
    /// The reason in English, where it is one of the rules'.
    words: Option<&'static str>,
    /// Until when it is held.
    until: Option<Moment>,
    /// The member of staff who decided; `null` for the rules.
    decided_by: Option<UserRef>,
    /// Every check in its order, with what it found.
    checks: Vec<CheckMade>,
}

/// One check of a decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckMade {
    #[schema(example = "consent")]
    step: &'static str,
    /// The question in English.
    words: &'static str,
    #[schema(value_type = CheckFinding)]
    finding: &'static str,
    /// What decided it: codes and numbers.
    detail: String,
}

impl From<MessageLine> for Message {
    fn from(line: MessageLine) -> Self {
        Self {
            id: As(line.id),
            patient: As(line.patient),
            direction: if line.inbound { "in" } else { "out" },
            channel: As(line.channel),
            purpose: As(line.purpose),
            journey: line.journey.map(|(name, version, step)| JourneyStep {
                name,
                version,
                step,
            }),
            template: line.template,
            appointment: line.appointment.map(As),
            text: line.text.expose().to_owned(),
            state: line.state,
            state_since: As(line.state_at),
            intent: line.intent,
            created_at: As(line.created_at),
            segments: line.segments,
        }
    }
}

impl MessageDetail {
    /// Puts together what is known of a message.
    pub(crate) fn of(
        line: MessageLine,
        row: Option<&MessageRow>,
        decisions: Vec<DecisionRow>,
    ) -> Self {
        Self {
            message: line.into(),
            outgoing: row.map(Into::into),
            decisions: decisions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&MessageRow> for Outgoing {
    fn from(row: &MessageRow) -> Self {
        let message = &row.message;
        let (mut due_at, mut carrier_ref, mut failure) = (None, None, None);
        match &message.state {
            MessageState::Queued { due_at: at } => due_at = Some(As(*at)),
            MessageState::Sent {
                carrier_ref: id, ..
            }
            | MessageState::Delivered {
                carrier_ref: id, ..
            } => carrier_ref = Some(id.clone()),
            MessageState::Failed { failure: why, .. } => {
                failure = Some(FailureOfMessage {
                    class: why.class.code(),
                    code: why.code.clone(),
                });
            }
            MessageState::Sending { .. }
            | MessageState::Dropped { .. }
            | MessageState::Unknown { .. }
            | MessageState::Parked { .. } => {}
        }
        Self {
            cause: (&message.cause).into(),
            language: As(message.language),
            subject: message
                .content
                .subject
                .as_ref()
                .map(|subject| subject.expose().to_owned()),
            contact_point: message.contact_point.map(As),
            due_at,
            expires_at: As(message.expires_at),
            carrier: row.carrier.clone(),
            carrier_ref,
            failure,
            sender: row.sender.map(As),
        }
    }
}

impl From<&Cause> for CauseOfMessage {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Journey {
                enrolment,
                journey,
                version,
                step,
            } => Self {
                kind: "journey",
                enrolment: Some(As(*enrolment)),
                journey: Some(JourneyStep {
                    name: journey.clone(),
                    version: *version,
                    step: step.clone(),
                }),
            },
            Cause::Staff => Self::plain("staff"),
            Cause::Reply => Self::plain("reply"),
        }
    }
}

impl CauseOfMessage {
    const fn plain(kind: &'static str) -> Self {
        Self {
            kind,
            enrolment: None,
            journey: None,
        }
    }
}

impl From<DecisionRow> for Decision {
    fn from(row: DecisionRow) -> Self {
        let checks = tendon_desk::read_chain(&row.chain);
        Self {
            id: As(row.id),
            at: As(row.at),
            outcome: row.outcome,
            words: Reason::from_code(&row.reason).map(Reason::words),
            reason: row.reason,
            until: row.until.map(As),
            decided_by: row.by.map(As),
            checks: checks
                .into_iter()
                .map(|check| CheckMade {
                    step: check.step.code(),
                    words: check.step.words(),
                    finding: check.finding.code(),
                    detail: check.detail.into_owned(),
                })
                .collect(),
        }
    }
}
