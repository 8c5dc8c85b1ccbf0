//! Everything that a decision looks at, as values.

use jiff::Timestamp;

use crate::appointment::Appointment;
use crate::consent::Ledger;
use crate::contact::{Channel, ContactPoint};
use crate::id::ContactPointId;
use crate::patient::{Life, Recipient};
use crate::purpose::Purpose;
use crate::zone::Place;

/// Who or what wants the message sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A journey or another rule.
    Automation,
    /// A member of staff, who may write while automation is paused.
    Staff,
    /// A member of staff answers what somebody wrote, and goes back there. Not
    /// capped, and not stopped by a pause.
    StaffAnswer {
        /// The address from which they wrote.
        to: ContactPointId,
    },
    /// It answers what somebody just wrote, and goes back there. Answers are not
    /// capped.
    Answer {
        /// The address from which they wrote.
        to: ContactPointId,
    },
}

/// What the message is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Nothing that could change.
    General,
    /// A visit.
    Visit {
        /// The visit as it is now.
        visit: &'a Appointment,
        /// When it began when the message was asked for.
        planned_for: Timestamp,
        /// What the message takes for granted.
        expects: Expects,
    },
}

/// What a message takes for granted about a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expects {
    /// It is still on the book, confirmed or not: a reminder.
    Open,
    /// It is on the book and not confirmed: a request to confirm.
    Unconfirmed,
    /// Nobody came: a missed-visit message.
    Missed,
    /// It was called off: a message that says so.
    Cancelled,
    /// It took place: thanks, a check after the visit.
    Completed,
}

/// A message that went out. Answers to what the person wrote are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub purpose: Purpose,
}

/// A message that went to one of the addresses, about whichever patient, this one
/// included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentThere {
    /// The patient's contact point that holds the address.
    pub contact_point: ContactPointId,
    /// The message.
    pub sent: Sent,
}

/// Everything that a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Why the message is sent.
    pub purpose: Purpose,
    /// Who wants it sent.
    pub origin: Origin,
    /// Whether the patient lives.
    pub life: Life,
    /// Whether all automation is paused for the patient.
    pub paused: bool,
    /// Who is to be written to.
    pub recipient: Recipient,
    /// What it is about.
    pub subject: Subject<'a>,
    /// The channels for which there are words, best first.
    pub channels: &'a [Channel],
    /// The channels that have a carrier.
    pub carried: &'a [Channel],
    /// The patient's and the proxies' addresses.
    pub contact_points: &'a [ContactPoint],
    /// What was said about those addresses.
    pub ledger: &'a Ledger,
    /// Where the recipient may be, without what a phone's area code adds.
    pub place: &'a Place,
    /// What went out about this patient in the last months.
    pub sent_to_person: &'a [Sent],
    /// What went to those addresses in the last months.
    pub sent_to_address: &'a [SentThere],
    /// From this instant on it would be stale.
    pub expires_at: Timestamp,
}

/// Texts where a phone takes them, then e-mail.
pub const TEXT_THEN_EMAIL: [Channel; 2] = [Channel::Sms, Channel::Email];
