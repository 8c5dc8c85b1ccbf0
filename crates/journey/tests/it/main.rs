//! What patients and staff get from the shipped journeys, drawn as lists of
//! events, and what must hold for every journey whatever happens.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may stop it, as the test itself may"
)]

mod early_check;
mod explained;
mod forecasts;
mod missed_visit;
mod plan_unbooked;
mod properties;
mod staff_orders;
mod story;
mod visit_reminder;
mod waits_and_branches;
