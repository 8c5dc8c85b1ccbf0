//! The REST API, through the whole server.

#![expect(
    clippy::unwrap_used,
    reason = "the whole binary is a test; only its helpers stand outside of one"
)]

mod coverage;
mod hostile;
mod lists;
mod once;
mod refusals;
pub mod world;
mod writes;
