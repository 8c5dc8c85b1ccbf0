//! The way in: e-mail and password, the code, and a link made on the command line.
//!
//! Nobody is known yet, so a form is bound to its browser by a random cookie of
//! its own, and tries are limited by client and by account.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use tendon_care::language::Language;
use tendon_desk::{CodeAnswer, Secret, SignInAnswer};

use crate::pages::enrol::Enrol;
use crate::pages::gate::Gate;
use crate::pages::second_factor::SecondFactor;
use crate::pages::sign_in::{Because, SignIn};
use crate::pages::urls::{LinkToken, Url, at};
use crate::server::App;
use crate::server::back::Back;
use crate::server::cookie::Cookie;
use crate::server::forgery::{self, Fields, Seal};
use crate::server::limits::Try;
use crate::server::look;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::plain;
use crate::server::refusal::Refusal;
use crate::words::Words;

/// Returns the pages of the way in.
pub(crate) fn router(app: &App) -> Router<App> {
    Router::new()
        .route(at::SignIn, get(form).post(sign_in))
        .route(at::SecondFactor, get(code_form).post(code))
        .route(at::Enrol, get(enrol_form).post(enrol))
        .route(at::SignInLink, get(link))
        .route_layer(from_fn_with_state(app.clone(), gate))
}

/// Stands before the way in: counts tries, and holds a form to its browser.
async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let secure = app.surface().secure;
    let known = Cookie::Gate
        .read(request.headers(), secure)
        .map(str::to_owned);
    let secret = known
        .clone()
        .unwrap_or_else(|| URL_SAFE_NO_PAD.encode(app.desk().mint().bytes::<16>()));
    let seal = Seal::of(&secret);
    let client = app.surface().trusted_proxies.client(&request);
    let look = look::of(request.headers(), secure);
    let is_try = request.method() == axum::http::Method::POST;
    let checked = match is_try
        .then(|| app.limits().count(Try::SignIn, &client))
        .transpose()
    {
        Ok(_) => forgery::check(request, &seal).await,
        Err(refusal) => Err(refusal),
    };
    let mut request = match checked {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let gate = Gate {
        practice: "Tendon".to_owned(),
        words: Words(Language::English),
        look,
        csrf: seal.field(),
    };
    request.extensions_mut().insert(gate);
    let mut response = next.run(request).await;
    if known.is_none() {
        response
            .headers_mut()
            .append(header::SET_COOKIE, Cookie::Gate.set(&secret, secure));
    }
    response
}

/// What the address says.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    to: String,
    #[serde(default)]
    because: String,
}

type Query = plain::Query<Asked>;
type Given = axum::Extension<Gate>;

/// Asks for e-mail and password.
async fn form(axum::Extension(gate): Given, plain::Query(asked): Query) -> Page<SignIn> {
    let because = match asked.because.as_str() {
        "idle" => Some(Because::Idle),
        "left" => Some(Because::Left),
        "password" => Some(Because::Changed),
        _ => None,
    };
    Page(SignIn {
        gate,
        email: String::new(),
        to: asked.to,
        because,
    })
}

/// Takes e-mail and password.
async fn sign_in(
    State(app): State<App>,
    axum::Extension(gate): Given,
    fields: Fields,
) -> Result<Response, Refusal> {
    let text = |name| fields.get(name).unwrap_or_default();
    let email = text("email").trim().to_lowercase();
    app.limits().count(Try::Account, &email)?;
    let to = text("to").to_owned();
    let answer = app.desk().sign_in(&email, text("password")).await?;
    let because = match answer {
        SignInAnswer::Welcome(secret) => return Ok(welcome(&app, &secret, &to, &Url::Enrol).await),
        SignInAnswer::NeedsCode(secret) => {
            return Ok(go(&app, &secret, &with(&Url::SecondFactor, &to)));
        }
        SignInAnswer::Wrong => Because::Wrong,
        SignInAnswer::Locked { until } => Because::Locked {
            minutes: minutes_until(&app, until),
        },
    };
    Ok(Page(SignIn {
        gate,
        email,
        to,
        because: Some(because),
    })
    .into_response())
}

/// Asks for the code.
async fn code_form(axum::Extension(gate): Given, plain::Query(asked): Query) -> Page<SecondFactor> {
    Page(SecondFactor {
        gate,
        to: asked.to,
        wrong: false,
    })
}

/// Takes the code.
async fn code(
    State(app): State<App>,
    axum::Extension(gate): Given,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    let to = fields.get("to").unwrap_or_default().to_owned();
    let Some(token) = Cookie::Session.read(&headers, app.surface().secure) else {
        return Ok(Redirect::to(&with(&Url::SignIn, &to)).into_response());
    };
    let answer = app.desk().second_factor(token, &digits(&fields)).await?;
    Ok(match answer {
        CodeAnswer::Welcome(secret) => go(&app, &secret, home(&to)),
        CodeAnswer::Wrong => Page(SecondFactor {
            gate,
            to,
            wrong: true,
        })
        .into_response(),
        CodeAnswer::Gone => Redirect::to(&with(&Url::SignIn, &to)).into_response(),
        CodeAnswer::Locked { until } => {
            let because = Some(Because::Locked {
                minutes: minutes_until(&app, until),
            });
            Page(SignIn {
                gate,
                email: String::new(),
                to,
                because,
            })
            .into_response()
        }
    })
}

/// Shows the key for the authenticator app.
async fn enrol_form(
    State(app): State<App>,
    axum::Extension(gate): Given,
    headers: HeaderMap,
) -> Result<Page<Enrol>, Refusal> {
    let token = signed_in(&app, &headers).await?;
    enrol_page(&app, gate, token, false).await
}

/// Takes the first code of the app, and goes on in a new session: those that knew
/// the password alone are over.
async fn enrol(
    State(app): State<App>,
    axum::Extension(gate): Given,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    let token = signed_in(&app, &headers).await?;
    if let Some(secret) = app.desk().prove_codes(token, &digits(&fields)).await? {
        return Ok(go(&app, &secret, &Url::Today.to_string()));
    }
    Ok(enrol_page(&app, gate, token, true).await?.into_response())
}

async fn enrol_page(
    app: &App,
    gate: Gate,
    token: &str,
    wrong: bool,
) -> Result<Page<Enrol>, Refusal> {
    let key = app.desk().begin_codes(token).await?;
    Ok(Page(Enrol::new(gate, &key.uri, &key.secret, wrong)))
}

/// Signs in by a link that was made on the command line and works once.
async fn link(
    State(app): State<App>,
    axum::Extension(gate): Given,
    Of(token): Of<LinkToken>,
) -> Result<Response, Refusal> {
    Ok(
        match app.desk().use_sign_in_link(&token.to_string()).await? {
            SignInAnswer::Welcome(secret) => go(&app, &secret, "/"),
            SignInAnswer::NeedsCode(secret) => go(&app, &secret, &with(&Url::SecondFactor, "")),
            SignInAnswer::Wrong | SignInAnswer::Locked { .. } => {
                let because = Some(Because::Spent);
                Page(SignIn {
                    gate,
                    email: String::new(),
                    to: String::new(),
                    because,
                })
                .into_response()
            }
        },
    )
}

/// Lets somebody in; who has no codes yet sets them up first.
async fn welcome(app: &App, secret: &Secret, to: &str, enrol: &Url) -> Response {
    match app.desk().authenticate_asleep(secret.expose()).await {
        Ok(Some((_, who))) if !who.has_codes => go(app, secret, &enrol.to_string()),
        _ => go(app, secret, home(to)),
    }
}

/// Returns the token of a session that stands, and uses it.
async fn signed_in<'a>(app: &App, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
    let away = || Refusal::SignIn {
        to: String::new(),
        idle: false,
    };
    let token = Cookie::Session
        .read(headers, app.surface().secure)
        .ok_or_else(away)?;
    let found = app.desk().authenticate(token).await?;
    found.map(|_| token).ok_or_else(away)
}

/// Sets the session's cookie and goes on.
fn go(app: &App, secret: &Secret, to: &str) -> Response {
    let cookie = Cookie::Session.set(secret.expose(), app.surface().secure);
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Returns where the reader wanted to go, where that is a page of ours.
fn home(to: &str) -> &str {
    if Back::parse(to).is_some() { to } else { "/" }
}

fn with(url: &Url, to: &str) -> String {
    url.clone().with("to", to).to_string()
}

/// Returns the digits of a code; apps show it with a space in the middle.
fn digits(fields: &Fields) -> String {
    let code = fields.get("code").unwrap_or_default();
    code.chars().filter(char::is_ascii_digit).collect()
}

/// Rounds up, so that nobody is told to wait for nothing.
pub(super) fn minutes_until(app: &App, until: Timestamp) -> u32 {
    let left = until.duration_since(app.desk().now()).as_secs().max(0);
    u32::try_from(left.div_euclid(60) + 1).unwrap_or(u32::MAX)
}
