//! Tables from outside: exports of many systems, every way to spoil one, and
//! tables of our own that are written and read back.

use std::io::Read;

use tendon_exchange::csv::{self, Options, Tally};
use tendon_exchange::record::{AppointmentRecord, PatientRecord};
use tendon_exchange::{Item, Position, Problem, Record, Severity};

mod corpus;
mod forms;
mod meaning;
mod round_trip;
mod spoilt;

/// A table that was read to its end.
struct Table {
    layout: String,
    items: Vec<Item>,
    tally: Tally,
}

fn read_with(input: impl Read, options: &Options) -> Result<Table, Problem> {
    let mut reader = csv::open(input, "table.csv", options)?;
    let items: Vec<Item> = reader.by_ref().collect();
    for item in &items {
        check_item(item);
    }
    Ok(Table {
        layout: reader.layout_name().to_owned(),
        items,
        tally: reader.tally().clone(),
    })
}

fn read(input: impl AsRef<[u8]>) -> Table {
    read_with(input.as_ref(), &Options::default()).unwrap()
}

/// Holds every item to the contract of readers.
fn check_item(item: &Item) {
    let rejected = |p: &Problem| p.severity == Severity::Rejected;
    assert!(
        item.record.is_some() || !item.problems.is_empty(),
        "an empty item"
    );
    assert!(
        item.record.is_none() || !item.problems.iter().any(rejected),
        "a record that was rejected: {:?}",
        item.problems
    );
    for problem in &item.problems {
        assert_eq!(problem.source, "table.csv");
        assert!(matches!(problem.position, Position::Line(line) if line > 0));
        assert!(!problem.reason.is_empty() && !problem.reason.ends_with('.'));
    }
}

impl Table {
    fn patients(&self) -> Vec<&PatientRecord> {
        let records = self.items.iter().filter_map(|item| item.record.as_ref());
        records
            .filter_map(|record| match record {
                Record::Patient(patient) => Some(&**patient),
                _ => None,
            })
            .collect()
    }

    fn visits(&self) -> Vec<&AppointmentRecord> {
        let records = self.items.iter().filter_map(|item| item.record.as_ref());
        records
            .filter_map(|record| match record {
                Record::Appointment(visit) => Some(&**visit),
                _ => None,
            })
            .collect()
    }

    fn records(&self) -> Vec<&Record> {
        self.items
            .iter()
            .filter_map(|item| item.record.as_ref())
            .collect()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.records().into_iter().map(Record::kind).collect()
    }

    /// Returns the problems in one line each.
    fn problems(&self) -> Vec<String> {
        self.items
            .iter()
            .flat_map(|item| &item.problems)
            .map(|p| {
                let severity = p.severity.word();
                format!("{} {severity} [{}]: {}", p.position, p.field, p.reason)
            })
            .collect()
    }
}

fn names(patients: &[&PatientRecord]) -> Vec<String> {
    let full = |p: &&PatientRecord| {
        p.name
            .as_ref()
            .map(tendon_care::person::PersonName::full)
            .unwrap_or_default()
    };
    patients.iter().map(full).collect()
}

fn addresses(patient: &PatientRecord) -> Vec<String> {
    match &patient.contact_points {
        tendon_exchange::record::Said::Value(list) => {
            list.iter().map(|c| c.address.comparable()).collect()
        }
        _ => Vec::new(),
    }
}
