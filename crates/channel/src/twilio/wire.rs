//! The shapes of Twilio's REST API, version 2010-04-01, as far as we read them.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;

use super::codes;
use crate::carrier::Receipt;

/// A message, as made or as listed.
#[derive(Deserialize)]
pub(super) struct MessageResource {
    pub(super) sid: String,
    #[serde(default)]
    pub(super) to: String,
    #[serde(default)]
    pub(super) body: String,
    #[serde(default)]
    pub(super) direction: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) error_code: Option<u32>,
    #[serde(default)]
    pub(super) date_created: Option<String>,
}

impl MessageResource {
    /// Returns when the carrier took it, if that can be read (RFC 2822 date).
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        self.date_created.as_deref().and_then(timestamp)
    }

    pub(super) fn receipt(&self) -> Receipt {
        receipt(&self.status, self.error_code)
    }
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) messages: Vec<MessageResource>,
    #[serde(default)]
    pub(super) next_page_uri: Option<String>,
}

/// A refusal.
#[derive(Deserialize)]
pub(super) struct ErrorResource {
    pub(super) code: u32,
}

/// Reads a date of a resource or of an HTTP header.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    const READER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    READER.parse_timestamp(text.trim()).ok()
}

/// Reads a message status with its error code, which only failures have.
///
/// A status unknown to us is taken as still under way: the next one will tell.
pub(super) fn receipt(status: &str, error: Option<u32>) -> Receipt {
    match status {
        "sent" => Receipt::Sent,
        "delivered" | "read" => Receipt::Delivered,
        "failed" | "undelivered" | "canceled" => {
            // 30008 is Twilio's own "unknown error".
            Receipt::Failed(codes::failure(error.unwrap_or(30008)))
        }
        _ => Receipt::Underway,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::message::FailureClass;

    #[test]
    fn every_status_has_its_receipt() {
        for status in [
            "accepted",
            "scheduled",
            "queued",
            "sending",
            "new-thing",
            "",
        ] {
            assert_eq!(receipt(status, None), Receipt::Underway, "{status}");
        }
        assert_eq!(receipt("sent", None), Receipt::Sent);
        assert_eq!(receipt("delivered", None), Receipt::Delivered);
        assert_eq!(receipt("read", None), Receipt::Delivered);
        for (status, error, class, code) in [
            (
                "undelivered",
                Some(30005),
                FailureClass::InvalidAddress,
                "30005",
            ),
            ("failed", Some(30007), FailureClass::Filtered, "30007"),
            ("failed", None, FailureClass::Transient, "30008"),
        ] {
            let Receipt::Failed(failure) = receipt(status, error) else {
                panic!("{status} is a failure");
            };
            assert_eq!((failure.class, failure.code.as_str()), (class, code));
        }
    }

    #[test]
    fn dates_are_read_from_resources_and_headers() {
        let expected = Timestamp::from_second(1_795_348_800).unwrap();
        for text in [
            "Sun, 22 Nov 2026 12:00:00 +0000",
            "Sun, 22 Nov 2026 12:00:00 GMT",
        ] {
            assert_eq!(timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(timestamp("2026-11-22"), None);
    }
}
