//! A token bucket as a value: how fast a carrier may be fed.
//!
//! Kept as one theoretical time instead of a count of tokens (the generic cell
//! rate algorithm, ITU-T I.371 annex A), so there is nothing to refill, no
//! rounding drifts, and the exact wait is known. Time is passed in.

use jiff::{SignedDuration, Timestamp};

/// How fast a carrier may be fed, and how far that allowance is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The time that one token stands for.
    per_token: SignedDuration,
    /// How far ahead of the present the account may run: burst − 1 tokens.
    credit: SignedDuration,
    /// When the account is level again; `None` while it never was used.
    level_at: Option<Timestamp>,
}

/// A rate that allows nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate needs at least one message per second, minute or hour and a burst of at least one")]
pub struct InvalidRate;

impl Bucket {
    /// Makes a full bucket: `count` tokens every `interval`, at most `burst` at once.
    ///
    /// Refuses a zero, and a rate beyond one token per nanosecond.
    pub fn new(count: u32, interval: SignedDuration, burst: u32) -> Result<Self, InvalidRate> {
        let divisor = i32::try_from(count).map_err(|_| InvalidRate)?;
        let per_token = interval.checked_div(divisor).ok_or(InvalidRate)?;
        let spare = i32::try_from(burst)
            .ok()
            .and_then(|burst| burst.checked_sub(1))
            .ok_or(InvalidRate)?;
        if per_token <= SignedDuration::ZERO || spare < 0 {
            return Err(InvalidRate);
        }
        let credit = per_token.checked_mul(spare).ok_or(InvalidRate)?;
        Ok(Self {
            per_token,
            credit,
            level_at: None,
        })
    }

    /// Takes one token, or tells how long until there is one.
    ///
    /// A refused call takes nothing. A clock that steps back only ever makes
    /// the wait longer, never the rate higher.
    pub fn take(&mut self, now: Timestamp) -> Result<(), SignedDuration> {
        let level_at = self.level_at.map_or(now, |level| level.max(now));
        let ahead = level_at.duration_since(now);
        if ahead > self.credit {
            return Err(ahead - self.credit);
        }
        self.level_at = Some(
            level_at
                .saturating_add(self.per_token)
                .unwrap_or(Timestamp::MAX),
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut bucket = Bucket::new(10, SECOND, 3).unwrap();
        for _ in 0..3 {
            assert_eq!(bucket.take(at(0)), Ok(()));
        }
        assert_eq!(bucket.take(at(0)), Err(SignedDuration::from_millis(100)));
        assert_eq!(bucket.take(at(99)), Err(SignedDuration::from_millis(1)));
        assert_eq!(bucket.take(at(100)), Ok(()));
        assert!(bucket.take(at(100)).is_err());
    }

    #[test]
    fn the_wait_is_exact_and_a_refusal_takes_nothing() {
        let mut bucket = Bucket::new(6, SignedDuration::from_mins(1), 1).unwrap();
        assert_eq!(bucket.take(at(0)), Ok(()));
        for _ in 0..5 {
            assert_eq!(bucket.take(at(4_000)), Err(SignedDuration::from_secs(6)));
        }
        assert_eq!(bucket.take(at(10_000)), Ok(()));
    }

    #[test]
    fn idle_time_saves_up_no_more_than_the_burst() {
        let mut bucket = Bucket::new(1, SECOND, 2).unwrap();
        assert_eq!(bucket.take(at(0)), Ok(()));
        let later = at(3_600_000);
        let passed = (0..10).filter(|_| bucket.take(later).is_ok()).count();
        assert_eq!(passed, 2);
    }

    #[test]
    fn a_clock_that_steps_back_never_raises_the_rate() {
        let mut bucket = Bucket::new(1, SECOND, 1).unwrap();
        assert_eq!(bucket.take(at(10_000)), Ok(()));
        assert_eq!(bucket.take(at(5_000)), Err(SignedDuration::from_secs(6)));
        assert_eq!(bucket.take(at(11_000)), Ok(()));
    }

    #[test]
    fn never_more_than_burst_plus_rate_in_any_stretch() {
        let mut bucket = Bucket::new(7, SECOND, 4).unwrap();
        let passed = (0..=10_000)
            .filter(|&millis| bucket.take(at(millis)).is_ok())
            .count();
        assert_eq!(passed, 4 + 70);
    }

    #[test]
    fn rates_that_allow_nothing_are_refused() {
        for (count, interval, burst) in [
            (0, SECOND, 1),
            (1, SECOND, 0),
            (1, SignedDuration::ZERO, 1),
            (u32::MAX, SECOND, 1),
        ] {
            assert_eq!(Bucket::new(count, interval, burst), Err(InvalidRate));
        }
    }
}
