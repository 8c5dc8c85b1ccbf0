//! Reminders of a visit. Times are local, in Chicago.

use tendon_journey::definition::StepId;
use tendon_journey::variable;
use tendon_journey::{Event, Facts};

use crate::story::{Story, local, visit};

#[test]
fn an_evaluation_is_announced_three_weeks_and_three_days_ahead_and_in_the_morning() {
    let mut story = Story::booked("2026-11-01 12:00", "evaluation", "2026-11-24 08:40");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 03 08:40 evaluation-3-weeks: send eval-reminder-3-weeks, good until Nov 20 08:40
         Nov 21 08:40 evaluation-3-days: send eval-reminder-3-days, good until Nov 23 08:40
         Nov 23 18:00 evaluation-evening-before: left out, condition_no
         Nov 24 08:00 evaluation-same-morning: send visit-reminder-same-day, good until Nov 24 08:25
         Nov 24 08:40 end: completed",
    );
}

#[test]
fn a_moved_visit_takes_its_reminders_along_and_a_confirmed_one_is_not_asked_again() {
    let mut story = Story::booked("2026-11-01 12:00", "evaluation", "2026-11-24 08:40");
    story.move_visit("2026-11-21 15:00", "2026-11-30 08:40");
    story.until("2026-11-27 12:00");
    story.know(variable::VISIT_CONFIRMED, true);
    story.know(variable::VISIT_STATE, "confirmed");
    story.fact("2026-11-27 12:00", "visit.confirmed");
    story.fact("2026-11-30 08:35", "visit.arrived");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 03 08:40 evaluation-3-weeks: send eval-reminder-3-weeks, good until Nov 20 08:40
         Nov 21 08:40 evaluation-3-days: send eval-reminder-3-days, good until Nov 23 08:40
         Nov 21 15:00 * visit.moved
         Nov 21 15:00 withdraw what is pending: moved
         Nov 21 15:00 evaluation-3-weeks: left out, too_late
         Nov 27 08:40 evaluation-3-days: send eval-reminder-3-days, good until Nov 29 08:40
         Nov 27 12:00 * visit.confirmed
         Nov 27 12:00 withdraw what asks: visit.confirmed
         Nov 29 18:00 evaluation-evening-before: left out, condition_no
         Nov 30 08:00 evaluation-same-morning: send visit-reminder-same-day, good until Nov 30 08:25
         Nov 30 08:35 * visit.arrived
         Nov 30 08:35 withdraw what is pending: came
         Nov 30 08:35 end: came",
    );
}

#[test]
fn one_who_confirms_early_is_only_told_in_the_morning() {
    let mut story = Story::booked("2026-11-01 12:00", "evaluation", "2026-11-24 13:00");
    story.until("2026-11-04 09:00");
    story.know(variable::VISIT_CONFIRMED, true);
    story.fact("2026-11-04 09:00", "visit.confirmed");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 03 13:00 evaluation-3-weeks: send eval-reminder-3-weeks, good until Nov 20 13:00
         Nov 04 09:00 * visit.confirmed
         Nov 04 09:00 withdraw what asks: visit.confirmed
         Nov 21 13:00 evaluation-3-days: left out, condition_no
         Nov 23 18:00 evaluation-evening-before: left out, condition_no
         Nov 24 08:00 evaluation-same-morning: send visit-reminder-same-day, good until Nov 24 12:45
         Nov 24 13:00 end: completed",
    );
}

#[test]
fn an_early_evaluation_is_announced_the_evening_before() {
    let mut story = Story::booked("2026-11-22 12:00", "evaluation", "2026-11-24 07:00");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 22 12:00 * visit.booked
         Nov 22 12:00 enter
         Nov 22 12:00 evaluation-3-weeks: left out, too_late
         Nov 22 12:00 evaluation-3-days: left out, too_late
         Nov 23 18:00 evaluation-evening-before: send visit-reminder-1-day, good until Nov 23 22:00
         Nov 24 08:00 evaluation-same-morning: left out, condition_no
         Nov 24 08:00 end: completed",
    );
}

#[test]
fn a_follow_up_visit_is_announced_the_day_before() {
    let mut story = Story::booked("2026-11-01 12:00", "recurring", "2026-11-24 08:40");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 21 08:40 recurring-3-days: left out, condition_no
         Nov 23 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40
         Nov 24 08:40 end: completed",
    );
}

#[test]
fn one_who_missed_before_is_also_asked_three_days_ahead() {
    let mut story = Story::of_visit("recurring", "2026-11-24 06:30");
    story.know(variable::PATIENT_MISSED_BEFORE, true);
    story.fact("2026-11-01 12:00", "visit.booked");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 21 08:00 recurring-3-days: send visit-reminder-3-days, good until Nov 23 00:30
         Nov 23 08:00 recurring-1-day: send visit-reminder-1-day, good until Nov 24 03:30
         Nov 24 06:30 end: completed",
    );
}

#[test]
fn a_visit_booked_with_less_lead_than_its_reminder_is_not_announced() {
    let mut story = Story::booked("2026-11-23 14:00", "recurring", "2026-11-24 08:40");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 23 14:00 * visit.booked
         Nov 23 14:00 enter
         Nov 23 14:00 recurring-3-days: left out, too_late
         Nov 23 14:00 recurring-1-day: left out, too_late
         Nov 24 08:40 end: completed",
    );
}

#[test]
fn such_a_visit_still_follows_when_it_moves_away() {
    let mut story = Story::booked("2026-11-23 14:00", "recurring", "2026-11-24 08:40");
    story.move_visit("2026-11-23 16:00", "2026-11-27 10:00");
    story.until("2026-11-28 00:00");
    story.assert_told(
        "Nov 23 14:00 * visit.booked
         Nov 23 14:00 enter
         Nov 23 14:00 recurring-3-days: left out, too_late
         Nov 23 14:00 recurring-1-day: left out, too_late
         Nov 23 16:00 * visit.moved
         Nov 23 16:00 withdraw what is pending: moved
         Nov 24 10:00 recurring-3-days: left out, condition_no
         Nov 26 10:00 recurring-1-day: send visit-reminder-1-day, good until Nov 27 07:00
         Nov 27 10:00 end: completed",
    );
}

#[test]
fn a_move_back_and_forth_does_not_repeat_a_reminder() {
    let mut story = Story::booked("2026-11-01 12:00", "recurring", "2026-11-24 08:40");
    story.until("2026-11-23 08:40");
    story.move_visit("2026-11-23 08:41", "2026-11-24 08:50");
    story.move_visit("2026-11-23 08:42", "2026-11-24 08:40");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 21 08:40 recurring-3-days: left out, condition_no
         Nov 23 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40
         Nov 23 08:41 * visit.moved
         Nov 23 08:41 withdraw what is pending: moved
         Nov 23 08:41 recurring-3-days: left out, too_late
         Nov 23 08:42 * visit.moved
         Nov 23 08:42 withdraw what is pending: moved
         Nov 23 08:42 recurring-3-days: left out, too_late
         Nov 23 08:42 recurring-1-day: left out, too_late
         Nov 24 08:40 end: completed",
    );
}

#[test]
fn cancelled_after_the_reminder_went_out_nothing_follows() {
    let mut story = Story::booked("2026-11-01 12:00", "evaluation", "2026-11-24 08:40");
    story.until("2026-11-22 09:00");
    story.know(variable::VISIT_STATE, "cancelled");
    story.fact("2026-11-22 09:00", "visit.cancelled");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 03 08:40 evaluation-3-weeks: send eval-reminder-3-weeks, good until Nov 20 08:40
         Nov 21 08:40 evaluation-3-days: send eval-reminder-3-days, good until Nov 23 08:40
         Nov 22 09:00 * visit.cancelled
         Nov 22 09:00 withdraw what is pending: cancelled
         Nov 22 09:00 end: cancelled",
    );
}

#[test]
fn a_reinstated_visit_begins_anew_with_what_is_still_ahead() {
    let mut story = Story::booked("2026-11-01 12:00", "recurring", "2026-11-24 08:40");
    story.fact("2026-11-10 09:00", "visit.cancelled");
    story.fact("2026-11-22 09:00", "visit.reinstated");
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 10 09:00 * visit.cancelled
         Nov 10 09:00 withdraw what is pending: cancelled
         Nov 10 09:00 end: cancelled
         Nov 22 09:00 * visit.reinstated
         Nov 22 09:00 enter
         Nov 22 09:00 recurring-3-days: left out, too_late
         Nov 23 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40
         Nov 24 08:40 end: completed",
    );
}

#[test]
fn what_happens_to_another_visit_changes_nothing() {
    let mut story = Story::booked("2026-11-01 12:00", "recurring", "2026-11-24 08:40");
    story.fact_about("2026-11-02 12:00", "visit.cancelled", visit(2));
    story.until("2026-11-23 09:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 02 12:00 * visit.cancelled
         Nov 21 08:40 recurring-3-days: left out, condition_no
         Nov 23 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40",
    );
}

#[test]
fn nothing_goes_to_the_dead() {
    let mut story = Story::booked("2026-11-01 12:00", "recurring", "2026-11-24 08:40");
    story.fact_about("2026-11-02 12:00", "patient.deceased", visit(2));
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 01 12:00 * visit.booked
         Nov 01 12:00 enter
         Nov 02 12:00 * patient.deceased
         Nov 02 12:00 withdraw what is pending: deceased
         Nov 02 12:00 end: deceased",
    );
}

#[test]
fn a_move_that_nobody_told_is_seen_when_the_reminder_is_due() {
    let mut story = Story::booked("2026-11-22 12:00", "recurring", "2026-11-24 08:40");
    story.know(variable::VISIT_START, local("2026-11-26 09:00"));
    story.until("2026-11-27 00:00");
    story.assert_told(
        "Nov 22 12:00 * visit.booked
         Nov 22 12:00 enter
         Nov 22 12:00 recurring-3-days: left out, too_late
         Nov 23 08:40 withdraw what is pending: moved
         Nov 23 09:00 recurring-3-days: left out, condition_no
         Nov 25 09:00 recurring-1-day: send visit-reminder-1-day, good until Nov 26 06:00
         Nov 26 09:00 end: completed",
    );
}

#[test]
fn the_local_hour_stays_on_both_sides_of_a_clock_change() {
    // Clocks went back on 1 November 2026 and forward on 14 March 2027, both at 2:00.
    let mut autumn = Story::booked("2026-10-20 12:00", "recurring", "2026-11-01 08:40");
    autumn.until("2026-11-01 09:00");
    autumn.assert_told(
        "Oct 20 12:00 * visit.booked
         Oct 20 12:00 enter
         Oct 29 08:40 recurring-3-days: left out, condition_no
         Oct 31 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 01 05:40
         Nov 01 08:40 end: completed",
    );
    let mut spring = Story::booked("2027-03-01 12:00", "recurring", "2027-03-15 08:40");
    spring.until("2027-03-16 00:00");
    spring.assert_told(
        "Mar 01 12:00 * visit.booked
         Mar 01 12:00 enter
         Mar 12 08:40 recurring-3-days: left out, condition_no
         Mar 14 08:40 recurring-1-day: send visit-reminder-1-day, good until Mar 15 05:40
         Mar 15 08:40 end: completed",
    );
}

#[test]
fn the_leap_day_is_a_day_like_any_other() {
    let mut on = Story::booked("2028-02-01 12:00", "evaluation", "2028-02-29 10:00");
    on.until("2028-03-01 00:00");
    on.assert_told(
        "Feb 01 12:00 * visit.booked
         Feb 01 12:00 enter
         Feb 08 10:00 evaluation-3-weeks: send eval-reminder-3-weeks, good until Feb 25 10:00
         Feb 26 10:00 evaluation-3-days: send eval-reminder-3-days, good until Feb 28 10:00
         Feb 28 18:00 evaluation-evening-before: left out, condition_no
         Feb 29 08:00 evaluation-same-morning: send visit-reminder-same-day, good until Feb 29 09:45
         Feb 29 10:00 end: completed",
    );
    let mut after = Story::booked("2028-02-28 12:00", "recurring", "2028-03-01 10:00");
    after.until("2028-03-02 00:00");
    after.assert_told(
        "Feb 28 12:00 * visit.booked
         Feb 28 12:00 enter
         Feb 28 12:00 recurring-3-days: left out, too_late
         Feb 29 10:00 recurring-1-day: send visit-reminder-1-day, good until Mar 01 07:00
         Mar 01 10:00 end: completed",
    );
}

#[test]
fn a_late_wake_up_sends_what_is_still_good_and_drops_what_is_stale() {
    let mut story = Story::booked("2026-11-22 12:00", "recurring", "2026-11-24 08:40");
    let due = |step: &str| Event::Due {
        step: StepId::new(step),
    };
    let mut stale = Story::booked("2026-11-22 12:00", "recurring", "2026-11-24 08:40");
    story.late("2026-11-23 14:00", &due("recurring-1-day"));
    stale.late("2026-11-24 06:00", &due("recurring-1-day"));
    let begun = "Nov 22 12:00 * visit.booked
         Nov 22 12:00 enter
         Nov 22 12:00 recurring-3-days: left out, too_late\n";
    story.assert_told(&format!(
        "{begun}Nov 23 14:00 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40"
    ));
    stale.assert_told(&format!(
        "{begun}Nov 24 06:00 recurring-1-day: left out, stale"
    ));
}

#[test]
fn a_missing_date_waits_until_it_is_known() {
    let mut story = Story::booked("2026-11-20 12:00", "recurring", "2026-11-24 08:40");
    let known: Facts = story.facts.clone();
    story.facts.set(variable::VISIT_START, None);
    story.tell("2026-11-20 13:00", &Event::AnchorsChanged);
    story.until("2026-11-23 07:00");
    story.facts = known;
    story.tell("2026-11-23 07:00", &Event::AnchorsChanged);
    story.until("2026-11-25 00:00");
    story.assert_told(
        "Nov 20 12:00 * visit.booked
         Nov 20 12:00 enter
         Nov 20 13:00 withdraw what is pending: moved
         Nov 23 07:00 recurring-3-days: left out, too_late
         Nov 23 08:40 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40
         Nov 24 08:40 end: completed",
    );
}
