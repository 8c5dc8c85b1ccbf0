//! Where the mail server is, read from one URL, and what it may see unencrypted.

use std::fmt;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::carrier::{InvalidSetting, is_loopback};

/// Ports of RFC 6409 (submission), RFC 8314 (submissions) and plain SMTP.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;
const SMTP: u16 = 25;

/// When the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (`smtps://`).
    Implicit,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// By STARTTLS where the server offers it.
    Opportunistic,
    /// Never.
    None,
}

/// A mail server and how to sign in to it.
#[derive(Clone)]
pub struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) credentials: Option<Credentials>,
}

/// A user name and its password.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

impl Server {
    /// Reads `smtp://user:pass@host:port` or `smtps://…`, with an optional
    /// `?tls=required|opportunistic|none`.
    ///
    /// `smtp://` demands STARTTLS, except towards this machine, where it is
    /// plain: an e-mail about a visit does not cross a network in the clear
    /// unless somebody wrote so. User and password are percent-decoded.
    ///
    /// Refuses a password on a connection that may stay unencrypted.
    pub fn parse(url: &SecretString) -> Result<Self, InvalidSetting> {
        let url = Url::parse(url.expose_secret()).map_err(|_| refused("is not a URL"))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| refused("names no host"))?
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let encryption = encryption(&url, &host)?;
        let credentials = credentials(&url)?;
        let may_stay_plain = matches!(encryption, Encryption::Opportunistic | Encryption::None);
        if credentials.is_some() && may_stay_plain && !is_loopback(&host) {
            return Err(refused("would send its password unencrypted"));
        }
        let port = url.port().unwrap_or(match encryption {
            Encryption::Implicit => SUBMISSIONS,
            Encryption::Required => SUBMISSION,
            Encryption::Opportunistic | Encryption::None => SMTP,
        });
        Ok(Self {
            host,
            port,
            encryption,
            credentials,
        })
    }
}

/// Prints no user and no password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("signs_in", &self.credentials.is_some())
            .finish()
    }
}

fn encryption(url: &Url, host: &str) -> Result<Encryption, InvalidSetting> {
    let wish = url
        .query_pairs()
        .find_map(|(key, value)| (key == "tls").then(|| value.into_owned()));
    match (url.scheme(), wish.as_deref()) {
        ("smtps", None | Some("required")) => Ok(Encryption::Implicit),
        ("smtp", None) if is_loopback(host) => Ok(Encryption::None),
        ("smtp", None | Some("required")) => Ok(Encryption::Required),
        ("smtp", Some("opportunistic")) => Ok(Encryption::Opportunistic),
        ("smtp", Some("none")) => Ok(Encryption::None),
        ("smtp" | "smtps", Some(_)) => Err(refused(
            "has a tls value other than required, opportunistic or none",
        )),
        _ => Err(refused("does not begin with smtp:// or smtps://")),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, InvalidSetting> {
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| refused("has a user or password that is not UTF-8"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some(Credentials {
            user: decoded(user)?,
            password: decoded(password)?.into(),
        })),
        _ => Err(refused("has a user without a password or the reverse")),
    }
}

const fn refused(problem: &'static str) -> InvalidSetting {
    InvalidSetting {
        carrier: super::NAME,
        setting: "url",
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Server, InvalidSetting> {
        Server::parse(&url.into())
    }

    #[test]
    fn encryption_is_the_default_except_towards_this_machine() {
        for (url, encryption, port) in [
            ("smtp://mail.example", Encryption::Required, 587),
            ("smtp://mail.example:2525", Encryption::Required, 2525),
            ("smtp://mail.example?tls=none", Encryption::None, 25),
            (
                "smtp://mail.example?tls=opportunistic",
                Encryption::Opportunistic,
                25,
            ),
            ("smtps://mail.example", Encryption::Implicit, 465),
            ("smtp://127.0.0.1:1025", Encryption::None, 1025),
            ("smtp://[::1]:1025", Encryption::None, 1025),
            ("smtp://localhost?tls=required", Encryption::Required, 587),
        ] {
            let server = parse(url).unwrap();
            assert_eq!(
                (server.encryption, server.port),
                (encryption, port),
                "{url}"
            );
        }
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        let server = parse("smtp://ana%40clinic.example:p%2Fq+r@mail.example").unwrap();
        let credentials = server.credentials.unwrap();
        assert_eq!(credentials.user, "ana@clinic.example");
        assert_eq!(credentials.password.expose_secret(), "p/q+r");
    }

    #[test]
    fn refuses_what_would_leak_or_cannot_work_and_never_repeats_it() {
        for url in [
            "smtp://u:hunter2@mail.example?tls=none",
            "smtp://u:hunter2@mail.example?tls=opportunistic",
            "smtp://u:hunter2@mail.example?tls=maybe",
            "smtps://u:hunter2@mail.example?tls=none",
            "http://u:hunter2@mail.example",
            "smtp://hunter2@mail.example",
            "smtp://:hunter2@mail.example",
            "smtp://u:%ff%fehunter2@mail.example",
            "hunter2",
        ] {
            let error = parse(url).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("setting url of the smtp carrier"), "{shown}");
        }
    }

    #[test]
    fn debug_shows_no_credentials() {
        let shown = format!("{:?}", parse("smtps://ana:hunter2@mail.example").unwrap());
        assert!(
            !shown.contains("hunter2") && !shown.contains("ana"),
            "{shown}"
        );
        assert!(shown.contains("mail.example"), "{shown}");
    }
}
