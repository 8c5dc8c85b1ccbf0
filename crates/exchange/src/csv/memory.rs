//! What a table said before, as fingerprints: so that it is not said again, and
//! so that two people of one name are noticed.
//!
//! Memory is bounded. All that is lost by forgetting is that something is said
//! twice, or that two people of one name far apart in a table are taken for one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::record::{ForeignKey, PatientRecord, Said};

/// How many keys each of two generations remembers.
const MAX_REMEMBERED: usize = 65_536;

type Map<T> = HashMap<u64, T, BuildHasherDefault<DefaultHasher>>;

/// What was said last about each key. What is asked for now and then, such as
/// the clinicians of a table of visits, is never forgotten.
#[derive(Default)]
pub struct Memory {
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    content_of: Map<u64>,
    key_of: Map<u64>,
}

impl Memory {
    /// Tells whether this is still what was said last about its key.
    pub fn holds(&mut self, content: u64) -> bool {
        if self.young.key_of.contains_key(&content) {
            return true;
        }
        let Some(key) = self.old.key_of.get(&content).copied() else {
            return false;
        };
        self.remember(key, content);
        true
    }

    /// Takes note of what is said about a key now.
    pub fn replace(&mut self, key: &ForeignKey, content: u64) {
        self.remember(fingerprint([&key.system, &key.value]), content);
    }

    fn remember(&mut self, key: u64, content: u64) {
        for generation in [&mut self.young, &mut self.old] {
            if let Some(before) = generation.content_of.remove(&key) {
                generation.key_of.remove(&before);
            }
        }
        if self.young.content_of.len() >= MAX_REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.content_of.insert(key, content);
        self.young.key_of.insert(content, key);
    }
}

/// People who are known by name alone. Two rows of one name are two people where
/// both have phones or mailboxes and share none.
#[derive(Default)]
pub struct Namesakes {
    known: Map<Person>,
}

struct Person {
    line: u64,
    contacts: Vec<u64>,
}

impl Namesakes {
    /// Returns the line of another person of this name.
    pub fn other(&mut self, record: &PatientRecord, line: u64) -> Option<u64> {
        let contacts: Vec<u64> = match &record.contact_points {
            Said::Value(list) => list
                .iter()
                .map(|contact| fingerprint([contact.address.comparable()]))
                .collect(),
            Said::Nothing | Said::Clear => Vec::new(),
        };
        if self.known.len() >= MAX_REMEMBERED {
            self.known.clear();
        }
        let name = fingerprint([&record.key.system, &record.key.value]);
        let known = self.known.entry(name).or_insert_with(|| Person {
            line,
            contacts: Vec::new(),
        });
        let share = contacts.iter().any(|one| known.contacts.contains(one));
        if !share && !contacts.is_empty() && !known.contacts.is_empty() {
            return Some(known.line);
        }
        for contact in contacts {
            if !known.contacts.contains(&contact) {
                known.contacts.push(contact);
            }
        }
        None
    }
}

/// Returns the same number for the same parts, in every run.
pub fn fingerprint<T: Hash>(parts: impl IntoIterator<Item = T>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        part.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> ForeignKey {
        ForeignKey {
            system: "test".to_owned(),
            value: n.to_string(),
        }
    }

    #[test]
    fn only_the_last_word_about_a_key_is_held() {
        let mut memory = Memory::default();
        memory.replace(&key(1), 10);
        memory.replace(&key(2), 20);
        assert!(memory.holds(10) && memory.holds(20) && !memory.holds(30));
        memory.replace(&key(1), 30);
        assert!(!memory.holds(10) && memory.holds(30));
        memory.replace(&key(1), 10);
        assert!(memory.holds(10) && !memory.holds(30));
    }

    #[test]
    fn what_is_asked_for_is_kept_and_the_rest_forgotten() {
        let mut memory = Memory::default();
        memory.replace(&key(0), 1);
        memory.replace(&key(1), 2);
        for n in 2..MAX_REMEMBERED * 4 {
            memory.replace(&key(n), n as u64 + 1);
            if n % 1_000 == 0 {
                assert!(memory.holds(1), "after {n}");
            }
        }
        assert!(!memory.holds(2));
        assert!(memory.young.key_of.len() <= MAX_REMEMBERED);
        assert!(memory.old.key_of.len() <= MAX_REMEMBERED);
        // An older word in the older generation is not believed either.
        memory.replace(&key(0), 99);
        assert!(!memory.holds(1) && memory.holds(99));
    }
}
