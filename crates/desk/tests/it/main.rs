//! The use cases on real databases, with a clock that stands still and a
//! carrier that remembers.

#![cfg(test)]

mod carriers;
mod import;
mod lost_answers;
mod merge;
mod messages;
mod nodes;
mod people;
mod phones;
mod portal;
mod receipts;
mod reminders;
mod settings;
mod silence;
mod staff;
mod tasks;
mod workers;
mod world;
