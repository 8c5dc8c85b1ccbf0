//! A small practice to act in.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::Access;
use tendon_care::consent::{Act, Basis, Entry, Evidence, EvidenceRef};
use tendon_care::contact::{Address, Channel, ContactPoint, Line, Owner, Phone, Standing};
use tendon_care::id::{AppointmentId, Id, LocationId, PatientId, PracticeId};
use tendon_care::language::Language;
use tendon_care::message::Body;
use tendon_care::patient::{Life, Patient, Region};
use tendon_care::person::{PersonName, Sex};
use tendon_care::practice::{Location, Practice};
use tendon_care::purpose::Purpose;
use tendon_care::rules::Rules;
use tendon_care::{Clock, Randomness};
use tendon_channel::carrier::{Answer, Carrier, Found, Outcome, Outgoing, Window};
use tendon_desk::{Carriers, Desk, Heard, Inbound, NewVisit, Parts};
use tendon_store::{Commit, ConsentRow, Db, Durability, Options, SecretKey, Write};
use tendon_testkit::database::TestDb;

#[derive(Debug)]
pub struct Hands(AtomicI64);

impl Hands {
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_millisecond(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

#[derive(Debug, Default)]
struct Dice(AtomicU64);

impl Randomness for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let endless = next.iter().rev().chain(std::iter::repeat(&0x33));
        bytes
            .iter_mut()
            .rev()
            .zip(endless)
            .for_each(|(byte, value)| *byte = *value);
    }
}

/// A carrier that remembers what it was given and answers as it is told.
#[derive(Debug, Default)]
pub struct Memory {
    /// Held for writing, nothing gets through.
    pub open: Arc<tokio::sync::RwLock<()>>,
    /// Messages that were handed over, answered or not.
    pub calls: AtomicU64,
    pub sent: Mutex<Vec<(Timestamp, Outgoing)>>,
    pub answers: Mutex<Vec<Outcome>>,
}

impl Carrier for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let _open = self.open.read().await;
            let mut sent = self.sent.lock().unwrap();
            sent.push((outgoing.at, outgoing.clone()));
            let planned = self.answers.lock().unwrap().pop();
            planned.unwrap_or_else(|| Outcome::Accepted {
                carrier_ref: format!("M{}", sent.len()),
            })
        })
    }

    fn reconcile<'a>(&'a self, outgoing: &'a Outgoing, _: Window) -> Answer<'a, Found> {
        Box::pin(async move {
            let sent = self.sent.lock().unwrap();
            let _ = sent
                .iter()
                .find(|(_, known)| known.message == outgoing.message);
            Found::CannotTell {
                why: tendon_channel::carrier::Blind::NoRecord,
            }
        })
    }
}

pub struct World {
    pub desk: Desk,
    pub clock: Arc<Hands>,
    pub carrier: Arc<Memory>,
    pub access: Access,
    pub location: LocationId,
    file: std::path::PathBuf,
    texts: AtomicU64,
    /// Kept until the end: the database goes with it.
    _own: Option<TestDb>,
}

impl Drop for World {
    fn drop(&mut self) {
        if self.file.as_os_str().is_empty() {
            return;
        }
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.file.display()));
        }
    }
}

pub fn at(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.in_tz("America/Chicago").unwrap().timestamp()
}

impl World {
    /// Opens a practice in Chicago at a local time.
    pub async fn open(name: &str, now: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let file =
            std::env::temp_dir().join(format!("tendon-{name}-{}-{number}.db", std::process::id()));
        let url = format!("sqlite:{}", file.display());
        Self::at_url(url, file, None, now).await
    }

    /// Opens the same practice in a database of the test's own, on either engine.
    pub async fn on(db: TestDb, now: &str) -> Self {
        Self::at_url(
            db.url().to_owned(),
            std::path::PathBuf::new(),
            Some(db),
            now,
        )
        .await
    }

    async fn at_url(url: String, file: std::path::PathBuf, own: Option<TestDb>, now: &str) -> Self {
        let randomness: Arc<dyn Randomness> = Arc::new(Dice::default());
        let clock = Arc::new(Hands(AtomicI64::new(at(now).as_millisecond())));
        let carrier = Arc::new(Memory::default());
        let db = Db::open(Options {
            url,
            durability: Durability::Bulk,
            kek: SecretKey::new([5; 32]),
            randomness: Arc::clone(&randomness),
        })
        .await
        .unwrap();
        let desk = Desk::new(Parts {
            db,
            clock: Arc::<Hands>::clone(&clock),
            randomness,
            carriers: Carriers::all(Arc::<Memory>::clone(&carrier)),
            public_url: "https://go.example.org".into(),
            rules: Arc::new(Rules::defaults().unwrap()),
            side_by_side: 1,
        });
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
        let practice = Practice {
            id: PracticeId::from_parts(clock.now(), [1; 10]),
            name: "Riverside PT".into(),
            time_zone: zone.clone(),
            state: Some("IL".into()),
            phone: Some(Phone::parse("312-555-0100").unwrap()),
        };
        desk.open_practice(&practice).await.unwrap();
        let access = Access::system(practice.id, "test");
        let location = Location {
            id: LocationId::from_parts(clock.now(), [2; 10]),
            name: "Riverside".into(),
            time_zone: zone,
            phone: None,
            street: None,
            hours: [None; 7],
        };
        let mut commit = Commit::new(&access);
        commit.push(Write::Location(location.clone()));
        desk.db().commit(commit).await.unwrap();
        desk.refresh();
        Self {
            desk,
            clock,
            carrier,
            access,
            location: location.id,
            file,
            texts: AtomicU64::new(0),
            _own: own,
        }
    }

    /// Registers an adult with a mobile who gave the number.
    pub async fn patient(&self, given: &str, phone: &str) -> PatientId {
        let mint = self.desk.mint();
        let address = Address::Phone(Phone::parse(phone).unwrap());
        let patient = Patient {
            id: mint.id(),
            name: PersonName::parse("Morales", given).unwrap(),
            birth_date: Some("1968-02-29".parse().unwrap()),
            sex: Sex::Female,
            language: Language::English,
            time_zone: None,
            region: Region {
                state: Some("IL".into()),
                zip: Some("60601".into()),
            },
            life: Life::Living,
            identifiers: vec![],
            contact_points: vec![ContactPoint {
                id: mint.id(),
                owner: Owner::Patient,
                address: address.clone(),
                line: Line::Mobile,
                standing: Standing::Unverified,
                shared: false,
                rank: 0,
            }],
            proxies: vec![],
            paused: false,
        };
        let id = patient.id;
        let mut commit = Commit::new(&self.access);
        commit.push(Write::PatientNew(Box::new(patient), self.desk.now()));
        for purpose in [Purpose::Care, Purpose::CareOther] {
            let entry = Entry {
                id: mint.id(),
                person: Owner::Patient,
                address: address.clone(),
                captured_at: self.desk.now(),
                captured_by: self.access.actor,
                evidence: Evidence::Form(EvidenceRef::new("intake")),
                act: Act::Granted {
                    purpose,
                    channel: None,
                    basis: Basis::Form,
                    wording_version: "1".into(),
                    language: Language::English,
                    unencrypted_warning_version: None,
                },
            };
            commit.push(Write::Consent(Box::new(ConsentRow {
                patient: id,
                strand: Some(id),
                entry,
            })));
        }
        self.desk.db().commit(commit).await.unwrap();
        id
    }

    pub async fn book(&self, patient: PatientId, starts: &str) -> AppointmentId {
        let visit = NewVisit {
            patient,
            episode: None,
            location: self.location,
            clinician: None,
            kind: tendon_care::appointment::VisitKind::Recurring,
            starts_at: at(starts),
            minutes: 40,
        };
        self.desk.book(&self.access, &visit).await.unwrap()
    }

    /// Does all that is due until a local time, stopping at each due moment.
    pub async fn run_until(&self, until: &str) {
        let until = at(until);
        loop {
            let next = self
                .desk
                .db()
                .next_due()
                .await
                .unwrap()
                .filter(|next| *next <= until);
            let Some(next) = next else { break };
            self.clock
                .0
                .fetch_max(next.as_millisecond(), Ordering::SeqCst);
            self.drain().await;
        }
        self.clock.0.store(until.as_millisecond(), Ordering::SeqCst);
    }

    /// Does all that is due now.
    pub async fn drain(&self) {
        for _ in 0..100 {
            let stepped = self.desk.step_due().await.unwrap();
            let sent = self.desk.dispatch_due().await.unwrap();
            assert_eq!((stepped.failed, sent.failed), (0, 0));
            if stepped.claimed + sent.claimed == 0 {
                return;
            }
        }
        panic!("work is left after a hundred rounds");
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
        for (at, outgoing) in self.carrier.sent.lock().unwrap().iter() {
            let local = at.in_tz("America/Chicago").unwrap();
            let words = outgoing.content.text.expose();
            let words = words.split(" https://").next().unwrap_or_default();
            writeln!(story, "{} {words}", local.strftime("%b %e %H:%M")).unwrap();
        }
        story
    }

    pub async fn book_evaluation(&self, patient: PatientId, starts: &str) -> AppointmentId {
        let visit = NewVisit {
            patient,
            episode: None,
            location: self.location,
            clinician: None,
            kind: tendon_care::appointment::VisitKind::Evaluation,
            starts_at: at(starts),
            minutes: 40,
        };
        self.desk.book(&self.access, &visit).await.unwrap()
    }

    /// Adds a mailbox with consents on a form.
    pub async fn mailbox(&self, patient: PatientId, email: &str, purposes: &[Purpose]) {
        use tendon_desk::{Given, NewContact, Proof};
        let address = Address::Email(tendon_care::contact::Email::parse(email).unwrap());
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
        let sent = self.carrier.sent.lock().unwrap();
        let words = sent.iter().rev().find_map(|(_, outgoing)| {
            let (_, rest) = outgoing.content.text.expose().split_once("/portal/")?;
            let token = rest.split(|c: char| c.is_whitespace()).next()?;
            Some(token.trim_end_matches('.').to_owned())
        });
        words.expect("a link was sent")
    }

    /// Reads as the practice itself.
    pub fn reader(&self) -> tendon_store::Reader<'_> {
        self.desk.db().reader(&self.access)
    }

    /// Returns the message that left last.
    pub fn last_sent(&self) -> tendon_care::id::MessageId {
        self.carrier.sent.lock().unwrap().last().unwrap().1.message
    }

    /// Returns the code of where a message stands.
    pub async fn state_of(&self, message: tendon_care::id::MessageId) -> &'static str {
        let row = self.reader().message(message).await.unwrap().unwrap();
        row.message.state.code()
    }

    /// Writes down that a patient told staff to stop writing to an address.
    pub async fn revoke_by_staff(&self, patient: PatientId, address: &Address) {
        use tendon_care::consent::{Extent, RevokedVia};
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
    pub fn access_of(
        &self,
        id: tendon_care::id::UserId,
        role: tendon_care::access::Role,
    ) -> Access {
        Access {
            actor: tendon_care::access::Actor::User { id, role },
            ..self.access.clone()
        }
    }

    pub fn wait(&self, hours: i64) {
        self.wait_for(SignedDuration::from_hours(hours));
    }

    pub fn wait_for(&self, wait: SignedDuration) {
        let ms = wait.as_millis();
        self.clock
            .0
            .fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
}
