//! The background workers of a node: journeys' wake-ups, the dispatcher, and the
//! sweeps.
//!
//! A worker asks the database what is due and the desk what time it is, so a
//! simulated clock drives it as well as a real one. Real time only bounds how long
//! it sleeps: a commit of this node wakes it at once, and other nodes' commits and
//! a clock that leaps are noticed within a second.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Channel;
use tendon_care::practice::Practice;
use tendon_store::StoreError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::dispatch::Round;
use crate::error::DeskError;
use crate::staff;

/// The longest sleep.
const LONGEST: Duration = Duration::from_secs(1);

/// The shortest sleep: work that is due and held by another node is not asked
/// for in a circle.
const SHORTEST: Duration = Duration::from_millis(50);

/// Workers for the line of each channel: while one waits for a slow carrier, another
/// hands over what has come meanwhile.
const DISPATCHERS: usize = 2;

/// Ticks of a second after which the gauges are read.
const GAUGES_TICKS: u32 = 5;

/// Ticks of a second after which settings are read anew: other nodes change them too.
const REFRESH_TICKS: u32 = 15;

/// How often, by the desk's clock, visits without a check-in are looked for.
const MISSED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How often, by the desk's clock, birthdays, silent courses of care and stale
/// sessions are looked for.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The workers of a node.
#[derive(Debug)]
pub struct Workers {
    running: JoinSet<()>,
}

impl Workers {
    /// Workers for journeys' wake-ups on each node: while one waits for its commits,
    /// others read and decide.
    pub const TIMERS: usize = 4;

    /// Starts them. They end once `stop` is given: what they have begun they
    /// finish, and what they have claimed and not begun they hand back.
    pub fn start(desk: &Desk, stop: &CancellationToken) -> Self {
        let mut running = JoinSet::new();
        let timers = [Kind::Timers; Self::TIMERS].into_iter();
        let lines = Channel::ALL.map(|line| [Kind::Line(line); DISPATCHERS]);
        for kind in timers.chain(lines.into_iter().flatten()) {
            running.spawn(rounds(desk.clone(), stop.clone(), kind));
        }
        running.spawn(housekeeping(desk.clone(), stop.clone()));
        Self { running }
    }

    /// Waits until all have ended.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.running.join_next().await {
            if ended.is_err() {
                tracing::error!("a worker ended by a panic");
            }
        }
    }
}

/// Which work a worker does.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Timers,
    Line(Channel),
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Timers => "timers",
            Self::Line(channel) => channel.code(),
        }
    }

    async fn round(self, desk: &Desk, stop: &CancellationToken) -> Result<Round, DeskError> {
        match self {
            Self::Timers => desk.step_until(stop).await,
            Self::Line(channel) => desk.dispatch_until(channel, stop).await,
        }
    }

    async fn next_due(self, desk: &Desk) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Timers => desk.db().next_timer().await,
            Self::Line(channel) => desk.db().next_message(channel).await,
        }
    }
}

/// Does round after round, and sleeps when nothing was there to be done.
async fn rounds(desk: Desk, stop: CancellationToken, kind: Kind) {
    let mut changes = desk.db().changes();
    while !stop.is_cancelled() {
        let worked = match kind.round(&desk, &stop).await {
            Ok(round) => {
                count(kind, round);
                round.claimed > 0
            }
            Err(error) => {
                metrics::counter!("tendon_worker_errors_total", "worker" => kind.name())
                    .increment(1);
                tracing::warn!(worker = kind.name(), error = %error, "a round of work failed; it is tried again");
                false
            }
        };
        if worked {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            // What was missed is one reason more to look.
            _ = changes.recv() => changes = changes.resubscribe(),
            () = tokio::time::sleep(nap(&desk, kind).await) => {}
        }
    }
}

/// Returns how long nothing will be due, by the desk's clock.
async fn nap(desk: &Desk, kind: Kind) -> Duration {
    let Ok(Some(next)) = kind.next_due(desk).await else {
        return LONGEST;
    };
    let wait = next.duration_since(desk.now());
    Duration::try_from(wait)
        .unwrap_or_default()
        .clamp(SHORTEST, LONGEST)
}

fn count(kind: Kind, round: Round) {
    let add = |name: &'static str, number: usize| {
        metrics::counter!(name, "worker" => kind.name())
            .increment(u64::try_from(number).unwrap_or(u64::MAX));
    };
    add("tendon_worker_rounds_total", 1);
    add("tendon_worker_claimed_total", round.claimed);
    add("tendon_worker_failed_total", round.failed);
}

/// Something that is done again and again by the desk's clock.
struct Every {
    pause: SignedDuration,
    next: Timestamp,
}

impl Every {
    const fn new(pause: SignedDuration) -> Self {
        Self {
            pause,
            next: Timestamp::MIN,
        }
    }

    /// Tells whether it is time, and if so plans the next time.
    fn comes(&mut self, now: Timestamp) -> bool {
        if now < self.next {
            return false;
        }
        self.next = now.saturating_add(self.pause).unwrap_or(Timestamp::MAX);
        true
    }
}

/// Sweeps, refreshes and measures.
async fn housekeeping(desk: Desk, stop: CancellationToken) {
    let (mut missed, mut sweep) = (Every::new(MISSED_EVERY), Every::new(SWEEP_EVERY));
    for tick in 0_u32.. {
        let now = desk.now();
        if tick.is_multiple_of(GAUGES_TICKS) {
            logged("measuring the backlog", measure(&desk, now).await);
        }
        if tick.is_multiple_of(REFRESH_TICKS) {
            desk.refresh();
        }
        if missed.comes(now) {
            logged("looking for missed visits", infer_missed(&desk).await);
        }
        if sweep.comes(now) {
            logged("looking for birthdays", birthdays(&desk).await);
            logged("looking for silent courses of care", silence(&desk).await);
            logged("removing stale sessions", staff::sweep(&desk).await);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LONGEST) => {}
        }
    }
}

fn logged(doing: &'static str, outcome: Result<(), DeskError>) {
    if let Err(error) = outcome {
        tracing::warn!(error = %error, "{doing} failed; it is tried again");
    }
}

async fn practices(desk: &Desk) -> Result<Vec<Practice>, DeskError> {
    Ok(desk.db().practices().await?)
}

async fn infer_missed(desk: &Desk) -> Result<(), DeskError> {
    for practice in practices(desk).await? {
        desk.infer_missed(practice.id).await?;
    }
    Ok(())
}

async fn birthdays(desk: &Desk) -> Result<(), DeskError> {
    for practice in practices(desk).await? {
        desk.come_of_age(practice.id).await?;
    }
    Ok(())
}

async fn silence(desk: &Desk) -> Result<(), DeskError> {
    for practice in practices(desk).await? {
        desk.watch_episodes(practice.id).await?;
    }
    Ok(())
}

/// Says how much is due and how long the oldest of it has waited.
async fn measure(desk: &Desk, now: Timestamp) -> Result<(), DeskError> {
    let (timers, messages) = desk.db().backlog(now).await?;
    metrics::gauge!("tendon_backlog", "work" => "timers").set(timers as f64);
    metrics::gauge!("tendon_backlog", "work" => "messages").set(messages as f64);
    let next = desk.db().next_due().await?;
    let late = next.map_or(0.0, |next| now.duration_since(next).as_secs_f64().max(0.0));
    metrics::gauge!("tendon_oldest_due_seconds").set(late);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_comes_at_once_and_then_after_its_pause() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut every = Every::new(SignedDuration::from_mins(5));
        assert!(every.comes(at("2026-11-22T12:00:00Z")));
        assert!(!every.comes(at("2026-11-22T12:04:59Z")));
        assert!(every.comes(at("2026-11-22T12:05:00Z")));
        // A clock that leaps a day makes it come once, not 288 times.
        assert!(every.comes(at("2026-11-23T12:00:00Z")));
        assert!(!every.comes(at("2026-11-23T12:00:01Z")));
    }
}
