//! The rehearsal's clock, which the server and the carriers share.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tendon_care::Clock;

/// Seconds of the clinic in each real one: a lease of 90 seconds runs out after
/// one and a half, so that kills fall before and after it.
pub(super) const SPEED: i32 = 60;

/// A clock that started at another time and runs faster.
#[derive(Debug)]
pub(super) struct FastClock {
    began: Timestamp,
    start: Timestamp,
}

impl FastClock {
    /// Starts at an instant now.
    pub(super) fn new(start: Timestamp) -> Self {
        Self {
            began: present(),
            start,
        }
    }

    /// Returns the arguments by which a server gets the same clock.
    pub(super) fn arguments(&self) -> Vec<String> {
        vec![
            format!("--clock-start={}", self.start),
            format!("--clock-began={}", self.began),
            format!("--clock-speed={SPEED}"),
        ]
    }

    /// Returns how much real time has passed.
    pub(super) fn elapsed(&self) -> Duration {
        let passed = present().duration_since(self.began);
        Duration::try_from(passed).unwrap_or_default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a rehearsal in real time needs real time, and is outside the product"
)]
fn present() -> Timestamp {
    Timestamp::now()
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.elapsed() * SPEED.unsigned_abs());
        self.start
            .saturating_add(passed.unwrap_or_default())
            .unwrap_or(self.start)
    }
}
