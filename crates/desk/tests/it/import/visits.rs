//! What a feed may say of a visit, and what it may not undo.

use tendon_care::appointment::VisitState;
use tendon_desk::import::ImportOptions;

use super::{
    ANA, NOW, a_busy_schedule, book_of, export, facts_of, feed, import_fhir, import_hl7, message,
    patient_of, visit, visits_of,
};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at};

fn called_off(sent: &str, number: &str, starts: &str) -> String {
    visit("S15", sent, number, starts, "Cancelled")
}

fn booked(sent: &str, number: &str, starts: &str) -> String {
    visit("S12", sent, number, starts, "Booked")
}

/// Two visits lie ahead of Ana: number 5 on the 24th, and number 6 on the 27th.
const ON_24: &str = "20261124084000-0600";
const ON_27: &str = "20261127084000-0600";
const IN_DECEMBER: &str = "20261201150000-0600";

#[on_both_engines]
async fn a_move_told_as_two_messages_is_no_cancellation(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &a_busy_schedule()).await;
    let moved = [
        called_off("20261102090000", "5", ON_24),
        booked("20261102090500", "50", IN_DECEMBER),
    ];
    let told = import_hl7(&world, &moved).await;
    assert_eq!(told.of("appointment"), [0, 2, 0, 0], "{:?}", told.words());
    let book = book_of(&world, "7").await;
    assert_eq!(book.len(), 6);
    assert_eq!(book[5], "2026-12-01 15:00 recurring booked");
    let ana = patient_of(&world, "7").await;
    let facts = facts_of(&world, ana.id).await;
    assert!(facts.contains(&"visit.moved".to_owned()));
    assert!(!facts.contains(&"visit.cancelled".to_owned()), "{facts:?}");
}

/// Tells of a visit that is called off and, in another run, of a booking so many
/// minutes later; returns the book.
async fn told_apart(engine: Engine, minutes: u8) -> Vec<String> {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &a_busy_schedule()).await;
    import_hl7(&world, &[called_off("20261102100000", "6", ON_27)]).await;
    let sent = format!("2026110210{minutes:02}00");
    import_hl7(&world, &[booked(&sent, "60", IN_DECEMBER)]).await;
    book_of(&world, "7").await
}

#[on_both_engines]
async fn a_booking_finds_what_was_called_off_a_moment_ago(engine: Engine) {
    let book = told_apart(engine, 9).await;
    assert_eq!(book.len(), 6);
    assert_eq!(book[5], "2026-12-01 15:00 recurring booked");
}

#[on_both_engines]
async fn a_booking_that_comes_later_is_a_visit_of_its_own(engine: Engine) {
    let book = told_apart(engine, 20).await;
    assert_eq!(book.len(), 7);
    assert!(
        book[5].starts_with("2026-11-27 08:40 recurring cancelled"),
        "{book:?}"
    );
}

#[on_both_engines]
async fn an_arrival_is_of_the_visit_of_that_day(engine: Engine) {
    let world = World::open(engine, "2026-11-24T09:00").await;
    import_hl7(&world, &a_busy_schedule()).await;
    let pv1 = |class: &str, admitted: &str, discharged: &str| {
        let gap = |n: usize| "|".repeat(n);
        format!(
            "{ANA}\rPV1|1|{class}{}N77^^^EHR{}{admitted}|{discharged}",
            gap(17),
            gap(25)
        )
    };
    let came = message(
        "ADT^A04",
        "20261124084500",
        &pv1("O", "20261124084300-0600", ""),
    );
    let told = import_hl7(&world, &[came]).await;
    assert_eq!(told.of("appointment"), [0, 1, 0, 0], "{:?}", told.words());
    let left = message(
        "ADT^A03",
        "20261124093000",
        &pv1("O", "20261124084300-0600", "20261124092500-0600"),
    );
    import_hl7(&world, &[left]).await;
    let book = book_of(&world, "7").await;
    assert_eq!(book[4], "2026-11-24 08:40 recurring completed");
    assert_eq!(book.len(), 6);
}

#[on_both_engines]
async fn what_the_patient_said_here_outlives_a_feed_that_repeats_itself(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &a_busy_schedule()).await;
    world.run_until("2026-11-23T12:00").await;
    world.text("312-555-0142", "1").await;
    let book = book_of(&world, "7").await;
    assert_eq!(book[4], "2026-11-24 08:40 recurring confirmed");
    // Another length, and the same status as ever.
    let longer = visit(
        "S14",
        "20261123130000",
        "5",
        "20261124084000-0600",
        "Booked",
    )
    .replace("||40|MIN|^^40^", "||60|MIN|^^60^");
    let told = import_hl7(&world, &[longer]).await;
    assert_eq!(told.of("appointment"), [0, 1, 0, 0]);
    let ana = patient_of(&world, "7").await;
    let fifth = visits_of(&world, ana.id).await.swap_remove(4);
    assert_eq!(fifth.minutes, 60);
    assert!(matches!(fifth.state, VisitState::Confirmed { .. }));
    // A status that the source itself changes counts.
    let off = visit(
        "S15",
        "20261123140000",
        "5",
        "20261124084000-0600",
        "Cancelled",
    );
    import_hl7(&world, &[off]).await;
    let book = book_of(&world, "7").await;
    assert_eq!(
        book[4],
        "2026-11-24 08:40 recurring cancelled by unknown late=true"
    );
    let back = visit(
        "S14",
        "20261123150000",
        "5",
        "20261124084000-0600",
        "Booked",
    );
    import_hl7(&world, &[back]).await;
    assert_eq!(
        book_of(&world, "7").await[4],
        "2026-11-24 08:40 recurring booked"
    );
}

#[on_both_engines]
async fn visits_unknown_and_called_off_are_remembered(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &[message("ADT^A04", "20261001080000", ANA)]).await;
    let off = visit("S15", "20261102090000", "1", "", "Cancelled").replace("\rAIS|1||PT|", "");
    let told = import_hl7(&world, &[off]).await;
    assert_eq!(told.of("appointment"), [0, 0, 1, 0], "{:?}", told.words());
    let late = visit(
        "S12",
        "20261101090000",
        "1",
        "20261124084000-0600",
        "Booked",
    );
    let told = import_hl7(&world, &[late]).await;
    assert_eq!(told.of("appointment"), [0, 0, 1, 0], "{:?}", told.words());
    assert_eq!(book_of(&world, "7").await, Vec::<String>::new());
    let unknown = visit("S14", "20261102090000", "2", "", "Booked").replace("\rAIS|1||PT|", "");
    let told = import_hl7(&world, &[unknown]).await;
    assert_eq!(
        told.words(),
        ["SCH-11: is missing, and the visit is not known"]
    );
}

#[on_both_engines]
async fn a_time_that_does_not_exist_is_told(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let told = import_hl7(
        &world,
        &[visit(
            "S12",
            "20261101090000",
            "1",
            "20270314023000",
            "Booked",
        )],
    )
    .await;
    assert_eq!(
        told.words(),
        ["SCH-11: does not exist on that day's clock; it was moved forward"]
    );
    assert_eq!(told.problems[0].position.to_string(), "message 1");
    assert_eq!(
        book_of(&world, "7").await,
        ["2027-03-14 03:30 evaluation booked"]
    );
}

#[on_both_engines]
async fn an_import_as_of_a_moment_decides_as_of_then(engine: Engine) {
    let world = World::open(engine, "2027-05-01T10:00").await;
    let options = ImportOptions {
        as_of: Some(at(NOW)),
        ..ImportOptions::default()
    };
    let arrivals = feed(&a_busy_schedule()).into_iter();
    let report = world
        .desk
        .import_arrivals(&world.access, arrivals, &options, |_| ())
        .await;
    assert_eq!(report.unwrap().of("appointment").created, 6);
    assert_eq!(
        book_of(&world, "7").await[5],
        "2026-11-27 08:40 recurring booked"
    );
    let reader = world.desk.db().reader(&world.access);
    let ana = patient_of(&world, "7").await;
    let given = &reader.consents(ana.id).await.unwrap()[0];
    assert_eq!(given.entry.captured_at, at(NOW));
}

#[on_both_engines]
async fn plans_referrals_and_named_courses_find_each_other(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let course = r#"{"resourceType":"EpisodeOfCare","id":"c","status":"active","patient":{"reference":"Patient/bo"},"period":{"start":"2026-10-01"}}"#;
    let referral = r#"{"resourceType":"ServiceRequest","id":"r","status":"active","intent":"order","code":{"text":"Physical therapy"},"subject":{"reference":"Patient/bo"},"authoredOn":"2026-09-30T10:00:00-05:00","requester":{"display":"Dr. Reed"}}"#;
    let told = import_fhir(&world, &export()).await;
    assert_eq!(told.of("appointment"), [4, 0, 0, 0]);
    let told = import_fhir(&world, &[course.to_owned(), referral.to_owned()]).await;
    assert_eq!(
        (told.of("episode"), told.of("referral")),
        ([1, 0, 0, 0], [1, 0, 0, 0]),
        "{:?}",
        told.words()
    );
    let bo = patient_of(&world, "8").await;
    let reader = world.desk.db().reader(&world.access);
    assert_eq!(
        reader.episodes(bo.id).await.unwrap().len(),
        2,
        "the named course is the inferred one"
    );
    let referrals = reader.referrals(bo.id).await.unwrap();
    assert!(
        referrals[0].called_at.is_some(),
        "who came needs no first call"
    );
    let ended = course
        .replace("\"active\"", "\"finished\"")
        .replace("\"2026-10-01\"", "\"2026-10-01\",\"end\":\"2026-10-30\"");
    import_fhir(&world, &[ended]).await;
    let states: Vec<_> = reader
        .episodes(bo.id)
        .await
        .unwrap()
        .iter()
        .map(|one| one.state.code())
        .collect();
    assert_eq!(states, ["discharged", "discharged"]);
}
