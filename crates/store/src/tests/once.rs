//! A key is kept with what it guards, and guards it for good.

use std::sync::Arc;

use tendon_care::Clock;
use tendon_care::appointment::{Appointment, VisitKind, VisitState};
use tendon_care::id::TokenId;

use super::{Bench, Still, on_both_engines};
use crate::audit::{Action, AuditEntry};
use crate::commit::{Commit, Write};
use crate::error::CommitError;
use crate::once::Once;
use crate::table::IdempotencyRow;

fn visit(bench: &Bench) -> Appointment {
    Appointment {
        id: bench.mint().id(),
        patient: bench.mint().id(),
        episode: None,
        location: bench.mint().id(),
        clinician: None,
        kind: VisitKind::Recurring,
        starts_at: "2028-03-01T15:00:00Z".parse().unwrap(),
        minutes: 40,
        booked_at: Still.now(),
        state: VisitState::Booked,
    }
}

fn booking(bench: &Bench, visit: &Appointment) -> Commit {
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::AppointmentNew(visit.clone()));
    commit
}

fn request(token: TokenId, hash: u8) -> Arc<Once> {
    Arc::new(Once::new(token, "k-1", vec![hash; 32], Still.now()))
}

async fn a_key_is_kept_with_what_was_made(bench: Bench) {
    let (token, visit) = (bench.mint().id::<TokenId>(), visit(&bench));
    let once = request(token, 1);
    let db = bench.db.once(Arc::clone(&once));

    let mut look = Commit::new(&bench.access);
    look.audit(AuditEntry::new(
        &bench.access,
        Still.now(),
        Action::Read,
        "visit",
    ));
    db.commit(look).await.unwrap();
    let reader = bench.db.reader(&bench.access);
    assert!(!once.is_kept(), "a look is no act");
    assert_eq!(reader.kept_answer(token, "k-1").await.unwrap(), None);

    db.commit(booking(&bench, &visit)).await.unwrap();
    assert!(once.is_kept());
    let kept = reader.kept_answer(token, "k-1").await.unwrap().unwrap();
    assert_eq!(kept.status, IdempotencyRow::UNFINISHED);
    assert_eq!(kept.body, visit.id.to_string());

    // The same request may go on to commit more.
    db.commit(booking(&bench, &super::once::visit(&bench)))
        .await
        .unwrap();
}
on_both_engines!(a_key_is_kept_with_what_was_made);

async fn a_taken_key_lets_nothing_through(bench: Bench) {
    let token = bench.mint().id::<TokenId>();
    let first = bench.db.once(request(token, 1));
    first.commit(booking(&bench, &visit(&bench))).await.unwrap();

    // Another request under the key, and the same one again.
    for hash in [1, 2] {
        let late = visit(&bench);
        let db = bench.db.once(request(token, hash));
        let refused = db.commit(booking(&bench, &late)).await.unwrap_err();
        assert!(matches!(refused, CommitError::Conflict { .. }));
        let reader = bench.db.reader(&bench.access);
        assert_eq!(reader.appointment(late.id).await.unwrap(), None);
    }
    // Somebody else's key of the same name is another key.
    let other = bench.db.once(request(bench.mint().id(), 1));
    other.commit(booking(&bench, &visit(&bench))).await.unwrap();
}
on_both_engines!(a_taken_key_lets_nothing_through);

async fn an_answer_is_written_once(bench: Bench) {
    let token = bench.mint().id::<TokenId>();
    let once = request(token, 1);
    let db = bench.db.once(Arc::clone(&once));
    db.commit(booking(&bench, &visit(&bench))).await.unwrap();
    let answer = async |once: &Once, body: &str| {
        once.answer(&bench.db, &bench.access, 201, body.into())
            .await
    };
    answer(&once, "{\"id\":1}").await.unwrap();
    assert!(answer(&once, "{\"id\":2}").await.is_err());
    assert!(answer(&request(token, 2), "{\"id\":3}").await.is_err());
    let reader = bench.db.reader(&bench.access);
    let kept = reader.kept_answer(token, "k-1").await.unwrap().unwrap();
    assert_eq!((kept.status, kept.body.as_str()), (201, "{\"id\":1}"));

    bench
        .db
        .sweep_answers(Still.now() + jiff::SignedDuration::from_hours(1))
        .await
        .unwrap();
    let reader = bench.db.reader(&bench.access);
    assert_eq!(reader.kept_answer(token, "k-1").await.unwrap(), None);
}
on_both_engines!(an_answer_is_written_once);

async fn a_page_of_the_book_goes_on_where_the_last_one_ended(bench: Bench) {
    let later = "2028-03-02T15:00:00Z".parse().unwrap();
    let mut made = Vec::new();
    // Minted in the wrong order: a later visit has a smaller id than an earlier one.
    for starts_at in [later, "2028-03-01T15:00:00Z".parse().unwrap()] {
        for _ in 0..3 {
            let visit = Appointment {
                starts_at,
                ..visit(&bench)
            };
            bench.db.commit(booking(&bench, &visit)).await.unwrap();
            made.push((visit.starts_at, visit.id));
        }
    }
    made.sort_unstable();
    let reader = bench.db.reader(&bench.access);
    let (mut found, mut filter) = (
        Vec::new(),
        crate::table::VisitFilter {
            from: Still.now(),
            until: later + jiff::SignedDuration::from_hours(1),
            after: None,
            limit: 2,
        },
    );
    while let Some(last) = {
        let page = reader.appointments(&filter).await.unwrap();
        found.extend(page.iter().map(|visit| (visit.starts_at, visit.id)));
        page.last().map(|visit| (visit.starts_at, visit.id))
    } {
        (filter.from, filter.after) = (last.0, Some(last.1));
    }
    assert_eq!(found, made);
}
on_both_engines!(a_page_of_the_book_goes_on_where_the_last_one_ended);
