//! What can be wrong with words, and why a message could not be worded.

use tendon_care::contact::Channel;
use tendon_care::language::Language;

use super::check::Reason;
use super::engine::Failure;
use super::meta::Variable;

/// Words that cannot be used, and why. The shipped ones are used instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {name}, {}, {part}: {reason}", language.map_or("all languages", Language::tag))]
pub struct WordingProblem {
    /// The message.
    pub name: String,
    /// The language, where it is about one.
    pub language: Option<Language>,
    /// The part or file.
    pub part: &'static str,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a message could not be worded. Names the message, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// There is no message of this name.
    #[error("no message is called {name}")]
    UnknownMessage {
        /// The name.
        name: String,
    },
    /// The message is not made for this channel.
    #[error("message {name} has no words for {}", channel.code())]
    NoWords {
        /// The message.
        name: String,
        /// The channel.
        channel: Channel,
    },
    /// The message speaks of a visit, and none was given.
    #[error("message {name} needs {}", variable.name())]
    MissingValue {
        /// The message.
        name: String,
        /// What it needs.
        variable: Variable,
    },
    /// The template failed.
    #[error("template {template} failed in line {line}: {what}")]
    Template {
        /// Which.
        template: String,
        /// The line, from 1.
        line: usize,
        /// The kind of failure.
        what: String,
    },
}

impl WordingError {
    pub(super) fn template(template: String, failure: Failure) -> Self {
        Self::Template {
            template,
            line: failure.line,
            what: failure.what,
        }
    }
}
