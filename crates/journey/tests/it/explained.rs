//! Journeys and decisions in words.

use tendon_journey::condition::Verdict;
use tendon_journey::definition::StepId;
use tendon_journey::explain::{explain, explain_step};
use tendon_journey::{library, variable};

use crate::story::{Story, local, shipped};

fn paragraph(name: &str) -> Vec<String> {
    explain(&shipped(name))
        .into_iter()
        .map(|s| s.text)
        .collect()
}

#[test]
fn a_journey_reads_as_a_paragraph() {
    assert_eq!(
        paragraph("missed-visit"),
        [
            "Writes to a patient who missed a visit soon afterwards, once more two days later if nothing is on the book, and then asks staff to call.",
            "It begins for a patient when a visit is missed, provided that the visit is missed.",
            "30 minutes after the step before, between 08:30 and 19:30, if the visit is missed: send \"missed-visit\" by text or else e-mail and ask for an answer about the visit; it is dropped if it cannot go out until 1 day after it is due.",
            "2 days after the step before, at 10:00, if the visit is missed and the number of visits on the book is 0: send \"missed-visit\" by text or else e-mail and ask for an answer about the visit; it is dropped if it cannot go out until 1 day after it is due.",
            "1 day after the step before, at 09:00, on the next business day, if the visit is missed and the number of visits on the book is 0: open a task (call) for staff, to be done within 1 day.",
            "It ends early, and takes back what is not yet sent, when a visit is booked, the visit is moved or the visit is put back on the book.",
            "It ends early, and takes back what is not yet sent, when the patient checks in or a visit is completed.",
            "It ends early, and takes back what is not yet sent, when the patient writes.",
            "It ends early, and takes back what is not yet sent, when the course of care changes its state, provided that the episode is on hold or lost or discharged or in maintenance.",
            "It can begin again as soon as it has ended.",
        ]
    );
}

#[test]
fn what_follows_a_date_and_what_is_taken_back_is_said() {
    let text = paragraph("visit-reminder").join("\n");
    for part in [
        "3 weeks before the visit, between 08:00 and 20:00, if the visit is not confirmed: send \"eval-reminder-3-weeks\" by text or else e-mail and ask for an answer about the visit; it is dropped if it cannot go out until 4 days before the visit.",
        "On the day of the visit, at 08:00, if the time of the visit is not before 08:20: send",
        "At once: if the visit is an evaluation, go on with evaluation-3-weeks; otherwise go on with recurring-3-days.",
        "Messages of evaluation-3-weeks, evaluation-3-days, recurring-3-days, recurring-1-day not yet sent are taken back when the patient confirms.",
        "If the time of the visit changes, messages not yet sent are taken back and planned anew.",
    ] {
        assert!(text.contains(part), "{part}\n\n{text}");
    }
}

#[test]
fn every_step_of_every_shipped_journey_is_explained_once() {
    for shipped in library::SHIPPED {
        let definition = shipped.parse().unwrap();
        let explained: Vec<_> = explain(&definition)
            .into_iter()
            .filter_map(|sentence| sentence.step)
            .collect();
        let steps: Vec<_> = definition.steps().iter().map(|s| s.id.clone()).collect();
        assert_eq!(explained, steps);
    }
}

#[test]
fn a_decision_shows_the_values_it_saw() {
    let mut story = Story::of_visit("recurring", "2026-11-24 08:40");
    story.know(variable::PATIENT_MISSED_BEFORE, true);
    story.fact("2026-11-01 12:00", "visit.booked");
    story.know(variable::VISIT_CONFIRMED, true);
    let explained = explain_step(
        story.definition(),
        story.enrolment(),
        &StepId::new("recurring-3-days"),
        &story.facts,
        story.now(),
    )
    .unwrap();
    assert_eq!(explained.due_at, Some(local("2026-11-21 08:40")));
    let condition = explained.condition.unwrap();
    assert_eq!(condition.verdict, Verdict::No);
    assert_eq!(
        condition.words,
        "the patient has missed a visit before and the visit is not confirmed"
    );
    assert_eq!(
        condition.values,
        [
            ("patient.missed_before", "yes".to_owned()),
            ("visit.confirmed", "yes".to_owned())
        ]
    );
    let none = explain_step(
        story.definition(),
        story.enrolment(),
        &StepId::new("nowhere"),
        &story.facts,
        story.now(),
    );
    assert_eq!(none, None);
}
