//! A fake clock, carriers that fail on demand and temporary databases, for tests only.

pub mod carriers;
#[cfg(feature = "browser")]
pub mod chromium;
pub mod clock;
pub mod database;

pub use tendon_testkit_macros::on_both_engines;

#[cfg(test)]
// What the attribute writes names this crate from outside.
extern crate self as tendon_testkit;
