//! What is true in a practice: values, states and rules.
//!
//! This crate is pure. It has no async, no IO, no clock, no randomness and no
//! logging: every function takes the time and returns values, so a year can be
//! tested in a millisecond. Nothing here derives `Serialize`; stored and wire
//! shapes live with whoever writes them.

pub mod access;
pub mod appointment;
pub mod consent;
pub mod contact;
pub mod decision;
pub mod edge;
pub mod episode;
pub mod gate;
pub mod id;
pub mod language;
pub mod lint;
pub mod matching;
pub mod message;
pub mod patient;
pub mod person;
pub mod plan;
pub mod practice;
pub mod purpose;
pub mod referral;
pub mod rules;
pub mod segment;
pub mod task;
pub mod touchpoint;
pub mod zone;

pub use edge::{Clock, Mint, Randomness};
