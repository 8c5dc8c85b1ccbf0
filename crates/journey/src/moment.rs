//! Moments as definitions write them: `3w before visit.start`, `2h after
//! previous`, `visit.start`.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::facts::Facts;
use crate::length::Length;
use crate::variable::{self, Key};

/// What a moment is reckoned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// When the enrolment began.
    Entered,
    /// When the step before was passed.
    Previous,
    /// When the step itself is due; only for what expires.
    Due,
    /// A point in time among the facts, which can move.
    Fact(Key<Timestamp>),
}

/// On which side of its anchor a moment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Earlier.
    Before,
    /// Later, or at the anchor itself.
    After,
}

/// A length of time before or after an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// How far from the anchor.
    pub by: Length,
    /// On which side of it.
    pub side: Side,
    /// Reckoned from what.
    pub anchor: Anchor,
}

/// The instants that anchors stand for at one step of one enrolment.
#[derive(Clone, Copy, Debug)]
pub struct Anchors<'a> {
    /// The facts of the subject.
    pub facts: &'a Facts,
    /// When the enrolment began.
    pub entered: Timestamp,
    /// When the step before was passed.
    pub previous: Timestamp,
}

impl Anchors<'_> {
    /// Returns the instant of an anchor, where it is known.
    pub fn instant(&self, anchor: Anchor) -> Option<Timestamp> {
        match anchor {
            Anchor::Entered => Some(self.entered),
            Anchor::Previous => Some(self.previous),
            Anchor::Due => None,
            Anchor::Fact(key) => self.facts.instant(key.index),
        }
    }
}

impl Moment {
    /// Reckons at once after the step before.
    pub const NOW: Self = Self {
        by: Length::days(0),
        side: Side::After,
        anchor: Anchor::Previous,
    };

    /// Reads a moment; a leading `until` is allowed, because it reads well
    /// after `expires`. Says in words what is wrong with any other text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text
            .split_whitespace()
            .skip_while(|word| *word == "until")
            .collect();
        match words.as_slice() {
            [anchor] => Ok(Self {
                by: Length::default(),
                side: Side::After,
                anchor: parse_anchor(anchor)?,
            }),
            [length, side, anchor] => Ok(Self {
                by: length
                    .parse()
                    .map_err(|error| format!("{length}: {error}"))?,
                side: match *side {
                    "before" => Side::Before,
                    "after" => Side::After,
                    _ => return Err(format!("expected before or after, found {side}")),
                },
                anchor: parse_anchor(anchor)?,
            }),
            _ => Err("a moment is written like `3d before visit.start` or `entered`".to_owned()),
        }
    }

    /// Reckons the moment from the instant of its anchor.
    pub fn from(self, anchor: Timestamp, zone: &TimeZone) -> Timestamp {
        match self.side {
            Side::Before => self.by.before(anchor, zone),
            Side::After => self.by.after(anchor, zone),
        }
    }

    /// Returns the fact that the moment hangs on, if it is one.
    pub const fn fact(self) -> Option<Key<Timestamp>> {
        match self.anchor {
            Anchor::Fact(key) => Some(key),
            _ => None,
        }
    }

    /// Returns the moment in words, such as `3 weeks before the visit`.
    pub fn words(self) -> String {
        let anchor = match self.anchor {
            Anchor::Entered => "the start of the journey",
            Anchor::Previous => "the step before",
            Anchor::Due => "it is due",
            Anchor::Fact(key) => key.variable().map_or("", |variable| variable.words),
        };
        match (self.by.is_zero(), self.side, self.anchor) {
            (true, _, Anchor::Previous) => "at once".to_owned(),
            (true, _, Anchor::Entered) => "at the start of the journey".to_owned(),
            (true, _, _) => format!("the time of {anchor}"),
            (false, Side::Before, _) => format!("{} before {anchor}", self.by.words()),
            (false, Side::After, _) => format!("{} after {anchor}", self.by.words()),
        }
    }
}

fn parse_anchor(text: &str) -> Result<Anchor, String> {
    match text {
        "entered" => Ok(Anchor::Entered),
        "previous" => Ok(Anchor::Previous),
        "due" => Ok(Anchor::Due),
        name => variable::find_anchor(name)
            .map(Anchor::Fact)
            .ok_or_else(|| format!("unknown anchor {name}; there is {}", anchor_names())),
    }
}

fn anchor_names() -> String {
    let facts = variable::VARIABLES
        .iter()
        .map(|variable| variable.name)
        .filter(|name| variable::find_anchor(name).is_some());
    ["entered", "previous"]
        .into_iter()
        .chain(facts)
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.by.is_zero() {
            let side = match self.side {
                Side::Before => "before",
                Side::After => "after",
            };
            write!(f, "{} {side} ", self.by)?;
        }
        match self.anchor {
            Anchor::Entered => f.write_str("entered"),
            Anchor::Previous => f.write_str("previous"),
            Anchor::Due => f.write_str("due"),
            Anchor::Fact(key) => write!(f, "{key:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_round_trip_and_have_words() {
        for (text, words) in [
            ("3w before visit.start", "3 weeks before the visit"),
            ("1h after previous", "1 hour after the step before"),
            ("entered", "at the start of the journey"),
            ("previous", "at once"),
            ("2d after due", "2 days after it is due"),
            ("plan.end", "the time of the end of the plan"),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(moment.to_string(), text);
            assert_eq!(moment.words(), words);
        }
        assert_eq!(
            Moment::parse("until 2h before visit.start"),
            Moment::parse("2h before visit.start")
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("", "a moment is written like"),
            ("3w before", "a moment is written like"),
            (
                "soon after entered",
                "soon: a length of time is written like",
            ),
            ("3w from entered", "expected before or after, found from"),
            (
                "3w before visit.end",
                "unknown anchor visit.end; there is entered, previous, visit.start",
            ),
            ("3w before visit.kind", "unknown anchor visit.kind"),
            ("3w before now", "unknown anchor now"),
        ] {
            let reason = Moment::parse(text).unwrap_err();
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
