use super::super::export::{Journey, Patient, Task};
use super::super::ledger::{Contradiction, Receipt};
use super::*;

const NUMBER: &str = "+13125550142";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn message(id: &str, state: &str) -> Message {
    Message {
        id: id.into(),
        patient: "pat_1".into(),
        direction: "out".into(),
        journey: Some(Journey {
            name: "visit-reminder".into(),
            step: "recurring-1-day".into(),
        }),
        template: Some("visit-reminder-1-day".into()),
        appointment: Some("apt_1".into()),
        text: "See you tomorrow.".into(),
        state: state.into(),
        state_since: "2027-03-02T15:00:00Z".into(),
    }
}

fn reply(id: &str) -> Message {
    Message {
        journey: None,
        template: Some("visit-confirmed".into()),
        ..message(id, "sent")
    }
}

fn inbound(id: &str, text: &str) -> Message {
    Message {
        direction: "in".into(),
        journey: None,
        template: None,
        text: text.into(),
        ..message(id, "received")
    }
}

fn taken(message: &str) -> Taken {
    Taken {
        message: message.into(),
        carrier_ref: format!("SM-{message}"),
        to: NUMBER.into(),
    }
}

fn said(sid: &str, words: Words) -> Said {
    Said {
        sid: sid.into(),
        from: NUMBER.into(),
        words,
        tries: 1,
        twice: false,
    }
}

/// A reminder that left and arrived, a yes that was heard once and answered once,
/// and a case of the other system.
fn all_is_well() -> Evidence {
    let mut evidence = Evidence {
        until: at("2027-03-02T16:00:00Z"),
        texts: vec![taken("msg_1"), taken("msg_2")],
        letters: vec![Taken {
            to: "q@mail.example".into(),
            ..taken("msg_3")
        }],
        ..Evidence::default()
    };
    let visit = |id: &str, patient: &str, state: &str| Visit {
        id: id.into(),
        patient: patient.into(),
        starts_at: at("2027-03-03T15:00:00Z"),
        booked_at: at("2027-03-01T15:00:00Z"),
        state: state.into(),
    };
    let export = &mut evidence.export;
    export.visits = vec![
        visit("apt_1", "pat_1", "confirmed"),
        visit("apt_2", "pat_2", "booked"),
    ];
    export.patients = [("pat_1", "Pat Qbaba"), ("pat_2", "Api Qcorcor")]
        .map(|(id, name)| Patient {
            id: id.into(),
            name: name.into(),
        })
        .to_vec();
    export.messages = vec![
        message("msg_1", "delivered"),
        reply("msg_2"),
        inbound("msg_9", "1"),
        Message {
            patient: "pat_2".into(),
            appointment: Some("apt_2".into()),
            text: "Please come to room 7x today.".into(),
            ..message("msg_3", "sent")
        },
    ];
    let account = &mut evidence.account;
    account.said = vec![said("SM-in", Words::Confirm)];
    account.receipts = vec![Receipt {
        sid: "SM-msg_1".into(),
    }];
    account.cases = vec![Case {
        family: "Qcorcor".into(),
        patient: Some("pat_2".into()),
        visit: Some("apt_2".into()),
        starts_at: Some(at("2027-03-03T15:00:00Z")),
        moved_at: None,
        moves: 0,
        state: "booked",
        message: Some("msg_3".into()),
        marker: "room 7x".into(),
    }];
    evidence
}

/// Judges what was well but for one change.
fn after(change: impl FnOnce(&mut Evidence)) -> Vec<(Kind, String)> {
    let mut evidence = all_is_well();
    change(&mut evidence);
    let findings = judge(&evidence).into_iter();
    findings
        .map(|finding| (finding.kind, finding.what))
        .collect()
}

fn kinds(change: impl FnOnce(&mut Evidence)) -> Vec<Kind> {
    after(change).into_iter().map(|(kind, _)| kind).collect()
}

use Kind::{Lost, Repeated};

#[test]
fn where_all_is_well_nothing_is_found() {
    assert_eq!(after(|_| ()), []);
}

#[test]
fn a_message_that_counts_as_sent_and_that_nobody_has_is_lost() {
    let found = after(|evidence| evidence.letters.clear());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, Lost);
    assert!(found[0].1.contains("msg_3"), "{found:?}");
}

#[test]
fn a_message_that_was_taken_twice_is_repeated() {
    assert_eq!(
        kinds(|evidence| evidence.texts.push(taken("msg_1"))),
        [Repeated]
    );
    assert_eq!(
        kinds(|evidence| evidence.letters.push(taken("msg_3"))),
        [Repeated]
    );
    // By text, and by e-mail as well.
    assert_eq!(
        kinds(|evidence| evidence.letters.push(taken("msg_1"))),
        [Repeated]
    );
}

#[test]
fn a_message_that_the_product_does_not_know_is_lost() {
    assert_eq!(
        kinds(|evidence| evidence.letters.push(taken("msg_8"))),
        [Lost]
    );
}

#[test]
fn a_parked_message_needs_its_task() {
    let park = |evidence: &mut Evidence| evidence.export.messages[3].state = "parked".into();
    assert_eq!(kinds(park), [Lost]);
    let with_task = |evidence: &mut Evidence| {
        park(evidence);
        evidence.export.tasks.push(Task {
            kind: "unknown_outcome".into(),
            message: Some("msg_3".into()),
            done_at: None,
        });
    };
    assert_eq!(kinds(with_task), []);
    let done = |evidence: &mut Evidence| {
        with_task(evidence);
        evidence.export.tasks[0].done_at = Some("2027-03-02T15:00:00Z".into());
    };
    assert_eq!(kinds(done), [Lost]);
}

#[test]
fn what_stays_behind_needs_a_decision_and_must_not_have_left() {
    for state in ["queued", "dropped"] {
        let stay = |evidence: &mut Evidence| {
            evidence.export.messages[3].state = state.into();
            evidence.letters.clear();
        };
        assert_eq!(kinds(stay), [Lost], "{state}");
        let decided = |evidence: &mut Evidence| {
            stay(evidence);
            let why = ("msg_3".to_owned(), "hold quiet_hours".to_owned());
            evidence.export.decided.extend([why]);
        };
        assert_eq!(kinds(decided), [], "{state}");
        let left = |evidence: &mut Evidence| {
            decided(evidence);
            evidence.letters.push(taken("msg_3"));
        };
        assert_eq!(kinds(left), [Lost], "{state}");
    }
    for state in ["sending", "unknown"] {
        let stuck = |evidence: &mut Evidence| evidence.export.messages[3].state = state.into();
        assert_eq!(kinds(stuck), [Lost], "{state}");
    }
}

#[test]
fn a_step_may_write_twice_only_of_a_visit_that_was_moved() {
    let twice = |evidence: &mut Evidence| {
        let again = Message {
            id: "msg_4".into(),
            text: "Again.".into(),
            ..evidence.export.messages[3].clone()
        };
        evidence.export.messages.push(again);
        evidence.letters.push(taken("msg_4"));
    };
    assert_eq!(kinds(twice), [Repeated]);
    let moved = |evidence: &mut Evidence| {
        twice(evidence);
        evidence.account.cases[0].moves = 1;
    };
    assert_eq!(kinds(moved), []);
}

#[test]
fn a_visit_without_its_reminder_is_found_once_it_is_due() {
    let forget = |evidence: &mut Evidence| {
        evidence.export.messages[3].journey = None;
        evidence.export.messages[3].template = None;
    };
    assert_eq!(kinds(forget), [Lost]);
    for late in ["2027-03-02T15:00:00Z", "2027-03-02T15:20:00Z"] {
        let too_late = |evidence: &mut Evidence| {
            forget(evidence);
            evidence.export.visits[1].booked_at = at(late);
        };
        assert_eq!(kinds(too_late), [], "{late}");
        let moved_too_late = |evidence: &mut Evidence| {
            forget(evidence);
            evidence.account.cases[0].moved_at = Some(at(late));
        };
        assert_eq!(kinds(moved_too_late), [], "{late}");
    }
    let not_yet = |evidence: &mut Evidence| {
        forget(evidence);
        evidence.until = at("2027-03-02T14:59:59Z");
    };
    assert_eq!(kinds(not_yet), []);
}

#[test]
fn a_receipt_must_show() {
    let forget = |evidence: &mut Evidence| evidence.export.messages[0].state = "sent".into();
    assert_eq!(kinds(forget), [Lost]);
}

#[test]
fn a_text_is_heard_once_and_answered_once() {
    let deaf = |evidence: &mut Evidence| {
        evidence.export.messages.remove(2);
    };
    assert_eq!(kinds(deaf), [Lost]);
    let echo = |evidence: &mut Evidence| evidence.export.messages.push(inbound("msg_7", "1"));
    assert_eq!(kinds(echo), [Repeated]);
    let mute = |evidence: &mut Evidence| {
        evidence.export.messages.remove(1);
        evidence.texts.pop();
    };
    assert_eq!(kinds(mute), [Lost]);
    let chatty = |evidence: &mut Evidence| {
        evidence.export.messages.push(reply("msg_5"));
        evidence.texts.push(taken("msg_5"));
    };
    assert_eq!(kinds(chatty), [Repeated]);
    let ghost = |evidence: &mut Evidence| {
        let text = Message {
            patient: "pat_2".into(),
            ..inbound("msg_7", "Hello?")
        };
        evidence.export.messages.push(text);
    };
    assert_eq!(kinds(ghost), [Repeated]);
}

#[test]
fn a_yes_that_changed_nothing_is_lost() {
    let unmoved = |evidence: &mut Evidence| evidence.export.visits[0].state = "booked".into();
    assert_eq!(kinds(unmoved), [Lost]);
}

#[test]
fn an_api_write_is_there_once_and_as_it_was_written() {
    let gone = |evidence: &mut Evidence| {
        evidence.export.patients.pop();
    };
    assert_eq!(kinds(gone), [Lost]);
    let double = |evidence: &mut Evidence| {
        let mut again = evidence.export.visits[1].clone();
        again.id = "apt_3".into();
        again.state = "cancelled".into();
        evidence.export.visits.push(again);
    };
    assert_eq!(kinds(double), [Repeated]);
    let undone = |evidence: &mut Evidence| {
        evidence.export.visits[1].starts_at = at("2027-03-03T15:00:01Z");
    };
    assert_eq!(kinds(undone), [Lost]);
    let unanswered = |evidence: &mut Evidence| evidence.account.cases[0].message = None;
    assert_eq!(kinds(unanswered), [Repeated]);
}

#[test]
fn contradictions_count_as_what_they_are() {
    for (repeated, kind) in [(true, Repeated), (false, Lost)] {
        let told = |evidence: &mut Evidence| {
            let what = "book-7 was answered twice".into();
            let contradiction = Contradiction { repeated, what };
            evidence.account.contradictions.push(contradiction);
        };
        assert_eq!(kinds(told), [kind]);
    }
}
