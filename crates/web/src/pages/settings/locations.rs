//! Locations: the places where visits happen and their hours.

use askama::Template;
use jiff::civil::Time;
use tendon_care::id::LocationId;

use super::super::frame::{Frame, Section};
use super::super::parts::Tab;
use super::super::sample::{HOSTILE, frame, id};
use super::super::urls::Url;
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/locations.html")]
pub struct Locations {
    /// What surrounds it.
    pub frame: Frame,
    /// The places.
    pub places: Vec<Place>,
}

/// A place.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which.
    pub id: LocationId,
    /// The name that patients read.
    pub name: String,
    /// The street that the patient page shows.
    pub street: String,
    /// The number about visits there.
    pub phone: String,
    /// From when until when it is open, Monday first.
    pub hours: [Option<(Time, Time)>; 7],
}

/// One line of the hours.
#[derive(Debug)]
pub struct HoursLine {
    /// The weekday.
    pub day: &'static str,
    /// The field's number: 1 = Monday.
    pub number: usize,
    /// From when, for a time field; empty on closed days.
    pub from: String,
    /// Until when.
    pub until: String,
}

impl Place {
    /// Returns the lines of the hours.
    pub fn lines(&self) -> Vec<HoursLine> {
        const DAYS: [&str; 7] = [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ];
        let value = |time: Time| time.strftime("%H:%M").to_string();
        DAYS.into_iter()
            .zip(self.hours)
            .zip(1..)
            .map(|((day, hours), number)| HoursLine {
                day,
                number,
                from: hours.map_or_else(String::new, |(from, _)| value(from)),
                until: hours.map_or_else(String::new, |(_, until)| value(until)),
            })
            .collect()
    }

    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::Location(self.id)
    }
}

impl Locations {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Locations.menu(&self.frame)
    }

    /// Returns where a new place is sent.
    pub const fn url(&self) -> Url {
        Url::Locations
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let open = Some((Time::constant(7, 0, 0, 0), Time::constant(19, 0, 0, 0)));
        let short = Some((Time::constant(8, 0, 0, 0), Time::constant(12, 0, 0, 0)));
        let place = |n, name: &str| Place {
            id: id(n),
            name: name.to_owned(),
            street: "120 River St, Chicago".to_owned(),
            phone: "(312) 555-0100".to_owned(),
            hours: [open, open, open, open, open, short, None],
        };
        let page = |places| Self {
            frame: frame(Section::Settings),
            places,
        };
        vec![
            ("empty", page(vec![])),
            (
                "typical",
                page(vec![place(1, "Riverside"), place(2, "Lakeview")]),
            ),
            ("hostile", page(vec![place(1, HOSTILE)])),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_days_are_empty_fields() {
        let (_, page) = Locations::samples().swap_remove(1);
        let lines = page.places[0].lines();
        assert_eq!(lines.len(), 7);
        assert_eq!((lines[0].day, lines[0].from.as_str()), ("Monday", "07:00"));
        assert_eq!(lines[5].until, "12:00");
        assert_eq!(lines[6].from, "");
    }
}
