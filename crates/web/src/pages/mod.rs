//! The pages that people see.
//!
//! One struct per page, holding facts; its methods turn facts into words, so
//! that templates only loop and print. Nothing here knows the store: a handler
//! fills the struct, and samples fill it for the test that renders every page.

pub mod assets;
pub mod audit;
pub mod enrol;
pub mod error;
pub mod frame;
pub mod gate;
pub mod icon;
pub mod inbox;
pub mod message;
pub mod messages;
pub mod moment;
pub mod parts;
pub mod patient;
pub mod patients;
pub mod portal;
pub mod same;
pub mod sample;
pub mod sandbox;
pub mod second_factor;
pub mod settings;
pub mod sign_in;
pub mod today;
pub mod urls;
