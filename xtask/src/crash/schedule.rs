//! When the server is killed: from just after its start to some seconds later.

use std::time::Duration;

use super::dice::Dice;

/// One life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// From the start of the process to its end.
    pub(super) lasts: Duration,
    /// From its end to the next start.
    pub(super) pause: Duration,
}

/// Draws the lives. Of five, one ends while the server opens its database and
/// listens, two while it takes up what the last one left behind, and two amid the
/// regular work; the order is drawn as well.
pub(super) fn draw(seed: u64, kills: u32) -> Vec<Life> {
    let dice = Dice::new(seed, "kills");
    let mut lives: Vec<Life> = (0..kills)
        .map(|number| {
            let lasts = match number % 5 {
                0 => dice.between(5, 300),
                1 | 2 => dice.between(300, 1_300),
                _ => dice.between(1_300, 5_000),
            };
            let pause = dice.between(0, 150);
            Life { lasts, pause }
        })
        .collect();
    for last in (1..lives.len()).rev() {
        let other = usize::try_from(dice.below(last as u64 + 1)).unwrap_or(0);
        lives.swap(last, other);
    }
    lives
}

/// Returns how long all of them take together.
pub(super) fn length(lives: &[Life]) -> Duration {
    lives.iter().map(|life| life.lasts + life.pause).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_reproduces_the_schedule() {
        assert_eq!(draw(7, 20), draw(7, 20));
        assert_ne!(draw(7, 20), draw(8, 20));
    }

    #[test]
    fn kills_fall_into_every_phase() {
        for seed in 0..20 {
            let lives = draw(seed, 20);
            let ending = |from: u64, to: u64| {
                let (from, to) = (Duration::from_millis(from), Duration::from_millis(to));
                lives
                    .iter()
                    .filter(|life| life.lasts > from && life.lasts <= to)
                    .count()
            };
            assert!(ending(0, 300) >= 4, "{seed}");
            assert!(ending(299, 1_300) >= 8, "{seed}");
            assert_eq!(ending(0, 300) + ending(300, 5_000), 20, "{seed}");
            assert!(length(&lives) < Duration::from_secs(70), "{seed}");
        }
    }
}
