//! The default carrier: nothing leaves the machine.
//!
//! It keeps the last messages in memory, for the sandbox page and for tests,
//! and hands each one to a callback, for a simulated patient who answers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::carrier::{Answer, Carrier, Found, Outcome, Outgoing, Receipt, Window};

/// What is called with every message that the sandbox takes.
pub type Listener = Box<dyn Fn(&Outgoing) + Send + Sync>;

/// Keeps messages instead of sending them.
pub struct Sandbox {
    capacity: usize,
    listener: Option<Listener>,
    kept: Mutex<VecDeque<Outgoing>>,
}

impl Sandbox {
    /// Makes a sandbox that keeps the last `capacity` messages.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            listener: None,
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// Calls the listener with every message taken, after it is kept.
    ///
    /// The listener runs on the sender's task and must not block.
    #[must_use]
    pub fn with_listener(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Returns the messages still kept, oldest first.
    pub fn kept(&self) -> Vec<Outgoing> {
        self.lock().iter().cloned().collect()
    }

    /// Takes the message, unless it is here already.
    fn take(&self, outgoing: &Outgoing) -> Outcome {
        let fresh = {
            let mut kept = self.lock();
            let fresh = !kept.iter().any(|held| held.message == outgoing.message);
            if fresh && self.capacity > 0 {
                if kept.len() >= self.capacity {
                    kept.pop_front();
                }
                kept.push_back(outgoing.clone());
            }
            fresh
        };
        if fresh && let Some(listener) = &self.listener {
            listener(outgoing);
        }
        Outcome::Accepted {
            carrier_ref: carrier_ref(outgoing),
        }
    }

    fn find(&self, outgoing: &Outgoing) -> Found {
        let held = self
            .lock()
            .iter()
            .any(|held| held.message == outgoing.message);
        if held {
            Found::Sent {
                carrier_ref: carrier_ref(outgoing),
                receipt: Receipt::Delivered,
            }
        } else {
            Found::NotSent
        }
    }

    /// A poisoned lock only means that a listener panicked; the ring is whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Outgoing>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Derives the reference from the message, so that two runs give the same one.
fn carrier_ref(outgoing: &Outgoing) -> String {
    format!("sandbox:{}", outgoing.message)
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("capacity", &self.capacity)
            .field("kept", &self.lock().len())
            .finish_non_exhaustive()
    }
}

impl Carrier for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(async move { self.take(outgoing) })
    }

    /// Answers from the ring. What is not there may be "sent" again: after a
    /// restart the ring is empty, and nothing ever left the machine anyway.
    fn reconcile<'a>(&'a self, outgoing: &'a Outgoing, _window: Window) -> Answer<'a, Found> {
        Box::pin(async move { self.find(outgoing) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jiff::Timestamp;
    use tendon_care::id::{Id, MessageId};

    use super::*;
    use crate::carrier::tests::text_to;

    fn numbered(n: u8) -> Outgoing {
        Outgoing {
            message: MessageId::from_parts(Timestamp::UNIX_EPOCH, [n; 10]),
            ..text_to("+13125550142", "hello")
        }
    }

    const WINDOW: Window = Window {
        since: Timestamp::UNIX_EPOCH,
        now: Timestamp::UNIX_EPOCH,
        but_not: Vec::new(),
    };

    #[tokio::test]
    async fn keeps_the_last_messages_and_names_them_by_their_id() {
        let sandbox = Sandbox::new(2);
        for n in 1..=3 {
            let outgoing = numbered(n);
            let expected = Outcome::Accepted {
                carrier_ref: format!("sandbox:{}", outgoing.message),
            };
            assert_eq!(sandbox.send(&outgoing).await, expected);
        }
        assert_eq!(sandbox.kept(), [numbered(2), numbered(3)]);
    }

    #[tokio::test]
    async fn the_same_message_is_taken_once() {
        let heard = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&heard);
        let sandbox = Sandbox::new(8).with_listener(Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        let first = sandbox.send(&numbered(1)).await;
        assert_eq!(sandbox.send(&numbered(1)).await, first);
        assert_eq!(sandbox.kept().len(), 1);
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn reconciles_from_the_ring() {
        let sandbox = Sandbox::new(8);
        assert_eq!(
            sandbox.reconcile(&numbered(1), WINDOW).await,
            Found::NotSent
        );
        sandbox.send(&numbered(1)).await;
        assert!(matches!(
            sandbox.reconcile(&numbered(1), WINDOW).await,
            Found::Sent { .. }
        ));
    }
}
