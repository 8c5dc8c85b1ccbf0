//! Cutting text into rows and cells, and going on after a broken row.
//!
//! Programs and people write tables that RFC 4180 does not know: quotes inside
//! cells, spaces before quotes, rows of every length, a quote that is never
//! closed. Each costs at most its own row. A quoted cell may span lines, but not
//! without end: where the closing quote does not come, or comes where no quote
//! may stand, the row ends with its first line and reading goes on behind it.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use memchr::{memchr, memchr2};

use super::cutter::Cutter;
use super::decode::{self, Charset};
use super::row::{Flaw, Row};

/// A longer row is refused: it bounds memory, and no visit needs more.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// A quoted cell that spans more lines was never closed.
const MAX_ROW_LINES: usize = 500;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells: one of [`super::sniff::SEPARATORS`].
    pub separator: u8,
    /// True where a lone CR ends a line.
    pub cr_ends_lines: bool,
}

/// The rows of a table, one after the other.
pub struct Rows<R> {
    reader: BufReader<R>,
    dialect: Dialect,
    /// The number of the last line that was read.
    line: u64,
    /// The last line ended in CR, and an LF that follows belongs to it.
    after_cr: bool,
    /// Lines that were read in search of a closing quote and belong to rows of
    /// their own.
    returned: VecDeque<Line>,
    /// How many cells a row has, once the header is known.
    width: Option<usize>,
    /// What was met so far.
    pub met: Met,
}

/// What was met in a table as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Zero bytes, which were dropped.
    pub zeros: bool,
    /// Letters in UTF-8.
    pub utf_8: bool,
    /// Letters in windows-1252.
    pub windows_1252: bool,
}

#[derive(Default)]
struct Line {
    number: u64,
    bytes: Vec<u8>,
    too_long: bool,
}

impl<R: Read> Rows<R> {
    /// Begins before the first line.
    pub fn new(reader: R, dialect: Dialect) -> Self {
        Self {
            reader: BufReader::with_capacity(1 << 16, reader),
            dialect,
            line: 0,
            after_cr: false,
            returned: VecDeque::new(),
            width: None,
            met: Met::default(),
        }
    }

    /// Says how many cells a row should have, which helps to find where a
    /// quote was forgotten.
    pub fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Reads the next row into `row`; false at the end.
    pub fn read(&mut self, row: &mut Row) -> io::Result<bool> {
        let Some(first) = self.next_line()? else {
            return Ok(false);
        };
        row.clear(first.number);
        if first.too_long {
            row.flaw = Some(Flaw::TooLong);
            return Ok(true);
        }
        let mut cutter = Cutter::new(row, self.dialect.separator);
        self.feed(&mut cutter, &first.bytes);
        if cutter.in_quotes {
            self.continue_quote(&mut cutter)?;
        }
        let unclosed = cutter.in_quotes;
        let stray = cutter.stray;
        if unclosed {
            row.clear(first.number);
            let mut cutter = Cutter::new(row, self.dialect.separator);
            cutter.literal_quotes = true;
            self.feed(&mut cutter, &first.bytes);
            row.flaw = Some(Flaw::Unclosed);
        } else if stray {
            row.flaw = Some(Flaw::Stray);
        }
        row.unmangle();
        Ok(true)
    }

    /// Reads on until the open quote closes. Where that fails, `cutter` stays in
    /// quotes and the lines are returned to be rows of their own.
    fn continue_quote(&mut self, cutter: &mut Cutter<'_>) -> io::Result<()> {
        let mut taken: Vec<Line> = Vec::new();
        while cutter.in_quotes && !cutter.misplaced {
            let bytes: usize = taken.iter().map(|line| line.bytes.len()).sum();
            if taken.len() >= MAX_ROW_LINES || bytes > MAX_ROW_BYTES {
                break;
            }
            let Some(line) = self.next_line()? else { break };
            let usable = !line.too_long;
            if usable {
                cutter.push_line_break();
                self.feed(cutter, &line.bytes);
            }
            taken.push(line);
            if !usable {
                break;
            }
        }
        let found_elsewhere = !cutter.in_quotes && self.swallowed_a_row(cutter.row.len(), &taken);
        if cutter.in_quotes || cutter.misplaced || found_elsewhere {
            cutter.in_quotes = true;
            for line in taken.into_iter().rev() {
                self.returned.push_front(line);
            }
        }
        Ok(())
    }

    /// Tells whether a row that spans lines has the wrong width while one of its
    /// lines alone has the right one: then the closing quote was another row's.
    fn swallowed_a_row(&mut self, cells: usize, lines: &[Line]) -> bool {
        let Some(width) = self.width.filter(|width| *width > 1 && *width != cells) else {
            return false;
        };
        lines.iter().any(|line| {
            let mut row = Row::default();
            let mut cutter = Cutter::new(&mut row, self.dialect.separator);
            self.feed(&mut cutter, &line.bytes);
            row.len() == width
        })
    }

    fn feed(&mut self, cutter: &mut Cutter<'_>, bytes: &[u8]) {
        let without_zeros: Vec<u8>;
        let bytes = if memchr(0, bytes).is_some() {
            self.met.zeros = true;
            without_zeros = bytes.iter().copied().filter(|b| *b != 0).collect();
            &without_zeros
        } else {
            bytes
        };
        let mut text = std::mem::take(&mut cutter.line);
        text.clear();
        match decode::push_line(bytes, &mut text) {
            Charset::Ascii => {}
            Charset::Utf8 => self.met.utf_8 = true,
            Charset::Windows1252 => self.met.windows_1252 = true,
        }
        cutter.cut(&text);
        cutter.line = text;
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Line::default();
        let mut any = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let skip = usize::from(self.after_cr && buffer.first() == Some(&b'\n'));
            self.after_cr = false;
            let rest = buffer.get(skip..).unwrap_or_default();
            any |= !rest.is_empty();
            let end = if self.dialect.cr_ends_lines {
                memchr2(b'\n', b'\r', rest)
            } else {
                memchr(b'\n', rest)
            };
            let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if line.bytes.len() + part.len() > MAX_ROW_BYTES {
                line.too_long = true;
            } else {
                line.bytes.extend_from_slice(part);
            }
            let at_cr = end.is_some_and(|end| rest.get(end) == Some(&b'\r'));
            let used = skip + part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                self.after_cr = at_cr;
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        self.line += 1;
        line.number = self.line;
        Ok(Some(line))
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
