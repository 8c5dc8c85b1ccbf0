//! Messages that wait, and those whose fate nobody knows.

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::id::{Id, UserId};
use tendon_care::task::TaskState;
use tendon_channel::carrier::{Outcome, Unsure};
use tendon_desk::{DeskError, Draft, MessageAct, Resolution};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at, field, text};

#[on_both_engines]
async fn a_waiting_message_is_held_moved_sent_and_skipped_with_who_decided(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let user = UserId::from_parts(world.desk.now(), [8; 10]);
    let staff = world.access_of(user, Role::FrontDesk);
    let later = Draft {
        send_at: Some(at("2026-11-04T10:00")),
        ..text("We have your form.")
    };
    let desk = &world.desk;
    let one = world.write(ana, &later).await;
    let hold = MessageAct::Hold {
        until: at("2026-11-05T10:00"),
    };
    desk.on_message(&staff, one, hold).await.unwrap();
    world.run_until("2026-11-04T12:00").await;
    assert_eq!(world.story(), "");
    let to = at("2026-11-05T14:00");
    desk.on_message(&staff, one, MessageAct::Move { to })
        .await
        .unwrap();
    for wrong in [at("2026-11-01T10:00"), at("2026-12-05T10:00")] {
        let refused = desk
            .on_message(&staff, one, MessageAct::Hold { until: wrong })
            .await;
        assert_eq!(field(&refused.unwrap_err()), "at");
    }
    world.run_until("2026-11-04T12:10").await;
    desk.on_message(&staff, one, MessageAct::SendNow)
        .await
        .unwrap();
    world.wait_for(SignedDuration::from_mins(1));
    world.drain().await;
    assert_eq!(
        world.story(),
        "Nov  4 12:11 Riverside PT: We have your form.\n"
    );
    let decisions = world.reader().decisions(one).await.unwrap();
    let told: Vec<_> = decisions
        .iter()
        .map(|row| (row.outcome.as_str(), row.by))
        .collect();
    let mine = Some(user);
    assert_eq!(
        told,
        [
            ("hold", mine),
            ("move", mine),
            ("move", mine),
            ("send", None)
        ]
    );
    let late = desk.on_message(&staff, one, MessageAct::Skip).await;
    assert!(matches!(late, Err(DeskError::Stale(_))));
    let two = world.write(ana, &text("Never mind.")).await;
    desk.on_message(&staff, two, MessageAct::Withdraw)
        .await
        .unwrap();
    world.drain().await;
    assert_eq!(world.state_of(two).await, "dropped");
}

#[on_both_engines]
async fn a_person_settles_what_nobody_knew(engine: Engine) {
    for (resolution, copies) in [(Resolution::WasSent, 1), (Resolution::SendAgain, 2)] {
        let (world, ana) = World::with_ana(engine).await;
        let lost = Outcome::Unknown {
            why: Unsure::ConnectionLost,
        };
        world.carrier.answer_next(lost);
        let message = world.write(ana, &text("Your form is here.")).await;
        world.run_until("2026-11-02T12:00").await;
        assert_eq!(world.state_of(message).await, "parked");
        world
            .desk
            .resolve_parked(&world.access, message, resolution)
            .await
            .unwrap();
        world.drain().await;
        assert_eq!(world.state_of(message).await, "sent");
        assert_eq!(world.carrier.sent().len(), copies);
        let tasks = world.reader().tasks_of(ana).await.unwrap();
        assert!(tasks.iter().all(|task| task.state != TaskState::Open));
        let twice = world
            .desk
            .resolve_parked(&world.access, message, resolution)
            .await;
        assert!(matches!(twice, Err(DeskError::Stale(_))));
    }
}
