//! The answer to a message.
//!
//! Original mode knows one answer, of the application (`AA`, `AE`, `AR`).
//! Enhanced mode, in force when MSH-15 or MSH-16 say anything, has a first
//! answer for safe receipt (`CA`, `CE`, `CR`) and a second for the outcome.
//!
//! *Source*: HL7 v2.5.1 chapter 2, §2.9 (processing), §2.15 (ERR, MSA).

use jiff::Timestamp;

use super::control::{AckWhen, Control, Endpoint};
use super::escape::escape;
use super::stamp;
use crate::record::Moment;

/// What became of a message (table 0008).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// Processed and durably stored.
    ApplicationAccept,
    /// The content is wrong: parked; the sender may correct and send again.
    ApplicationError,
    /// Not even tried: wrong version, processing id, type, or overload.
    ApplicationReject,
    /// Received and safe; the outcome follows.
    CommitAccept,
    /// Received and not safe.
    CommitError,
    /// Not acceptable.
    CommitReject,
}

impl AckCode {
    /// Returns MSA-1.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ApplicationAccept => "AA",
            Self::ApplicationError => "AE",
            Self::ApplicationReject => "AR",
            Self::CommitAccept => "CA",
            Self::CommitError => "CE",
            Self::CommitReject => "CR",
        }
    }

    /// Tells whether the message was taken.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::ApplicationAccept | Self::CommitAccept)
    }

    const fn is_commit(self) -> bool {
        matches!(
            self,
            Self::CommitAccept | Self::CommitError | Self::CommitReject
        )
    }

    /// Returns ERR-3 (table 0357): "application internal error" stands for what
    /// no other code names, and a refusal is of the message's type.
    const fn error(self) -> Option<&'static str> {
        match self {
            Self::ApplicationAccept | Self::CommitAccept => None,
            Self::ApplicationReject | Self::CommitReject => {
                Some("200^Unsupported message type^HL70357")
            }
            Self::ApplicationError | Self::CommitError => {
                Some("207^Application internal error^HL70357")
            }
        }
    }

    /// Tells whether the sender of this message wants this answer.
    pub fn is_wanted(self, control: &Control) -> bool {
        if !control.is_enhanced() {
            return !self.is_commit();
        }
        let when = if self.is_commit() {
            control.accept_ack
        } else {
            control.application_ack
        };
        match when {
            AckWhen::Always => true,
            AckWhen::Never | AckWhen::Unsaid => false,
            AckWhen::OnError => !self.is_success(),
            AckWhen::OnSuccess => self.is_success(),
        }
    }
}

/// Writes the answer to a message, without MLLP frame.
///
/// The endpoints are swapped, version and processing id are the sender's, and
/// the answer's own control id is that of the message, which the sender knows
/// to be unique. `text` is for people and must hold no person's data. From
/// v2.5 on an error has an `ERR` segment with that text.
pub fn ack(control: &Control, code: AckCode, text: &str, at: Timestamp) -> Vec<u8> {
    let version = or(&control.version, "2.5.1");
    let trigger = escape(&control.trigger);
    let kind = if trigger.is_empty() {
        "ACK".to_owned()
    } else if is_at_least(version, 2, 4) {
        format!("ACK^{trigger}^ACK")
    } else {
        format!("ACK^{trigger}")
    };
    let mut lines = vec![
        format!(
            "MSH|^~\\&|{}|{}|{}|{}|{}||{kind}|{}|{}|{}||||||UNICODE UTF-8",
            endpoint(&control.receiving_application),
            endpoint(&control.receiving_facility),
            endpoint(&control.sending_application),
            endpoint(&control.sending_facility),
            stamp::write(Moment::Exact(at)),
            escape(&control.control_id),
            escape(or(&control.processing_id, "P")),
            escape(version),
        ),
        format!(
            "MSA|{}|{}|{}",
            code.code(),
            escape(&control.control_id),
            escape(text)
        ),
    ];
    if let Some(error) = code.error()
        && is_at_least(version, 2, 5)
    {
        lines.push(format!("ERR|||{error}|E||||{}", escape(text)));
    }
    let mut bytes = lines.join("\r").into_bytes();
    bytes.push(b'\r');
    bytes
}

/// Writes MSH-3 to MSH-6 (HD).
pub(super) fn endpoint(endpoint: &Endpoint) -> String {
    let parts = [
        &endpoint.name,
        &endpoint.universal_id,
        &endpoint.universal_id_type,
    ];
    let parts: Vec<_> = parts.iter().map(|part| escape(part)).collect();
    parts.join("^").trim_end_matches('^').to_owned()
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn is_at_least(version: &str, major: u8, minor: u8) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u8>().ok());
    let (Some(Some(a)), Some(Some(b))) = (parts.next(), parts.next()) else {
        return false;
    };
    (a, b) >= (major, minor)
}

#[cfg(test)]
mod tests {
    use super::super::wire::Wire;
    use super::*;

    fn control(msh: &str) -> Control {
        Control::read(&Wire::parse(msh).unwrap())
    }

    fn at() -> Timestamp {
        "2026-03-01T16:15:00Z".parse().unwrap()
    }

    fn text_of(control: &Control, code: AckCode, text: &str) -> String {
        String::from_utf8(ack(control, code, text, at())).unwrap()
    }

    #[test]
    fn an_accepted_message_is_answered_with_its_own_id() {
        let c = control("MSH|^~\\&|EHR|CLINIC^1.2^ISO|TENDON|MAIN|20260301||ADT^A08|MSG7|P|2.3");
        assert_eq!(
            text_of(&c, AckCode::ApplicationAccept, ""),
            "MSH|^~\\&|TENDON|MAIN|EHR|CLINIC^1.2^ISO|20260301161500+0000||ACK^A08|MSG7|P|2.3||||||UNICODE UTF-8\r\
             MSA|AA|MSG7|\r"
        );
    }

    #[test]
    fn an_error_is_explained_from_2_5_on() {
        let new = control("MSH|^~\\&|EHR|CLINIC|||||SIU^S12^SIU_S12|7|P|2.5.1");
        let answer = text_of(&new, AckCode::ApplicationError, "SCH-2 is empty | missing");
        assert!(answer.contains("||ACK^S12^ACK|7|P|2.5.1|"), "{answer}");
        assert!(
            answer.contains("\rMSA|AE|7|SCH-2 is empty \\F\\ missing\r"),
            "{answer}"
        );
        assert!(
            answer.ends_with(
                "\rERR|||207^Application internal error^HL70357|E||||SCH-2 is empty \\F\\ missing\r"
            ),
            "{answer}"
        );
        let old = control("MSH|^~\\&|EHR|CLINIC|||||SIU^S12|7|P|2.4");
        assert!(!text_of(&old, AckCode::ApplicationError, "x").contains("ERR|"));
        assert!(!text_of(&new, AckCode::CommitAccept, "").contains("ERR|"));
        assert!(text_of(&new, AckCode::CommitReject, "").contains("\rERR|||200^"));
    }

    #[test]
    fn an_answer_can_be_read_and_cannot_be_broken_open() {
        let c = control("MSH|^~\\&|EHR|||||||\\X0D\\MSA\\F\\AA|P|2.5.1");
        let answer = text_of(&c, AckCode::ApplicationReject, "a\rMSA|AA");
        let wire = Wire::parse(&answer).unwrap();
        let names: Vec<_> = wire.segments().map(|s| s.name).collect();
        assert_eq!(names, ["MSH", "MSA", "ERR"]);
        assert_eq!(wire.field("MSA", 1).text(), "AR");
    }

    #[test]
    fn enhanced_mode_answers_what_was_asked_for() {
        use AckCode::{ApplicationAccept, ApplicationError, CommitAccept, CommitError};
        let mode = |accept: &str, application: &str| {
            control(&format!(
                "MSH|^~\\&|||||||ADT^A08|7|P|2.5|||{accept}|{application}"
            ))
        };
        for (accept, application, code, wanted) in [
            ("", "", ApplicationAccept, true),
            ("", "", CommitAccept, false),
            ("AL", "NE", CommitAccept, true),
            ("AL", "NE", ApplicationError, false),
            ("ER", "AL", CommitAccept, false),
            ("ER", "AL", CommitError, true),
            ("NE", "SU", ApplicationAccept, true),
            ("NE", "SU", ApplicationError, false),
            ("NE", "", ApplicationAccept, false),
        ] {
            assert_eq!(
                code.is_wanted(&mode(accept, application)),
                wanted,
                "{accept} {application} {code:?}"
            );
        }
    }
}
