//! What of a batch is news, and what was said before.
//!
//! Every word is compared with what the same teller said last of the same thing.
//! Of several words in a row the last counts: where a source holds a record in
//! two versions, reading it once more changes nothing.
//!
//! | a word is | and so |
//! |---|---|
//! | the last one of its teller | unchanged |
//! | older than it, by the source's own time | unchanged, and told unless it was heard |
//! | one that was heard and has been replaced since | held until the run has told all: if its successor comes again, nothing has changed; if none comes, the source went back to it |
//! | anything else | news |

use std::collections::HashMap;

use jiff::Timestamp;
use tendon_exchange::field::Field;
use tendon_exchange::{Record, Severity};

use super::entry::{Entry, Slot};
use super::report::Verdict;
use super::shelf::{Index, KeyState, Known};
use super::work::Fresh;
use super::worker::Outcomes;

/// A batch, sifted.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// News, in the order of arrival.
    pub(super) fresh: Vec<Fresh>,
    /// Words that were heard before the last one, for the end of the run.
    pub(super) held: Vec<Entry>,
    /// Words that waited in the database and say nothing new.
    pub(super) gone: Vec<Entry>,
    /// What became of the rest.
    pub(super) outcomes: Outcomes,
}

/// What becomes of one word.
#[derive(Clone, Debug, Default)]
enum Fate {
    #[default]
    Unchanged,
    /// Older than what is known, and not heard before.
    Late,
    Held,
    Fresh(Option<Known>),
}

/// Sifts a batch. In the last call of a run nothing is held.
pub(super) fn sift(entries: Vec<Entry>, index: &Index, last_call: bool) -> Sifted {
    let mut words: HashMap<Slot, Vec<usize>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        words.entry(entry.slot()).or_default().push(at);
    }
    let mut fates = vec![Fate::default(); entries.len()];
    for (slot, places) in words {
        let said: Vec<(usize, &Entry)> = places
            .iter()
            .filter_map(|at| Some((*at, entries.get(*at)?)))
            .collect();
        for (at, fate) in fates_of(&slot, &said, index, last_call) {
            if let Some(slot) = fates.get_mut(at) {
                *slot = fate;
            }
        }
    }
    let mut sifted = Sifted::default();
    for (entry, fate) in entries.into_iter().zip(fates) {
        sifted.put(entry, fate);
    }
    sifted
}

impl Sifted {
    fn put(&mut self, entry: Entry, fate: Fate) {
        match fate {
            Fate::Fresh(before) => return self.fresh.push(Fresh { entry, before }),
            Fate::Held => return self.held.push(entry),
            Fate::Late => {
                let reason = "is older than what is known from the same source";
                let problem = entry.problem(Field::ChangedAt, reason, Severity::Ignored);
                self.outcomes.problems.push((entry.number, problem));
            }
            Fate::Unchanged => {}
        }
        if entry.told {
            self.outcomes.forgiven.push(entry.kind());
        }
        if entry.parked {
            self.gone.push(entry);
        } else {
            let unchanged = (entry.kind(), Verdict::Unchanged);
            self.outcomes.verdicts.push(unchanged);
        }
    }
}

/// Says what becomes of the words of one teller on one thing.
fn fates_of(
    slot: &Slot,
    said: &[(usize, &Entry)],
    index: &Index,
    last_call: bool,
) -> Vec<(usize, Fate)> {
    let known = index.known(slot);
    let heard = known.clone().unwrap_or_default().heard;
    let mut newest = known.as_ref().and_then(|known| known.changed_at);
    let (mut fates, mut live) = (Vec::new(), Vec::new());
    for (at, entry) in said {
        if is_older(entry, newest) {
            let again = heard.holds(entry.print);
            fates.push((*at, if again { Fate::Unchanged } else { Fate::Late }));
        } else {
            newest = newest.max(entry.changed_at);
            live.push((*at, *entry));
        }
    }
    let Some((last_at, last)) = live.last().copied() else {
        return fates;
    };
    // What stands under a number in dispute is looked at again each time.
    let disputed = matches!(&last.record, Record::Patient(person)
        if index.known(&Slot::patient(&person.key))
            .is_some_and(|key| key.state == KeyState::Disputed));
    if !disputed && heard.last() == Some(last.print) {
        return fates;
    }
    let nothing_new = live.iter().all(|(_, entry)| heard.holds(entry.print));
    if !disputed && !last_call && nothing_new {
        fates.push((last_at, Fate::Held));
        return fates;
    }
    let mut before = known;
    for (at, entry) in live {
        let same = before
            .as_ref()
            .is_some_and(|known| known.heard.last() == Some(entry.print));
        if same && !disputed {
            continue;
        }
        let after = Known::after(before.as_ref(), entry);
        fates.push((at, Fate::Fresh(before.replace(after))));
    }
    fates
}

/// Tells whether a word was said before what is known.
fn is_older(entry: &Entry, newest: Option<Timestamp>) -> bool {
    let times = newest.zip(entry.changed_at);
    times.is_some_and(|(newest, said)| said < newest)
}
