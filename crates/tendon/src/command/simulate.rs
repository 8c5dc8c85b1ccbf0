//! `tendon simulate`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Phone;
use tendon_care::practice::Practice;
use tendon_care::rules::Rules;
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk};
use tendon_simulate::{Ears, Report, SeededRandomness, Settings as Span, SteppedClock, Year};
use tendon_store::{Db, Durability};

use crate::open::{self, Wiring};
use crate::settings::Resolved;

/// Run a synthetic practice under the simulated clock.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon simulate --patients 2000 --days 365 --seed 7 --database sqlite:year.db"
)]
pub(crate) struct Simulate {
    /// Patients referred within the span.
    #[arg(long, default_value_t = 500)]
    patients: u32,
    /// Days to run.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// The seed: the same one gives the same year.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When the span ends (RFC 3339).
    #[arg(long, default_value = "2026-11-20T18:00:00Z")]
    until: Timestamp,
}

impl Simulate {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let span = Span {
            patients: self.patients,
            from: self.until - SignedDuration::from_hours(24 * self.days),
            until: self.until,
            seed: self.seed,
        };
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(self.seed));
        let db = open::database(settings, Durability::Bulk, Arc::clone(&randomness)).await?;
        let bar = indicatif::ProgressBar::new(1_000);
        if json {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let rules = open::rules(settings)?;
        let (_, report) = year(db, randomness, rules, span, |done| {
            bar.set_position(per_mille(done));
        })
        .await?;
        bar.finish_and_clear();
        say(report, json);
        Ok(ExitCode::SUCCESS)
    }
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

fn say(report: Report, json: bool) {
    let Report {
        patients,
        booked,
        completed,
        missed,
        cancelled,
        messages,
        replies,
    } = report;
    if json {
        let line = serde_json::json!({
            "patients": patients, "booked": booked, "completed": completed, "missed": missed,
            "cancelled": cancelled, "messages": messages, "replies": replies,
        });
        println!("{line}");
    } else {
        println!(
            "{patients} patients, {booked} visits booked, {completed} completed, {missed} missed, \
             {cancelled} called off; {messages} messages, {replies} replies"
        );
    }
}

/// Turns a share into thousandths, for progress bars.
pub(crate) fn per_mille(share: f64) -> u64 {
    (0..1_000)
        .take_while(|step| f64::from(*step) < share * 1_000.0)
        .count() as u64
}
