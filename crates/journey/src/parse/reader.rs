//! Reads TOML with positions, and collects every problem instead of the first.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::condition::Condition;

/// What is wrong with a definition, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct DefinitionProblem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in words for the author.
    pub reason: String,
}

/// Everything found wrong so far, by byte of the source.
pub(super) struct Problems<'s> {
    source: &'s str,
    found: Vec<(usize, String)>,
}

impl<'s> Problems<'s> {
    pub(super) const fn new(source: &'s str) -> Self {
        Self {
            source,
            found: Vec::new(),
        }
    }

    /// Notes a problem at a byte of the source.
    pub(super) fn at(&mut self, offset: usize, reason: impl Into<String>) {
        self.found.push((offset, reason.into()));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns all problems in the order of the source.
    pub(super) fn into_vec(mut self) -> Vec<DefinitionProblem> {
        self.found.sort();
        self.found.dedup();
        self.found
            .iter()
            .map(|(offset, reason)| {
                let before = self.source.get(..*offset).unwrap_or(self.source);
                let line_start = before.rfind('\n').map_or(0, |at| at + 1);
                DefinitionProblem {
                    line: before.matches('\n').count() + 1,
                    column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
                    reason: reason.clone(),
                }
            })
            .collect()
    }
}

/// A value with the byte at which it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<T> {
    pub(super) offset: usize,
    pub(super) value: T,
}

/// One table of the source. Keys that nobody asked for are problems, so that a
/// misspelt key is not silently without effect.
pub(super) struct Section<'t, 's> {
    table: &'t DeTable<'s>,
    /// The byte at which the table stands, for problems about what is missing.
    pub(super) offset: usize,
    asked: BTreeSet<&'static str>,
}

impl<'t, 's> Section<'t, 's> {
    pub(super) fn new(table: &'t DeTable<'s>, offset: usize) -> Self {
        Self {
            table,
            offset,
            asked: BTreeSet::new(),
        }
    }

    /// Wraps a value that must be a table.
    pub(super) fn of(value: &'t Spanned<DeValue<'s>>, problems: &mut Problems<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, start_of(table, value.span()))),
            other => {
                problems.at(
                    value.span().start,
                    format!("expected a table, found {}", article(other)),
                );
                None
            }
        }
    }

    /// Returns the value of a key and marks the key as known.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'s>>> {
        self.asked.insert(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.keys().any(|name| name.get_ref() == key)
    }

    /// Reads a text.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<&'t str>> {
        let value = self.get(key)?;
        let offset = value.span().start;
        let text = value.get_ref().as_str();
        if text.is_none() {
            problems.at(
                offset,
                format!(
                    "{key} must be a text, and this is {}",
                    article(value.get_ref())
                ),
            );
        }
        Some(At {
            offset,
            value: text?,
        })
    }

    /// Reads a text that must be there and must not be empty.
    pub(super) fn required(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<&'t str>> {
        if !self.has(key) {
            self.asked.insert(key);
            problems.at(self.offset, format!("{key} is missing"));
            return None;
        }
        let text = self.text(key, problems)?;
        if text.value.trim().is_empty() {
            problems.at(text.offset, format!("{key} is empty"));
            return None;
        }
        Some(text)
    }

    /// Reads a text with its own syntax; the reader says what is wrong with it.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        let text = self.text(key, problems)?;
        match read(text.value) {
            Ok(value) => Some(At {
                offset: text.offset,
                value,
            }),
            Err(reason) => {
                problems.at(text.offset, reason);
                None
            }
        }
    }

    /// Reads a whole number within bounds.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: Range<i64>,
        problems: &mut Problems<'_>,
    ) -> Option<i64> {
        let value = self.get(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| bounds.contains(number));
        if number.is_none() {
            problems.at(
                value.span().start,
                format!(
                    "{key} must be a whole number from {} to {}",
                    bounds.start,
                    bounds.end - 1
                ),
            );
        }
        number
    }

    /// Reads a list of texts.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<At<&'t str>>> {
        let value = self.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            problems.at(
                value.span().start,
                format!("{key} must be a list of texts, such as [\"a\", \"b\"]"),
            );
            return None;
        };
        let mut texts = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => texts.push(At {
                    offset: item.span().start,
                    value: text,
                }),
                None => problems.at(item.span().start, format!("{key} must hold texts only")),
            }
        }
        Some(texts)
    }

    /// Reads a table.
    pub(super) fn section(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Section<'t, 's>> {
        Section::of(self.get(key)?, problems)
    }

    /// Reads a table or a list of tables, so that one rule needs no list.
    pub(super) fn sections(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Section<'t, 's>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| Section::of(item, problems))
                .collect(),
            _ => Section::of(value, problems).into_iter().collect(),
        }
    }

    /// Reads a condition; its faults point into its text.
    pub(super) fn condition(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Condition> {
        let span = self.get(key)?.span();
        let text = self.text(key, problems)?;
        match Condition::compile(text.value) {
            Ok(condition) => Some(condition),
            Err(faults) => {
                // The text begins after its quotes; where escapes changed it,
                // the value's own beginning is the best position there is.
                let quotes = problems
                    .source
                    .get(span.clone())
                    .and_then(|raw| raw.find(text.value));
                for fault in faults {
                    let offset = quotes.map_or(span.start, |q| span.start + q + fault.offset);
                    problems.at(offset, fault.reason);
                }
                None
            }
        }
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (name, _) in self.table {
            if !self.asked.contains(name.get_ref().as_ref()) {
                let known: Vec<_> = self.asked.iter().copied().collect();
                problems.at(
                    name.span().start,
                    format!(
                        "unknown key {}; there is {}",
                        name.get_ref(),
                        known.join(", ")
                    ),
                );
            }
        }
    }
}

/// Returns where a table begins. TOML gives an array's table the span of its
/// header alone; the first key is as good where the span is empty.
fn start_of(table: &DeTable<'_>, span: Range<usize>) -> usize {
    if span.is_empty() {
        table
            .keys()
            .map(|key| key.span().start)
            .min()
            .unwrap_or(span.start)
    } else {
        span.start
    }
}

fn article(value: &DeValue<'_>) -> String {
    match value.type_str() {
        kind @ ("integer" | "array") => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}
