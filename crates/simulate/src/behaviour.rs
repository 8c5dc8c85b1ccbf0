//! What a patient does, as competing chances. The numbers and their sources
//! stand in docs/simulator.md; each is named where it is used.

use jiff::Timestamp;
use jiff::civil::Weekday;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::person::{Payer, Person, Planned};

/// The chance of a no-show with one reminder, everything else average. What is
/// missing to eight in a hundred is missed by those who have left without a word.
const NO_SHOW_BASE: f64 = 0.066;
/// The chance that a visit is called off by who means to go on coming; those who
/// have left add theirs, and eleven in a hundred are called off in all.
const CANCEL_BASE: f64 = 0.088;
/// The chance that a visit is moved instead.
const MOVE_CHANCE: f64 = 0.04;
/// What a first reminder makes of the odds, against none.
const FIRST_REMINDER_ODDS: f64 = 0.70;
/// What a second one makes of them, against one.
const SECOND_REMINDER_ODDS: f64 = 0.87;
/// What makes one in ten first visits be missed: they are booked days ahead and not
/// weeks, and have two reminders.
const FIRST_VISIT: f64 = 0.6;
/// Centre of [`strain`] in this population, so that the base rates hold.
const CENTRE: f64 = 1.77;

fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

fn share(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

fn days(from: Timestamp, until: Timestamp) -> f64 {
    until.duration_since(from).as_secs_f64() / 86_400.0
}

/// What the logit of missing gains from who the patient is and how the visit lies.
fn strain(person: &Person, visit: &Planned, weekday: Weekday) -> f64 {
    let traits = &person.traits;
    let lead = days(visit.booked_at, visit.starts_at);
    let past = f64::from(person.completed + person.missed).max(1.0);
    let gap = person
        .last_seen
        .map_or(0.0, |seen| days(seen, visit.starts_at));
    let when = |fact: bool, weight: f64| if fact { weight } else { 0.0 };
    traits.own
        + traits.clinic
        // Per waiting day, capped at three weeks.
        + 0.056 * lead.min(21.0)
        + 1.2 * f64::from(person.missed) / past
        // The previous visit's outcome carries over (AR(1) 0.3).
        + when(person.missed_last > 0, 0.3)
        + when(traits.payer == Payer::Medicaid, 0.9)
        + when(traits.unemployed, 0.5)
        + when(traits.under_40, 0.6)
        + when(traits.far, 0.25)
        + when(matches!(weekday, Weekday::Monday | Weekday::Friday), 0.15)
        + when(person.completed == 0, 0.3 + FIRST_VISIT)
        + when(gap > 10.0, 0.3)
        + 0.1 * traits.copay_tens
        // Who feels it help comes: 0.2 a point of pain less.
        - 0.2 * (person.first_pain - person.pain)
        - CENTRE
}

fn reminded(person: &Person, reminders: u32) -> f64 {
    let first = -FIRST_REMINDER_ODDS.ln();
    // The base is with one reminder; none is worse, a second better.
    let effect = match reminders {
        0 => first,
        1 => 0.0,
        _ => SECOND_REMINDER_ODDS.ln(),
    };
    if person.traits.sleeper {
        first
    } else if person.traits.contrarian {
        first - effect
    } else {
        effect
    }
}

/// Draws whether the patient stays away without a word.
pub(crate) fn stays_away(
    dice: &mut ChaCha8Rng,
    person: &Person,
    visit: &Planned,
    weekday: Weekday,
) -> bool {
    let odds =
        logit(NO_SHOW_BASE) + strain(person, visit, weekday) + reminded(person, visit.reminders);
    dice.random_bool(share(odds).clamp(0.0, 1.0))
}

/// What a patient means to do about a visit, and how many hours before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Intent {
    /// To come.
    Come,
    /// To call it off.
    CallOff { hours: f64 },
    /// To ask for another time.
    Move { hours: f64 },
}

/// Draws what the patient means to do about a visit that was just booked.
pub(crate) fn intends(
    dice: &mut ChaCha8Rng,
    person: &Person,
    visit: &Planned,
    weekday: Weekday,
) -> Intent {
    let odds = logit(CANCEL_BASE) + 0.5 * strain(person, visit, weekday);
    let off = dice.random_bool(share(odds).clamp(0.0, 1.0));
    let moved = !off && dice.random_bool(MOVE_CHANCE);
    let lead_hours = 24.0 * days(visit.booked_at, visit.starts_at);
    if !(off || moved) || lead_hours < 3.0 {
        return Intent::Come;
    }
    // Half of all with less than a day's notice: those who leave mostly give more.
    let hours = if dice.random_bool(0.62) || lead_hours <= 26.0 {
        dice.random_range(1.5..lead_hours.min(24.0))
    } else {
        dice.random_range(24.0..lead_hours.min(240.0))
    };
    if off {
        Intent::CallOff { hours }
    } else {
        Intent::Move { hours }
    }
}

/// Draws whether the patient leaves for good after a completed visit.
pub(crate) fn leaves(dice: &mut ChaCha8Rng, person: &Person) -> bool {
    let hazard = match person.completed {
        1 => 0.10,
        2 => 0.08,
        3 => 0.07,
        _ => 0.06,
    };
    // Who feels well enough sees no reason to go on.
    let well = if person.pain <= 2.0 { 1.1 } else { 0.93 };
    dice.random_bool(hazard * well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logit_and_share_are_inverse() {
        for value in [0.01, 0.08, 0.5, 0.93] {
            assert!((share(logit(value)) - value).abs() < 1e-12);
        }
    }
}
