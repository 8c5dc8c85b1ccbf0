//! The practice: its name, zone, state and number.

use askama::Template;

use super::super::frame::{Frame, Section};
use super::super::parts::{Choice, Tab};
use super::super::sample::{HOSTILE, frame};
use super::super::urls::Url;
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/practice.html")]
pub struct Practice {
    /// What surrounds it.
    pub frame: Frame,
    /// The name that patients read.
    pub name: String,
    /// The number that patients call, as typed.
    pub phone: String,
    /// The zone's IANA name.
    pub time_zone: String,
    /// The zones that can be chosen.
    pub zones: Vec<&'static str>,
    /// Two letters of the state whose law applies.
    pub state: String,
    /// What was refused: (field, why).
    pub refused: Option<(&'static str, String)>,
}

/// The zones of the United States, and UTC for rehearsals.
pub const ZONES: [&str; 9] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "UTC",
];

impl Practice {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Practice.menu(&self.frame)
    }

    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::Settings
    }

    /// Returns the zones that can be chosen.
    pub fn zone_choices(&self) -> Vec<Choice> {
        let pairs = self
            .zones
            .iter()
            .map(|zone| (*zone, zone.replace('_', " ")));
        Choice::list(pairs, &self.time_zone)
    }

    /// Returns why a field was refused.
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.refused
            .as_ref()
            .filter(|(name, _)| *name == field)
            .map(|(_, why)| why.as_str())
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: &str, refused| Self {
            frame: frame(Section::Settings),
            name: name.to_owned(),
            phone: "(312) 555-0100".to_owned(),
            time_zone: "America/Chicago".to_owned(),
            zones: ZONES.to_vec(),
            state: "IL".to_owned(),
            refused,
        };
        vec![
            ("typical", page("Riverside Physical Therapy", None)),
            (
                "refused",
                page(
                    HOSTILE,
                    Some(("phone", "phone is not a valid number".to_owned())),
                ),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn every_zone_exists() {
        for zone in ZONES {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn a_refusal_stands_at_its_field() {
        let (_, page) = Practice::samples().swap_remove(1);
        assert!(page.problem("phone").is_some());
        assert!(page.problem("name").is_none());
    }
}
