//! What staff write to patients, and what the editor says of it.

mod ahead;
mod waiting;

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::contact::Channel;
use tendon_care::decision::Reason;
use tendon_care::id::{Id, PatientId, UserId};
use tendon_care::lint::Code;
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskState;
use tendon_desk::{DeskError, Draft, Posted};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{PHONE, World, at, field, text};

#[on_both_engines]
async fn staff_write_and_the_clinic_signs(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world
        .write(ana, &text("Your parking permit is at the desk."))
        .await;
    world.drain().await;
    assert_eq!(
        world.story(),
        "Nov  2 10:00 Riverside PT: Your parking permit is at the desk.\n"
    );
}

#[on_both_engines]
async fn advice_can_be_overruled_and_firm_findings_cannot(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let knee = text("Please bring your knee brace.");
    let refused = world
        .desk
        .write_to(&world.access, ana, &knee)
        .await
        .unwrap();
    let Posted::Refused(measured) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(measured.findings[0].code, Code::BodyPart);
    assert!(!measured.must_change && measured.parts == 1);
    let insisted = Draft {
        despite_advice: true,
        ..knee
    };
    world.write(ana, &insisted).await;
    let short = Draft {
        despite_advice: true,
        ..text("See https://bit.ly/abc for the form.")
    };
    let refused = world
        .desk
        .write_to(&world.access, ana, &short)
        .await
        .unwrap();
    let Posted::Refused(measured) = refused else {
        panic!("{refused:?}")
    };
    assert!(measured.must_change, "{measured:?}");
    let long = Draft {
        despite_advice: true,
        ..text(&"on and on ".repeat(60))
    };
    let measured = world
        .desk
        .measure(&world.access, ana, &long, false)
        .await
        .unwrap();
    assert!(measured.must_change && measured.parts > 3);
}

#[on_both_engines]
async fn what_makes_no_message_is_refused_by_field(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let soon = world.desk.now() - SignedDuration::from_secs(1);
    let bad = [
        ("words", text("  ")),
        (
            "channel",
            Draft {
                channel: Channel::Voice,
                ..text("x")
            },
        ),
        (
            "purpose",
            Draft {
                purpose: Purpose::Safety,
                ..text("x")
            },
        ),
        (
            "send_at",
            Draft {
                send_at: Some(soon),
                ..text("x")
            },
        ),
        (
            "send_at",
            Draft {
                send_at: Some(at("2027-04-01T10:00")),
                ..text("x")
            },
        ),
    ];
    for (wanted, draft) in bad {
        let refused = world
            .desk
            .write_to(&world.access, ana, &draft)
            .await
            .unwrap_err();
        assert_eq!(field(&refused), wanted, "{refused}");
    }
    let nobody = PatientId::from_parts(world.desk.now(), [9; 10]);
    let unknown = world.desk.write_to(&world.access, nobody, &text("x")).await;
    assert!(matches!(unknown, Err(DeskError::NotFound("patient"))));
    let reader = world.access_of(
        UserId::from_parts(world.desk.now(), [8; 10]),
        Role::Marketing,
    );
    let denied = world.desk.write_to(&reader, ana, &text("x")).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}

#[on_both_engines]
async fn the_gates_answer_is_foreseen_when_staff_write(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.run_until("2026-11-02T22:30").await;
    let posted = world
        .desk
        .write_to(&world.access, ana, &text("See you soon."))
        .await
        .unwrap();
    let Posted::Queued { message, foreseen } = posted else {
        panic!("{posted:?}")
    };
    let tendon_care::decision::Outcome::Hold { until, reason } = foreseen else {
        panic!("{foreseen:?}")
    };
    assert_eq!(reason, Reason::QuietHours);
    world.run_until("2026-11-03T12:00").await;
    let sent = world.carrier.sent().pop().unwrap();
    assert_eq!(
        (sent.at, sent.message),
        (until, message),
        "it leaves when the page said"
    );
}

#[on_both_engines]
async fn an_answer_ends_the_waiting_and_is_not_stopped_by_a_pause(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.text(PHONE, "Can I bring my dog?").await;
    let threads = world.reader().threads_waiting(10).await.unwrap();
    assert_eq!(threads.len(), 1);
    let thread = threads[0].thread.id;
    let open = || async {
        let tasks = world.reader().tasks_of(ana).await.unwrap();
        tasks
            .iter()
            .filter(|task| task.state == TaskState::Open)
            .count()
    };
    assert_eq!(open().await, 1);
    world.desk.pause(&world.access, ana, true).await.unwrap();
    let user = world.access_of(
        UserId::from_parts(world.desk.now(), [8; 10]),
        Role::FrontDesk,
    );
    let posted = world
        .desk
        .reply(&user, thread, "Yes, on a leash.", false)
        .await
        .unwrap();
    assert!(matches!(posted, Posted::Queued { .. }), "{posted:?}");
    world.drain().await;
    assert_eq!(world.story(), "Nov  2 10:00 Yes, on a leash.\n");
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 0);
    assert_eq!(open().await, 0);
    world.text(PHONE, "Which door is it?").await;
    world.desk.thread_done(&user, thread).await.unwrap();
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 0);
    assert_eq!(open().await, 0);
}
