//! Whether a fact lets a subject into a journey.

use jiff::Timestamp;

use crate::condition::{Seen, Verdict};
use crate::definition::{Definition, Reentry};
use crate::enrolment::{Enrolment, State};
use crate::facts::{Facts, Scope};

/// The answer to "does this fact begin the journey for this subject?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It does.
    Enter,
    /// The journey does not begin with this fact.
    OtherFact,
    /// Its condition does not hold; with the values it saw.
    Refused(Seen),
    /// The subject is in it.
    AlreadyIn,
    /// The subject has been through it and may not come back, or not yet.
    NotAgain {
        /// When it may, if ever.
        from: Option<Timestamp>,
    },
}

/// Decides whether a fact lets a subject in. `latest` is the latest enrolment
/// of the same subject in the same journey, on any version.
///
/// The hold-out is not drawn here: it needs the practice's secret, and it is
/// recorded by whoever draws it.
pub fn admit(
    definition: &Definition,
    fact: &str,
    facts: &Facts,
    latest: Option<&Enrolment>,
    now: Timestamp,
) -> Admission {
    if !definition.enter.on.contains(&fact) {
        return Admission::OtherFact;
    }
    match latest.map(Enrolment::state) {
        None => {}
        Some(State::Ended { at, .. }) => {
            let from = match definition.reentry {
                Reentry::Never => return Admission::NotAgain { from: None },
                Reentry::AfterEnd => *at,
                Reentry::LaterThan(length) => length.after(*at, facts.zone()),
            };
            if from > now {
                return Admission::NotAgain { from: Some(from) };
            }
        }
        Some(_) => return Admission::AlreadyIn,
    }
    let scope = Scope {
        facts,
        entered: None,
        now,
    };
    match &definition.enter.when {
        Some(when) if when.ask(&scope) != Verdict::Yes => Admission::Refused(when.see(&scope)),
        _ => Admission::Enter,
    }
}
