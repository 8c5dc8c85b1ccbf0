//! The birthday: what it proves, to whom, and how often it may be guessed.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Standing;
use tendon_desk::{Checked, DeskError, Pass, PortalError, Secret, VisitAct};
use tendon_store::{Commit, LinkRow, Write};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{BORN, bare, linked};

#[on_both_engines]
async fn a_birthday_counts_in_the_browser_that_gave_it(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let desk = &linked.world.desk;
    let other = Secret::clone(linked.proof.get().unwrap());
    let guessed = other.expose().replace(|c: char| c.is_ascii_digit(), "x");
    for proof in [None, Some(""), Some(guessed.as_str())] {
        let pass = Pass {
            token: &linked.token,
            proof,
        };
        assert!(!desk.open_link(pass).await.unwrap().verified);
        let act = desk.portal_act(pass, VisitAct::Confirm).await;
        assert!(matches!(act, Err(PortalError::NotVerified)), "{act:?}");
    }
    assert!(desk.open_link(linked.pass()).await.unwrap().verified);
}

#[on_both_engines]
async fn a_fresh_link_is_no_fresh_start_for_who_guesses(engine: Engine) {
    let linked = linked(engine).await;
    let desk = &linked.world.desk;
    let wrong = date(1968, 2, 28);
    let mut token = linked.token.clone();
    let mut left = vec![];
    for _ in 0..2 {
        while let Ok(Checked::Wrong { left: now }) = desk.check_birthday(&token, wrong).await {
            left.push(now);
        }
        linked.world.wait_for(SignedDuration::from_mins(11));
        desk.renew_link(&token).await.unwrap();
        linked.world.drain().await;
        token = linked.world.last_link();
    }
    assert_eq!(left, [4, 3, 2, 1, 4, 3, 2, 1], "the fifth ends it");
    assert_eq!(desk.open_link(bare(&token)).await.unwrap().tries_left, 0);
    let right = desk.check_birthday(&token, BORN).await.unwrap();
    assert_eq!(right, Checked::Rests, "not even the right one, today");
    linked.world.wait(24);
    let tomorrow = desk.check_birthday(&token, BORN).await.unwrap();
    assert!(matches!(tomorrow, Checked::Right { .. }), "{tomorrow:?}");
}

#[on_both_engines]
async fn a_link_shows_the_visit_of_its_own_patient_alone(engine: Engine) {
    let linked = linked(engine).await;
    let other = linked.world.patient("Ben", "312-555-0177").await;
    let theirs = linked.world.book(other, "2026-11-25T09:00").await;
    let (token, desk) = ("0123456789abcdefghijkl", &linked.world.desk);
    let mut commit = Commit::new(&linked.world.access);
    // As it stands after two records were parted again.
    commit.push(Write::LinkNew(LinkRow {
        id: desk.mint().id(),
        token_hash: tendon_desk::link::hash(token),
        patient: linked.ana,
        appointment: Some(theirs),
        contact_point: None,
        created_at: desk.now(),
        expires_at: desk.now() + SignedDuration::from_hours(24),
        verified_until: Timestamp::UNIX_EPOCH,
        proof_hash: None,
        failures: 0,
    }));
    desk.db().commit(commit).await.unwrap();
    let Checked::Right { proof, .. } = desk.check_birthday(token, BORN).await.unwrap() else {
        panic!("the birthday is right");
    };
    let pass = Pass {
        token,
        proof: Some(proof.expose()),
    };
    assert_eq!(desk.portal_visit(pass).await.unwrap(), None);
    let file = desk.portal_calendar(pass).await;
    assert!(matches!(
        file,
        Err(PortalError::Desk(DeskError::NotFound(_)))
    ));
    assert!(matches!(
        desk.renew_link(token).await,
        Err(PortalError::Expired)
    ));
}

#[on_both_engines]
async fn who_opens_a_link_has_proved_the_address(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let points = linked
        .world
        .reader()
        .contact_points(linked.ana)
        .await
        .unwrap();
    assert!(matches!(points[0].standing, Standing::Verified { .. }));
}

#[on_both_engines]
async fn five_wrong_birthdays_kill_the_link_however_fast_they_come(engine: Engine) {
    let linked = linked(engine).await;
    let mut tries = tokio::task::JoinSet::new();
    for year in 1950..1970 {
        let (desk, token) = (linked.world.desk.clone(), linked.token.clone());
        tries.spawn(async move { desk.check_birthday(&token, date(year, 1, 1)).await });
    }
    for answer in tries.join_all().await {
        let refused = matches!(answer, Ok(Checked::Wrong { .. }) | Err(PortalError::Dead));
        assert!(refused, "{answer:?}");
    }
    let desk = &linked.world.desk;
    let right = desk.check_birthday(&linked.token, BORN).await;
    assert!(
        matches!(right, Err(PortalError::Dead)),
        "the right one comes too late"
    );
    assert!(matches!(
        desk.open_link(linked.pass()).await,
        Err(PortalError::Dead)
    ));
}

#[on_both_engines]
async fn a_right_birthday_forgets_the_wrong_ones(engine: Engine) {
    let linked = linked(engine).await;
    let desk = &linked.world.desk;
    for left in [4, 3, 2, 1] {
        let wrong = desk
            .check_birthday(&linked.token, date(1968, 2, 28))
            .await
            .unwrap();
        assert_eq!(wrong, Checked::Wrong { left });
    }
    linked.verify().await;
    let greeting = desk.open_link(linked.pass()).await.unwrap();
    assert_eq!(greeting.tries_left, 5);
}
