//! Records that a run keeps in memory for later.

use std::collections::HashMap;

use tendon_exchange::record::ForeignKey;

use super::entry::{Entry, Slot};

/// Bytes of held words, at most, by [`Entry::weight`].
const HELD_BYTES: usize = 16 * 1024 * 1024;

/// Records whose patient nobody has told of yet, by the key they name.
#[derive(Default)]
pub(super) struct Waiting {
    by_key: HashMap<ForeignKey, Vec<Entry>>,
    pub(super) bytes: usize,
}

impl Waiting {
    pub(super) fn add(&mut self, entry: Entry) {
        let Some(key) = entry.awaits().cloned() else {
            return;
        };
        self.bytes += entry.weight();
        self.by_key.entry(key).or_default().push(entry);
    }

    pub(super) fn take(&mut self, key: &ForeignKey) -> Vec<Entry> {
        let entries = self.by_key.remove(key).unwrap_or_default();
        self.bytes -= entries.iter().map(Entry::weight).sum::<usize>();
        entries
    }

    pub(super) fn drain(&mut self) -> Vec<Entry> {
        self.bytes = 0;
        let all = self.by_key.drain().flat_map(|(_, entries)| entries);
        in_order(all.collect())
    }
}

/// Words that were heard before the last one, until the run has told whether that
/// one follows again; one for each slot.
#[derive(Default)]
pub(super) struct Held {
    by_slot: HashMap<Slot, Entry>,
    bytes: usize,
}

impl Held {
    pub(super) fn add(&mut self, entry: Entry) {
        self.bytes += entry.weight();
        let before = self.by_slot.insert(entry.slot(), entry);
        self.bytes -= before.map_or(0, |entry| entry.weight());
    }

    pub(super) const fn is_full(&self) -> bool {
        self.bytes > HELD_BYTES
    }

    /// Puts the words that are held before those that follow them.
    pub(super) fn join(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        if self.by_slot.is_empty() {
            return entries;
        }
        let held = entries
            .iter()
            .filter_map(|entry| self.by_slot.remove(&entry.slot()));
        let mut all: Vec<Entry> = held.collect();
        self.bytes -= all.iter().map(Entry::weight).sum::<usize>();
        all.extend(entries);
        in_order(all)
    }

    pub(super) fn drain(&mut self) -> Vec<Entry> {
        self.bytes = 0;
        in_order(self.by_slot.drain().map(|(_, entry)| entry).collect())
    }
}

fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| entry.number);
    entries
}
