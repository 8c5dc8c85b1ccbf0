//! What every benchmark prints, and how it is reckoned.

use std::time::{Duration, Instant};

/// What was measured, with the keys that every benchmark prints.
pub(super) struct Figures {
    pub(super) name: &'static str,
    pub(super) database: &'static str,
    pub(super) count: usize,
    pub(super) seconds: f64,
    /// Durations of the single rounds.
    pub(super) rounds: Vec<Duration>,
}

impl Figures {
    /// Prints them: one JSON object, or a line for people.
    pub(super) fn say(self, json: bool) {
        self.say_with(json, &serde_json::Value::Null);
    }

    /// Prints them, with the keys of another object added to the JSON.
    pub(super) fn say_with(mut self, json: bool, more: &serde_json::Value) {
        self.rounds.sort_unstable();
        let rate = self.count as f64 / self.seconds.max(f64::EPSILON);
        let (p50, p99) = (
            percentile_ms(&self.rounds, 50),
            percentile_ms(&self.rounds, 99),
        );
        let rss = rss_mb();
        if json {
            let mut line = serde_json::json!({
                "name": self.name, "database": self.database, "seconds": self.seconds,
                "count": self.count, "rate_per_second": rate, "p50_ms": p50, "p99_ms": p99, "rss_mb": rss,
            });
            if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
                line.extend(more.clone());
            }
            println!("{line}");
        } else {
            println!(
                "{} on {}: {} in {:.2} s, {rate:.0} a second; rounds p50 {p50:.1} ms, p99 {p99:.1} ms; {rss:.0} MB",
                self.name, self.database, self.count, self.seconds
            );
        }
    }
}

/// Returns a percentile of durations that are sorted, in ms.
pub(super) fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
}

/// Resident memory of the process in MB, where the system tells (Linux).
fn rss_mb() -> f64 {
    status_mb("VmRSS:")
}

/// The most resident memory since [`forget_peak`] in MB, where the system tells.
pub(super) fn peak_rss_mb() -> f64 {
    status_mb("VmHWM:")
}

/// Begins to look for the peak anew, where the system does (Linux, proc(5)).
pub(super) fn forget_peak() {
    // Where it cannot, the peak is that of the whole process, which is no less.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn status_mb(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kb = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1_024.0
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}
