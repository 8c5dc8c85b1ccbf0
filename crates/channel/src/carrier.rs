//! The edge of the process: what every carrier takes and what it answers.
//!
//! The one idea is that a carrier has three answers, not two. Between "it has
//! the message" and "it does not" lies "the request left and no answer came";
//! to call that a failure repeats messages, and to call it a success loses
//! them. It is its own variant, and [`Carrier::reconcile`] resolves it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::{Address, Email};
use tendon_care::id::MessageId;
use tendon_care::language::Language;
use tendon_care::message::{Content, Failure, FailureClass};
use tendon_care::purpose::Purpose;

/// A future that a carrier returns.
///
/// Boxed by hand, so that `dyn Carrier` exists without a macro: one allocation
/// is nothing beside a round trip to a carrier, and a simulated practice or a
/// test can bring a carrier of its own, which an enum would forbid.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way out of the house.
pub trait Carrier: Send + Sync + fmt::Debug {
    /// Returns the name used in storage, settings and metrics, such as `twilio`.
    fn name(&self) -> &'static str;

    /// Hands one message over, once: no carrier repeats what might have arrived.
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome>;

    /// Returns how many messages it takes side by side; others wait before it is noted
    /// that they are being handed over.
    fn at_once(&self) -> usize {
        16
    }

    /// Returns the longest that [`Carrier::send`] takes to answer. A message whose
    /// answer is out for longer is asked about.
    fn patience(&self) -> SignedDuration {
        SignedDuration::from_secs(60)
    }

    /// Finds out what became of a message whose answer was lost.
    ///
    /// Reads only; asking twice changes nothing.
    fn reconcile<'a>(&'a self, outgoing: &'a Outgoing, window: Window) -> Answer<'a, Found>;
}

/// A message that has been approved and is ready to leave.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The id, under which the carrier's receipts come back.
    pub message: MessageId,
    /// Where it goes.
    pub to: Address,
    /// What is said.
    pub content: Content,
    /// Why it is sent; feedback and promotion need a way to unsubscribe.
    pub purpose: Purpose,
    /// In which language it is written.
    pub language: Language,
    /// Who writes, as the reader sees it.
    pub sender: Sender,
    /// The `Message-ID` of the e-mail that this one answers, with its brackets.
    pub in_reply_to: Option<String>,
    /// The one-click address that ends this kind of e-mail (RFC 8058).
    pub unsubscribe_url: Option<String>,
    /// Which try this is, from 1.
    pub attempt: u16,
    /// When it was handed over; the `Date` of an e-mail.
    pub at: Timestamp,
}

/// Prints neither address, words nor the unsubscribe token.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("message", &self.message)
            .field("purpose", &self.purpose)
            .field("attempt", &self.attempt)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Who writes, as the reader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The clinic's display name, beside the carrier's own sending address.
    pub name: Option<String>,
    /// Where an answer goes, when not to the sending address.
    pub reply_to: Option<Email>,
}

/// What a carrier answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier has the message.
    Accepted {
        /// The carrier's own id.
        carrier_ref: String,
    },
    /// The carrier certainly does not have the message.
    Refused(Failure),
    /// The carrier may have the message. To be reconciled, never repeated.
    Unknown {
        /// How the answer was lost.
        why: Unsure,
    },
}

impl Outcome {
    /// Builds a refusal from its class and a code without personal data.
    pub(crate) fn refused(class: FailureClass, code: impl Into<String>) -> Self {
        Self::Refused(Failure {
            class,
            code: code.into(),
        })
    }
}

/// How an answer was lost after the message had left, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unsure {
    /// Nothing came back in time.
    #[error("no answer came in time")]
    TimedOut,
    /// The connection ended before the answer.
    #[error("the connection ended before the answer")]
    ConnectionLost,
    /// An answer came that is not one of the carrier's.
    #[error("the answer could not be read (status {status})")]
    Unreadable {
        /// The HTTP status, or the SMTP reply code.
        status: u16,
    },
}

impl Unsure {
    /// Returns the code used in storage and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::ConnectionLost => "connection_lost",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// The stretch of time in which a lost message is looked for, on our clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// When the first attempt whose outcome is unknown was handed over.
    pub since: Timestamp,
    /// The present. A carrier's clock is compared with it, so that neither a
    /// drifting nor a simulated clock hides a message.
    pub now: Timestamp,
    /// The carrier's ids of other messages of ours: a twin in the same words, to the
    /// same address, is not the one that is looked for.
    pub but_not: Vec<String>,
}

impl Window {
    /// Tells how much of `wait` after the attempt is still to come, if any.
    pub(crate) fn too_soon_for(&self, wait: SignedDuration) -> Option<Timestamp> {
        let settled_at = self.since.saturating_add(wait).unwrap_or(Timestamp::MAX);
        (self.now < settled_at).then_some(settled_at)
    }
}

/// What became of a message whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The carrier has it.
    Sent {
        /// The carrier's own id.
        carrier_ref: String,
        /// What the carrier knows of it by now.
        receipt: Receipt,
    },
    /// The carrier does not have it and will not get it: it may be sent again.
    NotSent,
    /// The carrier does not have it yet, but the lost request may still be on
    /// its way. Asking again at that time gives a definite answer.
    TooSoon {
        /// When, on our clock.
        ask_again_at: Timestamp,
    },
    /// The carrier cannot say; a person decides.
    CannotTell {
        /// Why, for that person.
        why: Blind,
    },
}

/// Why a carrier cannot say what became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Blind {
    /// The protocol has no such question.
    #[error("this carrier keeps no record that can be asked")]
    NoRecord,
    /// The question could not be asked now; it may be asked again.
    #[error("the carrier could not be asked")]
    Unreachable,
    /// The record was too long or too odd to be read to its end.
    #[error("the carrier's record could not be read to its end")]
    Incomplete,
}

impl Blind {
    /// Tells whether asking again later can help.
    pub const fn may_ask_again(self) -> bool {
        matches!(self, Self::Unreachable)
    }
}

/// What a carrier reports about a message that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// On its way inside the carrier.
    Underway,
    /// Handed to the next network.
    Sent,
    /// Arrived.
    Delivered,
    /// Will not arrive.
    Failed(Failure),
}

/// A setting with which a carrier cannot work. Never prints the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {setting} of the {carrier} carrier {problem}")]
pub struct InvalidSetting {
    /// The carrier's name.
    pub carrier: &'static str,
    /// The setting.
    pub setting: &'static str,
    /// What is wrong with it, as a phrase that follows its name.
    pub problem: &'static str,
}

/// Tells whether a host is this machine, where nothing travels in the clear.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
pub(crate) mod tests {
    use tendon_care::contact::Phone;
    use tendon_care::id::Id;
    use tendon_care::message::Body;

    use super::*;

    pub(crate) fn text_to(phone: &str, words: &str) -> Outgoing {
        Outgoing {
            message: MessageId::from_parts(Timestamp::UNIX_EPOCH, [3; 10]),
            to: Address::Phone(Phone::from_e164(phone).unwrap()),
            content: Content {
                subject: None,
                text: Body::new(words),
                html: None,
            },
            purpose: Purpose::Care,
            language: Language::English,
            sender: Sender::default(),
            in_reply_to: None,
            unsubscribe_url: Some("https://clinic.example/u/secret-token".into()),
            attempt: 1,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn debug_shows_no_person_and_no_token() {
        let shown = format!("{:?}", text_to("+13125550142", "See you at nine, Ana"));
        for secret in ["3125550142", "Ana", "nine", "secret-token"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("msg_"), "{shown}");
    }

    #[test]
    fn a_window_names_the_moment_from_which_silence_counts() {
        let since = Timestamp::from_second(1_000).unwrap();
        let wait = SignedDuration::from_secs(60);
        let at = |second| Window {
            since,
            now: Timestamp::from_second(second).unwrap(),
            but_not: Vec::new(),
        };
        let settled = Timestamp::from_second(1_060).unwrap();
        assert_eq!(at(1_059).too_soon_for(wait), Some(settled));
        assert_eq!(at(1_060).too_soon_for(wait), None);
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.8.0.1", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "mail.example", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
