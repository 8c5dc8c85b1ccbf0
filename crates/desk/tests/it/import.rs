//! Imports: what becomes of what a feed says.

mod arrivals;
mod collections;
mod people;
mod visits;
mod words;

use tendon_care::appointment::{Appointment, VisitState};
use tendon_care::id::PatientId;
use tendon_care::patient::Patient;
use tendon_care::person::Mrn;
use tendon_desk::import::{Arrival, ImportOptions, ImportReport, News};
use tendon_exchange::{Problem, fhir, hl7};
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
    let from_feed = |item| Arrival {
        item,
        source: "feed".into(),
    };
    hl7::read(file.as_bytes(), "feed").map(from_feed).collect()
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
