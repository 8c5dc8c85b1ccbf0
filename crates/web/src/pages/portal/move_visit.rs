//! Move: another time is wanted; a person finds one and writes or calls.

use askama::Template;
use jiff::Zoned;

use super::super::sample::{HOSTILE, now, on};
use super::super::urls::Url;
use super::Portal;
use super::wish::{RefusedWish, WishFields};
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/move.html")]
pub struct MoveVisit {
    /// What surrounds it.
    pub portal: Portal,
    /// When the visit is now.
    pub at: Zoned,
    /// What would suit better.
    pub wish: WishFields,
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

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = || Self {
            portal: Portal::sample(words),
            at: on(2, 8, 40),
            wish: WishFields::new(now().date()),
        };
        let mut refused = page();
        "2020-01-01".clone_into(&mut refused.wish.day);
        "morning".clone_into(&mut refused.wish.part);
        refused.wish.refused = Some(RefusedWish::Day);
        let mut hostile = page();
        HOSTILE.clone_into(&mut hostile.portal.practice);
        HOSTILE.clone_into(&mut hostile.wish.day);
        hostile.wish.note = HOSTILE.repeat(9);
        hostile.wish.refused = Some(RefusedWish::Note);
        vec![
            ("first", page()),
            ("refused", refused),
            ("hostile", hostile),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn what_was_typed_is_not_typed_twice() {
        let samples = MoveVisit::samples(Words(Language::English));
        let html = samples[1].1.render().unwrap();
        assert!(html.contains("value=\"2020-01-01\""));
        assert!(html.contains("value=\"morning\" selected"));
        assert!(html.contains("aria-describedby=\"day-wrong\""));
    }
}
