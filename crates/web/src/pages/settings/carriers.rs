//! Carriers: through whom texts and mails travel, and how they fare.

use askama::Template;

use super::super::frame::{Frame, Section};
use super::super::icon::Icon;
use super::super::parts::{Chip, Tab, Tone};
use super::super::sample::{HOSTILE, frame, name};
use super::super::urls::{Name, Url};
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/carriers.html")]
pub struct Carriers {
    /// What surrounds it.
    pub frame: Frame,
    /// The carriers.
    pub carriers: Vec<CarrierFacts>,
    /// The numbers at which the practice gets texts, separated by commas.
    pub numbers: String,
}

/// A carrier. Its secrets stay in the server's settings and are never shown.
#[derive(Clone, Debug)]
pub struct CarrierFacts {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub icon: Icon,
    /// Its name in words.
    pub title: String,
    /// How it stands.
    pub state: CarrierState,
    /// Facts: (name, value).
    pub facts: Vec<(&'static str, String)>,
}

/// How a carrier stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarrierState {
    /// It works.
    Works,
    /// It refuses or is away, with the class of the fault.
    Fails {
        /// What it says, without any address.
        why: String,
    },
    /// It is not set up.
    Unset,
}

impl CarrierFacts {
    /// Returns how it stands.
    pub fn chip(&self) -> Chip {
        match &self.state {
            CarrierState::Works => Chip::new(Tone::Good, "works").icon(Icon::Check),
            CarrierState::Fails { why } => Chip::new(Tone::Bad, why.as_str()).icon(Icon::Warn),
            CarrierState::Unset => Chip::new(Tone::Plain, "not set up"),
        }
    }
}

impl Carriers {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Carriers.menu(&self.frame)
    }

    /// Returns where the numbers are sent.
    pub const fn url(&self) -> Url {
        Url::Carriers
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let carrier = |n, icon, title: &str, state, facts: &[(&'static str, &str)]| CarrierFacts {
            name: name(n),
            icon,
            title: title.to_owned(),
            state,
            facts: facts.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(),
        };
        let page = |carriers, numbers: &str| Self {
            frame: frame(Section::Settings),
            carriers,
            numbers: numbers.to_owned(),
        };
        let fails = CarrierState::Fails {
            why: "credentials refused".to_owned(),
        };
        let all = vec![
            carrier(
                "sandbox",
                Icon::Sandbox,
                "Sandbox",
                CarrierState::Works,
                &[
                    ("Carries", "everything"),
                    ("Leaves this machine", "nothing"),
                ],
            ),
            carrier(
                "smtp",
                Icon::Mail,
                "SMTP",
                fails,
                &[
                    ("Server", "mail.example.org:587"),
                    ("Encrypted", "yes"),
                    ("DKIM", "signed"),
                ],
            ),
            carrier(
                "twilio",
                Icon::Text,
                "Twilio-compatible",
                CarrierState::Unset,
                &[],
            ),
        ];
        let hostile = carrier(
            "x",
            Icon::Text,
            HOSTILE,
            CarrierState::Fails {
                why: HOSTILE.to_owned(),
            },
            &[("Server", HOSTILE)],
        );
        vec![
            ("typical", page(all, "+13125550100, 55123")),
            ("hostile", page(vec![hostile], HOSTILE)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_in_its_colour_and_with_its_reason() {
        let (_, page) = Carriers::samples().swap_remove(0);
        let tones: Vec<_> = page.carriers.iter().map(|c| c.chip().tone).collect();
        assert_eq!(tones, [Tone::Good, Tone::Bad, Tone::Plain]);
        let fails = page.carriers.iter().find(|c| c.chip().tone == Tone::Bad);
        assert_eq!(fails.unwrap().chip().text, "credentials refused");
    }
}
