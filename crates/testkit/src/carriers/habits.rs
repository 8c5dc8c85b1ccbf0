//! How a carrier behaves by itself: slow at times, and at times without an answer.

use std::time::Duration;

use tendon_care::Randomness as _;

use crate::clock::SeededRandomness;

/// What a sink does where nothing is scripted. By default it takes everything at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// The longest that it waits before it takes a message.
    pub before: Duration,
    /// The longest that it waits before it answers.
    pub after: Duration,
    /// Of a thousand messages, so many are turned away for now.
    pub busy: u16,
    /// Of a thousand messages, so many are taken and never answered.
    pub silent: u16,
}

/// Habits with the luck that picks from them.
#[derive(Debug)]
pub(super) struct Temper {
    habits: Habits,
    luck: SeededRandomness,
}

/// What becomes of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mood {
    pub(super) before: Duration,
    pub(super) after: Duration,
    pub(super) then: Manner,
}

/// Whether a message is taken, and whether the sender learns of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    /// Taken and answered.
    #[default]
    Kind,
    /// Turned away for now.
    Busy,
    /// Taken, and the connection closes.
    Silent,
}

impl Default for Temper {
    fn default() -> Self {
        Self::new(Habits::default(), 0)
    }
}

impl Temper {
    pub(super) fn new(habits: Habits, seed: u64) -> Self {
        Self {
            habits,
            luck: SeededRandomness::new(seed),
        }
    }

    pub(super) fn mood(&self) -> Mood {
        let Habits {
            before,
            after,
            busy,
            silent,
        } = self.habits;
        let then = match self.up_to(999) {
            n if n < u64::from(busy) => Manner::Busy,
            n if n < u64::from(busy) + u64::from(silent) => Manner::Silent,
            _ => Manner::Kind,
        };
        Mood {
            before: self.part_of(before),
            after: self.part_of(after),
            then,
        }
    }

    fn part_of(&self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.up_to(micros))
    }

    fn up_to(&self, most: u64) -> u64 {
        let mut bytes = [0; 8];
        self.luck.fill(&mut bytes);
        let drawn = u64::from_le_bytes(bytes);
        most.checked_add(1).map_or(drawn, |ways| drawn % ways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_habits_everything_is_taken_at_once() {
        let temper = Temper::default();
        assert!((0..100).all(|_| temper.mood() == Mood::default()));
    }

    #[test]
    fn habits_show_as_often_as_they_say_and_the_same_for_a_seed() {
        let habits = Habits {
            before: Duration::from_millis(30),
            after: Duration::from_millis(5),
            busy: 100,
            silent: 200,
        };
        let moods = |seed| {
            let temper = Temper::new(habits, seed);
            (0..2_000).map(|_| temper.mood()).collect::<Vec<_>>()
        };
        let seen = moods(7);
        assert_eq!(seen, moods(7));
        assert_ne!(seen, moods(8));
        let count = |then| seen.iter().filter(|mood| mood.then == then).count();
        // Four standard deviations around 200 and 400.
        assert!((146..=254).contains(&count(Manner::Busy)));
        assert!((328..=472).contains(&count(Manner::Silent)));
        assert!(seen.iter().all(|mood| mood.before <= habits.before));
        assert!(seen.iter().all(|mood| mood.after <= habits.after));
        assert!(seen.iter().any(|mood| mood.before > habits.before / 2));
    }
}
