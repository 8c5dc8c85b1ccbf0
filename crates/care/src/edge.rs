//! The two things that a pure program must be handed: the time and randomness.
//!
//! `tendon` implements them on the operating system, `simulate` and `testkit`
//! with a simulated clock and a seeded generator. Nobody else may.

use jiff::Timestamp;

use crate::id::Id;

/// Tells the time: the one clock of the process.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Returns the current instant, to the millisecond.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes (seeded ones in simulations and tests).
pub trait Randomness: Send + Sync + std::fmt::Debug {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes ids from the passed clock and randomness.
#[derive(Clone, Copy, Debug)]
pub struct Mint<'a> {
    clock: &'a dyn Clock,
    randomness: &'a dyn Randomness,
}

impl<'a> Mint<'a> {
    /// Binds a clock and a source of randomness together.
    pub fn new(clock: &'a dyn Clock, randomness: &'a dyn Randomness) -> Self {
        Self { clock, randomness }
    }

    /// Returns the current instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes a new id whose order in time is the order of its bytes.
    pub fn id<I: Id>(&self) -> I {
        I::from_parts(self.clock.now(), self.bytes())
    }

    /// Returns `N` random bytes, for tokens and nonces.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes);
        bytes
    }
}
