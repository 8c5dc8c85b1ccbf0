//! A batch, parted so that its parts can be worked on side by side.
//!
//! Records of one patient form a *person*: those that share a key, or whose keys
//! are known to be one patient's. Persons that might turn out to be one human
//! being, because they are new and share a blocking key of matching, or because
//! a merge names both, form a *cluster*. Clusters are independent of each other;
//! inside one everything happens in the order of arrival.

use std::collections::{BTreeMap, HashMap};

use tendon_care::id::PatientId;
use tendon_care::matching::{BlockKey, blocks};
use tendon_exchange::record::{ForeignKey, Record};

use super::person::described;
use super::shelf::{Index, patient_keys};
use super::work::Fresh;

/// Persons who must be worked on one after the other.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// The records in order of arrival, each with its person.
    pub(super) entries: Vec<(usize, Fresh)>,
}

/// Disjoint sets with path halving.
#[derive(Debug)]
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, of: usize) -> usize {
        let mut at = of;
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        // The earlier one stays the root, so that the order of arrival decides.
        if let Some(slot) = self.0.get_mut(one.max(other)) {
            *slot = one.min(other);
        }
    }
}

/// Parts the records about patients into clusters, in order of arrival.
pub(super) fn part(entries: Vec<Fresh>, index: &Index) -> Vec<Cluster> {
    let mut people = Sets::new(entries.len());
    let mut by_key: HashMap<&ForeignKey, usize> = HashMap::new();
    let mut by_patient: HashMap<PatientId, usize> = HashMap::new();
    for (number, Fresh { entry, .. }) in entries.iter().enumerate() {
        if matches!(entry.record, Record::Merge(_)) {
            continue;
        }
        for key in patient_keys(entry) {
            let first = *by_key.entry(key).or_insert(number);
            people.join(first, number);
            if let Some(patient) = index.patient(key) {
                let first = *by_patient.entry(patient).or_insert(number);
                people.join(first, number);
            }
        }
    }
    let persons: Vec<usize> = (0..entries.len())
        .map(|number| people.root(number))
        .collect();
    let clusters = cluster(&entries, &persons, &by_key, &by_patient, index);
    gather(entries, &persons, &clusters)
}

/// Joins persons who may turn out to be one.
fn cluster(
    entries: &[Fresh],
    persons: &[usize],
    by_key: &HashMap<&ForeignKey, usize>,
    by_patient: &HashMap<PatientId, usize>,
    index: &Index,
) -> Vec<usize> {
    let mut sets = Sets::new(entries.len());
    let mut by_block: HashMap<BlockKey, usize> = HashMap::new();
    let mut merged: HashMap<&ForeignKey, usize> = HashMap::new();
    for (number, (Fresh { entry, .. }, person)) in entries.iter().zip(persons).enumerate() {
        sets.join(number, *person);
        if let Record::Merge(_) = &entry.record {
            for key in patient_keys(entry) {
                let first = *merged.entry(key).or_insert(number);
                sets.join(first, number);
                let patient = index.patient(key);
                let known = [by_key.get(key), patient.and_then(|id| by_patient.get(&id))];
                for known in known.into_iter().flatten() {
                    sets.join(*known, number);
                }
            }
        }
        // A merge may have to make its survivor.
        let said = match &entry.record {
            Record::Merge(merge) => merge.survivor_record.as_deref(),
            _ => entry.person(),
        };
        let described_here = said.filter(|said| index.patient(&said.key).is_none());
        for block in described_here
            .map(|said| blocks(&described(said)))
            .into_iter()
            .flatten()
        {
            let first = *by_block.entry(block).or_insert(number);
            sets.join(first, number);
        }
    }
    (0..entries.len()).map(|number| sets.root(number)).collect()
}

fn gather(entries: Vec<Fresh>, persons: &[usize], clusters: &[usize]) -> Vec<Cluster> {
    let mut parts: BTreeMap<usize, Cluster> = BTreeMap::new();
    for ((fresh, person), cluster) in entries.into_iter().zip(persons).zip(clusters) {
        let part = parts.entry(*cluster).or_default();
        part.entries.push((*person, fresh));
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::entry::{Entry, Origin};
    use crate::import::shelf::Shelf;
    use jiff::tz::TimeZone;
    use std::sync::Arc;
    use tendon_care::id::Id as _;
    use tendon_care::person::PersonName;
    use tendon_exchange::Position;
    use tendon_exchange::field::Names;
    use tendon_exchange::record::{MergeRecord, PatientRecord, ReferralRecord, Said};

    fn key(value: &str) -> ForeignKey {
        ForeignKey {
            system: "ehr".into(),
            value: value.into(),
        }
    }

    fn person(own: &str, aliases: &[&str], born: &str) -> Record {
        Record::Patient(Box::new(PatientRecord {
            key: key(own),
            aliases: aliases.iter().map(|alias| key(alias)).collect(),
            identifiers: vec![],
            name: Some(PersonName::parse("Reed", "Sam").unwrap()),
            birth_date: Said::Value(born.parse().unwrap()),
            sex: Said::Nothing,
            language: Said::Nothing,
            region: Said::Nothing,
            contact_points: Said::Nothing,
            deceased: Said::Nothing,
            proxies: vec![],
            changed_at: None,
            inactive: false,
        }))
    }

    fn about(patient: &str, own: &str) -> Record {
        Record::Referral(ReferralRecord {
            key: key(own),
            patient: key(patient),
            referrer: None,
            received_at: None,
            cancelled: false,
        })
    }

    /// Draws clusters as lists of `person:record`.
    fn drawn(records: Vec<Record>) -> Vec<String> {
        drawn_by(Shelf::default(), records)
    }

    fn drawn_by(shelf: Shelf, records: Vec<Record>) -> Vec<String> {
        let index = Index::new(Arc::new(shelf));
        let entry = |(number, record)| {
            let origin = Origin {
                source: "test".into(),
                position: Position::Source,
                names: Names::Plain,
            };
            let entry = Entry::new(number, origin, record, &TimeZone::UTC);
            Fresh {
                entry,
                before: None,
            }
        };
        let entries = (0..).zip(records).map(entry).collect();
        part(entries, &index)
            .iter()
            .map(|cluster| {
                let drawn = cluster.entries.iter();
                let drawn = drawn.map(|(person, fresh)| format!("{person}:{}", fresh.entry.number));
                drawn.collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn records_of_one_patient_stay_together_in_any_order() {
        assert_eq!(
            drawn(vec![
                about("2", "a"),
                person("1", &["2"], "1960-01-02"),
                about("3", "b"),
                about("1", "c"),
            ]),
            ["0:0 0:1 0:3", "2:2"]
        );
    }

    #[test]
    fn people_who_may_be_one_are_worked_on_in_turn() {
        assert_eq!(
            drawn(vec![
                person("1", &[], "1960-01-02"),
                person("2", &[], "1975-08-30"),
                person("3", &[], "1960-01-02"),
                about("3", "a"),
            ]),
            ["0:0 2:2 2:3", "1:1"]
        );
    }

    #[test]
    fn keys_of_records_that_were_merged_before_are_one_patient_s() {
        let id = |byte| PatientId::from_parts(jiff::Timestamp::UNIX_EPOCH, [byte; 10]);
        let records = || vec![about("1", "a"), about("2", "b"), about("3", "c")];
        let known = [("1", id(1)), ("2", id(2)), ("3", id(3))];
        let apart = Shelf::knowing(&known, &[]);
        assert_eq!(drawn_by(apart, records()), ["0:0", "1:1", "2:2"]);
        let merged = Shelf::knowing(&known, &[(id(2), id(1))]);
        assert_eq!(drawn_by(merged, records()), ["0:0 0:1", "2:2"]);
    }

    #[test]
    fn survivors_whom_merges_make_may_be_one_as_well() {
        let merge = |survivor, retired| {
            let Record::Patient(described) = person(survivor, &[], "1960-01-02") else {
                unreachable!("a person is a patient");
            };
            Record::Merge(MergeRecord {
                survivor: key(survivor),
                retired: key(retired),
                survivor_record: Some(described),
                changed_at: None,
            })
        };
        assert_eq!(drawn(vec![merge("1", "5"), merge("2", "6")]), ["0:0 1:1"]);
    }

    #[test]
    fn a_merge_brings_two_people_into_one_cluster_and_keeps_them_two() {
        let merge = Record::Merge(MergeRecord {
            survivor: key("1"),
            retired: key("2"),
            survivor_record: None,
            changed_at: None,
        });
        assert_eq!(
            drawn(vec![
                person("1", &[], "1960-01-02"),
                person("2", &[], "1975-08-30"),
                merge,
                about("2", "a"),
            ]),
            ["0:0 1:1 2:2 1:3"]
        );
    }
}
