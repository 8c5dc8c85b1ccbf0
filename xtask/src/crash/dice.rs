//! What a seed decides.

use std::time::Duration;

use tendon_care::Randomness as _;
use tendon_testkit::clock::SeededRandomness;

/// Throws that are the same for the same seed, in the same order of asking.
#[derive(Debug)]
pub(super) struct Dice(SeededRandomness);

impl Dice {
    /// Begins a sequence. Each part of a rehearsal has one of its own, so that the
    /// speed of one does not change what another does.
    pub(super) fn new(seed: u64, part: &str) -> Self {
        let salt = part
            .bytes()
            .fold(seed, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
        Self(SeededRandomness::new(salt))
    }

    /// Draws a number from 0 up to and without `ways`.
    pub(super) fn below(&self, ways: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % ways.max(1)
    }

    /// Says yes so many times in a hundred.
    pub(super) fn percent(&self, times: u64) -> bool {
        self.below(100) < times
    }

    /// Draws a time from one up to another, to the millisecond.
    pub(super) fn between(&self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.below(most_ms.saturating_sub(least_ms) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_part_decide_every_throw() {
        let throws = |seed, part| {
            let dice = Dice::new(seed, part);
            [dice.below(1_000), dice.below(1_000), dice.below(1_000)]
        };
        assert_eq!(throws(7, "kills"), throws(7, "kills"));
        assert_ne!(throws(7, "kills"), throws(8, "kills"));
        assert_ne!(throws(7, "kills"), throws(7, "texts"));
    }

    #[test]
    fn throws_stay_within_their_bounds() {
        let dice = Dice::new(1, "bounds");
        let (short, long) = (Duration::from_millis(5), Duration::from_millis(9));
        for _ in 0..200 {
            assert!((short..=long).contains(&dice.between(5, 9)));
            assert!(dice.below(3) < 3);
        }
        assert_eq!(dice.below(0), 0);
        assert!(!dice.percent(0));
        assert!(dice.percent(100));
    }
}
