//! Errors: what went wrong, what was lost (nothing), and what to do now.

use askama::Template;

use super::gate::Gate;
use super::sample::{HOSTILE, token};
use super::urls::{Link, Url};
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "gate/error.html")]
pub struct ErrorPage {
    /// What surrounds it.
    pub gate: Gate,
    /// What went wrong.
    pub kind: Kind,
    /// Where the way back leads; none for a patient whose link is gone.
    pub back: Option<Link>,
    /// A patient reads it, who has no role and no administrator.
    pub patient: bool,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 404: there is no such page, or the reader may not know that there is.
    NotFound,
    /// 403: the reader's role does not include it.
    Forbidden,
    /// 403: the form's token is missing, old or another's.
    Forgery,
    /// 400: a field makes no sense.
    Invalid {
        /// Which field and what is wrong with it, without its value.
        why: String,
    },
    /// 409: it has been done or undone meanwhile.
    Stale {
        /// What stands in the way.
        why: String,
    },
    /// 429: too many tries.
    Busy {
        /// Seconds to wait.
        seconds: u32,
    },
    /// 500: ours.
    Broken {
        /// The number under which the log tells more; it names nobody.
        incident: String,
    },
}

impl Kind {
    /// Returns the status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden | Self::Forgery => 403,
            Self::Invalid { .. } => 400,
            Self::Stale { .. } => 409,
            Self::Busy { .. } => 429,
            Self::Broken { .. } => 500,
        }
    }
}

impl ErrorPage {
    /// Returns the heading.
    pub fn title(&self) -> String {
        let words = self.gate.words;
        match self.kind {
            Kind::NotFound => words.error_not_found(),
            Kind::Forbidden => words.error_forbidden(),
            Kind::Forgery => words.error_forgery(),
            Kind::Invalid { .. } => words.error_invalid(),
            Kind::Stale { .. } => words.error_stale(),
            Kind::Busy { .. } => words.error_busy(),
            Kind::Broken { .. } => words.error_broken(),
        }
    }

    /// Says what to do now.
    pub fn lede(&self) -> String {
        let words = self.gate.words;
        match self.kind {
            Kind::NotFound if self.patient => words.error_not_found_patient(),
            Kind::NotFound => words.error_not_found_lede(),
            Kind::Forbidden => words.error_forbidden_lede(),
            Kind::Forgery => words.error_forgery_lede(),
            Kind::Invalid { .. } => words.error_invalid_lede(),
            Kind::Stale { .. } => words.error_stale_lede(),
            Kind::Busy { seconds } => words.error_busy_lede(seconds),
            Kind::Broken { .. } => words.error_broken_lede(),
        }
    }

    /// Returns what else can be done.
    pub fn hint(&self) -> Option<String> {
        let busy = matches!(self.kind, Kind::Busy { .. });
        (busy && !self.patient).then(|| self.gate.words.error_busy_staff())
    }

    /// Returns the words of the way back.
    pub fn back_words(&self) -> String {
        if self.patient {
            self.gate.words.error_back_patient()
        } else {
            self.gate.words.error_back()
        }
    }

    /// Returns the number to tell us, or what exactly was wrong.
    pub fn detail(&self) -> Option<&str> {
        match &self.kind {
            Kind::Broken { incident } => Some(incident),
            Kind::Invalid { why } | Kind::Stale { why } => Some(why),
            _ => None,
        }
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |kind| Self {
            gate: Gate::sample(words),
            kind,
            back: Some(Url::Today.into()),
            patient: false,
        };
        let incident = |text: &str| Kind::Broken {
            incident: text.to_owned(),
        };
        let mut lost = page(Kind::NotFound);
        (lost.back, lost.patient) = (None, true);
        let mut hurried = page(Kind::Busy { seconds: 1 });
        hurried.back = Some(Url::Portal(token()).into());
        hurried.patient = true;
        vec![
            ("404", page(Kind::NotFound)),
            ("404-patient", lost),
            ("403", page(Kind::Forbidden)),
            ("forgery", page(Kind::Forgery)),
            (
                "400",
                page(Kind::Invalid {
                    why: "minutes: must be between 1 and 480".to_owned(),
                }),
            ),
            (
                "409",
                page(Kind::Stale {
                    why: "cannot confirm a visit that is cancelled".to_owned(),
                }),
            ),
            ("429", page(Kind::Busy { seconds: 30 })),
            ("429-patient", hurried),
            ("500", page(incident("7F3K-2M9Q"))),
            ("hostile", page(incident(HOSTILE))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn a_fault_says_which_one() {
        for (name, page) in ErrorPage::samples(Words(Language::English)) {
            assert_eq!(
                page.detail().is_some(),
                matches!(page.kind.status(), 400 | 409 | 500),
                "{name}"
            );
        }
    }

    #[test]
    fn every_page_leads_on_or_says_whom_to_ask() {
        for (name, page) in ErrorPage::samples(Words(Language::English)) {
            let html = page.render().unwrap();
            assert_eq!(
                html.contains("class=\"btn p\""),
                page.back.is_some(),
                "{name}"
            );
            assert!(
                page.back.is_some() || html.contains("call your clinic"),
                "{name}"
            );
            assert!(!page.patient || !html.contains("administrator"), "{name}");
        }
    }

    #[test]
    fn every_kind_has_words_of_its_own() {
        let samples = ErrorPage::samples(Words(Language::Spanish));
        let mut titles: Vec<_> = samples.iter().map(|(_, page)| page.title()).collect();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), 7);
    }
}
