//! FHIR R4 in and out, from outside.

mod data;
mod hostile;
mod mapping;
mod round_trip;
mod stream;
mod visits;

use serde_json::{Value, json};
use tendon_exchange::record::{ForeignKey, PatientRecord};
use tendon_exchange::{Item, Problem, Record, fhir};

/// Reads a text to its end.
fn items(text: &str) -> Vec<Item> {
    fhir::read(text.as_bytes(), "test.json").collect()
}

fn records(text: &str) -> Vec<Record> {
    items(text)
        .into_iter()
        .filter_map(|item| item.record)
        .collect()
}

fn problems(text: &str) -> Vec<Problem> {
    items(text)
        .into_iter()
        .flat_map(|item| item.problems)
        .collect()
}

/// The problems as `field: reason`.
fn told(text: &str) -> Vec<String> {
    let problems = problems(text).into_iter();
    problems
        .map(|p| format!("{}: {}", p.field, p.reason))
        .collect()
}

fn key(system: &str, value: &str) -> ForeignKey {
    ForeignKey {
        system: system.to_owned(),
        value: value.to_owned(),
    }
}

/// Reads one patient.
fn patient(text: &str) -> PatientRecord {
    match records(text).into_iter().next() {
        Some(Record::Patient(patient)) => *patient,
        other => panic!("a patient was expected, not {other:?}"),
    }
}

/// A patient with further members.
fn person(members: Value) -> String {
    with(
        json!({ "resourceType": "Patient", "id": "1", "name": [{ "family": "Reed" }] }),
        members,
    )
}

fn with(mut resource: Value, members: Value) -> String {
    let Value::Object(members) = members else {
        panic!("members are an object");
    };
    resource.as_object_mut().unwrap().extend(members);
    resource.to_string()
}
