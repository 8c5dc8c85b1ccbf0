//! What carriers report, in any order, and what is said from phones that several
//! patients have, or nobody.

use tendon_care::consent::{Act, Ask, Standing};
use tendon_care::contact::{Address, Channel, Owner, Phone};
use tendon_care::id::{MessageId, PatientId};
use tendon_care::message::{Body, Failure, FailureClass};
use tendon_care::purpose::Purpose;
use tendon_care::rules::Rules;
use tendon_care::task::{TaskKind, TaskState};
use tendon_channel::carrier::{Outcome, Receipt, Unsure};
use tendon_desk::{Heard, Inbound, Keyword, Report, Reported};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::World;

const PHONE: &str = "312-555-0142";

fn phone() -> Address {
    Address::Phone(Phone::parse(PHONE).unwrap())
}

fn failed(class: FailureClass) -> Receipt {
    Receipt::Failed(Failure {
        class,
        code: "30003".into(),
    })
}

/// A practice whose reminder has just been taken by the carrier.
async fn reminded(engine: Engine) -> (World, PatientId, MessageId) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-23T12:00").await;
    let message = world.last_sent();
    (world, ana, message)
}

async fn report(world: &World, carrier_ref: &str, receipt: Receipt) -> Reported {
    let report = Report {
        practice: world.access.practice,
        carrier: "memory".into(),
        carrier_ref: carrier_ref.into(),
        message: None,
        receipt,
    };
    world.desk.report(&report).await.unwrap()
}

async fn stands(world: &World, patient: PatientId, purpose: Purpose) -> Standing {
    let ledger = world.reader().ledger(patient).await.unwrap();
    let rules = Rules::defaults().unwrap();
    let today = world.desk.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    ledger.standing(&Ask {
        person: Owner::Patient,
        purpose,
        channel: Channel::Sms,
        address: &phone(),
        at: world.desk.now(),
        terms: rules.for_date(today).terms(),
    })
}

#[on_both_engines]
async fn receipts_may_come_twice_late_or_never(engine: Engine) {
    let (world, _, message) = reminded(engine).await;
    assert_eq!(world.state_of(message).await, "sent");
    assert_eq!(
        report(&world, "M1", Receipt::Underway).await,
        Reported::Known
    );
    assert_eq!(
        report(&world, "M1", Receipt::Delivered).await,
        Reported::Taken
    );
    assert_eq!(
        report(&world, "M1", Receipt::Delivered).await,
        Reported::Known
    );
    assert_eq!(report(&world, "M1", Receipt::Sent).await, Reported::Known);
    assert_eq!(world.state_of(message).await, "delivered");
    assert_eq!(
        report(&world, "M999", Receipt::Delivered).await,
        Reported::Unknown
    );
}

#[on_both_engines]
async fn a_failure_opens_work_and_a_belated_delivery_is_believed(engine: Engine) {
    let (world, ana, message) = reminded(engine).await;
    let ben = world.patient("Ben", PHONE).await;
    let gone = failed(FailureClass::InvalidAddress);
    assert_eq!(report(&world, "M1", gone.clone()).await, Reported::Taken);
    assert_eq!(report(&world, "M1", gone).await, Reported::Known);
    assert_eq!(world.state_of(message).await, "failed");
    let tasks = world.reader().tasks_of(ana).await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].kind, TaskKind::Undeliverable);
    let points = world.reader().contact_points(ana).await.unwrap();
    assert!(!points[0].standing.usable());
    let points = world.reader().contact_points(ben).await.unwrap();
    assert!(
        !points[0].standing.usable(),
        "the number is as dead for him"
    );
    assert_eq!(
        report(&world, "M1", Receipt::Delivered).await,
        Reported::Taken
    );
    assert_eq!(world.state_of(message).await, "delivered");
}

#[on_both_engines]
async fn a_receipt_settles_what_a_lost_answer_left_open(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    world.book(ana, "2026-11-24T08:40").await;
    let lost = Outcome::Unknown {
        why: Unsure::TimedOut,
    };
    world.carrier.answer_next(lost);
    world.run_until("2026-11-23T12:00").await;
    let message = world.last_sent();
    // The carrier could not say, so a person was asked.
    assert_eq!(world.state_of(message).await, "parked");
    let early = Report {
        practice: world.access.practice,
        carrier: "memory".into(),
        carrier_ref: "M-late".into(),
        message: Some(message),
        receipt: Receipt::Delivered,
    };
    let elsewhere = Report {
        carrier: "twilio".into(),
        ..early.clone()
    };
    assert_eq!(
        world.desk.report(&elsewhere).await.unwrap(),
        Reported::Unknown
    );
    assert_eq!(world.desk.report(&early).await.unwrap(), Reported::Taken);
    assert_eq!(world.state_of(message).await, "delivered");
    let tasks = world.reader().tasks_of(ana).await.unwrap();
    let open = tasks.iter().filter(|task| task.state == TaskState::Open);
    assert_eq!(open.count(), 0, "the question is answered");
    assert_eq!(world.carrier.sent().len(), 1, "never sent again");
}

#[on_both_engines]
async fn a_stop_from_a_shared_phone_stops_for_all_who_have_it(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let ben = world.patient("Ben", PHONE).await;
    let eva = world.patient("Eva", "312-555-0143").await;
    for patient in [ana, ben, eva] {
        world.book(patient, "2026-11-24T08:40").await;
    }
    world.run_until("2026-11-20T12:00").await;
    world.text(PHONE, "STOP").await;
    world.run_until("2026-11-25T09:00").await;
    insta::assert_snapshot!(world.story());
    for patient in [ana, ben] {
        let standing = stands(&world, patient, Purpose::Care).await;
        assert!(matches!(standing, Standing::Revoked { .. }), "{standing:?}");
    }
    world.text(PHONE, "START").await;
    for patient in [ana, ben] {
        for purpose in [Purpose::Care, Purpose::CareOther] {
            assert!(stands(&world, patient, purpose).await.is_allowed());
        }
        let standing = stands(&world, patient, Purpose::Feedback).await;
        assert!(
            !standing.is_allowed(),
            "START brings back only what was granted"
        );
    }
}

#[on_both_engines]
async fn a_housemate_cannot_undo_what_was_said_elsewhere(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    // Nobody has been written to yet: whoever came first is thought to write.
    world.wait(1);
    let ben = world.patient("Ben", PHONE).await;
    world.wait(1);
    world.revoke_by_staff(ben, &phone()).await;
    world.wait(1);
    world.text(PHONE, "STOP").await;
    world.wait(1);
    world.text(PHONE, "START").await;
    assert!(stands(&world, ana, Purpose::Care).await.is_allowed());
    assert!(!stands(&world, ben, Purpose::Care).await.is_allowed());
}

#[on_both_engines]
async fn a_wrong_number_is_wrong_for_everybody(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let ben = world.patient("Ben", PHONE).await;
    world.book(ben, "2026-11-24T08:40").await;
    world.run_until("2026-11-05T12:00").await;
    world.text(PHONE, "wrong number").await;
    world.run_until("2026-11-25T09:00").await;
    insta::assert_snapshot!(world.story());
    for patient in [ana, ben] {
        let points = world.reader().contact_points(patient).await.unwrap();
        assert!(!points[0].standing.usable());
    }
    // Two of our texts were on the way, and the stranger answers the second as well.
    let said = world.carrier.sent().len();
    world.text(PHONE, "wrong number").await;
    assert_eq!(world.carrier.sent().len(), said, "goodbye was said once");
}

fn from(world: &World, number: &str, words: &str, carrier_ref: &str) -> Inbound {
    Inbound {
        practice: world.access.practice,
        from: Address::Phone(Phone::parse(number).unwrap()),
        channel: Channel::Sms,
        body: Body::new(words),
        carrier: "memory".into(),
        carrier_ref: carrier_ref.into(),
    }
}

#[on_both_engines]
async fn a_stop_that_the_carrier_acted_on_is_mirrored_and_not_answered_twice(engine: Engine) {
    let (world, ana, _) = reminded(engine).await;
    let sent = world.carrier.sent().len();
    let stop = from(&world, PHONE, "Stop", "K1");
    world
        .desk
        .hear_keyword(&stop, Some(Keyword::Stop))
        .await
        .unwrap();
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), sent, "the carrier has answered");
    let standing = stands(&world, ana, Purpose::Care).await;
    assert!(matches!(standing, Standing::Blocked { .. }), "{standing:?}");
    assert!(
        !world.reader().contact_points(ana).await.unwrap()[0]
            .standing
            .usable()
    );
    world.wait(1);
    let start = from(&world, PHONE, "START", "K2");
    world
        .desk
        .hear_keyword(&start, Some(Keyword::Start))
        .await
        .unwrap();
    world.drain().await;
    assert!(stands(&world, ana, Purpose::Care).await.is_allowed());
    assert!(
        world.reader().contact_points(ana).await.unwrap()[0]
            .standing
            .usable()
    );
    assert_eq!(world.carrier.sent().len(), sent);
}

#[on_both_engines]
async fn a_stranger_is_heard_once_and_never_lost(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let words = from(
        &world,
        "312-555-0190",
        "Hi, is this the clinic on Elm?",
        "S1",
    );
    assert_eq!(world.desk.hear(&words).await.unwrap(), Heard::Stranger);
    assert_eq!(world.desk.hear(&words).await.unwrap(), Heard::Repeated);
    let tasks = world.reader().tasks_open(10).await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        (tasks[0].kind, tasks[0].about.patient),
        (TaskKind::Reply, None)
    );
    let stray = world
        .reader()
        .stray(tasks[0].about.message.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stray.hint, "•••0190");
    assert_eq!(stray.body, words.body);
    let danger = from(
        &world,
        "312-555-0190",
        "I have chest pain and can't breathe",
        "S2",
    );
    world.desk.hear(&danger).await.unwrap();
    let tasks = world.reader().tasks_open(10).await.unwrap();
    assert_eq!(tasks[0].kind, TaskKind::RedFlag, "{tasks:?}");
}

#[on_both_engines]
async fn a_strangers_stop_holds_when_the_number_becomes_known(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let stop = from(&world, PHONE, "STOP", "S1");
    assert_eq!(world.desk.hear(&stop).await.unwrap(), Heard::Stranger);
    world.wait(-1);
    let ana = world.patient("Ana", PHONE).await;
    world.wait(1);
    world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-25T09:00").await;
    assert_eq!(world.story(), "");
    world.text(PHONE, "START").await;
    world.book(ana, "2026-11-28T08:40").await;
    world.run_until("2026-11-29T09:00").await;
    assert!(world.story().contains("Nov 27"), "{}", world.story());
}

#[on_both_engines]
async fn the_same_text_twice_at_once_is_heard_once(engine: Engine) {
    let (world, ana, _) = reminded(engine).await;
    let yes = from(&world, PHONE, "1", "T1");
    let (one, two) = tokio::join!(world.desk.hear(&yes), world.desk.hear(&yes));
    let heard = [one.unwrap(), two.unwrap()];
    let repeats = heard.iter().filter(|heard| **heard == Heard::Repeated);
    assert_eq!(repeats.count(), 1, "{heard:?}");
    let ledger = world.reader().ledger(ana).await.unwrap();
    assert!(
        ledger
            .entries()
            .iter()
            .all(|entry| !matches!(entry.act, Act::Revoked { .. }))
    );
}
