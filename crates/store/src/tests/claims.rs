//! Claims give each piece of work to one worker at a time.

use jiff::SignedDuration;
use tendon_care::Clock;
use tendon_care::id::{EnrolmentId, PatientId};
use uuid::Uuid;

use super::{Bench, Still, on_both_engines};
use crate::claim::Lease;
use crate::commit::{Commit, Versioned, Write};
use crate::table::{EnrolmentRow, WakeAt};

fn enrolment(bench: &Bench, minutes: i64) -> EnrolmentRow {
    EnrolmentRow {
        id: bench.mint().id::<EnrolmentId>(),
        journey: "visit-reminder".into(),
        journey_version: 1,
        subject: Uuid::from_u128(5),
        patient: bench.mint().id::<PatientId>(),
        appointment: None,
        episode: None,
        state: "{}".into(),
        wake: Some(WakeAt {
            step: "one-day".into(),
            at: Still.now() + SignedDuration::from_mins(minutes),
        }),
        entered_at: Still.now(),
        ended: None,
    }
}

fn lease(number: u128, minute: i64, limit: u16) -> Lease {
    let now = Still.now() + SignedDuration::from_mins(minute);
    Lease {
        id: Uuid::from_u128(number),
        now,
        until: now + SignedDuration::from_mins(5),
        limit,
    }
}

async fn timers_are_claimed_once_and_again_when_a_lease_runs_out(bench: Bench) {
    let mut commit = Commit::new(&bench.access);
    for minutes in [0, 1, 2, 60] {
        commit.push(Write::EnrolmentNew(Box::new(enrolment(&bench, minutes))));
    }
    bench.db.commit(commit).await.unwrap();
    assert_eq!(bench.db.next_due().await.unwrap(), Some(Still.now()));

    let first = bench.db.claim_timers(&lease(1, 10, 2)).await.unwrap();
    let second = bench.db.claim_timers(&lease(2, 10, 10)).await.unwrap();
    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(
        bench
            .db
            .claim_timers(&lease(3, 10, 10))
            .await
            .unwrap()
            .is_empty()
    );

    // The worker with the first lease has died: after its time another takes over.
    let taken_over = bench.db.claim_timers(&lease(4, 16, 10)).await.unwrap();
    assert_eq!(taken_over.len(), 3);

    // What is done goes, and a new time frees it for the next claim.
    let mut done = Commit::new(&bench.access);
    for (index, claimed) in taken_over.into_iter().enumerate() {
        let mut row = claimed.work.value;
        row.wake = (index == 0).then(|| WakeAt {
            step: "next".into(),
            at: Still.now(),
        });
        let version = claimed.work.version;
        done.push(Write::Enrolment(Box::new(Versioned {
            value: row,
            version,
        })));
    }
    bench.db.commit(done).await.unwrap();
    let again = bench.db.claim_timers(&lease(5, 17, 10)).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].work.version, 2);

    // A graceful shutdown gives back at once.
    bench.db.release(Uuid::from_u128(5)).await.unwrap();
    assert_eq!(
        bench
            .db
            .claim_timers(&lease(6, 17, 10))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        bench
            .db
            .backlog(Still.now() + SignedDuration::from_hours(2))
            .await
            .unwrap(),
        (2, 0)
    );
}
on_both_engines!(timers_are_claimed_once_and_again_when_a_lease_runs_out);
