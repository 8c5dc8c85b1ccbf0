//! How long somebody stays signed in, and what ends it.

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_desk::{ABSOLUTE_LIFE, DeskError, IDLE_LIFE, PasswordAnswer, SignInAnswer};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{EMAIL, PASSWORD, access, welcome, world};

#[on_both_engines]
async fn a_session_ends_when_unused_and_at_the_end_of_the_day(engine: Engine) {
    let (world, _) = world(engine).await;
    let token = welcome(&world).await;
    world.wait_for(IDLE_LIFE - SignedDuration::from_secs(1));
    assert!(access(&world, &token).await.is_some());
    world.wait_for(IDLE_LIFE - SignedDuration::from_secs(1));
    assert!(access(&world, &token).await.is_some(), "use keeps it alive");
    world.wait_for(IDLE_LIFE);
    assert!(access(&world, &token).await.is_none());
    let token = welcome(&world).await;
    let quarter = IDLE_LIFE - SignedDuration::from_secs(60);
    let mut used = SignedDuration::ZERO;
    while used + quarter < ABSOLUTE_LIFE {
        world.wait_for(quarter);
        used += quarter;
        assert!(access(&world, &token).await.is_some());
    }
    world.wait_for(ABSOLUTE_LIFE - used);
    assert!(
        access(&world, &token).await.is_none(),
        "a working day is over"
    );
}

#[on_both_engines]
async fn a_page_that_reloads_itself_keeps_nobody_signed_in(engine: Engine) {
    let (world, _) = world(engine).await;
    let token = welcome(&world).await;
    for _ in 0..2 {
        world.wait_for(IDLE_LIFE / 2 - SignedDuration::from_secs(1));
        let seen = world
            .desk
            .authenticate_asleep(token.expose())
            .await
            .unwrap();
        assert!(seen.is_some());
    }
    world.wait_for(SignedDuration::from_secs(2));
    let gone = world
        .desk
        .authenticate_asleep(token.expose())
        .await
        .unwrap();
    assert!(gone.is_none(), "looking is no use of a session");
}

#[on_both_engines]
async fn a_password_a_role_and_a_bar_end_every_session(engine: Engine) {
    let (world, user) = world(engine).await;
    let desk = &world.desk;
    let token = welcome(&world).await;
    desk.set_role(&world.access, user, Role::Therapist)
        .await
        .unwrap();
    assert!(access(&world, &token).await.is_none());
    let token = welcome(&world).await;
    let own = access(&world, &token).await.unwrap();
    desk.set_password(&own, user, "an even quieter walk")
        .await
        .unwrap();
    assert!(access(&world, &token).await.is_none());
    assert_eq!(
        desk.sign_in(EMAIL, PASSWORD).await.unwrap(),
        SignInAnswer::Wrong
    );
    let SignInAnswer::Welcome(token) = desk.sign_in(EMAIL, "an even quieter walk").await.unwrap()
    else {
        panic!("the new password works");
    };
    desk.set_disabled(&world.access, user, true).await.unwrap();
    assert!(access(&world, &token).await.is_none());
    let barred = desk.sign_in(EMAIL, "an even quieter walk").await.unwrap();
    assert_eq!(barred, SignInAnswer::Wrong);
    desk.set_disabled(&world.access, user, false).await.unwrap();
    let again = desk.sign_in(EMAIL, "an even quieter walk").await.unwrap();
    assert!(matches!(again, SignInAnswer::Welcome(_)));
}

#[on_both_engines]
async fn ones_own_password_is_changed_by_who_knows_it(engine: Engine) {
    let (world, _) = world(engine).await;
    let desk = &world.desk;
    let token = welcome(&world).await;
    let own = access(&world, &token).await.unwrap();
    let new = "an even quieter walk";
    for (taken, field) in [("short", "password"), (PASSWORD, "password")] {
        let refused = desk.change_own_password(&own, PASSWORD, taken).await;
        assert!(
            matches!(refused, Err(DeskError::Invalid { field: at, .. }) if at == field),
            "{refused:?}"
        );
    }
    assert!(access(&world, &token).await.is_some());
    let changed = desk.change_own_password(&own, PASSWORD, new).await.unwrap();
    assert_eq!(changed, PasswordAnswer::Changed);
    assert!(access(&world, &token).await.is_none());
    let by_old = desk.sign_in(EMAIL, PASSWORD).await.unwrap();
    assert_eq!(by_old, SignInAnswer::Wrong);
    let by_new = desk.sign_in(EMAIL, new).await.unwrap();
    assert!(matches!(by_new, SignInAnswer::Welcome(_)));
}

#[on_both_engines]
async fn guesses_in_an_open_browser_lock_as_they_do_at_the_door(engine: Engine) {
    let (world, _) = world(engine).await;
    let desk = &world.desk;
    let own = access(&world, &welcome(&world).await).await.unwrap();
    let guess = async |present| {
        let answer = desk.change_own_password(&own, present, "an even quieter walk");
        answer.await.unwrap()
    };
    let mut wrong = 0;
    while guess("not the password").await == PasswordAnswer::Wrong {
        wrong += 1;
        assert!(wrong < 20, "nothing locks");
    }
    assert!(wrong > 2, "a slip of the finger is forgiven");
    let right = guess(PASSWORD).await;
    assert!(matches!(right, PasswordAnswer::Locked { .. }), "{right:?}");
    let at_the_door = desk.sign_in(EMAIL, PASSWORD).await.unwrap();
    assert!(matches!(at_the_door, SignInAnswer::Locked { .. }));
}
