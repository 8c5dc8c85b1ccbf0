//! A small practice to act in.

use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Actor, Role};
use tendon_care::appointment::VisitKind;
use tendon_care::consent::{Act, Basis, Entry, Evidence, EvidenceRef, Extent, RevokedVia};
use tendon_care::contact::{Address, Channel, Email, Line, Owner, Phone};
use tendon_care::id::{AppointmentId, MessageId, PatientId, UserId};
use tendon_care::message::Body;
use tendon_care::purpose::Purpose;
use tendon_channel::carrier::Carrier;
use tendon_desk::{
    Carriers, DeskError, Draft, Given, Heard, Inbound, NewContact, PlannedLine, Posted, Proof,
};
use tendon_store::{Commit, ConsentRow, Durability, Write};
use tendon_testkit::carriers::Memory;
use tendon_testkit::database::Engine;
use tendon_testpractice::{Person, Plan, TestPractice, ZONE};

/// A practice whose messages end in memory.
pub struct World {
    practice: TestPractice,
    pub carrier: Arc<Memory>,
    texts: AtomicU64,
}

/// A world is the practice of every test, with this crate's own ways to act in it.
impl Deref for World {
    type Target = TestPractice;

    fn deref(&self) -> &TestPractice {
        &self.practice
    }
}

/// Ana's mobile.
pub const PHONE: &str = "312-555-0142";

/// Words of staff, to be sent at once as a text about care.
pub fn text(words: &str) -> Draft {
    Draft {
        channel: Channel::Sms,
        subject: None,
        words: words.into(),
        purpose: Purpose::Care,
        send_at: None,
        despite_advice: false,
    }
}

/// Returns which field was refused.
#[track_caller]
pub fn field(error: &DeskError) -> &'static str {
    match error {
        DeskError::Invalid { field, .. } => field,
        other => panic!("{other}"),
    }
}

/// Reads a local time of the practice.
pub fn at(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.in_tz(ZONE).unwrap().timestamp()
}

impl World {
    /// Opens the practice at a local time.
    pub async fn open(engine: Engine, now: &str) -> Self {
        let carrier = Arc::new(Memory::new("memory"));
        let carriers = Carriers::all(Arc::<Memory>::clone(&carrier));
        Self::carried(engine, now, carrier, carriers).await
    }

    /// Opens it with a carrier of its own for letters.
    pub async fn with_letters(engine: Engine, now: &str, letters: &Arc<Memory>) -> Self {
        let carrier = Arc::new(Memory::new("memory"));
        let texts: Arc<dyn Carrier> = Arc::<Memory>::clone(&carrier);
        let letters: Arc<dyn Carrier> = Arc::<Memory>::clone(letters);
        let carriers = Carriers::new(Some(texts), Some(letters));
        Self::carried(engine, now, carrier, carriers).await
    }

    async fn carried(engine: Engine, now: &str, carrier: Arc<Memory>, carriers: Carriers) -> Self {
        let plan = Plan {
            now: at(now),
            public_url: "https://go.example.org",
            durability: Durability::Bulk,
            carriers,
        };
        Self {
            practice: TestPractice::open(engine, plan).await,
            carrier,
            texts: AtomicU64::new(0),
        }
    }

    /// Opens the practice on a Monday morning, with Ana.
    pub async fn with_ana(engine: Engine) -> (Self, PatientId) {
        let world = Self::open(engine, "2026-11-02T10:00").await;
        let ana = world.patient("Ana", PHONE).await;
        (world, ana)
    }

    /// Writes to a patient as staff do.
    pub async fn write(&self, patient: PatientId, draft: &Draft) -> MessageId {
        let posted = self.desk.write_to(&self.access, patient, draft).await;
        match posted.unwrap() {
            Posted::Queued { message, .. } => message,
            Posted::Refused(measured) => panic!("{measured:?}"),
        }
    }

    /// Lists what lies ahead of a patient.
    pub async fn ahead(&self, patient: PatientId) -> Vec<PlannedLine> {
        let ahead = self.desk.planned(&self.access, patient, 30).await;
        ahead.unwrap()
    }

    /// Registers an adult with a mobile who gave the number.
    pub async fn patient(&self, given: &str, phone: &str) -> PatientId {
        self.register(Person::new(given, phone)).await
    }

    pub async fn book(&self, patient: PatientId, starts: &str) -> AppointmentId {
        self.practice
            .book(patient, VisitKind::Recurring, at(starts))
            .await
    }

    pub async fn book_evaluation(&self, patient: PatientId, starts: &str) -> AppointmentId {
        self.practice
            .book(patient, VisitKind::Evaluation, at(starts))
            .await
    }

    /// Does all that is due until a local time, stopping at each due moment.
    pub async fn run_until(&self, until: &str) {
        let until = at(until);
        while let Some(next) = self.desk.db().next_due().await.unwrap()
            && next <= until
        {
            // What is overdue already is done now, and the clock does not go back.
            self.clock.set(next.max(self.desk.now()));
            self.drain().await;
        }
        self.clock.set(until);
    }

    /// Lets a text arrive from a phone and does what follows.
    pub async fn text(&self, phone: &str, words: &str) -> Heard {
        let number = self.texts.fetch_add(1, Ordering::SeqCst);
        let inbound = Inbound {
            practice: self.access.practice,
            from: Address::Phone(Phone::parse(phone).unwrap()),
            channel: Channel::Sms,
            body: Body::new(words),
            carrier: "memory".into(),
            carrier_ref: format!("IN{number}"),
        };
        let heard = self.desk.hear(&inbound).await.unwrap();
        self.drain().await;
        heard
    }

    /// Tells what went out, one line each: local time and words.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for outgoing in self.carrier.sent() {
            let local = outgoing.at.in_tz(ZONE).unwrap();
            let words = outgoing.content.text.expose();
            let words = words.split(" https://").next().unwrap_or_default();
            writeln!(story, "{} {words}", local.strftime("%b %e %H:%M")).unwrap();
        }
        story
    }

    /// Adds a mailbox with consents on a form.
    pub async fn mailbox(&self, patient: PatientId, email: &str, purposes: &[Purpose]) {
        let address = Address::Email(Email::parse(email).unwrap());
        let new = NewContact {
            address: address.clone(),
            line: Line::Unknown,
            owner: Owner::Patient,
        };
        self.desk
            .add_contact(&self.access, patient, &new)
            .await
            .unwrap();
        let points = self.reader().contact_points(patient).await.unwrap();
        let point = points
            .iter()
            .find(|point| point.address == address)
            .unwrap();
        for purpose in purposes {
            let given = Given {
                purpose: *purpose,
                channel: None,
                basis: Basis::Form,
                wording_version: "1".into(),
                warning_version: None,
                proof: Proof::Form("intake".into()),
            };
            self.desk
                .grant_consent(&self.access, patient, point.id, &given)
                .await
                .unwrap();
        }
    }

    /// Returns the token of the link that left last.
    pub fn last_link(&self) -> String {
        let sent = self.carrier.sent();
        let words = sent.iter().rev().find_map(|outgoing| {
            let (_, rest) = outgoing.content.text.expose().split_once("/portal/")?;
            let token = rest.split(|c: char| c.is_whitespace()).next()?;
            Some(token.trim_end_matches('.').to_owned())
        });
        words.expect("a link was sent")
    }

    /// Returns the message that left last.
    pub fn last_sent(&self) -> MessageId {
        self.carrier.sent().last().unwrap().message
    }

    /// Returns the code of where a message stands.
    pub async fn state_of(&self, message: MessageId) -> &'static str {
        let row = self.reader().message(message).await.unwrap().unwrap();
        row.message.state.code()
    }

    /// Writes down that a patient told staff to stop writing to an address.
    pub async fn revoke_by_staff(&self, patient: PatientId, address: &Address) {
        let entry = Entry {
            id: self.desk.mint().id(),
            person: Owner::Patient,
            address: address.clone(),
            captured_at: self.desk.now(),
            captured_by: self.access.actor,
            evidence: Evidence::Note(EvidenceRef::new("on the phone")),
            act: Act::Revoked {
                extent: Extent::Everything,
                via: RevokedVia::Staff,
            },
        };
        let mut commit = Commit::new(&self.access);
        commit.push(Write::Consent(Box::new(ConsentRow {
            patient,
            strand: Some(patient),
            entry,
        })));
        self.desk.db().commit(commit).await.unwrap();
    }

    /// Acts as a member of staff.
    pub fn access_of(&self, id: UserId, role: Role) -> Access {
        Access {
            actor: Actor::User { id, role },
            ..self.access.clone()
        }
    }

    pub fn wait(&self, hours: i64) {
        self.wait_for(SignedDuration::from_hours(hours));
    }

    pub fn wait_for(&self, wait: SignedDuration) {
        self.clock.set(self.desk.now() + wait);
    }
}
