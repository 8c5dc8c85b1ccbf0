//! Statements, parameters and rows: the one vocabulary of both engines.
//!
//! A statement is a `static` with a name; its text has `$1` placeholders and
//! runs unchanged on SQLite and PostgreSQL. Column types in the schema are
//! named so that both understand them: `uuid`, `bigint`, `text`, `bytea`,
//! `boolean`.

use std::sync::OnceLock;

use jiff::Timestamp;
use uuid::Uuid;

use tendon_care::id::Id;

/// A named statement.
#[derive(Debug)]
pub struct Sql {
    /// The name under which errors and statistics mention it.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
    numbered: OnceLock<String>,
    for_many: OnceLock<Option<String>>,
}

impl Sql {
    /// Makes a statement.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            numbered: OnceLock::new(),
            for_many: OnceLock::new(),
        }
    }

    /// Returns the text with `?1` for `$1`: SQLite takes `$1` for a name and
    /// would number the parameters in the order in which they appear.
    pub(crate) fn numbered(&self) -> &str {
        self.numbered.get_or_init(|| self.text.replace('$', "?"))
    }

    /// Returns the text for many rows at once, which is `make`d at the first use.
    pub(crate) fn for_many(&self, make: impl FnOnce() -> Option<String>) -> Option<&str> {
        self.for_many.get_or_init(make).as_deref()
    }
}

/// Declares the statements of a module and lists them for the test that runs
/// every statement on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) static $name: $crate::sql::Sql =
            $crate::sql::Sql::new(concat!(module_path!(), "::", stringify!($name)), $text);)*

        /// Every statement of this module.
        #[cfg(test)]
        pub(crate) static ALL: &[&$crate::sql::Sql] = &[$(&$name),*];
    };
}
pub(crate) use statements;

/// The condition that a column is one of up to thirty-two values, of which `$2` is the
/// first: a statement has a fixed number of parameters, and short lists are padded.
macro_rules! one_of_some {
    () => {
        "in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
         $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"
    };
}
pub(crate) use one_of_some;

/// A parameter or a column's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// SQL null.
    Null,
    /// `bigint`, and `boolean` as SQLite returns it.
    Int(i64),
    /// `boolean`.
    Bool(bool),
    /// `double precision`.
    Real(f64),
    /// `text`.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
    /// `uuid`.
    Uuid(Uuid),
}

macro_rules! val_from {
    ($($type:ty => |$value:ident| $body:expr;)*) => {$(
        impl From<$type> for Val {
            fn from($value: $type) -> Self { $body }
        }
    )*};
}

val_from! {
    i64 => |value| Self::Int(value);
    u16 => |value| Self::Int(i64::from(value));
    u32 => |value| Self::Int(i64::from(value));
    bool => |value| Self::Bool(value);
    f64 => |value| Self::Real(value);
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    Vec<u8> => |value| Self::Bytes(value);
    Uuid => |value| Self::Uuid(value);
    Timestamp => |value| Self::Int(value.as_millisecond());
    jiff::civil::Date => |value| Self::Text(value.to_string());
}

impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Turns an id into a parameter.
pub(crate) fn id(id: impl Id) -> Val {
    Val::Uuid(id.uuid())
}

/// Writes bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Builds a parameter list from values of mixed types.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Val::from($value)),*] };
}
pub(crate) use params;

/// How many rows a write must touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Any number, none included.
    Any,
    /// Exactly one; anything else is a conflict with what was read before.
    One,
}

/// A statement with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The statement.
    pub sql: &'static Sql,
    /// Its parameters, `$1` first.
    pub params: Vec<Val>,
    /// The precondition.
    pub expect: Expect,
}

impl PartialEq for Sql {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Bound {
    /// Binds a write that must touch exactly one row.
    pub fn one(sql: &'static Sql, params: Vec<Val>) -> Self {
        Self {
            sql,
            params,
            expect: Expect::One,
        }
    }

    /// Binds a write that may touch any number of rows.
    pub fn any(sql: &'static Sql, params: Vec<Val>) -> Self {
        Self {
            sql,
            params,
            expect: Expect::Any,
        }
    }
}

/// A stored row that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement} returned a row whose column {column} is not {wanted}")]
pub struct BadRow {
    /// Which statement.
    pub statement: &'static str,
    /// Which column, from 0.
    pub column: usize,
    /// What was expected there.
    pub wanted: &'static str,
}

/// One row of an answer, read column by column in the order of the select.
#[derive(Clone, Debug)]
pub struct Row {
    statement: &'static str,
    values: Vec<Val>,
}

impl Row {
    pub(crate) fn new(statement: &'static str, values: Vec<Val>) -> Self {
        Self { statement, values }
    }

    fn bad(&self, column: usize, wanted: &'static str) -> BadRow {
        BadRow {
            statement: self.statement,
            column,
            wanted,
        }
    }

    /// Makes an error for a column that parsed badly.
    pub(crate) fn nonsense(&self, column: usize, wanted: &'static str) -> BadRow {
        self.bad(column, wanted)
    }

    fn get(&self, column: usize) -> &Val {
        self.values.get(column).unwrap_or(&Val::Null)
    }

    /// Tells whether the column is null.
    pub fn is_null(&self, column: usize) -> bool {
        matches!(self.get(column), Val::Null)
    }

    /// Reads a `bigint`.
    pub fn int(&self, column: usize) -> Result<i64, BadRow> {
        match self.get(column) {
            Val::Int(value) => Ok(*value),
            _ => Err(self.bad(column, "a number")),
        }
    }

    /// Reads a `bigint` that may be null.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, BadRow> {
        if self.is_null(column) {
            Ok(None)
        } else {
            self.int(column).map(Some)
        }
    }

    /// Reads a `bigint` into a narrower type.
    pub fn small<T: TryFrom<i64>>(&self, column: usize) -> Result<T, BadRow> {
        T::try_from(self.int(column)?).map_err(|_| self.bad(column, "a small number"))
    }

    /// Reads a `boolean`.
    pub fn bool(&self, column: usize) -> Result<bool, BadRow> {
        match self.get(column) {
            Val::Bool(value) => Ok(*value),
            Val::Int(value) => Ok(*value != 0),
            _ => Err(self.bad(column, "true or false")),
        }
    }

    /// Reads a `double precision`.
    pub fn real(&self, column: usize) -> Result<f64, BadRow> {
        match self.get(column) {
            Val::Real(value) => Ok(*value),
            Val::Int(value) => Ok(*value as f64),
            _ => Err(self.bad(column, "a number")),
        }
    }

    /// Reads a `text`.
    pub fn text(&self, column: usize) -> Result<&str, BadRow> {
        match self.get(column) {
            Val::Text(value) => Ok(value),
            _ => Err(self.bad(column, "a text")),
        }
    }

    /// Reads a `text` that may be null.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, BadRow> {
        if self.is_null(column) {
            Ok(None)
        } else {
            self.text(column).map(Some)
        }
    }

    /// Reads a `bytea`.
    pub fn bytes(&self, column: usize) -> Result<&[u8], BadRow> {
        match self.get(column) {
            Val::Bytes(value) => Ok(value),
            _ => Err(self.bad(column, "bytes")),
        }
    }

    /// Reads an id.
    pub fn id<I: Id>(&self, column: usize) -> Result<I, BadRow> {
        let uuid = match self.get(column) {
            Val::Uuid(value) => Some(*value),
            Val::Bytes(value) => Uuid::from_slice(value).ok(),
            _ => None,
        };
        uuid.map(I::from_uuid)
            .ok_or_else(|| self.bad(column, I::PREFIX))
    }

    /// Reads an id that may be null.
    pub fn opt_id<I: Id>(&self, column: usize) -> Result<Option<I>, BadRow> {
        if self.is_null(column) {
            Ok(None)
        } else {
            self.id(column).map(Some)
        }
    }

    /// Reads a moment stored as epoch milliseconds.
    pub fn time(&self, column: usize) -> Result<Timestamp, BadRow> {
        Timestamp::from_millisecond(self.int(column)?).map_err(|_| self.bad(column, "a moment"))
    }

    /// Reads a moment that may be null.
    pub fn opt_time(&self, column: usize) -> Result<Option<Timestamp>, BadRow> {
        if self.is_null(column) {
            Ok(None)
        } else {
            self.time(column).map(Some)
        }
    }

    /// Reads a day stored as `YYYY-MM-DD`, or null.
    pub fn opt_date(&self, column: usize) -> Result<Option<jiff::civil::Date>, BadRow> {
        self.opt_text(column)?
            .map(|text| text.parse().map_err(|_| self.bad(column, "a day")))
            .transpose()
    }

    /// Reads a text and parses it; `wanted` names what it should have been.
    pub fn parsed<T>(
        &self,
        column: usize,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, BadRow> {
        parse(self.text(column)?).ok_or_else(|| self.bad(column, wanted))
    }

    /// Returns every value, for whole-table comparisons.
    pub fn values(&self) -> &[Val] {
        &self.values
    }
}
