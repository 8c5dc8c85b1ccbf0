//! A synthetic practice that drives the real product under the simulated clock.
//!
//! Patients answer, forget, improve and leave by the evidence that
//! docs/simulator.md lists with its sources. Nothing here knows a table or a
//! queue: everything goes through the same use cases as in a clinic, so a year
//! here is a year of the product.

mod behaviour;
mod calendar;
mod clock;
mod names;
mod outcome;
mod person;
mod words;
mod year;

pub use clock::{SeededRandomness, SteppedClock};
pub use outcome::{Check, Courses, Report, Share};
pub use person::{Payer, Person, Traits};
pub use year::{Ears, Settings, SimulateError, Year};
