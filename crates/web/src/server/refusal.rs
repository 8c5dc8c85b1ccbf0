//! Every way in which a request is not served, and the one page and status that
//! each becomes.
//!
//! A handler returns a [`Refusal`]. It travels out as an empty answer that carries
//! what went wrong; the outermost layer, which knows the reader's look and
//! language, draws the page. A failure of ours is logged there, once, under the
//! number that the reader sees.

use std::error::Error;
use std::sync::Arc;

use askama::Template as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use tendon_care::language::Language;
use tendon_desk::DeskError;
use tendon_store::StoreError;

use super::App;
use super::cause::cause;
use super::cookie::Cookie;
use super::look;
use crate::pages::error::{ErrorPage, Kind};
use crate::pages::gate::Gate;
use crate::pages::parts::Csrf;
use crate::pages::urls::{Link, LinkToken, Url};
use crate::words::Words;

/// Why a request is not served.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// There is no such thing, or not for who asks.
    NotFound,
    /// The role does not include it.
    Forbidden,
    /// The form's token is missing, old or another's.
    Forgery,
    /// The form is too long.
    TooLong,
    /// A field makes no sense.
    Invalid {
        /// The field, as the form names it.
        field: &'static str,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// It has been done or undone meanwhile.
    Stale(String),
    /// Too many tries.
    Busy {
        /// Seconds to wait.
        seconds: u32,
    },
    /// Nobody is signed in; where the reader wanted to go.
    SignIn {
        /// The address to come back to; empty for home.
        to: String,
        /// A session was there and has ended.
        idle: bool,
    },
    /// The second factor is to be set up first.
    Enrol,
    /// Ours.
    Broken(Arc<dyn Error + Send + Sync>),
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound(_) => Self::NotFound,
            DeskError::Denied(_) => Self::Forbidden,
            DeskError::Invalid { field, reason } => Self::Invalid { field, reason },
            DeskError::Visit(refusal) => Self::Stale(refusal.to_string()),
            DeskError::Episode(refusal) => Self::Stale(refusal.to_string()),
            DeskError::Stale(why) => Self::Stale(why.to_owned()),
            DeskError::Busy => Self::Stale("the record is being changed by others".to_owned()),
            error @ (DeskError::Corrupt(_) | DeskError::Store(_)) => Self::Broken(Arc::new(error)),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Broken(Arc::new(error))
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        Self::Broken(Arc::new(error))
    }
}

impl From<tendon_care::access::Denied> for Refusal {
    fn from(_: tendon_care::access::Denied) -> Self {
        Self::Forbidden
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Forgery => StatusCode::FORBIDDEN,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::Stale(_) => StatusCode::CONFLICT,
            Self::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignIn { .. } | Self::Enrol => StatusCode::SEE_OTHER,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::SignIn { to, idle } = &self {
            let link = Link::from(Url::SignIn).with("to", to);
            let link = link.with("because", if *idle { "idle" } else { "" });
            return Redirect::to(&link.to_string()).into_response();
        }
        if matches!(self, Self::Enrol) {
            return Redirect::to(&Url::Enrol.to_string()).into_response();
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Draws the page of a refusal, and of an address that leads nowhere.
pub(crate) async fn draw(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let portal = ["/portal", "/unsubscribe"]
        .iter()
        .any(|start| path.starts_with(start));
    let back = if portal {
        patients_own(path)
    } else {
        Some(Url::Today.into())
    };
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let refusal = match response.extensions_mut().remove::<Refusal>() {
        Some(refusal) => refusal,
        None if is_bare(&response) => Refusal::NotFound,
        None => return response,
    };
    let kind = kind(&app, &refusal);
    let retry = match kind {
        Kind::Busy { seconds } => Some(seconds),
        _ => None,
    };
    let status = refusal.status();
    let page = ErrorPage {
        gate: gate(&app, &headers, portal),
        kind,
        // What is not there is not there a second time.
        back: back.filter(|_| !portal || refusal.status() != StatusCode::NOT_FOUND),
        patient: portal,
    };
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    };
    if let Some(seconds) = retry {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Returns where a patient's link begins.
fn patients_own(path: &str) -> Option<Link> {
    let token = path.strip_prefix("/portal/")?.split('/').next()?;
    LinkToken::parse(token).map(|token| Url::Portal(token).into())
}

/// Tells whether the router itself answered: nothing of ours is at that address.
fn is_bare(response: &Response) -> bool {
    let none = response.headers().get(header::CONTENT_TYPE).is_none();
    none && matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    )
}

/// Turns a refusal into what its page says. A failure of ours is logged here.
fn kind(app: &App, refusal: &Refusal) -> Kind {
    match refusal {
        Refusal::NotFound | Refusal::SignIn { .. } | Refusal::Enrol => Kind::NotFound,
        Refusal::Forbidden => Kind::Forbidden,
        Refusal::Forgery => Kind::Forgery,
        Refusal::TooLong => Kind::Invalid {
            why: "the form is too long".to_owned(),
        },
        Refusal::Invalid { field, reason } => Kind::Invalid {
            why: format!("{field}: {reason}"),
        },
        Refusal::Stale(why) => Kind::Stale { why: why.clone() },
        Refusal::Busy { seconds } => Kind::Busy { seconds: *seconds },
        Refusal::Broken(error) => {
            let incident = incident(app.desk().mint().bytes());
            let cause = cause(&**error);
            tracing::error!(incident, error = %error, cause, "a request failed");
            Kind::Broken { incident }
        }
    }
}

fn gate(app: &App, headers: &HeaderMap, portal: bool) -> Gate {
    let secure = app.surface().secure;
    let tag = if portal {
        Cookie::Language.read(headers, secure)
    } else {
        None
    };
    let language = tag
        .and_then(|tag| tag.parse().ok())
        .unwrap_or(Language::English);
    Gate {
        practice: "Tendon".to_owned(),
        words: Words(language),
        look: look::of(headers, secure),
        csrf: Csrf::new(""),
    }
}

/// Writes 40 random bits as eight letters and digits that cannot be misread
/// (Crockford's base 32), so that they can be said on the phone.
fn incident(random: [u8; 8]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let letter = |byte: &u8| {
        LETTERS
            .get(usize::from(byte % 32))
            .copied()
            .map_or('0', char::from)
    };
    let mut text: String = random.iter().map(letter).collect();
    text.insert(4, '-');
    text
}

#[cfg(test)]
mod tests {
    use tendon_care::access::{Denied, Permission};

    use super::*;

    #[test]
    fn every_failure_of_a_use_case_has_its_status() {
        let table = [
            (DeskError::NotFound("visit"), 404),
            (
                DeskError::Denied(Denied {
                    permission: Permission::ReadChart,
                }),
                403,
            ),
            (
                DeskError::invalid("minutes", "must be between 1 and 480"),
                400,
            ),
            (DeskError::Stale("this exists already"), 409),
            (DeskError::Busy, 409),
            (DeskError::Corrupt("an enrolment"), 500),
        ];
        for (error, status) in table {
            let said = format!("{error:?}");
            assert_eq!(Refusal::from(error).status().as_u16(), status, "{said}");
        }
    }

    #[test]
    fn who_is_not_signed_in_is_sent_there_and_comes_back() {
        let refusal = Refusal::SignIn {
            to: "/inbox?show=all".to_owned(),
            idle: true,
        };
        let response = refusal.into_response();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let to = response.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(to, "/sign-in?to=%2Finbox%3Fshow%3Dall&because=idle");
    }

    #[test]
    fn a_patient_is_led_back_to_the_link_and_nowhere_else() {
        let home = "/portal/AbCdEfGhIjKlMnOpQrStUv";
        let back = |path: &str| patients_own(path).map(|link| link.to_string());
        assert_eq!(back(&format!("{home}/confirm")).as_deref(), Some(home));
        for path in [
            "/portal/short/confirm",
            "/portal/",
            "/unsubscribe/AbCdEfGhIjKlMnOpQrStUv",
        ] {
            assert_eq!(back(path), None, "{path}");
        }
    }

    #[test]
    fn an_incident_can_be_read_out() {
        assert_eq!(incident([0, 31, 32, 63, 10, 18, 255, 1]), "0Z0Z-AJZ1");
    }
}
