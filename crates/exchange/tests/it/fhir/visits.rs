//! What was on the book and what took place, case by case.

use serde_json::{Value, json};
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_exchange::Record;
use tendon_exchange::record::{AppointmentRecord, Moment, VisitStatus};

use super::{key, person, problems, records, told, with};

fn visits(text: &str) -> Vec<AppointmentRecord> {
    records(text)
        .into_iter()
        .filter_map(|record| match record {
            Record::Appointment(visit) => Some(*visit),
            _ => None,
        })
        .collect()
}

fn booking(members: Value) -> String {
    let base = json!({
        "resourceType": "Appointment", "id": "a", "status": "booked",
        "start": "2026-03-02T09:00:00-06:00", "end": "2026-03-02T09:45:00-06:00",
        "participant": [{ "actor": { "reference": "Patient/1" }, "status": "accepted" }],
    });
    with(base, members)
}

fn stay(members: Value) -> String {
    let base = json!({
        "resourceType": "Encounter", "id": "e", "status": "finished", "class": { "code": "AMB" },
        "subject": { "reference": "Patient/1" },
        "period": { "start": "2026-03-02T15:02:00Z", "end": "2026-03-02T15:50:00Z" },
    });
    with(base, members)
}

#[test]
fn every_status_of_an_appointment() {
    use VisitStatus as S;
    for (status, expected) in [
        ("booked", Some(S::Booked)),
        ("pending", Some(S::Booked)),
        ("arrived", Some(S::Arrived)),
        ("checked-in", Some(S::InProgress)),
        ("fulfilled", Some(S::Completed)),
        ("cancelled", Some(S::Cancelled(CancelledBy::Unknown))),
        ("noshow", Some(S::NoShow)),
        ("entered-in-error", Some(S::Void)),
    ] {
        let found = visits(&booking(json!({ "status": status })));
        assert_eq!(found[0].status, expected, "{status}");
        assert_eq!(found[0].minutes, Some(45));
    }
    for status in ["proposed", "waitlist"] {
        let found = records(&booking(json!({ "status": status })));
        assert_eq!(found[0].kind(), "document", "{status}");
    }
    let unknown = booking(json!({ "status": "moved" }));
    assert_eq!(told(&unknown), ["status: is not a status of FHIR R4"]);
}

#[test]
fn who_cancelled_is_read_from_code_words_and_refusal() {
    let declined = |who: &str| {
        json!({ "participant": [
            { "actor": { "reference": "Patient/1" }, "status": if who == "Patient" { "declined" } else { "accepted" } },
            { "actor": { "reference": "Practitioner/1" }, "status": if who == "Patient" { "accepted" } else { "declined" } },
        ] })
    };
    let coded = |code: &str| json!({ "cancelationReason": { "coding": [{ "code": code }] } });
    for (members, expected) in [
        (coded("pat-lt"), CancelledBy::Patient),
        (coded("prov-pers"), CancelledBy::Clinic),
        (coded("maint"), CancelledBy::Clinic),
        (coded("oth-weath"), CancelledBy::Unknown),
        (
            json!({ "cancellationReason": { "text": "Patient called" } }),
            CancelledBy::Patient,
        ),
        (
            json!({ "cancelationReason": { "text": "Therapist ill" } }),
            CancelledBy::Clinic,
        ),
        (declined("Patient"), CancelledBy::Patient),
        (declined("Practitioner"), CancelledBy::Clinic),
    ] {
        let mut members = members;
        members["status"] = "cancelled".into();
        let found = visits(&booking(members.clone()));
        assert_eq!(
            found[0].status,
            Some(VisitStatus::Cancelled(expected)),
            "{members}"
        );
    }
}

#[test]
fn an_appointment_needs_a_patient_and_a_start_while_it_stands() {
    let late = booking(json!({ "start": null, "end": null }));
    assert_eq!(
        told(&late),
        ["start: is missing or unreadable in a visit that stands"]
    );
    let gone = visits(&booking(
        json!({ "start": null, "end": null, "status": "cancelled" }),
    ));
    assert_eq!(gone[0].starts_at, None);
    let block = booking(json!({ "participant": [{ "actor": { "reference": "Location/1" } }] }));
    assert_eq!(told(&block), ["participant: names no patient"]);
}

#[test]
fn a_group_visit_is_one_visit_a_patient() {
    let found = visits(&booking(json!({ "participant": [
        { "actor": { "reference": "Patient/1" } }, { "actor": { "reference": "Patient/2" } },
        { "actor": { "reference": "Practitioner/9", "display": "Dr. D" } },
        { "actor": { "reference": "Location/7", "display": "North" } },
    ] })));
    let keys: Vec<_> = found.iter().map(|visit| visit.key.value.as_str()).collect();
    assert_eq!(keys, ["Appointment/a#Patient/1", "Appointment/a#Patient/2"]);
    assert_eq!(found[1].patient, key("fhir:", "Patient/2"));
    assert_eq!(found[1].clinician, Some(key("fhir:", "Practitioner/9")));
    assert_eq!(found[1].location_name.as_deref(), Some("North"));
}

#[test]
fn an_appointment_waits_for_actors_that_follow_it() {
    let visit = booking(json!({ "participant": [
        { "actor": { "reference": "urn:uuid:AA" } }, { "actor": { "reference": "urn:uuid:BB" } },
    ] }));
    let place = r#"{"resourceType":"Location","id":"n","name":"North"}"#;
    let people = person(json!({}));
    let bundle = |tail: &str| {
        format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{visit}}}{tail}]}}"#)
    };
    let text = bundle(&format!(
        r#",{{"fullUrl":"urn:uuid:bb","resource":{place}}},{{"fullUrl":"urn:uuid:aa","resource":{people}}}"#
    ));
    let found = records(&text);
    let [
        Record::Location(place),
        Record::Patient(person),
        Record::Appointment(visit),
    ] = &found[..]
    else {
        panic!("three records were expected");
    };
    assert!(person.aliases.contains(&visit.patient));
    assert_eq!(visit.location.as_ref(), place.aliases.first());
    let alone = problems(&bundle(""));
    assert_eq!(alone[0].reason, "has actors whose kind cannot be told");
}

#[test]
fn a_contained_patient_comes_before_its_visit() {
    let text = booking(json!({
        "contained": [{ "resourceType": "Patient", "id": "p", "name": [{ "family": "Li" }] }],
        "participant": [{ "actor": { "reference": "#p" } }],
    }));
    let found = records(&text);
    let [Record::Patient(own), Record::Appointment(visit)] = &found[..] else {
        panic!("two records were expected");
    };
    assert_eq!(own.key, key("fhir:", "Appointment/a#p"));
    assert_eq!(visit.patient, own.key);
}

#[test]
fn encounters_are_visits_unless_a_hospital_had_them() {
    let found = visits(&stay(json!({ "participant": [
        { "individual": { "reference": "Practitioner/1" } },
        { "type": [{ "coding": [{ "code": "ATND" }] }], "individual": { "reference": "Practitioner/2", "display": "Dr. E" } },
    ], "type": [{ "coding": [{ "code": "97161" }] }] })));
    assert_eq!(found[0].status, Some(VisitStatus::Completed));
    assert_eq!(found[0].kind, Some(VisitKind::Evaluation));
    assert_eq!(found[0].clinician, Some(key("fhir:", "Practitioner/2")));
    assert_eq!(found[0].minutes, Some(48));
    let end = "2026-03-02T15:50:00Z".parse().unwrap();
    assert_eq!(found[0].status_at, Some(Moment::Exact(end)));
    for class in [
        json!({ "code": "EMER" }),
        json!([{ "coding": [{ "code": "IMP" }] }]),
    ] {
        assert_eq!(
            records(&stay(json!({ "class": class })))[0].kind(),
            "document"
        );
    }
    let timeless = stay(json!({ "period": null }));
    assert_eq!(records(&timeless)[0].kind(), "document");
}

#[test]
fn an_encounter_that_names_its_appointment_ends_that_visit() {
    let found = visits(&stay(
        json!({ "appointment": [{ "reference": "Appointment/a" }] }),
    ));
    assert_eq!(found[0].key, key("fhir:", "Appointment/a"));
    assert_eq!((found[0].starts_at, found[0].minutes), (None, None));
    assert_eq!(found[0].status, Some(VisitStatus::Completed));
}
