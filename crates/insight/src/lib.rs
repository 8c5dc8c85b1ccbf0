//! Numbers from history: key figures with their intervals.
//!
//! Arrays in, numbers out: nothing here reads a store or a clock, so every
//! figure can be recomputed by hand.

pub mod rate;

pub use rate::{Interval, Rate};
