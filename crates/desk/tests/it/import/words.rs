//! Who said what of whom: no word hides another, none is heard twice, and no
//! number brings one person's visits to another.

use tendon_care::contact::{Address, Phone};
use tendon_care::patient::{Life, Patient};
use tendon_desk::import::{Arrival, ImportOptions, ImportReport};
use tendon_exchange::{csv, fhir};
use tendon_store::digest_tables;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{
    ANA, NOW, Told, book_of, import, import_fhir, import_hl7, message, observation, patient_of,
    visit,
};
use crate::world::World;

const CARER: &str = r#"{"resourceType":"RelatedPerson","id":"r1","patient":{"reference":"Patient/1"},"name":[{"family":"Carer","given":["Ann"]}],"telecom":[{"system":"phone","value":"312-555-0199"}]}"#;

/// Writes a Patient with the record number 8.
fn person(id: &str, name: &str, rest: &str) -> String {
    let (given, family) = name.split_once(' ').unwrap();
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}","given":["{given}"]}}],"birthDate":"1980-03-04"{rest}}}"#
    )
}

const NUMBER: &str =
    r#","identifier":[{"system":"EHR","value":"8","type":{"coding":[{"code":"MR"}]}}]"#;

fn phone(number: &str) -> String {
    format!(r#","telecom":[{{"system":"phone","use":"mobile","value":"{number}"}}]"#)
}

fn coming(id: &str, patient: &str) -> String {
    format!(
        r#"{{"resourceType":"Appointment","id":"{id}","status":"booked","start":"2026-12-01T15:00:00Z","minutesDuration":45,"participant":[{{"actor":{{"reference":"Patient/{patient}"}},"status":"accepted"}}]}}"#
    )
}

fn hints(patient: &Patient) -> Vec<String> {
    let points = patient.contact_points.iter();
    points.map(|point| point.address.hint()).collect()
}

async fn rows(world: &World, name: &str) -> u64 {
    let tables = digest_tables(world.desk.db()).await.unwrap();
    let table = tables.iter().find(|table| table.table == name);
    table.unwrap().rows
}

async fn import_csv(world: &World, tables: &[(&str, &str)]) -> Told {
    let mut arrivals = Vec::new();
    for (name, text) in tables {
        let reader = csv::open(text.as_bytes(), name, &csv::Options::default()).unwrap();
        arrivals.extend(reader.map(|item| Arrival {
            item,
            source: (*name).into(),
        }));
    }
    import(world, arrivals).await
}

#[on_both_engines]
async fn a_carer_s_record_hides_nothing_of_the_patient_s(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let first = person(
        "1",
        "Sam Reed",
        &format!("{NUMBER}{}", phone("312-555-0142")),
    );
    let told = import_fhir(&world, &[first.clone(), CARER.to_owned()]).await;
    assert_eq!(told.of("patient"), [1, 1, 0, 0], "{:?}", told.words());
    let told = import_fhir(&world, &[first, CARER.to_owned()]).await;
    assert_eq!(told.of("patient"), [0, 0, 2, 0]);
    let dead = format!("{NUMBER}{},\"deceasedBoolean\":true", phone("312-555-0177"));
    let told = import_fhir(&world, &[person("1", "Sam Reed", &dead), CARER.to_owned()]).await;
    assert_eq!(told.of("patient"), [0, 1, 1, 0], "{:?}", told.words());
    let patient = patient_of(&world, "8").await;
    assert!(matches!(patient.life, Life::Deceased { .. }));
    assert_eq!(hints(&patient), ["•••0177", "•••0199"]);
}

const PEOPLE: &str =
    "patient_id,first_name,last_name,dob,mobile\n1001,Ana,Morales,1968-02-29,312-555-0142\n";
const VISITS: &str = "patient_id,first_name,last_name,appointment_id,start_date,start_time,status\n1001,Ana,Morales,A1,2030-03-04,09:00,Booked\n";

async fn ana_by_phone(world: &World, phone: &str) -> Option<Patient> {
    let address = Address::Phone(Phone::parse(phone).unwrap());
    let found = world.reader().search_address(&address, 5).await.unwrap();
    let id = found.first()?.id;
    Some(world.reader().patient(id).await.unwrap()?.value)
}

#[on_both_engines]
async fn each_layout_tells_its_own_part(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let told = import_csv(&world, &[("people.csv", PEOPLE), ("visits.csv", VISITS)]).await;
    assert_eq!(
        (told.of("patient")[0], told.of("appointment")[0]),
        (1, 1),
        "{:?}",
        told.words()
    );
    let again = import_csv(&world, &[("people.csv", PEOPLE), ("visits.csv", VISITS)]).await;
    let total = again.report.total();
    assert_eq!((total.created, total.updated, total.rejected), (0, 0, 0));
    let moved = PEOPLE.replace("0142", "0177");
    let told = import_csv(&world, &[("people.csv", &moved), ("visits.csv", VISITS)]).await;
    assert_eq!(told.of("patient"), [0, 1, 1, 0], "{:?}", told.words());
    assert!(ana_by_phone(&world, "312-555-0142").await.is_none());
    let ana = ana_by_phone(&world, "312-555-0177").await.unwrap();
    assert_eq!(hints(&ana), ["•••0177"]);
}

async fn in_small_batches(world: &World, resources: &[String]) -> ImportReport {
    let file = resources.join("\n");
    let items = fhir::read(file.as_bytes(), "export.ndjson").collect::<Vec<_>>();
    let options = ImportOptions {
        batch: 1,
        ..ImportOptions::default()
    };
    let items = items.into_iter();
    let report = world.desk.import(&world.access, items, &options, |_| ());
    report.await.unwrap()
}

#[on_both_engines]
async fn versions_far_apart_in_one_file_are_heard_once(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let first = person(
        "bo",
        "Bo Chen",
        &format!("{NUMBER}{}", phone("312-555-0142")),
    );
    let second = first.replace("0142", "0177");
    let mut file = vec![first.clone()];
    // More than one batch lies between the two.
    file.extend((0..300).map(|n| observation(&format!("o{n}"))));
    file.push(second);
    in_small_batches(&world, &file).await;
    let phones = async || hints(&patient_of(&world, "8").await);
    assert_eq!(phones().await, ["•••0177"]);
    let before = digest_tables(world.desk.db()).await.unwrap();
    let again = in_small_batches(&world, &file).await.total();
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 302));
    assert_eq!(digest_tables(world.desk.db()).await.unwrap(), before);
    // The first version alone: the source has gone back to it.
    let back = import_fhir(&world, &[first]).await;
    assert_eq!(back.of("patient"), [0, 1, 0, 0]);
    assert_eq!(phones().await, ["•••0142"]);
}

const SENT: &str = "20261001080000";

fn other(number: &str, name: &str) -> String {
    ANA.replace("|7^^^EHR", &format!("|{number}^^^EHR"))
        .replace("Reyes^Ana", name)
}

#[on_both_engines]
async fn a_merge_among_words_of_one_moment_is_heard_once(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let five = other("5", "Reyes^Anita");
    let feed = [
        message("ADT^A04", SENT, &five),
        message("ADT^A04", SENT, ANA),
        message("ADT^A40", SENT, &format!("{ANA}\rMRG|5^^^EHR^MR")),
        message("ADT^A29", SENT, &five),
    ];
    import_hl7(&world, &feed).await;
    let again = import_hl7(&world, &feed).await;
    let total = again.report.total();
    assert_eq!(
        (total.created, total.updated, total.rejected),
        (0, 0, 0),
        "{:?}",
        again.words()
    );
    let ana = patient_of(&world, "7").await;
    assert_eq!((ana.paused, ana.name.given()), (false, "Ana"));
    // What the retired number is told of later neither pauses nor renames.
    let later = "20261002080000";
    import_hl7(
        &world,
        &[message("ADT^A29", later, &other("5", "Reyes^Nita"))],
    )
    .await;
    let ana = patient_of(&world, "7").await;
    assert_eq!((ana.paused, ana.name.given()), (false, "Ana"));
}

#[on_both_engines]
async fn a_replaced_record_pauses_and_renames_nobody(engine: Engine) {
    let link = |kind: &str, id: &str| {
        format!(r#","link":[{{"other":{{"reference":"Patient/{id}"}},"type":"{kind}"}}]"#)
    };
    let new = |rest: &str| {
        person(
            "new",
            "Luz Vega",
            &format!("{NUMBER}{}{rest}", phone("312-555-0150")),
        )
    };
    let old = |rest: &str| person("old", "Luzia Vegas", &format!(",\"active\":false{rest}"));
    let replaces = link("replaces", "old");
    let replaced = link("replaced-by", "new");
    let orders = [
        vec![old(&replaced), new(&replaces)],
        vec![new(&replaces), old(&replaced)],
        vec![new(""), old(&replaced)],
        vec![old(&replaced), new("")],
        vec![old(""), new(&replaces)],
        vec![new(&replaces), old("")],
    ];
    for (turn, mut export) in orders.into_iter().enumerate() {
        for in_one_run in [true, false] {
            let world = World::open(engine, NOW).await;
            if in_one_run {
                export.push(coming("a1", "new"));
                import_fhir(&world, &export).await;
                export.pop();
            } else {
                for resource in &export {
                    import_fhir(&world, std::slice::from_ref(resource)).await;
                }
                import_fhir(&world, &[coming("a1", "new")]).await;
            }
            let luz = patient_of(&world, "8").await;
            let case = format!("order {turn}, in one run: {in_one_run}");
            assert!(!luz.paused, "{case}");
            assert_eq!(luz.name.family(), "Vega", "{case}");
            assert_eq!(rows(&world, "enrolment").await, 1, "{case}");
        }
    }
}

#[on_both_engines]
async fn what_staff_paused_stays_paused_after_a_merge(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let five = other("5", "Reyes^Anita").replace("0142", "0143");
    import_hl7(
        &world,
        &[
            message("ADT^A04", SENT, &five),
            message("ADT^A04", SENT, ANA),
        ],
    )
    .await;
    let retired = patient_of(&world, "5").await;
    world
        .desk
        .pause(&world.access, retired.id, true)
        .await
        .unwrap();
    let merge = message("ADT^A40", SENT, &format!("{ANA}\rMRG|5^^^EHR^MR"));
    import_hl7(&world, &[merge]).await;
    assert!(patient_of(&world, "7").await.paused);
}

#[on_both_engines]
async fn a_merge_waits_for_its_survivor_and_brings_in_what_waits(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let replaced = r#","link":[{"other":{"reference":"Patient/new"},"type":"replaced-by"}]"#;
    let early = import_fhir(&world, &[person("old", "Luz Vegas", replaced)]).await;
    assert_eq!(early.of("merge"), [0, 0, 0, 1]);
    assert!(early.words()[0].starts_with("link: names a survivor who is not known"));
    let told = import_fhir(&world, &[person("new", "Luz Vega", NUMBER)]).await;
    assert_eq!(told.of("merge"), [1, 0, 0, 0], "{:?}", told.words());
    assert!(!world.reader().is_anything_parked().await.unwrap());
    // A visit of a number that only a merge makes known.
    let waits = import_fhir(&world, &[coming("a1", "older")]).await;
    assert_eq!(waits.of("appointment"), [0, 0, 0, 1]);
    let replaces = r#","link":[{"other":{"reference":"Patient/older"},"type":"replaces"}]"#;
    let told = import_fhir(
        &world,
        &[person("new", "Luz Vega", &format!("{NUMBER}{replaces}"))],
    )
    .await;
    assert_eq!(told.of("appointment"), [1, 0, 0, 0], "{:?}", told.words());
    assert_eq!(book_of(&world, "8").await.len(), 1);
}

#[on_both_engines]
async fn a_date_that_nobody_means_costs_its_record_alone(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let far = coming("far", "1").replace("2026-12-01", "9999-12-30");
    let long_ago = coming("ago", "1").replace("2026-12-01", "0001-01-01");
    let export = [
        person("1", "Sam Reed", NUMBER),
        far,
        long_ago,
        coming("a1", "1"),
    ];
    let told = import_fhir(&world, &export).await;
    assert_eq!(told.of("appointment"), [1, 0, 0, 2]);
    assert_eq!(
        told.words()[0],
        "start: lies in a year that cannot be meant"
    );
    let by_feed = visit("S12", SENT, "1", "999912300900", "Booked");
    let told = import_hl7(&world, &[message("ADT^A04", SENT, ANA), by_feed]).await;
    assert_eq!(
        told.words(),
        ["SCH-11: lies in a year that cannot be meant"]
    );
    assert_eq!(
        (told.of("patient")[0], told.of("appointment")),
        (1, [0, 0, 0, 1])
    );
}

const ROWS: &str =
    "patient_id,first_name,last_name,dob,mobile,appointment_id,start_date,start_time,status\n";
const ANA_S: &str = "1001,Ana,Morales,1968-02-29,312-555-0142,A1,2030-03-04,09:00,Booked\n";
const OSCAR_S: &str = "1001,Oscar,Chen,1990-08-30,312-555-0188,A9,2030-03-05,09:00,Booked\n";

#[on_both_engines]
async fn a_number_of_two_people_brings_no_visit_to_the_wrong_one(engine: Engine) {
    for in_one_file in [true, false] {
        let world = World::open(engine, NOW).await;
        if in_one_file {
            import_csv(&world, &[("book.csv", &format!("{ROWS}{ANA_S}{OSCAR_S}"))]).await;
        } else {
            import_csv(&world, &[("first.csv", &format!("{ROWS}{ANA_S}"))]).await;
        }
        let oscar = format!("{ROWS}{OSCAR_S}");
        let told = import_csv(&world, &[("second.csv", &oscar)]).await;
        assert_eq!(
            (told.of("patient"), told.of("appointment")),
            ([0, 0, 0, 1], [0, 0, 0, 1])
        );
        assert!(
            told.words()
                .iter()
                .all(|word| word.starts_with("patient_id: ")),
            "{:?}",
            told.words()
        );
        assert!(
            told.problems
                .iter()
                .all(|problem| problem.position.to_string() == "line 2")
        );
        let ana = ana_by_phone(&world, "312-555-0142").await.unwrap();
        assert_eq!(ana.name.family(), "Morales");
        let visits = super::visits_of(&world, ana.id).await;
        assert_eq!(visits.len(), 1);
        assert_eq!(
            world.reader().tasks_open(10).await.unwrap().len(),
            1,
            "asked once"
        );
        // What is known goes on, and a description that agrees ends the dispute.
        let called_off = ANA_S.replace("Booked", "Cancelled").replace("0142", "0143");
        let more = ANA_S
            .replace("A1,2030-03-04", "A2,2030-03-11")
            .replace("0142", "0143");
        let book = format!("{ROWS}{called_off}{more}");
        let told = import_csv(&world, &[("third.csv", &book)]).await;
        assert_eq!(told.of("appointment"), [1, 1, 0, 0], "{:?}", told.words());
    }
}

#[on_both_engines]
async fn visits_of_a_refused_patient_wait(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_fhir(&world, &[person("ana", "Ana Morales", NUMBER)]).await;
    let oscar = person("oscar", "Oscar Chen", NUMBER).replace("1980-03-04", "1990-08-30");
    let told = import_fhir(&world, &[oscar, coming("a9", "oscar")]).await;
    assert_eq!(
        (told.of("patient"), told.of("appointment")),
        ([0, 0, 0, 1], [0, 0, 0, 1])
    );
    assert!(
        told.words()[0].starts_with("identifier: "),
        "{:?}",
        told.words()
    );
    assert_eq!(book_of(&world, "8").await, Vec::<String>::new());
    assert_eq!(rows(&world, "timer").await, 0);
    let corrected = person("oscar", "Oscar Chen", &NUMBER.replace("\"8\"", "\"9\""));
    let told = import_fhir(&world, &[corrected.replace("1980-03-04", "1990-08-30")]).await;
    assert_eq!(
        (told.of("patient"), told.of("appointment")),
        ([1, 0, 0, 0], [1, 0, 0, 0])
    );
    assert_eq!(book_of(&world, "9").await.len(), 1);
}

#[on_both_engines]
async fn problems_of_a_table_name_its_line_and_its_column_once(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let future = "1005,Bob,Future,2090-01-01,312-555-0145,A5,2030-03-10,02:30,Booked\n";
    let told = import_csv(&world, &[("book.csv", &format!("{ROWS}{ANA_S}{future}"))]).await;
    let told: Vec<_> = told
        .problems
        .iter()
        .map(|p| format!("{} {}: {}", p.position, p.field, p.reason))
        .collect();
    assert_eq!(
        told,
        [
            "line 3 dob: lies in the future",
            "line 3 start_date: does not exist on that day's clock; it was moved forward",
        ]
    );
}

#[on_both_engines]
async fn a_feed_that_is_read_again_is_not_called_old(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let feed = [
        message("ADT^A04", SENT, ANA),
        message(
            "ADT^A08",
            "20261002080000",
            &ANA.replace("Reyes", "Reyes Gil"),
        ),
    ];
    import_hl7(&world, &feed).await;
    let again = import_hl7(&world, &feed).await;
    assert_eq!((again.of("patient"), again.words()), ([0, 0, 2, 0], vec![]));
}

#[on_both_engines]
async fn thousands_of_numbers_of_one_person_cost_no_more_than_some(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let numbers: Vec<String> = (0..20_000)
        .map(|n| format!(r#"{{"system":"urn:x","value":"N{n}"}}"#))
        .collect();
    let rest = format!(r#","identifier":[{}]"#, numbers.join(","));
    let told = import_fhir(&world, &[person("1", "Sam Reed", &rest)]).await;
    assert_eq!(told.of("patient"), [1, 0, 0, 0]);
    assert_eq!(
        told.words(),
        ["identifier: has more than 256 elements; the rest was left out"]
    );
    assert_eq!(rows(&world, "patient_identifier").await, 256);
}
