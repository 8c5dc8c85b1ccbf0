//! The pages that people see.
//!
//! One struct per page, holding facts; its methods turn facts into words, so
//! that templates only loop and print. Nothing here knows the store: a handler
//! fills the struct, and samples fill it for the test that renders every page.

pub mod assets;
pub mod frame;
pub mod icon;
pub mod inbox;
pub mod message;
pub mod messages;
pub mod moment;
pub mod parts;
pub mod patient;
pub mod patients;
pub mod sample;
pub mod today;
pub mod urls;
