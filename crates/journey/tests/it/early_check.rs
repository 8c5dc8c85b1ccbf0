//! Thank-you and early check after the third visit. Times are local, in Chicago.

use tendon_journey::variable;

use crate::story::{Story, shipped};

fn after_visit(completed: i64) -> Story {
    let mut story = Story::new(shipped("early-check"));
    story.know(variable::EPISODE_VISITS_COMPLETED, completed);
    story.know(variable::EPISODE_STATE, "active");
    story
}

#[test]
fn the_third_visit_is_thanked_for_once() {
    let mut story = after_visit(3);
    story.fact("2026-11-12 11:00", "visit.completed");
    story.fact("2026-11-12 18:00", "visit.completed");
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 11:00 * visit.completed
         Nov 12 11:00 enter
         Nov 12 13:00 thank-you: send early-check, good until Nov 13 13:00
         Nov 12 13:00 end: completed
         Nov 12 18:00 * visit.completed",
    );
}

#[test]
fn an_evening_visit_is_thanked_for_in_the_morning() {
    let mut story = after_visit(3);
    story.fact("2026-11-12 18:30", "visit.completed");
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 12 18:30 * visit.completed
         Nov 12 18:30 enter
         Nov 13 09:00 thank-you: send early-check, good until Nov 14 09:00
         Nov 13 09:00 end: completed",
    );
}

#[test]
fn other_visits_are_not() {
    for completed in [1, 2, 4] {
        let mut story = after_visit(completed);
        story.fact("2026-11-12 11:00", "visit.completed");
        story.assert_told("Nov 12 11:00 * visit.completed");
    }
}
