//! A fake clock, carriers that fail on demand and temporary databases, for tests only.

pub mod carriers;
pub mod clock;
pub mod database;
