//! What lies ahead of a patient, as the page shows it.

use tendon_care::access::Role;
use tendon_care::decision::Reason;
use tendon_care::id::{Id, UserId};
use tendon_desk::{DeskError, Draft, Foreseen, PlannedAct, PlannedKey, PlannedLine, PlannedWhat};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at, text};

#[on_both_engines]
async fn what_the_page_promises_is_what_leaves(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book_evaluation(ana, "2026-11-24T07:30").await;
    world.book(ana, "2026-11-26T09:00").await;
    let promised: Vec<_> = world
        .ahead(ana)
        .await
        .into_iter()
        .filter(|line| !matches!(line.foreseen, Foreseen::Dropped(_)))
        .filter(|line| matches!(line.what, PlannedWhat::Message { .. }))
        .map(|line| (line.leaves_at, line.template.unwrap()))
        .collect();
    assert!(promised.len() >= 3, "{promised:?}");
    world.run_until("2026-11-26T08:59").await;
    let mut left = Vec::new();
    for outgoing in world.carrier.sent() {
        let row = world
            .reader()
            .message(outgoing.message)
            .await
            .unwrap()
            .unwrap();
        left.push((outgoing.at, row.value.template.unwrap()));
    }
    assert_eq!(promised, left);
}

#[on_both_engines]
async fn steps_ahead_can_be_skipped_moved_and_done_now(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book_evaluation(ana, "2026-11-24T08:40").await;
    let lines = world.ahead(ana).await;
    assert!(lines.iter().all(|line| !line.words.is_empty()), "{lines:?}");
    let step = |lines: &[PlannedLine], index: usize| lines[index].key.clone();
    let (first, second) = (step(&lines, 0), step(&lines, 1));
    let act =
        async |key: &PlannedKey, act| world.desk.on_planned(&world.access, ana, key, act).await;
    act(&first, PlannedAct::Skip).await.unwrap();
    assert!(world.ahead(ana).await.iter().all(|line| line.key != first));
    let to = at("2026-11-20T11:00");
    act(&second, PlannedAct::Move { to }).await.unwrap();
    let moved = world.ahead(ana).await;
    let moved = moved.iter().find(|line| line.key == second).unwrap();
    assert_eq!(moved.leaves_at, to);
    world.run_until("2026-11-20T10:59").await;
    assert_eq!(world.carrier.sent().len(), 0, "the first was skipped");
    act(&second, PlannedAct::Now).await.unwrap();
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), 1);
    world.run_until("2026-11-20T12:00").await;
    assert_eq!(world.carrier.sent().len(), 1, "done once");
    let late = act(&second, PlannedAct::Skip).await;
    assert!(matches!(late, Err(DeskError::Stale(_))), "{late:?}");
    let unknown = PlannedKey::Step {
        enrolment: tendon_care::id::EnrolmentId::from_parts(world.desk.now(), [9; 10]),
        step: "x".into(),
    };
    let unknown = act(&unknown, PlannedAct::Skip).await;
    assert!(matches!(unknown, Err(DeskError::NotFound("step"))));
}

#[on_both_engines]
async fn a_step_is_not_moved_to_where_the_journey_would_not_do_it(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book_evaluation(ana, "2026-11-24T08:40").await;
    let before = world.ahead(ana).await;
    let [first, second, ..] = &before[..] else {
        panic!("two reminders lie ahead: {before:?}");
    };
    let sooner = first.leaves_at - jiff::SignedDuration::from_mins(30);
    for (line, to) in [(second, sooner), (second, at("2026-11-24T09:00"))] {
        let to = PlannedAct::Move { to };
        let refused = world
            .desk
            .on_planned(&world.access, ana, &line.key, to)
            .await;
        assert!(
            matches!(&refused, Err(DeskError::Invalid { field: "to", .. })),
            "{refused:?}"
        );
    }
    assert_eq!(world.ahead(ana).await, before, "nothing moved");
}

#[on_both_engines]
async fn a_step_that_is_moved_to_the_past_is_done_now_and_once(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book_evaluation(ana, "2026-11-24T08:40").await;
    let second = world.ahead(ana).await[1].key.clone();
    let act = async |to| {
        let to = PlannedAct::Move { to };
        world.desk.on_planned(&world.access, ana, &second, to).await
    };
    act(at("2025-11-21T08:40")).await.unwrap();
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), 1);
    let again = act(at("2026-11-20T11:00")).await;
    assert!(matches!(again, Err(DeskError::Stale(_))), "{again:?}");
}

#[on_both_engines]
async fn a_waiting_message_stands_ahead_until_it_is_skipped(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let later = Draft {
        send_at: Some(at("2026-11-04T22:30")),
        ..text("We have your form.")
    };
    let message = world.write(ana, &later).await;
    let lines = world.ahead(ana).await;
    assert_eq!(lines[0].key, PlannedKey::Message(message));
    assert_eq!(lines[0].foreseen, Foreseen::Waits(Reason::QuietHours));
    assert!(lines[0].leaves_at > at("2026-11-05T07:00"));
    world.desk.pause(&world.access, ana, true).await.unwrap();
    assert_eq!(
        world.ahead(ana).await.len(),
        1,
        "a pause does not hold staff's words"
    );
    let key = PlannedKey::Message(message);
    world
        .desk
        .on_planned(&world.access, ana, &key, PlannedAct::Skip)
        .await
        .unwrap();
    assert_eq!(world.ahead(ana).await, []);
    let auditor = world.access_of(UserId::from_parts(world.desk.now(), [8; 10]), Role::Auditor);
    let denied = world.desk.planned(&auditor, ana, 30).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}
