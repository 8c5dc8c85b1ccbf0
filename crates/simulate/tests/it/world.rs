//! A year in a temporary database.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::Access;
use tendon_care::contact::Phone;
use tendon_care::practice::Practice;
use tendon_care::rules::Rules;
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, Parts};
use tendon_simulate::{Ears, Report, SeededRandomness, Settings, SteppedClock, Year};
use tendon_store::{Db, Durability, Options, SecretKey};
use tendon_testkit::database::{Engine, TestDb};

/// How much is lived.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub patients: u32,
    pub days: i64,
    pub seed: u64,
}

pub struct Lived {
    pub db: Db,
    pub access: Access,
    pub report: Report,
    pub from: Timestamp,
    pub until: Timestamp,
    _own: TestDb,
}

/// Lives a span that ends on the day after a leap day.
pub async fn live(engine: Engine, span: Span) -> Lived {
    let own = engine.database();
    let Span {
        patients,
        days,
        seed,
    } = span;
    let until: Timestamp = "2028-03-01T18:00:00Z".parse().unwrap();
    let from = until - SignedDuration::from_hours(24 * days);
    let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(seed));
    let db = Db::open(Options {
        url: own.url().to_owned(),
        durability: Durability::Bulk,
        kek: SecretKey::new([3; 32]),
        randomness: Arc::clone(&randomness),
    })
    .await
    .unwrap();
    let clock = Arc::new(SteppedClock::new(from));
    let ears = Ears::default();
    let sandbox = Sandbox::new(0).with_listener(Year::listener(ears.clone()));
    let desk = Desk::new(Parts {
        db: db.clone(),
        clock: Arc::<SteppedClock>::clone(&clock) as Arc<dyn Clock>,
        randomness,
        carriers: Carriers::all(Arc::new(sandbox)),
        public_url: "https://riverside.example".into(),
        rules: Arc::new(Rules::defaults().unwrap()),
        side_by_side: 1,
    });
    let practice = Practice {
        id: desk.mint().id(),
        name: "Riverside PT".into(),
        time_zone: jiff::tz::TimeZone::get("America/Chicago").unwrap(),
        state: Some("IL".into()),
        phone: Some(Phone::parse("312-555-0100").unwrap()),
    };
    desk.open_practice(&practice).await.unwrap();
    let settings = Settings {
        patients,
        from,
        until,
        seed,
    };
    let report = Year::new(desk, clock, practice.id, settings)
        .hears(&ears)
        .run(|_| {})
        .await
        .unwrap();
    Lived {
        db,
        access: Access::system(practice.id, "test"),
        report,
        from,
        until,
        _own: own,
    }
}
