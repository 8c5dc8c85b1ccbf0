//! What a practice sets for itself: journeys and wording.

use tendon_care::access::{Access, Actor, Role};
use tendon_care::language::Language;
use tendon_care::practice::Practice;
use tendon_desk::wording::Part;
use tendon_desk::{DeskError, OwnWords, WordsSaved};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, field};

#[on_both_engines]
async fn a_journey_that_is_off_takes_nobody_new(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    world
        .desk
        .switch_journey(&world.access, "visit-reminder", false)
        .await
        .unwrap();
    world.book(ana, "2026-11-24T08:40").await;
    assert_eq!(world.ahead(ana).await, []);
    world
        .desk
        .switch_journey(&world.access, "visit-reminder", true)
        .await
        .unwrap();
    world.book(ana, "2026-11-25T08:40").await;
    assert!(!world.ahead(ana).await.is_empty());
    let unknown = world
        .desk
        .switch_journey(&world.access, "no-such", true)
        .await;
    assert!(matches!(unknown, Err(DeskError::NotFound("journey"))));
}

#[on_both_engines]
async fn own_words_are_checked_versioned_and_used(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let own = |source: &str, seen| OwnWords {
        name: "visit-reminder-1-day".into(),
        language: Language::English,
        part: Part::Sms,
        source: source.into(),
        seen,
    };
    let words = "{{ clinic }}: see you {{ when }}. Reply 1 to confirm, 2 to move, 3 can't come.";
    let save = async |own: OwnWords| world.desk.save_words(&world.access, &own).await;
    let refused = save(own("{{ clinic }}: your knee is due {{ when }}.", 0))
        .await
        .unwrap();
    assert!(matches!(refused, WordsSaved::Refused(_)), "{refused:?}");
    let saved = save(own(words, 0)).await.unwrap();
    assert_eq!(saved, WordsSaved::Saved { version: 1 });
    let stale = save(own(words, 0)).await;
    assert!(matches!(stale, Err(DeskError::Stale(_))));
    assert_eq!(
        save(own(words, 1)).await.unwrap(),
        WordsSaved::Saved { version: 2 }
    );
    world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-24T08:00").await;
    assert!(
        world.story().contains("Riverside PT: see you "),
        "{}",
        world.story()
    );
}

#[on_both_engines]
async fn a_name_on_every_lock_screen_tells_nothing(engine: Engine) {
    let (world, _) = World::with_ana(engine).await;
    let mut practice = world.reader().practice().await.unwrap().unwrap();
    practice.name = "Riverside Pelvic Health".into();
    let refused = world
        .desk
        .put_practice(&world.access, &practice)
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "name");
    practice.name = "Riverside Clinic".into();
    world
        .desk
        .put_practice(&world.access, &practice)
        .await
        .unwrap();
    let house = world.desk.house(world.access.practice).await.unwrap();
    assert_eq!(house.practice.name, "Riverside Clinic");
}

fn practice(world: &World, name: &str, state: Option<&str>) -> Practice {
    Practice {
        id: world.desk.mint().id(),
        name: name.into(),
        time_zone: jiff::tz::TimeZone::get("America/Chicago").unwrap(),
        state: state.map(str::to_owned),
        phone: None,
    }
}

#[on_both_engines]
async fn a_practice_begins_whole_or_not_at_all(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    for (wrong, named) in [
        (practice(&world, " ", None), "name"),
        (practice(&world, "Hill Pelvic Health", None), "name"),
        (practice(&world, "Hill PT", Some("Florida")), "state"),
        (practice(&world, "Hill PT", Some("ZZ")), "state"),
    ] {
        let refused = world.desk.open_practice(&wrong).await.unwrap_err();
        assert_eq!(field(&refused), named);
    }
    assert_eq!(world.desk.db().practices().await.unwrap().len(), 1);
    let hill = practice(&world, " Hill  PT ", Some("fl"));
    world.desk.open_practice(&hill).await.unwrap();
    let access = Access::system(hill.id, "test");
    let reader = world.desk.db().reader(&access);
    let stored = reader.practice().await.unwrap().unwrap();
    assert_eq!(
        (stored.name.as_str(), stored.state.as_deref()),
        ("Hill PT", Some("FL"))
    );
    assert!(!reader.journey_definitions().await.unwrap().is_empty());
    // Again under the same id: nothing of the second try is left.
    assert!(world.desk.open_practice(&hill).await.is_err());
    assert_eq!(world.desk.db().practices().await.unwrap().len(), 2);
}

#[on_both_engines]
async fn numbers_for_texts_are_set_by_who_administers(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let desk = &world.desk;
    assert_eq!(desk.text_numbers(&world.access).await.unwrap(), "");
    desk.put_text_numbers(&world.access, "312-555-0100, 55123")
        .await
        .unwrap();
    let kept = desk.text_numbers(&world.access).await.unwrap();
    assert_eq!(kept, "+13125550100, 55123");
    let refused = desk.put_text_numbers(&world.access, "the desk").await;
    assert_eq!(field(&refused.unwrap_err()), "numbers");
    let mut manager = world.access.clone();
    manager.actor = Actor::User {
        id: desk.mint().id(),
        role: Role::Manager,
    };
    let denied = desk.put_text_numbers(&manager, "").await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}
