//! The practice: its name, number, zone and state.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use tendon_care::contact::Phone;
use tendon_care::practice::Practice as Stored;
use tendon_desk::DeskError;

use crate::pages::frame::Section;
use crate::pages::settings::practice::{Practice, ZONES};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;
use crate::staff::patient::written;
use crate::staff::view::View;

/// Shows the practice.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Practice>, Refusal> {
    let stored = View::of(&app, &staff).await?.house.practice.clone();
    Ok(Page(Practice {
        frame: staff.frame(&app, Section::Settings).await?,
        name: stored.name,
        phone: stored
            .phone
            .map(|phone| written(phone.expose()))
            .unwrap_or_default(),
        time_zone: stored.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        zones: ZONES.to_vec(),
        state: stored.state.unwrap_or_default(),
        refused: None,
    }))
}

/// Saves it; a field that makes no sense comes back with its reason.
pub(crate) async fn save(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Response, Refusal> {
    let known = View::of(&app, &staff).await?.house.practice.clone();
    let saved = match read(&known, &fields) {
        Ok(practice) => app.desk().put_practice(staff.access(), &practice).await,
        Err(error) => Err(error),
    };
    let text = |name| fields.get(name).unwrap_or_default().trim().to_owned();
    match saved {
        Ok(()) => {
            Ok(Redirect::to(&said::add(&Url::Settings.to_string(), Said::Saved)).into_response())
        }
        Err(DeskError::Invalid { field, reason }) => {
            let page = Practice {
                frame: staff.frame(&app, Section::Settings).await?,
                name: text("name"),
                phone: text("phone"),
                time_zone: text("time_zone"),
                zones: ZONES.to_vec(),
                state: text("state"),
                refused: Some((field, format!("{field} {reason}"))),
            };
            Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn read(known: &Stored, fields: &Fields) -> Result<Stored, DeskError> {
    let text = |name| fields.get(name).unwrap_or_default().trim();
    let phone = Phone::parse(text("phone"))
        .map_err(|_| DeskError::invalid("phone", "is not a valid number"))?;
    let zone = TimeZone::get(text("time_zone"))
        .map_err(|_| DeskError::invalid("time_zone", "is not known"))?;
    let state = text("state").to_ascii_uppercase();
    let letters = state.len() == 2 && state.bytes().all(|b| b.is_ascii_uppercase());
    if !state.is_empty() && !letters {
        return Err(DeskError::invalid("state", "must be two letters"));
    }
    Ok(Stored {
        name: text("name")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        time_zone: zone,
        state: (!state.is_empty()).then_some(state),
        phone: Some(phone),
        ..known.clone()
    })
}
