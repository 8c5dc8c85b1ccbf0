//! Expired: a link lives for days only; a fresh one goes to where the old one went.

use askama::Template;

use super::super::icon::Icon;
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/expired.html")]
pub struct Expired {
    /// What surrounds it.
    pub portal: Portal,
    /// A new link was asked for. Said whether or not the old one ever was
    /// valid, so that nobody can find out by trying.
    pub sent: bool,
}

impl Expired {
    /// Returns where a new link is asked for.
    pub fn url(&self) -> Url {
        Url::PortalRenew(self.portal.token.clone())
    }

    /// Returns where all messages are stopped: a link that opens nothing else does that.
    pub fn stop_url(&self) -> Url {
        Url::PortalStop(self.portal.token.clone())
    }

    /// Returns the sign of what is done.
    pub const fn check(&self) -> Icon {
        Icon::Check
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |sent| Self {
            portal: Portal::sample(words),
            sent,
        };
        vec![("first", page(false)), ("sent", page(true))]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn a_new_link_is_offered_once() {
        for (_, page) in Expired::samples(Words(Language::Spanish)) {
            let offers = page.render().unwrap().contains("/renew\"");
            assert_eq!(offers, !page.sent);
        }
    }
}
