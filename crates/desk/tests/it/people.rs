//! What staff change about a patient, and what follows by itself.

use jiff::SignedDuration;
use jiff::civil::date;
use tendon_care::access::Role;
use tendon_care::appointment::VisitState;
use tendon_care::consent::Basis;
use tendon_care::contact::{Address, Line, Owner, Phone, Standing};
use tendon_care::id::{Id, PatientId, UserId};
use tendon_care::language::Language;
use tendon_care::patient::{Authority, Life, Patient, Region, Relation};
use tendon_care::person::PersonName;
use tendon_care::purpose::{Purpose, Purposes};
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Via;
use tendon_desk::{
    DeskError, Given, NewContact, NewProxy, PatientEdit, Proof, ProxyAct, TakenBack, VisitAct,
};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::World;

const PHONE: &str = "312-555-0142";

async fn world(engine: Engine) -> (World, PatientId) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    (world, ana)
}

async fn stored(world: &World, patient: PatientId) -> Patient {
    world
        .reader()
        .patient(patient)
        .await
        .unwrap()
        .unwrap()
        .value
}

fn field(error: &DeskError) -> &'static str {
    match error {
        DeskError::Invalid { field, .. } => field,
        other => panic!("{other}"),
    }
}

fn mobile(number: &str, owner: Owner) -> NewContact {
    NewContact {
        address: Address::Phone(Phone::parse(number).unwrap()),
        line: Line::Mobile,
        owner,
    }
}

#[on_both_engines]
async fn a_record_is_changed_field_by_field_and_nonsense_is_named(engine: Engine) {
    let (world, ana) = world(engine).await;
    let desk = &world.desk;
    let edit = PatientEdit {
        name: Some(PersonName::parse("Morales-Ruiz", "Ana").unwrap()),
        language: Some(Language::Spanish),
        time_zone: Some(Some("America/Denver".into())),
        region: Some(Region {
            state: Some("co".into()),
            zip: Some("80202".into()),
        }),
        birth_date: Some(Some(date(1968, 3, 1))),
        ..PatientEdit::default()
    };
    desk.edit_patient(&world.access, ana, &edit).await.unwrap();
    let after = stored(&world, ana).await;
    assert_eq!(after.name.family(), "Morales-Ruiz");
    assert_eq!(after.region.state.as_deref(), Some("CO"));
    assert_eq!(after.birth_date, Some(date(1968, 3, 1)));
    let none = PatientEdit::default;
    let lives = |state: Option<&str>, zip: Option<&str>| PatientEdit {
        region: Some(Region {
            state: state.map(str::to_owned),
            zip: zip.map(str::to_owned),
        }),
        ..none()
    };
    let bad = [
        (
            "birth_date",
            PatientEdit {
                birth_date: Some(Some(date(2026, 11, 3))),
                ..none()
            },
        ),
        (
            "birth_date",
            PatientEdit {
                birth_date: Some(Some(date(1850, 1, 1))),
                ..none()
            },
        ),
        (
            "time_zone",
            PatientEdit {
                time_zone: Some(Some("Mars/Olympus".into())),
                ..none()
            },
        ),
        ("state", lives(Some("Ill"), None)),
        ("state", lives(Some("ZZ"), None)),
        ("zip", lives(None, Some("606"))),
    ];
    for (wanted, edit) in bad {
        let refused = desk
            .edit_patient(&world.access, ana, &edit)
            .await
            .unwrap_err();
        assert_eq!(field(&refused), wanted, "{refused}");
    }
    let old = PatientEdit {
        seen: Some(1),
        ..edit
    };
    let stale = desk.edit_patient(&world.access, ana, &old).await;
    assert!(matches!(stale, Err(DeskError::Stale(_))));
    let biller = world.access_of(UserId::from_parts(desk.now(), [8; 10]), Role::Biller);
    let denied = desk.edit_patient(&biller, ana, &none()).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}

#[on_both_engines]
async fn addresses_are_added_preferred_verified_and_removed(engine: Engine) {
    let (world, ana) = world(engine).await;
    let desk = &world.desk;
    let ben = world.patient("Ben", "312-555-0143").await;
    let new = mobile("312-555-0143", Owner::Patient);
    desk.add_contact(&world.access, ana, &new).await.unwrap();
    let twice = desk.add_contact(&world.access, ana, &new).await;
    assert!(matches!(twice, Err(DeskError::Stale(_))));
    let points = world.reader().contact_points(ana).await.unwrap();
    assert_eq!((points.len(), points[1].shared), (2, true));
    assert!(world.reader().contact_points(ben).await.unwrap()[0].shared);
    let second = points[1].id;
    desk.prefer_contact(&world.access, ana, second)
        .await
        .unwrap();
    desk.verify_contact(&world.access, ana, second)
        .await
        .unwrap();
    let points = world.reader().contact_points(ana).await.unwrap();
    assert_eq!(points[0].id, second);
    assert!(matches!(points[0].standing, Standing::Verified { .. }));
    desk.remove_contact(&world.access, ana, second)
        .await
        .unwrap();
    let points = world.reader().contact_points(ben).await.unwrap();
    assert!(!points[0].shared, "nobody else has it any more");
    let gone = desk.verify_contact(&world.access, ana, second).await;
    assert!(matches!(gone, Err(DeskError::NotFound("contact"))));
}

#[on_both_engines]
async fn consent_that_staff_write_down_counts_at_once(engine: Engine) {
    let (world, ana) = world(engine).await;
    let desk = &world.desk;
    let point = world.reader().contact_points(ana).await.unwrap()[0].id;
    world.book(ana, "2026-11-24T08:40").await;
    let taken = TakenBack {
        purposes: Some(Purposes::default().with(Purpose::Care)),
        channel: None,
        proof: Proof::Note("said so at the desk".into()),
    };
    desk.revoke_consent(&world.access, ana, point, &taken)
        .await
        .unwrap();
    world.run_until("2026-11-24T09:00").await;
    assert_eq!(world.story(), "");
    let given = Given {
        purpose: Purpose::Care,
        channel: None,
        basis: Basis::Form,
        wording_version: "3".into(),
        warning_version: Some("1".into()),
        proof: Proof::Form("form of 24 November".into()),
    };
    desk.grant_consent(&world.access, ana, point, &given)
        .await
        .unwrap();
    world.book(ana, "2026-11-27T08:40").await;
    world.run_until("2026-11-27T09:00").await;
    assert!(world.story().contains("Fri Nov 27"), "{}", world.story());
    let bad = [
        (
            "basis",
            Given {
                basis: Basis::Keyword,
                ..given.clone()
            },
        ),
        (
            "wording_version",
            Given {
                wording_version: " ".into(),
                ..given.clone()
            },
        ),
        (
            "evidence",
            Given {
                proof: Proof::Recording(String::new()),
                ..given.clone()
            },
        ),
    ];
    for (wanted, given) in bad {
        let refused = desk
            .grant_consent(&world.access, ana, point, &given)
            .await
            .unwrap_err();
        assert_eq!(field(&refused), wanted);
    }
    let nothing = TakenBack {
        purposes: Some(Purposes::default()),
        ..taken
    };
    let refused = desk
        .revoke_consent(&world.access, ana, point, &nothing)
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "purposes");
}

#[on_both_engines]
async fn a_death_ends_everything_in_one_commit_and_a_mistake_can_be_mended(engine: Engine) {
    let (world, ana) = world(engine).await;
    let desk = &world.desk;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    desk.on_visit(&world.access, visit, VisitAct::AskToMove, Via::Staff)
        .await
        .unwrap();
    desk.record_death(&world.access, ana).await.unwrap();
    desk.record_death(&world.access, ana).await.unwrap();
    assert!(matches!(
        stored(&world, ana).await.life,
        Life::Deceased { .. }
    ));
    let tasks = world.reader().tasks_of(ana).await.unwrap();
    assert!(
        tasks.iter().all(|task| task.state != TaskState::Open),
        "{tasks:?}"
    );
    let off = world.reader().appointment(visit).await.unwrap().unwrap();
    assert!(
        matches!(off.state, VisitState::Cancelled { .. }),
        "nobody calls to remind"
    );
    assert_eq!(
        world.desk.planned(&world.access, ana, 30).await.unwrap(),
        []
    );
    world.run_until("2026-12-24T09:00").await;
    assert_eq!(world.story(), "");
    desk.undo_death(&world.access, ana).await.unwrap();
    let twice = desk.undo_death(&world.access, ana).await;
    assert!(matches!(twice, Err(DeskError::Stale(_))));
    world.book(ana, "2026-12-28T08:40").await;
    world.run_until("2026-12-28T09:00").await;
    assert!(world.story().contains("Mon Dec 28"), "{}", world.story());
}

#[on_both_engines]
async fn a_pause_drops_what_is_automatic_until_it_ends(engine: Engine) {
    let (world, ana) = world(engine).await;
    world.book(ana, "2026-11-24T08:40").await;
    world.desk.pause(&world.access, ana, true).await.unwrap();
    world.desk.pause(&world.access, ana, true).await.unwrap();
    world.run_until("2026-11-24T09:00").await;
    assert_eq!(world.story(), "");
    world.desk.pause(&world.access, ana, false).await.unwrap();
    world.book(ana, "2026-11-27T08:40").await;
    world.run_until("2026-11-27T09:00").await;
    assert!(world.story().contains("Fri Nov 27"), "{}", world.story());
}

#[on_both_engines]
async fn a_forbidden_contact_beats_everything(engine: Engine) {
    let (world, ana) = world(engine).await;
    let desk = &world.desk;
    let new = NewProxy {
        name: PersonName::parse("Morales", "Rosa").unwrap(),
        relation: Relation::Guardian,
    };
    let rosa = desk.add_proxy(&world.access, ana, &new).await.unwrap();
    let act = async |act| desk.on_proxy(&world.access, ana, rosa, act).await;
    let authority = || async { stored(&world, ana).await.proxies[0].authority };
    assert_eq!(authority().await, Authority::Unverified);
    act(ProxyAct::Verify).await.unwrap();
    act(ProxyAct::Suspend).await.unwrap();
    assert!(matches!(authority().await, Authority::Suspended { .. }));
    let allowed = act(ProxyAct::AllowContact).await;
    assert!(matches!(allowed, Err(DeskError::Stale(_))));
    act(ProxyAct::ForbidContact).await.unwrap();
    for refused in [ProxyAct::Verify, ProxyAct::Suspend] {
        assert!(
            matches!(act(refused).await, Err(DeskError::Stale(_))),
            "{refused:?}"
        );
    }
    act(ProxyAct::AllowContact).await.unwrap();
    assert_eq!(
        authority().await,
        Authority::Unverified,
        "to be verified anew"
    );
}

#[on_both_engines]
async fn at_eighteen_a_childs_representative_is_suspended_and_an_adults_stays(engine: Engine) {
    let (world, child) = world(engine).await;
    let adult = world.patient("Ben", "312-555-0143").await;
    let desk = &world.desk;
    let born = PatientEdit {
        birth_date: Some(Some(date(2008, 11, 10))),
        ..PatientEdit::default()
    };
    desk.edit_patient(&world.access, child, &born)
        .await
        .unwrap();
    for patient in [child, adult] {
        let new = NewProxy {
            name: PersonName::parse("Morales", "Rosa").unwrap(),
            relation: Relation::HealthAgent,
        };
        let proxy = desk.add_proxy(&world.access, patient, &new).await.unwrap();
        desk.on_proxy(&world.access, patient, proxy, ProxyAct::Verify)
            .await
            .unwrap();
    }
    let practice = world.access.practice;
    world.run_until("2026-11-09T23:59").await;
    assert_eq!(
        desk.come_of_age(practice).await.unwrap(),
        0,
        "the day before"
    );
    world.wait_for(SignedDuration::from_mins(1));
    assert_eq!(desk.come_of_age(practice).await.unwrap(), 1);
    assert_eq!(desk.come_of_age(practice).await.unwrap(), 0, "once");
    let grown = stored(&world, child).await;
    assert!(matches!(
        grown.proxies[0].authority,
        Authority::Suspended { .. }
    ));
    let other = stored(&world, adult).await;
    assert!(matches!(
        other.proxies[0].authority,
        Authority::Verified { .. }
    ));
    let tasks = world.reader().tasks_of(child).await.unwrap();
    assert_eq!(
        tasks.iter().map(|task| task.kind).collect::<Vec<_>>(),
        [TaskKind::Call]
    );
}
