//! Public FHIR files, where they lie beside the repository.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use tendon_exchange::problem::Severity;
use tendon_exchange::record::ForeignKey;
use tendon_exchange::source::{FHIR, walk};
use tendon_exchange::{Item, Record, fhir};

/// Finds a folder of public data, or says that it is not there.
fn folder(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(root).join(name);
    if !path.is_dir() {
        println!("SKIPPED: no folder shared/data/{name} beside the repository");
        return None;
    }
    Some(path)
}

struct Read {
    items: Vec<Item>,
    resources: u64,
    passed_over: u64,
    files: usize,
}

impl Read {
    fn count(&self, kind: &str) -> usize {
        self.records()
            .filter(|record| record.kind() == kind)
            .count()
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.items.iter().filter_map(|item| item.record.as_ref())
    }
}

fn read(name: &str) -> Option<Read> {
    let (sources, problems) = walk([folder(name)?], FHIR);
    assert!(problems.is_empty() && !sources.is_empty());
    let mut all = Read {
        items: Vec::new(),
        resources: 0,
        passed_over: 0,
        files: sources.len(),
    };
    for source in &sources {
        let mut reader = fhir::read(source.open().unwrap(), &source.name);
        let before = all.items.len();
        all.items.extend(reader.by_ref());
        // A Bundle of searches or deletions holds no resource and gives nothing.
        let silent = all.items.len() == before;
        assert!(!silent || reader.resources() == 0, "{}", source.name);
        all.resources += reader.resources();
        all.passed_over += reader.passed_over().values().sum::<u64>();
        for item in &all.items[before..] {
            check(item, &source.name);
        }
    }
    let empty = all
        .items
        .iter()
        .filter(|i| i.record.is_none() && i.problems.is_empty());
    assert_eq!(empty.count() as u64, all.passed_over);
    Some(all)
}

/// Holds of every item, whatever was read.
fn check(item: &Item, source: &str) {
    for problem in &item.problems {
        assert_eq!(problem.source, source);
        assert!(!problem.reason.is_empty() && !problem.reason.ends_with('.'));
        let alone = problem.severity == Severity::Rejected;
        assert!(
            !alone || item.record.is_none(),
            "a rejected record was used"
        );
    }
}

/// Every key that something in the set answers to, by kind.
fn known(read: &Read) -> BTreeMap<&'static str, HashSet<&ForeignKey>> {
    let mut known: BTreeMap<_, HashSet<_>> = BTreeMap::new();
    for record in read.records() {
        let (key, aliases) = match record {
            Record::Patient(it) => (&it.key, &it.aliases),
            Record::Clinician(it) => (&it.key, &it.aliases),
            Record::Location(it) => (&it.key, &it.aliases),
            _ => continue,
        };
        let keys = known.entry(record.kind()).or_default();
        keys.insert(key);
        keys.extend(aliases);
    }
    known
}

/// Asserts that whatever a record points at is there.
fn resolves(read: &Read, kinds: &[&str]) {
    let known = known(read);
    let found = |kind: &str, key: Option<&ForeignKey>| {
        !kinds.contains(&kind) || key.is_none_or(|key| known[kind].contains(key))
    };
    for record in read.records() {
        let patient = match record {
            Record::Appointment(it) => {
                assert!(found("clinician", it.clinician.as_ref()), "{:?}", it.key);
                assert!(found("location", it.location.as_ref()), "{:?}", it.key);
                Some(&it.patient)
            }
            Record::Plan(it) => Some(&it.patient),
            Record::Document(it) => it.patient.as_ref(),
            _ => None,
        };
        assert!(found("patient", patient), "{}", record.kind());
    }
}

#[test]
fn synthea_bundles_give_every_patient_and_every_reference() {
    let Some(read) = read("fhir_synthea_bundles") else {
        return;
    };
    assert_eq!(read.files, 121);
    assert_eq!(read.resources, 32_366);
    assert_eq!(read.count("patient"), 121);
    assert_eq!(read.count("clinician"), 201);
    // 2,860 encounters, of which 281 were emergencies or hospital stays.
    assert_eq!(read.count("appointment"), 2_579);
    assert_eq!(read.passed_over, 3_542 + 2_860 + 43);
    resolves(&read, &["patient", "clinician"]);
}

#[test]
fn synthea_ndjson_resolves_without_full_urls() {
    let Some(read) = read("fhir_synthea_slim_ndjson") else {
        return;
    };
    assert_eq!(read.count("patient"), 550);
    resolves(&read, &["patient", "clinician"]);
}

#[test]
fn bulk_exports_resolve_conditional_references() {
    let Some(read) = read("fhir_bulk_ndjson") else {
        return;
    };
    assert_eq!(read.count("patient"), 13 + 823);
    resolves(&read, &["patient", "clinician", "location"]);
}

#[test]
fn every_example_of_the_standard_comes_out() {
    let Some(read) = read("fhir_r4_examples_hl7") else {
        return;
    };
    // A request that was only proposed is kept as a document; the animal is not.
    assert_eq!(read.count("episode"), 1);
    assert!(read.count("patient") > 50 && read.count("appointment") >= 3);
    let empty = read.items.iter().filter(|item| item.record.is_none());
    assert_eq!(empty.count() as u64, read.passed_over + 1);
}

#[test]
fn every_us_core_example_is_read_without_a_rejection() {
    let Some(read) = read("fhir_us_core_examples") else {
        return;
    };
    let problems = read.items.iter().flat_map(|item| &item.problems);
    let rejected = problems.filter(|problem| problem.severity == Severity::Rejected);
    assert_eq!(rejected.count(), 0);
    assert!(read.count("patient") >= 5);
}

#[test]
fn every_edge_case_is_a_value_or_a_problem() {
    let Some(read) = read("fhir_edge_cases") else {
        return;
    };
    assert!(read.files > 300);
    let problems = || read.items.iter().flat_map(|item| &item.problems);
    assert!(problems().any(|p| p.reason.starts_with("is not valid JSON")));
    assert!(problems().any(|p| p.field == "resourceType"));
    assert!(read.count("patient") > 40);
}
