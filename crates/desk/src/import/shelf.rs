//! What is known of the keys of a batch, looked up before anything is decided.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tendon_care::id::{Id, PatientId};
use tendon_care::patient::Patient;
use tendon_exchange::record::ForeignKey;
use tendon_store::{Reader, SourceRow};
use uuid::Uuid;

use super::entry::{EPISODE, Entry, PATIENT, Slot};
use super::fingerprint::Heard;
use crate::error::DeskError;

/// What is known of a thing under its key, or of what somebody said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// What it became; nothing for a visit that was called off before it was known.
    pub(super) entity: Option<Uuid>,
    pub(super) heard: Heard,
    pub(super) changed_at: Option<Timestamp>,
    /// How a key of a patient stands.
    pub(super) state: KeyState,
}

/// How a key stands with the patient whom it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KeyState {
    /// It is the patient's.
    #[default]
    Own,
    /// It was retired by a merge before anything else was known of it.
    Retired,
    /// Its source has given it to another person as well.
    Disputed,
}

impl Known {
    /// Knows a key and nothing that was said under it.
    pub(super) fn key_of(entity: Uuid, state: KeyState) -> Self {
        Self {
            entity: Some(entity),
            state,
            ..Self::default()
        }
    }

    /// Returns what is known after a word, of what it became as much as before.
    pub(super) fn after(before: Option<&Self>, entry: &Entry) -> Self {
        let known = before.cloned().unwrap_or_default();
        Self {
            heard: known.heard.with(entry.print),
            changed_at: known.changed_at.max(entry.changed_at),
            ..known
        }
    }

    /// Tells whether the key is that of a record that was merged into this patient.
    pub(super) fn is_retired(&self, into: PatientId) -> bool {
        self.state == KeyState::Retired || self.entity.is_some_and(|own| own != into.uuid())
    }

    /// Writes how the key stands and what was heard: a byte, then [`Heard`].
    pub(super) fn hash(&self) -> Vec<u8> {
        let state = match self.state {
            KeyState::Own => 0,
            KeyState::Retired => 1,
            KeyState::Disputed => 2,
        };
        [vec![state], self.heard.write()].concat()
    }

    fn read(row: &SourceRow) -> Self {
        let (state, heard) = row.hash.split_first().unwrap_or((&0, &[]));
        Self {
            entity: row.entity,
            heard: Heard::read(heard),
            changed_at: row.changed_at,
            state: match state {
                1 => KeyState::Retired,
                2 => KeyState::Disputed,
                _ => KeyState::Own,
            },
        }
    }
}

/// The look-ups of one batch, shared by all who work on it.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    known: HashMap<Slot, Known>,
    /// The courses of care that the keys name.
    episodes: HashSet<Uuid>,
    numbers: HashMap<(String, String), PatientId>,
    /// Records that were merged into others, and who they are today.
    roots: HashMap<PatientId, PatientId>,
}

impl Shelf {
    /// Looks up every key that the entries have or name.
    pub(super) async fn load(reader: Reader<'_>, entries: &[Entry]) -> Result<Self, DeskError> {
        let mut wanted: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        let mut want = |slot: Slot| {
            let space = (slot.kind, slot.key.system);
            wanted.entry(space).or_default().insert(slot.key.value);
        };
        for entry in entries {
            want(entry.slot());
            if entry.teller.is_some() {
                want(entry.thing());
            }
            for key in patient_keys(entry) {
                want(Slot::patient(key));
            }
            if let Some(episode) = entry.episode() {
                want(Slot::new(EPISODE, episode));
            }
        }
        let mut shelf = Self::default();
        for ((kind, system), values) in wanted {
            let values: Vec<String> = values.into_iter().collect();
            for row in reader.sources(&kind, &system, &values).await? {
                shelf.put(row);
            }
        }
        shelf.load_numbers(reader, entries).await?;
        shelf.load_roots(reader).await?;
        Ok(shelf)
    }

    fn put(&mut self, row: SourceRow) {
        let known = Known::read(&row);
        if row.kind == EPISODE {
            self.episodes.extend(known.entity);
        }
        let key = ForeignKey {
            system: row.system,
            value: row.value,
        };
        self.known.insert(
            Slot {
                kind: row.kind,
                key,
            },
            known,
        );
    }

    /// Looks up who the patients of the batch are after merges: what is said under two
    /// keys of one person must not be decided side by side.
    async fn load_roots(&mut self, reader: Reader<'_>) -> Result<(), DeskError> {
        let people = self.known.iter().filter(|(slot, _)| slot.kind == PATIENT);
        let people = people.filter_map(|(_, known)| known.entity.map(PatientId::from_uuid));
        let people: BTreeSet<_> = people.chain(self.numbers.values().copied()).collect();
        let people: Vec<_> = people.into_iter().collect();
        self.roots = reader
            .roots_of_retired(&people)
            .await?
            .into_iter()
            .collect();
        Ok(())
    }

    /// Looks up the record numbers of the batch: those that people have, and
    /// those by which others name a patient whose key nobody has told.
    async fn load_numbers(
        &mut self,
        reader: Reader<'_>,
        entries: &[Entry],
    ) -> Result<(), DeskError> {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in entries {
            let people = entry.person().into_iter();
            for number in people.flat_map(|person| &person.identifiers) {
                let values = wanted.entry(number.system.clone()).or_default();
                values.insert(number.value.expose().to_owned());
            }
            for key in patient_keys(entry) {
                if !self.known.contains_key(&Slot::patient(key)) {
                    let values = wanted.entry(key.system.clone()).or_default();
                    values.insert(key.value.clone());
                }
            }
        }
        for (system, values) in wanted {
            let values: Vec<String> = values.into_iter().collect();
            for (value, patient) in reader.patients_by_identifiers(&system, &values).await? {
                self.numbers.insert((system.clone(), value), patient);
            }
        }
        Ok(())
    }
}

/// Returns every key by which an entry names or describes a patient.
pub(super) fn patient_keys(entry: &Entry) -> Vec<&ForeignKey> {
    let mut keys: Vec<&ForeignKey> = entry.patient().into_iter().collect();
    if let Some(person) = entry.person() {
        keys.push(&person.key);
        keys.extend(&person.aliases);
    }
    if let tendon_exchange::Record::Merge(merge) = &entry.record {
        keys.extend([&merge.survivor, &merge.retired]);
        if let Some(person) = &merge.survivor_record {
            keys.push(&person.key);
            keys.extend(&person.aliases);
        }
    }
    keys
}

/// What is known to one worker: the shelf, and what the worker has done since.
#[derive(Clone, Debug)]
pub(super) struct Index {
    shelf: Arc<Shelf>,
    since: HashMap<Slot, Known>,
    numbers_since: HashMap<(String, String), PatientId>,
}

impl Index {
    pub(super) fn new(shelf: Arc<Shelf>) -> Self {
        Self {
            shelf,
            since: HashMap::new(),
            numbers_since: HashMap::new(),
        }
    }

    /// Returns what was said last under a key.
    pub(super) fn known(&self, slot: &Slot) -> Option<Known> {
        let known = self.since.get(slot).or_else(|| self.shelf.known.get(slot));
        known.cloned()
    }

    /// Remembers what was committed.
    pub(super) fn learn(&mut self, learnt: impl IntoIterator<Item = (Slot, Known)>) {
        self.since.extend(learnt);
    }

    /// Remembers the record numbers that a patient has by now.
    pub(super) fn learn_numbers(&mut self, patient: &Patient) {
        for number in &patient.identifiers {
            let key = (number.system.clone(), number.value.expose().to_owned());
            self.numbers_since.insert(key, patient.id);
        }
    }

    /// Finds a patient by a key of a source, or else by a number that is on file. One
    /// that was merged into another is that other.
    pub(super) fn patient(&self, key: &ForeignKey) -> Option<PatientId> {
        let known = self
            .known(&Slot::patient(key))
            .and_then(|known| known.entity);
        let found = known
            .map(PatientId::from_uuid)
            .or_else(|| self.holder(&key.system, &key.value))?;
        Some(self.shelf.roots.get(&found).copied().unwrap_or(found))
    }

    /// Returns who has a number of a system.
    pub(super) fn holder(&self, system: &str, value: &str) -> Option<PatientId> {
        let key = (system.to_owned(), value.to_owned());
        let since = self.numbers_since.get(&key).copied();
        since.or_else(|| self.shelf.numbers.get(&key).copied())
    }

    /// Tells whether a source has named a course of care in this batch.
    pub(super) fn names_episode(&self, id: Uuid) -> bool {
        let now = |(slot, known): (&Slot, &Known)| slot.kind == EPISODE && known.entity == Some(id);
        self.shelf.episodes.contains(&id) || self.since.iter().any(now)
    }
}

#[cfg(test)]
impl Shelf {
    /// Makes a shelf that knows record numbers of the system `ehr`, and merges.
    pub(super) fn knowing(
        numbers: &[(&str, PatientId)],
        merged: &[(PatientId, PatientId)],
    ) -> Self {
        let number = |(value, who): &(&str, PatientId)| (("ehr".into(), (*value).into()), *who);
        Self {
            numbers: numbers.iter().map(number).collect(),
            roots: merged.iter().copied().collect(),
            ..Self::default()
        }
    }
}
