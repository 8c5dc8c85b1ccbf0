//! A carrier in the same process, for tests that are not about its protocol.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tendon_channel::carrier::{Answer, Blind, Carrier, Found, Outcome, Outgoing, Window};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// Remembers what it was given, and takes it unless it was told otherwise.
///
/// The first message that it takes has the reference `M1`. It cannot say what
/// became of a message, as SMTP cannot.
#[derive(Debug)]
pub struct Memory {
    name: &'static str,
    open: Arc<RwLock<()>>,
    calls: AtomicU64,
    sent: Mutex<Vec<Outgoing>>,
    answers: Mutex<Vec<Outcome>>,
}

impl Memory {
    /// Makes a carrier that messages remember under a name.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            open: Arc::default(),
            calls: AtomicU64::new(0),
            sent: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Returns what was handed over, in its order.
    pub fn sent(&self) -> Vec<Outgoing> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Counts the messages whose handing over was begun.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Answers the next message so, after it was remembered.
    pub fn answer_next(&self, outcome: Outcome) {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(outcome);
    }

    /// Lets nothing through for as long as the guard lives.
    pub async fn closed(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.open).write_owned().await
    }

    fn take(&self, outgoing: &Outgoing) -> Outcome {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(outgoing.clone());
        let planned = self
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        planned.unwrap_or_else(|| Outcome::Accepted {
            carrier_ref: format!("M{}", sent.len()),
        })
    }
}

impl Carrier for Memory {
    fn name(&self) -> &'static str {
        self.name
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let _open = self.open.read().await;
            self.take(outgoing)
        })
    }

    fn reconcile<'a>(&'a self, _: &'a Outgoing, _: Window) -> Answer<'a, Found> {
        Box::pin(async {
            Found::CannotTell {
                why: Blind::NoRecord,
            }
        })
    }
}
