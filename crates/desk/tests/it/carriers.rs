//! Channels that nobody carries.

use std::sync::Arc;

use tendon_care::contact::{Address, Channel, Email, Line, Owner};
use tendon_care::id::PatientId;
use tendon_care::purpose::Purpose;
use tendon_channel::carrier::Carrier;
use tendon_desk::{Carriers, Draft, NewContact, Posted};
use tendon_store::Durability;
use tendon_testkit::carriers::Memory;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_testpractice::{Person, Plan, TestPractice};

use crate::world::at;

/// Writes to a patient as staff do, and returns the state of the message and the
/// reason of its last decision.
async fn write(
    practice: &TestPractice,
    patient: PatientId,
    channel: Channel,
) -> (&'static str, String) {
    let draft = Draft {
        channel,
        subject: (channel == Channel::Email).then(|| "Your visit".into()),
        words: "Riverside PT: Please bring comfortable shoes.".into(),
        purpose: Purpose::Care,
        send_at: None,
        despite_advice: false,
    };
    let posted = practice.desk.write_to(&practice.access, patient, &draft);
    let Posted::Queued { message, .. } = posted.await.unwrap() else {
        panic!("refused");
    };
    practice.drain().await;
    let reader = practice.reader();
    let row = reader.message(message).await.unwrap().unwrap();
    let decisions = reader.decisions(message).await.unwrap();
    let last = decisions.last().unwrap();
    (row.message.state.code(), last.reason.clone())
}

#[on_both_engines]
async fn what_nobody_carries_is_dropped_with_that_reason_and_uses_nothing_up(engine: Engine) {
    let texts: Arc<dyn Carrier> = Arc::new(Memory::new("memory"));
    let plan = Plan {
        now: at("2026-11-02T10:00"),
        public_url: "https://go.example.org",
        durability: Durability::Bulk,
        carriers: Carriers::new(Some(texts), None),
    };
    let practice = TestPractice::open(engine, plan).await;
    let ana = practice.register(Person::new("Ana", "312-555-0142")).await;
    let mailbox = NewContact {
        address: Address::Email(Email::parse("ana@example.org").unwrap()),
        line: Line::Unknown,
        owner: Owner::Patient,
    };
    let added = practice.desk.add_contact(&practice.access, ana, &mailbox);
    added.await.unwrap();

    let letter = write(&practice, ana, Channel::Email).await;
    assert_eq!(letter, ("dropped", "no_carrier".to_owned()));
    let text = write(&practice, ana, Channel::Sms).await;
    assert_eq!(text, ("sent", "sent".to_owned()), "the day's cap is whole");
}
