//! When a patient would rather come, as written on the page behind the link.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use tendon_care::message::Body;

use crate::error::DeskError;

/// The longest note, in characters.
pub const NOTE_LIMIT: usize = 500;

/// The furthest ahead that a wish may reach, in days.
const FURTHEST_DAYS: i32 = 365;

/// When a patient would rather come. Every part of it may be left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The day.
    pub day: Option<Date>,
    /// The part of the day.
    pub part: Option<DayPart>,
    /// Anything else, in the patient's own words.
    pub note: Body,
    /// No other time is wanted, for now.
    pub none: bool,
}

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayPart {
    /// Before noon.
    Morning,
    /// From noon to five.
    Afternoon,
    /// After five.
    Evening,
}

impl DayPart {
    /// Every part, in order.
    pub const ALL: [Self; 3] = [Self::Morning, Self::Afternoon, Self::Evening];

    /// Returns the code used in forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
        }
    }

    /// Reads [`DayPart::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == text)
    }
}

impl Wish {
    /// Tells whether nothing was said.
    pub fn is_empty(&self) -> bool {
        let open = self.day.is_none() && self.part.is_none() && !self.none;
        open && self.note.expose().trim().is_empty()
    }

    /// Refuses a day that is over or too far away, and a note that is too long.
    pub(super) fn check(&self, now: &Zoned) -> Result<(), DeskError> {
        let today = now.date();
        let last = today.saturating_add(FURTHEST_DAYS.days());
        if self.day.is_some_and(|day| day < today || day > last) {
            return Err(DeskError::invalid("day", "must be within the coming year"));
        }
        if self.note.expose().chars().count() > NOTE_LIMIT {
            return Err(DeskError::invalid(
                "note",
                "must not be longer than 500 characters",
            ));
        }
        Ok(())
    }

    /// Writes it as staff read it, with the patient's own words as they are.
    pub(super) fn words(&self) -> Body {
        let part = self.part.map(|part| format!("in the {}", part.code()));
        let day = self
            .day
            .map(|day| day.strftime("on %A, %B %-d").to_string());
        let when: Vec<String> = day.into_iter().chain(part).collect();
        let when = match (self.none, when.is_empty()) {
            (true, _) => "Wants no other time for now.".to_owned(),
            (false, true) => String::new(),
            (false, false) => format!("Would rather come {}.", when.join(" ")),
        };
        let note = self.note.expose().trim();
        let said = [when.as_str(), note];
        let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
        Body::new(said.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn now() -> Zoned {
        date(2026, 11, 23)
            .at(22, 0, 0, 0)
            .in_tz("America/Chicago")
            .unwrap()
    }

    fn on(day: Date) -> Wish {
        Wish {
            day: Some(day),
            ..Wish::default()
        }
    }

    #[test]
    fn what_is_left_open_is_left_out() {
        let note = Body::new(" I work until five ");
        let (day, part) = (Some(date(2026, 12, 3)), Some(DayPart::Morning));
        let table = [
            (Wish::default(), ""),
            (
                on(date(2026, 12, 3)),
                "Would rather come on Thursday, December 3.",
            ),
            (
                Wish {
                    part,
                    ..Wish::default()
                },
                "Would rather come in the morning.",
            ),
            (
                Wish {
                    day,
                    part,
                    note: note.clone(),
                    none: false,
                },
                "Would rather come on Thursday, December 3 in the morning. I work until five",
            ),
            (
                Wish {
                    note,
                    none: true,
                    ..Wish::default()
                },
                "Wants no other time for now. I work until five",
            ),
        ];
        for (wish, words) in table {
            assert_eq!(wish.words().expose(), words);
            assert_eq!(wish.is_empty(), words.is_empty());
        }
    }

    #[test]
    fn a_day_is_one_that_can_still_come() {
        assert!(
            on(date(2026, 11, 23)).check(&now()).is_ok(),
            "today by the clinic's clock"
        );
        assert!(on(date(2027, 11, 23)).check(&now()).is_ok());
        for day in [date(2026, 11, 22), date(2027, 11, 24)] {
            let refused = on(day).check(&now());
            assert!(
                matches!(refused, Err(DeskError::Invalid { field: "day", .. })),
                "{day}"
            );
        }
        let long = Wish {
            note: Body::new("x".repeat(NOTE_LIMIT + 1)),
            ..Wish::default()
        };
        let refused = long.check(&now());
        assert!(matches!(
            refused,
            Err(DeskError::Invalid { field: "note", .. })
        ));
    }

    #[test]
    fn every_part_of_the_day_has_a_code() {
        for part in DayPart::ALL {
            assert_eq!(DayPart::from_code(part.code()), Some(part));
        }
        assert_eq!(DayPart::from_code("night"), None);
    }
}
