//! What a reader does with their own browser: the look, and leaving.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::pages::urls::{Link, Url};
use crate::server::App;
use crate::server::back::Back;
use crate::server::cookie::Cookie;
use crate::server::forgery::Fields;
use crate::server::look as looks;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

/// Keeps the theme or the density of this browser.
pub(crate) async fn look(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
    back: Back,
) -> Response {
    let (theme, density) = (fields.get("theme"), fields.get("density"));
    let cookie = looks::choose(staff.look(), theme, density, app.surface().secure);
    ([(header::SET_COOKIE, cookie)], Redirect::to(back.as_str())).into_response()
}

/// Ends the session.
pub(crate) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let secure = app.surface().secure;
    if let Some(token) = Cookie::Session.read(&headers, secure) {
        app.desk().sign_out(token).await?;
    }
    let to = Link::from(Url::SignIn).with("because", "left").to_string();
    Ok((
        [(header::SET_COOKIE, Cookie::Session.clear(secure))],
        Redirect::to(&to),
    )
        .into_response())
}
