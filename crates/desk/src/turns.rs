//! Turns at the carriers: as many calls side by side as each of them takes.

use tendon_care::contact::Channel;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::carriers::Carriers;

/// A counter for each channel.
#[derive(Debug)]
pub(crate) struct Turns {
    counters: Vec<(Channel, Semaphore)>,
}

impl Turns {
    pub(crate) fn new(carriers: &Carriers) -> Self {
        let counter = |channel| {
            let width = carriers
                .of(channel)
                .map_or(1, |carrier| carrier.at_once().max(1));
            (channel, Semaphore::new(width))
        };
        Self {
            counters: Channel::ALL.map(counter).into(),
        }
    }

    /// Waits for a turn, which ends when the answer is dropped.
    pub(crate) async fn at(&self, channel: Channel) -> Option<SemaphorePermit<'_>> {
        let (_, counter) = self.counters.iter().find(|(of, _)| *of == channel)?;
        counter.acquire().await.ok()
    }
}
