//! A checked journey definition and one pure step function over it.

pub mod condition;
pub mod facts;
pub mod length;
pub mod variable;
