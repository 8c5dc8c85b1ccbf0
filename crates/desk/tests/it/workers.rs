//! The workers of a node, as they run in the server.

use tendon_desk::Workers;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tokio_util::sync::CancellationToken;

use crate::world::{World, at};

/// Waits until something holds, looking again whenever anything was committed. The
/// limit is there for a broken worker, so that the test fails and does not hang.
async fn until(world: &World, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        let mut changes = world.desk.db().changes();
        while !holds().await {
            let _ = changes.recv().await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("the workers work");
}

#[on_both_engines]
async fn a_clock_that_leaps_drives_the_workers(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", "312-555-0142").await;
    world.book(ana, "2026-11-24T08:40").await;
    let stop = CancellationToken::new();
    let workers = Workers::start(&world.desk, &stop);
    world.clock.set(at("2026-11-23T09:00"));
    until(&world, async || !world.carrier.sent().is_empty()).await;
    // Nobody checked in: a day later the visit is found to be missed.
    world.clock.set(at("2026-11-25T12:00"));
    until(&world, async || {
        let visits = world.reader().appointments_of(ana).await.unwrap();
        visits[0].state.code() == "noshow"
    })
    .await;
    stop.cancel();
    workers.stopped().await;
}

#[on_both_engines]
async fn a_stop_finishes_what_has_begun_and_hands_back_the_rest(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    for (given, phone) in [("Ana", "312-555-0142"), ("Ben", "312-555-0143")] {
        let patient = world.patient(given, phone).await;
        world.book(patient, "2026-11-24T08:40").await;
    }
    world.clock.set(at("2026-11-23T09:00"));
    let closed = world.carrier.closed().await;
    let stop = CancellationToken::new();
    let workers = Workers::start(&world.desk, &stop);
    until(&world, async || world.carrier.calls() == 1).await;
    stop.cancel();
    drop(closed);
    workers.stopped().await;
    assert_eq!(world.carrier.sent().len(), 1, "what had begun was finished");
    // The lease has not run out, for the clock stands still: it was handed back.
    let round = world.desk.dispatch_due().await.unwrap();
    assert_eq!((round.claimed, round.failed), (1, 0));
    assert_eq!(world.carrier.sent().len(), 2);
}
