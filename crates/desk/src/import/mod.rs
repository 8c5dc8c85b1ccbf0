//! Takes in other people's records, as often as anybody likes.
//!
//! Records arrive in any order and are worked on in batches: what is known of
//! their keys is looked up for all of them at once, those of one patient form
//! one decision and one commit, and patients who cannot turn out to be one
//! person are worked on side by side, so that the store pays one fsync for many.
//!
//! | question | answer |
//! |---|---|
//! | said before? | each teller's words on each thing are compared with its own ([`sieve`]): unchanged, nothing is touched |
//! | older than what is known? | unchanged, and told unless it was heard before |
//! | a number that two people have? | the second one is refused, and what is new under the number as well |
//! | whose is it? | by key, by number, by matching; in doubt a record of its own and a task for a person |
//! | the patient comes later? | it waits, in memory and then in the database, over runs if need be |
//! | may it message anybody? | never: facts are backfilled, and only visits still to come begin journeys |
//! | a crash in between? | whole commits stand; running again completes the rest |
//!
//! *Source*: domain rules for EHR feeds (matching, merging, what breaks in them).

mod arrival;
mod batch;
mod course;
mod entry;
mod fingerprint;
mod moment;
mod orders;
mod parked;
mod person;
mod places;
mod report;
mod run;
mod scene;
mod shelf;
mod sieve;
mod stub;
mod visit;
mod waiting;
mod work;
mod worker;

pub use arrival::{Arrival, read_fhir, read_hl7};
pub use report::{Counts, ImportReport, News};

/// How records are taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// As of which moment; the desk's own present where none is given. Visits
    /// before it are history, those after it are reminded of.
    pub as_of: Option<jiff::Timestamp>,
    /// What the source is called in problems and as evidence of consents, where
    /// the records do not say it themselves.
    pub source_name: String,
    /// Records that are looked at together: more of them make fewer round trips
    /// and take more memory.
    pub batch: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            as_of: None,
            source_name: "import".to_owned(),
            batch: 4_000,
        }
    }
}
