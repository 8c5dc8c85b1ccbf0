//! `tendon simulate`

mod chart;
mod export;
mod feed;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tendon_care::access::Access;
use tendon_care::contact::Phone;
use tendon_care::practice::Practice;
use tendon_care::rules::Rules;
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk};
use tendon_simulate::{
    Check, Ears, Report, SeededRandomness, Settings as Span, SteppedClock, Year,
};
use tendon_store::{Db, Durability};

use crate::open::{self, Wiring};
use crate::settings::Resolved;

/// Years in which a simulated span may end.
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2199;

/// Run a synthetic practice under the simulated clock.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon simulate --patients 2000 --days 365 --seed 7 --database sqlite:year.db\n\nThe database must be empty: nothing simulated comes among real patients."
)]
pub(crate) struct Simulate {
    /// Patients referred within the span.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    patients: u32,
    /// Days to run.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    days: u16,
    /// The seed: the same one gives the same year.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When the span ends (RFC 3339).
    #[arg(long, default_value = "2026-11-20T18:00:00Z")]
    until: Timestamp,
    #[command(flatten)]
    exports: export::Exports,
}

impl Simulate {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let span = Span {
            patients: self.patients,
            from: begins(self.until, self.days).context("until")?,
            until: self.until,
            seed: self.seed,
        };
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(self.seed));
        let db = open::database(settings, Durability::Bulk, Arc::clone(&randomness)).await?;
        ensure!(
            db.practices().await?.is_empty(),
            "there is a practice in the database already: simulate into an empty one"
        );
        let bar = indicatif::ProgressBar::new(1_000);
        if json {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let rules = open::rules(settings)?;
        let (desk, report) = year(db, randomness, rules, span, |done| {
            bar.set_position(per_mille(done));
        })
        .await?;
        bar.finish_and_clear();
        let practice = open::practice(desk.db(), None).await?;
        let access = Access::system(practice.id, "export");
        self.exports.write(desk.db(), &access).await?;
        say(&report, json);
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns when a span begins that is so many days long.
///
/// *Errors*: it ends in years of which the rule packs know nothing.
pub(crate) fn begins(until: Timestamp, days: u16) -> anyhow::Result<Timestamp> {
    let year = until.to_zoned(jiff::tz::TimeZone::UTC).year();
    ensure!(
        YEARS.contains(&year),
        "must be in the years {} to {}",
        YEARS.start(),
        YEARS.end()
    );
    Ok(until.checked_sub(SignedDuration::from_hours(24 * i64::from(days)))?)
}

/// Makes a practice and lives a span of its life. Returns its desk under the
/// stopped clock.
pub(crate) async fn year(
    db: Db,
    randomness: Arc<dyn Randomness>,
    rules: Arc<Rules>,
    span: Span,
    progress: impl Fn(f64),
) -> anyhow::Result<(Desk, Report)> {
    let clock = Arc::new(SteppedClock::new(span.from));
    let ears = Ears::default();
    let sandbox = Arc::new(Sandbox::new(0).with_listener(Year::listener(ears.clone())));
    let wiring = Wiring {
        clock: Arc::<SteppedClock>::clone(&clock) as Arc<dyn Clock>,
        randomness,
        carriers: Carriers::all(sandbox),
        public_url: "https://riverside.example".into(),
        rules,
        side_by_side: 1,
    };
    let desk = open::desk(db, wiring);
    let practice = Practice {
        id: desk.mint().id(),
        name: "Riverside PT".into(),
        time_zone: jiff::tz::TimeZone::get("America/Chicago")?,
        state: Some("IL".into()),
        phone: Some(Phone::parse("312-555-0100").context("the practice's phone")?),
    };
    desk.open_practice(&practice).await?;
    let year = Year::new(desk.clone(), clock, practice.id, span).hears(&ears);
    let report = year.run(progress).await?;
    Ok((desk, report))
}

fn say(report: &Report, json: bool) {
    let checks = report.checks();
    if json {
        println!("{}", as_json(report, &checks));
        return;
    }
    let messages: u64 = report.messages.values().sum();
    println!(
        "{} patients, {} visits booked, {} completed, {} missed, {} called off; \
         {messages} messages, {} replies\n",
        report.patients,
        report.booked,
        report.completed,
        report.missed,
        report.cancelled,
        report.replies
    );
    println!(
        "{:20} {:>8} {:>8} {:>8}",
        "", "came out", "expected", "± within"
    );
    for check in checks {
        let Check {
            name,
            value,
            expected,
            tolerance,
        } = check;
        let off = if check.holds() { "" } else { "  off" };
        println!("{name:20} {value:>8.3} {expected:>8.3} {tolerance:>8.3}{off}");
    }
}

fn as_json(report: &Report, checks: &[Check]) -> serde_json::Value {
    let by_purpose: serde_json::Map<_, _> = report
        .messages
        .iter()
        .map(|(purpose, count)| (purpose.code().to_owned(), (*count).into()))
        .collect();
    let checks: Vec<_> = checks
        .iter()
        .map(|check| {
            serde_json::json!({
                "name": check.name, "value": check.value, "expected": check.expected,
                "tolerance": check.tolerance, "holds": check.holds(),
            })
        })
        .collect();
    serde_json::json!({
        "patients": report.patients, "booked": report.booked, "completed": report.completed,
        "missed": report.missed, "cancelled": report.cancelled,
        "cancelled_late": report.cancelled_late,
        "cancelled_by_clinic": report.cancelled_by_clinic, "moved": report.moved,
        "ahead": report.ahead, "messages": report.messages.values().sum::<u64>(),
        "messages_by_purpose": by_purpose, "replies": report.replies,
        "plans_completed": report.courses.completed_plan.value(),
        "courses_judged": report.courses.visits.all, "checks": checks,
    })
}

/// Turns a share into thousandths, for progress bars.
pub(crate) fn per_mille(share: f64) -> u64 {
    (0..1_000)
        .take_while(|step| f64::from(*step) < share * 1_000.0)
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_begins_in_a_year_that_there_is() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (until, from) = (at("2028-02-29T12:00:00Z"), at("2028-02-28T12:00:00Z"));
        assert_eq!(begins(until, 1).unwrap(), from);
        for far in [
            "-009990-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "9999-12-30T00:00:00Z",
        ] {
            let refused = begins(at(far), 3_660).unwrap_err();
            assert_eq!(refused.to_string(), "must be in the years 2020 to 2199");
        }
    }
}
