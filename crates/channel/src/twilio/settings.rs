//! What the Twilio carrier needs to know.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Url;
use secrecy::SecretString;
use tendon_care::contact::Phone;

use crate::carrier::{InvalidSetting, is_loopback};

/// Where Twilio itself is.
const TWILIO: &str = "https://api.twilio.com";

/// What the Twilio carrier needs to know.
pub struct Settings {
    /// The service's address, up to and without `/2010-04-01`.
    pub base_url: String,
    /// The account, which is also the user name.
    pub account_sid: String,
    /// The password, which also signs the webhooks.
    pub auth_token: SecretString,
    /// In whose name texts leave.
    pub source: Source,
    /// Where receipts are wanted, such as
    /// `https://prm.clinic.example/hooks/twilio/status`.
    pub status_callback: Option<String>,
    /// How long the service may take.
    pub patience: Patience,
}

impl Settings {
    /// Settings for Twilio itself, without receipts.
    pub fn new(
        account_sid: impl Into<String>,
        auth_token: impl Into<SecretString>,
        source: Source,
    ) -> Self {
        Self {
            base_url: TWILIO.to_owned(),
            account_sid: account_sid.into(),
            auth_token: auth_token.into(),
            source,
            status_callback: None,
            patience: Patience::default(),
        }
    }

    /// Builds the address of the message list.
    ///
    /// Refuses plain `http` except towards this machine: the request carries
    /// the auth token and a person's number.
    pub(super) fn messages_url(&self) -> Result<Url, InvalidSetting> {
        let sid = &self.account_sid;
        if sid.is_empty() || !sid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(refused("account_sid", "is not an account id"));
        }
        let mut url = web_url("base_url", &self.base_url)?;
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| refused("base_url", "cannot have a path"))?
            .pop_if_empty()
            .extend(["2010-04-01", "Accounts", sid, "Messages.json"]);
        Ok(url)
    }

    pub(super) fn parsed_status_callback(&self) -> Result<Option<Url>, InvalidSetting> {
        self.status_callback
            .as_deref()
            .map(|url| web_url("status_callback", url))
            .transpose()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("source", &self.source)
            .field("receipts", &self.status_callback.is_some())
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// In whose name texts leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A number in E.164 form, or a short code.
    Number(String),
    /// A messaging service (`MG…`), which chooses among its numbers.
    Service(String),
}

impl Source {
    /// Reads a number, a short code of 5 or 6 digits or a messaging service's id.
    pub fn parse(text: &str) -> Result<Self, InvalidSetting> {
        let text = text.trim();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if (5..=6).contains(&text.len()) && digits {
            return Ok(Self::Number(text.to_owned()));
        }
        let service = text.strip_prefix("MG");
        if service.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Ok(Self::Service(text.to_owned()));
        }
        Phone::from_e164(text)
            .or_else(|_| Phone::parse(text))
            .map(|phone| Self::Number(phone.expose().to_owned()))
            .map_err(|_| refused("from", "is no number, short code or messaging service"))
    }
}

/// How long the service may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// To be reached.
    pub connect: Duration,
    /// To answer in full, connecting included.
    pub answer: Duration,
    /// Until a lost request has either made its message or never will. Longer
    /// than `answer`, for the service may still be at work when we hang up.
    pub settle: SignedDuration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            settle: SignedDuration::from_mins(1),
        }
    }
}

fn web_url(setting: &'static str, text: &str) -> Result<Url, InvalidSetting> {
    let url = Url::parse(text).map_err(|_| refused(setting, "is not a URL"))?;
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(url),
        ("http", Some(host)) if is_loopback(host) => Ok(url),
        ("http", Some(_)) => Err(refused(setting, "must be https beyond this machine")),
        _ => Err(refused(setting, "is not a web address")),
    }
}

pub(super) const fn refused(setting: &'static str, problem: &'static str) -> InvalidSetting {
    InvalidSetting {
        carrier: super::NAME,
        setting,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(base_url: &str) -> Settings {
        let source = Source::Number("+13125550100".into());
        Settings {
            base_url: base_url.into(),
            ..Settings::new("AC0123", "hunter2", source)
        }
    }

    #[test]
    fn the_list_is_found_below_any_base() {
        for (base, list) in [
            (
                TWILIO,
                "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json",
            ),
            (
                "https://clinic.example/api/laml/",
                "https://clinic.example/api/laml/2010-04-01/Accounts/AC0123/Messages.json",
            ),
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080/2010-04-01/Accounts/AC0123/Messages.json",
            ),
        ] {
            assert_eq!(settings(base).messages_url().unwrap().as_str(), list);
        }
    }

    #[test]
    fn refuses_what_would_leak_or_cannot_work() {
        for base in ["http://api.example", "ftp://api.example", "api.example", ""] {
            let error = settings(base).messages_url().unwrap_err();
            assert_eq!(error.setting, "base_url", "{base}");
        }
        for sid in ["", "AC/../AC2", "AC 1"] {
            let settings = Settings {
                account_sid: sid.into(),
                ..settings(TWILIO)
            };
            assert_eq!(settings.messages_url().unwrap_err().setting, "account_sid");
        }
        let settings = Settings {
            status_callback: Some("http://clinic.example/hooks".into()),
            ..settings(TWILIO)
        };
        let error = settings.parsed_status_callback().unwrap_err();
        assert_eq!(error.setting, "status_callback");
    }

    #[test]
    fn sources_are_numbers_short_codes_and_services() {
        let service = format!("MG{}", "0a".repeat(16));
        for (text, source) in [
            ("+13125550100", Source::Number("+13125550100".into())),
            ("(312) 555-0100", Source::Number("+13125550100".into())),
            ("12345", Source::Number("12345".into())),
            (service.as_str(), Source::Service(service.clone())),
        ] {
            assert_eq!(Source::parse(text), Ok(source), "{text}");
        }
        for text in ["", "MG12", "Clinic", "1234"] {
            assert!(Source::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", settings(TWILIO)).contains("hunter2"));
    }
}
