//! A practice behind a real server on a loopback port.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::appointment::VisitKind;
use tendon_care::id::{AppointmentId, PatientId, UserId};
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, NewUser, Parts};
use tendon_simulate::{Ears, SeededRandomness, Settings, SteppedClock, Year};
use tendon_store::{Durability, MessageFilter, MessageLine};
use tendon_testkit::clock::at;
use tendon_testkit::database::Engine;
use tendon_testpractice::{Person, Plan, TestPractice};
use tendon_web::server::{App, Surface, TrustedProxies, router};
use tokio_util::sync::CancellationToken;

use crate::api::world::NoGauge;

/// The password of every member of staff here.
pub const PASSWORD: &str = "riverside otter lantern";

/// Where the practice believes to be reached: what stands in its messages.
const PUBLIC_URL: &str = "https://prm.example";

/// The server, with the hands of a test on its clock and its work.
pub struct Clinic {
    practice: TestPractice,
    base: String,
}

impl Deref for Clinic {
    type Target = TestPractice;

    fn deref(&self) -> &TestPractice {
        &self.practice
    }
}

/// Serves on a free port of this machine and returns its address.
pub async fn listen(pages: Router) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let service = pages.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, service).await });
    format!("http://{address}")
}

impl Clinic {
    /// Opens a practice in which nothing has happened, at ten to eight on a Monday.
    pub async fn new(test: &'static str) -> Self {
        let plan = Plan {
            now: at("2026-11-23T07:50-06:00"),
            public_url: PUBLIC_URL,
            durability: Durability::Bulk,
            carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        };
        let practice = TestPractice::open(Engine::sqlite(test), plan).await;
        let surface = Surface {
            secure: false,
            second_factor: false,
            stopping: CancellationToken::new(),
            trusted_proxies: TrustedProxies::default(),
            sandbox: true,
            twilio_auth_token: None,
            metrics: Box::new(NoGauge),
        };
        let base = listen(router(App::new(practice.desk.clone(), surface))).await;
        Self { practice, base }
    }

    /// Opens a practice with some weeks behind it.
    pub async fn lived(test: &'static str) -> Self {
        let clinic = Self::new(test).await;
        let until = clinic.desk.now();
        let from = until - SignedDuration::from_hours(24 * 42);
        let clock = Arc::new(SteppedClock::new(from));
        let ears = Ears::default();
        let carrier = Sandbox::new(0).with_listener(Year::listener(ears.clone()));
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(3));
        let desk = Desk::new(Parts {
            db: clinic.desk.db().clone(),
            clock: Arc::<SteppedClock>::clone(&clock) as Arc<dyn Clock>,
            randomness,
            carriers: Carriers::all(Arc::new(carrier)),
            public_url: PUBLIC_URL.into(),
            rules: Arc::new(tendon_care::rules::Rules::defaults().unwrap()),
            side_by_side: 1,
        });
        let settings = Settings {
            patients: 60,
            from,
            until,
            seed: 3,
        };
        let year = Year::new(desk, clock, clinic.access.practice, settings).hears(&ears);
        year.run(|_| {}).await.unwrap();
        clinic
    }

    /// Returns an address of the server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Adds a member of staff, `desk@example.org` by the name of the role.
    pub async fn user(&self, role: Role) -> UserId {
        let new = NewUser {
            email: format!("{}@example.org", role.code()),
            name: format!("Robin {}", role.code()),
            role,
            password: PASSWORD.to_owned(),
        };
        self.desk.add_user(&self.access, &new).await.unwrap()
    }

    /// Returns an address that signs a new member of staff in, once.
    pub async fn way_in(&self, role: Role) -> String {
        let user = self.user(role).await;
        self.way_in_for(user).await
    }

    /// Returns an address that signs a member of staff in, once.
    pub async fn way_in_for(&self, user: UserId) -> String {
        let life = SignedDuration::from_mins(5);
        let link = self.desk.make_sign_in_link(&self.access, user, life).await;
        self.url(&format!("/sign-in/link/{}", link.unwrap().expose()))
    }

    /// Registers somebody.
    pub async fn patient(&self, given: &str, family: &str, phone: &str) -> PatientId {
        let person = Person {
            family,
            ..Person::new(given, phone)
        };
        self.register(person).await
    }

    /// Books a visit so many minutes from now.
    pub async fn visit_in(&self, patient: PatientId, minutes: i64) -> AppointmentId {
        let starts_at = self.desk.now() + SignedDuration::from_mins(minutes);
        self.book(patient, VisitKind::Recurring, starts_at).await
    }

    /// Moves the clock and does what is due then.
    pub async fn wait(&self, minutes: i64) {
        self.clock.advance_secs(minutes * 60);
        self.drain().await;
    }

    /// Returns what was written to and by a patient, newest first.
    pub async fn messages(&self, patient: PatientId) -> Vec<MessageLine> {
        let filter = MessageFilter {
            patient: Some(patient),
            state: String::new(),
            since: jiff::Timestamp::UNIX_EPOCH,
            before: None,
            limit: 50,
        };
        self.reader().messages(&filter).await.unwrap()
    }

    /// Returns the patient's own link from the latest text that has one.
    pub async fn link(&self, patient: PatientId) -> String {
        let texts = self.messages(patient).await;
        let link = texts.iter().find_map(|line| {
            let (_, rest) = line.text.expose().split_once(PUBLIC_URL)?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        self.url(&link.expect("a text carries a link"))
    }

    /// Lets a patient write a text.
    pub async fn hears(&self, from: &str, words: &str) {
        use tendon_care::contact::{Address, Channel, Phone};
        use tendon_care::message::Body;
        let mint = self.desk.mint();
        let inbound = tendon_desk::Inbound {
            practice: self.access.practice,
            from: Address::Phone(Phone::parse(from).unwrap()),
            channel: Channel::Sms,
            body: Body::new(words),
            carrier: "sandbox".to_owned(),
            carrier_ref: mint.id::<tendon_care::id::MessageId>().to_string(),
        };
        self.desk.hear(&inbound).await.unwrap();
        self.drain().await;
    }
}
