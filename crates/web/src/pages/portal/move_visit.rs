//! Move: which days and times of day would suit.

use askama::Template;
use jiff::Zoned;

use super::super::parts::Choice;
use super::super::sample::{HOSTILE, on};
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/move.html")]
pub struct MoveVisit {
    /// What surrounds it.
    pub portal: Portal,
    /// When the visit is now.
    pub at: Zoned,
    /// The weekdays on which the location is open, 1 = Monday.
    pub open_days: Vec<u32>,
    /// What was chosen before: weekdays.
    pub days: Vec<u32>,
    /// What was chosen before: parts of the day.
    pub parts: Vec<DayPart>,
    /// What was written before.
    pub note: String,
    /// Nothing was chosen.
    pub nothing_chosen: bool,
}

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayPart {
    /// Until eleven.
    Morning,
    /// Eleven to two.
    Midday,
    /// Two to five.
    Afternoon,
    /// After five.
    Evening,
}

impl DayPart {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Morning, Self::Midday, Self::Afternoon, Self::Evening];

    /// Returns what the form sends.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Midday => "midday",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
        }
    }

    /// Reads [`DayPart::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == text)
    }

    fn words(self, words: Words) -> String {
        match self {
            Self::Morning => words.part_morning(),
            Self::Midday => words.part_midday(),
            Self::Afternoon => words.part_afternoon(),
            Self::Evening => words.part_evening(),
        }
    }
}

impl MoveVisit {
    /// Returns where the wish is sent.
    pub fn url(&self) -> Url {
        Url::PortalMove(self.portal.token.clone())
    }

    /// Says when the visit is now.
    pub fn lede(&self) -> String {
        let words = self.portal.words;
        words.move_lede(&words.moment(&self.at))
    }

    /// Returns the days that can be chosen.
    pub fn day_choices(&self) -> Vec<Choice> {
        self.open_days
            .iter()
            .map(|day| Choice {
                value: day.to_string(),
                label: self.portal.words.weekday(*day),
                chosen: self.days.contains(day),
            })
            .collect()
    }

    /// Returns the parts of the day that can be chosen.
    pub fn part_choices(&self) -> Vec<Choice> {
        DayPart::ALL
            .into_iter()
            .map(|part| Choice {
                value: part.code().to_owned(),
                label: part.words(self.portal.words),
                chosen: self.parts.contains(&part),
            })
            .collect()
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = || Self {
            portal: Portal::sample(words),
            at: on(2, 8, 40),
            open_days: (1..=5).collect(),
            days: vec![],
            parts: vec![],
            note: String::new(),
            nothing_chosen: false,
        };
        vec![
            ("first", page()),
            (
                "hostile",
                Self {
                    days: vec![2, 4],
                    parts: vec![DayPart::Evening],
                    note: format!("</textarea>{HOSTILE}"),
                    nothing_chosen: true,
                    ..page()
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn only_open_days_are_offered_and_choices_stay() {
        let (_, page) = MoveVisit::samples(Words(Language::English)).swap_remove(1);
        let days = page.day_choices();
        assert_eq!(days.len(), 5);
        let chosen: Vec<_> = days.iter().filter(|d| d.chosen).map(|d| &d.label).collect();
        assert_eq!(chosen, ["Tuesday", "Thursday"]);
    }

    #[test]
    fn parts_are_read_back() {
        for part in DayPart::ALL {
            assert_eq!(DayPart::from_code(part.code()), Some(part));
        }
        assert_eq!(DayPart::from_code("night"), None);
    }
}
