//! What is said about a phone: that it is to be left alone, is somebody else's, or is
//! to be written to again. Who has it may change meanwhile.

use tendon_assist::Class;
use tendon_care::consent::{Act, Ask, Standing as Consent};
use tendon_care::contact::{Address, Channel, Email, Owner, Phone, Standing};
use tendon_care::id::PatientId;
use tendon_care::message::{Body, Failure, FailureClass};
use tendon_care::purpose::Purpose;
use tendon_care::task::{TaskKind, TaskState};
use tendon_channel::carrier::Outcome;
use tendon_desk::{Checked, Heard, Inbound, Pass};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::import::{ANA, import_hl7, message, patient_of, visit};
use crate::world::{PHONE, World, text};

fn phone() -> Address {
    Address::Phone(Phone::parse(PHONE).unwrap())
}

async fn stands(world: &World, patient: PatientId, address: &Address, purpose: Purpose) -> Consent {
    let ledger = world.reader().ledger(patient).await.unwrap();
    let house = world.desk.house(world.access.practice).await.unwrap();
    let now = world.desk.now();
    let today = now.to_zoned(house.practice.time_zone.clone()).date();
    let channel = match address {
        Address::Phone(_) => Channel::Sms,
        Address::Email(_) => Channel::Email,
    };
    ledger.standing(&Ask {
        person: Owner::Patient,
        purpose,
        channel,
        address,
        at: now,
        terms: house.rules.for_date(today).terms(),
    })
}

async fn point(world: &World, patient: PatientId) -> Standing {
    world.reader().contact_points(patient).await.unwrap()[0].standing
}

/// Lists the open tasks about a patient.
async fn asked(world: &World, patient: PatientId) -> Vec<TaskKind> {
    let tasks = world.reader().tasks_of(patient).await.unwrap();
    let open = tasks
        .into_iter()
        .filter(|task| task.state == TaskState::Open);
    open.map(|task| task.kind).collect()
}

/// Returns what left since so many messages had.
fn said_since(world: &World, before: usize) -> Vec<String> {
    let sent = world.carrier.sent();
    let words = sent[before..].iter().map(|out| out.content.text.expose());
    words.map(str::to_owned).collect()
}

#[on_both_engines]
async fn first_texts_that_come_at_once_are_all_heard(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let mut coming = tokio::task::JoinSet::new();
    for (number, words) in ["Hello?", "STOP", "Is anybody there", "I will be late"]
        .into_iter()
        .enumerate()
    {
        let inbound = Inbound {
            practice: world.access.practice,
            from: phone(),
            channel: Channel::Sms,
            body: Body::new(words),
            carrier: "memory".into(),
            carrier_ref: format!("AT{number}"),
        };
        let desk = world.desk.clone();
        coming.spawn(async move { desk.hear(&inbound).await });
    }
    for heard in coming.join_all().await {
        assert!(matches!(heard, Ok(Heard::Taken { .. })), "{heard:?}");
    }
    assert!(
        !stands(&world, ana, &phone(), Purpose::Care)
            .await
            .is_allowed()
    );
    let threads = world.reader().threads(10).await.unwrap();
    assert_eq!(threads.len(), 1, "{threads:?}");
}

#[on_both_engines]
async fn a_stop_beside_an_answer_does_both(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let ben = world.patient("Ben", "312-555-0143").await;
    let visits = [
        world.book(ana, "2026-11-24T08:40").await,
        world.book(ben, "2026-11-24T08:40").await,
    ];
    world.run_until("2026-11-23T12:00").await;
    for (patient, number, visit, words, state) in [
        (ana, PHONE, visits[0], "3 STOP", "cancelled"),
        (ben, "312-555-0143", visits[1], "STOP 1", "confirmed"),
    ] {
        let address = Address::Phone(Phone::parse(number).unwrap());
        let before = world.carrier.sent().len();
        let heard = world.text(number, words).await;
        assert_eq!(
            heard,
            Heard::Taken {
                class: Class::OptOutAll
            }
        );
        let stored = world.reader().appointment(visit).await.unwrap().unwrap();
        assert_eq!(stored.state.code(), state, "{words}");
        assert!(
            !stands(&world, patient, &address, Purpose::Care)
                .await
                .is_allowed()
        );
        let said = said_since(&world, before);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("unsubscribed"), "{said:?}");
    }
}

/// Lets another record with Ana's number come from the EHR, with a visit ahead.
async fn another_record(world: &World) -> PatientId {
    let told = import_hl7(
        world,
        &[
            message("ADT^A04", "20261103080000", ANA),
            visit(
                "S12",
                "20261103090000",
                "1",
                "20261124084000-0600",
                "Booked",
            ),
        ],
    )
    .await;
    assert_eq!(told.of("patient"), [1, 0, 0, 0]);
    patient_of(world, "7").await.id
}

#[on_both_engines]
async fn a_stop_holds_on_the_next_record_until_the_phone_says_start(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let dora = world.patient("Dora", PHONE).await;
    world.text(PHONE, "STOP").await;
    world.run_until("2026-11-03T10:00").await;
    let before = world.carrier.sent().len();
    let luis = another_record(&world).await;
    world.run_until("2026-11-25T12:00").await;
    assert_eq!(said_since(&world, before), Vec::<String>::new());
    world.text(PHONE, "START").await;
    for patient in [dora, luis] {
        assert!(
            stands(&world, patient, &phone(), Purpose::Care)
                .await
                .is_allowed()
        );
    }
    let before = world.carrier.sent().len();
    world.book(luis, "2026-12-01T08:40").await;
    world.run_until("2026-12-01T08:00").await;
    assert!(!said_since(&world, before).is_empty());
}

#[on_both_engines]
async fn the_page_says_what_the_gate_will_say(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    world.patient("Dora", PHONE).await;
    world.text(PHONE, "STOP").await;
    world.run_until("2026-11-03T10:00").await;
    let luis = another_record(&world).await;
    world
        .mailbox(luis, "luis@example.org", &[Purpose::Care])
        .await;
    world.run_until("2026-11-22T12:00").await;
    let (desk, token) = (&world.desk, world.last_link());
    let born = world.reader().patient(luis).await.unwrap();
    let born = born.unwrap().value.birth_date.unwrap();
    let Checked::Right { proof, .. } = desk.check_birthday(&token, born).await.unwrap() else {
        panic!("a birthday on file");
    };
    let pass = Pass {
        token: &token,
        proof: Some(proof.expose()),
    };
    let shown = desk.portal_preferences(pass).await.unwrap();
    let ways: Vec<_> = shown.ways.iter().map(|way| (way.channel, way.on)).collect();
    assert_eq!(ways, [(Channel::Sms, false), (Channel::Email, true)]);
}

#[on_both_engines]
async fn a_wrong_number_is_wrong_on_the_next_record(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    world.patient("Dora", PHONE).await;
    world.text(PHONE, "Wrong number").await;
    world.run_until("2026-11-03T10:00").await;
    let before = world.carrier.sent().len();
    let luis = another_record(&world).await;
    assert!(matches!(
        point(&world, luis).await,
        Standing::WrongParty { .. }
    ));
    world.run_until("2026-11-25T12:00").await;
    assert_eq!(said_since(&world, before), Vec::<String>::new());
}

#[on_both_engines]
async fn a_stranger_who_says_stop_leaves_the_patients_mailbox_alone(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let ben = world.patient("Ben", PHONE).await;
    world
        .mailbox(ana, "ana@example.org", &[Purpose::Care])
        .await;
    world.wait(1);
    world
        .text(PHONE, "Wrong number, please stop texting me")
        .await;
    let said = said_since(&world, 0);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("will not text this number"), "{said:?}");
    for patient in [ana, ben] {
        assert!(matches!(
            point(&world, patient).await,
            Standing::WrongParty { .. }
        ));
        assert!(
            !stands(&world, patient, &phone(), Purpose::Care)
                .await
                .is_allowed()
        );
    }
    let both = [asked(&world, ana).await, asked(&world, ben).await].concat();
    assert_eq!(both, [TaskKind::WrongParty]);
    let mailbox = Address::Email(Email::parse("ana@example.org").unwrap());
    assert!(
        stands(&world, ana, &mailbox, Purpose::Care)
            .await
            .is_allowed()
    );
    world.text(PHONE, "wrong number, stop texting me").await;
    assert_eq!(said_since(&world, 0).len(), 1, "goodbye is said once");
}

#[on_both_engines]
async fn a_family_that_says_stop_is_answered_by_a_person(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book(ana, "2026-11-24T08:40").await;
    world
        .text(PHONE, "My wife died last week, please stop texting us")
        .await;
    assert_eq!(said_since(&world, 0), Vec::<String>::new());
    let stored = world.reader().patient(ana).await.unwrap().unwrap();
    assert!(stored.value.paused);
    assert_eq!(asked(&world, ana).await, [TaskKind::Reply]);
    assert!(
        !stands(&world, ana, &phone(), Purpose::Care)
            .await
            .is_allowed()
    );
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 1);
}

#[on_both_engines]
async fn a_start_is_tried_where_the_carrier_does_not_say_what_it_lifted(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.carrier.answer_next(Outcome::Refused(Failure {
        class: FailureClass::Blocked,
        code: "21610".into(),
    }));
    world.text(PHONE, "STOP").await;
    assert!(matches!(point(&world, ana).await, Standing::Blocked { .. }));
    assert!(matches!(
        stands(&world, ana, &phone(), Purpose::Care).await,
        Consent::Blocked { .. }
    ));
    world.wait(1);
    let before = world.carrier.sent().len();
    world.text(PHONE, "START").await;
    assert!(
        stands(&world, ana, &phone(), Purpose::Care)
            .await
            .is_allowed()
    );
    assert!(point(&world, ana).await.usable());
    let said = said_since(&world, before);
    assert!(said[0].contains("texts are on"), "{said:?}");
    // It blocks all the same: that is believed.
    world.carrier.answer_next(Outcome::Refused(Failure {
        class: FailureClass::Blocked,
        code: "21610".into(),
    }));
    world.wait(1);
    world.text(PHONE, "HELP").await;
    assert!(matches!(point(&world, ana).await, Standing::Blocked { .. }));
}

#[on_both_engines]
async fn a_yes_is_for_who_asked_unless_the_phone_was_stopped(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world.book(ana, "2026-11-24T08:40").await;
    let grants = async || {
        let said = world.reader().consents(ana).await.unwrap();
        let granted = |act: &Act| matches!(act, Act::Granted { .. });
        said.iter().filter(|row| granted(&row.entry.act)).count()
    };
    let before = grants().await;
    world.write(ana, &text("Can you come at 3?")).await;
    world.drain().await;
    world.wait(1);
    let told = world.carrier.sent().len();
    let heard = world.text(PHONE, "Yes").await;
    let person = Heard::Taken {
        class: Class::UnknownHuman,
    };
    assert_eq!(heard, person);
    assert_eq!(said_since(&world, told), Vec::<String>::new());
    assert_eq!(grants().await, before);
    assert_eq!(asked(&world, ana).await, [TaskKind::Reply]);
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 1);
    for words in ["STOP", "YES"] {
        world.wait(1);
        world.text(PHONE, words).await;
    }
    assert!(
        stands(&world, ana, &phone(), Purpose::Care)
            .await
            .is_allowed()
    );
    assert_eq!(grants().await, before + 2);
    // What was stopped and begun again is stopped no more.
    world.wait(1);
    assert_eq!(world.text(PHONE, "Yes").await, person);
}

#[on_both_engines]
async fn what_a_text_says_of_consent_is_in_the_trail(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    for words in ["STOP", "START"] {
        world.wait(1);
        world.text(PHONE, words).await;
    }
    let trail = world.audit().await;
    let rows = trail.iter().rev().filter(|row| row.entity == "consent");
    let told: Vec<_> = rows.map(|row| (row.patient, row.detail.as_str())).collect();
    assert_eq!(told, [(Some(ana), "revoked"), (Some(ana), "granted")]);
}
