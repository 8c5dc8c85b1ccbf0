//! The portal: what a patient sees behind a signed link, in their language, on
//! a cheap phone. No sign-up, no script needed, nothing about health before the
//! birthday was answered.

pub mod cancel;
pub mod check;
pub mod expired;
pub mod move_visit;
pub mod preferences;
pub mod stop;
pub mod visit;
pub mod wish;

use tendon_care::language::Language;

use super::frame::Look;
use super::icon::Icon;
use super::parts::Csrf;
use super::sample;
use super::urls::{Asset, Link, LinkToken, Url};
use crate::words::Words;

/// What surrounds a portal page.
#[derive(Clone, Debug)]
pub struct Portal {
    /// The reader's language.
    pub words: Words,
    /// The practice or location, as patients know it.
    pub practice: String,
    /// The number to call: as read and as dialled.
    pub phone: Option<(String, Link)>,
    /// The secret part of the link.
    pub token: LinkToken,
    /// The token of every form.
    pub csrf: Csrf,
    /// Theme.
    pub look: Look,
}

/// One language that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Tongue {
    /// Its tag.
    pub tag: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// Spoken now.
    pub here: bool,
}

impl Portal {
    /// Returns the language's tag.
    pub const fn tag(&self) -> &'static str {
        self.words.language().tag()
    }

    /// Returns the languages that can be chosen.
    pub fn tongues(&self) -> Vec<Tongue> {
        Language::ALL
            .into_iter()
            .map(|language| Tongue {
                tag: language.tag(),
                name: language.own_name(),
                here: language == self.words.language(),
            })
            .collect()
    }

    /// Says how to call, where there is a number.
    pub fn call(&self) -> Option<(String, &Link)> {
        self.phone
            .as_ref()
            .map(|(read, link)| (self.words.call_us(read), link))
    }

    /// Returns where the language is chosen.
    pub fn language_url(&self) -> Url {
        Url::PortalLanguage(self.token.clone())
    }

    /// Returns the visit's page.
    pub fn home_url(&self) -> Url {
        Url::Portal(self.token.clone())
    }

    /// Returns the module that saves the reload.
    pub const fn module(&self) -> Url {
        Url::Asset(Asset::Parts)
    }

    /// Returns the signs of the frame: the phone, the lock.
    pub const fn icons(&self) -> (Icon, Icon) {
        (Icon::Phone, Icon::Lock)
    }

    /// Returns a frame for samples.
    pub fn sample(words: Words) -> Self {
        Self {
            words,
            practice: "Riverside Physical Therapy".to_owned(),
            phone: Some(("(312) 555-0100".to_owned(), Link::call("+13125550100"))),
            token: sample::token(),
            csrf: Csrf::new("k3JxV1ZtQm9yZGVy"),
            look: Look::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_language_is_spoken() {
        for language in Language::ALL {
            let portal = Portal::sample(Words(language));
            let here: Vec<_> = portal.tongues().into_iter().filter(|t| t.here).collect();
            assert_eq!(here.len(), 1);
            assert_eq!(here[0].tag, portal.tag());
        }
    }

    #[test]
    fn a_practice_without_a_number_offers_no_call() {
        let mut portal = Portal::sample(Words(Language::English));
        assert!(portal.call().is_some());
        portal.phone = None;
        assert!(portal.call().is_none());
    }
}
