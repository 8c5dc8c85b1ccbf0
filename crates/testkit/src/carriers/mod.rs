//! Carriers of our own, which speak the real protocols and fail on demand.
//!
//! Each is a server on a real socket, for tests in process and for rehearsals
//! that kill the product under load: it counts what it accepted, so that a lost
//! and a repeated message can be told from outside. [`Memory`] has no socket: it
//! is for tests of everything that comes before a carrier.

mod habits;
mod memory;
pub mod smtp;
pub mod twilio;

pub use habits::Habits;
pub use memory::Memory;
pub use smtp::SmtpSink;
pub use twilio::TwilioSink;
