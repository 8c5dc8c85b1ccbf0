//! Cutting the lines of a row into cells, quotes and all.

use memchr::memchr;

use super::row::Row;

/// Cuts the lines of one row into cells.
pub struct Cutter<'r> {
    pub row: &'r mut Row,
    separator: u8,
    /// Inside a quoted cell.
    pub in_quotes: bool,
    /// The open cell began on an earlier line.
    spans_lines: bool,
    /// A quote stands where none may, after the open cell had left its line.
    pub misplaced: bool,
    /// A quote stands inside a quoted cell.
    pub stray: bool,
    /// Quotes are letters like any other.
    pub literal_quotes: bool,
    /// The text of the current line; kept to be used again.
    pub line: String,
}

impl<'r> Cutter<'r> {
    /// Begins a row.
    pub fn new(row: &'r mut Row, separator: u8) -> Self {
        Self {
            row,
            separator,
            in_quotes: false,
            spans_lines: false,
            misplaced: false,
            stray: false,
            literal_quotes: false,
            line: String::new(),
        }
    }

    /// Goes on in the open cell on the next line.
    pub fn push_line_break(&mut self) {
        self.row.push("\n");
        self.spans_lines = true;
    }

    /// Takes one line, without its end.
    pub fn cut(&mut self, line: &str) {
        let mut rest = line;
        loop {
            let (after, at_end) = if self.in_quotes {
                self.quoted(rest)
            } else {
                match rest.trim_start_matches([' ', '\u{FEFF}']).strip_prefix('"') {
                    Some(inside) if !self.literal_quotes => {
                        self.in_quotes = true;
                        self.quoted(inside)
                    }
                    _ => self.plain(rest),
                }
            };
            rest = after;
            if at_end || self.misplaced {
                return;
            }
        }
    }

    /// Takes an unquoted cell; returns what follows and whether that was the last.
    fn plain<'t>(&mut self, rest: &'t str) -> (&'t str, bool) {
        let end = memchr(self.separator, rest.as_bytes());
        let (cell, after) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        self.row.push(cell);
        self.row.end_cell();
        (after.get(1..).unwrap_or_default(), end.is_none())
    }

    /// Takes a quoted cell up to its closing quote or to the end of the line.
    fn quoted<'t>(&mut self, mut rest: &'t str) -> (&'t str, bool) {
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                self.row.push(rest);
                return ("", true);
            };
            self.row.push(before);
            if let Some(after) = after.strip_prefix('"') {
                self.row.push("\"");
                rest = after;
                continue;
            }
            let behind = after.trim_start_matches(' ');
            let separator = behind.as_bytes().first() == Some(&self.separator);
            if separator || behind.is_empty() {
                self.in_quotes = false;
                self.spans_lines = false;
                self.row.end_cell();
                return (behind.get(1..).unwrap_or_default(), !separator);
            }
            if self.spans_lines {
                self.misplaced = true;
                return ("", true);
            }
            self.stray = true;
            self.row.push("\"");
            rest = after;
        }
    }
}
