//! Other people's records come in, in any order and as often as anybody likes.

mod people;
mod visits;

use tendon_care::appointment::{Appointment, VisitState};
use tendon_care::id::PatientId;
use tendon_care::patient::Patient;
use tendon_care::person::Mrn;
use tendon_desk::import::{Arrival, ImportOptions, ImportReport, News, read_fhir, read_hl7};
use tendon_exchange::source::{FHIR, HL7, walk};
use tendon_exchange::{Position, Problem, fhir, hl7};
use tendon_store::digest_tables;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::World;

/// Monday, three weeks before Thanksgiving.
const NOW: &str = "2026-11-02T10:00";

/// What an import told.
pub struct Told {
    pub report: ImportReport,
    pub problems: Vec<Problem>,
}

impl Told {
    /// Draws the problems as `field: reason`.
    fn words(&self) -> Vec<String> {
        let problems = self.problems.iter();
        problems
            .map(|p| format!("{}: {}", p.field, p.reason))
            .collect()
    }

    /// Draws the counts of a kind as created, updated, unchanged, rejected.
    pub fn of(&self, kind: &str) -> [u64; 4] {
        let counts = self.report.of(kind);
        [
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.rejected,
        ]
    }
}

async fn import(world: &World, arrivals: Vec<Arrival>) -> Told {
    let mut problems = Vec::new();
    let told = |news: News<'_>| {
        if let News::Problem(problem) = news {
            problems.push(problem.clone());
        }
    };
    let options = ImportOptions::default();
    let report = world
        .desk
        .import_arrivals(&world.access, arrivals.into_iter(), &options, told)
        .await
        .unwrap();
    Told { report, problems }
}

fn feed(messages: &[String]) -> Vec<Arrival> {
    let file = messages.join("\r");
    let mut reader = hl7::read(file.as_bytes(), "feed");
    let mut arrivals = Vec::new();
    while let Some(item) = reader.next() {
        let position = Position::Message {
            index: reader.tally().messages,
            segment: String::new(),
        };
        arrivals.push(Arrival {
            item,
            source: "feed".into(),
            position,
        });
    }
    arrivals
}

pub async fn import_hl7(world: &World, messages: &[String]) -> Told {
    import(world, feed(messages)).await
}

/// Imports plain items, whose places are counted.
async fn import_fhir(world: &World, resources: &[String]) -> Told {
    let file = resources.join("\n");
    let items = fhir::read(file.as_bytes(), "export.ndjson").collect::<Vec<_>>();
    let mut problems = Vec::new();
    let told = |news: News<'_>| {
        if let News::Problem(problem) = news {
            problems.push(problem.clone());
        }
    };
    let options = ImportOptions {
        source_name: "export.ndjson".into(),
        ..ImportOptions::default()
    };
    let report = world
        .desk
        .import(&world.access, items.into_iter(), &options, told)
        .await
        .unwrap();
    Told { report, problems }
}

/// Writes one message: trigger, the moment it was sent, and its segments.
pub fn message(trigger: &str, sent: &str, segments: &str) -> String {
    let (kind, _) = trigger.split_once('^').unwrap();
    let event = if kind == "ADT" {
        format!("\rEVN||{sent}")
    } else {
        String::new()
    };
    format!("MSH|^~\\&|EHR|CLINIC|||{sent}||{trigger}|{sent}|P|2.5.1{event}\r{segments}")
}

pub const ANA: &str =
    "PID|1||7^^^EHR^MR||Reyes^Ana||19680229|F|||1 Elm^^Chicago^IL^60601||(312)555-0142";

/// Writes an appointment of Ana's.
pub fn visit(trigger: &str, sent: &str, number: &str, starts: &str, status: &str) -> String {
    let segments = format!(
        "SCH||{number}^BOOK|||||||40|MIN|^^40^{starts}||||||||||||||{status}\r{ANA}\rAIS|1||PT|{starts}\rAIL|1||RIV^^^RIV"
    );
    message(&format!("SIU^{trigger}"), sent, &segments)
}

pub async fn patient_of(world: &World, number: &str) -> Patient {
    let reader = world.desk.db().reader(&world.access);
    let mrn = Mrn::parse(number).unwrap();
    let id = reader.patient_by_identifier("EHR", &mrn).await.unwrap();
    let id = id.unwrap_or_else(|| panic!("nobody has the number {number}"));
    reader.patient(id).await.unwrap().unwrap().value
}

pub async fn visits_of(world: &World, patient: PatientId) -> Vec<Appointment> {
    let reader = world.desk.db().reader(&world.access);
    let visits = reader.appointments_of(patient).await.unwrap();
    visits.into_iter().map(|visit| visit.value).collect()
}

/// Draws visits as local time, kind and state.
async fn book_of(world: &World, number: &str) -> Vec<String> {
    let patient = patient_of(world, number).await;
    let visits = visits_of(world, patient.id).await;
    let drawn = visits.iter().map(|visit| {
        let local = visit.starts_at.in_tz("America/Chicago").unwrap();
        let state = match &visit.state {
            VisitState::NoShow { inferred: true, .. } => "noshow?".to_owned(),
            VisitState::Cancelled { by, late, .. } => {
                format!("cancelled by {} late={late}", by.code())
            }
            other => other.code().to_owned(),
        };
        format!(
            "{} {} {state}",
            local.strftime("%Y-%m-%d %H:%M"),
            visit.kind.code()
        )
    });
    drawn.collect()
}

async fn facts_of(world: &World, patient: PatientId) -> Vec<String> {
    let reader = world.desk.db().reader(&world.access);
    let mut facts = reader.timeline(patient, None, 500).await.unwrap();
    facts.reverse();
    facts
        .iter()
        .map(|touchpoint| touchpoint.fact.code().to_owned())
        .collect()
}

fn a_busy_schedule() -> Vec<String> {
    vec![
        message("ADT^A04", "20261001080000", ANA),
        visit(
            "S12",
            "20261001090000",
            "1",
            "20261005090000-0500",
            "Complete",
        ),
        visit(
            "S12",
            "20261001090001",
            "2",
            "20261008090000-0500",
            "Complete",
        ),
        visit(
            "S26",
            "20261012120000",
            "3",
            "20261012090000-0500",
            "Noshow",
        ),
        visit(
            "S12",
            "20261001090003",
            "4",
            "20261015090000-0500",
            "Booked",
        ),
        visit(
            "S12",
            "20261001090004",
            "5",
            "20261124084000-0600",
            "Booked",
        ),
        visit(
            "S12",
            "20261001090005",
            "6",
            "20261127084000-0600",
            "Booked",
        ),
    ]
}

#[on_both_engines]
async fn an_import_sends_nothing_and_plans_what_lies_ahead(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let told = import_hl7(&world, &a_busy_schedule()).await;
    assert_eq!(told.of("appointment"), [6, 0, 0, 0], "{:?}", told.words());
    assert_eq!(
        book_of(&world, "7").await,
        [
            "2026-10-05 09:00 evaluation completed",
            "2026-10-08 09:00 recurring completed",
            "2026-10-12 09:00 recurring noshow",
            "2026-10-15 09:00 recurring noshow?",
            "2026-11-24 08:40 recurring booked",
            "2026-11-27 08:40 recurring booked",
        ]
    );
    let tables = digest_tables(world.desk.db()).await.unwrap();
    let rows = |name: &str| {
        tables
            .iter()
            .find(|table| table.table == name)
            .unwrap()
            .rows
    };
    assert_eq!((rows("message"), rows("outbox")), (0, 0));
    assert_eq!(
        (rows("enrolment"), rows("timer")),
        (2, 2),
        "two visits lie ahead"
    );
    world.drain().await;
    assert_eq!(world.story(), "", "nothing is due because of an import");
    world.run_until("2026-11-28T12:00").await;
    insta::assert_snapshot!("busy_schedule", world.story());
}

#[on_both_engines]
async fn the_same_files_again_change_nothing(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let files = || {
        let mut files = a_busy_schedule();
        files.push(message(
            "ADT^A08",
            "20261002080000",
            &ANA.replace("Reyes", "Reyes Gil"),
        ));
        // Without times of their own two versions of one record follow each other.
        files.push(visit(
            "S14",
            "20261001090005",
            "6",
            "20261127094000-0600",
            "Booked",
        ));
        files
    };
    let first = import_hl7(&world, &files()).await;
    assert_eq!(first.of("patient"), [1, 1, 0, 0], "{:?}", first.words());
    let before = digest_tables(world.desk.db()).await.unwrap();
    world.wait(24);
    let again = import_hl7(&world, &files()).await;
    assert_eq!(again.of("patient"), [0, 0, 2, 0], "{:?}", again.words());
    assert_eq!(again.of("appointment"), [0, 0, 7, 0]);
    assert_eq!(digest_tables(world.desk.db()).await.unwrap(), before);
}

#[on_both_engines]
async fn a_moved_visit_takes_its_reminder_along(engine: Engine) {
    let world = World::open(engine, NOW).await;
    import_hl7(&world, &a_busy_schedule()).await;
    world.run_until("2026-11-20T12:00").await;
    let moved = visit(
        "S13",
        "20261120120000",
        "5",
        "20261130150000-0600",
        "Booked",
    );
    let told = import_hl7(&world, &[moved]).await;
    assert_eq!(told.of("appointment"), [0, 1, 0, 0]);
    let off = visit(
        "S15",
        "20261120120100",
        "6",
        "20261127084000-0600",
        "Cancelled",
    );
    import_hl7(&world, &[off]).await;
    world.run_until("2026-12-01T12:00").await;
    insta::assert_snapshot!("moved_by_feed", world.story());
}

const BO: &str = r#"{"resourceType":"Patient","id":"bo","identifier":[{"system":"EHR","value":"8","type":{"coding":[{"code":"MR"}]}}],"name":[{"family":"Chen","given":["Bo"]}],"birthDate":"1970-05-05","telecom":[{"system":"phone","value":"312-555-0199","use":"mobile"}]}"#;

fn encounter(id: &str, day: &str) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"AMB"}},"subject":{{"reference":"Patient/bo"}},"period":{{"start":"{day}T09:00:00-05:00","end":"{day}T09:40:00-05:00"}}}}"#
    )
}

fn observation(id: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"pain"}},"subject":{{"reference":"Patient/bo"}},"valueDecimal":1.50}}"#
    )
}

/// A course of care, and another one a year later.
fn export() -> Vec<String> {
    vec![
        observation("o1"),
        encounter("e2", "2025-03-08"),
        BO.to_owned(),
        encounter("e1", "2025-03-01"),
        encounter("e4", "2026-10-20"),
        encounter("e3", "2026-10-13"),
        observation("o2"),
    ]
}

#[on_both_engines]
async fn the_order_of_arrival_does_not_matter(engine: Engine) {
    let mut drawn = Vec::new();
    for turn in 0..7 {
        let world = World::open(engine, NOW).await;
        let mut export = export();
        export.rotate_left(turn);
        if turn % 2 == 1 {
            export.reverse();
        }
        let told = import_fhir(&world, &export).await;
        assert_eq!(told.of("document"), [2, 0, 0, 0], "{:?}", told.words());
        let patient = patient_of(&world, "8").await;
        let reader = world.desk.db().reader(&world.access);
        let episodes = reader.episodes(patient.id).await.unwrap();
        let mut states: Vec<_> = episodes.iter().map(|one| one.state.clone()).collect();
        states.sort_by_key(|state| format!("{state:?}"));
        drawn.push((book_of(&world, "8").await, states));
    }
    assert_eq!(
        drawn[0].0,
        [
            "2025-03-01 08:00 evaluation completed",
            "2025-03-08 08:00 recurring completed",
            "2026-10-13 09:00 evaluation completed",
            "2026-10-20 09:00 recurring completed",
        ]
    );
    let codes: Vec<_> = drawn[0]
        .1
        .iter()
        .map(tendon_care::episode::EpisodeState::code)
        .collect();
    assert_eq!(codes, ["active", "discharged"]);
    assert!(drawn.iter().all(|other| *other == drawn[0]));
}

#[on_both_engines]
async fn what_comes_too_early_waits_over_runs(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let early = import_fhir(&world, &[encounter("e1", "2026-10-13"), observation("o1")]).await;
    assert_eq!(
        (early.of("appointment"), early.of("document")),
        ([0, 0, 0, 1], [0, 0, 0, 1])
    );
    assert_eq!(early.problems[0].field, "subject");
    assert_eq!(
        early.problems[0].position.to_string(),
        "resource 1 Encounter/e1"
    );
    assert!(
        early.problems[0]
            .reason
            .contains("patient who is not known")
    );
    let again = import_fhir(&world, &[encounter("e1", "2026-10-13")]).await;
    assert_eq!(
        again.of("appointment"),
        [0, 0, 0, 1],
        "still nobody knows the patient"
    );

    let told = import_fhir(&world, &[BO.to_owned()]).await;
    assert_eq!(told.of("patient"), [1, 0, 0, 0], "{:?}", told.words());
    assert_eq!(
        (told.of("appointment"), told.of("document")),
        ([1, 0, 0, 0], [1, 0, 0, 0])
    );
    assert_eq!(
        book_of(&world, "8").await,
        ["2026-10-13 09:00 evaluation completed"]
    );
    let reader = world.desk.db().reader(&world.access);
    assert!(!reader.is_anything_parked().await.unwrap());
    let last = import_fhir(&world, &[encounter("e1", "2026-10-13"), BO.to_owned()]).await;
    assert_eq!(
        (last.of("appointment"), last.of("patient")),
        ([0, 0, 1, 0], [0, 0, 1, 0])
    );
}

#[on_both_engines]
async fn what_does_not_fit_into_memory_waits_in_the_database(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let mut export: Vec<String> = (0..300).map(|n| observation(&format!("o{n}"))).collect();
    export.push(BO.to_owned());
    let file = export.join("\n");
    let items = fhir::read(file.as_bytes(), "export.ndjson").collect::<Vec<_>>();
    let options = ImportOptions {
        batch: 1,
        ..ImportOptions::default()
    };
    let mut most = 0;
    let told = |news: News<'_>| {
        if let News::Progress(report) = news {
            most = most.max(report.of("document").rejected);
        }
    };
    let items = items.into_iter();
    let report = world
        .desk
        .import(&world.access, items, &options, told)
        .await;
    let documents = report.unwrap().of("document");
    assert_eq!((documents.created, documents.rejected), (300, 0));
    assert!(most > 0, "none of them had to wait in the database");
    let reader = world.desk.db().reader(&world.access);
    assert!(!reader.is_anything_parked().await.unwrap());
}

#[on_both_engines]
async fn a_crash_leaves_whole_commits_and_running_again_completes_them(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let count: u64 = 400;
    let messages: Vec<String> = (0..count).flat_map(somebody).collect();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let mut stop = Some(stop);
    let options = ImportOptions {
        batch: 1,
        ..ImportOptions::default()
    };
    let told = |news: News<'_>| {
        if let (News::Progress(_), Some(stop)) = (news, stop.take()) {
            stop.send(()).unwrap();
        }
    };
    let arrivals = feed(&messages).into_iter();
    let run = world
        .desk
        .import_arrivals(&world.access, arrivals, &options, told);
    tokio::select! {
        biased;
        _ = stopped => {}
        done = run => { panic!("it ended before it was stopped: {done:?}") }
    }
    let reader = world.desk.db().reader(&world.access);
    let some = reader.patient_count().await.unwrap();
    assert!(some > 0 && some < count, "{some}");
    let told = import_hl7(&world, &messages).await;
    let [created, updated, unchanged, rejected] = told.of("patient");
    assert_eq!(
        (created + unchanged, updated, rejected),
        (count, 0, 0),
        "{:?}",
        told.words()
    );
    let visits = told.of("appointment");
    assert_eq!((visits[0] + visits[2], visits[1] + visits[3]), (count, 0));
    assert_eq!(reader.patient_count().await.unwrap(), count);
}

/// Registers the n-th of many people and books a visit.
fn somebody(n: u64) -> [String; 2] {
    let born = format!("{}{:02}{:02}", 1930 + n % 60, n % 12 + 1, n % 28 + 1);
    let own = |text: String| {
        text.replace("|7^^^EHR", &format!("|{n}^^^EHR"))
            .replace("Reyes^Ana||19680229", &format!("Reyes{n}^Ana||{born}"))
            .replace("(312)555-0142", &format!("(312)555-1{n:03}"))
    };
    let starts = "20261124084000-0600";
    let booked = visit("S12", "20261001090000", &format!("v{n}"), starts, "Booked");
    [own(message("ADT^A04", "20261001080000", ANA)), own(booked)]
}

fn shared(path: &str) -> Option<std::path::PathBuf> {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    if data.exists() {
        return Some(data);
    }
    println!("SKIPPED: no ../shared/data/{path} beside the repository");
    None
}

async fn twice(world: &World, arrivals: impl Fn() -> Vec<Arrival>) -> [ImportReport; 2] {
    let options = ImportOptions::default();
    let mut reports = Vec::new();
    for _ in 0..2 {
        let arrivals = arrivals().into_iter();
        let report = world
            .desk
            .import_arrivals(&world.access, arrivals, &options, |_| ())
            .await;
        reports.push(report.unwrap());
    }
    reports.try_into().unwrap()
}

#[on_both_engines]
async fn the_synthetic_practice_comes_in_whole_and_once(engine: Engine) {
    let Some(data) = shared("fhir_synthea_bundles") else {
        return;
    };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_fhir(walk([&data], FHIR).0).collect()).await;
    assert_eq!(first.of("patient").created, 121);
    let total = second.total();
    assert_eq!((total.created, total.updated, total.rejected), (0, 0, 0));
    assert_eq!(
        total.unchanged,
        first.total().created + first.total().unchanged
    );
}

#[on_both_engines]
async fn every_message_of_the_collection_becomes_values_or_problems(engine: Engine) {
    let Some(data) = shared("hl7v2") else { return };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_hl7(walk([&data], HL7).0).collect()).await;
    assert!(first.of("patient").created > 50, "{first:?}");
    assert_eq!(second.total().created, 0, "{second:?}");
    assert_eq!(second.total().updated, 0, "{second:?}");
}

#[on_both_engines]
async fn broken_resources_become_values_or_problems(engine: Engine) {
    let Some(data) = shared("fhir_edge_cases") else {
        return;
    };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_fhir(walk([&data], FHIR).0).collect()).await;
    assert!(
        first.total().created > 10 && first.problems > 10,
        "{first:?}"
    );
    assert_eq!(second.total().created, 0, "{second:?}");
    assert_eq!(second.total().updated, 0, "{second:?}");
}
