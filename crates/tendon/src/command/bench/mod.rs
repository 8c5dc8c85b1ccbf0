//! `tendon bench`: the benchmarks of docs/benchmarks.md.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use tendon_care::appointment::VisitKind;
use tendon_care::contact::{Address, ContactPoint, Line, Owner, Phone, Standing};
use tendon_care::id::{LocationId, PatientId};
use tendon_care::language::Language;
use tendon_care::patient::{Life, Patient, Region};
use tendon_care::person::{PersonName, Sex};
use tendon_care::practice::{Location, Practice};
use tendon_care::purpose::Purpose;
use tendon_care::{Clock, access::Access};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, Intake, NewVisit};
use tendon_simulate::SteppedClock;
use tendon_store::Durability;

use crate::edge::SystemRandomness;
use crate::open::{self, Wiring};
use crate::settings::Resolved;

/// Measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Durable steps of journeys: due timers claimed, stepped and committed.
    #[command(
        after_help = "Example: tendon bench engine --database sqlite:bench.db --json\n\nThe database must be empty; every acknowledged commit is fsynced."
    )]
    Engine(Engine),
}

/// How large.
#[derive(Debug, Args)]
pub(crate) struct Engine {
    /// Visits with a reminder due, one for each patient.
    #[arg(long, default_value_t = 4_000)]
    count: u32,
    /// Patients handled side by side.
    #[arg(long, default_value_t = 64)]
    side_by_side: usize,
}

/// What was measured, with the keys that every benchmark prints.
struct Figures {
    name: &'static str,
    database: &'static str,
    count: usize,
    seconds: f64,
    /// Durations of the single rounds.
    rounds: Vec<Duration>,
}

impl Bench {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let figures = match self {
            Self::Engine(engine) => super::on_many_threads(engine.measure(settings))?,
        };
        figures.say(json);
        Ok(ExitCode::SUCCESS)
    }
}

impl Engine {
    async fn measure(&self, settings: &Resolved) -> anyhow::Result<Figures> {
        let db = open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
        anyhow::ensure!(
            db.practices().await?.is_empty(),
            "the database is not empty: name a new one"
        );
        let database = db.engine_name();
        let start: Timestamp = "2026-11-02T15:00:00Z".parse()?;
        let clock = Arc::new(SteppedClock::new(start));
        let wiring = Wiring {
            clock: Arc::<SteppedClock>::clone(&clock) as Arc<dyn Clock>,
            randomness: Arc::new(SystemRandomness),
            carriers: Carriers::all(Arc::new(Sandbox::new(0))),
            public_url: "https://bench.example".into(),
            rules: open::rules(settings)?,
            side_by_side: self.side_by_side,
        };
        let desk = open::desk(db, wiring);
        let visit = start + SignedDuration::from_hours(24 * 10);
        set_up(&desk, self.count, visit).await?;
        clock.advance_to(visit - SignedDuration::from_hours(1));
        let mut rounds = Vec::new();
        let mut count = 0;
        let began = now();
        loop {
            let round = now();
            let done = desk.step_due().await?;
            anyhow::ensure!(done.failed == 0, "{} steps failed", done.failed);
            if done.claimed == 0 {
                break;
            }
            count += done.claimed;
            rounds.push(round.elapsed());
        }
        let seconds = began.elapsed().as_secs_f64();
        Ok(Figures {
            name: "engine",
            database,
            count,
            seconds,
            rounds,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

async fn set_up(desk: &Desk, count: u32, starts_at: Timestamp) -> anyhow::Result<()> {
    let practice = Practice {
        id: desk.mint().id(),
        name: "Bench PT".into(),
        time_zone: jiff::tz::TimeZone::get("America/Chicago")?,
        state: Some("IL".into()),
        phone: None,
    };
    desk.open_practice(&practice).await?;
    let access = Access::system(practice.id, "command");
    let location = Location {
        id: desk.mint().id(),
        name: "Bench".into(),
        time_zone: practice.time_zone.clone(),
        phone: None,
        street: None,
        hours: [None; 7],
    };
    let place = location.id;
    desk.put_location(&access, location).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        let (desk, access) = (desk.clone(), access.clone());
        tasks.spawn(async move { one(&desk, &access, place, number, starts_at).await });
        if tasks.len() >= 128 {
            tasks.join_next().await.context("a task")???;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn one(
    desk: &Desk,
    access: &Access,
    location: LocationId,
    number: u32,
    starts_at: Timestamp,
) -> anyhow::Result<()> {
    let patient = patient(desk, number)?;
    let id: PatientId = patient.id;
    let intake = Intake {
        agreed: vec![Purpose::Care],
        form: "bench".into(),
        wording_version: "1".into(),
    };
    desk.register(access, patient, &intake).await?;
    let visit = NewVisit {
        patient: id,
        episode: None,
        location,
        clinician: None,
        kind: VisitKind::Recurring,
        starts_at,
        minutes: 40,
    };
    desk.book(access, &visit).await?;
    Ok(())
}

fn patient(desk: &Desk, number: u32) -> anyhow::Result<Patient> {
    let phone = format!("+1{}555{:04}", 212 + number / 10_000, number % 10_000);
    let point = ContactPoint {
        id: desk.mint().id(),
        owner: Owner::Patient,
        address: Address::Phone(Phone::from_e164(&phone)?),
        line: Line::Mobile,
        standing: Standing::Unverified,
        shared: false,
        rank: 0,
    };
    Ok(Patient {
        id: desk.mint().id(),
        name: PersonName::parse(&format!("Bench{number}"), "Ann")?,
        birth_date: None,
        sex: Sex::Unknown,
        language: Language::English,
        time_zone: None,
        region: Region::default(),
        life: Life::Living,
        identifiers: Vec::new(),
        contact_points: vec![point],
        proxies: Vec::new(),
        paused: false,
    })
}

impl Figures {
    fn say(mut self, json: bool) {
        self.rounds.sort_unstable();
        let rate = self.count as f64 / self.seconds.max(f64::EPSILON);
        let (p50, p99) = (self.percentile(50), self.percentile(99));
        let rss = rss_mb();
        if json {
            let line = serde_json::json!({
                "name": self.name, "database": self.database, "seconds": self.seconds,
                "count": self.count, "rate_per_second": rate, "p50_ms": p50, "p99_ms": p99, "rss_mb": rss,
            });
            println!("{line}");
        } else {
            println!(
                "{} on {}: {} in {:.2} s, {rate:.0} a second; rounds p50 {p50:.1} ms, p99 {p99:.1} ms; {rss:.0} MB",
                self.name, self.database, self.count, self.seconds
            );
        }
    }

    fn percentile(&self, percent: usize) -> f64 {
        let last = self.rounds.len().saturating_sub(1);
        self.rounds
            .get(last * percent / 100)
            .map_or(0.0, |round| round.as_secs_f64() * 1_000.0)
    }
}

/// Resident memory of the process in MB, where the system tells (Linux).
fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1_024.0
}
