//! What went wrong in one message, gathered while its values are read.

use crate::Item;
use crate::problem::{Position, Problem, Severity};
use crate::record::Record;

/// The problems of one message so far, and where it stands in its source.
#[derive(Debug)]
pub struct Notes<'a> {
    source: &'a str,
    index: u64,
    problems: Vec<Problem>,
}

impl<'a> Notes<'a> {
    /// Begins with none for the n-th message (from 1) of a source.
    pub const fn new(source: &'a str, index: u64) -> Self {
        Self {
            source,
            index,
            problems: Vec::new(),
        }
    }

    /// Notes a field that is left out, such as `PID-7`. The reason names the
    /// rule, never the value.
    pub fn ignore(&mut self, field: &str, reason: impl Into<String>) {
        self.push(field, reason.into(), Severity::Ignored);
    }

    /// Notes why the whole record cannot be used.
    pub fn reject(&mut self, field: &str, reason: impl Into<String>) {
        self.push(field, reason.into(), Severity::Rejected);
    }

    /// Makes an item of a record, or of none, with what was noted since the last.
    pub fn item(&mut self, record: Option<Record>) -> Item {
        Item {
            record,
            problems: self.take(),
            ..Item::default()
        }
    }

    /// Hands over what was noted and begins anew.
    pub fn take(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    fn push(&mut self, field: &str, reason: String, severity: Severity) {
        let segment = field.split('-').next().unwrap_or_default().to_owned();
        self.problems.push(Problem {
            source: self.source.to_owned(),
            position: Position::Message {
                index: self.index,
                segment,
            },
            field: field.to_owned(),
            reason,
            severity,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_message_segment_field_and_reason() {
        let mut notes = Notes::new("feed", 7);
        notes.ignore("PID-7", "names no day");
        let problems = notes.take();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].position.to_string(), "message 7 PID");
        assert_eq!(problems[0].field, "PID-7");
        assert_eq!(problems[0].severity, Severity::Ignored);
        assert!(notes.take().is_empty());
    }
}
