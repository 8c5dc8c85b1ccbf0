//! What is written is read back as the same record.

use jiff::Timestamp;
use jiff::civil::Date;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::contact::{Address, Email, Line, Phone};
use tendon_care::episode::Discharge;
use tendon_care::patient::{Identifier, Region, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_exchange::fhir;
use tendon_exchange::record::{
    AppointmentRecord, ClinicianRecord, ContactRecord, DocumentRecord, EpisodeRecord, ForeignKey,
    LocationRecord, Moment, PatientRecord, PlanRecord, ProxyRecord, Record, ReferralRecord, Said,
    VisitStatus,
};

use super::key;

const BASE: &str = "https://ehr.example/fhir";

fn own(kind: &'static str) -> impl Strategy<Value = ForeignKey> {
    "[A-Za-z0-9.-]{1,64}".prop_map(move |id| key(&format!("fhir:{BASE}"), &format!("{kind}/{id}")))
}

/// A neighbour: of the same server, of another, or known by a number only.
fn other(kind: &'static str) -> impl Strategy<Value = ForeignKey> {
    prop_oneof![
        own(kind),
        "[a-z0-9]{1,8}".prop_map(move |id| key("fhir:http://b.example/x", &format!("{kind}/{id}"))),
        "[a-z0-9]{1,8}".prop_map(|id| key("urn:oid:1.2.3", &id)),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    (-2_000_000_000_i64..4_000_000_000, 0..1_000_i64).prop_map(|(second, milli)| {
        Moment::Exact(Timestamp::from_millisecond(second * 1_000 + milli).unwrap())
    })
}

fn day() -> impl Strategy<Value = Date> {
    (1900_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d))
}

/// A dateTime: a moment or a day.
fn date_time() -> impl Strategy<Value = Moment> {
    prop_oneof![
        moment(),
        day().prop_map(|day| Moment::Local(day.at(0, 0, 0, 0)))
    ]
}

fn words() -> impl Strategy<Value = String> {
    "[A-ZÁÉÑ][a-záéñ'-]{0,12}( [A-Z][a-z\"\\\\]{1,9}){0,2}"
}

fn person_name() -> impl Strategy<Value = PersonName> {
    (words(), words(), of(words())).prop_map(|(family, given, preferred)| {
        let name = PersonName::parse(&family, &given).unwrap();
        name.with_preferred(preferred.as_deref().unwrap_or_default())
            .unwrap()
    })
}

fn contacts() -> impl Strategy<Value = Vec<ContactRecord>> {
    let phone = (
        0..100_u32,
        select(vec![Line::Mobile, Line::Landline, Line::Unknown]),
    )
        .prop_map(|(number, line)| ContactRecord {
            address: Address::Phone(Phone::parse(&format!("312555{:04}", 100 + number)).unwrap()),
            line,
        });
    let email = "[a-z]{3,8}".prop_map(|name| ContactRecord {
        address: Address::Email(Email::parse(&format!("x{name}@example.org")).unwrap()),
        line: Line::Unknown,
    });
    prop::collection::vec(prop_oneof![phone, email], 0..4).prop_map(|mut list| {
        let mut seen = std::collections::HashSet::new();
        list.retain(|one| seen.insert(one.address.comparable()));
        list
    })
}

fn region() -> impl Strategy<Value = Region> {
    let state = select(vec!["IL", "TX", "PR"]).prop_map(str::to_owned);
    (state, of("[0-9]{5}")).prop_map(|(state, zip)| Region {
        state: Some(state),
        zip,
    })
}

fn said<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Said<T>> {
    of(value).prop_map(Said::from)
}

fn proxies() -> impl Strategy<Value = Vec<ProxyRecord>> {
    let relation = select(vec![
        Relation::Guardian,
        Relation::Partner,
        Relation::HealthAgent,
        Relation::Carer,
    ]);
    let proxy = (person_name(), relation, contacts()).prop_map(|(name, relation, points)| {
        // A contact has one name: no preferred form beside it.
        let name = PersonName::parse(name.family(), name.given()).unwrap();
        ProxyRecord {
            name,
            relation,
            contact_points: points,
        }
    });
    prop::collection::vec(proxy, 0..3)
}

fn patient() -> impl Strategy<Value = Record> {
    let numbers = prop::collection::btree_set("[0-9]{1,9}", 0..3);
    let sex = select(vec![Sex::Female, Sex::Male, Sex::Other, Sex::Unknown]);
    let points = contacts().prop_filter("an empty list is written as absent", |l| !l.is_empty());
    let head = (
        own("Patient"),
        numbers,
        of(person_name()),
        said(day()),
        said(sex),
    );
    let tail = (
        said(select(vec!["en".to_owned(), "es-MX".to_owned()])),
        said(region()),
        said(points),
        said(any::<bool>()),
        proxies(),
        of(moment()),
        any::<bool>(),
    );
    (head, tail).prop_map(|(head, tail)| {
        let (key, numbers, name, birth_date, sex) = head;
        let (language, region, contact_points, deceased, proxies, changed_at, inactive) = tail;
        let numbers: Vec<_> = numbers.into_iter().collect();
        Record::Patient(Box::new(PatientRecord {
            key,
            aliases: numbers
                .iter()
                .map(|n| super::key("urn:oid:9.8", n))
                .collect(),
            identifiers: numbers
                .iter()
                .map(|number| Identifier {
                    system: "urn:oid:9.8".to_owned(),
                    value: Mrn::parse(number).unwrap(),
                })
                .collect(),
            name,
            birth_date,
            sex,
            language,
            region,
            contact_points,
            deceased,
            proxies,
            changed_at,
            inactive,
        }))
    })
}

fn status() -> impl Strategy<Value = VisitStatus> {
    use VisitStatus as S;
    select(vec![
        S::Booked,
        S::Confirmed,
        S::Arrived,
        S::InProgress,
        S::Completed,
        S::Cancelled(CancelledBy::Patient),
        S::Cancelled(CancelledBy::Clinic),
        S::Cancelled(CancelledBy::Unknown),
        S::NoShow,
        S::Void,
    ])
}

fn appointment() -> impl Strategy<Value = Record> {
    let who = (
        own("Appointment"),
        other("Patient"),
        of(other("Location")),
        of(words()),
        of(other("Practitioner")),
        of(words()),
        of(own("EpisodeOfCare")),
    );
    let kind = select(vec![VisitKind::Evaluation, VisitKind::Recurring]);
    let when = (
        of(kind),
        moment(),
        of(1_u16..=1_440),
        status(),
        of(date_time()),
        of(date_time()),
        of(moment()),
        any::<bool>(),
    );
    (who, when).prop_map(|(who, when)| {
        let (key, patient, location, location_name, clinician, clinician_name, episode) = who;
        let (kind, starts_at, minutes, status, booked_at, status_at, changed_at, moved) = when;
        Record::Appointment(Box::new(AppointmentRecord {
            key,
            patient,
            patient_record: None,
            location,
            location_name,
            clinician,
            clinician_name,
            episode,
            kind,
            starts_at: Some(starts_at),
            minutes,
            status: Some(status),
            booked_at,
            status_at,
            changed_at,
            moved,
        }))
    })
}

fn numbered() -> impl Strategy<Value = Vec<ForeignKey>> {
    let numbers = prop::collection::btree_set("[a-z0-9]{1,9}", 0..3);
    numbers.prop_map(|numbers| numbers.iter().map(|n| key("urn:npi", n)).collect())
}

fn staff_and_places() -> impl Strategy<Value = Record> {
    let clinician = (own("Practitioner"), numbered(), words()).prop_map(|(key, aliases, name)| {
        Record::Clinician(ClinicianRecord {
            key,
            aliases,
            display_name: name,
        })
    });
    let place = (own("Location"), numbered(), words(), of(region())).prop_map(
        |(key, aliases, name, region)| {
            Record::Location(LocationRecord {
                key,
                aliases,
                name,
                region: region.unwrap_or_default(),
            })
        },
    );
    prop_oneof![clinician, place]
}

fn episode() -> impl Strategy<Value = Record> {
    let how = select(vec![
        Discharge::Met,
        Discharge::Plateau,
        Discharge::Other,
        Discharge::Self_,
    ]);
    let standing = prop_oneof![
        (date_time(), how).prop_map(|ended| (Some(ended), false)),
        any::<bool>().prop_map(|on_hold| (None, on_hold)),
    ];
    (
        own("EpisodeOfCare"),
        other("Patient"),
        of(date_time()),
        standing,
    )
        .prop_map(|(key, patient, started_at, (ended, on_hold))| {
            Record::Episode(EpisodeRecord {
                key,
                patient,
                started_at,
                ended,
                on_hold,
            })
        })
}

fn plan() -> impl Strategy<Value = Record> {
    let numbers = (of(1_u16..), of(1_u8..=21), of(1_u16..));
    let days = (of(day()), of(day()));
    (
        own("CarePlan"),
        other("Patient"),
        of(own("EpisodeOfCare")),
        numbers,
        days,
    )
        .prop_map(|(key, patient, episode, numbers, days)| {
            Record::Plan(PlanRecord {
                key,
                patient,
                episode,
                visits: numbers.0,
                visits_per_week: numbers.1,
                authorised_visits: numbers.2,
                starts_on: days.0,
                ends_on: days.1,
            })
        })
}

fn referral() -> impl Strategy<Value = Record> {
    let parts = (
        own("ServiceRequest"),
        other("Patient"),
        of(words()),
        of(date_time()),
        any::<bool>(),
    );
    parts.prop_map(|(key, patient, referrer, received_at, cancelled)| {
        Record::Referral(ReferralRecord {
            key,
            patient,
            referrer,
            received_at,
            cancelled,
        })
    })
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        3 => patient(),
        3 => appointment(),
        1 => staff_and_places(),
        1 => episode(),
        1 => plan(),
        1 => referral(),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(records in prop::collection::vec(record(), 1..6)) {
        let mut text = Vec::new();
        for record in &records {
            fhir::write(&mut text, record).unwrap();
        }
        let read: Vec<_> = fhir::read(&text[..], "export.ndjson").with_base(BASE).collect();
        for item in &read {
            prop_assert_eq!(&item.problems, &[]);
        }
        let read: Vec<_> = read.into_iter().filter_map(|item| item.record).collect();
        // `Debug` hides people, so a difference is shown as the lines themselves.
        prop_assert!(read == records, "{}", String::from_utf8(text).unwrap());
    }
}

#[test]
fn a_document_is_written_as_it_came() {
    let json = r#"{"resourceType":"Observation","id":"1","valueDecimal":1.500}"#;
    let record = Record::Document(DocumentRecord {
        resource_type: "Observation".to_owned(),
        key: key("fhir:", "Observation/1"),
        patient: None,
        json: json.to_owned(),
    });
    let mut text = Vec::new();
    fhir::write(&mut text, &record).unwrap();
    let read: Vec<_> = fhir::read(&text[..], "x")
        .filter_map(|item| item.record)
        .collect();
    assert!(read == [record]);
}
