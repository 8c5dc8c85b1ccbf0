//! Reads and writes other people's formats: FHIR R4, HL7 v2, CSV, iCalendar.
//!
//! Reading never fails as a whole. Every reader yields [`Item`]s one by one: a
//! [`Record`] in Tendon's own words, or a [`Problem`] that says where, which
//! field and why. Memory stays bounded by one record, whatever the file's size.

pub mod csv;
pub mod fhir;
pub mod field;
pub mod hl7;
pub mod ics;
pub mod problem;
pub mod record;
pub mod source;

pub use problem::{Position, Problem, Severity};
pub use record::Record;

use std::sync::Arc;

/// What a reader yields: a value with the problems met on the way, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The value, unless it had to be rejected.
    pub record: Option<Record>,
    /// What was wrong with it; a rejected item has at least one.
    pub problems: Vec<Problem>,
    /// Where in the source it stands.
    pub position: Position,
    /// What the source calls its fields.
    pub names: field::Names,
    /// Who tells it, where that is not the thing's own record: a carer's record
    /// tells of the patient, and each layout of tables tells its own part. What
    /// one of them says is no change of what another said.
    pub teller: Option<Arc<str>>,
}

impl Item {
    /// Makes an item that says only what was wrong.
    pub fn problem(problem: Problem) -> Self {
        Self {
            position: problem.position.clone(),
            problems: vec![problem],
            ..Self::default()
        }
    }
}
