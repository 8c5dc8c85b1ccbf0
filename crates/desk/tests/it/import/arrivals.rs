//! In which order things come, and what happens to those that come too early.

use tendon_desk::import::{ImportOptions, News};
use tendon_exchange::fhir;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::{
    ANA, BO, NOW, book_of, encounter, export, feed, import_fhir, import_hl7, message, observation,
    patient_of, visit,
};
use crate::world::World;

#[on_both_engines]
async fn the_order_of_arrival_does_not_matter(engine: Engine) {
    let mut drawn = Vec::new();
    for turn in 0..7 {
        let world = World::open(engine, NOW).await;
        let mut export = export();
        export.rotate_left(turn);
        if turn % 2 == 1 {
            export.reverse();
        }
        let told = import_fhir(&world, &export).await;
        assert_eq!(told.of("document"), [2, 0, 0, 0], "{:?}", told.words());
        let patient = patient_of(&world, "8").await;
        let reader = world.desk.db().reader(&world.access);
        let episodes = reader.episodes(patient.id).await.unwrap();
        let mut states: Vec<_> = episodes.iter().map(|one| one.state.clone()).collect();
        states.sort_by_key(|state| format!("{state:?}"));
        drawn.push((book_of(&world, "8").await, states));
    }
    assert_eq!(
        drawn[0].0,
        [
            "2025-03-01 08:00 evaluation completed",
            "2025-03-08 08:00 recurring completed",
            "2026-10-13 09:00 evaluation completed",
            "2026-10-20 09:00 recurring completed",
        ]
    );
    let codes: Vec<_> = drawn[0]
        .1
        .iter()
        .map(tendon_care::episode::EpisodeState::code)
        .collect();
    assert_eq!(codes, ["active", "discharged"]);
    assert!(drawn.iter().all(|other| *other == drawn[0]));
}

#[on_both_engines]
async fn what_comes_too_early_waits_over_runs(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let early = import_fhir(&world, &[encounter("e1", "2026-10-13"), observation("o1")]).await;
    assert_eq!(
        (early.of("appointment"), early.of("document")),
        ([0, 0, 0, 1], [0, 0, 0, 1])
    );
    assert_eq!(early.problems[0].field, "subject");
    assert_eq!(
        early.problems[0].position.to_string(),
        "resource 1 Encounter/e1"
    );
    assert!(
        early.problems[0]
            .reason
            .contains("patient who is not known")
    );
    let again = import_fhir(&world, &[encounter("e1", "2026-10-13")]).await;
    assert_eq!(
        again.of("appointment"),
        [0, 0, 0, 1],
        "still nobody knows the patient"
    );

    let told = import_fhir(&world, &[BO.to_owned()]).await;
    assert_eq!(told.of("patient"), [1, 0, 0, 0], "{:?}", told.words());
    assert_eq!(
        (told.of("appointment"), told.of("document")),
        ([1, 0, 0, 0], [1, 0, 0, 0])
    );
    assert_eq!(
        book_of(&world, "8").await,
        ["2026-10-13 09:00 evaluation completed"]
    );
    let reader = world.desk.db().reader(&world.access);
    assert!(!reader.is_anything_parked().await.unwrap());
    let last = import_fhir(&world, &[encounter("e1", "2026-10-13"), BO.to_owned()]).await;
    assert_eq!(
        (last.of("appointment"), last.of("patient")),
        ([0, 0, 1, 0], [0, 0, 1, 0])
    );
}

#[on_both_engines]
async fn what_does_not_fit_into_memory_waits_in_the_database(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let mut export: Vec<String> = (0..300).map(|n| observation(&format!("o{n}"))).collect();
    export.push(BO.to_owned());
    let file = export.join("\n");
    let items = fhir::read(file.as_bytes(), "export.ndjson").collect::<Vec<_>>();
    let options = ImportOptions {
        batch: 1,
        ..ImportOptions::default()
    };
    let mut most = 0;
    let told = |news: News<'_>| {
        if let News::Progress(report) = news {
            most = most.max(report.of("document").rejected);
        }
    };
    let items = items.into_iter();
    let report = world
        .desk
        .import(&world.access, items, &options, told)
        .await;
    let documents = report.unwrap().of("document");
    assert_eq!((documents.created, documents.rejected), (300, 0));
    assert!(most > 0, "none of them had to wait in the database");
    let reader = world.desk.db().reader(&world.access);
    assert!(!reader.is_anything_parked().await.unwrap());
}

#[on_both_engines]
async fn a_crash_leaves_whole_commits_and_running_again_completes_them(engine: Engine) {
    let world = World::open(engine, NOW).await;
    let count: u64 = 400;
    let messages: Vec<String> = (0..count).flat_map(somebody).collect();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let mut stop = Some(stop);
    let options = ImportOptions {
        batch: 1,
        ..ImportOptions::default()
    };
    let told = |news: News<'_>| {
        if let (News::Progress(_), Some(stop)) = (news, stop.take()) {
            stop.send(()).unwrap();
        }
    };
    let arrivals = feed(&messages).into_iter();
    let run = world
        .desk
        .import_arrivals(&world.access, arrivals, &options, told);
    tokio::select! {
        biased;
        _ = stopped => {}
        done = run => { panic!("it ended before it was stopped: {done:?}") }
    }
    let reader = world.desk.db().reader(&world.access);
    let some = reader.patient_count().await.unwrap();
    assert!(some > 0 && some < count, "{some}");
    let told = import_hl7(&world, &messages).await;
    let [created, updated, unchanged, rejected] = told.of("patient");
    assert_eq!(
        (created + unchanged, updated, rejected),
        (count, 0, 0),
        "{:?}",
        told.words()
    );
    let visits = told.of("appointment");
    assert_eq!((visits[0] + visits[2], visits[1] + visits[3]), (count, 0));
    assert_eq!(reader.patient_count().await.unwrap(), count);
}

/// Registers the n-th of many people and books a visit.
fn somebody(n: u64) -> [String; 2] {
    let born = format!("{}{:02}{:02}", 1930 + n % 60, n % 12 + 1, n % 28 + 1);
    let own = |text: String| {
        text.replace("|7^^^EHR", &format!("|{n}^^^EHR"))
            .replace("Reyes^Ana||19680229", &format!("Reyes{n}^Ana||{born}"))
            .replace("(312)555-0142", &format!("(312)555-1{n:03}"))
    };
    let starts = "20261124084000-0600";
    let booked = visit("S12", "20261001090000", &format!("v{n}"), starts, "Booked");
    [own(message("ADT^A04", "20261001080000", ANA)), own(booked)]
}
