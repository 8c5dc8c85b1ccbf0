//! What Twilio sends us: texts from people and receipts for ours.
//!
//! Nothing of a request can be read before its signature was verified:
//! [`Verified`] is the only thing that has events, and only
//! [`Verifier::verify`] makes one.
//!
//! *Source*: Twilio, "Security: validating signatures": HMAC-SHA1, keyed with
//! the auth token, over the full URL followed by every parameter's name and
//! value in the order of the names, in base64, in `X-Twilio-Signature`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use tendon_care::contact::Phone;
use tendon_care::id::MessageId;
use tendon_care::message::Body;

use super::{MESSAGE_PARAMETER, wire};
use crate::carrier::Receipt;

/// The answer to every webhook: nothing to say. Replies leave as messages, so
/// that they meet the same consent, caps and records as any other.
pub const EMPTY_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// The content type of [`EMPTY_REPLY`].
pub const REPLY_CONTENT_TYPE: &str = "text/xml";

/// Tells Twilio's requests from forged ones.
pub struct Verifier {
    auth_token: SecretString,
}

/// A request that Twilio did not sign, or not for this URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook's signature does not match its URL and parameters")]
pub struct Forged;

/// A signed request that lacks what its kind needs. Never prints the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook's field {field} is missing or not valid")]
pub struct Malformed {
    /// The field.
    pub field: &'static str,
}

impl Verifier {
    /// Makes a verifier that knows the account's auth token.
    pub fn new(auth_token: SecretString) -> Self {
        Self { auth_token }
    }

    /// Verifies a form request by the URL that Twilio called, with its query,
    /// the `X-Twilio-Signature` header and the raw body.
    ///
    /// Twilio signs some URLs with and some without the default port, so both
    /// spellings count. The comparison takes the same time wherever it fails.
    pub fn verify(&self, url: &str, signature: &str, body: &[u8]) -> Result<Verified, Forged> {
        let claimed = STANDARD.decode(signature.trim()).map_err(|_| Forged)?;
        let parameters: Vec<(String, String)> = form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut signed: Vec<&(String, String)> = parameters.iter().collect();
        signed.sort_unstable();
        signed.dedup();
        let genuine = spellings(url).iter().any(|url| {
            self.mac(url, &signed)
                .is_some_and(|mac| mac.verify_slice(&claimed).is_ok())
        });
        if !genuine {
            return Err(Forged);
        }
        Ok(Verified {
            message: message_of(url),
            parameters,
        })
    }

    fn mac(&self, url: &str, parameters: &[&(String, String)]) -> Option<Hmac<Sha1>> {
        // HMAC takes a key of any length, so this never is `None`.
        let key = self.auth_token.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
        mac.update(url.as_bytes());
        for (name, value) in parameters {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        Some(mac)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// The URL as given, and with its default port written out.
fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut spellings = vec![Cow::Borrowed(url)];
    let default_port = match url.split_once("://") {
        Some(("https", rest)) => Some((8, rest, ":443")),
        Some(("http", rest)) => Some((7, rest, ":80")),
        _ => None,
    };
    if let Some((scheme_len, rest, port)) = default_port {
        let authority = rest.find(['/', '?']).unwrap_or(rest.len());
        let (before, after) = url.split_at(scheme_len + authority);
        spellings.push(match before.strip_suffix(port) {
            Some(bare) => Cow::Owned(format!("{bare}{after}")),
            None => Cow::Owned(format!("{before}{port}{after}")),
        });
    }
    spellings
}

fn message_of(url: &str) -> Option<MessageId> {
    let url = Url::parse(url).ok()?;
    url.query_pairs()
        .find(|(name, _)| name == MESSAGE_PARAMETER)
        .and_then(|(_, value)| value.parse().ok())
}

/// A request that Twilio signed.
pub struct Verified {
    message: Option<MessageId>,
    parameters: Vec<(String, String)>,
}

/// Prints no parameter.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// A text from a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Who wrote.
    pub from: Phone,
    /// To which of our numbers or short codes.
    pub to: String,
    /// What was written; empty where only pictures came.
    pub body: Body,
    /// Twilio's own id; the same text may be delivered to us twice under it.
    pub carrier_ref: String,
    /// How many pictures or files came along.
    pub media_count: u8,
    /// What Twilio itself took the text for, and has already acted on.
    pub keyword: Option<Keyword>,
}

/// A keyword that the carrier acted on by its own list: its block now stands,
/// whatever is recorded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// The number is blocked for our sender.
    Stop,
    /// The block is lifted.
    Start,
    /// Twilio answered with help.
    Help,
}

/// A receipt for a text of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// Twilio's own id.
    pub carrier_ref: String,
    /// Our id, as given along with the message.
    pub message: Option<MessageId>,
    /// What became of it.
    pub receipt: Receipt,
}

impl Verified {
    /// Reads a text from a person.
    ///
    /// Refuses a sender that is no phone number: a short code or a name is no
    /// patient and cannot be answered.
    pub fn inbound(&self) -> Result<Inbound, Malformed> {
        let media_count = match self.get("NumMedia") {
            None => 0,
            Some(text) => text.parse().map_err(|_| Malformed { field: "NumMedia" })?,
        };
        Ok(Inbound {
            from: Phone::from_e164(self.need("From")?).map_err(|_| Malformed { field: "From" })?,
            to: self.need("To")?.to_owned(),
            body: Body::new(self.get("Body").unwrap_or_default()),
            carrier_ref: self.need("MessageSid")?.to_owned(),
            media_count,
            keyword: match self.get("OptOutType") {
                Some("STOP") => Some(Keyword::Stop),
                Some("START") => Some(Keyword::Start),
                Some("HELP") => Some(Keyword::Help),
                _ => None,
            },
        })
    }

    /// Reads a receipt.
    pub fn status(&self) -> Result<StatusReport, Malformed> {
        let error = match self.get("ErrorCode") {
            None | Some("" | "0") => None,
            Some(text) => Some(text.parse().map_err(|_| Malformed { field: "ErrorCode" })?),
        };
        Ok(StatusReport {
            carrier_ref: self.need("MessageSid")?.to_owned(),
            message: self.message,
            receipt: wire::receipt(self.need("MessageStatus")?, error),
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn need(&self, field: &'static str) -> Result<&str, Malformed> {
        self.get(field)
            .filter(|value| !value.is_empty())
            .ok_or(Malformed { field })
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
