//! The time and the randomness that a test hands to the product.
//!
//! ```
//! use tendon_care::Clock as _;
//! use tendon_testkit::clock::{FakeClock, at};
//!
//! let clock = FakeClock::new(at("2026-11-24T08:40-06:00"));
//! clock.advance_secs(20 * 60);
//! assert_eq!(clock.now(), at("2026-11-24T09:00-06:00"));
//! ```

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tendon_care::{Clock, Randomness};

/// Reads an instant as a person would write it, with the offset of the clinic.
///
/// Seconds may be left out: `2026-11-24T08:40-06:00`.
///
/// # Panics
/// Where the text is no instant: the mistake is in the test.
#[expect(
    clippy::panic,
    reason = "a test with a wrong date in it cannot go on, and shows where it stands"
)]
#[track_caller]
pub fn at(text: &str) -> Timestamp {
    text.parse()
        .unwrap_or_else(|error| panic!("`{text}` is no instant: {error}"))
}

/// A clock that stands still until the test moves it, in either direction.
///
/// The product's simulated clock never goes back; this one does, because a
/// server's clock is sometimes set back and the product must live with that.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// Starts at an instant, cut to the millisecond.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_millisecond()))
    }

    /// Stands at an instant from now on.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.as_millisecond(), Ordering::SeqCst);
    }

    /// Goes forward, or back where the number is negative.
    pub fn advance_secs(&self, secs: i64) {
        let millis = secs.saturating_mul(1_000);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    /// Returns where the clock stands, or the end of time that it was moved past.
    fn now(&self) -> Timestamp {
        let millis = self.0.load(Ordering::SeqCst);
        let end = if millis < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Timestamp::from_millisecond(millis).unwrap_or(end)
    }
}

/// Bytes that are the same for the same seed, in the same order of asking.
#[derive(Debug)]
pub struct SeededRandomness(Mutex<ChaCha8Rng>);

impl SeededRandomness {
    /// Starts the sequence that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::Mint;
    use tendon_care::id::PatientId;

    use super::*;

    #[test]
    fn an_instant_is_read_with_and_without_seconds() {
        let plain = at("2026-11-24T14:40:00Z");
        assert_eq!(at("2026-11-24T08:40-06:00"), plain);
        assert_eq!(at("2026-11-24T08:40:00-06:00"), plain);
    }

    #[test]
    #[should_panic(expected = "`tomorrow` is no instant")]
    fn nonsense_is_named() {
        at("tomorrow");
    }

    #[test]
    fn the_clock_stands_until_it_is_moved() {
        let start = at("2028-02-29T23:59:59Z");
        let clock = FakeClock::new(start);
        assert_eq!(clock.now(), start);
        assert_eq!(clock.now(), start);
        clock.advance_secs(1);
        assert_eq!(clock.now(), at("2028-03-01T00:00Z"));
        clock.advance_secs(-1);
        assert_eq!(clock.now(), start);
        clock.set(at("2027-01-01T00:00Z"));
        assert_eq!(clock.now(), at("2027-01-01T00:00Z"));
    }

    #[test]
    fn a_clock_moved_past_the_end_of_time_stands_there() {
        let clock = FakeClock::new(Timestamp::MAX);
        clock.advance_secs(1);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.set(Timestamp::MIN);
        clock.advance_secs(-1);
        assert_eq!(clock.now(), Timestamp::MIN);
    }

    #[test]
    fn a_seed_decides_every_id() {
        let clock = FakeClock::new(at("2026-11-24T08:40-06:00"));
        let ids = |seed| {
            let randomness = SeededRandomness::new(seed);
            let mint = Mint::new(&clock, &randomness);
            [mint.id::<PatientId>(), mint.id::<PatientId>()]
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        let [first, second] = ids(7);
        assert_ne!(first, second);
    }
}
