//! Two records become one person's, and sometimes two people's again.

use std::collections::BTreeSet;

use tendon_care::consent::{Act, Ask};
use tendon_care::contact::{Channel, Owner};
use tendon_care::id::{Id, MergeId, PatientId};
use tendon_care::patient::{Life, Patient};
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskKind;
use tendon_desk::DeskError;
use tendon_store::Versioned;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::import::{ANA, import_hl7, message, patient_of, visit, visits_of};
use crate::world::{World, at, text};

const NOW: &str = "2026-11-02T10:00";

/// Everything that belongs to a patient, drawn for comparing.
async fn chart_of(world: &World, patient: PatientId) -> Vec<String> {
    let reader = world.desk.db().reader(&world.access);
    let stored: Versioned<Patient> = reader.patient(patient).await.unwrap().unwrap();
    let patient_value = &stored.value;
    let points = patient_value.contact_points.iter().map(|point| {
        format!(
            "{} {:?} {:?} {} {}",
            point.id, point.owner, point.standing, point.shared, point.rank
        )
    });
    let numbers = patient_value
        .identifiers
        .iter()
        .map(|number| format!("{} {}", number.system, number.value.expose()));
    let mut drawn = vec![format!(
        "{:?} {:?} {:?} {:?} {} {:?}",
        patient_value.birth_date,
        patient_value.sex,
        patient_value.region,
        patient_value.time_zone,
        patient_value.paused,
        patient_value.life,
    )];
    drawn.extend(points);
    drawn.extend(numbers);
    drawn.extend(
        patient_value
            .proxies
            .iter()
            .map(|proxy| format!("{} {:?}", proxy.id, proxy.authority)),
    );
    for visit in visits_of(world, patient).await {
        drawn.push(format!("{visit:?}"));
    }
    for episode in reader.episodes(patient).await.unwrap() {
        drawn.push(format!("{:?}", episode.value));
    }
    for plan in reader.plans(patient).await.unwrap() {
        drawn.push(format!("{plan:?}"));
    }
    for row in reader.enrolments_of_patient(patient).await.unwrap() {
        drawn.push(format!("{:?}", row.value));
    }
    for row in reader.messages_pending_for(patient).await.unwrap() {
        drawn.push(format!(
            "{} {:?} {:?}",
            row.message.id, row.message.state, row.message.conversation
        ));
    }
    for row in reader.consents(patient).await.unwrap() {
        drawn.push(format!("{row:?}"));
    }
    for task in reader.tasks_of(patient).await.unwrap() {
        // Whether two are one has been answered, by the merge and by taking it back.
        if task.kind != TaskKind::ReviewMatch {
            drawn.push(format!("{task:?}"));
        }
    }
    drawn
}

fn other(text: &str) -> String {
    text.replace("|7^^^EHR", "|17^^^EHR")
        .replace("Reyes^Ana||19680229", "Reyes-Gil^Ana||19680228")
        .replace("(312)555-0142", "(312)555-0142~(312)555-0177")
}

/// Two records of Ana, each with a visit ahead; the second has a phone besides.
async fn two_records(world: &World) -> (PatientId, PatientId) {
    let told = import_hl7(
        world,
        &[
            message("ADT^A04", "20261001080000", ANA),
            visit(
                "S12",
                "20261001090000",
                "1",
                "20261124084000-0600",
                "Booked",
            ),
            other(&message("ADT^A04", "20261001080100", ANA)),
            other(&visit(
                "S12",
                "20261001090100",
                "2",
                "20261127084000-0600",
                "Booked",
            )),
        ],
    )
    .await;
    assert_eq!(told.of("patient"), [2, 0, 0, 0]);
    (
        patient_of(world, "7").await.id,
        patient_of(world, "17").await.id,
    )
}

#[on_both_engines]
async fn a_merge_is_taken_back_to_the_letter(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    // One text has been sent and answered on each side.
    world.run_until("2026-11-23T12:00").await;
    world.text("312-555-0142", "1").await;
    let before = (chart_of(&world, ana).await, chart_of(&world, again).await);
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    let reader = world.desk.db().reader(&world.access);
    assert_eq!(reader.root_of(again).await.unwrap(), ana);
    assert_eq!(visits_of(&world, ana).await.len(), 2);
    let joined = patient_of(&world, "17").await;
    assert_eq!(joined.id, ana, "the retired number is the survivor's");
    let hints: Vec<_> = joined
        .contact_points
        .iter()
        .map(|point| point.address.hint())
        .collect();
    assert_eq!(hints, ["•••0142", "•••0177"]);
    assert!(joined.contact_points.iter().all(|point| !point.shared));
    assert!(visits_of(&world, again).await.is_empty());
    let left = reader.belongings(again).await.unwrap();
    let kinds: Vec<_> = left.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["conversation"],
        "an empty thread, since the survivor has one with that phone"
    );

    world.desk.unmerge(&world.access, merge).await.unwrap();
    let after = (chart_of(&world, ana).await, chart_of(&world, again).await);
    assert_eq!(after.0, before.0);
    assert_eq!(after.1, before.1);
    assert_eq!(reader.root_of(again).await.unwrap(), again);
    let twice = world.desk.unmerge(&world.access, merge).await;
    assert!(matches!(twice, Err(DeskError::Stale(_))), "{twice:?}");
}

#[on_both_engines]
async fn a_merge_told_by_a_feed_is_followed_ever_after(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    let a40 = |survivor: &str, retired: &str, sent: &str| {
        let pid = ANA.replace("|7^^^EHR", &format!("|{survivor}^^^EHR"));
        message("ADT^A40", sent, &format!("{pid}\rMRG|{retired}^^^EHR^MR"))
    };
    let merge = a40("7", "17", "20261101080000");
    let told = import_hl7(&world, std::slice::from_ref(&merge)).await;
    assert_eq!(told.of("merge"), [1, 0, 0, 0]);
    assert_eq!(import_hl7(&world, &[merge]).await.of("merge"), [0, 0, 1, 0]);
    assert_eq!(visits_of(&world, ana).await.len(), 2);
    // What comes for the retired number reaches the survivor.
    let late = other(&visit(
        "S12",
        "20261101090000",
        "3",
        "20261201084000-0600",
        "Booked",
    ));
    import_hl7(&world, &[late]).await;
    assert_eq!(visits_of(&world, ana).await.len(), 3);
    // A survivor that nobody knows is made, and a chain is followed to its end.
    let told = import_hl7(&world, &[a40("70", "7", "20261101100000")]).await;
    assert_eq!(
        (told.of("merge"), told.of("patient")),
        ([1, 0, 0, 0], [1, 0, 0, 0]),
        "{:?}",
        told.problems
    );
    let root = patient_of(&world, "70").await.id;
    let reader = world.desk.db().reader(&world.access);
    assert_eq!(reader.root_of(again).await.unwrap(), root);
    assert_eq!(visits_of(&world, root).await.len(), 3);
    // A number that nobody knows becomes one more of the survivor's.
    import_hl7(&world, &[a40("70", "71", "20261101110000")]).await;
    let by_alias = visit(
        "S12",
        "20261101120000",
        "4",
        "20261202084000-0600",
        "Booked",
    )
    .replace("|7^^^EHR", "|71^^^EHR");
    import_hl7(&world, &[by_alias]).await;
    assert_eq!(visits_of(&world, root).await.len(), 4);
    // A circle changes nothing.
    let told = import_hl7(&world, &[a40("17", "70", "20261101130000")]).await;
    assert_eq!(told.of("merge"), [0, 0, 1, 0]);
    assert_eq!(reader.root_of(root).await.unwrap(), root);
    let circle = world.desk.merge(&world.access, again, root).await;
    assert!(matches!(circle, Err(DeskError::Stale(_))), "{circle:?}");
}

#[on_both_engines]
async fn after_a_merge_the_journeys_of_both_go_on_about_one(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    world.desk.merge(&world.access, ana, again).await.unwrap();
    world.run_until("2026-11-28T12:00").await;
    insta::assert_snapshot!("merged", world.story());
    let reader = world.desk.db().reader(&world.access);
    let running = reader.enrolments_of_patient(ana).await.unwrap();
    assert!(
        running
            .iter()
            .all(|row| !row.state.contains(&again.to_string()))
    );
}

#[on_both_engines]
async fn the_stricter_consent_wins_and_comes_apart_again(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    world.run_until("2026-11-23T12:00").await;
    let allowed = async |patient: PatientId| {
        let reader = world.desk.db().reader(&world.access);
        let ledger = reader.ledger(patient).await.unwrap();
        let stored = reader.patient(patient).await.unwrap().unwrap();
        let point = stored
            .contact_points
            .iter()
            .find(|point| point.address.hint() == "•••0177");
        let address = point.map(|point| point.address.clone())?;
        let house = world.desk.house(world.access.practice).await.unwrap();
        let today = world
            .desk
            .now()
            .to_zoned(house.practice.time_zone.clone())
            .date();
        let terms = house.rules.for_date(today).terms();
        let ask = Ask {
            person: Owner::Patient,
            purpose: Purpose::Care,
            channel: Channel::Sms,
            address: &address,
            at: world.desk.now(),
            terms,
        };
        Some(ledger.standing(&ask).is_allowed())
    };
    assert_eq!(
        (allowed(ana).await, allowed(again).await),
        (None, Some(true))
    );
    world.text("312-555-0177", "STOP").await;
    assert_eq!(allowed(again).await, Some(false));
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    assert_eq!(allowed(ana).await, Some(false), "the no came along");
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(
        (allowed(ana).await, allowed(again).await),
        (None, Some(false))
    );
}

#[on_both_engines]
async fn a_stop_to_both_records_stays_with_both(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    world.wait(1);
    // Only the second record had that phone; STOP from it stops the other one as well.
    world.text("312-555-0177", "STOP").await;
    world.desk.unmerge(&world.access, merge).await.unwrap();
    let reader = world.reader();
    for patient in [ana, again] {
        let said = reader.consents(patient).await.unwrap();
        let noes = said
            .iter()
            .filter(|row| matches!(row.entry.act, Act::Revoked { .. }));
        assert_eq!(noes.count(), 1, "{patient}");
        assert_eq!(
            said.iter().filter(|row| row.strand.is_none()).count(),
            usize::from(patient == ana)
        );
    }
    let before = world.carrier.sent().len();
    world.run_until("2026-11-28T12:00").await;
    assert_eq!(world.carrier.sent().len(), before);
    // Nothing is written twice by merging and parting once more.
    world.wait(1);
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(reader.consents(again).await.unwrap().len(), 3);
}

#[on_both_engines]
async fn a_merge_with_the_dead_stops_everything(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    let dead = format!("{}{}20261102|Y", other(ANA), "|".repeat(16));
    import_hl7(&world, &[message("ADT^A31", "20261102090000", &dead)]).await;
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    assert!(matches!(
        patient_of(&world, "7").await.life,
        Life::Deceased { .. }
    ));
    world.run_until("2026-11-28T12:00").await;
    assert_eq!(world.story(), "");
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(patient_of(&world, "7").await.life, Life::Living);
    assert!(matches!(
        patient_of(&world, "17").await.life,
        Life::Deceased { .. }
    ));
}

/// Lets a reminder of each record wait in the outbox, of the same words for the same
/// time, and returns how many of the second one's wait.
async fn remind_both(world: &World, again: PatientId) -> usize {
    let moved = other(&visit(
        "S13",
        "20261002090000",
        "2",
        "20261124084000-0600",
        "Booked",
    ));
    import_hl7(world, &[moved]).await;
    world.clock.set(at("2026-11-03T08:40"));
    assert_eq!(world.desk.step_due().await.unwrap().claimed, 2);
    waiting(world, again).await
}

async fn waiting(world: &World, patient: PatientId) -> usize {
    let pending = world.reader().messages_pending_for(patient).await;
    pending.unwrap().len()
}

#[on_both_engines]
async fn a_repeat_that_was_taken_back_is_sent_after_all(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    assert_eq!(remind_both(&world, again).await, 1);
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    assert_eq!(waiting(&world, ana).await, 1, "the same words once");
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(waiting(&world, again).await, 1);
}

#[on_both_engines]
async fn a_death_recorded_of_both_stays_with_both(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    assert_eq!(remind_both(&world, again).await, 1);
    let merge = world.desk.merge(&world.access, ana, again).await.unwrap();
    world.wait(1);
    world.desk.record_death(&world.access, ana).await.unwrap();
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(waiting(&world, again).await, 0);
    world.run_until("2026-11-28T12:00").await;
    assert_eq!(world.story(), "");
}

#[on_both_engines]
async fn what_staff_wrote_to_both_records_is_no_repeat(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    for (patient, words) in [
        (ana, "Please bring your form."),
        (again, "Parking is free."),
    ] {
        world.write(patient, &text(words)).await;
    }
    world.desk.merge(&world.access, ana, again).await.unwrap();
    assert_eq!(waiting(&world, ana).await, 2);
}

#[on_both_engines]
async fn a_merge_answers_the_question_whether_they_are_one(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let of = |number: &str, name: &str| {
        let pid = ANA.replace("|7^^^EHR^MR", &format!("|{number}^^^LAB^PI"));
        message("ADT^A04", "20261001080000", &pid.replace("Reyes", name))
    };
    import_hl7(&world, &[message("ADT^A04", "20261001080000", ANA)]).await;
    import_hl7(&world, &[of("55", "Miller")]).await;
    import_hl7(&world, &[of("56", "Smith")]).await;
    let reader = world.reader();
    let people = reader.patients_page(None, 10).await.unwrap();
    let [ana, miller, smith] = people.iter().map(|hit| hit.id).collect::<Vec<_>>()[..] else {
        panic!("{people:?}")
    };
    let asked = async || {
        let mut pairs = BTreeSet::new();
        for patient in [ana, miller, smith] {
            let about = reader.reviews_about(patient).await.unwrap();
            pairs.extend(about.into_iter().map(|row| [row.a, row.b]));
        }
        (pairs.len(), reader.tasks_open(10).await.unwrap().len())
    };
    assert_eq!(asked().await, (3, 2));
    // Whether the third is one of them is still to be asked.
    world.desk.merge(&world.access, ana, miller).await.unwrap();
    assert_eq!(asked().await, (2, 2));
    for (patient, other) in [(ana, smith), (miller, smith), (smith, ana)] {
        let doubts = world.desk.doubts_about(&world.access, patient).await;
        let others: Vec<_> = doubts.unwrap().iter().map(|doubt| doubt.other).collect();
        assert_eq!(others, [other], "two records of one person are one doubt");
    }
    let merge = world.desk.merge(&world.access, ana, smith).await.unwrap();
    assert_eq!(asked().await, (0, 0));
    // Who takes it back says that they are two.
    world.desk.unmerge(&world.access, merge).await.unwrap();
    assert_eq!(asked().await, (0, 0));
}

#[on_both_engines]
async fn what_comes_under_both_numbers_opens_one_course(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    world.desk.merge(&world.access, ana, again).await.unwrap();
    let reader = world.reader();
    let before = reader.episodes(ana).await.unwrap().len();
    let booked =
        |number: &str, starts: &str| visit("S12", "20261101090000", number, starts, "Booked");
    let files = [
        booked("8", "20270601084000-0600"),
        other(&booked("9", "20270603084000-0600")),
    ];
    assert_eq!(
        import_hl7(&world, &files).await.of("appointment"),
        [2, 0, 0, 0]
    );
    assert_eq!(reader.episodes(ana).await.unwrap().len(), before + 1);
}

#[on_both_engines]
async fn who_may_not_merge_and_what_is_not_there_is_refused(engine: Engine) {
    use tendon_care::access::{Access, Actor, PurposeOfUse, Role, Scope};
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    let clerk = Access {
        practice: world.access.practice,
        actor: Actor::User {
            id: world.desk.mint().id(),
            role: Role::FrontDesk,
        },
        scope: Scope::Practice,
        purpose: PurposeOfUse::Operations,
    };
    let denied = world.desk.merge(&clerk, ana, again).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
    let nobody = world.desk.mint().id();
    let missing = world.desk.merge(&world.access, ana, nobody).await;
    assert!(matches!(missing, Err(DeskError::NotFound("patient"))));
    let same = world.desk.merge(&world.access, ana, ana).await;
    assert!(matches!(same, Err(DeskError::Stale(_))));
    let unknown = MergeId::from_uuid(uuid::Uuid::nil());
    let missing = world.desk.unmerge(&world.access, unknown).await;
    assert!(matches!(missing, Err(DeskError::NotFound("merge"))));
}

#[on_both_engines]
async fn a_survivor_that_was_merged_again_parts_last(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let (ana, again) = two_records(&world).await;
    let third = message(
        "ADT^A04",
        "20261001080200",
        &ANA.replace("|7^^^EHR", "|27^^^EHR")
            .replace("Reyes^Ana||19680229", "Gil^Anna||19680301"),
    );
    import_hl7(&world, &[third]).await;
    let third = patient_of(&world, "27").await.id;
    let before = chart_of(&world, again).await;
    let first = world.desk.merge(&world.access, ana, again).await.unwrap();
    let second = world.desk.merge(&world.access, third, again).await.unwrap();
    assert_eq!(
        visits_of(&world, third).await.len(),
        2,
        "the retired record stands for its survivor"
    );
    let early = world.desk.unmerge(&world.access, first).await;
    assert!(matches!(early, Err(DeskError::Stale(_))), "{early:?}");
    world.desk.unmerge(&world.access, second).await.unwrap();
    world.desk.unmerge(&world.access, first).await.unwrap();
    assert_eq!(chart_of(&world, again).await, before);
}
