//! Locations: name, street, number and opening hours of each.

use axum::extract::State;
use axum::response::Redirect;
use jiff::civil::Time;
use tendon_care::contact::Phone;
use tendon_care::id::LocationId;
use tendon_care::practice::{Location, OpenHours};
use tendon_desk::DeskError;

use crate::pages::frame::Section;
use crate::pages::settings::locations::{Locations, Place};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;
use crate::staff::patient::written;
use crate::staff::view::View;

/// Shows the places.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Locations>, Refusal> {
    let places = staff.reader(&app).locations().await?;
    Ok(Page(Locations {
        frame: staff.frame(&app, Section::Settings).await?,
        places: places.into_iter().map(place).collect(),
    }))
}

/// Adds one, in the zone of the practice and closed until its hours are set.
pub(crate) async fn add(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let practice = View::of(&app, &staff).await?.house.practice.clone();
    let new = Location {
        id: app.desk().mint().id(),
        name: String::new(),
        time_zone: practice.time_zone,
        phone: None,
        street: None,
        hours: [None; 7],
    };
    let new = read(new, &fields)?;
    app.desk().put_location(staff.access(), new).await?;
    let to = said::add(&Url::Locations.to_string(), Said::Saved);
    Ok(Redirect::to(&to))
}

fn place(stored: Location) -> Place {
    Place {
        id: stored.id,
        name: stored.name,
        street: stored.street.unwrap_or_default(),
        phone: stored
            .phone
            .map(|phone| written(phone.expose()))
            .unwrap_or_default(),
        hours: stored
            .hours
            .map(|hours| hours.map(|hours| (hours.from, hours.until))),
    }
}

/// Saves one.
pub(crate) async fn save(
    State(app): State<App>,
    staff: Staff,
    Of(location): Of<LocationId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let known = staff
        .reader(&app)
        .location(location)
        .await?
        .ok_or(Refusal::NotFound)?;
    app.desk()
        .put_location(staff.access(), read(known, &fields)?)
        .await?;
    Ok(Redirect::to(&said::add(
        &Url::Locations.to_string(),
        Said::Saved,
    )))
}

fn read(known: Location, fields: &Fields) -> Result<Location, DeskError> {
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let name = text("name");
    if name.is_empty() || name.chars().count() > 60 {
        return Err(DeskError::invalid("name", "must have 1 to 60 characters"));
    }
    let phone = text("phone");
    let phone = if phone.is_empty() {
        None
    } else {
        Some(
            Phone::parse(&phone)
                .map_err(|_| DeskError::invalid("phone", "is not a valid number"))?,
        )
    };
    let street: String = text("street").chars().take(120).collect();
    let mut hours = [None; 7];
    for (number, day) in (1..).zip(&mut hours) {
        *day = open(
            &text(&format!("from-{number}")),
            &text(&format!("until-{number}")),
        )?;
    }
    Ok(Location {
        name,
        phone,
        street: (!street.is_empty()).then_some(street),
        hours,
        ..known
    })
}

/// Reads the hours of a day; two empty fields are a closed day.
fn open(from: &str, until: &str) -> Result<Option<OpenHours>, DeskError> {
    if from.is_empty() && until.is_empty() {
        return Ok(None);
    }
    let time = |text: &str| {
        Time::strptime("%H:%M", text)
            .map_err(|_| DeskError::invalid("hours", "must be times of day"))
    };
    let (from, until) = (time(from)?, time(until)?);
    if from >= until {
        return Err(DeskError::invalid("hours", "must begin before they end"));
    }
    Ok(Some(OpenHours { from, until }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_both_or_none_and_in_order() {
        assert_eq!(open("", "").unwrap(), None);
        let day = open("08:00", "17:30").unwrap().unwrap();
        assert_eq!((day.from.hour(), day.until.minute()), (8, 30));
        for (from, until) in [
            ("08:00", ""),
            ("", "08:00"),
            ("17:00", "08:00"),
            ("8 am", "5 pm"),
            ("08:00", "08:00"),
        ] {
            assert!(
                matches!(
                    open(from, until),
                    Err(DeskError::Invalid { field: "hours", .. })
                ),
                "{from} {until}"
            );
        }
    }
}
