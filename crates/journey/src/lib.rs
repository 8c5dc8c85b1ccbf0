//! A checked journey definition and one pure step function over it.
