//! Wishes for another time, written on the patient's page.

use jiff::SignedDuration;
use jiff::civil::date;
use tendon_care::message::Body;
use tendon_care::task::TaskKind;
use tendon_desk::{DayPart, DeskError, PortalError, VisitAct, VisitStanding, Wish};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::linked;

fn note(words: &str) -> Wish {
    Wish {
        note: Body::new(words),
        ..Wish::default()
    }
}

#[on_both_engines]
async fn a_wish_stands_in_the_thread_and_asks_for_a_person_once(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let wish = Wish {
        day: Some(date(2026, 11, 26)),
        part: Some(DayPart::Morning),
        ..note("I work until five")
    };
    linked.ask(VisitAct::AskToMove, &wish).await.unwrap();
    let words = "Would rather come on Thursday, November 26 in the morning. I work until five";
    let said = (words.to_owned(), "reschedule".to_owned());
    assert_eq!(linked.wrote().await, [said]);
    assert_eq!(linked.work().await, [TaskKind::MoveVisit]);
    linked.world.wait_for(SignedDuration::from_secs(1));
    let again = note("or Friday");
    linked.ask(VisitAct::AskToMove, &again).await.unwrap();
    assert_eq!(linked.wrote().await[0].0, "or Friday");
    assert_eq!(linked.work().await, [TaskKind::MoveVisit]);
    let threads = linked.world.reader().threads(10).await.unwrap();
    assert_eq!(threads.len(), 1, "the one that the reminder is in");
    assert!(
        threads[0].thread.waiting_since.is_none(),
        "the task is enough"
    );
}

#[on_both_engines]
async fn danger_and_a_stop_are_heard_on_a_form_too(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let plain = note("I would rather stop by later in the week");
    linked.ask(VisitAct::AskToMove, &plain).await.unwrap();
    let ledger = || async {
        linked
            .world
            .reader()
            .consents(linked.ana)
            .await
            .unwrap()
            .len()
    };
    let before = ledger().await;
    linked.world.wait_for(SignedDuration::from_secs(1));
    let danger = note("I have chest pain and cannot breathe");
    linked.ask(VisitAct::CannotCome, &danger).await.unwrap();
    assert!(linked.work().await.contains(&TaskKind::RedFlag));
    assert_eq!(linked.standing().await, VisitStanding::Cancelled);
    let (_, intent) = linked.wrote().await.swap_remove(0);
    assert!(intent.starts_with("red_flag"), "{intent}");
    assert_eq!(ledger().await, before, "nobody asked to stop");
}

#[on_both_engines]
async fn a_plain_stop_on_a_form_counts(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let before = linked
        .world
        .reader()
        .consents(linked.ana)
        .await
        .unwrap()
        .len();
    linked
        .ask(VisitAct::AskToMove, &note("STOP"))
        .await
        .unwrap();
    let after = linked
        .world
        .reader()
        .consents(linked.ana)
        .await
        .unwrap()
        .len();
    assert!(
        after > before,
        "the ledger holds {after}, and held {before}"
    );
    assert_eq!(linked.standing().await, VisitStanding::MoveAsked);
}

#[on_both_engines]
async fn a_wish_that_makes_no_sense_changes_nothing(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let past = Wish {
        day: Some(date(2020, 1, 1)),
        ..Wish::default()
    };
    let refused = linked.ask(VisitAct::CannotCome, &past).await;
    let named = matches!(
        refused,
        Err(PortalError::Desk(DeskError::Invalid { field: "day", .. }))
    );
    assert!(named, "{refused:?}");
    assert_eq!(linked.standing().await, VisitStanding::Booked);
    assert!(linked.wrote().await.is_empty());
}
