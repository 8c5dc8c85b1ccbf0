//! The table of [`step`], walked cell by cell.

use jiff::tz::TimeZone;
use tendon_care::id::{AppointmentId, Id, PatientId};

use super::*;
use crate::enrolment::v1;
use crate::variable::VISIT_START;

const JOURNEY: &str = r#"
version = 1
title = "Table"
description = "Has every state."
subject = "appointment"
purpose = "P1"
priority = 50
[enter]
on = ["visit.booked"]
[[exit]]
on = ["visit.cancelled"]
as = "cancelled"
[[step]]
id = "first"
due = "3d before visit.start"
send = { template = "a", expires = "until 1d before visit.start" }
[[step]]
id = "answer"
wait = { for = ["message.received"], within = "1d", then = "last", otherwise = "last" }
[[step]]
id = "last"
due = "1d before visit.start"
send = { template = "b", expires = "visit.start" }
"#;

fn ts(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

fn definition() -> Definition {
    Definition::parse("table", JOURNEY).unwrap()
}

fn facts(visit_day: i64) -> Facts {
    Facts::new(TimeZone::UTC).with(VISIT_START, ts(visit_day))
}

fn about() -> Refs {
    Refs {
        appointment: Some(AppointmentId::from_parts(ts(0), [1; 10])),
        ..Refs::patient(PatientId::from_parts(ts(0), [1; 10]))
    }
}

fn happened(fact: &'static str) -> Event {
    Event::Happened {
        fact,
        about: about(),
    }
}

fn due(step: &str) -> Event {
    Event::Due {
        step: StepId::new(step),
    }
}

fn go(from: &Enrolment, event: &Event, facts: &Facts, day: i64) -> (Enrolment, Vec<Effect>) {
    step(&definition(), from, event, facts, ts(day)).unwrap()
}

/// An enrolment in each state, with the day it is and the facts it knows. The
/// visit is on day 10: `first` is due on day 7, `last` on day 9.
fn states() -> [(&'static str, Enrolment, i64, Facts); 6] {
    let fresh = Enrolment::begin(&definition(), about(), ts(1));
    let (waiting, _) = go(&fresh, &Event::Entered, &facts(10), 1);
    let unknown = Facts::new(TimeZone::UTC);
    let (unanchored, _) = go(&fresh, &Event::Entered, &unknown, 1);
    let (awaiting, _) = go(&waiting, &due("first"), &facts(10), 7);
    let (last, _) = go(&awaiting, &happened("message.received"), &facts(10), 7);
    let (following, _) = go(&last, &due("last"), &facts(10), 9);
    let (ended, _) = go(&waiting, &Event::Stop, &facts(10), 2);
    [
        ("fresh", fresh, 1, facts(10)),
        ("waiting", waiting, 7, facts(10)),
        ("unanchored", unanchored, 2, unknown),
        ("awaiting", awaiting, 8, facts(10)),
        ("following", following, 10, facts(10)),
        ("ended", ended, 3, facts(10)),
    ]
}

fn name(state: &State) -> &'static str {
    match state {
        State::Fresh => "fresh",
        State::Waiting { .. } => "waiting",
        State::Unanchored { .. } => "unanchored",
        State::Awaiting { .. } => "awaiting",
        State::Following { .. } => "following",
        State::Ended { .. } => "ended",
    }
}

/// One row for each state, one column for each event: the state that follows,
/// or `=` where nothing at all follows.
const TABLE: &str = "
    state      entered due      cancel answer   moved   gone       skip move    now stop
    fresh      waiting =        ended  =        =       =          =    =       =   ended
    waiting    =       awaiting ended  =        waiting unanchored =!   waiting =!  ended
    unanchored =       =        ended  =        waiting =          =!   waiting =   ended
    awaiting   =       waiting  ended  waiting  waiting unanchored =!   =!      =!  ended
    following  =       ended    ended  =        waiting unanchored =    =       =   ended
    ended      =       =        =      =        =       =          =    =       =   =";

#[test]
fn every_cell_of_the_table_holds() {
    let mut rows = TABLE.lines().filter(|line| !line.trim().is_empty());
    let columns: Vec<_> = rows.next().unwrap().split_whitespace().skip(1).collect();
    for ((state, from, day, known), row) in states().into_iter().zip(rows) {
        let mut cells = row.split_whitespace();
        assert_eq!(cells.next(), Some(state));
        assert_eq!(name(from.state()), state);
        // The step that the state stands at, or else the last one.
        let here = match from.state() {
            State::Unanchored { step } => step.as_str().to_owned(),
            _ => from
                .wake()
                .map_or_else(|| "last".to_owned(), |(step, _)| step.to_string()),
        };
        // What staff decide is about a message that is ahead.
        let ahead = StepId::new(match state {
            "awaiting" => "last",
            _ => here.as_str(),
        });
        for (column, expected) in columns.iter().zip(cells) {
            let mut facts = known.clone();
            let event = match *column {
                "entered" => Event::Entered,
                "due" => due(&here),
                "cancel" => happened("visit.cancelled"),
                "answer" => happened("message.received"),
                "moved" => {
                    facts.set(VISIT_START, Some(ts(30)));
                    Event::AnchorsChanged
                }
                "gone" => {
                    facts.set(VISIT_START, None);
                    Event::AnchorsChanged
                }
                "skip" => Event::Skip {
                    step: ahead.clone(),
                },
                "move" => Event::Move {
                    step: ahead.clone(),
                    to: ts(20),
                },
                "now" => Event::DoNow {
                    step: ahead.clone(),
                },
                _ => Event::Stop,
            };
            // A wake-up is only due when its time has come.
            let day = match (*column, state) {
                ("due", _) | (_, "awaiting") => day,
                (_, "following") => 9,
                _ => day.min(6),
            };
            let (to, effects) = go(&from, &event, &facts, day);
            let cell = format!("{state} on {column}: {effects:?}");
            match expected {
                "=" => assert_eq!((&to, effects.as_slice()), (&from, &[][..]), "{cell}"),
                // The state stays, and something is noted or done.
                "=!" => assert!(name(to.state()) == state && to != from, "{cell}"),
                other => assert_eq!(name(to.state()), other, "{cell}"),
            }
            // A stored enrolment goes on like one that was never stored.
            let stored = v1::read(&v1::write(&from)).unwrap();
            assert_eq!(go(&stored, &event, &facts, day), (to, effects), "{cell}");
        }
    }
}

#[test]
fn another_version_of_the_definition_is_refused() {
    let edited = Definition::parse("table", &JOURNEY.replace("version = 1", "version = 2"));
    let enrolment = Enrolment::begin(&definition(), about(), ts(1));
    let error = step(
        &edited.unwrap(),
        &enrolment,
        &Event::Entered,
        &facts(10),
        ts(1),
    );
    assert_eq!(
        error.unwrap_err(),
        WrongDefinition {
            journey: "table".to_owned(),
            version: 1
        }
    );
}

#[test]
fn an_early_wake_up_is_set_again_and_a_stale_one_is_let_go() {
    let [_, (_, waiting, ..), ..] = states();
    let (early, effects) = go(&waiting, &due("first"), &facts(10), 3);
    assert_eq!(early, waiting);
    assert_eq!(
        effects,
        [Effect::Wake {
            step: StepId::new("first"),
            at: ts(7)
        }]
    );
    let (other, effects) = go(&waiting, &due("last"), &facts(10), 8);
    assert_eq!(other, waiting);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send { .. }))
    );
}

#[test]
fn a_date_that_comes_back_is_not_announced_twice() {
    let [_, (_, waiting, ..), ..] = states();
    // Announced for day 10, moved to day 11 and back while the date is still good.
    let (sent, _) = go(&waiting, &due("first"), &facts(10), 7);
    let (moved, _) = go(&sent, &Event::AnchorsChanged, &facts(11), 7);
    let (back, effects) = go(&moved, &Event::AnchorsChanged, &facts(10), 7);
    assert!(effects.contains(&Effect::LeftOut {
        step: StepId::new("first"),
        why: LeftOut::DoneBefore
    }));
    assert_eq!(name(back.state()), "awaiting");
}

#[test]
fn an_end_sends_its_effects_in_order() {
    let [_, (_, waiting, ..), ..] = states();
    let (_, effects) = go(&waiting, &happened("visit.cancelled"), &facts(10), 2);
    assert_eq!(
        effects,
        [
            Effect::Withdraw {
                pending: Pending::All,
                reason: WithdrawReason::Ended("cancelled".to_owned())
            },
            Effect::Unwake,
            Effect::End {
                reason: EndReason::Exited("cancelled".to_owned())
            }
        ]
    );
}
