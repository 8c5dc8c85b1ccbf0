//! Who a record is about, and what a source may change of a patient.

use tendon_care::contact::Owner;
use tendon_care::patient::{Authority, Life};
use tendon_care::task::TaskKind;
use tendon_store::digest_tables;

use super::{
    ANA, BO, NOW, a_busy_schedule, book_of, facts_of, import_fhir, import_hl7, message, patient_of,
    visit,
};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::World;

#[on_both_engines]
async fn addresses_of_other_sources_stay(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let of = |phones: &str| ANA.replace("(312)555-0142", phones);
    import_hl7(
        &world,
        &[message(
            "ADT^A04",
            "20261001080000",
            &of("(312)555-0142~(312)555-0143"),
        )],
    )
    .await;
    let other = BO
        .replace("\"value\":\"8\"", "\"value\":\"7\"")
        .replace("Chen", "Reyes")
        .replace("[\"Bo\"]", "[\"Ana\"]")
        .replace("1970-05-05", "1968-02-29");
    let told = import_fhir(&world, &[other]).await;
    assert_eq!(
        told.of("patient"),
        [0, 1, 0, 0],
        "matched by number: {:?}",
        told.words()
    );
    let hints = async || -> Vec<String> {
        let patient = patient_of(&world, "7").await;
        patient
            .contact_points
            .iter()
            .map(|point| point.address.hint())
            .collect()
    };
    assert_eq!(hints().await, ["•••0199", "•••0142", "•••0143"]);
    import_hl7(
        &world,
        &[message("ADT^A08", "20261002080000", &of("(312)555-0144"))],
    )
    .await;
    assert_eq!(hints().await, ["•••0144", "•••0199"]);
    import_hl7(&world, &[message("ADT^A08", "20261003080000", &of(""))]).await;
    assert_eq!(
        hints().await,
        ["•••0144", "•••0199"],
        "an empty field says nothing"
    );
    import_hl7(&world, &[message("ADT^A08", "20261004080000", &of("\"\""))]).await;
    assert_eq!(hints().await, ["•••0199"]);
    let old = import_hl7(
        &world,
        &[message("ADT^A08", "20261001090000", &of("(312)555-0150"))],
    )
    .await;
    assert_eq!(old.of("patient"), [0, 0, 1, 0]);
    assert_eq!(
        old.words(),
        ["EVN-2: is older than what is known from the same source"]
    );
    assert_eq!(hints().await, ["•••0199"]);
}

#[on_both_engines]
async fn an_adults_number_is_consent_and_a_childs_is_not(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let child = ANA
        .replace("|7^^^EHR", "|9^^^EHR")
        .replace("Reyes^Ana||19680229", "Reyes^Mia||20150609");
    let mother = "NK1|1|Reyes^Ana|MTH||(312)555-0142";
    let told = import_hl7(
        &world,
        &[
            message("ADT^A04", "20261001080000", ANA),
            message("ADT^A04", "20261001080100", &format!("{child}\r{mother}")),
        ],
    )
    .await;
    assert_eq!(told.of("patient"), [2, 0, 0, 0], "{:?}", told.words());
    let reader = world.desk.db().reader(&world.access);
    let (ana, mia) = (patient_of(&world, "7").await, patient_of(&world, "9").await);
    let consents = async |id| reader.consents(id).await.unwrap().len();
    assert_eq!((consents(ana.id).await, consents(mia.id).await), (1, 0));
    assert_eq!(mia.proxies.len(), 1);
    assert_eq!(mia.proxies[0].authority, Authority::Unverified);
    let owners: Vec<_> = mia.contact_points.iter().map(|point| point.owner).collect();
    assert_eq!(owners, [Owner::Patient, Owner::Proxy(mia.proxies[0].id)]);
    assert!(
        ana.contact_points[0].shared,
        "mother and child have one phone"
    );
    assert_eq!(ana.time_zone.as_deref(), Some("America/Chicago"));
}

#[on_both_engines]
async fn a_death_stops_everything_in_the_same_commit(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &a_busy_schedule()).await;
    let ana = patient_of(&world, "7").await;
    let dead = format!("{ANA}{}20261102|Y", "|".repeat(16));
    let told = import_hl7(&world, &[message("ADT^A31", "20261102090000", &dead)]).await;
    assert_eq!(told.of("patient"), [0, 1, 0, 0], "{:?}", told.words());
    assert!(matches!(
        patient_of(&world, "7").await.life,
        Life::Deceased { .. }
    ));
    assert!(
        facts_of(&world, ana.id)
            .await
            .contains(&"patient.deceased".to_owned())
    );
    let alive = ANA.replace("Reyes", "Reyes Gil") + &"|".repeat(17) + "N";
    let told = import_hl7(&world, &[message("ADT^A08", "20261103090000", &alive)]).await;
    assert_eq!(told.words().len(), 1, "{:?}", told.words());
    assert!(matches!(
        patient_of(&world, "7").await.life,
        Life::Deceased { .. }
    ));
    import_hl7(
        &world,
        &[visit(
            "S12",
            "20261103090000",
            "9",
            "20261125084000-0600",
            "Booked",
        )],
    )
    .await;
    world.run_until("2026-12-01T12:00").await;
    assert_eq!(world.story(), "");
}

#[on_both_engines]
async fn doubts_go_to_a_person_and_contradictions_stay_out(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &[message("ADT^A04", "20261001080000", ANA)]).await;
    let married = ANA
        .replace("|7^^^EHR^MR", "|55^^^LAB^PI")
        .replace("Reyes", "Miller");
    let told = import_hl7(&world, &[message("ADT^A04", "20261001080000", &married)]).await;
    assert_eq!(told.of("patient"), [1, 0, 0, 0], "{:?}", told.words());
    let reader = world.desk.db().reader(&world.access);
    let anyone = reader.patients_page(None, 1).await.unwrap()[0].id;
    let reviews = reader.reviews_about(anyone).await.unwrap();
    assert_eq!(reviews.len(), 1);
    assert!(
        reviews[0].evidence.contains("birthday: same"),
        "{}",
        reviews[0].evidence
    );
    let tasks = reader.tasks_open(10).await.unwrap();
    assert_eq!(
        tasks.iter().map(|task| task.kind).collect::<Vec<_>>(),
        [TaskKind::ReviewMatch]
    );

    // The number comes again with another person's name and birthday, and a visit.
    let stranger = |text: String| text.replace("Reyes^Ana||19680229|F", "Okafor^Sam||19900830|M");
    let told = import_hl7(
        &world,
        &[
            stranger(message("ADT^A08", "20261101080000", ANA)),
            stranger(visit(
                "S12",
                "20261101090000",
                "1",
                "20261124084000-0600",
                "Booked",
            )),
        ],
    )
    .await;
    assert_eq!(
        (told.of("patient"), told.of("appointment")),
        ([0, 0, 0, 1], [0, 0, 0, 1])
    );
    assert!(told.words()[0].starts_with("PID-3: record number belongs to a person of another"));
    assert_eq!(patient_of(&world, "7").await.name.family(), "Reyes");

    let test = message(
        "ADT^A04",
        "20261101080000",
        &ANA.replace("Reyes^Ana", "ZZTEST^Ana")
            .replace("|7^", "|99^"),
    );
    let told = import_hl7(&world, &[test]).await;
    assert_eq!(told.words(), ["PID-3: looks like a test patient"]);
}

#[on_both_engines]
async fn a_patient_out_of_use_is_left_alone(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &[message("ADT^A04", "20261001080000", ANA)]).await;
    import_hl7(&world, &[message("ADT^A29", "20261002080000", ANA)]).await;
    assert!(patient_of(&world, "7").await.paused);
    import_hl7(
        &world,
        &[visit(
            "S12",
            "20261003080000",
            "1",
            "20261124084000-0600",
            "Booked",
        )],
    )
    .await;
    assert_eq!(
        book_of(&world, "7").await,
        ["2026-11-24 08:40 evaluation booked"]
    );
    let tables = digest_tables(world.desk.db()).await.unwrap();
    assert_eq!(
        tables
            .iter()
            .find(|table| table.table == "enrolment")
            .unwrap()
            .rows,
        0
    );
}
