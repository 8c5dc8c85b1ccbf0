//! Waiting for an answer, going different ways, and coming back. Times are
//! local, in Chicago.

use tendon_journey::variable;
use tendon_journey::{Definition, forecast};

use crate::story::{Story, local, visit};

const JOURNEY: &str = r#"
version = 1
title = "Ask until answered"
description = "Asks every two days until somebody answers or five days are over."
subject = "episode"
purpose = "P2"
priority = 10
[enter]
on = ["plan.set"]
[[step]]
id = "ask"
send = { template = "ask" }
[[step]]
id = "answer"
wait = { for = ["message.received"], when = "plan.visits > 1", within = "2d", then = "sort", otherwise = "enough" }
[[step]]
id = "sort"
branch = { cases = [{ when = "plan.unbooked > 3", to = "call" }, { when = "plan.unbooked > 0", to = "thanks" }], otherwise = "done" }
[[step]]
id = "call"
due = "1h after previous"
task = { kind = "call", within = "1d" }
next = "end"
[[step]]
id = "thanks"
send = { template = "thanks" }
[[step]]
id = "done"
stop = "answered"
[[step]]
id = "enough"
branch = { cases = [{ when = "now - entered < days(5)", to = "again" }], otherwise = "over" }
[[step]]
id = "again"
send = { template = "again" }
next = "answer"
[[step]]
id = "over"
stop = "unanswered"
"#;

fn story(unbooked: i64) -> Story {
    let mut story = Story::new(Definition::parse("ask", JOURNEY).unwrap());
    story.know(variable::PLAN_VISITS, 10);
    story.know(variable::PLAN_UNBOOKED, unbooked);
    story
}

#[test]
fn it_asks_again_until_it_is_enough() {
    let mut story = story(2);
    story.fact("2026-11-02 09:00", "plan.set");
    story.until("2026-11-30 00:00");
    story.assert_told(
        "Nov 02 09:00 * plan.set
         Nov 02 09:00 enter
         Nov 02 09:00 ask: send ask, good until Nov 03 09:00
         Nov 04 09:00 again: send again, good until Nov 05 09:00
         Nov 06 09:00 again: send again, good until Nov 07 09:00
         Nov 08 09:00 end: unanswered",
    );
}

#[test]
fn an_answer_goes_the_way_of_the_first_case_that_holds() {
    for (unbooked, rest) in [
        (
            5,
            "Nov 03 13:00 call: task call by Nov 04 13:00\nNov 03 13:00 end: completed",
        ),
        (
            2,
            "Nov 03 12:00 thanks: send thanks, good until Nov 04 12:00\nNov 03 12:00 end: answered",
        ),
        (0, "Nov 03 12:00 end: answered"),
    ] {
        let mut story = story(unbooked);
        story.fact("2026-11-02 09:00", "plan.set");
        story.fact_about("2026-11-03 12:00", "message.received", visit(2));
        story.until("2026-11-30 00:00");
        story.assert_told(&format!(
            "Nov 02 09:00 * plan.set
             Nov 02 09:00 enter
             Nov 02 09:00 ask: send ask, good until Nov 03 09:00
             Nov 03 12:00 * message.received
             {rest}"
        ));
    }
}

#[test]
fn a_fact_that_its_condition_refuses_does_not_end_the_wait() {
    let mut story = story(2);
    story.know(variable::PLAN_VISITS, 1);
    story.fact("2026-11-02 09:00", "plan.set");
    story.fact("2026-11-03 12:00", "message.received");
    story.until("2026-11-04 10:00");
    story.assert_told(
        "Nov 02 09:00 * plan.set
         Nov 02 09:00 enter
         Nov 02 09:00 ask: send ask, good until Nov 03 09:00
         Nov 03 12:00 * message.received
         Nov 04 09:00 again: send again, good until Nov 05 09:00",
    );
}

#[test]
fn what_comes_after_a_wait_is_a_guess() {
    let mut story = story(2);
    story.fact("2026-11-02 09:00", "plan.set");
    let planned = forecast(
        story.definition(),
        story.enrolment(),
        &story.facts,
        story.now(),
        local("2026-12-02 09:00"),
    )
    .unwrap();
    let steps: Vec<_> = planned
        .iter()
        .map(|p| (p.step.as_str(), p.conditional))
        .collect();
    assert_eq!(steps, [("again", true), ("again", true)]);
}
