//! What a mail server's refusal means for the address and for the operator.
//!
//! *Source*: RFC 5321 §4.2 (reply codes), RFC 3463 and the IANA registry of
//! enhanced status codes (RFC 5248, RFC 7372, RFC 7505).
//!
//! The guiding fear is marking a good address as bad. A refusal counts against
//! the person's address only where the code speaks of that mailbox; whatever
//! speaks of policy or reputation alerts the operator instead.

use tendon_care::message::{Failure, FailureClass};

/// What had been said when the server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Greeting, encryption and sign-in.
    Opening,
    /// `MAIL FROM`: our sending address.
    Sender,
    /// `RCPT TO`: the person's address.
    Recipient,
    /// `DATA` and the letter itself.
    Letter,
}

/// Reads a refusal: its reply code and its text, which is not kept.
///
/// The failure's code is the enhanced status where there is one, such as
/// `5.1.1`, else the reply code.
pub(crate) fn failure(stage: Stage, reply: u16, text: &str) -> Failure {
    let status = Status::read(text).filter(|status| u16::from(status.class) == reply / 100);
    let class = class(stage, reply, status, text);
    let code = status.map_or_else(|| reply.to_string(), |status| status.to_string());
    Failure { class, code }
}

/// An enhanced status code: class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status {
    class: u8,
    subject: u16,
    detail: u16,
}

impl Status {
    fn read(text: &str) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let class = parts.next()?.parse().ok()?;
        let subject = parts.next()?.parse().ok()?;
        let detail = parts.next()?.parse().ok()?;
        let complete = parts.next().is_none() && matches!(class, 4 | 5);
        complete.then_some(Self {
            class,
            subject,
            detail,
        })
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

fn class(stage: Stage, reply: u16, status: Option<Status>, text: &str) -> FailureClass {
    if reply / 100 == 4 {
        return FailureClass::Transient;
    }
    // 530, 534, 535 and 538 speak of signing in, whenever they come (RFC 4954).
    if stage == Stage::Opening || matches!(reply, 530 | 534 | 535 | 538) {
        return FailureClass::Rejected;
    }
    if suppressed(text) {
        return FailureClass::Blocked;
    }
    match status.map(|status| (status.subject, status.detail)) {
        // The mailbox or its domain does not exist, has moved, is switched off,
        // takes no mail, or has changed hands.
        Some((1, 1 | 2 | 3 | 6 | 10) | (2, 1) | (7, 17 | 18)) => FailureClass::InvalidAddress,
        // A full mailbox is said to be permanent, but people do tidy up.
        Some((2, 2)) => FailureClass::Transient,
        // We are not signed in, or may not use this server so.
        Some((7, 3..=6 | 8..=14 | 30)) => FailureClass::Rejected,
        // All other policy: reputation, authentication of our domain, content.
        Some((7, _)) => FailureClass::Filtered,
        None if stage == Stage::Recipient && matches!(reply, 550 | 551 | 553) => {
            FailureClass::InvalidAddress
        }
        None if reply == 552 => FailureClass::Transient,
        // 554 at the end of the letter, without more, is how filters speak.
        None if stage == Stage::Letter && matches!(reply, 550 | 554) => FailureClass::Filtered,
        Some(_) | None => FailureClass::Rejected,
    }
}

/// Large relays keep opt-out lists of their own and have no code for them;
/// their wording has "suppress" in common.
fn suppressed(text: &str) -> bool {
    text.to_ascii_lowercase().contains("suppress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureClass::{Blocked, Filtered, InvalidAddress, Rejected, Transient};
    use Stage::{Letter, Opening, Recipient, Sender};

    #[test]
    fn replies_fall_into_the_classes_that_decide_what_follows() {
        for (stage, reply, text, class, code) in [
            (Recipient, 450, "4.2.0 try later", Transient, "4.2.0"),
            (Recipient, 451, "greylisted", Transient, "451"),
            (Opening, 421, "4.3.2 going down", Transient, "4.3.2"),
            (Letter, 452, "4.3.1 disk full", Transient, "4.3.1"),
            (
                Recipient,
                550,
                "5.1.1 no such user",
                InvalidAddress,
                "5.1.1",
            ),
            (Recipient, 550, "5.1.10 null MX", InvalidAddress, "5.1.10"),
            (Recipient, 550, "5.2.1 disabled", InvalidAddress, "5.2.1"),
            (Recipient, 550, "5.7.17 new owner", InvalidAddress, "5.7.17"),
            (Recipient, 550, "who?", InvalidAddress, "550"),
            (Letter, 550, "5.1.1 no such user", InvalidAddress, "5.1.1"),
            (Recipient, 552, "5.2.2 full", Transient, "5.2.2"),
            (Recipient, 552, "full", Transient, "552"),
            (Letter, 550, "5.7.1 looks unsolicited", Filtered, "5.7.1"),
            (
                Letter,
                550,
                "5.7.515 not authenticated",
                Filtered,
                "5.7.515",
            ),
            (Recipient, 554, "5.7.1 relay denied", Filtered, "5.7.1"),
            (Letter, 554, "no", Filtered, "554"),
            (
                Recipient,
                550,
                "5.7.1 on our Suppression list",
                Blocked,
                "5.7.1",
            ),
            (Opening, 535, "5.7.8 bad password", Rejected, "5.7.8"),
            (Opening, 554, "no SMTP here", Rejected, "554"),
            (Sender, 530, "5.7.0 sign in first", Rejected, "5.7.0"),
            (Sender, 553, "5.1.8 bad sender", Rejected, "5.1.8"),
            (Sender, 550, "not you", Rejected, "550"),
            (Letter, 500, "syntax", Rejected, "500"),
        ] {
            let expected = Failure {
                class,
                code: code.into(),
            };
            assert_eq!(failure(stage, reply, text), expected, "{reply} {text}");
        }
    }

    #[test]
    fn an_enhanced_code_that_contradicts_the_reply_is_not_believed() {
        let read = failure(Recipient, 450, "5.1.1 no such user");
        assert_eq!((read.class, read.code.as_str()), (Transient, "450"));
        for text in [
            "5.1",
            "5.1.1.1 x",
            "2.0.0 ok",
            "5.x.1",
            "192.0.2.1 listed",
            "",
        ] {
            assert_eq!(failure(Letter, 500, text).code, "500", "{text}");
        }
    }

    #[test]
    fn no_words_of_the_server_are_kept() {
        let read = failure(Recipient, 550, "5.1.1 <ana@example.org> unknown");
        assert!(!format!("{read:?}").contains("ana"));
    }
}
