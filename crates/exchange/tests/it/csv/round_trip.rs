//! Tables of our own, written and read back.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::contact::{Address, Email, Line, Phone};
use tendon_care::patient::{Identifier, Region, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_exchange::csv::write;
use tendon_exchange::record::{
    AppointmentRecord, ContactRecord, ForeignKey, Moment, PatientRecord, ProxyRecord, Said,
    VisitStatus,
};

use super::read;

fn key(kind: &str, value: String) -> ForeignKey {
    ForeignKey {
        system: format!("tendon:{kind}"),
        value,
    }
}

/// Names with all that troubles tables: separators, quotes, letters, signs.
fn name() -> impl Strategy<Value = PersonName> {
    let part = "[A-ZÉŁÑ東][a-zéłñ'’, \"\n;-]{0,12}[a-z]";
    (part, part, prop::option::of("[A-Z][a-z]{1,6}x")).prop_map(|(family, given, called)| {
        let name = PersonName::parse(&family, &given).unwrap();
        match called {
            Some(called) => name.with_preferred(&called).unwrap(),
            None => name,
        }
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    let seconds = 1_500_000_000_i64..2_000_000_000;
    prop_oneof![
        seconds
            .clone()
            .prop_map(|s| Moment::Exact(Timestamp::from_second(s).unwrap())),
        seconds.prop_map(|s| {
            let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            Moment::Local(epoch + SignedDuration::from_secs(s))
        }),
    ]
}

fn said<T: std::fmt::Debug + Clone>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Said<T>> {
    prop::option::of(strategy).prop_map(Said::from)
}

fn contacts() -> impl Strategy<Value = Said<Vec<ContactRecord>>> {
    let phones = prop::collection::btree_set(100_u16..200, 0..3);
    (phones, prop::option::of("[a-z]{1,8}")).prop_map(|(phones, mail)| {
        // A table has its columns in one order: mobiles, phones, mailboxes.
        let mut list: Vec<ContactRecord> = phones
            .iter()
            .enumerate()
            .map(|(n, number)| ContactRecord {
                address: Address::Phone(Phone::parse(&format!("208-555-0{number}")).unwrap()),
                line: [Line::Mobile, Line::Unknown, Line::Landline][n],
            })
            .collect();
        list.extend(mail.map(|mail| ContactRecord {
            address: Address::Email(Email::parse(&format!("{mail}1@example.org")).unwrap()),
            line: Line::Unknown,
        }));
        if list.is_empty() {
            Said::Nothing
        } else {
            Said::Value(list)
        }
    })
}

fn patient() -> impl Strategy<Value = PatientRecord> {
    let birth = said((0_i64..40_000).prop_map(|d| Date::constant(1900, 1, 2) + d.days()));
    let region = said(prop::sample::select(vec![
        ("NH", "03431"),
        ("ID", "83702"),
        ("PR", "00901"),
    ]));
    let sex = said(prop::sample::select(vec![
        Sex::Female,
        Sex::Male,
        Sex::Other,
        Sex::Unknown,
    ]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (
        "[A-Z0-9=+@-]{0,3}[0-9]{1,6}",
        name(),
        birth,
        sex,
        region,
        contacts(),
        prop::option::of(moment()),
        flags,
    )
        .prop_filter("a number is no formula", |(number, ..)| {
            number.starts_with(|c: char| c.is_ascii_alphanumeric())
        })
        .prop_map(
            |(number, name, birth_date, sex, region, contact_points, changed_at, flags)| {
                let (inactive, dead, has_proxy) = flags;
                let proxy = ProxyRecord {
                    name: PersonName::parse("van der Reed", "Ann").unwrap(),
                    relation: Relation::HealthAgent,
                    contact_points: vec![],
                };
                PatientRecord {
                    key: key("patient", number.clone()),
                    aliases: vec![],
                    identifiers: vec![Identifier {
                        system: "tendon:chart".to_owned(),
                        value: Mrn::parse(&number).unwrap(),
                    }],
                    name: Some(name),
                    birth_date,
                    sex,
                    language: Said::Value("es".to_owned()),
                    region: match region {
                        Said::Value((state, zip)) => Said::Value(Region {
                            state: Some(state.to_owned()),
                            zip: Some(zip.to_owned()),
                        }),
                        _ => Said::Nothing,
                    },
                    contact_points,
                    deceased: if dead {
                        Said::Value(true)
                    } else {
                        Said::Nothing
                    },
                    proxies: if has_proxy { vec![proxy] } else { vec![] },
                    changed_at,
                    inactive,
                }
            },
        )
}

fn status() -> impl Strategy<Value = Option<VisitStatus>> {
    prop::sample::select(vec![
        None,
        Some(VisitStatus::Booked),
        Some(VisitStatus::Confirmed),
        Some(VisitStatus::Arrived),
        Some(VisitStatus::InProgress),
        Some(VisitStatus::Completed),
        Some(VisitStatus::Cancelled(CancelledBy::Patient)),
        Some(VisitStatus::Cancelled(CancelledBy::Clinic)),
        Some(VisitStatus::Cancelled(CancelledBy::Unknown)),
        Some(VisitStatus::NoShow),
        Some(VisitStatus::Void),
    ])
}

fn visit() -> impl Strategy<Value = AppointmentRecord> {
    let kind = prop::sample::select(vec![
        None,
        Some(VisitKind::Evaluation),
        Some(VisitKind::Recurring),
    ]);
    let person = prop::option::of("[A-Z][a-z,\"; ]{0,8}[a-z]");
    (
        moment(),
        prop::option::of(1_u16..600),
        status(),
        kind,
        person,
        prop::option::of(moment()),
        1_u32..99,
    )
        .prop_map(
            |(starts_at, minutes, status, kind, clinician, booked_at, number)| AppointmentRecord {
                key: key("appointment", format!("0{number}")),
                patient: key("patient", "7".to_owned()),
                patient_record: None,
                location: Some(key("location", "main".to_owned())),
                location_name: Some("Main, \"east\" wing".to_owned()),
                clinician: clinician
                    .as_ref()
                    .map(|_| key("clinician", "77".to_owned())),
                clinician_name: clinician
                    .map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")),
                episode: Some(key("case", "c1".to_owned())),
                kind,
                starts_at: Some(starts_at),
                minutes,
                status,
                booked_at,
                status_at: None,
                changed_at: booked_at,
                moved: false,
            },
        )
}

proptest! {
    #[test]
    fn patients_come_back_as_they_went(patients in prop::collection::vec(patient(), 1..5)) {
        let mut bytes = Vec::new();
        write::patients(&mut bytes, &patients).unwrap();
        let table = read(&bytes);
        prop_assert_eq!(table.layout.as_str(), "tendon_patients");
        prop_assert_eq!(table.problems(), Vec::<String>::new());
        let found: Vec<PatientRecord> = table.patients().into_iter().cloned().collect();
        let mut expected = patients;
        expected.dedup();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn visits_come_back_as_they_went(visits in prop::collection::vec(visit(), 1..5)) {
        let mut bytes = Vec::new();
        write::appointments(&mut bytes, &visits).unwrap();
        let table = read(&bytes);
        prop_assert_eq!(table.layout.as_str(), "tendon_appointments");
        prop_assert_eq!(table.problems(), Vec::<String>::new());
        let found: Vec<AppointmentRecord> = table.visits().into_iter().cloned().collect();
        let mut expected = visits;
        expected.dedup();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn no_written_cell_begins_a_formula() {
    let evil = ForeignKey {
        system: "x".to_owned(),
        value: "=cmd|' /C calc'!A0".to_owned(),
    };
    let record = PatientRecord {
        key: evil,
        aliases: vec![],
        identifiers: vec![],
        name: Some(PersonName::parse("@SUM(1+1)", "-2+3").unwrap()),
        birth_date: Said::Nothing,
        sex: Said::Nothing,
        language: Said::Value("+cmd".to_owned()),
        region: Said::Nothing,
        contact_points: Said::Value(vec![ContactRecord {
            address: Address::Phone(Phone::parse("208-555-0142").unwrap()),
            line: Line::Mobile,
        }]),
        deceased: Said::Nothing,
        proxies: vec![],
        changed_at: None,
        inactive: false,
    };
    let mut bytes = Vec::new();
    write::patients(&mut bytes, [&record]).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.starts_with("'=cmd|' /C calc'!A0,'@SUM(1+1),'-2+3,"),
        "{row}"
    );
    assert!(
        row.contains(",'+cmd,") && row.contains(",+12085550142,"),
        "{row}"
    );
}
