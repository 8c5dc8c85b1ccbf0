//! Members of staff: signing in, and what is told of it.

mod accounts;
mod codes;
mod sessions;

use jiff::SignedDuration;
use tendon_care::access::{Access, Permission, Role};
use tendon_care::id::UserId;
use tendon_desk::{NewUser, Secret, SignInAnswer};
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
async fn signing_in_and_failing_are_in_the_audit_trail(engine: Engine) {
    let (world, _) = world(engine).await;
    world
        .desk
        .sign_in(EMAIL, "wrong wrong wrong")
        .await
        .unwrap();
    let token = welcome(&world).await;
    world.desk.sign_out(token.expose()).await.unwrap();
    let trail = world.audit().await;
    let entities: Vec<_> = trail.iter().map(|line| line.entity.as_str()).collect();
    for wanted in ["sign_in_refused", "sign_in", "sign_out"] {
        assert!(entities.contains(&wanted), "{entities:?}");
    }
}
