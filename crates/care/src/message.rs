//! One text, e-mail or call, and where it stands.

use std::fmt;

use jiff::Timestamp;

use crate::contact::Channel;
use crate::id::{
    AppointmentId, ContactPointId, ConversationId, EnrolmentId, MessageId, PatientId, TaskId,
};
use crate::language::Language;
use crate::purpose::Purpose;

/// Words to or from a person. No `Display`, and `Debug` prints none of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Body(String);

impl Body {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text for sending, sealing and showing to who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} characters)", self.0.chars().count())
    }
}

/// What is said, by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The subject line, for e-mail.
    pub subject: Option<Body>,
    /// Plain words: the text itself, or the plain part of an e-mail.
    pub text: Body,
    /// The HTML part, for e-mail.
    pub html: Option<Body>,
}

/// A message from the practice to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id. Carriers get it as their idempotency key where they take one.
    pub id: MessageId,
    /// About whom.
    pub patient: PatientId,
    /// The thread it belongs to; known once an address is chosen.
    pub conversation: Option<ConversationId>,
    /// Where it goes; chosen at dispatch, so `None` until then.
    pub contact_point: Option<ContactPointId>,
    /// How it travels.
    pub channel: Channel,
    /// Why it is sent.
    pub purpose: Purpose,
    /// In which language.
    pub language: Language,
    /// What causes it.
    pub cause: Cause,
    /// What it is about, so that a moved or cancelled visit takes it along.
    pub appointment: Option<AppointmentId>,
    /// What is said.
    pub content: Content,
    /// Sent after this it would be stale: dropped instead.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: MessageState,
}

/// Why a message exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A step of a journey.
    Journey {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The journey's name, such as `visit-reminder`.
        journey: String,
        /// The version of its definition.
        version: u32,
        /// The step that asked for it.
        step: String,
    },
    /// A member of staff wrote it.
    Staff,
    /// It answers what the person just wrote (exempt from caps).
    Reply,
}

/// Where an outgoing message stands.
///
/// | from \ event | hold | start | accept | deliver | fail | retry | drop | lose | settle |
/// |---|---|---|---|---|---|---|---|---|---|
/// | queued | queued | sending | – | – | – | – | dropped | – | – |
/// | sending | – | – | sent | – | failed | queued | – | unknown | – |
/// | sent | – | – | sent | delivered | failed | – | – | – | – |
/// | unknown | – | – | sent | delivered | failed | queued | – | unknown | parked |
///
/// `delivered`, `failed`, `dropped` and `parked` are final, but for a receipt
/// that comes after all: a parked message may still turn out sent, delivered
/// or failed, and a carrier may report a failure after delivery or the reverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Waiting for its time.
    Queued {
        /// Not before.
        due_at: Timestamp,
    },
    /// Handed to the carrier; the answer is not yet known.
    Sending {
        /// When it was handed over.
        at: Timestamp,
        /// Which try this is, from 1.
        attempt: u16,
    },
    /// The carrier has it.
    Sent {
        /// When the carrier took it.
        at: Timestamp,
        /// The carrier's own id.
        carrier_ref: String,
    },
    /// The carrier says that it arrived.
    Delivered {
        /// When.
        at: Timestamp,
        /// The carrier's own id.
        carrier_ref: String,
    },
    /// It will not arrive.
    Failed {
        /// When.
        at: Timestamp,
        /// What went wrong.
        failure: Failure,
    },
    /// Not sent, by decision.
    Dropped {
        /// When.
        at: Timestamp,
    },
    /// A crash hid the carrier's answer, and the carrier is being asked.
    Unknown {
        /// When it was handed over: from then on the carrier may have it.
        at: Timestamp,
    },
    /// The carrier cannot say; a person decides. Never sent again by itself.
    Parked {
        /// When.
        at: Timestamp,
        /// The task for the person.
        task: TaskId,
    },
}

impl MessageState {
    /// Returns the code used in storage and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Sending { .. } => "sending",
            Self::Sent { .. } => "sent",
            Self::Delivered { .. } => "delivered",
            Self::Failed { .. } => "failed",
            Self::Dropped { .. } => "dropped",
            Self::Unknown { .. } => "unknown",
            Self::Parked { .. } => "parked",
        }
    }
}

/// Why a message did not arrive, in the classes that decide what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What follows from it.
    pub class: FailureClass,
    /// The carrier's code, such as `21610`; never a sentence with an address in it.
    pub code: String,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The address cannot take it: mark it and try the next one.
    InvalidAddress,
    /// The carrier's own opt-out list has it: mirror the block.
    Blocked,
    /// Taken for spam: alert the operator.
    Filtered,
    /// The carrier is busy or away: try again later.
    Transient,
    /// Our own fault (credentials, malformed request): alert the operator.
    Rejected,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 5] = [
        Self::InvalidAddress,
        Self::Blocked,
        Self::Filtered,
        Self::Transient,
        Self::Rejected,
    ];

    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid_address",
            Self::Blocked => "blocked",
            Self::Filtered => "filtered",
            Self::Transient => "transient",
            Self::Rejected => "rejected",
        }
    }

    /// Reads [`FailureClass::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == text)
    }
}
