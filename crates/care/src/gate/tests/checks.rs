//! Every check up to consent and expiry, one after the other.

use super::*;

#[test]
fn a_plain_reminder_goes_by_text_and_every_check_is_told_in_order() {
    let decision = Scene::new().decide();
    assert_eq!(decision.outcome.code(), "send");
    let steps: Vec<Step> = decision.chain.iter().map(|check| check.step).collect();
    assert_eq!(steps, Step::ALL);
    assert!(
        decision
            .chain
            .iter()
            .all(|check| check.finding == Finding::Passed)
    );
    assert!(decision.chain[5].detail.starts_with("sms allowed by cns_"));
}

#[test]
fn a_drop_ends_the_chain_where_it_happened() {
    let decision = Scene::with(|scene| scene.paused = true).decide();
    let last = decision.chain.last().unwrap();
    assert_eq!(
        (last.step, last.finding),
        (Step::NotPaused, Finding::Failed)
    );
    assert_eq!(decision.chain.len(), 2);
    assert_eq!(decision.outcome.reason(), Some(Reason::Paused));
}

#[test]
fn the_dead_get_nothing_not_even_an_answer() {
    let dead = Life::Deceased {
        learnt_at: ts(NOON),
    };
    assert_eq!(outcome(|scene| scene.life = dead), "drop deceased");
    assert_eq!(
        outcome(|scene| {
            answer(scene);
            scene.life = dead;
        }),
        "drop deceased"
    );
}

#[test]
fn a_pause_stops_journeys_and_neither_staff_nor_safety_answers() {
    let paused = |change: fn(&mut Scene)| {
        outcome(|scene| {
            scene.paused = true;
            change(scene);
        })
    };
    assert_eq!(paused(|_| ()), "drop paused");
    assert_eq!(paused(|scene| scene.origin = Origin::Staff), "send sms 0");
    assert_eq!(paused(answer), "send sms 0");
    let chatty = |scene: &mut Scene| {
        answer(scene);
        scene.purpose = Purpose::Care;
    };
    assert_eq!(outcome(chatty), "send sms 0");
    assert_eq!(paused(chatty), "drop paused");
}

#[test]
fn a_message_stands_and_falls_with_its_visit() {
    let at = ts(NOON);
    let cancelled = VisitState::Cancelled {
        at,
        by: CancelledBy::Patient,
        late: false,
    };
    let confirmed = VisitState::Confirmed { at };
    let no_show = VisitState::NoShow { at, inferred: true };
    let done = VisitState::Completed { at };
    for (expects, state, expected) in [
        (Expects::Open, VisitState::Booked, "send sms 0"),
        (Expects::Open, confirmed.clone(), "send sms 0"),
        (Expects::Open, cancelled.clone(), "drop visit_cancelled"),
        (
            Expects::Open,
            VisitState::Void { at },
            "drop visit_cancelled",
        ),
        (
            Expects::Open,
            VisitState::Arrived { at },
            "drop visit_changed",
        ),
        (Expects::Open, no_show.clone(), "drop visit_changed"),
        (Expects::Unconfirmed, VisitState::Booked, "send sms 0"),
        (
            Expects::Unconfirmed,
            confirmed.clone(),
            "drop visit_confirmed",
        ),
        (
            Expects::Unconfirmed,
            cancelled.clone(),
            "drop visit_cancelled",
        ),
        (Expects::Missed, no_show.clone(), "send sms 0"),
        (Expects::Missed, done.clone(), "drop visit_changed"),
        (Expects::Completed, done, "send sms 0"),
        (Expects::Completed, no_show, "drop visit_changed"),
        (Expects::Cancelled, cancelled, "send sms 0"),
        (Expects::Cancelled, confirmed, "drop visit_changed"),
    ] {
        let found = outcome(|scene| {
            scene.expects = Some(expects);
            scene.visit.state = state.clone();
        });
        assert_eq!(found, expected, "{expects:?} {state:?}");
    }
    assert_eq!(
        outcome(|scene| scene.visit.starts_at += hours(1)),
        "drop visit_moved"
    );
    assert_eq!(outcome(|scene| scene.expects = None), "send sms 0");
}

#[test]
fn a_minor_is_written_to_through_the_representative_only() {
    let proxy = ProxyId::from_parts(Timestamp::UNIX_EPOCH, [7; 10]);
    assert_eq!(
        outcome(|scene| scene.recipient = Recipient::Nobody),
        "drop no_recipient"
    );
    let with_proxy = |scene: &mut Scene| scene.recipient = Recipient::Proxy(proxy);
    assert_eq!(outcome(with_proxy), "drop no_contact_point");
    let with_phone = |scene: &mut Scene| {
        with_proxy(scene);
        scene.points.push(ContactPoint {
            owner: Owner::Proxy(proxy),
            ..point(3, "+13125550199", 0)
        });
    };
    assert_eq!(outcome(with_phone), "drop consent_missing");
    let with_consent = |scene: &mut Scene| {
        with_phone(scene);
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(99, "2026-01-05T15:00:00Z", &scene.points[2], given);
        scene.ledger.push(given);
    };
    assert_eq!(outcome(with_consent), "send sms 2");
    // The child who writes of danger is answered.
    let child = |scene: &mut Scene| {
        answer(scene);
        scene.recipient = Recipient::Nobody;
    };
    assert_eq!(outcome(child), "send sms 0");
}

#[test]
fn what_nobody_carries_gives_way_to_what_somebody_does_and_is_else_dropped() {
    assert_eq!(
        outcome(|scene| scene.carried = vec![Channel::Email]),
        "send email 1"
    );
    let phone_alone = |scene: &mut Scene| {
        scene.carried = vec![Channel::Email];
        scene.points.truncate(1);
    };
    assert_eq!(outcome(phone_alone), "drop no_carrier");
    let no_address = |scene: &mut Scene| {
        scene.carried.clear();
        scene.points.clear();
    };
    assert_eq!(outcome(no_address), "drop no_contact_point");
}

#[test]
fn a_text_is_tried_first_then_an_email_and_better_ranks_before_worse() {
    assert_eq!(
        outcome(|scene| scene.points[0].line = Line::Landline),
        "send email 1"
    );
    let blocked = Works::Blocked { at: ts(NOON) };
    assert_eq!(
        outcome(|scene| scene.points[0].standing = blocked),
        "send email 1"
    );
    let wrong = Works::WrongParty { at: ts(NOON) };
    let none = |scene: &mut Scene| {
        scene.points[0].standing = wrong;
        scene.points[1].standing = Works::Invalid { at: ts(NOON) };
    };
    assert_eq!(outcome(none), "drop no_contact_point");
    let second_phone = |scene: &mut Scene| {
        scene.points[0].rank = 5;
        scene.points.push(point(3, "+13125550199", 1));
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(99, "2026-01-05T15:00:00Z", &scene.points[2], given);
        scene.ledger.push(given);
    };
    assert_eq!(outcome(second_phone), "send sms 2");
}

#[test]
fn consent_is_asked_of_each_address_in_turn() {
    assert_eq!(
        outcome(|scene| scene.purpose = Purpose::Financial),
        "drop consent_missing"
    );
    assert_eq!(
        outcome(|scene| scene.ledger = Ledger::new()),
        "drop consent_missing"
    );
    let stop = |scene: &mut Scene| {
        let entry = entry(98, "2026-11-01T15:00:00Z", &scene.points[0], stopped());
        scene.ledger.push(entry);
    };
    assert_eq!(outcome(stop), "drop consent_revoked");
    let block = |scene: &mut Scene| {
        let entry = entry(
            98,
            "2026-11-01T15:00:00Z",
            &scene.points[0],
            Act::CarrierBlocked,
        );
        scene.ledger.push(entry);
    };
    // The carrier's block is the phone's alone.
    assert_eq!(outcome(block), "send email 1");
    let block_only = |scene: &mut Scene| {
        block(scene);
        scene.points.truncate(1);
    };
    assert_eq!(outcome(block_only), "drop carrier_blocked");
}

#[test]
fn the_answer_to_stop_follows_the_stop_and_nothing_else_does() {
    let stop = |scene: &mut Scene| {
        let entry = entry(98, "2026-11-20T17:59:59Z", &scene.points[0], stopped());
        scene.ledger.push(entry);
    };
    let confirmation = |scene: &mut Scene| {
        stop(scene);
        answer(scene);
        scene.expires_at = scene.now + SignedDuration::from_mins(5);
    };
    assert_eq!(outcome(confirmation), "send sms 0");
    let late = |scene: &mut Scene| {
        confirmation(scene);
        scene.now = scene.expires_at;
    };
    assert_eq!(outcome(late), "drop expired");
    let closed_today = |scene: &mut Scene| {
        scene.purpose = Purpose::Safety;
        scene.expects = None;
    };
    assert_eq!(outcome(closed_today), "send sms 0");
    let after_stop = |scene: &mut Scene| {
        stop(scene);
        closed_today(scene);
    };
    assert_eq!(outcome(after_stop), "drop consent_revoked");
}

#[test]
fn who_writes_wrong_number_is_answered_there_and_only_there() {
    let wrong = |scene: &mut Scene| {
        answer(scene);
        scene.points[0].standing = Works::WrongParty { at: ts(NOON) };
    };
    assert_eq!(outcome(wrong), "send sms 0");
    let invalid = |scene: &mut Scene| {
        answer(scene);
        scene.points[0].standing = Works::Invalid { at: ts(NOON) };
    };
    assert_eq!(outcome(invalid), "drop no_contact_point");
}

#[test]
fn no_detail_names_a_person_or_an_address() {
    for change in [
        |_: &mut Scene| (),
        answer,
        |scene: &mut Scene| scene.points.clear(),
    ] {
        let decision = Scene::with(change).decide();
        for check in &decision.chain {
            let detail = check.detail.to_lowercase();
            assert!(
                !detail.contains("0142") && !detail.contains("example"),
                "{detail}"
            );
        }
    }
}
