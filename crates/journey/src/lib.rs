//! A checked journey definition and one pure step function over it.

pub mod condition;
pub mod definition;
pub mod facts;
pub mod length;
pub mod moment;
mod parse;
pub mod schedule;
pub mod variable;

pub use definition::Definition;
pub use parse::DefinitionProblem;
