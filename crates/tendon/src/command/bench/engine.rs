//! `tendon bench engine`: how many steps of journeys become durable in a second.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
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
use tendon_desk::{Carriers, Desk, Intake, NewVisit, Workers};
use tendon_simulate::SteppedClock;
use tendon_store::Durability;

use crate::edge::SystemRandomness;
use crate::open::{self, Wiring};
use crate::settings::Resolved;

use super::figures::{Figures, now};

/// How large.
#[derive(Debug, Args)]
pub(crate) struct Engine {
    /// Visits with a reminder due, one for each patient.
    #[arg(long, default_value_t = 10_000)]
    count: u32,
    /// Rounds at work side by side; as many as a node has workers for it.
    #[arg(long, default_value_t = Workers::TIMERS)]
    workers: usize,
}

impl Engine {
    /// Fills an empty database and steps all that is due.
    pub(super) async fn measure(&self, settings: &Resolved) -> anyhow::Result<Figures> {
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
            side_by_side: 64,
        };
        let desk = open::desk(db, wiring);
        let visit = start + SignedDuration::from_hours(24 * 10);
        set_up(&desk, self.count, visit).await?;
        // The reminder of the day before is due: each step sends, none is let go.
        clock.advance_to(visit - SignedDuration::from_hours(23));
        let began = now();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..self.workers.max(1) {
            workers.spawn(step_all(desk.clone()));
        }
        let (mut count, mut rounds) = (0, Vec::new());
        while let Some(done) = workers.join_next().await {
            let (steps, durations) = done??;
            count += steps;
            rounds.extend(durations);
        }
        let seconds = began.elapsed().as_secs_f64();
        let (_, sent) = desk.db().backlog(desk.now()).await?;
        anyhow::ensure!(
            u64::try_from(count).is_ok_and(|count| count == sent),
            "{count} steps made {sent} messages: each was to make one"
        );
        Ok(Figures {
            name: "engine",
            database,
            count,
            seconds,
            rounds,
        })
    }
}

/// Steps what is due until nothing is; returns the steps and how long each round took.
async fn step_all(desk: Desk) -> anyhow::Result<(usize, Vec<Duration>)> {
    let (mut count, mut rounds) = (0, Vec::new());
    loop {
        let round = now();
        let done = desk.step_due().await?;
        anyhow::ensure!(done.failed == 0, "{} steps failed", done.failed);
        if done.claimed == 0 {
            return Ok((count, rounds));
        }
        count += done.claimed;
        rounds.push(round.elapsed());
    }
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
