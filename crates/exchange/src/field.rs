//! What a format calls the fields that are only found wrong once a record meets
//! what is stored: an unknown patient, a birthday yet to come.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hl7::VISIT_NUMBER;
use crate::record::{AppointmentRecord, Record};

/// A field of a record, in Tendon's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Who the record is about, by number.
    Patient,
    /// The name.
    Name,
    /// The birthday.
    BirthDate,
    /// Alive or dead.
    Deceased,
    /// A further number.
    Identifier,
    /// When a visit begins.
    Start,
    /// When a plan begins.
    PlanStart,
    /// When a plan ends.
    PlanEnd,
    /// The number of visits of a plan.
    Visits,
    /// When the source changed the record.
    ChangedAt,
    /// The record as a whole.
    Record,
}

impl Field {
    /// Returns the word where a format has none of its own.
    const fn word(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Deceased => "deceased",
            Self::Identifier => "identifier",
            Self::Start => "start",
            Self::PlanStart => "starts_on",
            Self::PlanEnd => "ends_on",
            Self::Visits => "visits",
            Self::ChangedAt => "changed_at",
            Self::Record => "record",
        }
    }
}

/// The names that a source has for fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// None are known.
    #[default]
    Plain,
    /// Elements of a resource.
    Fhir,
    /// Fields of segments.
    Hl7,
    /// The columns of the table at hand.
    Columns(Arc<BTreeMap<Field, String>>),
}

impl Names {
    /// Returns what the source calls a field of a record.
    ///
    /// ```
    /// use tendon_exchange::field::{Field, Names};
    ///
    /// assert_eq!(Names::Hl7.of(Field::BirthDate, None), "PID-7");
    /// assert_eq!(Names::Fhir.of(Field::BirthDate, None), "birthDate");
    /// ```
    pub fn of(&self, field: Field, record: Option<&Record>) -> &str {
        match self {
            Self::Plain => field.word(),
            Self::Fhir => fhir(field, record),
            Self::Hl7 => hl7(field, record),
            Self::Columns(columns) => columns.get(&field).map_or(field.word(), String::as_str),
        }
    }
}

fn fhir(field: Field, record: Option<&Record>) -> &'static str {
    match field {
        Field::Patient => match record {
            Some(Record::Patient(_)) => "identifier",
            Some(Record::Merge(_)) => "link",
            Some(Record::Episode(_)) => "patient",
            Some(Record::Appointment(visit)) if is_appointment(visit) => "participant",
            _ => "subject",
        },
        Field::BirthDate => "birthDate",
        Field::Deceased => "deceased[x]",
        Field::Start => match record {
            Some(Record::Appointment(visit)) if !is_appointment(visit) => "period.start",
            _ => "start",
        },
        Field::PlanStart => "period.start",
        Field::PlanEnd => "period.end",
        Field::Visits => "activity",
        Field::ChangedAt => "meta.lastUpdated",
        Field::Name | Field::Identifier | Field::Record => field.word(),
    }
}

/// Tells an Appointment from an Encounter, which is a visit as well.
fn is_appointment(visit: &AppointmentRecord) -> bool {
    visit.key.value.starts_with("Appointment")
}

fn hl7(field: Field, record: Option<&Record>) -> &'static str {
    match field {
        Field::Patient | Field::Identifier => "PID-3",
        Field::Name => "PID-5",
        Field::BirthDate => "PID-7",
        Field::Deceased => "PID-30",
        Field::Start => match record {
            Some(Record::Appointment(visit)) if visit.key.system.ends_with(VISIT_NUMBER) => {
                "PV1-44"
            }
            _ => "SCH-11",
        },
        Field::ChangedAt => match record {
            Some(Record::Patient(_) | Record::Merge(_)) => "EVN-2",
            _ => "MSH-7",
        },
        Field::PlanStart | Field::PlanEnd | Field::Visits | Field::Record => field.word(),
    }
}
