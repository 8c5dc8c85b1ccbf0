//! What became of a message and why: the record that every page can print.
//!
//! A decision is an outcome and the chain of checks that led to it, in their fixed
//! order. Each part has a code that never changes, since it is stored, and words
//! that may. Nothing in it names a person, an address or a body.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::contact::Channel;
use crate::id::ContactPointId;

/// What became of a message at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Send, hold or drop.
    pub outcome: Outcome,
    /// The checks in the order in which they were made; the last one decided
    /// unless the message is sent.
    pub chain: Vec<Check>,
}

/// Send, hold or drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes out now.
    Send {
        /// Where to.
        contact_point: ContactPointId,
        /// How.
        channel: Channel,
    },
    /// It waits, and is decided anew then.
    Hold {
        /// The first instant at which everything known now would let it go.
        until: Timestamp,
        /// What it waits for.
        reason: Reason,
    },
    /// It never goes out.
    Drop {
        /// Why not.
        reason: Reason,
    },
}

impl Outcome {
    /// Returns the code used in storage and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Hold { .. } => "hold",
            Self::Drop { .. } => "drop",
        }
    }

    /// Returns what stands in the way; nothing where it is sent.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Send { .. } => None,
            Self::Hold { reason, .. } | Self::Drop { reason } => Some(*reason),
        }
    }
}

/// One check of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub step: Step,
    /// How it ended.
    pub finding: Finding,
    /// The values that it saw, for people who ask: ids, codes, instants in UTC.
    pub detail: Cow<'static, str>,
}

macro_rules! coded {
    ($(#[$doc:meta])* $type:ident {
        $($(#[$item_doc:meta])* $name:ident = $code:literal $words:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$item_doc])* $name,)* }

        impl $type {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the code used in storage and the API.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Returns plain English for staff.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }

            /// Reads the code.
            pub fn from_code(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.code() == text)
            }
        }
    };
}

coded! {
    /// What is checked, in this order.
    Step {
        /// Nobody writes to the dead.
        Alive = "alive" "The patient is alive",
        /// Staff or a safety reply stopped all automation.
        NotPaused = "not_paused" "Automation is not paused for the patient",
        /// The visit is as the message says.
        Subject = "subject" "What the message is about still stands",
        /// Somebody may be written to.
        Recipient = "recipient" "There is a person who may be written to",
        /// An address works.
        ContactPoint = "contact_point" "There is an address that works",
        /// The person agreed.
        Consent = "consent" "The person agreed to this kind of message",
        /// It is not stale.
        Expiry = "expiry" "The message is still timely",
        /// It is a decent hour.
        QuietHours = "quiet_hours" "It is a decent hour wherever the recipient may be",
        /// It is not one too many.
        Caps = "caps" "The recipient has not had too many messages",
    }
}

coded! {
    /// How a check ended.
    Finding {
        /// Nothing in the way.
        Passed = "pass" "yes",
        /// The rule does not apply to such a message.
        Exempt = "exempt" "does not apply",
        /// Not now.
        Held = "hold" "not yet",
        /// Not at all.
        Failed = "drop" "no",
    }
}

coded! {
    /// Why a message waits or is dropped.
    Reason {
        /// The patient died.
        Deceased = "deceased" "The patient has died",
        /// All automation is paused.
        Paused = "paused" "Automatic messages are paused for this patient",
        /// The visit was called off.
        VisitCancelled = "visit_cancelled" "The visit was cancelled",
        /// The visit has another time now.
        VisitMoved = "visit_moved" "The visit was moved to another time",
        /// The patient has said yes already.
        VisitConfirmed = "visit_confirmed" "The visit is already confirmed",
        /// The visit is no longer in the state that the message speaks of.
        VisitChanged = "visit_changed" "The visit is no longer as the message says",
        /// A minor without a verified representative.
        NoRecipient = "no_recipient" "There is nobody who may be written to",
        /// No address that works on a channel of this message.
        NoContactPoint = "no_contact_point" "There is no working phone or e-mail for this message",
        /// Nobody carries messages to the only addresses that work.
        NoCarrier = "no_carrier" "No carrier is set up for the patient's phone or e-mail",
        /// Nobody agreed to this purpose there.
        ConsentMissing = "consent_missing" "The person has not agreed to this kind of message",
        /// The person took it back.
        ConsentRevoked = "consent_revoked" "The person asked us to stop",
        /// The carrier refuses the address.
        CarrierBlocked = "carrier_blocked" "The carrier blocks messages to this address",
        /// Its time is over.
        Expired = "expired" "The message came too late to be useful",
        /// It is too early or too late in the day.
        QuietHours = "quiet_hours" "It is outside the hours for this kind of message",
        /// No hour is open in all zones and states for days.
        NeverOpen = "never_open" "There is no hour that is decent everywhere the recipient may be",
        /// The patient has had enough for today.
        CapDay = "cap_day" "The patient has had the day's messages",
        /// The patient has had enough in these seven days.
        CapWeek = "cap_week" "The patient has had the week's messages",
        /// The patient has had enough in this month.
        CapMonth = "cap_month" "The patient has had the month's messages",
        /// A state's limit on a number of hours.
        CapHours = "cap_hours" "The patient has had what the state allows in these hours",
        /// The household's phone has had enough for today.
        HouseholdDay = "household_day" "The household's phone or mailbox has had the day's messages",
        /// The household's phone has had enough in these seven days.
        HouseholdWeek = "household_week" "The household's phone or mailbox has had the week's messages",
        /// The household's phone has had enough in this month.
        HouseholdMonth = "household_month" "The household's phone or mailbox has had the month's messages",
        /// A state's limit on a number of hours, for the household's phone.
        HouseholdHours = "household_hours" "The household's phone or mailbox has had what the state allows in these hours",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            assert!(!reason.words().is_empty());
        }
        for step in Step::ALL {
            assert_eq!(Step::from_code(step.code()), Some(*step));
        }
        for finding in Finding::ALL {
            assert_eq!(Finding::from_code(finding.code()), Some(*finding));
        }
        assert_eq!(Reason::from_code("because"), None);
    }
}
