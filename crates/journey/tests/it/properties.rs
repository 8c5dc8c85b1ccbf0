//! What holds for every journey, whatever happens in whatever order.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tendon_care::touchpoint::Fact;
use tendon_journey::definition::StepId;
use tendon_journey::enrolment::{State, v1};
use tendon_journey::{
    Definition, Effect, Enrolment, Event, Facts, forecast, library, step, variable,
};

use crate::story::visit;

/// A journey with a wait, a branch and a circle, beside the shipped ones.
const CIRCLE: &str = r#"
version = 1
title = "Circle"
description = "Goes round until the visit is near."
subject = "appointment"
purpose = "P2"
priority = 10
[enter]
on = ["visit.booked"]
[[exit]]
on = ["visit.completed"]
as = "came"
[[step]]
id = "ahead"
due = "5d before visit.start"
past = "run within 2d"
send = { template = "ahead", expires = "visit.start" }
[[step]]
id = "answer"
wait = { for = ["message.received", "visit.confirmed"], within = "12h", then = "sort", otherwise = "again" }
[[step]]
id = "sort"
branch = { cases = [{ when = "visit.confirmed", to = "last" }], otherwise = "again" }
[[step]]
id = "again"
due = "1d after previous"
at = "10:00"
when = "visit.start - now > days(1)"
send = { template = "again" }
[[step]]
id = "near"
branch = { cases = [{ when = "visit.start - now > days(2)", to = "answer" }], otherwise = "last" }
[[step]]
id = "last"
due = "1d before visit.start"
task = { kind = "call", within = "4h" }
"#;

fn definitions() -> Vec<Definition> {
    library::SHIPPED
        .iter()
        .map(|shipped| shipped.parse().unwrap())
        .chain([Definition::parse("circle", CIRCLE).unwrap()])
        .collect()
}

/// One thing that happens in a drawn history.
#[derive(Clone, Debug)]
enum Happening {
    Pass { minutes: i64 },
    WakeUp { late_minutes: i64 },
    StaleWakeUp { step: usize },
    Fact { code: usize, visit: u8 },
    MoveVisit { to: usize },
    LoseVisit,
    Confirm(bool),
    Missed(bool),
    Book(i64),
    Skip { step: usize },
    Postpone { step: usize, minutes: i64 },
    DoNow { step: usize },
    Entered,
    AnchorsChanged,
}

fn happening() -> impl Strategy<Value = Happening> {
    let minutes = -600_i64..20_000;
    prop_oneof![
        3 => (0_i64..4_000).prop_map(|minutes| Happening::Pass { minutes }),
        8 => (0_i64..300).prop_map(|late_minutes| Happening::WakeUp { late_minutes }),
        1 => (0_usize..8).prop_map(|step| Happening::StaleWakeUp { step }),
        3 => (0..Fact::CODES.len(), 1_u8..3).prop_map(|(code, visit)| Happening::Fact { code, visit }),
        3 => (0_usize..6).prop_map(|to| Happening::MoveVisit { to }),
        1 => Just(Happening::LoseVisit),
        1 => any::<bool>().prop_map(Happening::Confirm),
        1 => any::<bool>().prop_map(Happening::Missed),
        1 => (0_i64..3).prop_map(Happening::Book),
        1 => (0_usize..8).prop_map(|step| Happening::Skip { step }),
        1 => (0_usize..8, minutes).prop_map(|(step, minutes)| Happening::Postpone { step, minutes }),
        1 => (0_usize..8).prop_map(|step| Happening::DoNow { step }),
        1 => Just(Happening::Entered),
        2 => Just(Happening::AnchorsChanged),
    ]
}

/// The few dates between which visits are moved, so that they also come back.
fn date(place: usize) -> Timestamp {
    let first: Timestamp = "2026-11-10T14:40:00Z".parse().unwrap();
    let hours = [0, 20, 24 * 5, 24 * 5 + 1, 24 * 23, 24 * 40];
    first + SignedDuration::from_hours(hours[place])
}

struct World<'a> {
    definition: &'a Definition,
    enrolment: Enrolment,
    facts: Facts,
    now: Timestamp,
    /// Steps with the date of the visit for which they sent or asked.
    sent: HashSet<(StepId, Timestamp)>,
    ended: bool,
}

impl World<'_> {
    /// Tells one event, checks everything that must always hold, and tells it again.
    fn tell(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let (after, effects) = step(
            self.definition,
            &self.enrolment,
            event,
            &self.facts,
            self.now,
        )
        .unwrap();
        let stored = v1::read(&v1::write(&self.enrolment)).unwrap();
        let again = step(self.definition, &stored, event, &self.facts, self.now).unwrap();
        prop_assert_eq!(
            &again,
            &(after.clone(), effects.clone()),
            "not deterministic"
        );
        self.check(&after, &effects)?;
        self.enrolment = after;
        // Whatever is told a second time at once has no second effect.
        let (twice, more) = step(
            self.definition,
            &self.enrolment,
            event,
            &self.facts,
            self.now,
        )
        .unwrap();
        let acts = |effects: &[Effect]| {
            effects
                .iter()
                .any(|e| matches!(e, Effect::Send { .. } | Effect::Task { .. }))
        };
        // A fact may come true twice in the world: an answer, then another one.
        if !matches!(event, Event::Happened { .. }) {
            prop_assert!(!acts(&more), "{event:?} acted twice: {more:?}");
        }
        self.check(&twice, &more)?;
        self.enrolment = twice;
        Ok(())
    }

    fn check(&mut self, after: &Enrolment, effects: &[Effect]) -> Result<(), TestCaseError> {
        for effect in effects {
            prop_assert!(!self.ended, "an effect after the end: {effect:?}");
            match effect {
                Effect::Wake { step, at } => {
                    prop_assert!(*at >= self.now, "planned in the past: {effect:?}");
                    prop_assert!(self.definition.find(step).is_some());
                }
                Effect::Send {
                    step, expires_at, ..
                } => {
                    prop_assert!(*expires_at > self.now, "stale: {effect:?}");
                    self.remember(step)?;
                }
                Effect::Task { step, due_at, .. } => {
                    prop_assert!(*due_at >= self.now);
                    self.remember(step)?;
                }
                Effect::LeftOut { step, .. } => {
                    prop_assert!(self.definition.find(step).is_some());
                }
                Effect::End { .. } => self.ended = true,
                Effect::Withdraw { .. } | Effect::Unwake => {}
            }
        }
        let ended = matches!(after.state(), State::Ended { .. });
        prop_assert_eq!(ended, self.ended, "an end without its effect");
        if ended {
            prop_assert_eq!(after.wake(), None);
        }
        Ok(())
    }

    /// Keeps what a step did for which date; never twice for the same one.
    fn remember(&mut self, id: &StepId) -> Result<(), TestCaseError> {
        let Some((_, step)) = self.definition.find(id) else {
            return Err(TestCaseError::fail(format!("there is no step {id}")));
        };
        if step.due.moment.fact().is_some()
            && let Some(variable::Value::Instant(date)) = self.facts.get(variable::VISIT_START)
        {
            let first = self.sent.insert((id.clone(), date));
            prop_assert!(first, "{id} acted twice for {date}");
        }
        Ok(())
    }

    fn live(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let steps = self.definition.steps();
        let id = |place: &usize| steps[place % steps.len()].id.clone();
        let minutes = SignedDuration::from_mins;
        match happening {
            Happening::Pass { minutes: passed } => {
                self.now += minutes(*passed);
                Ok(())
            }
            Happening::WakeUp { late_minutes } => {
                let Some((step, at)) = self.enrolment.wake() else {
                    return Ok(());
                };
                let step = step.clone();
                self.now = self.now.max(at) + minutes(*late_minutes);
                self.tell(&Event::Due { step })
            }
            Happening::StaleWakeUp { step } => self.tell(&Event::Due { step: id(step) }),
            Happening::Fact {
                code,
                visit: number,
            } => self.tell(&Event::Happened {
                fact: Fact::CODES[*code],
                about: visit(*number),
            }),
            Happening::MoveVisit { to } => {
                self.facts.set(variable::VISIT_START, Some(date(*to)));
                Ok(())
            }
            Happening::LoseVisit => {
                self.facts.set(variable::VISIT_START, None);
                Ok(())
            }
            Happening::Confirm(yes) => {
                self.facts.set(variable::VISIT_CONFIRMED, Some(*yes));
                Ok(())
            }
            Happening::Missed(yes) => {
                self.facts.set(variable::PATIENT_MISSED_BEFORE, Some(*yes));
                Ok(())
            }
            Happening::Book(visits) => {
                self.facts.set(variable::PATIENT_UPCOMING, Some(*visits));
                Ok(())
            }
            Happening::Skip { step } => self.tell(&Event::Skip { step: id(step) }),
            Happening::Postpone { step, minutes: by } => {
                let to = self.now + minutes(*by);
                self.tell(&Event::Move { step: id(step), to })
            }
            Happening::DoNow { step } => self.tell(&Event::DoNow { step: id(step) }),
            Happening::Entered => self.tell(&Event::Entered),
            Happening::AnchorsChanged => self.tell(&Event::AnchorsChanged),
        }
    }
}

fn facts(kind: bool, date_place: usize) -> Facts {
    Facts::new(TimeZone::get("America/Chicago").unwrap())
        .with(
            variable::VISIT_KIND,
            if kind { "evaluation" } else { "recurring" },
        )
        .with(variable::VISIT_STATE, "noshow")
        .with(variable::VISIT_CONFIRMED, false)
        .with(variable::VISIT_START, date(date_place))
        .with(variable::PATIENT_MISSED_BEFORE, true)
        .with(variable::PATIENT_UPCOMING, 0)
        .with(variable::PLAN_UNBOOKED, 3)
        .with(variable::EPISODE_STATE, "active")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_history_breaks_an_enrolment(
        journey in 0_usize..5,
        kind in any::<bool>(),
        place in 0_usize..6,
        history in prop::collection::vec(happening(), 1..60),
    ) {
        let definitions = definitions();
        let definition = &definitions[journey];
        let now: Timestamp = "2026-10-25T17:00:00Z".parse().unwrap();
        let mut world = World {
            definition,
            enrolment: Enrolment::begin(definition, visit(1), now),
            facts: facts(kind, place),
            now,
            sent: HashSet::new(),
            ended: false,
        };
        world.tell(&Event::Entered)?;
        for happening in &history {
            world.live(happening)?;
        }
    }

    #[test]
    fn a_forecast_is_in_order_and_changes_nothing(
        journey in 0_usize..5,
        kind in any::<bool>(),
        place in 0_usize..6,
        days in 0_i64..60,
    ) {
        let definitions = definitions();
        let definition = &definitions[journey];
        let now: Timestamp = "2026-10-25T17:00:00Z".parse().unwrap();
        let facts = facts(kind, place);
        let enrolment = Enrolment::begin(definition, visit(1), now);
        let until = now + SignedDuration::from_hours(24 * days);
        let planned = forecast(definition, &enrolment, &facts, now, until).unwrap();
        let times: Vec<_> = planned.iter().map(|planned| planned.at).collect();
        prop_assert!(times.is_sorted());
        prop_assert!(times.iter().all(|at| *at >= now && *at <= until));
    }
}
