//! Claims give each piece of work to one worker at a time.

use jiff::SignedDuration;
use tendon_care::Clock;
use tendon_care::contact::Channel;
use tendon_care::id::{EnrolmentId, Id as _, MessageId, PatientId};
use tendon_care::message::MessageState;
use uuid::Uuid;

use super::roundtrip::message;
use super::{Bench, Still, on_both_engines};
use crate::claim::Lease;
use crate::commit::{Commit, Versioned, Write};
use crate::sql::{Bound, Sql, Val};
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

    let first = bench.db.claim_timers(&lease(1, 10, 2)).await.unwrap().ready;
    let second = bench
        .db
        .claim_timers(&lease(2, 10, 10))
        .await
        .unwrap()
        .ready;
    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(
        bench
            .db
            .claim_timers(&lease(3, 10, 10))
            .await
            .unwrap()
            .ready
            .is_empty()
    );

    // The worker with the first lease has died: after its time another takes over.
    let taken_over = bench
        .db
        .claim_timers(&lease(4, 16, 10))
        .await
        .unwrap()
        .ready;
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
    let again = bench
        .db
        .claim_timers(&lease(5, 17, 10))
        .await
        .unwrap()
        .ready;
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
            .ready
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

/// Gives a message words that were sealed for another one.
static SWAP: Sql = Sql::new(
    "test::swap",
    "update message set content_sealed = \
     (select other.content_sealed from message other where other.message_id = $2) \
     where message_id = $1",
);

/// Puts a message of this urgency into a line, due so many minutes from the start.
async fn queue(bench: &Bench, line: Channel, priority: i64, minutes: i64) -> MessageId {
    let mut row = message(bench);
    row.message.channel = line;
    row.priority = priority;
    row.message.state = MessageState::Queued {
        due_at: Still.now() + SignedDuration::from_mins(minutes),
    };
    let id = row.message.id;
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::MessageNew(Box::new(row)));
    bench.db.commit(commit).await.unwrap();
    id
}

async fn claimed(bench: &Bench, lease: &Lease, line: Channel) -> Vec<MessageId> {
    let claims = bench.db.claim_messages(lease, line).await.unwrap();
    assert!(claims.unreadable.is_empty());
    let ids = claims.ready.iter().map(|claimed| claimed.row.message.id);
    ids.collect()
}

async fn each_channel_has_a_line_in_which_the_urgent_come_first(bench: Bench) {
    let reminder = queue(&bench, Channel::Sms, 100, 0).await;
    let answer = queue(&bench, Channel::Sms, 0, 5).await;
    let letter = queue(&bench, Channel::Email, 100, 1).await;
    let next = bench.db.next_message(Channel::Email).await.unwrap();
    assert_eq!(next, Some(Still.now() + SignedDuration::from_mins(1)));
    assert_eq!(
        claimed(&bench, &lease(1, 10, 1), Channel::Sms).await,
        [answer]
    );
    assert_eq!(
        claimed(&bench, &lease(2, 10, 9), Channel::Sms).await,
        [reminder]
    );
    assert_eq!(claimed(&bench, &lease(3, 10, 9), Channel::Sms).await, []);
    assert_eq!(
        claimed(&bench, &lease(4, 10, 9), Channel::Email).await,
        [letter]
    );

    // What moves to another line is free there at once.
    let mut moved = Commit::new(&bench.access);
    moved.push(Write::OutboxLine(letter, Channel::Sms));
    bench.db.commit(moved).await.unwrap();
    assert_eq!(
        claimed(&bench, &lease(5, 10, 9), Channel::Sms).await,
        [letter]
    );
}
on_both_engines!(each_channel_has_a_line_in_which_the_urgent_come_first);

async fn a_message_that_is_handed_over_is_held_for_as_long_as_that_may_take(bench: Bench) {
    let id = queue(&bench, Channel::Email, 100, 0).await;
    assert_eq!(claimed(&bench, &lease(1, 0, 9), Channel::Email).await, [id]);
    let mut started = Commit::new(&bench.access);
    let until = Still.now() + SignedDuration::from_mins(8);
    started.push(Write::OutboxStarted(id, until));
    bench.db.commit(started).await.unwrap();
    // The claim was for five minutes.
    assert_eq!(claimed(&bench, &lease(2, 7, 9), Channel::Email).await, []);
    assert_eq!(claimed(&bench, &lease(3, 8, 9), Channel::Email).await, [id]);
}
on_both_engines!(a_message_that_is_handed_over_is_held_for_as_long_as_that_may_take);

async fn words_that_do_not_open_hold_up_nobody(bench: Bench) {
    let spoilt = queue(&bench, Channel::Sms, 100, 0).await;
    let whole = queue(&bench, Channel::Sms, 100, 0).await;
    let swap = vec![Val::Uuid(spoilt.uuid()), Val::Uuid(whole.uuid())];
    bench.db.returning(Bound::any(&SWAP, swap)).await.unwrap();
    let sms = Channel::Sms;
    let claims = bench.db.claim_messages(&lease(1, 1, 9), sms).await.unwrap();
    let ready: Vec<_> = claims.ready.iter().map(|it| it.row.message.id).collect();
    let unreadable: Vec<_> = claims.unreadable.iter().map(|it| it.id).collect();
    assert_eq!((ready, unreadable), (vec![whole], vec![spoilt.uuid()]));

    // It is looked at again an hour later, not all the time.
    let mut done = Commit::new(&bench.access);
    done.push(Write::OutboxGone(whole));
    bench.db.commit(done).await.unwrap();
    let next = bench.db.next_message(sms).await.unwrap();
    assert_eq!(next, Some(Still.now() + SignedDuration::from_mins(61)));
    let again = bench
        .db
        .claim_messages(&lease(2, 61, 9), sms)
        .await
        .unwrap();
    assert_eq!((again.ready.len(), again.unreadable.len()), (0, 1));
}
on_both_engines!(words_that_do_not_open_hold_up_nobody);
