//! Commits are all or nothing, grouped, and audited.

use tendon_care::Clock;
use tendon_care::appointment::{Appointment, VisitKind, VisitState};
use tendon_care::id::{AppointmentId, EpisodeId, Id as _, LocationId, PatientId};
use tendon_care::touchpoint::{Fact, Touchpoint};

use super::{Bench, Still, on_both_engines};
use crate::audit::{Action, AuditEntry};
use crate::commit::{Commit, Versioned, Write};
use crate::error::CommitError;
use crate::sql::{Bound, Sql, Val};
use crate::{AuditAbout, AuditFilter};

fn visit(bench: &Bench) -> Appointment {
    Appointment {
        id: bench.mint().id::<AppointmentId>(),
        patient: bench.mint().id::<PatientId>(),
        episode: None::<EpisodeId>,
        location: bench.mint().id::<LocationId>(),
        clinician: None,
        kind: VisitKind::Recurring,
        starts_at: "2028-03-01T15:00:00Z".parse().unwrap(),
        minutes: 40,
        booked_at: Still.now(),
        state: VisitState::Booked,
    }
}

fn fact(bench: &Bench, visit: &Appointment) -> Write {
    Write::Touchpoint(Touchpoint {
        id: bench.mint().id(),
        patient: visit.patient,
        happened_at: Still.now(),
        fact: Fact::VisitBooked {
            appointment: visit.id,
            starts_at: visit.starts_at,
        },
        backfilled: false,
    })
}

async fn a_refused_commit_leaves_nothing_behind(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let visit = visit(&bench);
    let mut first = Commit::new(&bench.access);
    first.push(Write::AppointmentNew(visit.clone()));
    bench.db.commit(first).await.unwrap();

    let mut stale = Commit::new(&bench.access);
    stale.push(fact(&bench, &visit));
    stale.push(Write::Appointment(Versioned {
        value: visit.clone(),
        version: 99,
    }));
    stale.audit(AuditEntry::new(
        &bench.access,
        Still.now(),
        Action::Update,
        "appointment",
    ));
    assert!(matches!(
        bench.db.commit(stale).await,
        Err(CommitError::Conflict { .. })
    ));

    let mut twice = Commit::new(&bench.access);
    twice.push(fact(&bench, &visit));
    twice.push(Write::AppointmentNew(visit.clone()));
    assert!(matches!(
        bench.db.commit(twice).await,
        Err(CommitError::Duplicate { .. })
    ));

    assert!(
        reader
            .timeline(visit.patient, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        bench.db.verify_audit(bench.access.practice).await.unwrap(),
        Ok(0)
    );
    assert_eq!(
        reader.appointment(visit.id).await.unwrap().unwrap().version,
        1
    );
}
on_both_engines!(a_refused_commit_leaves_nothing_behind);

async fn many_commits_at_once_are_each_judged_alone(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let visit = visit(&bench);
    let mut first = Commit::new(&bench.access);
    first.push(Write::AppointmentNew(visit.clone()));
    bench.db.commit(first).await.unwrap();
    // Fifty racers update version 1: exactly one wins, and each leaves an audit row or nothing.
    let racers = (0..50).map(|_| {
        let mut commit = Commit::new(&bench.access);
        commit.push(Write::Appointment(Versioned {
            value: visit.clone(),
            version: 1,
        }));
        commit.push(fact(&bench, &visit));
        commit.audit(AuditEntry::new(
            &bench.access,
            Still.now(),
            Action::Update,
            "appointment",
        ));
        bench.db.commit(commit)
    });
    let outcomes = futures_util::future::join_all(racers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(
        reader
            .timeline(visit.patient, None, 100)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        bench.db.verify_audit(bench.access.practice).await.unwrap(),
        Ok(1)
    );
}
on_both_engines!(many_commits_at_once_are_each_judged_alone);

async fn a_trail_is_asked_by_time_and_by_thing(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let day = |number: i64| Still.now() + jiff::SignedDuration::from_hours(24 * number);
    let thing: PatientId = bench.mint().id();
    // Old entries lie below many newer ones.
    for number in 0..40 {
        let mut commit = Commit::new(&bench.access);
        let at = day(if number < 3 { 0 } else { 5 });
        let mut entry = AuditEntry::new(&bench.access, at, Action::Read, "message");
        if number % 20 == 0 {
            entry = entry.of(thing);
        }
        commit.audit(entry);
        bench.db.commit(commit).await.unwrap();
    }
    let all = AuditFilter {
        limit: 4,
        ..AuditFilter::default()
    };
    let numbers = async |filter: AuditFilter| -> Vec<i64> {
        let lines = reader.audit_page(&filter).await.unwrap();
        lines.iter().map(|line| line.seq).collect()
    };
    let old = AuditFilter {
        until: Some(day(1)),
        ..all.clone()
    };
    assert_eq!(numbers(old.clone()).await, [3, 2, 1]);
    let older = AuditFilter {
        before: Some(3),
        ..old
    };
    assert_eq!(numbers(older).await, [2, 1]);
    let new = AuditFilter {
        from: Some(day(1)),
        ..all.clone()
    };
    assert_eq!(numbers(new).await, [40, 39, 38, 37]);
    let written = format!("msg_{}", thing.uuid().simple());
    let about = AuditFilter {
        about: AuditAbout::parse(&written).unwrap(),
        ..all
    };
    assert_eq!(numbers(about).await, [21, 1]);
    assert_eq!(AuditAbout::parse("msg_nonsense"), None);
}
on_both_engines!(a_trail_is_asked_by_time_and_by_thing);

static EDIT: Sql = Sql::new(
    "test::edit",
    "update audit set detail = 'nothing happened' where seq = $1",
);
static CUT: Sql = Sql::new("test::cut", "delete from audit where seq = $1");

async fn an_edited_trail_is_noticed(bench: Bench) {
    let practice = bench.access.practice;
    for number in 0..5 {
        let mut commit = Commit::new(&bench.access);
        let entry = AuditEntry::new(&bench.access, Still.now(), Action::Read, "patient");
        commit.audit(entry.with(format!("look {number}")));
        bench.db.commit(commit).await.unwrap();
    }
    assert_eq!(bench.db.verify_audit(practice).await.unwrap(), Ok(5));
    bench
        .db
        .returning(Bound::any(&CUT, vec![Val::Int(5)]))
        .await
        .unwrap();
    assert_eq!(
        bench
            .db
            .verify_audit(practice)
            .await
            .unwrap()
            .unwrap_err()
            .seq,
        5
    );
    bench
        .db
        .returning(Bound::any(&EDIT, vec![Val::Int(3)]))
        .await
        .unwrap();
    assert_eq!(
        bench
            .db
            .verify_audit(practice)
            .await
            .unwrap()
            .unwrap_err()
            .seq,
        3
    );
}
on_both_engines!(an_edited_trail_is_noticed);
