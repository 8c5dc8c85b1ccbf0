//! Templates: the words of every message, by purpose.

use askama::Template;
use tendon_care::purpose::Purpose;

use super::super::frame::{Frame, Section};
use super::super::parts::{Chip, Tab, Tone, count};
use super::super::sample::{HOSTILE, frame, name};
use super::super::urls::{Name, Url};
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/templates.html")]
pub struct Templates {
    /// What surrounds it.
    pub frame: Frame,
    /// The templates.
    pub lines: Vec<TemplateLine>,
}

/// A template in the list.
#[derive(Clone, Debug)]
pub struct TemplateLine {
    /// Its name.
    pub name: Name,
    /// What it is for, in words.
    pub title: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Texts that it makes at most, over the languages.
    pub segments: u32,
    /// Languages that have no words yet.
    pub missing: Vec<&'static str>,
    /// The practice has changed the words that came with Tendon.
    pub own: bool,
}

impl TemplateLine {
    /// Returns where it opens.
    pub fn url(&self) -> Url {
        Url::Template(self.name.clone())
    }

    /// Says how long it is.
    pub fn length(&self) -> String {
        count(self.segments, "text", "texts")
    }

    /// Returns what is wrong or special about it.
    pub fn chip(&self) -> Chip {
        if !self.missing.is_empty() {
            return Chip::new(Tone::Warn, format!("no {}", self.missing.join(", ")));
        }
        if self.own {
            Chip::new(Tone::Info, "own words")
        } else {
            Chip::new(Tone::Plain, "as delivered")
        }
    }
}

impl Templates {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Templates.menu(&self.frame)
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let line = |n: &'static str, title: &str, purpose| TemplateLine {
            name: name(n),
            title: title.to_owned(),
            purpose,
            segments: 1,
            missing: vec![],
            own: false,
        };
        let lines = vec![
            line("visit-reminder", "Reminder of a visit", Purpose::Care),
            TemplateLine {
                own: true,
                ..line("missed-visit", "After a missed visit", Purpose::Care)
            },
            TemplateLine {
                segments: 2,
                missing: vec!["Español"],
                ..line(
                    "nothing-booked",
                    "Proposal to book the rest",
                    Purpose::CareOther,
                )
            },
            line("thank-you", "Thank-you after visit 3", Purpose::Care),
        ];
        let page = |lines| Self {
            frame: frame(Section::Settings),
            lines,
        };
        vec![
            ("typical", page(lines)),
            (
                "hostile",
                page(vec![line("x", HOSTILE, Purpose::Marketing)]),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_language_is_said_before_anything_else() {
        let (_, page) = Templates::samples().swap_remove(0);
        let mut line = page.lines[1].clone();
        assert_eq!(line.chip().text, "own words");
        line.missing = vec!["Español"];
        assert_eq!(line.chip().text, "no Español");
    }
}
