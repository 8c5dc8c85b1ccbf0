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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrolment::Refs;
    use crate::event::Event;
    use crate::{step, variable};
    use jiff::tz::TimeZone;
    use tendon_care::id::{Id, PatientId};

    const JOURNEY: &str = r#"
version = 1
title = "Again"
description = "Comes back or not."
subject = "patient"
purpose = "P2"
priority = 1
reentry = "REENTRY"
[enter]
on = ["plan.set"]
when = "plan.unbooked > 0"
[[step]]
id = "only"
due = "1d after entered"
send = { template = "hello" }
"#;

    fn ts(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn facts(unbooked: i64) -> Facts {
        Facts::new(TimeZone::UTC).with(variable::PLAN_UNBOOKED, unbooked)
    }

    fn journey(reentry: &str) -> Definition {
        Definition::parse("again", &JOURNEY.replace("REENTRY", reentry)).unwrap()
    }

    #[test]
    fn the_fact_and_the_condition_let_in() {
        let journey = journey("after end");
        let asked = |fact, unbooked| admit(&journey, fact, &facts(unbooked), None, ts(1));
        assert_eq!(asked("plan.set", 2), Admission::Enter);
        assert_eq!(asked("visit.booked", 2), Admission::OtherFact);
        let Admission::Refused(seen) = asked("plan.set", 0) else {
            panic!("a finished plan was let in");
        };
        assert_eq!(seen.verdict, Verdict::No);
        assert_eq!(seen.values, [("plan.unbooked", "0".to_owned())]);
    }

    #[test]
    fn one_who_has_been_through_comes_back_by_the_rule() {
        let about = Refs::patient(PatientId::from_parts(ts(0), [1; 10]));
        for (reentry, on_day_10, on_day_40) in [
            (
                "never",
                Admission::NotAgain { from: None },
                Admission::NotAgain { from: None },
            ),
            ("after end", Admission::Enter, Admission::Enter),
            (
                "30d after end",
                Admission::NotAgain { from: Some(ts(35)) },
                Admission::Enter,
            ),
        ] {
            let journey = journey(reentry);
            let fresh = Enrolment::begin(&journey, about, ts(5));
            let again = |latest: &Enrolment, day| {
                admit(&journey, "plan.set", &facts(1), Some(latest), ts(day))
            };
            assert_eq!(again(&fresh, 10), Admission::AlreadyIn);
            let (ended, _) = step(&journey, &fresh, &Event::Stop, &facts(1), ts(5)).unwrap();
            assert_eq!(again(&ended, 10), on_day_10, "{reentry}");
            assert_eq!(again(&ended, 40), on_day_40, "{reentry}");
        }
    }
}
