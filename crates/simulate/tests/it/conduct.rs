//! What must never happen in a year, read from the finished database.
//!
//! Nothing here calls the gate or reads a rule pack: the limits are written out
//! once more, by hand, as a practice's lawyer would. That each of them can be
//! broken, and is then seen, is shown by breaking it (`trip.rs`).

mod facts;
mod limits;
mod trip;

use jiff::SignedDuration;
use tendon_care::appointment::VisitState;
use tendon_testkit::database::Engine;

use self::facts::Facts;
use self::limits::breaches;
use crate::world::{Lived, Span, live};

/// Patients of the year: as many as `cargo xtask year` asks for, else the usual number.
fn patients(usual: u32) -> u32 {
    std::env::var("TENDON_YEAR_PATIENTS").map_or(usual, |asked| {
        asked.parse().expect("TENDON_YEAR_PATIENTS is a number")
    })
}

#[tokio::test]
async fn a_year_on_sqlite_keeps_every_limit() {
    let engine = Engine::sqlite("year");
    judged(engine, patients(220)).await;
}

#[tokio::test]
async fn a_year_on_postgres_keeps_every_limit() {
    if let Some(engine) = Engine::postgres("year") {
        judged(engine, patients(50)).await;
    }
}

async fn judged(engine: Engine, patients: u32) {
    let span = Span {
        patients,
        days: 365,
        seed: 11,
    };
    let lived = live(engine, span).await;
    let facts = Facts::read(&lived).await;
    let told = facts.told();
    println!("{:#?}\n{told:#?}", lived.report);
    let found = breaches(&facts);
    assert!(found.is_empty(), "{found:#?}");
    outcome(&lived).await;
    left_over(&lived).await;
    // A year in which nothing of the kind happened would prove nothing.
    assert!(told.sent > patients as usize * 5, "{told:?}");
    assert!(told.moved > 0 && told.called_off > 0, "{told:?}");
    if patients >= 200 {
        assert!(told.stops > 0 && told.wrong_numbers > 0, "{told:?}");
        assert!(told.sent_elsewhere > 0, "{told:?}");
        assert!(told.shared_addresses > 0 && told.far_away > 0, "{told:?}");
    }
    assert!(told.deaths > 0 || patients < 1_500, "{told:?}");
}

/// What came out is what the evidence says, and what the database says.
async fn outcome(lived: &Lived) {
    let report = &lived.report;
    let off: Vec<_> = report
        .checks()
        .into_iter()
        .inspect(|check| println!("{check:?}"))
        .filter(|check| !check.holds())
        .collect();
    assert!(off.is_empty(), "{off:#?}");
    let reader = lived.db.reader(&lived.access);
    let past = lived.until + SignedDuration::from_mins(1);
    let book = reader.book(lived.from, past).await.unwrap();
    let count = |holds: fn(&VisitState) -> bool| {
        let states = book.iter().map(|line| &line.value.state);
        states.filter(|state| holds(state)).count() as u64
    };
    let completed = count(|state| matches!(state, VisitState::Completed { .. }));
    assert_eq!(completed, report.completed);
    let called_off = count(|state| matches!(state, VisitState::Cancelled { .. }));
    assert_eq!(called_off, report.cancelled + report.cancelled_by_clinic);
    let missed = count(|state| matches!(state, VisitState::NoShow { .. }));
    // The clock finds those of the last day that nobody wrote down.
    assert!(report.missed - missed <= 3, "{missed} of {}", report.missed);
}

/// Nothing that is due is left lying, and nothing is in flight.
async fn left_over(lived: &Lived) {
    assert_eq!(lived.db.backlog(lived.until).await.unwrap(), (0, 0));
    let verified = lived.db.verify_audit(lived.access.practice).await;
    assert!(verified.unwrap().is_ok());
}
