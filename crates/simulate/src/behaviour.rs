//! What a patient does, as competing chances. The numbers and their sources
//! stand in docs/simulator.md; each is named where it is used.

use jiff::civil::Weekday;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::person::{Payer, Person, Planned};

/// The chance of a no-show with one reminder, everything else average.
const NO_SHOW_BASE: f64 = 0.08;
/// The chance that a visit is called off by the patient.
const CANCEL_BASE: f64 = 0.11;
/// What a first reminder makes of the odds, against none.
const FIRST_REMINDER_ODDS: f64 = 0.70;
/// What a second one makes of them, against one.
const SECOND_REMINDER_ODDS: f64 = 0.87;

fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

fn share(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// What the logit of missing gains from who the patient is and how the visit lies.
fn strain(person: &Person, visit: &Planned, weekday: Weekday) -> f64 {
    let traits = &person.traits;
    let lead_days = visit.starts_at.duration_since(visit.booked_at).as_hours() as f64 / 24.0;
    let past = f64::from(person.completed + person.missed).max(1.0);
    let gap_days = person.last_seen.map_or(0.0, |seen| {
        visit.starts_at.duration_since(seen).as_hours() as f64 / 24.0
    });
    let when = |fact: bool, weight: f64| if fact { weight } else { 0.0 };
    traits.own
        // Per waiting day, capped at three weeks; centred on a week.
        + 0.056 * (lead_days.min(21.0) - 7.0)
        + 1.2 * f64::from(person.missed) / past
        // The previous visit's outcome carries over (AR(1) 0.3).
        + when(person.missed_last, 0.3)
        + when(traits.payer == Payer::Medicaid, 0.9)
        + when(traits.unemployed, 0.5)
        + when(traits.under_40, 0.6)
        + when(traits.far, 0.25)
        + when(matches!(weekday, Weekday::Monday | Weekday::Friday), 0.15)
        + when(person.completed == 0, 0.3)
        + when(gap_days > 10.0, 0.3)
        + 0.1 * traits.copay_tens
        // Centre of the above in this population, so that the base rates hold.
        - 1.45
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

/// Draws whether the patient will call the visit off, and how many hours before it.
pub(crate) fn calls_off(
    dice: &mut ChaCha8Rng,
    person: &Person,
    visit: &Planned,
    weekday: Weekday,
) -> Option<f64> {
    let odds = logit(CANCEL_BASE) + 0.5 * strain(person, visit, weekday);
    if !dice.random_bool(share(odds).clamp(0.0, 1.0)) {
        return None;
    }
    let lead_hours = visit.starts_at.duration_since(visit.booked_at).as_hours() as f64;
    // Half of them late.
    let hours = if dice.random_bool(0.5) || lead_hours <= 26.0 {
        dice.random_range(1.5..24.0)
    } else {
        dice.random_range(24.0..lead_hours.min(240.0))
    };
    (hours < lead_hours).then_some(hours)
}

/// Draws whether the patient drifts away after a completed visit.
pub(crate) fn leaves(dice: &mut ChaCha8Rng, person: &Person) -> bool {
    let hazard = match person.completed {
        1 => 0.10,
        2 => 0.08,
        3 => 0.07,
        _ => 0.06,
    };
    // Who feels well enough sees no reason to go on.
    let hazard = if person.pain <= 2.0 {
        hazard * 1.5
    } else {
        hazard
    };
    dice.random_bool(hazard)
}

/// What a patient writes back to a text that asks about a visit, if anything.
pub(crate) fn answer(dice: &mut ChaCha8Rng, person: &Person) -> Option<&'static str> {
    if !dice.random_bool(person.traits.answers) {
        return None;
    }
    let spanish = person.language == tendon_care::language::Language::Spanish;
    let draw = dice.random_range(0.0..1.0);
    let words: &[&'static str] = match draw {
        share if share < 0.80 && spanish => {
            &["1", "1", "1", "Si", "sí, ahí estaré", "confirmo", "C"]
        }
        share if share < 0.80 => &[
            "1",
            "1",
            "1",
            "1",
            "C",
            "Yes",
            "ok see you then",
            "confirm",
            "👍",
        ],
        share if share < 0.87 => &["2", "2", "R", "can I come later that day?"],
        share if share < 0.93 && spanish => &["3", "no puedo ir"],
        share if share < 0.93 => &["3", "X", "can't make it sorry"],
        share if share < 0.965 => &[
            "do I need to bring anything?",
            "Where do I park?",
            "how much is my copay",
            "running 10 minutes late",
            "Is Dr. Chen in on Friday?",
            "my knee is sore after the new exercise, should I still do it?",
        ],
        share if share < 0.99 => &["Thanks!", "gracias", "thank you so much"],
        share if share < 0.996 => &["STOP", "stop texting me"],
        share if share < 0.998 => &["wrong number"],
        _ => &["I have chest pain and can't breathe well"],
    };
    words.get(dice.random_range(0..words.len().max(1))).copied()
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
