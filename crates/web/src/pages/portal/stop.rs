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
    /// Where the answer is sent: a way out stops a kind of e-mail, a link everything.
    pub to: Url,
    /// It has been done.
    pub done: bool,
}

impl Stop {
    /// Returns where the answer is sent.
    pub fn url(&self) -> Url {
        self.to.clone()
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |done| {
            let portal = Portal::sample(words);
            let to = Url::PortalStop(portal.token.clone());
            Self { portal, to, done }
        };
        let mut hostile = page(true);
        HOSTILE.clone_into(&mut hostile.portal.practice);
        vec![("first", page(false)), ("done", hostile)]
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
