//! Builders, a fake clock, carriers that fail on demand and temporary databases, for tests only.

pub mod carriers;
