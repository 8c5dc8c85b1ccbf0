//! Measures how many steps the engine makes each second on one core:
//! `cargo run --release -p tendon-journey --example steps`.
//!
//! Each round takes one evaluation through its whole life: booked, every
//! reminder due, moved once, confirmed, arrived. Facts are built anew for each
//! event, as they would be from the database, and every condition is asked.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement is the one thing that needs the machine's own clock"
)]

use std::hint::black_box;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tendon_care::id::{AppointmentId, Id, PatientId};
use tendon_journey::enrolment::{Refs, v1};
use tendon_journey::{Definition, Effect, Enrolment, Event, Facts, library, step, variable};

const ROUNDS: u64 = 20_000;

fn main() {
    let Some(Ok(definition)) = library::find("visit-reminder").map(|shipped| shipped.parse())
    else {
        eprintln!("the shipped journey cannot be read");
        std::process::exit(1);
    };
    let Ok(zone) = TimeZone::get("America/Chicago") else {
        eprintln!("the time zone is not known");
        std::process::exit(1);
    };
    for stored in [false, true] {
        let begun = Instant::now();
        let mut steps = 0_u64;
        let mut sends = 0_u64;
        for round in 0..ROUNDS {
            let minutes = i64::try_from(round % 10_000).unwrap_or(0);
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(29_000_000 + minutes);
            let (made, sent) = life(&definition, &zone, now, stored);
            steps += made;
            sends += sent;
        }
        let seconds = begun.elapsed().as_secs_f64();
        let how = if stored {
            "with the enrolment written and read as text before each step"
        } else {
            "in memory"
        };
        println!(
            "{steps} steps, {sends} messages in {seconds:.3} s: {:.0} steps/s on one core, {how}",
            steps as f64 / seconds
        );
    }
}

/// Takes one evaluation through its life; returns its steps and messages.
fn life(definition: &Definition, zone: &TimeZone, now: Timestamp, stored: bool) -> (u64, u64) {
    let about = Refs {
        appointment: Some(AppointmentId::from_parts(now, [1; 10])),
        ..Refs::patient(PatientId::from_parts(now, [1; 10]))
    };
    let hours = SignedDuration::from_hours;
    let mut visit = now + hours(24 * 30);
    let mut confirmed = false;
    let mut enrolment = Enrolment::begin(definition, about, now);
    let mut clock = now;
    let mut event = Event::Entered;
    let (mut steps, mut sends) = (0, 0);
    loop {
        let facts = Facts::new(zone.clone())
            .with(variable::VISIT_KIND, "evaluation")
            .with(variable::VISIT_STATE, "booked")
            .with(variable::VISIT_START, visit)
            .with(variable::VISIT_CONFIRMED, confirmed)
            .with(variable::PATIENT_MISSED_BEFORE, true);
        if stored {
            let Ok(read) = v1::read(&v1::write(&enrolment)) else {
                return (steps, sends);
            };
            enrolment = read;
        }
        let Ok((next, effects)) = step(definition, &enrolment, &event, &facts, clock) else {
            return (steps, sends);
        };
        steps += 1;
        let sent = |effect: &&Effect| matches!(effect, Effect::Send { .. });
        sends += effects.iter().filter(sent).count() as u64;
        black_box(&effects);
        enrolment = next;
        let Some((id, at)) = enrolment.wake() else {
            return (steps, sends);
        };
        event = match steps {
            3 => {
                visit += hours(24 * 3);
                Event::AnchorsChanged
            }
            5 => {
                confirmed = true;
                Event::Happened {
                    fact: "visit.confirmed",
                    about,
                }
            }
            8 => Event::Happened {
                fact: "visit.arrived",
                about,
            },
            _ => {
                clock = clock.max(at);
                Event::Due { step: id.clone() }
            }
        };
    }
}
