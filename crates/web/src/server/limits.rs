//! How often the same client may try to get in. A lock on an account is the
//! desk's; these limits keep a machine from trying many accounts or links.

use std::num::NonZeroU32;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use sha2::{Digest as _, Sha256};
use tendon_desk::Desk;

use super::refusal::Refusal;

/// Keys beyond which those that have rested are forgotten.
const MOST_KEYS: usize = 20_000;

/// Something that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Try {
    /// A password or a code, from one client.
    SignIn,
    /// A password, for one account.
    Account,
    /// Anything behind a patient's link, from one client.
    Portal,
    /// A birthday or a fresh link, for one link.
    Link,
}

impl Try {
    const ALL: [Self; 4] = [Self::SignIn, Self::Account, Self::Portal, Self::Link];

    /// Returns how many tries a minute hold, all of which may come at once. A
    /// clinic is one client: its whole staff signs in at eight.
    const fn per_minute(self) -> u32 {
        match self {
            Self::SignIn => 30,
            Self::Account | Self::Link => 10,
            Self::Portal => 120,
        }
    }
}

/// The desk's own clock, so that a rehearsal limits in its own time.
#[derive(Clone, Debug)]
struct DeskClock(Desk);

impl Clock for DeskClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = u64::try_from(self.0.now().as_millisecond()).unwrap_or(0);
        Nanos::from(millis.saturating_mul(1_000_000))
    }
}

/// A key is a hash: neither addresses nor e-mails are kept in memory.
type Key = [u8; 16];
type Limiter = RateLimiter<Key, DefaultKeyedStateStore<Key>, DeskClock, NoOpMiddleware<Nanos>>;

/// The limits of this node.
#[derive(Debug)]
pub(crate) struct Limits {
    limiters: [Limiter; 4],
    clock: DeskClock,
}

impl Limits {
    /// Begins to count.
    pub(crate) fn new(desk: &Desk) -> Self {
        let clock = DeskClock(desk.clone());
        let limiters = Try::ALL.map(|what| {
            let quota =
                Quota::per_minute(NonZeroU32::new(what.per_minute()).unwrap_or(NonZeroU32::MIN));
            RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock.clone())
        });
        Self { limiters, clock }
    }

    /// Counts a try.
    ///
    /// *Errors*: too many, with the seconds to wait.
    pub(crate) fn count(&self, what: Try, whose: &str) -> Result<(), Refusal> {
        let Some(limiter) = self.limiters.get(what as usize) else {
            return Ok(());
        };
        if limiter.len() > MOST_KEYS {
            limiter.retain_recent();
        }
        limiter.check_key(&key(whose)).map_err(|not_yet| {
            let wait = not_yet.earliest_possible().duration_since(self.clock.now());
            let seconds = std::time::Duration::from(wait).as_secs().saturating_add(1);
            Refusal::Busy {
                seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            }
        })
    }
}

fn key(whose: &str) -> Key {
    Sha256::digest(whose.as_bytes())
        .first_chunk()
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_try_has_its_own_place() {
        for (place, what) in Try::ALL.into_iter().enumerate() {
            assert_eq!(what as usize, place);
        }
    }
}
