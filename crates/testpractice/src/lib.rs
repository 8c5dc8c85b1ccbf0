//! The practice that tests of the whole house act in.
//!
//! It is what the worlds of `desk` and `web` have in common: a migrated database
//! of the test's own on either engine, a clock that the test moves, a practice in
//! Chicago with one place and one clinician, and the ways to do what is due.
//! `tendon-testkit` cannot hold it, since the lower rooms use that and it must not
//! know the desk.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test whose practice cannot be set up must stop and say why"
)]

mod people;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::Randomness;
use tendon_care::access::Access;
use tendon_care::appointment::VisitKind;
use tendon_care::contact::Phone;
use tendon_care::id::{AppointmentId, LocationId, PatientId};
use tendon_care::practice::{Clinician, Location, Practice};
use tendon_care::rules::Rules;
use tendon_desk::{Carriers, Desk, NewVisit, Parts};
use tendon_store::{AuditFilter, AuditLine, Db, Durability, Options, Reader, SecretKey};
use tendon_testkit::clock::{FakeClock, SeededRandomness};
use tendon_testkit::database::{Engine, TestDb};

pub use people::{Person, register};

/// Where the practice is, and its clock.
pub const ZONE: &str = "America/Chicago";

/// What one world of tests sets otherwise than the next.
#[derive(Debug)]
pub struct Plan {
    /// Where the clock stands at first.
    pub now: Timestamp,
    /// Where patients and carriers believe to find the server.
    pub public_url: &'static str,
    /// [`Durability::Full`] where requests are to meet as they do in production.
    pub durability: Durability,
    /// Who carries messages.
    pub carriers: Carriers,
}

/// A practice in a database of the test's own.
#[derive(Debug)]
pub struct TestPractice {
    /// Its use cases.
    pub desk: Desk,
    /// Its clock, which the test moves.
    pub clock: Arc<FakeClock>,
    /// The access of the command line.
    pub access: Access,
    /// Its one place.
    pub location: LocationId,
    plan: Plan,
    // Removes the database; last, so that it goes after its users.
    db: TestDb,
}

impl TestPractice {
    /// Opens the practice on an engine.
    pub async fn open(engine: Engine, plan: Plan) -> Self {
        let own = engine
            .migrated(&tendon_store::schema_digest(), migrate)
            .await;
        let clock = Arc::new(FakeClock::new(plan.now));
        let desk = open_desk(&own, &plan, &clock, Arc::new(SeededRandomness::new(7))).await;
        let (access, location) = open_practice(&desk, "Riverside PT").await;
        Self {
            desk,
            clock,
            access,
            location,
            plan,
            db: own,
        }
    }

    /// Opens the desk of another node: a connection of its own to the same database,
    /// and the same clock and carriers. No two nodes may draw the same bytes, or they
    /// would make the same ids.
    pub async fn another_node(&self, randomness: Arc<dyn Randomness>) -> Desk {
        open_desk(&self.db, &self.plan, &self.clock, randomness).await
    }

    /// Reads as the practice itself.
    pub fn reader(&self) -> Reader<'_> {
        self.desk.db().reader(&self.access)
    }

    /// Books a visit of 40 minutes.
    pub async fn book(
        &self,
        patient: PatientId,
        kind: VisitKind,
        starts_at: Timestamp,
    ) -> AppointmentId {
        let visit = NewVisit {
            patient,
            episode: None,
            location: self.location,
            clinician: None,
            kind,
            starts_at,
            minutes: 40,
        };
        self.desk.book(&self.access, &visit).await.unwrap()
    }

    /// Does everything that is due now, and fails where some of it is left after
    /// a hundred rounds.
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

    /// Returns the audit trail, newest first.
    pub async fn audit(&self) -> Vec<AuditLine> {
        let reader = self.reader();
        let newest = AuditFilter {
            limit: 500,
            ..AuditFilter::default()
        };
        reader.audit_page(&newest).await.unwrap()
    }
}

/// Opens another practice in the same database, with a place and a clinician.
pub async fn open_practice(desk: &Desk, name: &str) -> (Access, LocationId) {
    let zone = TimeZone::get(ZONE).unwrap();
    let practice = Practice {
        id: desk.mint().id(),
        name: name.into(),
        time_zone: zone.clone(),
        state: Some("IL".into()),
        phone: Some(Phone::parse("312-555-0100").unwrap()),
    };
    desk.open_practice(&practice).await.unwrap();
    let access = Access::system(practice.id, "command");
    let location = Location {
        id: desk.mint().id(),
        name: "Riverside".into(),
        time_zone: zone,
        phone: None,
        street: Some("412 River Street".into()),
        hours: [None; 7],
    };
    let place = location.id;
    desk.put_location(&access, location).await.unwrap();
    let clinician = Clinician {
        id: desk.mint().id(),
        display_name: "Kim Tran, PT".into(),
    };
    desk.put_clinician(&access, clinician).await.unwrap();
    (access, place)
}

async fn open_desk(
    db: &TestDb,
    plan: &Plan,
    clock: &Arc<FakeClock>,
    randomness: Arc<dyn Randomness>,
) -> Desk {
    Desk::new(Parts {
        db: open_db(db.url().to_owned(), plan.durability, &randomness).await,
        clock: Arc::<FakeClock>::clone(clock),
        randomness,
        carriers: plan.carriers.clone(),
        public_url: plan.public_url.into(),
        rules: Arc::new(Rules::defaults().unwrap()),
        side_by_side: 1,
    })
}

async fn migrate(url: String) {
    let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(0));
    open_db(url, Durability::Bulk, &randomness).await;
}

async fn open_db(url: String, durability: Durability, randomness: &Arc<dyn Randomness>) -> Db {
    let options = Options {
        url,
        durability,
        kek: SecretKey::new([5; 32]),
        randomness: Arc::clone(randomness),
    };
    Db::open(options).await.unwrap()
}
