//! One row under its header: the fields of a layout are asked for, and what is
//! wrong with them is noted by line and column.

use jiff::tz::TimeZone;

use super::fields::Column;
use super::order::Orders;
use super::row::Row;
use super::status::Condition;
use super::time::{self, BadTime, Stamp};
use super::value;
use crate::Item;
use crate::problem::{Position, Problem, Severity};
use crate::record::{Moment, Record};

/// A row, and what was noted about it since the last item was made.
pub struct Cells<'a> {
    /// The row.
    pub row: &'a Row,
    /// The column names as written.
    pub header: &'a [String],
    /// The file.
    pub source: &'a str,
    /// How the date columns are read.
    pub orders: &'a mut Orders,
    /// The zone of times without offset, where it is not that of the place.
    pub zone: Option<&'a TimeZone>,
    /// What was noted.
    pub problems: Vec<Problem>,
}

/// A filled cell.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// Its text, without what guards it from spreadsheets.
    pub text: &'a str,
    /// Its column.
    pub at: usize,
}

impl<'a> Cells<'a> {
    /// Returns the text of a cell without what guards it from spreadsheets.
    pub fn get(&self, at: usize) -> &'a str {
        value::bare(self.row.cell(at))
    }

    /// Returns the first filled cell of a field. A column that stands twice in
    /// the header with different values is noted.
    pub fn first(&mut self, column: &Column) -> Option<Cell<'a>> {
        let mut filled = column
            .at
            .iter()
            .map(|at| Cell {
                text: self.get(*at),
                at: *at,
            })
            .filter(|cell| !cell.text.is_empty());
        let first = filled.next()?;
        let twin = |cell: &Cell<'_>| {
            self.header.get(cell.at) == self.header.get(first.at) && cell.text != first.text
        };
        if filled.any(|cell| twin(&cell)) {
            self.ignore(
                first.at,
                "stands twice in the header with different values; the first was taken",
            );
        }
        Some(first)
    }

    /// Returns the first cell of a field that is filled with more than a word
    /// for "nothing". Not for names: there are people called Null.
    pub fn value(&mut self, column: &Column) -> Option<Cell<'a>> {
        self.first(column)
            .filter(|cell| !value::is_filler(cell.text))
    }

    /// Returns every filled cell of a field.
    pub fn all(&self, column: &Column) -> Vec<Cell<'a>> {
        column
            .at
            .iter()
            .map(|at| Cell {
                text: self.get(*at),
                at: *at,
            })
            .filter(|cell| !cell.text.is_empty() && !value::is_filler(cell.text))
            .collect()
    }

    /// Returns the words of a name; what begins as a formula is noted and left out.
    pub fn words(&mut self, column: &Column) -> Option<&'a str> {
        let cell = self.first(column)?;
        match value::words(cell.text) {
            Ok(text) => Some(text),
            Err(error) => {
                self.ignore(cell.at, error.to_string());
                None
            }
        }
    }

    /// Tells whether one of the conditions holds.
    pub fn any(&self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| {
            let places = &condition.column.at;
            let cell = |at: &usize| {
                let text = self.get(*at);
                if value::is_filler(text) { "" } else { text }
            };
            !places.is_empty()
                && condition.holds(
                    places
                        .iter()
                        .map(cell)
                        .find(|c| !c.is_empty())
                        .unwrap_or(""),
                )
        })
    }

    /// Reads a date or time; what is wrong with it is returned with its place.
    pub fn stamp(&mut self, cell: Cell<'_>) -> Result<Stamp, BadTime> {
        let (order, doubt) = self.orders.order(cell.at, cell.text);
        if let Some(doubt) = doubt {
            self.ignore(cell.at, doubt.reason());
        }
        time::stamp(cell.text, order?)
    }

    /// Reads a birthday.
    pub fn birthday(&mut self, cell: Cell<'_>) -> Result<jiff::civil::Date, BadTime> {
        let (order, doubt) = self.orders.order(cell.at, cell.text);
        if let Some(doubt) = doubt {
            self.ignore(cell.at, doubt.reason());
        }
        time::birthday(cell.text, order?)
    }

    /// Reads a point in time whose lack costs no record; a bad one is noted.
    pub fn moment(&mut self, column: &Column) -> Option<Moment> {
        let cell = self.value(column)?;
        match self.stamp(cell) {
            Ok(stamp) => Some(stamp.moment(self.zone)),
            Err(error) => {
                self.ignore(cell.at, error.to_string());
                None
            }
        }
    }

    /// Returns the place of a field for a problem about its lack.
    pub fn place(column: &Column) -> usize {
        column.at.first().copied().unwrap_or(usize::MAX)
    }

    /// Notes a cell that is left out. The reason names the rule, never the value.
    pub fn ignore(&mut self, at: usize, reason: impl Into<String>) {
        self.note(at, reason.into(), Severity::Ignored);
    }

    /// Notes why the record cannot be used.
    pub fn reject(&mut self, at: usize, reason: impl Into<String>) {
        self.note(at, reason.into(), Severity::Rejected);
    }

    /// Makes an item of a record, or of none, with what was noted.
    pub fn item(&mut self, record: Option<Record>) -> Item {
        Item {
            record,
            problems: std::mem::take(&mut self.problems),
            position: Position::Line(self.row.line),
            ..Item::default()
        }
    }

    fn note(&mut self, at: usize, reason: String, severity: Severity) {
        self.problems.push(Problem {
            source: self.source.to_owned(),
            position: Position::Line(self.row.line),
            field: self.header.get(at).cloned().unwrap_or_default(),
            reason,
            severity,
        });
    }
}
