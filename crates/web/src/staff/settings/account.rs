//! The reader's own account: who they are to Tendon, and their password.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use tendon_desk::{DeskError, PasswordAnswer};

use crate::pages::frame::Section;
use crate::pages::settings::account::{Account, Refused};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::cookie::Cookie;
use crate::server::forgery::Fields;
use crate::server::limits::Try;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;
use crate::staff::entrance::minutes_until;

/// Shows the account.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Account>, Refusal> {
    Ok(Page(account(&app, &staff, None).await?))
}

async fn account(app: &App, staff: &Staff, refused: Option<Refused>) -> Result<Account, Refusal> {
    let user = app.desk().own_user(staff.access()).await?;
    Ok(Account {
        frame: staff.frame(app, Section::Settings).await?,
        email: user.email,
        second_factor: user.has_codes,
        refused,
    })
}

/// Changes the password, and leads to where the new one is asked for.
pub(crate) async fn change(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Response, Refusal> {
    app.limits()
        .count(Try::Account, &staff.user().to_string())?;
    let text = |name| fields.get(name).unwrap_or_default();
    let answer = app
        .desk()
        .change_own_password(staff.access(), text("present"), text("new"))
        .await;
    let refused = match answer {
        Ok(PasswordAnswer::Changed) => return Ok(gone(&app)),
        Ok(PasswordAnswer::Wrong) => Refused::Wrong,
        Ok(PasswordAnswer::Locked { until }) => Refused::Locked {
            minutes: minutes_until(&app, until),
        },
        Err(DeskError::Invalid { field, reason }) => Refused::New(format!("{field} {reason}")),
        Err(error) => return Err(error.into()),
    };
    let page = account(&app, &staff, Some(refused)).await?;
    Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
}

fn gone(app: &App) -> Response {
    let to = Url::SignIn.with("because", "password").to_string();
    let cookie = Cookie::Session.clear(app.surface().secure);
    ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}
