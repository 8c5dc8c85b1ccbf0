//! What is left of records whose worker died: enough to say that they were not
//! taken in. A fault of this program costs the records of one cluster, and not
//! the run; the commits that stand are whole.

use tendon_exchange::field::Field;
use tendon_exchange::{Problem, Severity};

use super::batch::Cluster;
use super::entry::{Entry, Origin};
use super::report::Verdict;
use super::worker::Outcomes;

const DIED: &str = "could not be taken in because of a fault in this program; please report it";

/// One record of a cluster that is being worked on.
#[derive(Clone, Debug)]
pub(super) struct Stub {
    number: u64,
    kind: &'static str,
    origin: Origin,
}

impl Stub {
    /// Notes the records of a cluster. One that waited in the database stays there,
    /// and was told already.
    pub(super) fn of(cluster: &Cluster) -> Vec<Self> {
        let entries = cluster.entries.iter().map(|(_, fresh)| &fresh.entry);
        let counted = entries.filter(|entry| !entry.parked);
        counted.map(Self::of_entry).collect()
    }

    fn of_entry(entry: &Entry) -> Self {
        Self {
            number: entry.number,
            kind: entry.kind(),
            origin: entry.origin.clone(),
        }
    }

    fn problem(&self) -> Problem {
        let field = (Field::Record, None);
        self.origin.problem(field, DIED, Severity::Rejected)
    }
}

/// Rejects the records of a worker that died.
pub(super) fn rejected(stubs: Vec<Stub>) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for stub in stubs {
        outcomes.problems.push((stub.number, stub.problem()));
        outcomes.verdicts.push((stub.kind, Verdict::Rejected));
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::work::Fresh;
    use jiff::tz::TimeZone;
    use tendon_exchange::Position;
    use tendon_exchange::field::Names;
    use tendon_exchange::record::{ForeignKey, LocationRecord, Record};

    #[test]
    fn the_records_of_a_dead_worker_are_rejected_by_name() {
        let fresh = |number, parked| {
            let record = Record::Location(LocationRecord {
                key: ForeignKey {
                    system: "ehr".into(),
                    value: "1".into(),
                },
                aliases: vec![],
                name: "Riverside".into(),
                region: tendon_care::patient::Region::default(),
            });
            let origin = Origin {
                source: "book.csv".into(),
                position: Position::Line(number),
                names: Names::Plain,
            };
            let mut entry = Entry::new(number, origin, record, &TimeZone::UTC);
            entry.parked = parked;
            let before = None;
            (0, Fresh { entry, before })
        };
        let cluster = Cluster {
            entries: vec![fresh(3, false), fresh(4, true)],
        };
        let outcomes = rejected(Stub::of(&cluster));
        assert_eq!(outcomes.verdicts, [("location", Verdict::Rejected)]);
        let (number, problem) = &outcomes.problems[0];
        assert_eq!(
            (*number, problem.position.to_string()),
            (3, "line 3".into())
        );
        assert!(problem.reason.contains("fault in this program"));
    }
}
