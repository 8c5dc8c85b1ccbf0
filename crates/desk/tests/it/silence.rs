//! Courses of care that fall silent.

use tendon_care::episode::EpisodeState;
use tendon_care::id::PatientId;
use tendon_care::touchpoint::Via;
use tendon_desk::{NewPlan, VisitAct};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at};

async fn state(world: &World, patient: PatientId) -> &'static str {
    let episodes = world.reader().episodes(patient).await.unwrap();
    EpisodeState::code(&episodes[0].value.state)
}

/// Takes a referral in and completes the evaluation.
async fn evaluated(world: &World, given: &str, phone: &str, per_week: u8) -> PatientId {
    let patient = world.patient(given, phone).await;
    let refer = world.desk.refer(&world.access, patient, None, None);
    let (_, episode) = refer.await.unwrap();
    let first = world.book_evaluation(patient, "2026-11-03T09:00").await;
    world.clock.set(at("2026-11-03T09:40"));
    for act in [VisitAct::Arrive, VisitAct::Complete] {
        let done = world.desk.on_visit(&world.access, first, act, Via::Staff);
        done.await.unwrap();
    }
    let plan = NewPlan {
        visits: 8,
        visits_per_week: per_week,
        starts_on: jiff::civil::date(2026, 11, 3),
        ends_on: jiff::civil::date(2027, 1, 3),
        authorised_visits: None,
    };
    let set = world.desk.set_plan(&world.access, patient, episode, &plan);
    set.await.unwrap();
    patient
}

async fn sweep(world: &World, now: &str) -> usize {
    world.clock.set(at(now));
    let practice = world.access.practice;
    world.desk.watch_episodes(practice).await.unwrap()
}

#[on_both_engines]
async fn who_is_not_seen_is_at_risk_after_two_intervals_and_gone_after_thirty_days(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let often = evaluated(&world, "Ana", "312-555-0142", 2).await;
    let weekly = evaluated(&world, "Ben", "312-555-0143", 1).await;
    let booked = evaluated(&world, "Cleo", "312-555-0144", 2).await;
    world.book(booked, "2026-12-20T09:00").await;
    assert_eq!(sweep(&world, "2026-11-13T08:59").await, 0);
    assert_eq!(sweep(&world, "2026-11-13T09:00").await, 1);
    assert_eq!(state(&world, often).await, "at_risk");
    assert_eq!(state(&world, weekly).await, "evaluated");
    assert_eq!(sweep(&world, "2026-11-17T09:00").await, 1);
    assert_eq!(state(&world, weekly).await, "at_risk");
    assert_eq!(sweep(&world, "2026-12-03T08:59").await, 0);
    assert_eq!(sweep(&world, "2026-12-03T09:00").await, 2);
    assert_eq!(state(&world, often).await, "discharged");
    // With a visit on the book nobody is silent, however far ahead it lies.
    assert_eq!(state(&world, booked).await, "active");
    assert_eq!(sweep(&world, "2026-12-04T09:00").await, 0);
}

#[on_both_engines]
async fn who_never_began_is_lost_after_thirty_days(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let uncalled = world.patient("Ana", "312-555-0142").await;
    let refer = world.desk.refer(&world.access, uncalled, None, None);
    refer.await.unwrap();
    let expected = world.patient("Ben", "312-555-0143").await;
    let refer = world.desk.refer(&world.access, expected, None, None);
    refer.await.unwrap();
    world.book_evaluation(expected, "2026-11-20T09:00").await;
    assert_eq!(sweep(&world, "2026-12-02T09:59").await, 0);
    assert_eq!(sweep(&world, "2026-12-02T10:00").await, 1);
    assert_eq!(state(&world, uncalled).await, "lost");
    assert_eq!(state(&world, expected).await, "eval_scheduled");
    // Thirty days after the visit to which nobody came.
    assert_eq!(sweep(&world, "2026-12-20T09:00").await, 1);
    assert_eq!(state(&world, expected).await, "lost");
}
