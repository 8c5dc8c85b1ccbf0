//! Words from strangers, and ways out.

use tendon_care::contact::{Address, Channel, Phone};
use tendon_care::id::{MessageId, PatientId, UserId};
use tendon_care::message::Body;
use tendon_care::purpose::Purpose;

use super::{Bench, Still, on_both_engines};
use crate::table::{SignInLinkRow, StrayRow, WayOutRow};
use crate::{Commit, CommitError, Write};
use tendon_care::Clock as _;

fn stray(bench: &Bench, carrier_ref: &str, intent: &str) -> StrayRow {
    StrayRow {
        id: bench.mint().id(),
        channel: Channel::Sms,
        from: Address::Phone(Phone::parse("312-555-0177").unwrap()),
        body: Body::new("who is this"),
        intent: intent.to_owned(),
        opts_out: intent == "opt_out_all",
        carrier: "twilio".into(),
        carrier_ref: carrier_ref.to_owned(),
        at: Still.now(),
    }
}

async fn write(bench: &Bench, write: Write) -> Result<(), CommitError> {
    let mut commit = Commit::new(&bench.access);
    commit.push(write);
    bench.db.commit(commit).await
}

async fn a_stranger_is_kept_once(bench: Bench) {
    let row = stray(&bench, "SM1", "question");
    write(&bench, Write::Stray(Box::new(row.clone())))
        .await
        .unwrap();
    let again = StrayRow {
        id: bench.mint().id::<MessageId>(),
        ..row.clone()
    };
    let twice = write(&bench, Write::Stray(Box::new(again))).await;
    assert!(matches!(twice, Err(CommitError::Duplicate { .. })));
    let reader = bench.db.reader(&bench.access);
    assert!(reader.inbound_known("twilio", "SM1").await.unwrap());
    let kept = reader.stray(row.id).await.unwrap().unwrap();
    assert_eq!((kept.from, kept.body), (row.from, row.body));
    assert_eq!(kept.hint, "•••0177");
    assert_eq!(reader.strays(10).await.unwrap().len(), 1);
    let nobody: PatientId = bench.mint().id();
    assert_eq!(reader.stray_stops(nobody).await.unwrap(), []);
}
on_both_engines!(a_stranger_is_kept_once);

async fn a_sign_in_link_works_once(bench: Bench) {
    let user: UserId = bench.mint().id();
    let row = SignInLinkRow {
        token_hash: vec![4; 32],
        user,
        created_at: Still.now(),
        expires_at: Still.now() + jiff::SignedDuration::from_mins(10),
        used_at: None,
    };
    write(&bench, Write::SignInLinkNew(row.clone()))
        .await
        .unwrap();
    let found = bench.db.sign_in_link(&[4; 32]).await.unwrap().unwrap();
    assert_eq!(found, (bench.access.practice, row.clone()));
    let late = write(&bench, Write::SignInLinkUsed(vec![4; 32], row.expires_at)).await;
    assert!(matches!(late, Err(CommitError::Conflict { .. })));
    let used = Write::SignInLinkUsed(vec![4; 32], Still.now());
    write(&bench, used.clone()).await.unwrap();
    let twice = write(&bench, used).await;
    assert!(matches!(twice, Err(CommitError::Conflict { .. })));
}
on_both_engines!(a_sign_in_link_works_once);

async fn ghosts_count_each_failure(bench: Bench) {
    let (db, at) = (&bench.db, Still.now());
    assert!(db.ghost_failed(&[1], 0, at, at).await.unwrap());
    assert!(
        !db.ghost_failed(&[1], 0, at, at).await.unwrap(),
        "another came between"
    );
    assert!(db.ghost_failed(&[1], 1, at, at).await.unwrap());
    let ghost = db.ghost(&[1]).await.unwrap().unwrap();
    assert_eq!((ghost.failures, ghost.locked_until), (2, at));
    db.sweep_sign_ins(at + jiff::SignedDuration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(db.ghost(&[1]).await.unwrap(), None);
}
on_both_engines!(ghosts_count_each_failure);

async fn a_way_out_stays_open(bench: Bench) {
    let mint = bench.mint();
    let row = WayOutRow {
        id: mint.id(),
        token_hash: vec![8; 32],
        patient: mint.id(),
        contact_point: mint.id(),
        purpose: Purpose::Feedback,
        created_at: Still.now(),
        used_at: None,
    };
    write(&bench, Write::WayOutNew(row.clone())).await.unwrap();
    for _ in 0..2 {
        write(&bench, Write::WayOutTaken(row.id, Still.now()))
            .await
            .unwrap();
    }
    let (practice, taken) = bench.db.way_out(&[8; 32]).await.unwrap().unwrap();
    assert_eq!(practice, bench.access.practice);
    assert_eq!(taken.used_at, Some(Still.now()));
    assert_eq!(
        WayOutRow {
            used_at: None,
            ..taken
        },
        row
    );
    assert_eq!(bench.db.way_out(&[9; 32]).await.unwrap(), None);
}
on_both_engines!(a_way_out_stays_open);
