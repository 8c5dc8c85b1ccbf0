//! Two nodes that decide at once, on one database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use tendon_care::Randomness;
use tendon_care::id::PatientId;
use tendon_desk::{Draft, Round};
use tendon_testkit::clock::SeededRandomness;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{PHONE, World, text};

/// Stops a node before its first decision is committed, until it is told to go on.
///
/// A dispatcher draws bytes for its claim, then reads all that the decision needs,
/// then draws bytes for the decision's id, and only then commits: there it waits,
/// so that it cannot know what the other node is about to commit.
#[derive(Debug)]
struct Meeting {
    bytes: SeededRandomness,
    drawn: AtomicU64,
    here: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Randomness for Meeting {
    fn fill(&self, bytes: &mut [u8]) {
        if self.drawn.fetch_add(1, Ordering::SeqCst) == 1 {
            // Where the other one has failed, the test ends instead of hanging.
            let _ = self.here.send(());
            let _ = self.go_on.lock().unwrap().recv();
        }
        self.bytes.fill(bytes);
    }
}

/// Opens a node and lets it do what is due.
fn dispatch(world: &World, randomness: Meeting) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let node = world.another_node(Arc::new(randomness)).await;
        node.dispatch_due().await.unwrap()
    })
}

/// Lets one node decide about what is due now, and another at the same moment about
/// what is due a second later.
fn decide_at_once(world: &World) {
    let meeting = |seed| {
        let ((here, came), (go, go_on)) = (channel(), channel());
        let meeting = Meeting {
            bytes: SeededRandomness::new(seed),
            drawn: AtomicU64::new(0),
            here,
            go_on: Mutex::new(go_on),
        };
        (meeting, came, go)
    };
    let ((first, first_came, first_go), (second, second_came, second_go)) =
        (meeting(8), meeting(9));
    let rounds = std::thread::scope(|threads| {
        let first = threads.spawn(|| dispatch(world, first));
        first_came.recv().expect("the first node decides");
        world.clock.advance_secs(1);
        let second = threads.spawn(|| dispatch(world, second));
        second_came.recv().expect("the second node decides");
        drop((first_go, second_go));
        [first.join().unwrap(), second.join().unwrap()]
    });
    let each = Round {
        claimed: 1,
        failed: 0,
    };
    assert_eq!(rounds, [each; 2]);
}

/// Puts a text into the outbox that is due in so many seconds.
async fn queue(world: &World, patient: PatientId, in_secs: i64) {
    let send_at = Some(world.desk.now() + SignedDuration::from_secs(in_secs));
    let draft = Draft {
        send_at,
        ..text("Your form is here.")
    };
    world.write(patient, &draft).await;
}

#[on_both_engines]
async fn a_person_s_cap_holds(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    queue(&world, ana, 1).await;
    queue(&world, ana, 2).await;
    world.clock.advance_secs(1);
    decide_at_once(&world);
    assert_eq!(world.carrier.sent().len(), 1, "one care message a day");
}

#[on_both_engines]
async fn a_household_s_cap_holds(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let ben = world.patient("Ben", PHONE).await;
    let cleo = world.patient("Cleo", PHONE).await;
    queue(&world, ana, 1).await;
    world.wait(1);
    world.drain().await;
    queue(&world, ben, 1).await;
    queue(&world, cleo, 2).await;
    world.clock.advance_secs(1);
    decide_at_once(&world);
    let sent = world.carrier.sent().len();
    assert_eq!(sent, 2, "two messages a day to one phone");
}
