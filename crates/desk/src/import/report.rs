//! What an import tells while it runs and at its end.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tendon_exchange::Problem;

/// What became of the records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New here.
    pub created: u64,
    /// Known, and changed by what was said.
    pub updated: u64,
    /// Known, and as it was said before; or said by an older word.
    pub unchanged: u64,
    /// Not taken in; a problem says why.
    pub rejected: u64,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Created,
    Updated,
    Unchanged,
    Rejected,
}

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    kinds: BTreeMap<&'static str, Counts>,
    /// Problems told, of records rejected and of fields ignored.
    pub problems: u64,
}

impl ImportReport {
    /// Returns the counts of a kind, such as `patient`.
    pub fn of(&self, kind: &str) -> Counts {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// Returns the kinds that came, in the order of their names.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, Counts)> {
        self.kinds.iter().map(|(kind, counts)| (*kind, *counts))
    }

    /// Returns the counts of all kinds together.
    pub fn total(&self) -> Counts {
        self.kinds
            .values()
            .fold(Counts::default(), |sum, one| Counts {
                created: sum.created + one.created,
                updated: sum.updated + one.updated,
                unchanged: sum.unchanged + one.unchanged,
                rejected: sum.rejected + one.rejected,
            })
    }

    /// Writes the report as the command line prints it: one object a kind, and
    /// the name of the file that holds the problems, where there is one.
    pub fn to_json(&self, problems_file: Option<&str>) -> Value {
        let mut object = Map::new();
        for (kind, counts) in &self.kinds {
            let Counts {
                created,
                updated,
                unchanged,
                rejected,
            } = counts;
            object.insert(
                (*kind).to_owned(),
                json!({
                    "created": created,
                    "updated": updated,
                    "unchanged": unchanged,
                    "rejected": rejected,
                }),
            );
        }
        object.insert("problems_file".to_owned(), json!(problems_file));
        Value::Object(object)
    }

    pub(super) fn count(&mut self, kind: &'static str, verdict: Verdict) {
        let counts = self.kinds.entry(kind).or_default();
        match verdict {
            Verdict::Created => counts.created += 1,
            Verdict::Updated => counts.updated += 1,
            Verdict::Unchanged => counts.unchanged += 1,
            Verdict::Rejected => counts.rejected += 1,
        }
    }

    /// Takes a record back that was counted as rejected while it waited for its
    /// patient, who has come after all.
    pub(super) fn forgive(&mut self, kind: &'static str) {
        let counts = self.kinds.entry(kind).or_default();
        counts.rejected = counts.rejected.saturating_sub(1);
    }
}

/// What an import tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// Something was wrong with a record.
    Problem(&'a Problem),
    /// So far, after each batch.
    Progress(&'a ImportReport),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_printed_kind_by_kind() {
        let mut report = ImportReport::default();
        report.count("visit", Verdict::Created);
        report.count("visit", Verdict::Rejected);
        report.count("patient", Verdict::Unchanged);
        report.forgive("visit");
        assert_eq!(
            report.to_json(Some("p.jsonl")).to_string(),
            r#"{"patient":{"created":0,"updated":0,"unchanged":1,"rejected":0},"visit":{"created":1,"updated":0,"unchanged":0,"rejected":0},"problems_file":"p.jsonl"}"#
        );
        assert_eq!(report.total().created, 1);
        assert_eq!(report.of("plan"), Counts::default());
    }
}
