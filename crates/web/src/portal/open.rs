//! Opening a link: the birthday, the visit, the language, a fresh link.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use tendon_care::language::Language;
use tendon_desk::{Checked, Greeting, PortalError, PortalVisit, VisitStanding};

use super::gate::{Guest, Turned, text};
use crate::pages::parts::dotted;
use crate::pages::portal::check::{Check, Refused, Typed};
use crate::pages::portal::visit::{Booked, Standing, Visit};
use crate::server::App;
use crate::server::cookie::Cookie;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::refusal::Refusal;

/// Shows the visit, or asks for the birthday first.
pub(super) async fn page(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    let greeting = guest.greeted(&app).await?;
    if !greeting.verified {
        let rests = (greeting.tries_left == 0).then_some(Refused::Locked);
        return Ok(question(&guest, &greeting, Typed::default(), rests).into_response());
    }
    let found = app.desk().portal_visit(guest.pass()).await;
    let found = found.map_err(|error| guest.turned(error))?;
    let zone = match app.desk().house(greeting.practice).await {
        Ok(house) => house.practice.time_zone.clone(),
        Err(error) => return Err(guest.turned(error.into())),
    };
    let now = found.as_ref().map_or_else(
        || app.desk().now().to_zoned(zone),
        |visit| app.desk().now().to_zoned(visit.at.time_zone().clone()),
    );
    let mut portal = guest.portal(&greeting);
    if let Some(phone) = found.as_ref().and_then(|visit| visit.phone.as_ref()) {
        portal = guest.around(portal.practice, Some(phone.expose()), greeting.language);
    }
    Ok(Page(Visit {
        portal,
        now,
        first_name: found.as_ref().and_then(|visit| visit.first_name.clone()),
        visit: found.map(booked),
        saved: false,
    })
    .into_response())
}

/// Leads back from an address that only takes forms.
pub(super) async fn again(guest: Guest) -> Redirect {
    guest.home()
}

fn booked(visit: PortalVisit) -> Booked {
    Booked {
        at: visit.at,
        minutes: u32::from(visit.minutes),
        clinician: visit.clinician,
        place: dotted([visit.place, visit.street.unwrap_or_default()]),
        map: None,
        standing: match visit.standing {
            VisitStanding::Booked => Standing::Booked,
            VisitStanding::Moved => Standing::Moved,
            VisitStanding::Confirmed => Standing::Confirmed,
            VisitStanding::MoveAsked => Standing::MoveAsked,
            VisitStanding::Cancelled => Standing::Cancelled,
            VisitStanding::Past => Standing::Past,
        },
    }
}

fn question(
    guest: &Guest,
    greeting: &Greeting,
    typed: Typed,
    refused: Option<Refused>,
) -> Page<Check> {
    Page(Check {
        portal: guest.portal(greeting),
        typed,
        refused,
    })
}

/// Takes the birthday.
pub(super) async fn check(
    State(app): State<App>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Turned> {
    let typed = Typed {
        month: text(&fields, "month").to_owned(),
        day: text(&fields, "day").to_owned(),
        year: text(&fields, "year").to_owned(),
    };
    let Some(birthday) = day(&typed) else {
        return asked_again(&app, &guest, typed, Refused::Incomplete).await;
    };
    let checked = app.desk().check_birthday(guest.link(), birthday).await;
    let refused = match checked.map_err(|error| guest.turned(error))? {
        Checked::Right { proof, .. } => {
            let cookie = Cookie::Birthday.set(proof.expose(), app.surface().secure);
            return Ok(([(header::SET_COOKIE, cookie)], guest.home()).into_response());
        }
        Checked::Wrong { left } => Refused::Wrong {
            left: u32::from(left),
        },
        Checked::Rests => Refused::Locked,
        // Nothing can be compared; calling is the way, and the number is below.
        Checked::CannotTell => Refused::Unknown,
    };
    asked_again(&app, &guest, typed, refused).await
}

async fn asked_again(
    app: &App,
    guest: &Guest,
    typed: Typed,
    refused: Refused,
) -> Result<Response, Turned> {
    let greeting = guest.greeted(app).await?;
    Ok(question(guest, &greeting, typed, Some(refused)).into_response())
}

fn day(typed: &Typed) -> Option<Date> {
    let year: i16 = typed.year.parse().ok().filter(|year| *year >= 1_900)?;
    Date::new(year, typed.month.parse().ok()?, typed.day.parse().ok()?).ok()
}

/// Keeps the language: of this browser at once, of the patient once they are known.
pub(super) async fn language(
    State(app): State<App>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Turned> {
    let Ok(language) = text(&fields, "language").parse::<Language>() else {
        return Ok(Refusal::Invalid {
            field: "language",
            reason: "must be en or es".to_owned(),
        }
        .into_response());
    };
    match app.desk().portal_language(guest.pass(), language).await {
        // Before the birthday, and behind a dead link, only the page changes.
        Ok(())
        | Err(
            PortalError::NotVerified
            | PortalError::Unknown
            | PortalError::Expired
            | PortalError::Dead,
        ) => {}
        Err(error) => return Err(guest.turned(error)),
    }
    let cookie = Cookie::Language.set(language.tag(), app.surface().secure);
    Ok(([(header::SET_COOKIE, cookie)], guest.home()).into_response())
}

/// Sends a fresh link to where the old one went, and says so whatever happened.
pub(super) async fn renew(State(app): State<App>, guest: Guest) -> Result<Response, Turned> {
    match app.desk().renew_link(guest.link()).await {
        Ok(())
        | Err(
            PortalError::Unknown
            | PortalError::Expired
            | PortalError::Dead
            | PortalError::NotVerified,
        ) => Ok(guest.expired(true).into_response()),
        Err(error) => Err(guest.turned(error)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_birthday_is_a_day_that_was() {
        let typed = |month: &str, day: &str, year: &str| Typed {
            month: month.to_owned(),
            day: day.to_owned(),
            year: year.to_owned(),
        };
        assert_eq!(day(&typed("3", "04", "1968")), Some(date(1968, 3, 4)));
        for (m, d, y) in [
            ("", "4", "1968"),
            ("13", "4", "1968"),
            ("2", "30", "1968"),
            ("3", "4", "68"),
            ("3", "x", "1968"),
        ] {
            assert_eq!(day(&typed(m, d, y)), None, "{m} {d} {y}");
        }
    }
}
