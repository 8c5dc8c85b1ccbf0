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

use super::decode::{self, Charset, unmangle};

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

/// What is wrong with the form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A quote opens and never closes; the cells of its first line are given.
    Unclosed,
    /// A quote stands inside a quoted cell without being doubled.
    Stray,
    /// Longer than [`MAX_ROW_BYTES`]; no cells are given.
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

    fn clear(&mut self, line: u64) {
        self.line = line;
        self.flaw = None;
        self.unmangled = false;
        self.text.clear();
        self.ends.clear();
    }

    /// Puts letters right cell by cell, as each may have come another way.
    fn unmangle(&mut self) {
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

/// Cuts the lines of one row into cells.
struct Cutter<'r> {
    row: &'r mut Row,
    separator: u8,
    /// Inside a quoted cell.
    in_quotes: bool,
    /// The open cell began on an earlier line.
    spans_lines: bool,
    /// A quote stands where none may, after the open cell had left its line.
    misplaced: bool,
    /// A quote stands inside a quoted cell.
    stray: bool,
    /// Quotes are letters like any other.
    literal_quotes: bool,
    /// The text of the current line; kept to be used again.
    line: String,
}

impl<'r> Cutter<'r> {
    fn new(row: &'r mut Row, separator: u8) -> Self {
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

    fn push_line_break(&mut self) {
        self.row.text.push('\n');
        self.spans_lines = true;
    }

    fn cut(&mut self, line: &str) {
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
        self.row.text.push_str(cell);
        self.row.ends.push(self.row.text.len());
        (after.get(1..).unwrap_or_default(), end.is_none())
    }

    /// Takes a quoted cell up to its closing quote or to the end of the line.
    fn quoted<'t>(&mut self, mut rest: &'t str) -> (&'t str, bool) {
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                self.row.text.push_str(rest);
                return ("", true);
            };
            self.row.text.push_str(before);
            if let Some(after) = after.strip_prefix('"') {
                self.row.text.push('"');
                rest = after;
                continue;
            }
            let behind = after.trim_start_matches(' ');
            let separator = behind.as_bytes().first() == Some(&self.separator);
            if separator || behind.is_empty() {
                self.in_quotes = false;
                self.spans_lines = false;
                self.row.ends.push(self.row.text.len());
                return (behind.get(1..).unwrap_or_default(), !separator);
            }
            if self.spans_lines {
                self.misplaced = true;
                return ("", true);
            }
            self.stray = true;
            self.row.text.push('"');
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMA: Dialect = Dialect {
        separator: b',',
        cr_ends_lines: false,
    };

    fn read_all(bytes: &[u8], dialect: Dialect, width: Option<usize>) -> Vec<Row> {
        let mut rows = Rows::new(bytes, dialect);
        if let Some(width) = width {
            rows.expect_width(width);
        }
        let mut found = Vec::new();
        let mut row = Row::default();
        while rows.read(&mut row).unwrap() {
            found.push(row.clone());
        }
        found
    }

    fn cut(text: &str, width: usize) -> Vec<(u64, Vec<String>, Option<Flaw>)> {
        read_all(text.as_bytes(), COMMA, Some(width))
            .iter()
            .map(|row| (row.line, row.cells().map(str::to_owned).collect(), row.flaw))
            .collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>, Option<Flaw>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect(), None)
    }

    #[test]
    fn quotes_hold_separators_line_breaks_and_quotes() {
        assert_eq!(
            cut("a,b\r\n\"x, y\",\"say \"\"hi\"\"\nthere\"\r\n, \"z\" \n", 2),
            [
                row(1, &["a", "b"]),
                row(2, &["x, y", "say \"hi\"\nthere"]),
                row(4, &["", "z"])
            ]
        );
    }

    #[test]
    fn empty_lines_and_a_missing_last_line_end_are_told_apart() {
        assert_eq!(cut("", 2), []);
        assert_eq!(
            cut("\n\na", 2),
            [row(1, &[""]), row(2, &[""]), row(3, &["a"])]
        );
        assert_eq!(cut("a,\n", 2), [row(1, &["a", ""])]);
    }

    #[test]
    fn an_unclosed_quote_costs_its_own_line_only() {
        let unclosed = |line, cells: &[&str]| {
            let (line, cells, _) = row(line, cells);
            (line, cells, Some(Flaw::Unclosed))
        };
        // The end of the file comes first.
        assert_eq!(
            cut("a,b\n\"x,y\nc,d\n", 2),
            [
                row(1, &["a", "b"]),
                unclosed(2, &["\"x", "y"]),
                row(3, &["c", "d"])
            ]
        );
        // A quoted cell of a later row seems to close it.
        assert_eq!(
            cut("\"x,y\nc,d\n\"e\",f\n", 2),
            [
                unclosed(1, &["\"x", "y"]),
                row(2, &["c", "d"]),
                row(3, &["e", "f"])
            ]
        );
        // So it does at the end of a line, but then the width is wrong.
        assert_eq!(
            cut("\"x,y\nc,d\ne,\"f\"\ng,\"h,i\"\n", 2),
            [
                unclosed(1, &["\"x", "y"]),
                row(2, &["c", "d"]),
                row(3, &["e", "f"]),
                row(4, &["g", "h,i"])
            ]
        );
        assert_eq!(
            cut("\"x,y\nc,d\ne,\"\"\n", 2),
            [
                unclosed(1, &["\"x", "y"]),
                row(2, &["c", "d"]),
                row(3, &["e", ""])
            ]
        );
    }

    #[test]
    fn a_quote_inside_a_cell_is_a_letter() {
        assert_eq!(cut("12\" pipe,x\n", 2), [row(1, &["12\" pipe", "x"])]);
        let (line, cells, flaw) = cut("\"12\" pipe\",x\n", 2).remove(0);
        assert_eq!((line, flaw), (1, Some(Flaw::Stray)));
        assert_eq!(cells, ["12\" pipe", "x"]);
    }

    #[test]
    fn a_lone_cr_ends_lines_only_where_it_is_the_custom() {
        let cr = Dialect {
            cr_ends_lines: true,
            ..COMMA
        };
        let lines = |bytes: &[u8], dialect| -> Vec<(u64, String)> {
            read_all(bytes, dialect, None)
                .iter()
                .map(|row| (row.line, row.cell(0).to_owned()))
                .collect()
        };
        let three = [
            (1, "a".to_owned()),
            (2, "b".to_owned()),
            (3, "c".to_owned()),
        ];
        assert_eq!(lines(b"a\rb\r\nc\n", cr), three);
        assert_eq!(lines(b"a\nb\r\nc", COMMA), three);
        assert_eq!(lines(b"a\rb\n", COMMA), [(1, "a\rb".to_owned())]);
    }

    #[test]
    fn a_row_without_end_is_told_and_passed_over() {
        let mut bytes = b"a,b\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', MAX_ROW_BYTES + 1));
        bytes.extend(b"\nc,d\n");
        let rows = read_all(&bytes, COMMA, Some(2));
        assert_eq!(rows[1].flaw, Some(Flaw::TooLong));
        assert_eq!((rows[1].line, rows[1].cell(0)), (2, ""));
        assert_eq!((rows[2].line, rows[2].cell(0)), (3, "c"));
    }

    #[test]
    fn charsets_zeros_and_wrong_letters_are_noticed() {
        let mut rows = Rows::new(
            &b"Mu\xF1oz,\0b\nRen\xC3\xA9,Ren\xC3\x83\xC2\xA9\n"[..],
            COMMA,
        );
        let mut row = Row::default();
        rows.read(&mut row).unwrap();
        assert_eq!(
            (row.cell(0), row.cell(1), row.unmangled),
            ("Muñoz", "b", false)
        );
        rows.read(&mut row).unwrap();
        assert_eq!(
            (row.cell(0), row.cell(1), row.unmangled),
            ("René", "René", true)
        );
        let all = Met {
            zeros: true,
            utf_8: true,
            windows_1252: true,
        };
        assert_eq!(rows.met, all);
        assert_eq!(format!("{row:?}"), "Row(line 2, 2 cells)");
    }

    proptest! {
        #[test]
        fn what_a_strict_writer_writes_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a-c ,;\"\n\r]{0,6}", 3), 1..8),
        ) {
            let mut writer = ::csv::WriterBuilder::new()
                .quote_style(::csv::QuoteStyle::Always)
                .from_writer(Vec::new());
            for record in &table {
                writer.write_record(record).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let found: Vec<Vec<String>> = read_all(&bytes, COMMA, Some(3))
                .iter()
                .map(|row| row.cells().map(str::to_owned).collect())
                .collect();
            // A CR before a line break inside a cell cannot be told from CRLF.
            let tidy = |cell: &String| cell.replace("\r\n", "\n").trim().to_owned();
            let expected: Vec<Vec<String>> = table
                .iter()
                .map(|record| record.iter().map(tidy).collect())
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_bytes_make_it_stumble_and_no_line_is_lost(
            bytes in prop::collection::vec(prop::sample::select(b"a,\"\n\r;\0\xE9 ".to_vec()), 0..200),
            cr_ends_lines: bool,
        ) {
            let dialect = Dialect { separator: b',', cr_ends_lines };
            let rows = read_all(&bytes, dialect, Some(2));
            for pair in rows.windows(2) {
                prop_assert!(pair[0].line < pair[1].line);
            }
            let line_ends = memchr::memchr_iter(b'\n', &bytes).count() as u64;
            if let Some(last) = rows.last() {
                prop_assert!(cr_ends_lines || last.line <= line_ends + 1);
            }
        }
    }
}
