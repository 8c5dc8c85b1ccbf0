//! The workers of a node, as they run in the server.

use std::sync::Arc;

use tendon_care::appointment::VisitKind;
use tendon_care::contact::{Address, Channel, Phone};
use tendon_care::id::PatientId;
use tendon_care::purpose::Purpose;
use tendon_desk::{Draft, NewVisit, Workers};
use tendon_store::{Commit, Write};
use tendon_testkit::carriers::Memory;
use tendon_testkit::clock::SeededRandomness;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_testpractice::Person;
use tokio_util::sync::CancellationToken;

use crate::world::{PHONE, World, at, text};

/// Waits until something holds, looking again whenever anything was committed. The
/// limit is there for a broken worker, so that the test fails and does not hang.
async fn until(world: &World, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        let mut changes = world.desk.db().changes();
        while !holds().await {
            let _ = changes.recv().await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("the workers work");
}

#[on_both_engines]
async fn a_clock_that_leaps_drives_the_workers(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", "312-555-0142").await;
    world.book(ana, "2026-11-24T08:40").await;
    let stop = CancellationToken::new();
    let workers = Workers::start(&world.desk, &stop);
    world.clock.set(at("2026-11-23T09:00"));
    until(&world, async || !world.carrier.sent().is_empty()).await;
    // Nobody checked in: a day later the visit is found to be missed.
    world.clock.set(at("2026-11-25T12:00"));
    until(&world, async || {
        let visits = world.reader().appointments_of(ana).await.unwrap();
        visits[0].state.code() == "noshow"
    })
    .await;
    stop.cancel();
    workers.stopped().await;
}

#[on_both_engines]
async fn a_stop_finishes_what_has_begun_and_hands_back_the_rest(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    for number in 0..6 {
        let patient = world.patient("Ana", &format!("312-555-014{number}")).await;
        world.book(patient, "2026-11-24T08:40").await;
    }
    world.clock.set(at("2026-11-23T09:00"));
    let closed = world.carrier.closed().await;
    let stop = CancellationToken::new();
    let workers = Workers::start(&world.desk, &stop);
    until(&world, async || world.carrier.calls() > 0).await;
    stop.cancel();
    drop(closed);
    workers.stopped().await;
    let begun = world.carrier.sent().len();
    assert_eq!(world.carrier.calls(), u64::try_from(begun).unwrap());
    assert!(begun < 6, "each worker had begun one at most");
    // No lease has run out, for the clock stands still: the rest was handed back.
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), 6);
}

/// Words of staff, to be sent at once as a letter.
fn letter() -> Draft {
    Draft {
        channel: Channel::Email,
        subject: Some("Shoes".into()),
        ..text("Riverside PT: Please bring comfortable shoes.")
    }
}

/// A practice whose mail server takes letters and answers for none, with Ana who has
/// a mailbox.
async fn with_hanging_letters(engine: Engine) -> (World, PatientId, Arc<Memory>) {
    let letters = Arc::new(Memory::new("letters"));
    let world = World::with_letters(engine, "2026-11-02T10:00", &letters).await;
    let ana = world.patient("Ana", PHONE).await;
    world
        .mailbox(ana, "ana@example.org", &[Purpose::Care])
        .await;
    (world, ana, letters)
}

#[on_both_engines]
async fn a_letter_that_hangs_holds_up_no_text(engine: Engine) {
    let (world, ana, letters) = with_hanging_letters(engine).await;
    let closed = letters.closed().await;
    let stop = CancellationToken::new();
    let workers = Workers::start(&world.desk, &stop);
    world.write(ana, &letter()).await;
    until(&world, async || letters.calls() == 1).await;
    let ben = world.patient("Ben", "312-555-0143").await;
    world.write(ben, &text("Riverside PT: We open at 8.")).await;
    until(&world, async || world.carrier.sent().len() == 1).await;
    assert_eq!(letters.sent().len(), 0, "it still hangs");
    drop(closed);
    until(&world, async || letters.sent().len() == 1).await;
    stop.cancel();
    workers.stopped().await;
}

#[on_both_engines]
async fn what_goes_another_way_than_planned_waits_in_that_line(engine: Engine) {
    let (world, ana, letters) = with_hanging_letters(engine).await;
    world.book(ana, "2026-11-24T08:40").await;
    let points = world.reader().contact_points(ana).await.unwrap();
    let mobile = points
        .iter()
        .find(|point| point.address == phone(PHONE))
        .unwrap();
    let gone = world
        .desk
        .remove_contact(&world.access, ana, mobile.id)
        .await;
    gone.unwrap();
    world.run_until("2026-11-23T18:00").await;
    // A reminder is planned as a text, and nobody can text her.
    assert!(world.carrier.sent().is_empty());
    let sent = letters.sent();
    assert_eq!(sent.len(), 1);
    let row = world.reader().message(sent[0].message).await.unwrap();
    let row = row.unwrap();
    assert_eq!(
        (row.message.channel, row.message.state.code()),
        (Channel::Email, "sent")
    );
    // Decided once, where it went.
    let decisions = world.reader().decisions(sent[0].message).await.unwrap();
    assert_eq!(decisions.len(), 1);
}

fn phone(number: &str) -> Address {
    Address::Phone(Phone::parse(number).unwrap())
}

/// Writes what no journey understands.
async fn spoil(world: &World, patient: PatientId) {
    let enrolments = world.reader().enrolments_of_patient(patient).await.unwrap();
    let mut commit = Commit::new(&world.access);
    for mut enrolment in enrolments {
        enrolment.value.state = "spoilt".into();
        commit.push(Write::Enrolment(Box::new(enrolment)));
    }
    world.desk.db().commit(commit).await.unwrap();
}

#[on_both_engines]
async fn a_chart_that_cannot_be_read_holds_up_nobody(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let ben = world.patient("Ben", "312-555-0143").await;
    for patient in [ana, ben] {
        world.book(patient, "2026-11-24T08:40").await;
    }
    spoil(&world, ana).await;
    world.clock.set(at("2026-11-23T09:00"));
    let stepped = world.desk.step_due().await.unwrap();
    assert_eq!((stepped.claimed, stepped.failed), (2, 1));
    world.desk.dispatch_due().await.unwrap();
    assert_eq!(world.carrier.sent().len(), 1, "Ben is reminded");
}

#[on_both_engines]
async fn a_practice_that_another_process_adds_is_served(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let other = world
        .another_node(Arc::new(SeededRandomness::new(11)))
        .await;
    let (access, location) = tendon_testpractice::open_practice(&other, "Lakeside PT").await;
    let person = Person::new("Cleo", "312-555-0177");
    let patient = tendon_testpractice::register(&other, &access, person).await;
    let visit = NewVisit {
        patient,
        episode: None,
        location,
        clinician: None,
        kind: VisitKind::Recurring,
        starts_at: at("2026-11-24T08:40"),
        minutes: 40,
    };
    other.book(&access, &visit).await.unwrap();
    world.clock.set(at("2026-11-23T09:00"));
    let stepped = world.desk.step_due().await.unwrap();
    assert_eq!((stepped.claimed, stepped.failed), (1, 0));
    let sent = world.desk.dispatch_due().await.unwrap();
    assert_eq!((sent.claimed, sent.failed), (1, 0));
}
