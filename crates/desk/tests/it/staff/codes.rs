//! The second factor: codes of an app.

use jiff::SignedDuration;
use tendon_desk::{CODE_LIFE, CodeAnswer, DeskError, Secret, SignInAnswer};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{EMAIL, PASSWORD, access, welcome, world};
use crate::world::World;

/// Decodes base32, as an authenticator app does.
fn decoded(base32: &str) -> [u8; 20] {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in base32.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    bytes.try_into().unwrap()
}

/// What the app shows now.
fn code(world: &World, secret: &str) -> String {
    let totp = totp_rs::Builder::new()
        .with_secret(decoded(secret))
        .build()
        .unwrap();
    totp.generate(u64::try_from(world.desk.now().as_second()).unwrap())
        .to_string()
}

/// Sets codes up and returns the secret that the app holds.
async fn enrol(world: &World) -> String {
    let token = welcome(world).await;
    let shown = world.desk.begin_codes(token.expose()).await.unwrap();
    assert_eq!(
        world.desk.begin_codes(token.expose()).await.unwrap(),
        shown,
        "a page may be loaded twice"
    );
    let prove = async |code: &str| world.desk.prove_codes(token.expose(), code).await.unwrap();
    assert_eq!(prove("000000").await, None);
    let fresh = prove(&code(world, &shown.secret)).await.unwrap();
    assert!(access(world, &token).await.is_none(), "the session ended");
    assert!(access(world, &fresh).await.is_some(), "and another began");
    shown.secret
}

#[on_both_engines]
async fn who_else_knows_the_password_gains_nothing_by_it(engine: Engine) {
    let (world, _) = world(engine).await;
    let (intruder, owner) = (welcome(&world).await, welcome(&world).await);
    let seen = world.desk.begin_codes(intruder.expose()).await.unwrap();
    let shown = world.desk.begin_codes(owner.expose()).await.unwrap();
    assert_ne!(seen, shown, "each session has its own key");
    let stolen = world
        .desk
        .prove_codes(owner.expose(), &code(&world, &seen.secret))
        .await
        .unwrap();
    assert_eq!(stolen, None, "another session's key is none here");
    let proven = world
        .desk
        .prove_codes(owner.expose(), &code(&world, &shown.secret))
        .await
        .unwrap();
    assert!(proven.is_some());
    assert!(access(&world, &intruder).await.is_none());
    let late = world
        .desk
        .prove_codes(intruder.expose(), &code(&world, &seen.secret))
        .await;
    assert!(matches!(late, Err(DeskError::NotFound(_))), "{late:?}");
}

async fn needs_code(world: &World) -> Secret {
    match world.desk.sign_in(EMAIL, PASSWORD).await.unwrap() {
        SignInAnswer::NeedsCode(token) => token,
        other => panic!("{other:?}"),
    }
}

#[on_both_engines]
async fn codes_work_once_and_complete_the_session(engine: Engine) {
    let (world, user) = world(engine).await;
    let secret = enrol(&world).await;
    world.wait_for(SignedDuration::from_secs(30));
    let half = needs_code(&world).await;
    assert!(
        access(&world, &half).await.is_none(),
        "half a session opens nothing"
    );
    let shown = code(&world, &secret);
    let CodeAnswer::Welcome(token) = world
        .desk
        .second_factor(half.expose(), &shown)
        .await
        .unwrap()
    else {
        panic!("the code is right");
    };
    assert_ne!(token, half);
    let (_, info) = world
        .desk
        .authenticate(token.expose())
        .await
        .unwrap()
        .unwrap();
    assert!(info.has_codes);
    let gone = world
        .desk
        .second_factor(half.expose(), &shown)
        .await
        .unwrap();
    assert_eq!(
        gone,
        CodeAnswer::Gone,
        "the first token is worth nothing now"
    );
    // Looked at over a shoulder and typed again elsewhere: too late.
    let other = needs_code(&world).await;
    let replay = world
        .desk
        .second_factor(other.expose(), &shown)
        .await
        .unwrap();
    assert_eq!(replay, CodeAnswer::Wrong);
    world.wait_for(SignedDuration::from_secs(30));
    let next = world
        .desk
        .second_factor(other.expose(), &code(&world, &secret))
        .await
        .unwrap();
    assert!(matches!(next, CodeAnswer::Welcome(_)));
    world.desk.remove_codes(&world.access, user).await.unwrap();
    welcome(&world).await;
}

#[on_both_engines]
async fn the_code_that_proved_the_app_does_not_sign_in(engine: Engine) {
    let (world, _) = world(engine).await;
    let secret = enrol(&world).await;
    let half = needs_code(&world).await;
    let replay = world
        .desk
        .second_factor(half.expose(), &code(&world, &secret))
        .await
        .unwrap();
    assert_eq!(replay, CodeAnswer::Wrong);
}

#[on_both_engines]
async fn codes_cannot_be_guessed_by_who_knows_the_password(engine: Engine) {
    let (world, _) = world(engine).await;
    enrol(&world).await;
    for _ in 0..4 {
        let half = needs_code(&world).await;
        let wrong = world
            .desk
            .second_factor(half.expose(), "000000")
            .await
            .unwrap();
        assert_eq!(wrong, CodeAnswer::Wrong);
    }
    let half = needs_code(&world).await;
    let fifth = world
        .desk
        .second_factor(half.expose(), "000000")
        .await
        .unwrap();
    let until = world.desk.now() + SignedDuration::from_mins(1);
    assert_eq!(
        fifth,
        CodeAnswer::Locked { until },
        "the password did not start the count anew"
    );
    assert_eq!(
        world.desk.sign_in(EMAIL, PASSWORD).await.unwrap(),
        SignInAnswer::Locked { until }
    );
    world.wait_for(CODE_LIFE);
    let late = world
        .desk
        .second_factor(half.expose(), "000000")
        .await
        .unwrap();
    assert_eq!(late, CodeAnswer::Gone);
}
