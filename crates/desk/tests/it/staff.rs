//! Members of staff: signing in, staying in, and what ends it.

use jiff::SignedDuration;
use tendon_care::access::{Access, Permission, Role};
use tendon_care::id::{Id, UserId};
use tendon_desk::{
    ABSOLUTE_LIFE, CODE_LIFE, CodeAnswer, DeskError, IDLE_LIFE, NewUser, Secret, SignInAnswer,
};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::World;

const EMAIL: &str = "maria.lopez@example.org";
const PASSWORD: &str = "a quiet morning walk";

async fn world(engine: Engine) -> (World, UserId) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let user = add(&world, EMAIL, Role::FrontDesk).await;
    (world, user)
}

async fn add(world: &World, email: &str, role: Role) -> UserId {
    let new = NewUser {
        email: email.into(),
        name: "Maria Lopez".into(),
        role,
        password: PASSWORD.into(),
    };
    world.desk.add_user(&world.access, &new).await.unwrap()
}

async fn welcome(world: &World) -> Secret {
    match world.desk.sign_in(EMAIL, PASSWORD).await.unwrap() {
        SignInAnswer::Welcome(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn access(world: &World, token: &Secret) -> Option<Access> {
    let found = world.desk.authenticate(token.expose()).await.unwrap();
    found.map(|(access, _)| access)
}

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
    let access = access(world, &welcome(world).await).await.unwrap();
    let shown = world.desk.begin_codes(&access).await.unwrap();
    assert_eq!(
        world.desk.begin_codes(&access).await.unwrap(),
        shown,
        "a page may be loaded twice"
    );
    assert!(!world.desk.prove_codes(&access, "000000").await.unwrap());
    let code = code(world, &shown.secret);
    assert!(world.desk.prove_codes(&access, &code).await.unwrap());
    shown.secret
}

async fn needs_code(world: &World) -> Secret {
    match world.desk.sign_in(EMAIL, PASSWORD).await.unwrap() {
        SignInAnswer::NeedsCode(token) => token,
        other => panic!("{other:?}"),
    }
}

fn field(error: &DeskError) -> &'static str {
    match error {
        DeskError::Invalid { field, .. } => field,
        other => panic!("{other}"),
    }
}

#[on_both_engines]
async fn who_signs_in_acts_under_their_role(engine: Engine) {
    let (world, user) = world(engine).await;
    let token = welcome(&world).await;
    let (access, info) = world
        .desk
        .authenticate(token.expose())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (info.user, info.role, info.has_codes),
        (user, Role::FrontDesk, false)
    );
    assert!(access.require(Permission::EditVisits).is_ok());
    assert!(access.require(Permission::Administer).is_err());
    assert!(world.desk.authenticate("nonsense").await.unwrap().is_none());
    // The address is one in any case and spacing.
    let shouted = world
        .desk
        .sign_in(" Maria.Lopez@EXAMPLE.org ", PASSWORD)
        .await
        .unwrap();
    assert!(matches!(shouted, SignInAnswer::Welcome(_)));
    world.desk.sign_out(token.expose()).await.unwrap();
    assert!(
        world
            .desk
            .authenticate(token.expose())
            .await
            .unwrap()
            .is_none()
    );
    world.desk.sign_out(token.expose()).await.unwrap();
}

#[on_both_engines]
async fn nobody_and_a_wrong_password_are_answered_alike(engine: Engine) {
    let (world, _) = world(engine).await;
    for failures in 1..=12_u32 {
        let known = world.desk.sign_in(EMAIL, "not the password").await.unwrap();
        let nobody = world
            .desk
            .sign_in("nobody@example.org", "not the password")
            .await
            .unwrap();
        assert_eq!(known, nobody, "after {failures}");
        if failures == 4 {
            assert_eq!(known, SignInAnswer::Wrong);
        }
        if failures == 5 {
            let until = world.desk.now() + SignedDuration::from_mins(1);
            assert_eq!(known, SignInAnswer::Locked { until });
        }
    }
}

#[on_both_engines]
async fn failures_shut_the_account_for_longer_and_longer(engine: Engine) {
    let (world, _) = world(engine).await;
    for _ in 0..4 {
        let answer = world
            .desk
            .sign_in(EMAIL, "wrong wrong wrong")
            .await
            .unwrap();
        assert_eq!(answer, SignInAnswer::Wrong);
    }
    for minutes in [1, 5, 15, 60, 60] {
        let answer = world
            .desk
            .sign_in(EMAIL, "wrong wrong wrong")
            .await
            .unwrap();
        let until = world.desk.now() + SignedDuration::from_mins(minutes);
        assert_eq!(answer, SignInAnswer::Locked { until });
        let right = world.desk.sign_in(EMAIL, PASSWORD).await.unwrap();
        assert_eq!(
            right,
            SignInAnswer::Locked { until },
            "the right one does not open it"
        );
        world.wait_for(SignedDuration::from_mins(minutes));
    }
    welcome(&world).await;
    // A success forgets the failures.
    for _ in 0..4 {
        let answer = world
            .desk
            .sign_in(EMAIL, "wrong wrong wrong")
            .await
            .unwrap();
        assert_eq!(answer, SignInAnswer::Wrong);
    }
}

#[on_both_engines]
async fn guessing_side_by_side_gains_nothing(engine: Engine) {
    let (world, _) = world(engine).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let desk = world.desk.clone();
        tries.spawn(async move { desk.sign_in(EMAIL, "wrong wrong wrong").await.unwrap() });
    }
    let answers = tries.join_all().await;
    let wrong = answers
        .iter()
        .filter(|answer| **answer == SignInAnswer::Wrong)
        .count();
    assert_eq!(wrong, 4, "{answers:?}");
}

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
    assert!(desk.is_own_password(&own, PASSWORD).await.unwrap());
    assert!(!desk.is_own_password(&own, "another one").await.unwrap());
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

#[on_both_engines]
async fn a_one_time_link_signs_in_once_and_comes_from_the_command_line_only(engine: Engine) {
    let (world, user) = world(engine).await;
    let life = SignedDuration::from_mins(10);
    let link = world
        .desk
        .make_sign_in_link(&world.access, user, life)
        .await
        .unwrap();
    let answer = world.desk.use_sign_in_link(link.expose()).await.unwrap();
    assert!(matches!(answer, SignInAnswer::Welcome(_)));
    for token in [link.expose(), "nonsense"] {
        let again = world.desk.use_sign_in_link(token).await.unwrap();
        assert_eq!(again, SignInAnswer::Wrong);
    }
    let late = world
        .desk
        .make_sign_in_link(&world.access, user, life)
        .await
        .unwrap();
    world.wait_for(life);
    assert_eq!(
        world.desk.use_sign_in_link(late.expose()).await.unwrap(),
        SignInAnswer::Wrong
    );
    let admin = add(&world, "boss@example.org", Role::Admin).await;
    let signed_in = world.access_of(admin, Role::Admin);
    let refused = world.desk.make_sign_in_link(&signed_in, user, life).await;
    assert!(matches!(refused, Err(DeskError::Denied(_))));
    let long = SignedDuration::from_hours(25);
    let refused = world
        .desk
        .make_sign_in_link(&world.access, user, long)
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "life");
}

#[on_both_engines]
async fn bearer_tokens_are_shown_once_and_end_at_once(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let made = world
        .desk
        .add_token(&world.access, "nightly feed", Role::Integration)
        .await
        .unwrap();
    assert!(made.secret.expose().starts_with("tok_"));
    assert_ne!(made.secret.expose(), made.id.to_string());
    let (access, info) = world
        .desk
        .authenticate_bearer(made.secret.expose())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((info.id, info.name.as_str()), (made.id, "nightly feed"));
    assert!(access.require(Permission::Import).is_ok());
    let refused = world.desk.add_token(&access, "another", Role::Admin).await;
    assert!(
        matches!(refused, Err(DeskError::Denied(_))),
        "no token makes a stronger one"
    );
    world
        .desk
        .revoke_token(&world.access, made.id)
        .await
        .unwrap();
    assert!(
        world
            .desk
            .authenticate_bearer(made.secret.expose())
            .await
            .unwrap()
            .is_none()
    );
    let twice = world.desk.revoke_token(&world.access, made.id).await;
    assert!(matches!(twice, Err(DeskError::Stale(_))));
    let listed = world.desk.tokens(&world.access).await.unwrap();
    assert!(listed[0].revoked_at.is_some());
}

#[on_both_engines]
async fn what_makes_no_user_is_refused_by_field(engine: Engine) {
    let (world, user) = world(engine).await;
    let good = NewUser {
        email: "new@example.org".into(),
        name: "New".into(),
        role: Role::Biller,
        password: PASSWORD.into(),
    };
    let bad = [
        (
            "email",
            NewUser {
                email: "nobody".into(),
                ..good.clone()
            },
        ),
        (
            "email",
            NewUser {
                email: EMAIL.to_uppercase(),
                ..good.clone()
            },
        ),
        (
            "name",
            NewUser {
                name: "  ".into(),
                ..good.clone()
            },
        ),
        (
            "password",
            NewUser {
                password: "short".into(),
                ..good.clone()
            },
        ),
        (
            "password",
            NewUser {
                password: "new@example.org".into(),
                ..good.clone()
            },
        ),
    ];
    for (wanted, new) in bad {
        let refused = world.desk.add_user(&world.access, &new).await.unwrap_err();
        assert_eq!(field(&refused), wanted, "{refused}");
    }
    let front_desk = world.access_of(user, Role::FrontDesk);
    let denied = world.desk.add_user(&front_desk, &good).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
    let denied = world.desk.users(&front_desk).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
    let stranger = UserId::from_parts(world.desk.now(), [9; 10]);
    let unknown = world
        .desk
        .set_role(&world.access, stranger, Role::Admin)
        .await;
    assert!(matches!(unknown, Err(DeskError::NotFound("user"))));
}

#[on_both_engines]
async fn the_last_administrator_stays(engine: Engine) {
    let (world, _) = world(engine).await;
    let admin = add(&world, "boss@example.org", Role::Admin).await;
    for refused in [
        world
            .desk
            .set_role(&world.access, admin, Role::Manager)
            .await,
        world.desk.set_disabled(&world.access, admin, true).await,
    ] {
        assert_eq!(field(&refused.unwrap_err()), "role");
    }
    let second = add(&world, "second@example.org", Role::Admin).await;
    world
        .desk
        .set_disabled(&world.access, admin, true)
        .await
        .unwrap();
    let refused = world
        .desk
        .set_role(&world.access, second, Role::Manager)
        .await;
    assert_eq!(
        field(&refused.unwrap_err()),
        "role",
        "a barred one does not count"
    );
}

#[on_both_engines]
async fn signing_in_and_failing_are_in_the_audit_trail(engine: Engine) {
    let (world, _) = world(engine).await;
    world
        .desk
        .sign_in(EMAIL, "wrong wrong wrong")
        .await
        .unwrap();
    let token = welcome(&world).await;
    world.desk.sign_out(token.expose()).await.unwrap();
    let trail = world
        .reader()
        .audit_page(None, "", "", None, 50)
        .await
        .unwrap();
    let entities: Vec<_> = trail.iter().map(|line| line.entity.as_str()).collect();
    for wanted in ["sign_in_refused", "sign_in", "sign_out"] {
        assert!(entities.contains(&wanted), "{entities:?}");
    }
}
