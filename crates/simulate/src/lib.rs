//! A synthetic practice that drives the real product under the simulated clock.
