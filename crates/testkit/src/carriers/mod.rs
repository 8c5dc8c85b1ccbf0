//! Carriers of our own, which speak the real protocols and fail on demand.
//!
//! Each is a server on a real socket, for tests in process and for rehearsals
//! that kill the product under load: it counts what it accepted, so that a lost
//! and a repeated message can be told from outside.

pub mod smtp;
pub mod twilio;

pub use smtp::SmtpSink;
pub use twilio::TwilioSink;
