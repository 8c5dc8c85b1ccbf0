//! Texts through Twilio's REST API, or through any service that speaks it.
//!
//! *Source*: twilio.com/docs/messaging/api/message-resource, version
//! 2010-04-01. That API takes no idempotency key, so a request whose answer was
//! lost is looked up in the list of messages, never repeated.

mod codes;
mod listing;
mod settings;
mod webhook;
mod wire;

use std::fmt;

use jiff::SignedDuration;
use reqwest::{Client, Response, StatusCode, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use tendon_care::contact::{Address, Phone};
use tendon_care::message::{Failure, FailureClass};

pub use settings::{Patience, Settings, Source};
pub use webhook::{
    EMPTY_REPLY, Forged, Inbound, Keyword, Malformed, REPLY_CONTENT_TYPE, StatusReport, Verified,
    Verifier,
};

use crate::carrier::{Answer, Carrier, Found, InvalidSetting, Outcome, Outgoing, Unsure, Window};
use wire::{ErrorResource, MessageResource};

const NAME: &str = "twilio";

/// The query parameter under which our id travels in the status callback.
const MESSAGE_PARAMETER: &str = "message";

/// An answer beyond this is not one of Twilio's: 1,000 listed messages of the
/// longest kind stay below it.
const MAX_ANSWER_BYTES: usize = 8 << 20;

/// Sends texts through one account.
pub struct Twilio {
    client: Client,
    messages_url: Url,
    account_sid: String,
    auth_token: SecretString,
    source: Source,
    status_callback: Option<Url>,
    patience: Patience,
}

impl Twilio {
    /// Prepares the carrier; connects when there is something to send.
    ///
    /// Fails where no rustls crypto provider was installed by the binary.
    pub fn new(settings: Settings) -> Result<Self, InvalidSetting> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(settings::refused("tls", "has no crypto provider installed"));
        }
        let patience = settings.patience;
        let client = Client::builder()
            .connect_timeout(patience.connect)
            .timeout(patience.answer)
            // Neither a redirect nor a retry may send a message a second time.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent(concat!("tendon/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| settings::refused("tls", "could not be set up"))?;
        Ok(Self {
            client,
            messages_url: settings.messages_url()?,
            status_callback: settings.parsed_status_callback()?,
            account_sid: settings.account_sid,
            auth_token: settings.auth_token,
            source: settings.source,
            patience,
        })
    }

    async fn create(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Phone(to) = &outgoing.to else {
            return Outcome::refused(FailureClass::Rejected, "not_a_phone");
        };
        let form = self.form(to, outgoing);
        let request = self.client.post(self.messages_url.clone()).form(&form);
        match self.signed_in(request).send().await {
            Ok(response) => read_outcome(response).await,
            Err(error) => unanswered(&error),
        }
    }

    fn form(&self, to: &Phone, outgoing: &Outgoing) -> Vec<(&'static str, String)> {
        let mut form = vec![
            ("To", to.expose().to_owned()),
            ("Body", outgoing.content.text.expose().to_owned()),
            match &self.source {
                Source::Number(from) => ("From", from.clone()),
                Source::Service(sid) => ("MessagingServiceSid", sid.clone()),
            },
        ];
        if let Some(callback) = &self.status_callback {
            let mut callback = callback.clone();
            callback
                .query_pairs_mut()
                .append_pair(MESSAGE_PARAMETER, &outgoing.message.to_string());
            form.push(("StatusCallback", callback.into()));
        }
        form
    }

    fn signed_in(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()))
    }
}

/// Reads what an answer to the POST means.
///
/// | answer | outcome |
/// |---|---|
/// | 2xx with a `sid` | accepted |
/// | 2xx without one | unknown: it was taken, but under which name? |
/// | 3xx, 4xx | refused by Twilio's code, else by the status |
/// | 408 | unknown: a proxy gave up waiting |
/// | 503 with Twilio's own error | refused for now: "service unavailable" |
/// | every other 5xx | unknown: it may have failed after taking the message |
async fn read_outcome(response: Response) -> Outcome {
    let status = response.status();
    let body = read_body(response).await;
    let body = body.as_deref().unwrap_or_default();
    let unknown = Outcome::Unknown {
        why: Unsure::Unreadable {
            status: status.as_u16(),
        },
    };
    if status.is_success() {
        return match serde_json::from_slice::<MessageResource>(body) {
            Ok(made) if !made.sid.is_empty() => Outcome::Accepted {
                carrier_ref: made.sid,
            },
            _ => unknown,
        };
    }
    let error = serde_json::from_slice::<ErrorResource>(body).ok();
    match (status, error) {
        (StatusCode::REQUEST_TIMEOUT, _) => unknown,
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(error)) => {
            Outcome::Refused(Failure {
                class: FailureClass::Transient,
                code: error.code.to_string(),
            })
        }
        _ if status.is_server_error() => unknown,
        (_, Some(error)) => Outcome::Refused(codes::failure(error.code)),
        (_, None) => Outcome::Refused(codes::failure_of_status(status.as_u16())),
    }
}

/// Reads what no answer means. Only before a connection stood is it certain
/// that nothing left.
fn unanswered(error: &reqwest::Error) -> Outcome {
    if error.is_connect() {
        Outcome::refused(FailureClass::Transient, "connect")
    } else if error.is_builder() {
        Outcome::refused(FailureClass::Rejected, "request")
    } else if error.is_timeout() {
        Outcome::Unknown {
            why: Unsure::TimedOut,
        }
    } else {
        Outcome::Unknown {
            why: Unsure::ConnectionLost,
        }
    }
}

/// Reads a whole answer; `None` if it broke off or is beyond all measure.
async fn read_body(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        if body.len() + piece.len() > MAX_ANSWER_BYTES {
            return None;
        }
        body.extend_from_slice(&piece);
    }
    Some(body)
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio")
            .field("host", &self.messages_url.host_str())
            .field("receipts", &self.status_callback.is_some())
            .finish_non_exhaustive()
    }
}

impl Carrier for Twilio {
    fn name(&self) -> &'static str {
        NAME
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(self.create(outgoing))
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::try_from(self.patience.answer).unwrap_or(SignedDuration::MAX)
    }

    fn reconcile<'a>(&'a self, outgoing: &'a Outgoing, window: Window) -> Answer<'a, Found> {
        Box::pin(self.look_up(outgoing, window))
    }
}
