//! Check: the birthday, asked before anything about a visit is shown.

use askama::Template;

use super::super::parts::Choice;
use super::super::sample::HOSTILE;
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/check.html")]
pub struct Check {
    /// What surrounds it.
    pub portal: Portal,
    /// What was typed before, so that nobody types it twice.
    pub typed: Typed,
    /// What was wrong with it.
    pub refused: Option<Refused>,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// 1 to 12, or empty.
    pub month: String,
    /// The day.
    pub day: String,
    /// The year.
    pub year: String,
}

/// Why the answer was not taken. It never says which part was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a date.
    Incomplete,
    /// Not the birthday.
    Wrong {
        /// Tries that are left.
        left: u32,
    },
    /// The practice has no birthday to compare with.
    Unknown,
    /// Too many tries today.
    Locked,
}

impl Check {
    /// Returns where the answer is sent.
    pub fn url(&self) -> Url {
        Url::PortalCheck(self.portal.token.clone())
    }

    /// Returns the months.
    pub fn months(&self) -> Vec<Choice> {
        let words = self.portal.words;
        let first = [(String::new(), words.check_choose())].into_iter();
        let months = (1..=12).map(|n: u32| (n.to_string(), words.month(n)));
        Choice::list(first.chain(months), &self.typed.month)
    }

    /// Says what was wrong.
    pub fn problem(&self) -> Option<String> {
        let words = self.portal.words;
        self.refused.map(|refused| match refused {
            Refused::Incomplete => words.check_incomplete(),
            Refused::Unknown => words.check_unknown(),
            Refused::Wrong { left } => words.check_wrong(left),
            Refused::Locked => words.check_locked(),
        })
    }

    /// Tells whether the question may still be answered.
    pub const fn is_open(&self) -> bool {
        !matches!(self.refused, Some(Refused::Locked | Refused::Unknown))
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |refused| Self {
            portal: Portal::sample(words),
            typed: Typed::default(),
            refused,
        };
        let mut wrong = page(Some(Refused::Wrong { left: 4 }));
        "3".clone_into(&mut wrong.typed.month);
        HOSTILE.clone_into(&mut wrong.typed.day);
        HOSTILE.clone_into(&mut wrong.portal.practice);
        vec![
            ("first", page(None)),
            ("incomplete", page(Some(Refused::Incomplete))),
            ("wrong", wrong),
            ("unknown", page(Some(Refused::Unknown))),
            ("locked", page(Some(Refused::Locked))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn the_month_is_a_word_so_that_no_order_can_be_mistaken() {
        let (_, page) = Check::samples(Words(Language::Spanish)).swap_remove(2);
        let months = page.months();
        assert_eq!(months.len(), 13);
        assert_eq!(months[3].label, "marzo");
        assert!(months[3].chosen);
    }

    #[test]
    fn a_locked_page_asks_nothing() {
        for (name, page) in Check::samples(Words(Language::English)) {
            let html = page.render().unwrap();
            let asks = !matches!(name, "locked" | "unknown");
            assert_eq!(html.contains("name=\"day\""), asks, "{name}");
        }
    }
}
