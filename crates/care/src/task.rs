//! Work for a person.

use jiff::Timestamp;

use crate::id::{AppointmentId, MessageId, PatientId, TaskId, UserId};

/// What the work is. The words for each kind live with the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// A patient wrote something that needs a person.
    Reply,
    /// A patient wants another time.
    MoveVisit,
    /// A patient cannot come; find another time.
    RebookVisit,
    /// A possible emergency: page at once.
    RedFlag,
    /// Somebody else answered from this number.
    WrongParty,
    /// The carrier's answer was lost in a crash: check before sending again.
    UnknownOutcome,
    /// A message could not be delivered on any channel.
    Undeliverable,
    /// A patient wrote CANCEL while a visit was open.
    ClarifyCancel,
    /// Two records may be one person.
    ReviewMatch,
    /// A record number is used for two people.
    NumberDisputed,
    /// A journey asks for a call.
    Call,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Reply,
        Self::MoveVisit,
        Self::RebookVisit,
        Self::RedFlag,
        Self::WrongParty,
        Self::UnknownOutcome,
        Self::Undeliverable,
        Self::ClarifyCancel,
        Self::ReviewMatch,
        Self::NumberDisputed,
        Self::Call,
    ];

    /// Returns the code used in storage, definitions and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::MoveVisit => "move_visit",
            Self::RebookVisit => "rebook_visit",
            Self::RedFlag => "red_flag",
            Self::WrongParty => "wrong_party",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Undeliverable => "undeliverable",
            Self::ClarifyCancel => "clarify_cancel",
            Self::ReviewMatch => "review_match",
            Self::NumberDisputed => "number_disputed",
            Self::Call => "call",
        }
    }

    /// Reads [`TaskKind::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == text)
    }
}

/// What a task is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The patient, where there is one.
    pub patient: Option<PatientId>,
    /// The visit.
    pub appointment: Option<AppointmentId>,
    /// The message.
    pub message: Option<MessageId>,
}

/// Work for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The id.
    pub id: TaskId,
    /// What the work is.
    pub kind: TaskKind,
    /// What it is about.
    pub about: About,
    /// When it must be done.
    pub due_at: Timestamp,
    /// Who does it; `None` for whoever comes first.
    pub owner: Option<UserId>,
    /// Open or done.
    pub state: TaskState,
}

/// Open or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done by a member of staff, or by what happened meanwhile (`by` is `None`).
    Done {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Option<UserId>,
    },
}
