//! Patients of the test's practice.

use jiff::civil::{Date, date};
use tendon_care::access::Access;
use tendon_care::contact::{Address, ContactPoint, Line, Owner, Phone, Standing};
use tendon_care::id::PatientId;
use tendon_care::language::Language;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_care::purpose::Purpose;
use tendon_desk::{Desk, Intake};

use crate::TestPractice;

/// An adult with a mobile. What a test does not say about one stands here.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The given name.
    pub given: &'a str,
    /// The family name.
    pub family: &'a str,
    /// The mobile's number.
    pub phone: &'a str,
    /// The number of the chart, where there is one.
    pub mrn: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// The day on which everybody here was born: one that most years do not have.
    pub const BORN: Date = date(1968, 2, 29);

    /// Describes somebody by a given name and a number.
    pub fn new(given: &'a str, phone: &'a str) -> Self {
        Self {
            given,
            family: "Morales",
            phone,
            mrn: None,
        }
    }
}

impl TestPractice {
    /// Registers somebody who agreed to care messages at the mobile.
    pub async fn register(&self, person: Person<'_>) -> PatientId {
        register(&self.desk, &self.access, person).await
    }
}

/// Registers somebody who agreed to care messages at the mobile.
pub async fn register(desk: &Desk, access: &Access, person: Person<'_>) -> PatientId {
    let mint = desk.mint();
    let mrn = person.mrn.map(|number| Identifier {
        system: "ehr".into(),
        value: Mrn::parse(number).unwrap(),
    });
    let patient = Patient {
        id: mint.id(),
        name: PersonName::parse(person.family, person.given).unwrap(),
        birth_date: Some(Person::BORN),
        sex: Sex::Female,
        language: Language::English,
        time_zone: None,
        region: Region {
            state: Some("IL".into()),
            zip: Some("60601".into()),
        },
        life: Life::Living,
        identifiers: Vec::from_iter(mrn),
        contact_points: vec![ContactPoint {
            id: mint.id(),
            owner: Owner::Patient,
            address: Address::Phone(Phone::parse(person.phone).unwrap()),
            line: Line::Mobile,
            standing: Standing::Unverified,
            shared: false,
            rank: 0,
        }],
        proxies: vec![],
        paused: false,
    };
    let id = patient.id;
    let intake = Intake {
        agreed: vec![Purpose::Care, Purpose::CareOther],
        form: "intake".into(),
        wording_version: "1".into(),
    };
    desk.register(access, patient, &intake).await.unwrap();
    id
}
