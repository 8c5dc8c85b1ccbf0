//! What staff decide about steps ahead. Times are local, in Chicago.

use tendon_journey::Event;
use tendon_journey::definition::StepId;
use tendon_journey::forecast;

use crate::story::{Story, local};

const BEGUN: &str = "Nov 22 12:00 * visit.booked
    Nov 22 12:00 enter
    Nov 22 12:00 recurring-3-days: left out, too_late\n";

fn one_day() -> StepId {
    StepId::new("recurring-1-day")
}

/// A follow-up visit of which only the reminder of 23 November, 8:40, is ahead.
fn story() -> Story {
    let mut story = Story::of_visit("recurring", "2026-11-24 08:40");
    story.fact("2026-11-22 12:00", "visit.booked");
    story
}

fn planned(story: &Story) -> usize {
    forecast(
        story.definition(),
        story.enrolment(),
        &story.facts,
        story.now(),
        local("2026-12-31 00:00"),
    )
    .unwrap()
    .len()
}

#[test]
fn a_skipped_reminder_is_not_sent_and_leaves_the_forecast() {
    let mut story = story();
    assert_eq!(planned(&story), 1);
    story.tell("2026-11-22 13:00", &Event::Skip { step: one_day() });
    assert_eq!(planned(&story), 0);
    story.until("2026-11-25 00:00");
    story.assert_told(&format!(
        "{BEGUN}Nov 23 08:40 recurring-1-day: left out, by_staff
         Nov 24 08:40 end: completed"
    ));
}

#[test]
fn a_moved_reminder_goes_out_at_its_new_time() {
    let mut story = story();
    let to = local("2026-11-23 16:00");
    story.tell(
        "2026-11-22 13:00",
        &Event::Move {
            step: one_day(),
            to,
        },
    );
    story.until("2026-11-23 17:00");
    story.assert_told(&format!(
        "{BEGUN}Nov 23 16:00 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40"
    ));
}

#[test]
fn a_reminder_wanted_now_is_sent_once_and_not_again() {
    let mut story = story();
    story.tell("2026-11-22 13:00", &Event::DoNow { step: one_day() });
    story.tell("2026-11-22 13:01", &Event::DoNow { step: one_day() });
    assert_eq!(planned(&story), 0);
    story.until("2026-11-25 00:00");
    story.assert_told(&format!(
        "{BEGUN}Nov 22 13:00 recurring-1-day: send visit-reminder-1-day, good until Nov 24 05:40
         Nov 23 08:40 recurring-1-day: left out, by_staff
         Nov 24 08:40 end: completed"
    ));
}

#[test]
fn a_new_date_undoes_what_was_decided_about_the_old_one() {
    let mut story = story();
    story.tell("2026-11-22 13:00", &Event::Skip { step: one_day() });
    story.move_visit("2026-11-22 14:00", "2026-11-25 09:00");
    story.until("2026-11-24 10:00");
    story.assert_told(&format!(
        "{BEGUN}Nov 22 14:00 * visit.moved
         Nov 22 14:00 withdraw what is pending: moved
         Nov 22 14:00 recurring-3-days: left out, too_late
         Nov 24 09:00 recurring-1-day: send visit-reminder-1-day, good until Nov 25 06:00"
    ));
}

#[test]
fn orders_about_steps_that_are_no_message_or_not_ahead_change_nothing() {
    let mut story = story();
    let before = story.enrolment().clone();
    for step in ["kind", "recurring-3-days", "nowhere"] {
        let step = StepId::new(step);
        story.tell("2026-11-22 13:00", &Event::Skip { step: step.clone() });
        story.tell("2026-11-22 13:00", &Event::DoNow { step });
    }
    assert_eq!(*story.enrolment(), before);
    story.assert_told(BEGUN);
}

#[test]
fn staff_end_it() {
    let mut story = story();
    story.tell("2026-11-22 13:00", &Event::Stop);
    story.until("2026-11-25 00:00");
    story.assert_told(&format!(
        "{BEGUN}Nov 22 13:00 withdraw what is pending: by-staff
         Nov 22 13:00 end: by-staff"
    ));
}
