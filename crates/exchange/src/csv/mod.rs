//! Tables in and out: CSV and its relatives, as practice-management systems
//! export them and spreadsheets return them.
//!
//! The way of a table: [`open`] looks at its first bytes and finds encoding,
//! separator, header and layout; the [`Reader`] then streams row after row. A
//! [`Layout`] is data: which columns fill which fields. Vendors' layouts are
//! compiled in, two general ones take any table whose columns have usual names,
//! and a user's mapping has the same form. [`mod@write`] is the way back.
//!
//! One row may yield several records: a place, a clinician, a patient, a course
//! of care, a visit. What was said before in the same words is not said again.
//!
//! *Duplicates*: rows that are equal in every cell are read once, as far as
//! memory reaches (some 65,000 rows back); of rows with the same key and
//! different values the later one counts, since the importer goes by keys.
//!
//! *Keys*: a patient without a number is known by name and birthday, or by name
//! alone; two people of one name whose phones and mailboxes all differ are told
//! apart by a problem, not merged. A visit without a number is known by patient,
//! start and clinician, so that one that was moved is another.

mod aside;
mod built_in;
mod cells;
mod clock;
mod contact;
mod cutter;
mod decode;
mod fields;
mod layout;
mod map;
mod memory;
mod order;
mod patient;
mod person;
mod row;
mod rows;
mod sniff;
mod status;
mod time;
mod value;
mod visit;
pub mod write;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Chain, Cursor, Read};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use built_in::layouts;
pub use layout::{BadLayout, Layout};
pub use order::Survey;
pub use time::DateOrder;

use crate::Item;
use crate::field::Names;
use crate::problem::{Position, Problem, Severity};
use crate::source;
use decode::Decoded;
use map::Mapper;
use order::Orders;
use row::Row;
use rows::Rows;
use sniff::Found;

/// How much of a table is looked at before the first row is read. Some thousand
/// rows: enough for nearly every column of dates to show its order.
const HEAD_BYTES: u64 = 512 * 1024;

/// What the caller knows about a table.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of a built-in layout; see [`layouts`].
    pub layout: Option<String>,
    /// A layout of the user's own; beats `layout`.
    pub mapping: Option<Layout>,
    /// The namespace of keys, in place of the layout's: for two systems that
    /// export the same layout with numbers of their own.
    pub system: Option<String>,
    /// The zone of times without offset, where it is not that of the place.
    pub time_zone: Option<TimeZone>,
    /// Whether day or month stands first; beats what the table shows.
    pub date_order: Option<DateOrder>,
    /// What a first reading of the whole table showed about its dates.
    pub survey: Option<Survey>,
}

/// Why a row gave nothing, where that is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing is written in it.
    Blank,
    /// The header once more.
    Header,
    /// A sum or a page footer.
    Sum,
    /// A break, a closed slot: no record of anybody.
    NoRecord,
    /// Equal in every cell to a row before.
    Repeated,
}

impl Skip {
    /// Returns the word used in import reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Header => "header",
            Self::Sum => "sum",
            Self::NoRecord => "no_record",
            Self::Repeated => "repeated",
        }
    }
}

/// What a reader has met so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows below the header.
    pub rows: u64,
    /// Rows that gave nothing, by reason.
    pub skipped: BTreeMap<Skip, u64>,
}

type Input<R> = Chain<Cursor<Vec<u8>>, Decoded<R>>;

/// Opens a table. `source` names it in problems.
///
/// Refuses what is empty and what has no header that a layout fits; the reason
/// then names candidates.
///
/// # Example
///
/// ```
/// use tendon_exchange::csv::{self, Options};
///
/// let file: &[u8] = b"Client list\n\nLast Name;First Name;Cell Phone\nReed;Sam;312-555-0142\n";
/// let mut reader = csv::open(file, "clients.csv", &Options::default()).unwrap();
/// assert_eq!(reader.layout_name(), "patients");
/// assert_eq!(reader.next().unwrap().record.unwrap().kind(), "patient");
/// assert!(reader.next().is_none());
/// ```
pub fn open<R: Read>(reader: R, source: &str, options: &Options) -> Result<Reader<R>, Problem> {
    let (table, found) = begin(reader, source, options)?;
    let Found {
        header,
        folded,
        mut layout,
        line,
        ..
    } = found;
    if let Some(system) = &options.system {
        layout.system.clone_from(system);
    }
    let columns: Vec<(usize, String)> = layout
        .date_columns()
        .into_iter()
        .map(|at| (at, folded.get(at).cloned().unwrap_or_default()))
        .collect();
    let seen = options.survey.as_ref().unwrap_or(&table.survey);
    let orders = Orders::decide(&columns, seen, options.date_order, layout.dates);
    let zone = options.time_zone.clone();
    Ok(Reader {
        names: Names::Columns(Arc::new(layout.columns_of_fields(&header))),
        teller: layout.name().into(),
        rows: table.rows,
        row: Row::default(),
        mapper: Mapper::new(layout, source.to_owned(), header.clone(), orders, zone),
        source: source.to_owned(),
        header,
        header_line: line,
        tally: Tally::default(),
        told: Told::default(),
        ready: VecDeque::new(),
        ended: false,
    })
}

/// Reads a whole table for what its dates show, before it is opened again: in a
/// long table the first day above 12 may stand far down.
pub fn survey<R: Read>(reader: R, source: &str, options: &Options) -> Result<Survey, Problem> {
    let (mut table, found) = begin(reader, source, options)?;
    let columns = found.layout.date_columns();
    let mut row = Row::default();
    let mut seen = Survey::default();
    loop {
        match table.rows.read(&mut row) {
            Ok(true) => see(&mut seen, &columns, &found.folded, &row),
            Ok(false) => return Ok(seen),
            Err(error) => return Err(source::unreadable(source, &error)),
        }
    }
}

fn see(survey: &mut Survey, columns: &[usize], folded: &[String], row: &Row) {
    for at in columns {
        if let Some(name) = folded.get(*at) {
            survey.see(name, value::bare(row.cell(*at)));
        }
    }
}

/// A table whose next row is the first below the header.
struct Table<R> {
    rows: Rows<Input<R>>,
    /// What the dates of its head show.
    survey: Survey,
}

fn begin<R: Read>(
    reader: R,
    source: &str,
    options: &Options,
) -> Result<(Table<R>, Found), Problem> {
    let refused = |reason: String| Problem {
        source: source.to_owned(),
        position: Position::Source,
        field: String::new(),
        reason,
        severity: Severity::Rejected,
    };
    let unreadable = |error: io::Error| source::unreadable(source, &error);
    let mut decoded = Decoded::new(reader).map_err(unreadable)?;
    let mut head = Vec::new();
    decoded
        .by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if head.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Err(refused("is empty".to_owned()));
    }
    if let Some(what) = not_a_table(&head) {
        return Err(refused(format!("is {what}; save or export it as CSV")));
    }
    let found = sniff::look(&head, options).map_err(refused)?;
    let survey = survey_head(&head, &found);
    let mut rows = Rows::new(Cursor::new(head).chain(decoded), found.dialect);
    let mut row = Row::default();
    for _ in 0..=found.preamble_rows {
        rows.read(&mut row).map_err(unreadable)?;
    }
    rows.expect_width(found.header.len());
    Ok((Table { rows, survey }, found))
}

/// Tells files that are called .csv and are something else, by their first bytes.
fn not_a_table(head: &[u8]) -> Option<&'static str> {
    let text = head.trim_ascii_start();
    let begins = |mark: &[u8]| text.starts_with(mark);
    if begins(b"PK\x03\x04") {
        Some("a workbook of a spreadsheet (XLSX, ODS) or another archive")
    } else if begins(b"\xD0\xCF\x11\xE0") {
        Some("a workbook of an old spreadsheet (XLS)")
    } else if begins(b"<") {
        Some("a page of HTML or XML")
    } else if begins(b"%PDF") {
        Some("a PDF")
    } else if begins(b"{") || begins(b"[") {
        Some("JSON")
    } else {
        None
    }
}

fn survey_head(head: &[u8], found: &Found) -> Survey {
    let columns = found.layout.date_columns();
    let mut rows = Rows::new(head, found.dialect);
    rows.expect_width(found.header.len());
    let mut row = Row::default();
    let mut survey = Survey::default();
    // The last row may be cut off, but a cut date has no year and shows nothing.
    while rows.read(&mut row).unwrap_or(false) {
        if row.line > found.line {
            see(&mut survey, &columns, &found.folded, &row);
        }
    }
    survey
}

/// The rows of a table as items; made by [`open`].
pub struct Reader<R: Read> {
    rows: Rows<Input<R>>,
    row: Row,
    mapper: Mapper,
    source: String,
    header: Vec<String>,
    header_line: u64,
    /// What this table calls the fields.
    names: Names,
    /// The layout: each tells its own part of a patient or a visit.
    teller: Arc<str>,
    tally: Tally,
    told: Told,
    ready: VecDeque<Item>,
    ended: bool,
}

/// What was already said about the table as a whole.
#[derive(Default)]
struct Told {
    zeros: bool,
    mixed: bool,
    unmangled: bool,
}

impl<R: Read> Reader<R> {
    /// Returns the name of the layout that was found or asked for.
    pub fn layout_name(&self) -> &str {
        self.mapper.layout_name()
    }

    /// Returns what was met so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    fn read_row(&mut self) {
        match self.rows.read(&mut self.row) {
            Ok(true) => {}
            Ok(false) => {
                self.ended = true;
                if self.tally.rows == 0 {
                    self.tell(self.header_line, "table has a header and no rows");
                }
                return;
            }
            Err(error) => {
                self.ended = true;
                let problem = source::unreadable(&self.source, &error);
                self.ready.push_back(Item::problem(problem));
                return;
            }
        }
        self.tally.rows += 1;
        self.tell_of_text();
        let read = match self.aside() {
            Some(skip) => Err(skip),
            None => self.mapper.read(&self.row),
        };
        match read {
            Ok(items) => self.ready.extend(items),
            Err(skip) => *self.tally.skipped.entry(skip).or_default() += 1,
        }
    }

    fn aside(&self) -> Option<Skip> {
        let row = &self.row;
        if row.flaw.is_some() {
            None
        } else if row.is_blank() {
            Some(Skip::Blank)
        } else if aside::is_sum(row) || aside::is_footer(row, self.header.len()) {
            Some(Skip::Sum)
        } else {
            aside::is_header_again(row, &self.header).then_some(Skip::Header)
        }
    }

    /// Says once what is odd about the text of the table.
    fn tell_of_text(&mut self) {
        let met = self.rows.met;
        let line = self.row.line;
        if met.zeros && !std::mem::replace(&mut self.told.zeros, true) {
            self.tell(line, "text has zero bytes, which were dropped");
        }
        let mixed = met.utf_8 && met.windows_1252;
        if mixed && !std::mem::replace(&mut self.told.mixed, true) {
            self.tell(
                line,
                "text is UTF-8 in some lines and windows-1252 in others; each was read as it is",
            );
        }
        if self.row.unmangled && !std::mem::replace(&mut self.told.unmangled, true) {
            self.tell(
                line,
                "letters were written in one encoding and read in another before; they were put right",
            );
        }
    }

    fn tell(&mut self, line: u64, reason: &str) {
        self.ready.push_back(Item::problem(Problem {
            source: self.source.clone(),
            position: Position::Line(line),
            field: String::new(),
            reason: reason.to_owned(),
            severity: Severity::Ignored,
        }));
    }
}

impl<R: Read> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The buffers hold people's data.
        write!(f, "Reader({}, {})", self.source, self.layout_name())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(mut item) = self.ready.pop_front() {
                item.names = self.names.clone();
                item.teller = Some(Arc::clone(&self.teller));
                return Some(item);
            }
            if self.ended {
                return None;
            }
            self.read_row();
        }
    }
}
