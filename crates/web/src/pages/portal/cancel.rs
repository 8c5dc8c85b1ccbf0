//! Cancel: asked once more, since a tap can be a slip.

use askama::Template;
use jiff::Zoned;

use super::super::sample::{now, on};
use super::super::urls::Url;
use super::Portal;
use super::wish::{RefusedWish, WishFields};
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/cancel.html")]
pub struct Cancel {
    /// What surrounds it.
    pub portal: Portal,
    /// When the visit is.
    pub at: Zoned,
    /// What would suit better.
    pub wish: WishFields,
}

impl Cancel {
    /// Returns where the answer is sent.
    pub fn url(&self) -> Url {
        Url::PortalCancel(self.portal.token.clone())
    }

    /// Says which visit.
    pub fn lede(&self) -> String {
        let words = self.portal.words;
        words.cancel_lede(&words.moment(&self.at))
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = || Self {
            portal: Portal::sample(words),
            at: on(2, 8, 40),
            wish: WishFields::new(now().date()),
        };
        let mut refused = page();
        refused.wish.none = true;
        refused.wish.refused = Some(RefusedWish::Note);
        vec![("first", page()), ("refused", refused)]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn the_visit_is_named_before_it_is_called_off() {
        let (_, page) = Cancel::samples(Words(Language::English)).swap_remove(0);
        let html = page.render().unwrap();
        assert!(html.contains(&page.portal.words.cancel_again_hint()));
        assert!(html.contains("8:40"));
    }

    #[test]
    fn another_time_is_looked_for_unless_it_is_declined() {
        let samples = Cancel::samples(Words(Language::Spanish));
        for (name, page) in samples {
            let html = page.render().unwrap();
            let yes = html.contains("value=\"yes\" checked");
            let no = html.contains("value=\"no\" checked");
            assert_eq!((yes, no), (!page.wish.none, page.wish.none), "{name}");
        }
    }
}
