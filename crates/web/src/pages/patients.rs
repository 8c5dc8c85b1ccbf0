//! Patients: the instant search. The question travels in the body of a form,
//! never in an address, since names and birthdays must not rest in histories
//! and logs.

use askama::Template;
use jiff::Zoned;
use tendon_care::access::{Permission, Role};
use tendon_care::id::PatientId;

use super::frame::{Frame, Section};
use super::icon::Icon;
use super::moment;
use super::parts::{Chip, Tone, count};
use super::sample::{HOSTILE, LONG, RTL, frame, id, now, on};
use super::urls::Url;

/// The page.
#[derive(Debug, Template)]
#[template(path = "patients.html")]
pub struct Patients {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// What was asked; empty for the patients seen last.
    pub asked: String,
    /// Who was found, best first.
    pub found: Vec<Found>,
    /// How many there are in all.
    pub total: u32,
}

/// A patient who was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Who.
    pub id: PatientId,
    /// The name.
    pub name: String,
    /// Birthday and age: `Mar 4, 1968 · 58`.
    pub born: String,
    /// The record number.
    pub mrn: String,
    /// The end of the first phone number: `•••0142`.
    pub phone: String,
    /// Where the care stands.
    pub episode: Option<Chip>,
    /// The next visit.
    pub next: Option<Zoned>,
    /// Dead, minor, paused: what must be known before anything is done.
    pub flags: Vec<Chip>,
}

impl Patients {
    /// Returns where the search is sent.
    pub const fn url(&self) -> Url {
        Url::Patients
    }

    /// Returns where a patient opens; nowhere for who may not see a chart.
    pub fn patient_url(&self, found: &Found) -> Option<Url> {
        self.frame
            .may(Permission::ReadChart)
            .then_some(Url::Patient(found.id))
    }

    /// Says how many were found.
    pub fn summary(&self) -> String {
        if self.asked.is_empty() {
            return match self.total {
                0 => "Nobody yet".to_owned(),
                total => format!("All {}, by name", count(total, "patient", "patients")),
            };
        }
        let shown = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        if self.total > shown {
            format!(
                "The first {shown} of {}",
                count(self.total, "match", "matches")
            )
        } else {
            count(self.total, "match", "matches")
        }
    }

    /// Returns the sign of an empty list.
    pub const fn empty_icon(&self) -> Icon {
        Icon::Patients
    }

    /// Returns a patient's next visit in words.
    pub fn next(&self, found: &Found) -> String {
        found.next.as_ref().map_or_else(
            || "nothing booked".to_owned(),
            |at| {
                let day = moment::heading(at.date(), self.now.date());
                format!("{day}, {}", moment::clock(at))
            },
        )
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |asked: &str, found: Vec<Found>, total| Self {
            frame: frame(Section::Patients),
            now: now(),
            asked: asked.to_owned(),
            found,
            total,
        };
        let mut hostile = found(1, HOSTILE);
        HOSTILE.clone_into(&mut hostile.mrn);
        let mut outreach = page("mor", vec![found(1, "Ana Morales")], 1);
        outreach.frame.role = Role::Marketing;
        vec![
            ("empty", page("", vec![], 0)),
            ("nobody", page("Zyx", vec![], 0)),
            (
                "typical",
                page(
                    "mor",
                    vec![
                        found(1, "Ana Morales"),
                        Found {
                            next: None,
                            episode: Some(Chip::new(Tone::Warn, "at risk")),
                            flags: vec![Chip::new(Tone::Info, "automation paused")],
                            ..found(2, "Desmond Morris")
                        },
                        Found {
                            next: Some(on(9, 16, 20)),
                            episode: Some(Chip::new(Tone::Plain, "evaluated")),
                            flags: vec![Chip::new(Tone::Info, "minor")],
                            ..found(3, "Tilda Moreau")
                        },
                        Found {
                            next: None,
                            episode: None,
                            flags: vec![Chip::new(Tone::Plain, "deceased")],
                            ..found(4, "Ernest Morgan")
                        },
                    ],
                    4,
                ),
            ),
            (
                "crowded",
                page(
                    "a",
                    (1..=50).map(|n| found(n, "Alexandra Andersson")).collect(),
                    3_412,
                ),
            ),
            ("outreach", outreach),
            (
                "hostile",
                page(HOSTILE, vec![hostile, found(2, RTL), found(3, LONG)], 3),
            ),
        ]
    }
}

fn found(n: u8, name: &str) -> Found {
    Found {
        id: id(n),
        name: name.to_owned(),
        born: "Mar 4, 1968 · 58".to_owned(),
        mrn: format!("0048{n:03}"),
        phone: "•••0142".to_owned(),
        episode: Some(Chip::new(Tone::Good, "active")),
        next: Some(on(2, 8, 40)),
        flags: vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_when_there_are_more_than_are_shown() {
        let samples = Patients::samples();
        let summary = |name| {
            samples
                .iter()
                .find(|(n, _)| *n == name)
                .unwrap()
                .1
                .summary()
        };
        assert_eq!(summary("empty"), "Nobody yet");
        assert_eq!(summary("nobody"), "0 matches");
        assert_eq!(summary("typical"), "4 matches");
        assert_eq!(summary("crowded"), "The first 50 of 3,412 matches");
    }

    #[test]
    fn the_next_visit_is_said_relative_to_today() {
        let (_, page) = Patients::samples().swap_remove(2);
        assert_eq!(page.next(&page.found[0]), "Wednesday, November 25, 8:40 AM");
        assert_eq!(page.next(&page.found[1]), "nothing booked");
    }

    #[test]
    fn who_may_not_see_a_chart_is_not_led_to_one() {
        for (name, page) in Patients::samples() {
            let opens = page.render().unwrap().contains("data-open");
            let may = page.frame.role != Role::Marketing && !page.found.is_empty();
            assert_eq!(opens, may, "{name}");
        }
    }

    #[test]
    fn what_was_asked_never_enters_an_address() {
        let html = Patients::samples().swap_remove(2).1.render().unwrap();
        assert!(html.contains(r#"method="post" action="/patients""#));
        assert!(!html.contains("?q="));
    }
}
