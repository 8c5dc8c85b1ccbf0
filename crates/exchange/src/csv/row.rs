//! One row of a table.

use super::decode::unmangle;

/// What is wrong with the form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A quote opens and never closes; the cells of its first line are given.
    Unclosed,
    /// A quote stands inside a quoted cell without being doubled.
    Stray,
    /// Longer than [`super::rows::MAX_ROW_BYTES`]; no cells are given.
    TooLong,
}

/// One row: its cells without their quotes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The physical line on which it begins, from 1.
    pub line: u64,
    /// What is wrong with its form.
    pub flaw: Option<Flaw>,
    /// Letters were put right that had been decoded with the wrong table.
    pub unmangled: bool,
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The cells are people's data.
        write!(f, "Row(line {}, {} cells)", self.line, self.ends.len())
    }
}

impl Row {
    /// Returns how many cells there are; an empty line has one.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns a cell without the blanks around it; empty behind the last one.
    pub fn cell(&self, at: usize) -> &str {
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        let end = self.ends.get(at).copied();
        start
            .zip(end)
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or_default()
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
    }

    /// Returns every cell.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.cell(at))
    }

    /// Tells whether nothing is written in any cell.
    pub fn is_blank(&self) -> bool {
        self.cells().all(str::is_empty)
    }

    /// Empties it, to be the row that begins on a line.
    pub fn clear(&mut self, line: u64) {
        self.line = line;
        self.flaw = None;
        self.unmangled = false;
        self.text.clear();
        self.ends.clear();
    }

    /// Adds to the text of the open cell.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Closes the open cell.
    pub fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Puts letters right cell by cell, as each may have come another way.
    pub fn unmangle(&mut self) {
        if self.text.is_ascii() {
            return;
        }
        let cells: Vec<_> = self.cells().map(unmangle).collect();
        if cells.iter().all(Option::is_none) {
            return;
        }
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(cells.len()));
        for (at, right) in cells.iter().enumerate() {
            text.push_str(right.as_deref().unwrap_or_else(|| self.cell(at)));
            ends.push(text.len());
        }
        (self.text, self.ends, self.unmangled) = (text, ends, true);
    }
}
