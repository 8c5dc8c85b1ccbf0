//! Fills a database with a town, in the order in which it would have happened:
//! the rows of a patient lie as far apart on disk as in a practice that has grown.

use std::sync::Arc;

use anyhow::Context as _;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::access::{Access, Actor, Role};
use tendon_care::id::UserId;
use tendon_care::practice::{Clinician, Location, Practice};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, NewUser};
use tendon_simulate::{SeededRandomness, SteppedClock};
use tendon_store::{Commit, Db, Durability, Write};
use tokio::task::JoinSet;

use super::super::town::{CLINICIANS, CLINICS, Town};
use super::history::{FACTS_OF_REGISTRATION, Historian, acting};
use crate::open::{self, Wiring};
use crate::settings::Resolved;

/// Events in one commit, and commits on their way at once: while one is applied
/// the next is sealed.
const TOGETHER: usize = 400;
const ON_THE_WAY: usize = 3;

/// The setting under which a filled database says with what.
const FILLED_WITH: &str = "bench.pages";

/// How large the town is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) seed: u64,
    pub(super) patients: u32,
    pub(super) touchpoints: u64,
}

impl Size {
    fn said(self) -> String {
        let Self {
            seed,
            patients,
            touchpoints,
        } = self;
        format!("seed {seed}, {patients} patients, {touchpoints} touchpoints")
    }
}

/// Tells whether a database was filled with a town of this size before.
///
/// *Errors*: it holds something else.
pub(super) async fn is_filled(db: &Db, size: Size) -> anyhow::Result<bool> {
    let Some(practice) = db.practices().await?.into_iter().next() else {
        return Ok(false);
    };
    let access = Access::system(practice.id, "bench");
    let with = db.reader(&access).setting(FILLED_WITH).await?;
    anyhow::ensure!(
        with.as_deref() == Some(&size.said()),
        "the database is neither empty nor filled with {}: name another one",
        size.said()
    );
    Ok(true)
}

/// Fills an empty database.
pub(super) async fn fill(
    settings: &Resolved,
    size: Size,
    present: Timestamp,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let randomness = Arc::new(SeededRandomness::new(size.seed));
    let db = open::database(settings, Durability::Bulk, randomness.clone()).await?;
    let wiring = Wiring {
        clock: Arc::new(SteppedClock::new(present)),
        randomness,
        carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        public_url: String::new(),
        rules: open::rules(settings)?,
        side_by_side: 1,
    };
    let desk = open::desk(db, wiring);
    let zone = TimeZone::get("America/Chicago")?;
    let access = open_practice(&desk, &zone).await?;
    let locations = clinics(&desk, &access, &zone).await?;
    let clinicians = clinicians(&desk, &access).await?;
    let staff = staff(&desk, &access).await?;
    let town = Town::new(size.seed, size.patients, present, &zone);
    let about_patients = u64::from(size.patients) * FACTS_OF_REGISTRATION;
    let about_visits = size.touchpoints.saturating_sub(about_patients);
    let mut historian = Historian {
        town: &town,
        staff: acting(
            &access,
            Actor::User {
                id: staff,
                role: Role::FrontDesk,
            },
        ),
        locations: &locations,
        clinicians: &clinicians,
        facts_per_visit: about_visits as f64 / town.visits.len().max(1) as f64,
        owed: 0.0,
        facts: 0,
    };
    write(desk.db(), &access, &mut historian, bar).await?;
    tracing::info!(
        touchpoints = historian.facts,
        visits = town.visits.len(),
        "filled"
    );
    let mut done = Commit::new(&access);
    done.push(Write::Setting(FILLED_WITH.to_owned(), size.said()));
    desk.db().commit(done).await?;
    desk.db().settle_after_load().await?;
    Ok(())
}

async fn write(
    db: &Db,
    access: &Access,
    historian: &mut Historian<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let events = historian.town.events();
    bar.set_length(u64::try_from(events.len()).unwrap_or(0));
    let mut on_the_way = JoinSet::new();
    for some in events.chunks(TOGETHER) {
        let mut commit = Commit::new(access);
        for (_, number, visit) in some {
            let course = *historian.town.course(*number).context("a patient")?;
            match visit {
                None => historian.registration(&course, &mut commit)?,
                Some(index) => {
                    let visit = historian.town.visit(&course, *index).context("a visit")?;
                    historian.happened(&visit, &mut commit);
                }
            }
        }
        let db = db.clone();
        on_the_way.spawn(async move { db.commit(commit).await });
        if on_the_way.len() >= ON_THE_WAY {
            on_the_way.join_next().await.context("a commit")???;
        }
        bar.inc(u64::try_from(some.len()).unwrap_or(0));
    }
    while let Some(done) = on_the_way.join_next().await {
        done??;
    }
    Ok(())
}

async fn open_practice(desk: &Desk, zone: &TimeZone) -> anyhow::Result<Access> {
    let practice = Practice {
        id: desk.mint().id(),
        name: "Bench PT".into(),
        time_zone: zone.clone(),
        state: Some("IL".into()),
        phone: None,
    };
    desk.open_practice(&practice).await?;
    Ok(Access::system(practice.id, "bench"))
}

async fn clinics(desk: &Desk, access: &Access, zone: &TimeZone) -> anyhow::Result<Vec<Location>> {
    let mut all = Vec::new();
    for number in 1..=CLINICS {
        let location = Location {
            id: desk.mint().id(),
            name: format!("Clinic {number}"),
            time_zone: zone.clone(),
            phone: None,
            street: Some(format!("{number}00 Main Street")),
            hours: [None; 7],
        };
        desk.put_location(access, location.clone()).await?;
        all.push(location);
    }
    Ok(all)
}

async fn clinicians(desk: &Desk, access: &Access) -> anyhow::Result<Vec<Clinician>> {
    let mut all = Vec::new();
    for number in 1..=CLINICS * CLINICIANS {
        let clinician = Clinician {
            id: desk.mint().id(),
            display_name: format!("T. Herapist {number}"),
        };
        desk.put_clinician(access, clinician.clone()).await?;
        all.push(clinician);
    }
    Ok(all)
}

/// Adds a member of staff for each role; returns who works at the front desk.
async fn staff(desk: &Desk, access: &Access) -> anyhow::Result<UserId> {
    let mut front = None;
    for role in Role::ALL {
        let code = role.code();
        let new = NewUser {
            email: format!("{code}@bench.example"),
            name: code.replace('_', " "),
            role,
            password: format!("bench {code} bench"),
        };
        let user = desk.add_user(access, &new).await?;
        if role == Role::FrontDesk {
            front = Some(user);
        }
    }
    front.context("a front desk")
}
