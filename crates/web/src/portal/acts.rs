//! What a patient does with the visit: yes, another time, not at all, a calendar entry.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use tendon_desk::VisitAct;

use super::gate::{Guest, Turned};
use crate::pages::portal::cancel::Cancel;
use crate::pages::portal::move_visit::MoveVisit;
use crate::server::App;
use crate::server::page::Page;

/// Says yes.
pub(super) async fn confirm(State(app): State<App>, guest: Guest) -> Result<Redirect, Turned> {
    act(&app, &guest, VisitAct::Confirm).await
}

/// Asks whether another time is wanted.
pub(super) async fn move_form(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    let greeting = guest.greeted(&app).await?;
    let found = app.desk().portal_visit(&guest.token.to_string()).await;
    Ok(match found.map_err(|error| guest.turned(error))? {
        Some(visit) => Page(MoveVisit {
            portal: guest.portal(&greeting),
            at: visit.at,
        })
        .into_response(),
        None => guest.home().into_response(),
    })
}

/// Asks for another time; a person finds one.
pub(super) async fn ask_to_move(State(app): State<App>, guest: Guest) -> Result<Redirect, Turned> {
    act(&app, &guest, VisitAct::AskToMove).await
}

/// Asks once more, since a tap can be a slip.
pub(super) async fn cancel_form(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    let greeting = guest.greeted(&app).await?;
    let found = app.desk().portal_visit(&guest.token.to_string()).await;
    Ok(match found.map_err(|error| guest.turned(error))? {
        Some(visit) => Page(Cancel {
            portal: guest.portal(&greeting),
            at: visit.at,
        })
        .into_response(),
        None => guest.home().into_response(),
    })
}

/// Takes that the patient cannot come; staff are asked to find another time.
pub(super) async fn cancel(State(app): State<App>, guest: Guest) -> Result<Redirect, Turned> {
    act(&app, &guest, VisitAct::CannotCome).await
}

/// Sends the visit as a calendar file.
pub(super) async fn calendar(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    let file = app.desk().portal_calendar(&guest.token.to_string()).await;
    let file = file.map_err(|error| guest.turned(error))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/calendar; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"visit.ics\""),
        ),
    ];
    Ok((headers, file).into_response())
}

async fn act(app: &App, guest: &Guest, act: VisitAct) -> Result<Redirect, Turned> {
    let done = app.desk().portal_act(&guest.token.to_string(), act).await;
    done.map_err(|error| guest.turned(error))?;
    Ok(guest.home())
}
