//! Preferences: what the patient wants to hear about, and how.

use askama::Template;
use tendon_care::contact::Channel;
use tendon_care::id::ContactPointId;
use tendon_care::purpose::Purpose;

use super::super::parts::{Flash, Tone};
use super::super::sample::{HOSTILE, id};
use super::super::urls::Url;
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/preferences.html")]
pub struct Preferences {
    /// What surrounds it.
    pub portal: Portal,
    /// Purposes that the practice uses and what was agreed.
    pub wanted: Vec<(Purpose, bool)>,
    /// Ways with the end of the address and what was agreed.
    pub ways: Vec<Way>,
    /// What was just done.
    pub done: Option<Done>,
}

/// One way to be reached.
#[derive(Clone, Debug)]
pub struct Way {
    /// The address.
    pub point: ContactPointId,
    /// How.
    pub channel: Channel,
    /// Its end, enough to recognise it.
    pub hint: String,
    /// Something may come there.
    pub on: bool,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Saved.
    Saved,
    /// Everything stopped.
    Stopped,
}

/// One line that can be ticked.
#[derive(Debug)]
pub struct Tick {
    /// The field's name.
    pub name: &'static str,
    /// The field's value.
    pub value: String,
    /// The words.
    pub label: String,
    /// More words.
    pub hint: String,
    /// Ticked.
    pub on: bool,
}

impl Preferences {
    /// Returns where the choice is sent.
    pub fn url(&self) -> Url {
        Url::PortalPreferences(self.portal.token.clone())
    }

    /// Returns where everything is stopped.
    pub fn stop_url(&self) -> Url {
        Url::PortalStop(self.portal.token.clone())
    }

    /// Returns the lines of what to hear about. Safety is not asked for: it is
    /// never sent without need, and never left out.
    pub fn what(&self) -> Vec<Tick> {
        let words = self.portal.words;
        self.wanted
            .iter()
            .filter_map(|(purpose, on)| {
                let (label, hint) = match purpose {
                    Purpose::Safety => return None,
                    Purpose::Care => (words.purpose_care(), words.purpose_care_hint()),
                    Purpose::CareOther => (words.purpose_other(), words.purpose_other_hint()),
                    Purpose::Financial => {
                        (words.purpose_financial(), words.purpose_financial_hint())
                    }
                    Purpose::Feedback => (words.purpose_feedback(), words.purpose_feedback_hint()),
                    Purpose::Marketing => {
                        (words.purpose_marketing(), words.purpose_marketing_hint())
                    }
                };
                Some(Tick {
                    name: "purpose",
                    value: purpose.code().to_owned(),
                    label,
                    hint,
                    on: *on,
                })
            })
            .collect()
    }

    /// Returns the lines of how.
    pub fn how(&self) -> Vec<Tick> {
        let words = self.portal.words;
        self.ways
            .iter()
            .filter_map(|way| {
                let label = match way.channel {
                    Channel::Sms => words.preferences_by_text(),
                    Channel::Email => words.preferences_by_mail(),
                    Channel::Voice => return None,
                };
                Some(Tick {
                    name: "way",
                    value: way.point.to_string(),
                    label,
                    hint: words.preferences_by_text_to(&way.hint),
                    on: way.on,
                })
            })
            .collect()
    }

    /// Says what was just done.
    pub fn flash(&self) -> Option<Flash> {
        let words = self.portal.words;
        self.done.map(|done| match done {
            Done::Saved => Flash::new(Tone::Good, words.preferences_saved()),
            Done::Stopped => Flash::new(Tone::Warn, words.preferences_stopped()),
        })
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |done| Self {
            portal: Portal::sample(words),
            wanted: vec![
                (Purpose::Safety, true),
                (Purpose::Care, true),
                (Purpose::CareOther, true),
                (Purpose::Feedback, false),
                (Purpose::Marketing, false),
            ],
            ways: vec![
                way(1, Channel::Sms, "•••0142", true),
                way(2, Channel::Email, "a•••@example.org", false),
            ],
            done,
        };
        let mut hostile = page(None);
        hostile.ways = vec![way(1, Channel::Sms, HOSTILE, true)];
        vec![
            ("first", page(None)),
            ("saved", page(Some(Done::Saved))),
            ("stopped", page(Some(Done::Stopped))),
            ("hostile", hostile),
        ]
    }
}

fn way(n: u8, channel: Channel, hint: &str, on: bool) -> Way {
    Way {
        point: id(n),
        channel,
        hint: hint.to_owned(),
        on,
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    #[test]
    fn safety_is_not_asked_for() {
        let (_, page) = Preferences::samples(Words(Language::English)).swap_remove(0);
        let values: Vec<_> = page.what().into_iter().map(|tick| tick.value).collect();
        assert_eq!(values, ["P1", "P2", "P4", "P5"]);
    }

    #[test]
    fn what_was_agreed_is_ticked() {
        let (_, page) = Preferences::samples(Words(Language::Spanish)).swap_remove(0);
        let on: Vec<_> = page.how().iter().map(|tick| tick.on).collect();
        assert_eq!(on, [true, false]);
    }
}
