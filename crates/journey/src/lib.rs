//! A checked journey definition and one pure step function over it.

pub mod admission;
pub mod condition;
pub mod definition;
pub mod engine;
pub mod enrolment;
pub mod event;
pub mod explain;
pub mod facts;
pub mod forecast;
pub mod length;
pub mod library;
pub mod moment;
mod parse;
pub mod schedule;
pub mod variable;

pub use admission::{Admission, admit};
pub use definition::Definition;
pub use engine::step;
pub use enrolment::Enrolment;
pub use event::{Effect, Event};
pub use facts::Facts;
pub use forecast::forecast;
pub use parse::DefinitionProblem;
