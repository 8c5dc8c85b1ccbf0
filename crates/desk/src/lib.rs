//! The use cases and the background workers: one function per thing a person, a feed or a timer does.

pub mod wording;
