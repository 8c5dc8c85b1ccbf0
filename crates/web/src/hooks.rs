//! What reaches us from carriers: texts from people and receipts for ours.
//!
//! A carrier's request is believed by its signature alone, over the public
//! address and every parameter. All of it may come twice: the carrier's own id
//! tells a repeat.

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tendon_care::access::Access;
use tendon_care::contact::{Address, Channel, Phone};
use tendon_care::id::PracticeId;
use tendon_care::message::Body;
use tendon_desk::twilio::{self, EMPTY_REPLY, REPLY_CONTENT_TYPE, Verified, Verifier};
use tendon_desk::{Desk, DeskError, Inbound, Keyword, Report, Reported};

use crate::server::App;

/// The setting that names the numbers at which a practice gets texts: numbers and
/// short codes, separated by commas. Needed where a server has several practices.
pub const NUMBERS: &str = tendon_desk::TEXT_NUMBERS;

/// The carrier's name in messages and reports.
const CARRIER: &str = "twilio";

/// A text of 1,600 characters with every parameter stays below a quarter of it.
const MOST_BYTES: usize = 64 * 1024;

/// Returns the webhooks.
pub fn router() -> Router<App> {
    Router::new()
        .route("/hooks/twilio/sms", post(sms))
        .route("/hooks/twilio/status", post(status))
}

/// Why a webhook was not taken.
#[derive(Debug)]
enum Refused {
    /// No carrier that signs is set up.
    NotSetUp,
    /// The signature is missing or wrong.
    Forged,
    TooLarge,
    /// Signed, and without something that it needs.
    Malformed(twilio::Malformed),
    /// The number belongs to none of several practices.
    NoPractice,
    Desk(DeskError),
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

impl From<tendon_store::StoreError> for Refused {
    fn from(error: tendon_store::StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<twilio::Malformed> for Refused {
    fn from(malformed: twilio::Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl IntoResponse for Refused {
    /// Answers in a status alone: whoever forges learns nothing, and the carrier
    /// shows failures to its account's owner.
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotSetUp => StatusCode::NOT_FOUND,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(malformed) => {
                tracing::warn!(field = malformed.field, "a signed webhook lacks a field");
                StatusCode::BAD_REQUEST
            }
            Self::NoPractice => {
                tracing::warn!(
                    "a text came to a number of no practice; see `tendon practices numbers`"
                );
                StatusCode::UNPROCESSABLE_ENTITY
            }
            // The carrier tries again where it is told to.
            Self::Desk(DeskError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Desk(error) => {
                tracing::error!(error = %error, "a webhook was not taken");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        status.into_response()
    }
}

/// Takes a text from a person.
async fn sms(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let text = verified(&app, request).await?.inbound()?;
    let from = Address::Phone(text.from);
    let practice = practice_at(app.desk(), &text.to, &from).await?;
    let inbound = Inbound {
        practice,
        from,
        channel: Channel::Sms,
        body: words(text.body, text.media_count),
        carrier: CARRIER.to_owned(),
        carrier_ref: text.carrier_ref,
    };
    let keyword = text.keyword.map(|keyword| match keyword {
        twilio::Keyword::Stop => Keyword::Stop,
        twilio::Keyword::Start => Keyword::Start,
        twilio::Keyword::Help => Keyword::Help,
    });
    app.desk().hear_keyword(&inbound, keyword).await?;
    Ok(nothing_to_say())
}

/// Pictures are not fetched; where they came alone, a person must know of them.
fn words(body: Body, media_count: u8) -> Body {
    match media_count {
        0 => body,
        _ if !body.expose().trim().is_empty() => body,
        1 => Body::new("[1 attachment]"),
        several => Body::new(format!("[{several} attachments]")),
    }
}

/// Takes a receipt. One that no practice knows is no failure of the carrier's.
async fn status(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let status = verified(&app, request).await?.status()?;
    for practice in app.desk().db().practices().await? {
        let report = Report {
            practice: practice.id,
            carrier: CARRIER.to_owned(),
            carrier_ref: status.carrier_ref.clone(),
            message: status.message,
            receipt: status.receipt.clone(),
        };
        if app.desk().report(&report).await? != Reported::Unknown {
            return Ok(nothing_to_say());
        }
    }
    tracing::info!(carrier_ref = status.carrier_ref, "a receipt for no message");
    Ok(nothing_to_say())
}

fn nothing_to_say() -> Response {
    ([(header::CONTENT_TYPE, REPLY_CONTENT_TYPE)], EMPTY_REPLY).into_response()
}

/// Reads a request, or refuses one that the carrier did not sign for its address.
async fn verified(app: &App, request: Request) -> Result<Verified, Refused> {
    let token = app.surface().twilio_auth_token.as_ref();
    let verifier = Verifier::new(token.ok_or(Refused::NotSetUp)?.clone());
    let address = request
        .uri()
        .path_and_query()
        .map_or("/", |part| part.as_str());
    let url = format!("{}{address}", app.desk().public_url());
    let signature = signature(request.headers())
        .ok_or(Refused::Forged)?
        .to_owned();
    let body = whole(request.into_body()).await?;
    verifier
        .verify(&url, &signature, &body)
        .map_err(|_| Refused::Forged)
}

fn signature(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-twilio-signature")?.to_str().ok()
}

async fn whole(body: axum::body::Body) -> Result<Bytes, Refused> {
    to_bytes(body, MOST_BYTES)
        .await
        .map_err(|_| Refused::TooLarge)
}

/// Finds the practice that a text is meant for: the one that has the number, else
/// the only one, else the one that wrote to this phone last or knows it alone.
async fn practice_at(desk: &Desk, to: &str, from: &Address) -> Result<PracticeId, Refused> {
    let having = owners(&desk.db().setting_everywhere(NUMBERS).await?, to);
    if let [only] = having.as_slice() {
        return Ok(*only);
    }
    let all: Vec<PracticeId> = desk.db().practices().await?.iter().map(|p| p.id).collect();
    // Several practices may send from one number; then they are asked in turn.
    let asked = if having.is_empty() { &all } else { &having };
    if let [only] = asked.as_slice() {
        return Ok(*only);
    }
    let mut knowing = Vec::new();
    for practice in asked {
        let access = Access::system(*practice, "inbound");
        let reader = desk.db().reader(&access);
        let threads = reader.conversations_at(Channel::Sms, from).await?;
        let last = threads.iter().map(|thread| thread.last_at).max();
        if last.is_some() || !reader.patients_at(from).await?.is_empty() {
            knowing.push((last, *practice));
        }
    }
    chosen(&mut knowing).ok_or(Refused::NoPractice)
}

/// Returns who wrote last; of those who never wrote, the only one.
fn chosen<T: Ord>(knowing: &mut [(Option<T>, PracticeId)]) -> Option<PracticeId> {
    knowing.sort();
    match knowing {
        [] | [.., (None, _), (None, _)] => None,
        [.., (_, latest)] => Some(*latest),
    }
}

/// Returns the practices that have a number among theirs.
fn owners(settings: &[(PracticeId, String)], to: &str) -> Vec<PracticeId> {
    let to = comparable(to);
    let has = |numbers: &str| numbers.split(',').any(|number| comparable(number) == to);
    settings
        .iter()
        .filter(|(_, numbers)| has(numbers))
        .map(|(practice, _)| *practice)
        .collect()
}

/// Two spellings of one number compare equal; a short code is itself.
fn comparable(number: &str) -> String {
    let number = number.trim();
    Phone::parse(number).map_or_else(|_| number.to_owned(), |phone| phone.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use tendon_care::id::Id;

    fn practice(number: u8) -> PracticeId {
        PracticeId::from_parts(Timestamp::UNIX_EPOCH, [number; 10])
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let settings = [
            (practice(1), "312-555-0100, 55123".to_owned()),
            (practice(2), "+13125550200".to_owned()),
        ];
        for (to, expected) in [
            ("+13125550100", vec![practice(1)]),
            ("55123", vec![practice(1)]),
            ("+13125550200", vec![practice(2)]),
            ("+13125550300", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(owners(&settings, to), expected, "{to}");
        }
    }

    #[test]
    fn a_shared_number_answers_for_who_wrote_last() {
        let (one, two) = (practice(1), practice(2));
        for (mut knowing, expected) in [
            (vec![], None),
            (vec![(None, one)], Some(one)),
            (vec![(None, one), (None, two)], None),
            (vec![(Some(5), one), (None, two)], Some(one)),
            (vec![(Some(5), one), (Some(6), two)], Some(two)),
            (vec![(Some(7), one), (Some(6), two)], Some(one)),
        ] {
            assert_eq!(chosen(&mut knowing), expected);
        }
    }

    #[test]
    fn pictures_that_come_alone_are_told() {
        let said = |text: &str, media| words(Body::new(text), media).expose().to_owned();
        assert_eq!(said("C", 1), "C");
        assert_eq!(said(" ", 1), "[1 attachment]");
        assert_eq!(said("", 3), "[3 attachments]");
        assert_eq!(said("", 0), "");
    }
}
