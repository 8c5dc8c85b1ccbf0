//! Before every portal page: the link, the limits, and the form's token.

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use tendon_care::contact::Phone;
use tendon_care::language::Language;
use tendon_desk::{Greeting, Pass, PortalError};

use crate::pages::frame::Look;
use crate::pages::portal::Portal;
use crate::pages::portal::expired::Expired;
use crate::pages::urls::{Link, LinkToken, Url};
use crate::server::App;
use crate::server::cookie::Cookie;
use crate::server::forgery::{self, Fields, Seal};
use crate::server::limits::Try;
use crate::server::look;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::staff::patient::written;
use crate::words::Words;

/// The name under which mail programs end a subscription by themselves (RFC 8058).
const ONE_CLICK: &str = "List-Unsubscribe";

/// Who stands at the door: a browser with a link.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) token: LinkToken,
    /// The token as it stands in the address.
    text: String,
    /// What this browser was given for a birthday.
    proof: Option<String>,
    seal: Seal,
    look: Look,
    language: Option<Language>,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guest(…)")
    }
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Refusal::NotFound)
    }
}

/// Stands before every portal page.
pub(super) async fn guard(
    State(app): State<App>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    match admitted(&app, &params, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn admitted(app: &App, params: &RawPathParams, request: Request) -> Result<Request, Refusal> {
    let client = app.surface().trusted_proxies.client(&request);
    app.limits().count(Try::Portal, &client)?;
    let token = params
        .iter()
        .next()
        .and_then(|(_, value)| LinkToken::parse(value));
    let token = token.ok_or(Refusal::NotFound)?;
    let text = token.to_string();
    if request.method() == Method::POST {
        app.limits().count(Try::Link, &text)?;
    }
    let guest = guest(app, token, text, request.headers());
    let stops = request.uri().path().starts_with("/unsubscribe/");
    let checked = forgery::check_unless(request, &guest.seal, |fields| {
        stops && fields.get(ONE_CLICK).is_some()
    })
    .await?;
    let (mut parts, body) = checked.into_parts();
    parts.extensions.insert(guest);
    Ok(Request::from_parts(parts, body))
}

fn guest(app: &App, token: LinkToken, text: String, headers: &HeaderMap) -> Guest {
    let secure = app.surface().secure;
    Guest {
        // The link is the secret here: who knows it may send the forms behind it.
        seal: Seal::of(&text),
        proof: Cookie::Birthday.read(headers, secure).map(str::to_owned),
        text,
        look: look::of(headers, secure),
        language: Cookie::Language
            .read(headers, secure)
            .and_then(|tag| tag.parse().ok()),
        token,
    }
}

impl Guest {
    /// Opens the link, for pages that may be seen before the birthday too.
    pub(super) async fn greeted(&self, app: &App) -> Result<Greeting, Turned> {
        let greeting = app.desk().open_link(self.pass()).await;
        greeting.map_err(|error| self.turned(error))
    }

    /// Greets whoever has the link, however old it is: for ending messages.
    pub(super) async fn greeted_at_any_age(&self, app: &App) -> Result<Greeting, Turned> {
        let greeting = app.desk().greet_holder(&self.text).await;
        greeting.map_err(|error| self.turned(error))
    }

    /// Returns what this browser brings.
    pub(super) fn pass(&self) -> Pass<'_> {
        Pass {
            token: &self.text,
            proof: self.proof.as_deref(),
        }
    }

    /// Returns the token of the link, for what needs nothing else.
    pub(super) fn link(&self) -> &str {
        &self.text
    }

    /// Makes what surrounds a page: in the language that this browser chose, else
    /// in the patient's.
    pub(super) fn portal(&self, greeting: &Greeting) -> Portal {
        let phone = greeting.phone.as_ref().map(Phone::expose);
        self.around(greeting.clinic.clone(), phone, greeting.language)
    }

    /// Makes what surrounds a page about which less is known.
    pub(super) fn around(&self, clinic: String, phone: Option<&str>, language: Language) -> Portal {
        Portal {
            words: Words(self.language.unwrap_or(language)),
            practice: clinic,
            phone: phone.map(|phone| (written(phone), Link::call(phone))),
            token: self.token.clone(),
            csrf: self.seal.field(),
            look: self.look,
        }
    }

    /// Returns where the guest begins.
    pub(super) fn home(&self) -> Redirect {
        Redirect::to(&Url::Portal(self.token.clone()).to_string())
    }

    /// Turns a guest away whose link does not open this.
    pub(super) fn turned(&self, error: PortalError) -> Turned {
        Turned {
            guest: Box::new(self.clone()),
            error,
        }
    }

    /// Makes the page behind a link that opens nothing, or never did.
    pub(super) fn expired(&self, sent: bool) -> Page<Expired> {
        let portal = self.around("Tendon".to_owned(), None, Language::English);
        Page(Expired { portal, sent })
    }
}

/// A guest whose link does not open what was asked for.
#[derive(Debug)]
pub(super) struct Turned {
    guest: Box<Guest>,
    error: PortalError,
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self.error {
            // Said the same way for a link that never was, so that nobody can find
            // out by trying.
            PortalError::Unknown | PortalError::Expired | PortalError::Dead => {
                self.guest.expired(false).into_response()
            }
            PortalError::NotVerified => self.guest.home().into_response(),
            PortalError::Desk(error) => Refusal::from(error).into_response(),
        }
    }
}

impl From<Turned> for Response {
    fn from(turned: Turned) -> Self {
        turned.into_response()
    }
}

/// Returns the fields of a form; the guard has read them.
pub(super) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).unwrap_or_default().trim()
}
