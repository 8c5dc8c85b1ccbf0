//! Cancel: asked once more, since a tap can be a slip.

use askama::Template;
use jiff::Zoned;

use super::super::sample::on;
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/cancel.html")]
pub struct Cancel {
    /// What surrounds it.
    pub portal: Portal,
    /// When the visit is.
    pub at: Zoned,
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
        vec![(
            "first",
            Self {
                portal: Portal::sample(words),
                at: on(2, 8, 40),
            },
        )]
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
}
