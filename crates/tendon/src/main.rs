//! The Tendon binary.
fn main() {}
