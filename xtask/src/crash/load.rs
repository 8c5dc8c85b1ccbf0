//! The load that a server is under: shared by all who make it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tendon_care::Clock as _;

use super::client::Client;
use super::ledger::{Contradiction, Ledger};
use super::people::Person;
use super::stage::{Carriers, Stage};

/// How far ahead a message may be due and still be waited for: beyond the longest
/// pause between two tries, and well before the next morning.
const HORIZON: SignedDuration = SignedDuration::from_mins(20);

/// What the server says of the work that is due.
const BACKLOG: [&str; 2] = [
    "tendon_backlog{work=\"timers\"}",
    "tendon_backlog{work=\"messages\"}",
];

/// How often it is looked whether all is quiet, and how often it must be.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const QUIET_LOOKS: u32 = 4;

/// Everything that the load works with.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) stage: Arc<Stage>,
    pub(super) carriers: Carriers,
    pub(super) client: Client,
    pub(super) ledger: Ledger,
    /// Where visits are booked.
    pub(super) location: String,
    /// The first person that nobody has registered yet.
    pub(super) next_person: AtomicUsize,
    /// No new case begins.
    pub(super) ending: AtomicBool,
    /// Nobody reacts to anything any more.
    pub(super) over: AtomicBool,
    /// How many messages of the text carrier were reacted to.
    pub(super) seen: AtomicUsize,
    open: Arc<AtomicUsize>,
    repliers: HashSet<String>,
}

/// Something under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Load {
    /// Prepares a load for a stage with `imported` people. The server must answer.
    pub(super) async fn prepare(
        stage: Arc<Stage>,
        carriers: Carriers,
        client: Client,
        imported: usize,
    ) -> anyhow::Result<Self> {
        let places = client.thing("/api/v1/locations").await?;
        let location = places.pointer("/items/0/id").and_then(Value::as_str);
        Ok(Self {
            stage,
            carriers,
            client,
            ledger: Ledger::default(),
            location: location.context("the import made no location")?.to_owned(),
            next_person: AtomicUsize::new(imported),
            ending: AtomicBool::new(false),
            over: AtomicBool::new(false),
            seen: AtomicUsize::new(0),
            open: Arc::default(),
            repliers: (0..imported)
                .filter_map(|number| Person::new(number).phone)
                .collect(),
        })
    }

    /// Tells whether the owner of a number replies to reminders.
    pub(super) fn replies(&self, number: &str) -> bool {
        self.repliers.contains(number)
    }

    /// Counts something as under way.
    pub(super) fn begin(&self) -> Open {
        self.open.fetch_add(1, Ordering::SeqCst);
        Open(Arc::clone(&self.open))
    }

    /// Does something beside the rest, and counts it as under way. What panics did not
    /// happen, which nobody else would tell.
    pub(super) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let (load, open) = (Arc::clone(self), self.begin());
        tokio::spawn(async move {
            if let Err(error) = tokio::spawn(work).await {
                load.ledger.open().contradictions.push(Contradiction {
                    repeated: false,
                    what: format!("a part of the load failed: {error}"),
                });
            }
            drop(open);
        });
    }

    /// Waits until nothing is under way and nothing is due. Returns the moment up
    /// to which everything has happened.
    pub(super) async fn settle(&self) -> anyhow::Result<Timestamp> {
        let mut quiet = 0;
        for _ in 0..480 {
            let now = self.carriers.clock.now();
            let why = self.unsettled(now).await?;
            quiet = if why.is_none() { quiet + 1 } else { 0 };
            if quiet == QUIET_LOOKS {
                return Ok(now.saturating_sub(SignedDuration::from_mins(3))?);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let why = self.unsettled(self.carriers.clock.now()).await?;
        ensure!(
            why.is_none(),
            "two minutes after the last kill: {}",
            why.unwrap_or_default()
        );
        Ok(self.carriers.clock.now())
    }

    /// Says what is still to be waited for.
    async fn unsettled(&self, now: Timestamp) -> anyhow::Result<Option<String>> {
        let open = self.open.load(Ordering::SeqCst);
        let taken = self
            .carriers
            .texts
            .accepted_after(self.seen.load(Ordering::SeqCst));
        if open > 0 || !taken.is_empty() {
            return Ok(Some(format!("{open} requests of ours are under way")));
        }
        let metrics = self.client.get("/metrics").await?;
        let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
        for gauge in BACKLOG {
            let due = gauge_of(&metrics, gauge).with_context(|| format!("no gauge {gauge}"))?;
            if due > 0.0 {
                return Ok(Some(format!("{gauge} is {due}")));
            }
        }
        for state in ["sending", "unknown"] {
            let path = format!("/api/v1/messages?state={state}");
            let there = self.client.list(&path).await?.len();
            if there > 0 {
                return Ok(Some(format!("{there} messages are {state}")));
            }
        }
        let soon = self.queued_until(now.saturating_add(HORIZON)?).await?;
        Ok((soon > 0).then(|| format!("{soon} messages are queued and due soon")))
    }

    /// Counts queued messages that are due before a moment.
    async fn queued_until(&self, moment: Timestamp) -> anyhow::Result<usize> {
        let mut soon = 0;
        for message in self.client.list("/api/v1/messages?state=queued").await? {
            let id = message
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let detail = self.client.thing(&format!("/api/v1/messages/{id}")).await?;
            let due = detail.pointer("/outgoing/due_at").and_then(Value::as_str);
            let due: Option<Timestamp> = due.and_then(|due| due.parse().ok());
            soon += usize::from(due.is_some_and(|due| due < moment));
        }
        Ok(soon)
    }
}

/// Reads a gauge in Prometheus' text format.
fn gauge_of(metrics: &str, name: &str) -> Option<f64> {
    let value = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    metrics.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_read_by_their_whole_name() {
        let text = "# TYPE tendon_backlog gauge\n\
                    tendon_backlog{work=\"timers\"} 3\ntendon_backlog{work=\"messages\"} 4\n";
        assert_eq!(
            BACKLOG.map(|name| gauge_of(text, name)),
            [Some(3.0), Some(4.0)]
        );
        assert_eq!(gauge_of(text, "tendon_backlog"), None);
    }
}
