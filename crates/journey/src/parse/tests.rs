//! What is accepted, and what is said about everything else.

use super::*;
use crate::definition::{Act, Next};
use crate::schedule::Past;

const HEAD: &str = r#"version = 1
title = "Test"
description = "A journey for tests."
subject = "appointment"
purpose = "P1"
priority = 50
[enter]
on = ["visit.booked"]
"#;

/// The problems of a definition, each as `line:column reason`.
fn problems(text: &str) -> Vec<String> {
    match Definition::parse_with_templates("test", text, &["hello"]) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|p| format!("{}:{} {}", p.line, p.column, p.reason))
            .collect(),
    }
}

/// The problems of steps below a sound head, whose first line is counted as 1.
fn step_problems(steps: &str) -> Vec<String> {
    let head = HEAD.lines().count();
    match Definition::parse_with_templates("test", &format!("{HEAD}{steps}"), &["hello"]) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|p| format!("{}:{} {}", p.line - head, p.column, p.reason))
            .collect(),
    }
}

#[test]
// tidy-allow(function-length): one definition and everything that is read out of it.
fn a_whole_definition_is_read() {
    let text = r#"version = 3
title = "Everything"
description = """
All that the language has.
"""
subject = "episode"
purpose = "P2"
priority = 40
holdout = 0.05
reentry = "30d after end"

[enter]
on = ["plan.set", "visit.completed"]
when = "plan.unbooked > 0"

[[exit]]
on = ["visit.booked"]
of = "patient"
as = "booked"

[[withdraw]]
on = ["visit.confirmed"]
steps = ["first"]

[[step]]
id = "first"
due = "3d before plan.end"
at = "09:00"
not_before = "2h after entered"
window = "08:00-20:00"
outside = "earlier"
business_day = "previous"
past = "run within 6h"
when = "plan.unbooked > 1"
send = { template = "hello", channels = ["email"], expires = "until 1d before plan.end", prompt = "visit" }

[[step]]
id = "answer"
wait = { for = ["visit.booked"], within = "2d", then = "end", otherwise = "sort" }

[[step]]
id = "sort"
branch = { cases = [{ when = "plan.unbooked > 3", to = "call" }], otherwise = "bye" }

[[step]]
id = "call"
due = "1h after previous"
task = { kind = "call", within = "1d" }
next = "answer"

[[step]]
id = "bye"
stop = "given-up"
"#;
    let definition = Definition::parse_with_templates("everything", text, &["hello"])
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(definition.name(), "everything");
    assert_eq!(definition.version(), 3);
    assert_eq!(definition.description(), "All that the language has.");
    assert_eq!(definition.holdout_per_mille(), 50);
    assert_eq!(
        definition.reentry(),
        Reentry::LaterThan("30d".parse().unwrap())
    );
    assert_eq!(definition.templates().collect::<Vec<_>>(), ["hello"]);
    let [first, answer, sort, call, bye] = definition.steps() else {
        panic!("{:?}", definition.steps());
    };
    assert_eq!(first.due.past, Past::RunWithin("6h".parse().unwrap()));
    assert_eq!(first.next, Next::Step(1));
    let Act::Wait(wait) = &answer.act else {
        panic!("{answer:?}");
    };
    assert_eq!((wait.then, wait.otherwise), (Next::End, Next::Step(2)));
    assert!(
        matches!(&sort.act, Act::Branch { cases, otherwise: Next::Step(4) } if cases.len() == 1)
    );
    assert_eq!(call.next, Next::Step(1));
    assert!(matches!(&bye.act, Act::Stop { reason } if reason == "given-up"));
}

#[test]
fn every_problem_of_a_head_is_reported_with_its_place() {
    let found = problems(
        r#"version = 0
title = ""
subject = "patients"
purpose = "P7"
priority = 101
holdout = 0.9
reentry = "sometimes"
colour = "red"
[enter]
on = ["visit.bookd"]
when = "visit.kind == 'evaluaton'"
[[exit]]
on = []
[[withdraw]]
on = ["visit.confirmed"]
steps = ["nowhere"]
"#,
    );
    let expected = [
        "1:1 description is missing",
        "1:1 there must be at least one [[step]]",
        "1:11 version must be a whole number from 1 to 999999",
        "2:9 title is empty",
        "3:11 subject must be patient, episode, appointment or referral",
        "4:11 purpose must be P0 to P5",
        "5:12 priority must be a whole number from 0 to 100",
        "6:11 holdout must be a share from 0 to 0.5, such as 0.05",
        "7:11 reentry must be never, after end, or like 30d after end",
        "8:1 unknown key colour; there is description, enter, exit, holdout, priority, purpose, reentry, step, subject, title, version, withdraw",
        "10:7 unknown fact visit.bookd; there is visit.booked, visit.moved, visit.confirmed, visit.move_asked, visit.cancelled, visit.reinstated, visit.arrived, visit.completed, visit.missed, visit.voided",
        "11:20 visit.kind is never 'evaluaton'; it is one of evaluation, recurring",
        "12:1 as is missing: the reason under which the end is recorded",
        "12:1 on must name at least one fact",
        "16:10 there is no step nowhere",
    ];
    assert_eq!(found, expected);
}

#[test]
// tidy-allow(function-length): one case for each problem that a step can have.
fn every_problem_of_a_step_is_reported_with_its_place() {
    for (step, expected) in [
        ("send = { template = \"hello\" }", vec!["1:1 id is missing"]),
        (
            "id = \"End!\"\nstop = \"x\"",
            vec![
                "2:6 a step's id (other than end) must be 1 to 64 lower-case letters, digits and hyphens",
            ],
        ),
        (
            "id = \"a\"",
            vec!["1:1 a step has exactly one of send, task, wait, branch, stop"],
        ),
        (
            "id = \"a\"\ndue = \"3d befor visit.start\"\nstop = \"x\"",
            vec!["3:7 expected before or after, found befor"],
        ),
        (
            "id = \"a\"\ndue = \"1d before entered\"\nstop = \"x\"",
            vec!["3:7 before this there is nothing: only facts can be reckoned back from"],
        ),
        (
            "id = \"a\"\nbusiness_day = \"previous\"\nstop = \"x\"",
            vec![
                "3:16 previous would move the step before its anchor; only steps before one can take it",
            ],
        ),
        (
            "id = \"a\"\nat = \"9\"\nwindow = \"20:00-08:00\"\npast = \"no\"\noutside = \"x\"\nstop = \"x\"",
            vec![
                "3:6 at must be a time of day such as 09:00",
                "4:10 window must be hours of one day such as 08:00-20:00",
                "5:8 past must be skip, run, or like run within 6h",
                "6:11 outside must be later or earlier",
            ],
        ),
        (
            "id = \"a\"\ndue = \"1d before visit.start\"\nsend = { template = \"hello\" }",
            vec!["4:8 expires is missing: the message would go out after its time has passed"],
        ),
        (
            "id = \"a\"\ndue = \"1d before visit.start\"\nsend = { template = \"hello\", expires = \"2d before visit.start\" }",
            vec!["4:40 the message expires before it is due"],
        ),
        (
            "id = \"a\"\nsend = { template = \"hullo\", channels = [\"fax\"], prompt = \"yes\" }",
            vec![
                "3:21 there is no template hullo",
                "3:42 a channel must be sms, email or voice",
                "3:59 prompt must be visit",
            ],
        ),
        (
            "id = \"a\"\ntask = { kind = \"dance\", within = \"0d\" }",
            vec![
                "3:17 kind must be one of reply, move_visit, rebook_visit, red_flag, wrong_party, unknown_outcome, undeliverable, clarify_cancel, review_match, number_disputed, call",
                "3:35 within must be longer than nothing",
            ],
        ),
        (
            "id = \"a\"\nwait = { for = [\"visit.booked\"], then = \"b\" }",
            vec!["3:8 within is missing", "3:41 there is no step b"],
        ),
        (
            "id = \"a\"\nbranch = { cases = [{ when = \"plan.visits\" }] }",
            vec![
                "3:21 to is missing",
                "3:31 a condition must be a yes or no, and this is a number",
            ],
        ),
        (
            "id = \"a\"\nwhen = \"\"\"\nvisit.confirmed\n  && weather\"\"\"\nstop = \"x\"",
            vec!["5:6 unknown variable weather"],
        ),
        (
            "id = \"a\"\nsnd = 1\nstop = \"x\"",
            vec![
                "3:1 unknown key snd; there is at, branch, business_day, due, id, next, not_before, outside, past, send, stop, task, wait, when, window",
            ],
        ),
    ] {
        assert_eq!(
            step_problems(&format!("[[step]]\n{step}\n")),
            expected,
            "{step}"
        );
    }
}

#[test]
fn impossible_graphs_are_refused() {
    let step = |id: &str, rest: &str| format!("[[step]]\nid = \"{id}\"\n{rest}\n");
    let send = "send = { template = \"hello\" }\n";
    assert_eq!(
        step_problems(&(step("a", "stop = \"x\"") + &step("b", send))),
        ["5:6 no way leads to the step b"]
    );
    let circle = "leads back to itself without a wait or a time after the step before";
    assert_eq!(
        step_problems(&(step("a", send) + &step("b", &format!("{send}next = \"a\"")))),
        [
            format!("2:6 the step a {circle}"),
            format!("6:6 the step b {circle}")
        ]
    );
    // With an hour between the rounds, or a wait, the same circle is sound.
    let hourly = format!("due = \"1h after previous\"\n{send}next = \"a\"");
    assert_eq!(
        step_problems(&(step("a", send) + &step("b", &hourly))),
        [""; 0]
    );
    let wait =
        "wait = { for = [\"visit.booked\"], within = \"1d\", otherwise = \"a\", then = \"end\" }";
    assert_eq!(
        step_problems(&(step("a", send) + &step("b", wait))),
        [""; 0]
    );
    assert_eq!(
        step_problems(&(step("a", send) + &step("a", send))),
        ["6:6 there are two steps a"]
    );
}

#[test]
fn broken_toml_is_told_with_its_place() {
    let found = problems("version = 1\ntitle = \"open\npriority = 1\n");
    assert!(
        found.iter().all(|problem| problem.contains("not TOML: ")),
        "{found:?}"
    );
    assert!(found[0].starts_with("2:"), "{found:?}");
}

#[test]
fn safety_messages_keep_no_holdout() {
    let text = HEAD.replace("\"P1\"", "\"P0\"\nholdout = 0.1");
    let found = problems(&format!("{text}[[step]]\nid = \"a\"\nstop = \"x\"\n"));
    assert_eq!(found, ["6:11 safety messages (P0) keep no hold-out"]);
}
