//! What an enrolment hears of, and what follows from it.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskKind;

use crate::definition::{Pending, Prompt, StepId};
use crate::enrolment::{EndReason, Refs};

/// Something that an enrolment must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The subject was let in.
    Entered,
    /// A wake-up arrived.
    Due {
        /// The step that it was set for.
        step: StepId,
    },
    /// A fact was added to the timeline.
    Happened {
        /// Its code.
        fact: &'static str,
        /// What it is about.
        about: Refs,
    },
    /// Dates among the facts may have changed.
    AnchorsChanged,
    /// Staff leave a step ahead out.
    Skip {
        /// The step.
        step: StepId,
    },
    /// Staff give a step ahead another time.
    Move {
        /// The step.
        step: StepId,
        /// The time; a past one means now.
        to: Timestamp,
    },
    /// Staff want the message or task of a step ahead now.
    DoNow {
        /// The step.
        step: StepId,
    },
    /// Staff end the enrolment.
    Stop,
}

/// Why a step was passed without doing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// Its condition did not hold.
    ConditionNo,
    /// Its condition needed a value that is not known.
    ConditionUnknown,
    /// Its time had passed before it could be planned.
    TooLate,
    /// Its message would have been stale.
    Stale,
    /// It has been done for this very date.
    DoneBefore,
    /// Staff left it out.
    ByStaff,
}

impl LeftOut {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::ConditionNo,
        Self::ConditionUnknown,
        Self::TooLate,
        Self::Stale,
        Self::DoneBefore,
        Self::ByStaff,
    ];

    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConditionNo => "condition_no",
            Self::ConditionUnknown => "condition_unknown",
            Self::TooLate => "too_late",
            Self::Stale => "stale",
            Self::DoneBefore => "done_before",
            Self::ByStaff => "by_staff",
        }
    }
}

/// Why pending messages are taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawReason {
    /// The date that they hang on moved.
    Moved,
    /// The enrolment ended; the code of the reason.
    Ended(String),
    /// A rule of the journey; the code of the fact that set it off.
    Fact(&'static str),
}

/// Something that follows from a step. The engine only says so; `desk` commits
/// it together with the new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Takes pending messages of the enrolment back.
    Withdraw {
        /// Which.
        pending: Pending,
        /// Why.
        reason: WithdrawReason,
    },
    /// Sends a message.
    Send {
        /// The step that asks for it.
        step: StepId,
        /// The name of the template.
        template: String,
        /// The channels to try, best first.
        channels: Vec<Channel>,
        /// Sent after this it would be stale.
        expires_at: Timestamp,
        /// The purpose class.
        purpose: Purpose,
        /// The rank among competing messages.
        priority: u8,
        /// The answer that is expected.
        prompt: Option<Prompt>,
    },
    /// Opens work for a person.
    Task {
        /// The step that asks for it.
        step: StepId,
        /// What the work is.
        kind: TaskKind,
        /// By when it must be done.
        due_at: Timestamp,
    },
    /// Records that a step was passed without doing anything.
    LeftOut {
        /// The step.
        step: StepId,
        /// Why.
        why: LeftOut,
    },
    /// Sets the one wake-up of the enrolment, in place of any earlier one.
    Wake {
        /// The step to wake for.
        step: StepId,
        /// When; never in the past.
        at: Timestamp,
    },
    /// Removes the wake-up of the enrolment.
    Unwake,
    /// Ends the enrolment.
    End {
        /// Why.
        reason: EndReason,
    },
}
