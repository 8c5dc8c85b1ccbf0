//! Records on their way in, each with the place it comes from.

use std::fs::File;
use std::sync::Arc;

use tendon_exchange::source::{Plain, Source, unreadable};
use tendon_exchange::{Item, Problem, fhir, hl7};

/// An item with the source it comes from, for the problems that are only found
/// once it meets what is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// What a reader yielded.
    pub item: Item,
    /// The file, feed or URL.
    pub source: Arc<str>,
}

impl Arrival {
    /// Says of a problem that nothing came with it.
    pub fn problem(problem: Problem) -> Self {
        Self {
            source: problem.source.as_str().into(),
            item: Item::problem(problem),
        }
    }

    /// Returns about how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.item.record.as_ref().map_or(512, super::entry::weight)
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
    in_turn(sources, |file, name| arrivals(fhir::read(file, name), name))
}

/// Reads HL7 v2 files one after the other, in their order.
pub fn read_hl7(sources: Vec<Source>) -> impl Iterator<Item = Arrival> + Send {
    in_turn(sources, |file, name| arrivals(hl7::read(file, name), name))
}

type Reading = Box<dyn Iterator<Item = Arrival> + Send>;

/// Says of the items of a reader where they come from.
fn arrivals(items: impl Iterator<Item = Item> + Send + 'static, name: &str) -> Reading {
    let source: Arc<str> = name.into();
    Box::new(items.map(move |item| Arrival {
        item,
        source: Arc::clone(&source),
    }))
}

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
