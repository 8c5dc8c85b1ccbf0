//! Users: who may sign in, as what, and who no more.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use tendon_care::access::Role;
use tendon_care::id::UserId;
use tendon_desk::{DeskError, NewUser};

use crate::pages::frame::Section;
use crate::pages::settings::users::{UserFacts, Users};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;
use crate::staff::view::View;

/// Shows who may sign in.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Users>, Refusal> {
    Ok(Page(list(&app, &staff, None).await?))
}

async fn list(app: &App, staff: &Staff, refused: Option<String>) -> Result<Users, Refusal> {
    let view = View::of(app, staff).await?;
    let users = app.desk().users(staff.access()).await?;
    let facts = users.into_iter().map(|user| UserFacts {
        id: user.id,
        name: user.name,
        email: user.email,
        role: user.role,
        second_factor: user.has_codes,
        locked: user.locked_until.is_some(),
        revoked: user.disabled,
        is_reader: user.id == staff.user(),
    });
    Ok(Users {
        frame: staff.frame(app, Section::Settings).await?,
        now: view.now,
        users: facts.collect(),
        refused,
    })
}

/// Adds somebody.
pub(crate) async fn add(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Response, Refusal> {
    let text = |name| fields.get(name).unwrap_or_default().trim().to_owned();
    let new = NewUser {
        email: text("email"),
        name: text("name"),
        role: role(&fields)?,
        password: fields.get("password").unwrap_or_default().to_owned(),
    };
    match app.desk().add_user(staff.access(), &new).await {
        Ok(_) => Ok(back(Said::Invited).into_response()),
        Err(DeskError::Invalid { field, reason }) => {
            let page = list(&app, &staff, Some(format!("{field} {reason}"))).await?;
            Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives somebody another role.
pub(crate) async fn give_role(
    State(app): State<App>,
    staff: Staff,
    Of(user): Of<UserId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    app.desk()
        .set_role(staff.access(), user, role(&fields)?)
        .await?;
    Ok(back(Said::RoleGiven))
}

/// Bars somebody from signing in, or lets them again.
pub(crate) async fn revoke(
    State(app): State<App>,
    staff: Staff,
    Of(user): Of<UserId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let bars = fields.get("revoked") != Some("no");
    app.desk().set_disabled(staff.access(), user, bars).await?;
    Ok(back(if bars { Said::Revoked } else { Said::Restored }))
}

fn role(fields: &Fields) -> Result<Role, DeskError> {
    let role = fields.get("role").and_then(Role::from_code);
    role.ok_or_else(|| DeskError::invalid("role", "must be chosen"))
}

fn back(said: Said) -> Redirect {
    Redirect::to(&said::add(&Url::Users.to_string(), said))
}
