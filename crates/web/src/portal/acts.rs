//! What a patient does with the visit: yes, another time, not at all, a calendar entry.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use tendon_care::message::Body;
use tendon_desk::{DayPart, DeskError, PortalError, VisitAct, Wish};

use super::gate::{Guest, Turned, text};
use crate::pages::portal::cancel::Cancel;
use crate::pages::portal::move_visit::MoveVisit;
use crate::pages::portal::wish::{RefusedWish, WishFields};
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;

/// Says yes.
pub(super) async fn confirm(State(app): State<App>, guest: Guest) -> Result<Redirect, Turned> {
    let done = app.desk().portal_act(guest.pass(), VisitAct::Confirm).await;
    done.map_err(|error| guest.turned(error))?;
    Ok(guest.home())
}

/// Asks when would suit better.
pub(super) async fn move_form(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    form(&app, &guest, VisitAct::AskToMove, None).await
}

/// Asks for another time; a person finds one.
pub(super) async fn ask_to_move(
    State(app): State<App>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Turned> {
    ask(&app, &guest, VisitAct::AskToMove, &fields).await
}

/// Asks once more, since a tap can be a slip.
pub(super) async fn cancel_form(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    form(&app, &guest, VisitAct::CannotCome, None).await
}

/// Takes that the patient cannot come; staff are asked to find another time.
pub(super) async fn cancel(
    State(app): State<App>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Turned> {
    ask(&app, &guest, VisitAct::CannotCome, &fields).await
}

/// Shows the form of an act, again with what was typed where it was refused.
async fn form(
    app: &App,
    guest: &Guest,
    act: VisitAct,
    typed: Option<(&Fields, RefusedWish)>,
) -> Result<Response, Turned> {
    let greeting = guest.greeted(app).await?;
    let found = app.desk().portal_visit(guest.pass()).await;
    let Some(visit) = found.map_err(|error| guest.turned(error))? else {
        return Ok(guest.home().into_response());
    };
    let now = app.desk().now().to_zoned(visit.at.time_zone().clone());
    let mut wish = WishFields::new(now.date());
    if let Some((fields, refused)) = typed {
        text(fields, "day").clone_into(&mut wish.day);
        text(fields, "part").clone_into(&mut wish.part);
        text(fields, "note").clone_into(&mut wish.note);
        wish.none = text(fields, "again") == "no";
        wish.refused = Some(refused);
    }
    let (portal, at) = (guest.portal(&greeting), visit.at);
    Ok(match act {
        VisitAct::CannotCome => Page(Cancel { portal, at, wish }).into_response(),
        _ => Page(MoveVisit { portal, at, wish }).into_response(),
    })
}

/// Does an act with the wish that came with its form.
async fn ask(app: &App, guest: &Guest, act: VisitAct, fields: &Fields) -> Result<Response, Turned> {
    let Ok(wish) = wish(fields) else {
        return form(app, guest, act, Some((fields, RefusedWish::Day))).await;
    };
    match app.desk().portal_ask(guest.pass(), act, &wish).await {
        Ok(()) => Ok(guest.home().into_response()),
        Err(PortalError::Desk(DeskError::Invalid { field, .. })) => {
            let refused = match field {
                "day" => RefusedWish::Day,
                _ => RefusedWish::Note,
            };
            form(app, guest, act, Some((fields, refused))).await
        }
        Err(error) => Err(guest.turned(error)),
    }
}

/// Reads a wish; a day that is none is an error.
fn wish(fields: &Fields) -> Result<Wish, jiff::Error> {
    let day = match text(fields, "day") {
        "" => None,
        day => Some(day.parse()?),
    };
    Ok(Wish {
        day,
        part: DayPart::from_code(text(fields, "part")),
        note: Body::new(text(fields, "note")),
        none: text(fields, "again") == "no",
    })
}

/// Sends the visit as a calendar file.
pub(super) async fn calendar(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    let file = app.desk().portal_calendar(guest.pass()).await;
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
