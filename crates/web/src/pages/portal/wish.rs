//! Wish: the fields in which a patient says what would suit better. A part of the
//! pages that ask for another time.

use jiff::ToSpan;
use jiff::civil::Date;
use tendon_desk::{DayPart, NOTE_LIMIT};

use super::super::parts::Choice;
use crate::words::Words;

/// The fields, with what was typed before.
#[derive(Clone, Debug)]
pub struct WishFields {
    /// Today, where the visit is.
    pub today: Date,
    /// The day, as the form sends it.
    pub day: String,
    /// The code of the part of the day; empty for any.
    pub part: String,
    /// The note.
    pub note: String,
    /// No other time is wanted, for now.
    pub none: bool,
    /// What was wrong.
    pub refused: Option<RefusedWish>,
}

/// Why a wish was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedWish {
    /// The day is over, too far away or none at all.
    Day,
    /// The note is too long.
    Note,
}

impl WishFields {
    /// Makes empty fields.
    pub fn new(today: Date) -> Self {
        Self {
            today,
            day: String::new(),
            part: String::new(),
            note: String::new(),
            none: false,
            refused: None,
        }
    }

    /// Returns the first and the last day that can be chosen.
    pub fn days(&self) -> (String, String) {
        let last = self.today.saturating_add(1.year());
        (self.today.to_string(), last.to_string())
    }

    /// Returns the parts of the day.
    pub fn parts(&self, words: Words) -> Vec<Choice> {
        let any = [(String::new(), words.wish_any())].into_iter();
        let parts = DayPart::ALL.into_iter().map(|part| {
            let label = match part {
                DayPart::Morning => words.wish_morning(),
                DayPart::Afternoon => words.wish_afternoon(),
                DayPart::Evening => words.wish_evening(),
            };
            (part.code().to_owned(), label)
        });
        Choice::list(any.chain(parts), &self.part)
    }

    /// Says what was wrong with the day.
    pub fn day_problem(&self, words: Words) -> Option<String> {
        (self.refused == Some(RefusedWish::Day)).then(|| words.wish_day_wrong())
    }

    /// Says what was wrong with the note.
    pub fn note_problem(&self, words: Words) -> Option<String> {
        (self.refused == Some(RefusedWish::Note)).then(|| words.wish_note_long())
    }

    /// Returns how long the note may be.
    pub const fn limit(&self) -> usize {
        NOTE_LIMIT
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn any_time_is_offered_first_and_chosen_until_another_is() {
        let words = Words(Language::English);
        let mut fields = WishFields::new(date(2026, 11, 23));
        let chosen = |fields: &WishFields| {
            let parts = fields.parts(words);
            assert_eq!(parts.len(), 1 + DayPart::ALL.len());
            parts.iter().position(|part| part.chosen)
        };
        assert_eq!(chosen(&fields), Some(0));
        DayPart::Evening.code().clone_into(&mut fields.part);
        assert_eq!(chosen(&fields), Some(3));
    }

    #[test]
    fn a_day_is_chosen_within_a_year() {
        let fields = WishFields::new(date(2028, 2, 29));
        assert_eq!(
            fields.days(),
            ("2028-02-29".to_owned(), "2029-02-28".to_owned())
        );
    }

    #[test]
    fn only_what_was_wrong_is_complained_about() {
        let words = Words(Language::Spanish);
        let mut fields = WishFields::new(date(2026, 11, 23));
        for (refused, day, note) in [
            (None, false, false),
            (Some(RefusedWish::Day), true, false),
            (Some(RefusedWish::Note), false, true),
        ] {
            fields.refused = refused;
            assert_eq!(fields.day_problem(words).is_some(), day, "{refused:?}");
            assert_eq!(fields.note_problem(words).is_some(), note, "{refused:?}");
        }
    }
}
