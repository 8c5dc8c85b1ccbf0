//! Recovery of a missed visit. Times are local, in Chicago.

use tendon_journey::variable;

use crate::story::{Story, local, shipped, visit};

/// A visit of Thursday, 12 November 2026, 9:00, that nobody came to, as was noted at a
/// local time.
fn missed(noted: &str, upcoming: i64) -> Story {
    let mut story = Story::new(shipped("missed-visit"));
    story.know(variable::VISIT_STATE, "noshow");
    story.know(variable::VISIT_START, local("2026-11-12 09:00"));
    story.know(variable::PATIENT_UPCOMING, upcoming);
    story.know(variable::EPISODE_STATE, "active");
    story.fact(noted, "visit.missed");
    story
}

#[test]
fn a_text_soon_one_follow_up_and_then_a_call() {
    let mut story = missed("2026-11-12 09:15", 0);
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:45 sorry-we-missed-you: send missed-visit, good until Nov 13 09:45
         Nov 14 10:00 follow-up: send missed-visit, good until Nov 15 10:00
         Nov 16 09:00 call: task call by Nov 17 09:00
         Nov 16 09:00 end: completed",
    );
}

#[test]
fn an_evening_miss_is_written_about_in_the_morning() {
    let mut story = missed("2026-11-12 19:20", 0);
    story.until("2026-11-13 12:00");
    story.assert_told(
        "Nov 12 19:20 * visit.missed
         Nov 12 19:20 enter
         Nov 13 08:30 sorry-we-missed-you: send missed-visit, good until Nov 14 08:30",
    );
}

#[test]
fn a_booking_of_any_visit_ends_it_and_takes_the_text_back() {
    let mut story = missed("2026-11-12 09:15", 0);
    story.fact_about("2026-11-13 11:00", "visit.booked", visit(2));
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:45 sorry-we-missed-you: send missed-visit, good until Nov 13 09:45
         Nov 13 11:00 * visit.booked
         Nov 13 11:00 withdraw what is pending: rebooked
         Nov 13 11:00 end: rebooked",
    );
}

#[test]
fn one_with_a_next_visit_is_written_to_once() {
    let mut story = missed("2026-11-12 09:15", 2);
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:45 sorry-we-missed-you: send missed-visit, good until Nov 13 09:45
         Nov 14 10:00 follow-up: left out, condition_no
         Nov 16 09:00 call: left out, condition_no
         Nov 16 09:00 end: completed",
    );
}

#[test]
fn a_late_check_in_is_not_scolded() {
    let mut story = missed("2026-11-12 09:15", 0);
    story.know(variable::VISIT_STATE, "arrived");
    story.fact("2026-11-12 09:25", "visit.arrived");
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:25 * visit.arrived
         Nov 12 09:25 withdraw what is pending: came
         Nov 12 09:25 end: came",
    );
}

#[test]
fn an_answer_is_for_a_person() {
    let mut story = missed("2026-11-12 09:15", 0);
    story.fact("2026-11-12 10:00", "message.received");
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:45 sorry-we-missed-you: send missed-visit, good until Nov 13 09:45
         Nov 12 10:00 * message.received
         Nov 12 10:00 withdraw what is pending: answered
         Nov 12 10:00 end: answered",
    );
}

#[test]
fn a_second_miss_meanwhile_starts_nothing_second() {
    let mut story = missed("2026-11-12 09:15", 0);
    story.fact_about("2026-11-13 09:15", "visit.missed", visit(2));
    story.until("2026-11-13 10:00");
    story.assert_told(
        "Nov 12 09:15 * visit.missed
         Nov 12 09:15 enter
         Nov 12 09:45 sorry-we-missed-you: send missed-visit, good until Nov 13 09:45
         Nov 13 09:15 * visit.missed",
    );
}
