//! Visits left on the plan and nothing booked. Times are local, in Chicago.

use tendon_journey::variable;

use crate::story::{Story, shipped, visit};

fn unbooked(left: i64) -> Story {
    let mut story = Story::new(shipped("plan-unbooked"));
    story.know(variable::PLAN_UNBOOKED, left);
    story.know(variable::PATIENT_UPCOMING, 0);
    story.know(variable::EPISODE_STATE, "active");
    story
}

#[test]
fn two_nudges_and_then_a_call() {
    let mut story = unbooked(5);
    // A Thursday.
    story.fact("2026-11-12 11:00", "visit.completed");
    story.until("2026-12-31 00:00");
    story.assert_told(
        "Nov 12 11:00 * visit.completed
         Nov 12 11:00 enter
         Nov 14 10:00 nudge: send plan-unbooked, good until Nov 16 10:00
         Nov 17 17:00 second-nudge: send plan-unbooked, good until Nov 19 17:00
         Nov 23 09:00 call: task call by Nov 24 09:00
         Nov 23 09:00 end: completed",
    );
}

#[test]
fn a_booking_ends_it_at_once_and_a_later_gap_begins_it_anew() {
    let mut story = unbooked(5);
    story.fact("2026-11-12 11:00", "visit.completed");
    story.fact_about("2026-11-14 10:05", "visit.booked", visit(2));
    story.fact("2026-11-20 11:00", "visit.completed");
    story.until("2026-11-22 12:00");
    story.assert_told(
        "Nov 12 11:00 * visit.completed
         Nov 12 11:00 enter
         Nov 14 10:00 nudge: send plan-unbooked, good until Nov 16 10:00
         Nov 14 10:05 * visit.booked
         Nov 14 10:05 withdraw what is pending: booked
         Nov 14 10:05 end: booked
         Nov 20 11:00 * visit.completed
         Nov 20 11:00 enter
         Nov 22 10:00 nudge: send plan-unbooked, good until Nov 24 10:00",
    );
}

#[test]
fn a_finished_plan_and_a_filled_book_begin_nothing() {
    let mut finished = unbooked(0);
    finished.fact("2026-11-12 11:00", "visit.completed");
    finished.assert_told("Nov 12 11:00 * visit.completed");
    let mut filled = unbooked(3);
    filled.know(variable::PATIENT_UPCOMING, 1);
    filled.fact("2026-11-12 11:00", "visit.completed");
    filled.assert_told("Nov 12 11:00 * visit.completed");
}

#[test]
fn a_discharge_ends_it_and_another_move_of_the_episode_does_not() {
    let mut story = unbooked(5);
    story.fact("2026-11-12 11:00", "visit.completed");
    story.know(variable::EPISODE_STATE, "at_risk");
    story.fact("2026-11-13 08:00", "episode.moved");
    story.know(variable::EPISODE_STATE, "discharged");
    story.fact("2026-11-13 09:00", "episode.moved");
    story.assert_told(
        "Nov 12 11:00 * visit.completed
         Nov 12 11:00 enter
         Nov 13 08:00 * episode.moved
         Nov 13 09:00 * episode.moved
         Nov 13 09:00 withdraw what is pending: episode-over
         Nov 13 09:00 end: episode-over",
    );
}
