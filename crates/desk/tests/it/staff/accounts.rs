//! Accounts: how they are made, one-time links and tokens.

use jiff::SignedDuration;
use tendon_care::access::{Permission, Role};
use tendon_care::id::{Id, UserId};
use tendon_desk::{DeskError, NewUser, SignInAnswer};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{EMAIL, PASSWORD, add, world};
use crate::world::{World, field};

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
