//! What a patient's next 30 days look like. Times are local, in Chicago.

use tendon_journey::{Effect, forecast, variable};

use crate::story::{Story, local, shipped};

/// Each planned act as `day hour step`, with a question mark where it may not come.
fn forecast_of(story: &Story, until: &str) -> Vec<String> {
    forecast(
        story.definition(),
        story.enrolment(),
        &story.facts,
        story.now(),
        local(until),
    )
    .unwrap()
    .into_iter()
    .map(|planned| {
        let at = planned
            .at
            .to_zoned(story.facts.zone().clone())
            .strftime("%b %d %H:%M")
            .to_string();
        let kind = match planned.act {
            Effect::Task { .. } => " (task)",
            _ => "",
        };
        let open = if planned.conditional { "?" } else { "" };
        format!("{at} {}{kind}{open}", planned.step)
    })
    .collect()
}

#[test]
fn the_reminders_ahead_are_named_with_what_they_hang_on() {
    let mut story = Story::of_visit("evaluation", "2026-11-24 08:40");
    story.fact("2026-11-01 12:00", "visit.booked");
    let before = story.enrolment().clone();
    assert_eq!(
        forecast_of(&story, "2026-12-01 00:00"),
        [
            "Nov 03 08:40 evaluation-3-weeks?",
            "Nov 21 08:40 evaluation-3-days?",
            "Nov 24 08:00 evaluation-same-morning?",
        ]
    );
    assert_eq!(forecast_of(&story, "2026-11-21 08:39").len(), 1);
    assert_eq!(forecast_of(&story, "2026-11-21 08:40").len(), 2);
    assert_eq!(*story.enrolment(), before);
}

#[test]
fn a_forecast_comes_true_when_nothing_happens() {
    let mut story = Story::new(shipped("plan-unbooked"));
    story.know(variable::PLAN_UNBOOKED, 4);
    story.know(variable::PATIENT_UPCOMING, 0);
    story.know(variable::EPISODE_STATE, "active");
    story.fact("2026-11-12 11:00", "visit.completed");
    assert_eq!(
        forecast_of(&story, "2026-12-12 11:00"),
        [
            "Nov 14 10:00 nudge?",
            "Nov 17 17:00 second-nudge?",
            "Nov 23 09:00 call (task)?",
        ]
    );
    story.until("2026-12-12 11:00");
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
fn an_act_without_condition_is_certain() {
    let mut story = Story::new(shipped("early-check"));
    story.know(variable::EPISODE_VISITS_COMPLETED, 3);
    story.fact("2026-11-12 11:00", "visit.completed");
    assert_eq!(
        forecast_of(&story, "2026-12-12 00:00"),
        ["Nov 12 13:00 thank-you"]
    );
}

#[test]
fn a_date_that_moved_unheard_is_forecast_in_the_new_calendar() {
    let mut story = Story::of_visit("recurring", "2026-11-24 08:40");
    story.fact("2026-11-01 12:00", "visit.booked");
    story.know(variable::VISIT_START, local("2026-11-30 10:00"));
    assert_eq!(
        forecast_of(&story, "2026-12-12 00:00"),
        ["Nov 29 10:00 recurring-1-day?"]
    );
}
