//! What went in and was acknowledged, as only who sent it can know.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// What a person wrote, and that the server has taken it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The service's id of the text.
    pub(super) sid: String,
    /// The person's number.
    pub(super) from: String,
    pub(super) words: Words,
    /// How often it was delivered until it was taken.
    pub(super) tries: u32,
    /// Delivered again on purpose.
    pub(super) twice: bool,
}

/// What people write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Confirm,
    AskToMove,
    CannotCome,
    Stop,
    /// Something for a person to answer, different every time.
    Question(u64),
}

impl Words {
    /// Returns the text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Confirm => "1".into(),
            Self::AskToMove => "2".into(),
            Self::CannotCome => "3".into(),
            Self::Stop => "STOP".into(),
            Self::Question(number) => format!("Which door is it, the one at lot {number}?"),
        }
    }

    /// Tells whether the product answers it by itself.
    pub(super) fn is_answered(&self) -> bool {
        !matches!(self, Self::Question(_))
    }
}

/// A receipt that the server has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The service's id of the message.
    pub(super) sid: String,
}

/// What another system did with one patient through the API, write by write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Case {
    /// The patient's name, which nobody else has.
    pub(super) family: String,
    pub(super) patient: Option<String>,
    pub(super) visit: Option<String>,
    /// When the visit begins, by the last write that said so.
    pub(super) starts_at: Option<Timestamp>,
    /// When the answer to a move had come.
    pub(super) moved_at: Option<Timestamp>,
    /// How often the visit was moved.
    pub(super) moves: usize,
    /// The state that the last write gave it.
    pub(super) state: &'static str,
    pub(super) message: Option<String>,
    /// Words that are in this message alone.
    pub(super) marker: String,
}

/// Everything of a rehearsal.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) said: Vec<Said>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) cases: Vec<Case>,
    /// API writes that were answered.
    pub(super) writes: u64,
    /// Requests that had to be made again.
    pub(super) retries: u64,
    /// Answers that contradict an earlier one, or what was asked.
    pub(super) contradictions: Vec<Contradiction>,
}

/// An answer that should not have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contradiction {
    /// What it shows: that something was done again, or not done.
    pub(super) repeated: bool,
    pub(super) what: String,
}

/// The account, written by many at once.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Account>);

impl Ledger {
    pub(super) fn open(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
