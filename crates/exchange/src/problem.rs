//! What was wrong with a foreign record, and exactly where.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The record could not be used at all.
    Rejected,
    /// The record was used without this field.
    Ignored,
}

impl Severity {
    /// Returns the word used in problems files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Ignored => "ignored",
        }
    }
}

/// Where in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Position {
    /// The source as a whole.
    #[default]
    Source,
    /// A line of a text file, from 1.
    Line(u64),
    /// The n-th message of a file (from 1) and the segment, such as `PID`.
    Message {
        /// Which message.
        index: u64,
        /// Which segment; empty for the message as a whole.
        segment: String,
    },
    /// The n-th resource of a file (from 1).
    Resource {
        /// Which resource.
        index: u64,
        /// Its type and id as far as known, such as `Patient/123`.
        reference: String,
    },
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Source => f.write_str("source"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Message { index, segment } if segment.is_empty() => write!(f, "message {index}"),
            Self::Message { index, segment } => write!(f, "message {index} {segment}"),
            Self::Resource { index, reference } if reference.is_empty() => {
                write!(f, "resource {index}")
            }
            Self::Resource { index, reference } => write!(f, "resource {index} {reference}"),
        }
    }
}

/// One thing that was wrong. It never repeats a person's data: it names the
/// field and the rule, not the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, feed or URL, as given by the caller.
    pub source: String,
    /// Where in it.
    pub position: Position,
    /// The field in the words of the format, such as `PID-7`, `birthDate`, `start_date`.
    pub field: String,
    /// Why, as a sentence without a full stop.
    pub reason: String,
    /// Whether the record could still be used.
    pub severity: Severity,
}
