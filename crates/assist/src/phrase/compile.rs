//! From a phrase as it is written to one that can be looked for.

use std::collections::HashMap;

use super::{Item, Phrase};
use crate::vocabulary::{Symbol, Vocabulary};

/// What is wrong with a phrase of the lexicon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// A parenthesis without its other half.
    #[error("unbalanced parenthesis in `{0}`")]
    Parenthesis(String),
    /// A set that `words.toml` does not have.
    #[error("unknown set `@{0}`")]
    UnknownSet(String),
    /// A set that contains itself.
    #[error("set `@{0}` contains itself")]
    Cycle(String),
    /// `..` without a number.
    #[error("gap without a number in `{0}`")]
    Gap(String),
    /// A sign or capital that no folded word can contain.
    #[error("`{0}` can never match a folded word")]
    Unfolded(String),
    /// Nothing to match.
    #[error("empty phrase")]
    Empty,
}

/// Turns written phrases into matchable ones.
pub(crate) struct Compiler<'a> {
    /// Where symbols are given out.
    pub vocabulary: &'a mut Vocabulary,
    /// The named sets, members separated by `|`.
    pub sets: &'a HashMap<String, String>,
}

impl Compiler<'_> {
    /// Compiles one phrase.
    pub(crate) fn compile(&mut self, text: &str) -> Result<Phrase, PhraseError> {
        let items = self.sequence(text, 0)?;
        if items.is_empty() {
            return Err(PhraseError::Empty);
        }
        let keys = keys(&items).unwrap_or_default();
        Ok(Phrase { items, keys })
    }

    fn sequence(&mut self, text: &str, depth: u8) -> Result<Vec<Item>, PhraseError> {
        let mut items = Vec::new();
        for part in split(text, ' ')? {
            if part.is_empty() {
                continue;
            }
            match part.strip_suffix('?') {
                Some(optional) => {
                    let branch = vec![self.item(optional, depth)?];
                    items.push(Item::Alternatives(vec![branch, Vec::new()]));
                }
                None => items.push(self.item(part, depth)?),
            }
        }
        Ok(items)
    }

    fn item(&mut self, part: &str, depth: u8) -> Result<Item, PhraseError> {
        if let Some(gap) = part.strip_prefix("..") {
            let words = gap.parse().map_err(|_| PhraseError::Gap(part.to_owned()))?;
            return Ok(Item::Gap(words));
        }
        if let Some(name) = part.strip_prefix('@') {
            if depth > 8 {
                return Err(PhraseError::Cycle(name.to_owned()));
            }
            let sets = self.sets;
            let members = sets
                .get(name)
                .ok_or_else(|| PhraseError::UnknownSet(name.to_owned()))?;
            return self.alternatives(members, part, depth + 1);
        }
        if let Some(inner) = part.strip_prefix('(') {
            let inner = inner
                .strip_suffix(')')
                .ok_or_else(|| PhraseError::Parenthesis(part.to_owned()))?;
            return self.alternatives(inner, part, depth);
        }
        match part {
            "^" => Ok(Item::Start),
            "$" => Ok(Item::End),
            "<" => Ok(Item::PartStart),
            ">" => Ok(Item::PartEnd),
            "<name>" => Ok(Item::Name),
            "<n>" => Ok(Item::Number),
            word => {
                folded(word)?;
                Ok(Item::One(self.vocabulary.symbol(word, &[word])))
            }
        }
    }

    /// Plain words share one symbol, so that a long set costs one comparison.
    fn alternatives(&mut self, inner: &str, key: &str, depth: u8) -> Result<Item, PhraseError> {
        let members = split(inner, '|')?;
        let (words, longer): (Vec<&str>, Vec<&str>) = members
            .into_iter()
            .map(str::trim)
            .filter(|member| !member.is_empty())
            .partition(|member| folded(member).is_ok());
        let plain = (!words.is_empty()).then(|| Item::One(self.vocabulary.symbol(key, &words)));
        if longer.is_empty() {
            return plain.ok_or(PhraseError::Empty);
        }
        let mut branches: Vec<Vec<Item>> = plain.into_iter().map(|one| vec![one]).collect();
        for member in longer {
            branches.push(self.sequence(member, depth)?);
        }
        Ok(Item::Alternatives(branches))
    }
}

/// Refuses what is not one folded word, with or without `*`.
fn folded(word: &str) -> Result<(), PhraseError> {
    let plain = word.strip_suffix('*').unwrap_or(word);
    let named = plain.len() > 2 && plain.starts_with(':') && plain.ends_with(':');
    let plain = if named {
        plain.trim_matches(':')
    } else {
        plain
    };
    let fine = !plain.is_empty()
        && plain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || (named && b == b'_'));
    fine.then_some(())
        .ok_or_else(|| PhraseError::Unfolded(word.to_owned()))
}

/// Splits at `at` outside parentheses.
fn split(text: &str, at: char) -> Result<Vec<&str>, PhraseError> {
    let unbalanced = || PhraseError::Parenthesis(text.to_owned());
    let mut depth = 0_u32;
    let mut start = 0;
    let mut parts = Vec::new();
    for (index, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(unbalanced)?,
            _ if c == at && depth == 0 => {
                parts.extend(text.get(start..index));
                start = index + at.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    if depth == 0 {
        Ok(parts)
    } else {
        Err(unbalanced())
    }
}

/// Returns the symbols of which a match must contain one: those of the item
/// with the fewest, since a message is first asked for these.
fn keys(items: &[Item]) -> Option<Vec<Symbol>> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::One(symbol) => Some(vec![*symbol]),
            Item::Alternatives(branches) => {
                let branches: Option<Vec<_>> = branches.iter().map(|b| keys(b)).collect();
                branches.map(|b| b.concat())
            }
            _ => None,
        })
        // The later of equals: phrases tend to begin with `i` and `my`.
        .rev()
        .min_by_key(Vec::len)
}
