//! Move: another time is wanted; a person finds one and writes or calls.

use askama::Template;
use jiff::Zoned;

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
        };
        let mut hostile = page();
        HOSTILE.clone_into(&mut hostile.portal.practice);
        vec![("first", page()), ("hostile", hostile)]
    }
}
