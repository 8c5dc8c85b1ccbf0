use jiff::civil::{date, datetime};
use proptest::prelude::*;
use tendon_care::appointment::CancelledBy;
use tendon_care::contact::{Email, Phone};
use tendon_care::patient::{Identifier, Region};
use tendon_care::person::Mrn;

use super::*;
use crate::Item;
use crate::hl7::read_message;
use crate::record::{ProxyRecord, Record};

fn envelope() -> Envelope {
    Envelope {
        sending_application: Endpoint::named("TENDON"),
        sending_facility: Endpoint::named("MAIN & SONS"),
        receiving_application: Endpoint::named("EHR"),
        receiving_facility: Endpoint::default(),
        control_id: "42".to_owned(),
        sent_at: "2026-03-01T16:15:00Z".parse().unwrap(),
    }
}

fn key(system: &str, value: &str) -> ForeignKey {
    ForeignKey {
        system: system.to_owned(),
        value: value.to_owned(),
    }
}

fn contact(address: Address, line: Line) -> ContactRecord {
    ContactRecord { address, line }
}

fn identifier(system: &str, value: &str) -> Identifier {
    Identifier {
        system: system.to_owned(),
        value: Mrn::parse(value).unwrap(),
    }
}

fn patient() -> PatientRecord {
    PatientRecord {
        key: key("EHR", "7"),
        aliases: vec![key("LAB", "70")],
        identifiers: vec![
            identifier("EHR", "7"),
            identifier("LAB", "70"),
            identifier("HMO#SN", "900"),
        ],
        name: Some(
            PersonName::parse("O'Brien & Muñoz", "Samantha T")
                .unwrap()
                .with_preferred("Sam")
                .unwrap(),
        ),
        birth_date: Said::Value(date(1980, 2, 29)),
        sex: Said::Value(Sex::Female),
        language: Said::Value("es-MX".to_owned()),
        region: Said::Value(Region {
            state: Some("IL".to_owned()),
            zip: Some("60601".to_owned()),
        }),
        contact_points: Said::Value(vec![
            contact(
                Address::Phone(Phone::parse("312-555-0142").unwrap()),
                Line::Mobile,
            ),
            contact(
                Address::Phone(Phone::parse("+442079460958").unwrap()),
                Line::Unknown,
            ),
            contact(
                Address::Email(Email::parse("sam@example.org").unwrap()),
                Line::Unknown,
            ),
        ]),
        deceased: Said::Value(false),
        proxies: vec![ProxyRecord {
            name: PersonName::parse("Reed", "Ann").unwrap(),
            relation: Relation::Partner,
            contact_points: vec![contact(
                Address::Phone(Phone::parse("312-555-0143").unwrap()),
                Line::Unknown,
            )],
        }],
        changed_at: Some(Moment::Exact("2026-03-01T10:00:00Z".parse().unwrap())),
        inactive: false,
    }
}

fn visit(status: VisitStatus) -> AppointmentRecord {
    let sent_at = Moment::Exact(envelope().sent_at);
    let mut person = patient();
    person.changed_at = Some(sent_at);
    AppointmentRecord {
        key: key("SCHED", "F1"),
        patient: key("EHR", "7"),
        patient_record: Some(Box::new(person)),
        location: Some(key("MAIN & SONS", "NORTH")),
        location_name: Some("North | Gym".to_owned()),
        clinician: Some(key("NPI", "400")),
        clinician_name: Some("Ana Mendez".to_owned()),
        episode: None,
        kind: Some(VisitKind::Evaluation),
        starts_at: Some(Moment::Local(datetime(2026, 3, 9, 10, 0, 0, 0))),
        minutes: Some(45),
        status: Some(status),
        booked_at: None,
        status_at: None,
        changed_at: Some(sent_at),
        moved: false,
    }
}

fn back(outgoing: Outgoing<'_>) -> Item {
    let bytes = write(outgoing, &envelope());
    let mut message = read_message(&bytes, "test", 1);
    assert_eq!(message.items.len(), 1);
    assert_eq!(message.control.control_id, "42");
    assert_eq!(message.control.sending_facility.name, "MAIN & SONS");
    let item = message.items.remove(0);
    assert_eq!(item.problems, []);
    item
}

#[test]
fn patients_come_back_as_they_were() {
    let whole = patient();
    let bare = PatientRecord {
        aliases: vec![],
        identifiers: vec![identifier("EHR", "7")],
        name: None,
        birth_date: Said::Clear,
        sex: Said::Clear,
        language: Said::Clear,
        region: Said::Clear,
        contact_points: Said::Clear,
        deceased: Said::Clear,
        proxies: vec![],
        ..patient()
    };
    for patient in [whole, bare] {
        for outgoing in [
            Outgoing::Registered(&patient),
            Outgoing::Updated(&patient),
            Outgoing::PersonUpdated(&patient),
        ] {
            let expected = Record::Patient(Box::new(patient.clone()));
            assert_eq!(back(outgoing).record, Some(expected), "{}", outgoing.kind());
        }
    }
}

#[test]
fn visits_come_back_as_they_were() {
    let sent_at = Some(Moment::Exact(envelope().sent_at));
    let check = |outgoing: Outgoing<'_>, expected: AppointmentRecord| {
        let expected = Record::Appointment(Box::new(expected));
        assert_eq!(back(outgoing).record, Some(expected), "{}", outgoing.kind());
    };
    let booked = visit(VisitStatus::Booked);
    check(
        Outgoing::Booked(&booked),
        AppointmentRecord {
            booked_at: sent_at,
            ..booked.clone()
        },
    );
    check(
        Outgoing::Moved(&booked),
        AppointmentRecord {
            moved: true,
            ..booked.clone()
        },
    );
    for status in [
        VisitStatus::Booked,
        VisitStatus::Confirmed,
        VisitStatus::Arrived,
        VisitStatus::InProgress,
        VisitStatus::Completed,
    ] {
        check(Outgoing::Changed(&visit(status)), visit(status));
    }
    let ended = |status| AppointmentRecord {
        status_at: sent_at,
        ..visit(status)
    };
    for by in [
        CancelledBy::Patient,
        CancelledBy::Clinic,
        CancelledBy::Unknown,
    ] {
        let status = VisitStatus::Cancelled(by);
        check(Outgoing::Cancelled(&visit(status)), ended(status));
    }
    check(
        Outgoing::Missed(&visit(VisitStatus::NoShow)),
        ended(VisitStatus::NoShow),
    );
}

#[test]
fn a_visit_without_details_comes_back_too() {
    let mut sparse = visit(VisitStatus::NoShow);
    sparse.patient_record = None;
    (sparse.location, sparse.location_name) = (None, None);
    (sparse.clinician, sparse.clinician_name) = (None, None);
    (sparse.starts_at, sparse.minutes, sparse.kind) = (None, None, None);
    let item = back(Outgoing::Missed(&sparse));
    let Some(Record::Appointment(found)) = item.record else {
        panic!("{item:?}");
    };
    assert_eq!(found.patient, sparse.patient);
    assert_eq!(
        (found.starts_at, found.minutes, found.kind),
        (None, None, None)
    );
    assert_eq!((&found.location, &found.clinician), (&None, &None));
}

#[test]
fn merges_come_back_as_they_were() {
    let merge = MergeRecord {
        survivor: key("EHR", "7"),
        retired: key("EHR", "5"),
        survivor_record: Some(Box::new(patient())),
        changed_at: patient().changed_at,
    };
    let item = back(Outgoing::Merged(&merge));
    assert_eq!(item.record, Some(Record::Merge(merge)));
}

#[test]
fn the_header_is_that_of_2_5_1() {
    let bytes = write(Outgoing::Updated(&patient()), &envelope());
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with(
        "MSH|^~\\&|TENDON|MAIN \\T\\ SONS|EHR||20260301161500+0000||ADT^A08^ADT_A01|42|P|2.5.1||||||UNICODE UTF-8\r"
    ));
    assert!(text.ends_with('\r') && !text.contains('\n'));
}

proptest! {
    /// No text of a person can break out of its field.
    #[test]
    fn any_name_and_number_comes_back(
        family in "[^\\p{Cc}]{1,20}",
        given in "[^\\p{Cc}]{1,20}",
        number in "[a-zA-Z0-9|^~&\\\\]{1,12}",
    ) {
        prop_assume!(!family.trim().is_empty() && !given.trim().is_empty() && family != "\"\"");
        let Ok(name) = PersonName::parse(&family, &given) else { return Ok(()) };
        // An ampersand parts surname from prefix when it is not escaped.
        prop_assume!(!given.contains(',') && name.family() != "\"\"" && name.given() != "\"\"");
        let mut person = patient();
        person.key.value.clone_from(&number);
        person.identifiers = vec![identifier("EHR", &number)];
        person.aliases = vec![];
        person.name = Some(name.clone());
        let bytes = write(Outgoing::Updated(&person), &envelope());
        let message = read_message(&bytes, "test", 1);
        prop_assert_eq!(message.items.len(), 1);
        let Some(Record::Patient(found)) = &message.items[0].record else {
            return Err(TestCaseError::fail("no patient"));
        };
        if !crate::hl7::names::is_test(&name) {
            prop_assert!(!found.inactive);
        }
        prop_assert_eq!(&found.key.value, &number);
        prop_assert_eq!(found.name.as_ref().map(PersonName::full), Some(name.full()));
    }
}
