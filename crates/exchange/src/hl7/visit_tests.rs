use jiff::civil::datetime;

use super::*;

const PID: &str = "PID|1||7^^^EHR^MR||Reed^Sam||19800229|M";

fn read_all(trigger: &str, segments: &str) -> Result<Vec<Item>, Skip> {
    let text =
        format!("MSH|^~\\&|SCHED|CLINIC|||20260301101500||SIU^{trigger}|1|P|2.5.1\r{segments}");
    let wire = Wire::parse(&text).unwrap();
    let control = Control::read(&wire);
    super::read(&wire, &control, &mut Notes::new("test", 1))
}

fn one(trigger: &str, segments: &str) -> (AppointmentRecord, Vec<String>) {
    let mut items = read_all(trigger, segments).unwrap();
    assert_eq!(items.len(), 1);
    let item = items.remove(0);
    let problems = item.problems.iter();
    let problems = problems
        .map(|p| format!("{} {}", p.field, p.reason))
        .collect();
    match item.record {
        Some(Record::Appointment(visit)) => (*visit, problems),
        other => panic!("{other:?} {problems:?}"),
    }
}

fn rejection(trigger: &str, segments: &str) -> Vec<String> {
    let items = read_all(trigger, segments).unwrap();
    let all: Vec<_> = items.iter().flat_map(|item| &item.problems).collect();
    assert!(items.iter().all(|item| item.record.is_none()));
    all.iter()
        .map(|p| format!("{} {}", p.field, p.reason))
        .collect()
}

fn local(hour: i8, minute: i8) -> Moment {
    Moment::Local(datetime(2026, 3, 9, hour, minute, 0, 0))
}

#[test]
fn a_booking_is_read_whole() {
    let (visit, problems) = one(
        "S12",
        &format!(
            "SCH|P1|F1||||ROUTINE|Knee|EVAL^Initial evaluation|45|MIN|^^^20260309083000-0500\r{PID}\r\
             RGS|1\rAIS|1||97110^Exercise^CPT\rAIL|1||GYM^2^^NORTH\rAIP|1||400^Mendez^Ana^^^Dr||"
        ),
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        (visit.key.system.as_str(), visit.key.value.as_str()),
        ("SCHED", "F1")
    );
    assert_eq!(visit.patient.value, "7");
    assert_eq!(
        visit.patient_record.unwrap().name.unwrap().full(),
        "Sam Reed"
    );
    let start = "2026-03-09T13:30:00Z".parse().unwrap();
    assert_eq!(visit.starts_at, Some(Moment::Exact(start)));
    assert_eq!(visit.minutes, Some(45));
    assert_eq!(visit.status, Some(VisitStatus::Booked));
    assert_eq!(visit.location.unwrap().value, "NORTH");
    assert_eq!(visit.clinician.unwrap().value, "400");
    assert_eq!(visit.clinician_name.as_deref(), Some("Ana Mendez"));
    assert_eq!(visit.kind, Some(VisitKind::Evaluation));
    assert_eq!(visit.booked_at, visit.changed_at);
    assert!(visit.changed_at.is_some() && !visit.moved);
}

#[test]
fn the_start_is_found_wherever_it_stands() {
    for (segments, hour, minutes) in [
        ("SCH||F1|||||||||^^^202603091000^202603091045", 10, Some(45)),
        ("SCH||F1|||||||||^^M30^202603091000", 10, Some(30)),
        (
            "SCH||F1\rTQ1|1||||||202603091000|202603091100",
            10,
            Some(60),
        ),
        // SCH-11 went stale on a reschedule; TQ1 is the appointment.
        (
            "SCH||F1|||||||||^^^202603010800\rTQ1|1||||||202603091000",
            10,
            None,
        ),
        ("SCH||F1\rAIS|1||X|202603091000|||1|H", 10, Some(60)),
        ("SCH||F1\rAIP|1||4|||202603091000|||20|MIN", 10, Some(20)),
        ("SCH||F1\rAIL|1||R|||202603091000", 10, None),
        ("SCH||F1\rAIG|1||R|||||202603091000|||15|MIN", 10, Some(15)),
        ("SCH||F1|||||||30^MIN||^^^202603091000", 10, Some(30)),
    ] {
        let (visit, problems) = one("S12", &format!("{segments}\r{PID}"));
        assert_eq!(visit.starts_at, Some(local(hour, 0)), "{segments}");
        assert_eq!(visit.minutes, minutes, "{segments}");
        assert_eq!(problems, Vec::<String>::new(), "{segments}");
    }
}

#[test]
fn a_time_that_cannot_be_read_is_named_and_the_next_place_tried() {
    let (visit, problems) = one(
        "S12",
        &format!("SCH||F1|||||||9999||^^^20260309\r{PID}\rAIS|1||X|202603091000"),
    );
    assert_eq!(visit.starts_at, Some(local(10, 0)));
    assert_eq!(visit.minutes, None);
    assert_eq!(
        problems,
        [
            "SCH-11 names no time of day",
            "SCH-9 is no duration within a day"
        ]
    );
}

#[test]
fn the_life_of_a_visit() {
    let sch = |reason: &str, status: &str| {
        format!("SCH||F1||||{reason}|||||^^^202603091000||||||||||||||{status}\r{PID}")
    };
    let (moved, _) = one("S13", &sch("", "Booked"));
    assert!(moved.moved);
    assert_eq!(moved.status, Some(VisitStatus::Booked));
    assert_eq!(moved.booked_at, None);
    let (confirmed, _) = one("S14", &sch("", "Confirmed"));
    assert_eq!(confirmed.status, Some(VisitStatus::Confirmed));
    let (silent, _) = one("S14", &sch("", ""));
    assert_eq!(silent.status, None);
    let (cancelled, _) = one("S15", &sch("PATIENT^Patient called", "Booked"));
    assert_eq!(
        cancelled.status,
        Some(VisitStatus::Cancelled(CancelledBy::Patient))
    );
    assert_eq!(cancelled.status_at, cancelled.changed_at);
    assert_eq!(one("S26", &sch("", "")).0.status, Some(VisitStatus::NoShow));
    assert_eq!(one("S17", &sch("", "")).0.status, Some(VisitStatus::Void));
}

#[test]
fn a_service_status_stands_in_for_a_missing_one() {
    let (visit, _) = one("S14", &format!("SCH||F1\r{PID}\rAIS|1||X|||||||Noshow"));
    assert_eq!(visit.status, Some(VisitStatus::NoShow));
}

#[test]
fn what_is_no_visit_is_skipped_and_what_lacks_a_number_refused() {
    assert_eq!(read_all("S23", "SCH||F1").unwrap_err(), Skip::NoVisit);
    assert_eq!(
        rejection("S12", PID),
        ["SCH-2 is empty: the visit has no number"]
    );
    assert_eq!(
        rejection("S15", "SCH||F1"),
        ["PID-3 is missing: the message names no patient"]
    );
    assert_eq!(
        rejection("S12", "SCH||F1\rPID|1"),
        ["PID-3 is empty: the patient has no number"]
    );
}

#[test]
fn a_class_has_one_visit_for_each_patient() {
    let segments = format!("SCH||F1\r{PID}\rPID|2||8^^^EHR^MR");
    let items = read_all("S12", &segments).unwrap();
    let keys: Vec<_> = items
        .iter()
        .map(|item| match &item.record {
            Some(Record::Appointment(visit)) => visit.key.value.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, ["F1/7", "F1/8"]);
}

#[test]
fn places_and_people_are_found_in_older_segments() {
    let (visit, _) = one(
        "S12",
        &format!(
            "SCH||F1\r{PID}\rPV1|1|O|POC^1^^SOUTH|||||12^Vogel^Eva\r\
             AIG|1||9^Ultrasound|EQUIP\rAIG|2||1^Adams, Doug|D"
        ),
    );
    assert_eq!(visit.location.unwrap().value, "SOUTH");
    assert_eq!(visit.clinician_name.as_deref(), Some("Doug Adams"));
    let (visit, _) = one(
        "S12",
        &format!("SCH||F1\r{PID}\rPV1|1|O|||||12^Vogel^Eva\rAIL|1||OFFICE^^^|^Main Office"),
    );
    assert_eq!(visit.location.unwrap().value, "OFFICE");
    assert_eq!(visit.location_name.as_deref(), Some("Main Office"));
    assert_eq!(visit.clinician.unwrap().value, "12");
}

#[test]
fn kinds_are_read_from_words_and_codes() {
    let kind = |ais_3: &str, sch_8: &str| {
        let segments = format!("SCH||F1||||||{sch_8}\r{PID}\rAIS|1||{ais_3}");
        one("S12", &segments).0.kind
    };
    assert_eq!(
        kind("97161^PT EVAL LOW^CPT", ""),
        Some(VisitKind::Evaluation)
    );
    assert_eq!(kind("97164^PT RE-EVAL^CPT", ""), Some(VisitKind::Recurring));
    assert_eq!(kind("", "NP^New Patient"), Some(VisitKind::Evaluation));
    assert_eq!(kind("", "FU^Follow-up"), Some(VisitKind::Recurring));
    assert_eq!(kind("", "Re-evaluation"), Some(VisitKind::Recurring));
    assert_eq!(kind("99214^Office visit^CPT", "Normal"), None);
}

fn arrival(trigger: &str, pv1: &str) -> Option<AppointmentRecord> {
    let text = format!("MSH|^~\\&|ADT|CLINIC|||20260309||ADT^{trigger}\r{PID}\rPV1|1|{pv1}");
    let wire = Wire::parse(&text).unwrap();
    let control = Control::read(&wire);
    let groups = Group::all(&wire);
    let patient = ForeignKey {
        system: "EHR".to_owned(),
        value: "7".to_owned(),
    };
    read_arrival(&groups[0], &control, &patient, None)
}

#[test]
fn an_outpatient_arrival_is_a_visit_and_an_admission_is_none() {
    let gap = "|".repeat(25);
    let visit = arrival("A04", &format!("O|||||||||||||||||V1{gap}202603091002")).unwrap();
    assert_eq!(visit.key.system, format!("ADT{VISIT_NUMBER}"));
    assert_eq!(visit.key.value, "V1");
    assert_eq!(visit.starts_at, Some(local(10, 2)));
    assert_eq!(visit.status, Some(VisitStatus::Arrived));
    assert_eq!(visit.status_at, Some(local(10, 2)));
    let ended = arrival(
        "A03",
        &format!("R|||||||||||||||||V1{gap}202603091002|202603091050"),
    )
    .unwrap();
    assert_eq!(ended.status, Some(VisitStatus::Completed));
    assert_eq!(ended.status_at, Some(local(10, 50)));
    assert_eq!(
        arrival("A04", &format!("I|||||||||||||||||V1{gap}202603091002")),
        None
    );
    assert_eq!(
        arrival("A08", &format!("O|||||||||||||||||V1{gap}202603091002")),
        None
    );
    assert_eq!(
        arrival("A04", &format!("O||||||||||||||||||{gap}202603091002")),
        None
    );
    assert_eq!(arrival("A04", "O|||||||||||||||||V1"), None);
}
