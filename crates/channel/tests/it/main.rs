//! The carriers against real servers on this machine.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod smtp;
mod smtp_debian;
mod smtp_tls;
mod support;
mod twilio;
mod webhooks;
