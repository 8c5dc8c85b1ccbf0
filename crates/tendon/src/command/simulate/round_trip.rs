//! A simulated practice, exported, taken in by an empty one, and compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tendon_care::appointment::VisitState;
use tendon_care::practice::Practice;
use tendon_care::rules::Rules;
use tendon_channel::sandbox::Sandbox;
use tendon_desk::import::{ImportOptions, ImportReport, read_fhir, read_hl7};
use tendon_desk::{Carriers, Desk, Parts};
use tendon_exchange::source::{self, walk};
use tendon_simulate::{SeededRandomness, Settings as Span, SteppedClock};
use tendon_store::{Durability, Options, SecretKey};
use tendon_testkit::database::TestDb;

use super::*;
use crate::command::import::read_csv;

const UNTIL: &str = "2028-03-01T18:00:00Z";

async fn database(own: &TestDb) -> Db {
    Db::open(Options {
        url: own.url().to_owned(),
        durability: Durability::Bulk,
        kek: SecretKey::new([7; 32]),
        randomness: Arc::new(SeededRandomness::new(5)),
    })
    .await
    .unwrap()
}

/// A practice into which somebody's files are imported.
struct Empty {
    desk: Desk,
    access: Access,
    _own: TestDb,
}

impl Empty {
    async fn open(name: &str) -> Self {
        let own = TestDb::sqlite(name);
        let until: Timestamp = UNTIL.parse().unwrap();
        let desk = Desk::new(Parts {
            db: database(&own).await,
            clock: Arc::new(SteppedClock::new(until)),
            randomness: Arc::new(SeededRandomness::new(6)),
            carriers: Carriers::all(Arc::new(Sandbox::new(10))),
            public_url: "https://riverside.example".into(),
            rules: Arc::new(Rules::defaults().unwrap()),
            side_by_side: 1,
        });
        let practice = Practice {
            id: desk.mint().id(),
            name: "Empty PT".into(),
            time_zone: jiff::tz::TimeZone::get("America/Chicago").unwrap(),
            state: Some("IL".into()),
            phone: None,
        };
        desk.open_practice(&practice).await.unwrap();
        Self {
            access: Access::system(practice.id, "import"),
            desk,
            _own: own,
        }
    }

    async fn import(&self, format: &str, path: &Path) -> ImportReport {
        let paths = [path.to_owned()];
        let arrivals: Box<dyn Iterator<Item = _> + Send> = match format {
            "fhir" => Box::new(read_fhir(walk(&paths, source::FHIR).0)),
            "hl7" => Box::new(read_hl7(walk(&paths, source::HL7).0)),
            _ => {
                let (mut sources, _) = walk(&paths, source::CSV);
                sources.reverse();
                Box::new(read_csv(sources, csv::Options::default()))
            }
        };
        let mut problems = Vec::new();
        let report = self
            .desk
            .import_arrivals(&self.access, arrivals, &ImportOptions::default(), |news| {
                if let tendon_desk::import::News::Problem(problem) = news {
                    problems.push(problem.clone());
                }
            })
            .await
            .unwrap();
        // A feed's batch is read patient first: what its visits say of the patient may
        // then be older, and is rightly passed over.
        problems.retain(|problem| {
            problem.field != "changed_at" || problem.severity != tendon_exchange::Severity::Ignored
        });
        assert!(problems.is_empty(), "{format}: {:#?}", problems.first());
        report
    }
}

/// What is compared of a patient: who it is, and every visit with its final state.
async fn people(db: &Db, access: &Access) -> BTreeMap<String, Vec<String>> {
    let reader = db.reader(access);
    let mut people = BTreeMap::new();
    for id in chart::patients(reader).await.unwrap() {
        let patient = reader.patient(id).await.unwrap().unwrap();
        let mut addresses: Vec<_> = patient
            .contact_points
            .iter()
            .map(|point| point.address.comparable())
            .collect();
        addresses.sort();
        let number = patient.identifiers.iter().map(|own| own.value.expose());
        let who = format!(
            "{} {:?} {} {} {:?} {:?} {} {:?} dead={}",
            number.min().unwrap_or_default(),
            patient.name.family(),
            patient.name.given(),
            patient.birth_date.unwrap(),
            patient.sex,
            patient.language,
            addresses.join(" "),
            patient.region,
            matches!(patient.life, tendon_care::patient::Life::Deceased { .. }),
        );
        let visits = reader.appointments_of(id).await.unwrap();
        let mut visits: Vec<_> = visits
            .iter()
            .map(|visit| {
                let by = match visit.state {
                    VisitState::Cancelled { by, .. } => Some(by),
                    _ => None,
                };
                format!(
                    "{} {} {:?} {} {by:?}",
                    visit.starts_at,
                    visit.minutes,
                    visit.kind,
                    visit.state.code(),
                )
            })
            .collect();
        visits.sort();
        people.insert(who, visits);
    }
    people
}

#[tokio::test]
async fn a_practice_goes_out_and_comes_in_by_every_format() {
    let own = TestDb::sqlite("export");
    let until: Timestamp = UNTIL.parse().unwrap();
    let span = Span {
        patients: 50,
        from: until - SignedDuration::from_hours(24 * 120),
        until,
        seed: 21,
    };
    let randomness = Arc::new(SeededRandomness::new(span.seed));
    let rules = Arc::new(Rules::defaults().unwrap());
    let year = super::super::year(database(&own).await, randomness, rules, span, |_| {});
    let (desk, _) = year.await.unwrap();
    let practice = crate::open::practice(desk.db(), None).await.unwrap();
    let access = Access::system(practice.id, "export");
    let file = own
        .url()
        .strip_prefix("sqlite:")
        .map(PathBuf::from)
        .unwrap();
    let folder = file.parent().unwrap();
    let exports = Exports {
        fhir: Some(folder.join("fhir")),
        hl7: Some(folder.join("feed.hl7")),
        csv: Some(folder.join("tables")),
    };
    exports.write(desk.db(), &access).await.unwrap();
    let simulated = people(desk.db(), &access).await;
    assert_eq!(simulated.len(), 50);
    for (format, path) in [("fhir", "fhir"), ("hl7", "feed.hl7"), ("csv", "tables")] {
        let empty = Empty::open(format).await;
        let first = empty.import(format, &folder.join(path)).await;
        assert_eq!(first.total().rejected, 0, "{format}: {first:?}");
        let imported = people(empty.desk.db(), &empty.access).await;
        for (who, visits) in &simulated {
            assert_eq!(imported.get(who), Some(visits), "{format}: {who}");
        }
        assert_eq!(imported.len(), simulated.len(), "{format}");
        let again = empty.import(format, &folder.join(path)).await.total();
        assert_eq!(
            (again.created, again.updated, again.rejected),
            (0, 0, 0),
            "{format}"
        );
        assert_eq!(
            again.unchanged,
            first.total().created + first.total().updated + first.total().unchanged
        );
        nothing_is_messaged(&empty).await;
    }
}

/// Whatever is due now, of it nothing goes out.
async fn nothing_is_messaged(empty: &Empty) {
    let reader = empty.desk.db().reader(&empty.access);
    assert!(reader.handed_over(None, 10).await.unwrap().is_empty());
    let until: Timestamp = UNTIL.parse().unwrap();
    let (_, messages) = empty.desk.db().backlog(until).await.unwrap();
    assert_eq!(messages, 0);
}
