//! From words to the symbols that rules are written in, with room for typos.
//!
//! A symbol is a literal, a stem (`breath*`) or a named set of words. Every
//! word of a message is looked up once; rules then only compare symbols, which
//! is what keeps a lexicon of thousands of phrases fast.

use std::collections::{HashMap, HashSet};

/// A literal, a stem or a set.
pub(crate) type Symbol = u16;

/// Words from this length on may carry one typo.
const TOLERANT_LENGTH: usize = 6;
/// Stems from this length on may carry one typo in a word of that length.
const TOLERANT_STEM: usize = 5;

/// Every word that a rule mentions, and what it stands for.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    exact: HashMap<String, Vec<Symbol>>,
    stems: HashMap<String, Vec<Symbol>>,
    by_key: HashMap<String, Symbol>,
    /// Shorter words that may carry one typo as well.
    tolerant: HashSet<String>,
    /// Real words that lie one typo from a rule's word and must be left alone.
    known: HashSet<String>,
    /// Each tolerant word, and each way to lose one letter of it.
    near_words: HashMap<String, Vec<String>>,
    near_stems: HashMap<String, Vec<String>>,
    longest_stem: usize,
}

/// What one word of a message stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The symbols, unordered.
    pub symbols: Vec<Symbol>,
    /// Found only by allowing a typo.
    pub corrected: bool,
}

impl Vocabulary {
    /// Takes over which short words tolerate a typo and which real words never are one.
    pub(crate) fn new(tolerant: Vec<String>, known: Vec<String>) -> Self {
        Self {
            tolerant: tolerant.into_iter().collect(),
            known: known.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Returns the symbol for a group of words; `key` names the group. Words may end in `*`.
    pub(crate) fn symbol(&mut self, key: &str, words: &[&str]) -> Symbol {
        if let Some(symbol) = self.by_key.get(key) {
            return *symbol;
        }
        let symbol = Symbol::try_from(self.by_key.len()).unwrap_or(Symbol::MAX);
        self.by_key.insert(key.to_owned(), symbol);
        for word in words {
            match word.strip_suffix('*') {
                Some(stem) => self.stems.entry(stem.to_owned()).or_default().push(symbol),
                None => self
                    .exact
                    .entry((*word).to_owned())
                    .or_default()
                    .push(symbol),
            }
        }
        symbol
    }

    /// Counts the symbols.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Prepares the look-up of misspelt words, once every rule is known.
    pub(crate) fn finish(&mut self) {
        self.longest_stem = self.stems.keys().map(String::len).max().unwrap_or(0);
        for word in self.exact.keys() {
            if word.len() >= TOLERANT_LENGTH || self.tolerant.contains(word) {
                remember(&mut self.near_words, word);
            }
        }
        for stem in self.stems.keys().filter(|stem| stem.len() >= TOLERANT_STEM) {
            remember(&mut self.near_stems, stem);
        }
    }

    /// Looks a folded word up: as written, then with doubled letters single,
    /// then with one letter missing, added, changed or swapped with the next.
    ///
    /// A word that is in no rule but begins like one (`breathnng`) may still be
    /// a misspelt other word, so both readings are kept.
    pub(crate) fn read(&self, word: &str) -> Reading {
        let mut symbols = self.as_written(word);
        if self.exact.contains_key(word) || self.known.contains(word) || !word.is_ascii() {
            return Reading {
                symbols,
                corrected: false,
            };
        }
        let single = without_doubles(word);
        let mut corrections = self.one_typo_away(word);
        if single != word {
            corrections.extend(self.as_written(&single));
        }
        let corrected = symbols.is_empty() && !corrections.is_empty();
        symbols.extend(corrections);
        symbols.sort_unstable();
        symbols.dedup();
        Reading { symbols, corrected }
    }

    fn as_written(&self, word: &str) -> Vec<Symbol> {
        let mut symbols = self.exact.get(word).cloned().unwrap_or_default();
        for length in 2..=word.len().min(self.longest_stem) {
            if let Some(found) = word.get(..length).and_then(|stem| self.stems.get(stem)) {
                symbols.extend_from_slice(found);
            }
        }
        symbols
    }

    fn one_typo_away(&self, word: &str) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        // "st0p" and "stop1" are one key away from a word; "4pm" and "l4l5" are no words.
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if word.len() < 4 || digits > 1 {
            return symbols;
        }
        for near in nearby(&self.near_words, word) {
            symbols.extend(self.as_written(near));
        }
        if word.len() < TOLERANT_LENGTH {
            return symbols;
        }
        // A typo inside a stem: compare the beginning of the word, one letter
        // shorter or longer than the stem. The first letter must be right.
        for length in TOLERANT_STEM - 1..=word.len().min(self.longest_stem + 1) {
            let Some(beginning) = word.get(..length) else {
                break;
            };
            for near in nearby(&self.near_stems, beginning) {
                if near.as_bytes().first() == word.as_bytes().first() {
                    symbols.extend(self.stems.get(near).into_iter().flatten());
                }
            }
        }
        symbols
    }
}

fn remember(near: &mut HashMap<String, Vec<String>>, word: &str) {
    for shorter in deletions(word).chain([word.to_owned()]) {
        near.entry(shorter).or_default().push(word.to_owned());
    }
}

/// Returns the remembered words at Damerau–Levenshtein distance one or less.
fn nearby<'a>(near: &'a HashMap<String, Vec<String>>, word: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> = deletions(word)
        .chain([word.to_owned()])
        .filter_map(|shorter| near.get(&shorter))
        .flatten()
        .map(String::as_str)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|candidate| strsim::osa_distance(candidate, word) <= 1);
    found
}

fn deletions(word: &str) -> impl Iterator<Item = String> {
    word.char_indices().map(|(at, c)| {
        let mut shorter = String::with_capacity(word.len());
        shorter.extend(word.get(..at));
        shorter.extend(word.get(at + c.len_utf8()..));
        shorter
    })
}

fn without_doubles(word: &str) -> String {
    let mut last = '\0';
    word.chars()
        .filter(|c| {
            let keep = *c != last || c.is_ascii_digit();
            last = *c;
            keep
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let mut vocabulary =
            Vocabulary::new(vec!["stop".into()], vec!["shop".into(), "cancer".into()]);
        vocabulary.symbol("@off", &["stop", "cancel", "unsubscribe"]);
        vocabulary.symbol("breath*", &["breath*"]);
        vocabulary.symbol("end", &["end"]);
        vocabulary.finish();
        vocabulary
    }

    #[test]
    fn reads_as_written_by_stem_and_with_one_typo() {
        let vocabulary = vocabulary();
        for (word, symbols, corrected) in [
            ("stop", vec![0], false),
            ("breathing", vec![1], false),
            ("stopp", vec![0], true),
            ("sotp", vec![0], true),
            ("stpo", vec![0], true),
            ("stip", vec![0], true),
            ("st0p", vec![0], true),
            ("stop1", vec![0], true),
            ("unsuscribe", vec![0], true),
            ("cancle", vec![0], true),
            ("braething", vec![1], true),
        ] {
            assert_eq!(
                vocabulary.read(word),
                Reading { symbols, corrected },
                "{word}"
            );
        }
    }

    #[test]
    fn leaves_real_and_short_words_alone() {
        let vocabulary = vocabulary();
        for word in [
            "shop",
            "cancer",
            "and",
            "ends",
            "st",
            "station",
            "unsubscribable",
            "st09",
            "4pm",
        ] {
            assert_eq!(vocabulary.read(word), Reading::default(), "{word}");
        }
    }

    #[test]
    fn one_key_is_one_symbol() {
        let mut vocabulary = Vocabulary::default();
        let first = vocabulary.symbol("@a", &["x"]);
        assert_eq!(vocabulary.symbol("@a", &["x"]), first);
        assert_eq!(vocabulary.len(), 1);
    }
}
