//! The edge of the process: the one clock and the one source of randomness.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tendon_care::{Clock, Randomness};

/// The operating system's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one clock of the process"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Everything is stored to the millisecond; a finer present would not
        // compare equal to itself after a round trip.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// A clock that started at another time and runs at another speed, for rehearsals.
#[derive(Debug)]
pub(crate) struct RehearsalClock {
    began: Timestamp,
    start: Timestamp,
    speed: f64,
    last: AtomicI64,
}

impl RehearsalClock {
    /// Starts at `start` now, `speed` seconds passing in each real one.
    pub(crate) fn new(start: Timestamp, speed: f64) -> Self {
        Self::since(SystemClock.now(), start, speed)
    }

    /// Started at `start` when it was really `began`.
    pub(crate) fn since(began: Timestamp, start: Timestamp, speed: f64) -> Self {
        let last = AtomicI64::new(start.as_millisecond());
        Self {
            began,
            start,
            speed,
            last,
        }
    }
}

impl Clock for RehearsalClock {
    fn now(&self) -> Timestamp {
        let real = SystemClock.now().duration_since(self.began).as_secs_f64();
        let passed = SignedDuration::try_from_secs_f64(real * self.speed).unwrap_or_default();
        let now = self
            .start
            .saturating_add(passed)
            .unwrap_or(self.start)
            .as_millisecond();
        let seen = self.last.fetch_max(now, Ordering::SeqCst).max(now);
        Timestamp::from_millisecond(seen).unwrap_or(self.start)
    }
}

/// The operating system's randomness.
#[derive(Debug)]
pub(crate) struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one source of randomness"
    )]
    #[expect(
        clippy::panic,
        reason = "without randomness no key, token or id may be made"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gave no randomness: {error}");
        }
    }
}
