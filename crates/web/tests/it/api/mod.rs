//! The REST API, through the whole server.

mod coverage;
mod hostile;
mod lists;
mod once;
mod refusals;
pub mod world;
mod writes;
