//! What becomes of a message whose carrier gave no answer, or asked for patience.

use std::sync::{Arc, Mutex, OnceLock};

use tendon_care::contact::Channel;
use tendon_care::id::{MessageId, PatientId};
use tendon_care::message::{Failure, FailureClass};
use tendon_care::purpose::Purpose;
use tendon_channel::carrier::{Answer, Carrier, Found, Outcome, Outgoing, Receipt, Unsure, Window};
use tendon_desk::{Carriers, Draft, Posted};
use tendon_store::Durability;
use tendon_testkit::clock::FakeClock;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_testpractice::{Person, Plan, TestPractice};

use crate::world::{World, at};

/// Answers the first message at once, and no other within 40 seconds. Its record
/// lists them in the order of their coming, whoever asks.
#[derive(Debug, Default)]
struct Slow {
    clock: OnceLock<Arc<FakeClock>>,
    taken: Mutex<usize>,
    asked: Mutex<Vec<Window>>,
}

impl Carrier for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn send<'a>(&'a self, _: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(async {
            let mut taken = self.taken.lock().unwrap();
            *taken += 1;
            if *taken == 1 {
                let carrier_ref = "S1".to_owned();
                return Outcome::Accepted { carrier_ref };
            }
            self.clock.get().unwrap().advance_secs(40);
            let why = Unsure::TimedOut;
            Outcome::Unknown { why }
        })
    }

    fn reconcile<'a>(&'a self, _: &'a Outgoing, window: Window) -> Answer<'a, Found> {
        Box::pin(async move {
            let count = *self.taken.lock().unwrap();
            let mut listed = (1..=count).map(|number| format!("S{number}"));
            let found = listed.find(|sid| !window.but_not.contains(sid));
            self.asked.lock().unwrap().push(window);
            found.map_or(Found::NotSent, |carrier_ref| Found::Sent {
                carrier_ref,
                receipt: Receipt::Sent,
            })
        })
    }
}

async fn write(practice: &TestPractice, patient: PatientId) -> MessageId {
    let draft = Draft {
        channel: Channel::Sms,
        subject: None,
        words: "Riverside PT: Please bring comfortable shoes.".into(),
        purpose: Purpose::Care,
        send_at: None,
        despite_advice: false,
    };
    let posted = practice.desk.write_to(&practice.access, patient, &draft);
    match posted.await.unwrap() {
        Posted::Queued { message, .. } => message,
        Posted::Refused(measured) => panic!("refused: {measured:?}"),
    }
}

#[on_both_engines]
async fn it_is_looked_for_from_its_hand_over_on_and_its_twin_is_not_taken_for_it(engine: Engine) {
    let carrier = Arc::new(Slow::default());
    let plan = Plan {
        now: at("2026-11-02T10:00"),
        public_url: "https://go.example.org",
        durability: Durability::Bulk,
        carriers: Carriers::all(Arc::<Slow>::clone(&carrier)),
    };
    let practice = TestPractice::open(engine, plan).await;
    carrier.clock.set(Arc::clone(&practice.clock)).unwrap();
    let ana = practice.register(Person::new("Ana", "312-555-0142")).await;

    let first = write(&practice, ana).await;
    practice.drain().await;
    // A day later, for the sake of the cap.
    let handed_over = at("2026-11-03T10:00");
    practice.clock.set(handed_over);
    let second = write(&practice, ana).await;
    practice.drain().await;
    practice.clock.advance_secs(120);
    practice.drain().await;

    let asked = carrier.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "once, and once without the twin");
    assert!(asked.iter().all(|window| window.since == handed_over));
    assert_eq!(asked[1].but_not, ["S1"]);
    assert_eq!(*carrier.taken.lock().unwrap(), 2, "never sent again");
    for (carrier_ref, message) in [("S1", first), ("S2", second)] {
        let row = practice.reader().message_by_ref("slow", carrier_ref).await;
        let row = row.unwrap().expect("the message is known by its id");
        assert_eq!(row.message.id, message);
        assert_eq!(row.message.state.code(), "sent");
    }
}

#[on_both_engines]
async fn a_message_that_was_held_for_the_night_is_tried_as_often_as_any(engine: Engine) {
    let world = World::open(engine, "2026-11-02T22:00").await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let message = write(&world, ana).await;
    let busy = Outcome::Refused(Failure {
        class: FailureClass::Transient,
        code: "20429".into(),
    });
    for _ in 0..5 {
        world.carrier.answer_next(busy.clone());
    }
    // It is held until eight, and then tried after 1, 5, 15 and 60 minutes more.
    for (local, tries) in [
        ("2026-11-03T07:59", 0),
        ("2026-11-03T08:00", 1),
        ("2026-11-03T08:01", 2),
        ("2026-11-03T08:06", 3),
        ("2026-11-03T08:21", 4),
        ("2026-11-03T09:20", 4),
    ] {
        world.run_until(local).await;
        assert_eq!(world.carrier.sent().len(), tries, "{local}");
        assert_eq!(world.state_of(message).await, "queued", "{local}");
    }
    world.run_until("2026-11-03T09:21").await;
    assert_eq!(world.carrier.sent().len(), 5);
    assert_eq!(world.state_of(message).await, "failed");
}
