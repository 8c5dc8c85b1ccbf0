//! A reminder follows its appointment.

use tendon_care::appointment::VisitState;
use tendon_care::touchpoint::Via;
use tendon_desk::VisitAct;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at};

const PHONE: &str = "312-555-0142";

#[on_both_engines]
async fn a_visit_is_reminded_of_a_day_before_and_confirmed_by_text(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-23T12:00").await;
    world.text(PHONE, "1").await;
    world.run_until("2026-11-24T09:00").await;
    insta::assert_snapshot!(world.story());
    let visit = world
        .desk
        .db()
        .reader(&world.access)
        .appointment(visit)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(visit.state, VisitState::Confirmed { .. }));
}

#[on_both_engines]
async fn a_moved_visit_takes_its_reminder_along(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-20T12:00").await;
    let act = VisitAct::Move {
        starts_at: at("2026-11-30T15:00"),
    };
    world
        .desk
        .on_visit(&world.access, visit, act, Via::Staff)
        .await
        .unwrap();
    world.run_until("2026-12-01T09:00").await;
    insta::assert_snapshot!(world.story());
}

#[on_both_engines]
async fn stop_ends_everything_and_is_answered_once(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    world.book(ana, "2026-11-24T08:40").await;
    world.book(ana, "2026-11-27T08:40").await;
    world.run_until("2026-11-23T12:00").await;
    world.text(PHONE, "STOP").await;
    world.run_until("2026-12-01T09:00").await;
    insta::assert_snapshot!(world.story());
}

#[on_both_engines]
async fn a_cancelled_visit_is_not_reminded_of(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world
        .desk
        .on_visit(&world.access, visit, VisitAct::CancelByClinic, Via::Staff)
        .await
        .unwrap();
    world.run_until("2026-12-01T09:00").await;
    assert_eq!(world.story(), "");
}

#[on_both_engines]
async fn a_missed_visit_is_followed_up(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-24T09:00").await;
    let act = VisitAct::Miss { inferred: false };
    world
        .desk
        .on_visit(&world.access, visit, act, Via::Staff)
        .await
        .unwrap();
    world.run_until("2026-12-05T09:00").await;
    insta::assert_snapshot!(world.story());
    let tasks = world
        .desk
        .db()
        .reader(&world.access)
        .tasks_open(10)
        .await
        .unwrap();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
}
