//! Records on their way in, each with the place it comes from.

use std::fs::File;
use std::sync::Arc;

use tendon_exchange::source::{Plain, Source, unreadable};
use tendon_exchange::{Item, Position, Problem, Record, fhir, hl7};

/// An item with the place it comes from, for the problems that are only found
/// once it meets what is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// What a reader yielded.
    pub item: Item,
    /// The file, feed or URL.
    pub source: Arc<str>,
    /// Where in it.
    pub position: Position,
}

impl Arrival {
    /// Places an item by its number, from 1, where its reader says no more.
    pub fn numbered(item: Item, source: Arc<str>, index: u64) -> Self {
        let position = item.problems.first().map_or_else(
            || Position::Resource {
                index,
                reference: reference(item.record.as_ref()),
            },
            |problem| problem.position.clone(),
        );
        Self {
            item,
            source,
            position,
        }
    }

    /// Returns about how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.item.record.as_ref().map_or(512, super::entry::weight)
    }

    fn problem(problem: Problem) -> Self {
        Self {
            source: problem.source.as_str().into(),
            position: problem.position.clone(),
            item: Item {
                record: None,
                problems: vec![problem],
            },
        }
    }
}

/// Names a record as far as that names no person: a FHIR id, or its kind.
fn reference(record: Option<&Record>) -> String {
    let Some(record) = record else {
        return String::new();
    };
    let key = super::entry::key_of(record);
    match key.filter(|key| key.system.starts_with("fhir:")) {
        Some(key) => key.value.clone(),
        None => record.kind().to_owned(),
    }
}

/// Reads FHIR files one after the other. Those that others refer to come first,
/// as far as their names tell: an NDJSON export has one file for each type, and
/// without its patients first everything would have to wait for them.
pub fn read_fhir(mut sources: Vec<Source>) -> impl Iterator<Item = Arrival> + Send {
    sources.sort_by_key(|source| {
        let name = source.name.rsplit('/').next().unwrap_or_default();
        let first = [
            "organization",
            "location",
            "practitioner",
            "hospital",
            "patient",
        ];
        let lower = name.to_lowercase();
        first
            .iter()
            .position(|word| lower.starts_with(word))
            .unwrap_or(first.len())
    });
    in_turn(sources, |file, name| {
        Box::new(FhirFile(fhir::read(file, name), name.into()))
    })
}

/// Reads HL7 v2 files one after the other, in their order.
pub fn read_hl7(sources: Vec<Source>) -> impl Iterator<Item = Arrival> + Send {
    in_turn(sources, |file, name| {
        Box::new(Hl7File(hl7::read(file, name), name.into()))
    })
}

type Reading = Box<dyn Iterator<Item = Arrival> + Send>;

fn in_turn(
    sources: Vec<Source>,
    open: fn(Plain<File>, &str) -> Reading,
) -> impl Iterator<Item = Arrival> + Send {
    sources
        .into_iter()
        .flat_map(move |source| match source.open() {
            Ok(file) => open(file, &source.name),
            Err(error) => {
                let told = Arrival::problem(unreadable(&source.name, &error));
                Box::new(std::iter::once(told)) as Reading
            }
        })
}

struct FhirFile(fhir::Reader<Plain<File>>, Arc<str>);

impl Iterator for FhirFile {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let item = self.0.next()?;
        Some(Arrival::numbered(
            item,
            Arc::clone(&self.1),
            self.0.resources(),
        ))
    }
}

struct Hl7File(hl7::Reader<Plain<File>>, Arc<str>);

impl Iterator for Hl7File {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let item = self.0.next()?;
        let position = Position::Message {
            index: self.0.tally().messages,
            segment: String::new(),
        };
        Some(Arrival {
            item,
            source: Arc::clone(&self.1),
            position,
        })
    }
}
