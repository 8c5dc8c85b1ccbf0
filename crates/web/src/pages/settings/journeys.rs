//! Journeys: what Tendon does by itself, said in words, each with its switch.

use askama::Template;

use super::super::frame::{Frame, Section};
use super::super::icon::Icon;
use super::super::parts::{Tab, count, dotted};
use super::super::sample::{HOSTILE, frame, name};
use super::super::urls::{Link, Name, Url};
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/journeys.html")]
pub struct Journeys {
    /// What surrounds it.
    pub frame: Frame,
    /// The journeys.
    pub journeys: Vec<JourneyFacts>,
}

/// A journey.
#[derive(Clone, Debug)]
pub struct JourneyFacts {
    /// Its name.
    pub name: Name,
    /// Its name in words.
    pub title: String,
    /// What it does, in sentences.
    pub explained: String,
    /// The same step by step.
    pub sentences: Vec<String>,
    /// Its steps in a few words each, in order.
    pub steps: Vec<String>,
    /// The version that new patients enter.
    pub version: u32,
    /// Patients inside.
    pub inside: u32,
    /// Messages of the last seven days.
    pub sent: u32,
    /// It takes patients in.
    pub on: bool,
}

impl JourneyFacts {
    /// Returns where its switch is.
    pub fn switch_url(&self) -> Url {
        Url::JourneySwitch(self.name.clone())
    }

    /// Returns its messages.
    pub fn messages_url(&self) -> Link {
        Url::Messages.with("journey", &self.name.to_string())
    }

    /// Says how it goes.
    pub fn numbers(&self) -> String {
        dotted([
            format!("version {}", self.version),
            format!("{} inside", count(self.inside, "patient", "patients")),
            format!("{} in 7 days", count(self.sent, "message", "messages")),
        ])
    }

    /// Returns what the switch would do.
    pub const fn switch_to(&self) -> &'static str {
        if self.on { "off" } else { "on" }
    }
}

impl Journeys {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Journeys.menu(&self.frame)
    }

    /// Returns the sign between two steps.
    pub const fn arrow(&self) -> Icon {
        Icon::Arrow
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |journeys| Self {
            frame: frame(Section::Settings),
            journeys,
        };
        let mut hostile = journeys();
        for journey in &mut hostile {
            HOSTILE.clone_into(&mut journey.title);
            HOSTILE.clone_into(&mut journey.explained);
            journey.steps = vec![HOSTILE.to_owned()];
            journey.sentences = vec![HOSTILE.to_owned()];
        }
        vec![("typical", page(journeys())), ("hostile", page(hostile))]
    }
}

fn journeys() -> Vec<JourneyFacts> {
    let journey = |n: &'static str, title: &str, explained: &str, steps: &[&str]| JourneyFacts {
        name: name(n),
        title: title.to_owned(),
        explained: explained.to_owned(),
        sentences: vec!["24 hours before a visit it sends a text.".to_owned()],
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        version: 3,
        inside: 214,
        sent: 486,
        on: true,
    };
    vec![
        journey(
            "visit-reminder",
            "Visit reminders",
            "Reminds of an evaluation three weeks, three days and on the same morning before; of a recurring visit 24 hours before, and also three days before for those who missed one. Stops as soon as the visit is confirmed, moved or called off.",
            &[
                "visit booked",
                "3 days before",
                "24 hours before",
                "confirmed",
            ],
        ),
        journey(
            "missed-visit",
            "Missed-visit recovery",
            "Writes 30 minutes after a missed visit and offers the same time and others. Opens a task for a call when nobody answers by the next noon.",
            &["visit missed", "text after 30 min", "call at noon"],
        ),
        JourneyFacts {
            on: false,
            inside: 0,
            sent: 0,
            ..journey(
                "nothing-booked",
                "Nothing booked",
                "Proposes times when visits are left on the plan and none is on the book, two days after the last visit and a week later.",
                &["no visit ahead", "proposal", "second proposal", "call"],
            )
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_does_the_opposite_of_what_is() {
        let list = journeys();
        assert_eq!(list[0].switch_to(), "off");
        assert_eq!(list[2].switch_to(), "on");
        assert_eq!(
            list[0].numbers(),
            "version 3 · 214 patients inside · 486 messages in 7 days"
        );
    }
}
