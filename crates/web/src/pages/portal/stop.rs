//! Stop: the page behind the unsubscribe link of an e-mail. Opening it changes
//! nothing, as mail scanners open links too (RFC 8058 §3); the button does.

use askama::Template;

use super::super::sample::HOSTILE;
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/stop.html")]
pub struct Stop {
    /// What surrounds it.
    pub portal: Portal,
    /// It has been done.
    pub done: bool,
}

impl Stop {
    /// Returns where the answer is sent.
    pub fn url(&self) -> Url {
        Url::PortalStop(self.portal.token.clone())
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let mut portal = Portal::sample(words);
        HOSTILE.clone_into(&mut portal.practice);
        vec![
            (
                "first",
                Self {
                    portal: Portal::sample(words),
                    done: false,
                },
            ),
            ("done", Self { portal, done: true }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn what_is_done_is_not_asked_again() {
        for (_, page) in Stop::samples(Words(Language::English)) {
            let asks = page.render().unwrap().contains("/stop\"");
            assert_eq!(asks, !page.done);
        }
    }
}
