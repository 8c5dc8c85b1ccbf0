//! The store on real databases, both engines.
//!
//! PostgreSQL comes from `TENDON_TEST_POSTGRES_URL`, which `cargo xtask test`
//! sets; without it the PostgreSQL half of a test says that it was skipped.

mod claims;
mod commits;
mod consents;
mod imports;
mod once;
mod roundtrip;
mod schema;
mod statements;
mod strays;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_care::id::{Id, PracticeId};
use tendon_care::practice::Practice;
use tendon_care::{Clock, Mint, Randomness};

use crate::db::{Db, Durability, Options};
use crate::seal::SecretKey;

/// A clock that stands still at a leap day, where mistakes with dates show.
#[derive(Debug)]
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2028-02-29T12:00:00Z".parse().unwrap()
    }
}

/// Bytes that never repeat within a test.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Randomness for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes
            .iter_mut()
            .rev()
            .zip(next.iter().rev().chain(std::iter::repeat(&0x5a)))
            .for_each(|(b, n)| *b = *n);
    }
}

/// A fresh database with one practice.
pub(crate) struct Bench {
    pub(crate) db: Db,
    pub(crate) access: Access,
    pub(crate) randomness: Arc<Counter>,
    url: String,
    cleanup: Cleanup,
}

struct Cleanup {
    file: Option<std::path::PathBuf>,
}

impl Cleanup {
    fn of(file: &std::path::Path) -> Self {
        let file = Some(file.to_owned());
        Self { file }
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            for ending in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
            }
        }
    }
}

impl Bench {
    pub(crate) fn mint(&self) -> Mint<'_> {
        Mint::new(&Still, &*self.randomness)
    }

    async fn open(url: String, file: Option<std::path::PathBuf>) -> Self {
        let randomness = Arc::new(Counter::default());
        let db = Db::open(options(url.clone(), &randomness))
            .await
            .expect("opens");
        let practice = PracticeId::from_parts(Still.now(), [1; 10]);
        let access = Access::system(practice, "test");
        db.add_practice(
            &Practice {
                id: practice,
                name: "Riverside Physical Therapy".into(),
                time_zone: jiff::tz::TimeZone::get("America/Chicago").unwrap(),
                state: Some("IL".into()),
                phone: None,
            },
            Still.now(),
            crate::Commit::new(&access),
        )
        .await
        .expect("adds a practice");
        Self {
            db,
            access,
            randomness,
            url,
            cleanup: Cleanup { file },
        }
    }

    /// Returns how to open the same database once more.
    pub(crate) fn options(&self) -> Options {
        options(self.url.clone(), &self.randomness)
    }

    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        self.cleanup.file.as_deref()
    }
}

fn options(url: String, randomness: &Arc<Counter>) -> Options {
    Options {
        url,
        durability: Durability::Full,
        kek: SecretKey::new([7; 32]),
        randomness: Arc::<Counter>::clone(randomness),
    }
}

fn unique(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // The engine cuts names at 63 bytes, so what makes it unique stands first.
    let name = format!("t{}_{number}_{name}", std::process::id());
    name.chars().take(60).collect()
}

/// Opens a fresh SQLite file.
pub(crate) async fn sqlite(name: &str) -> Bench {
    let file = std::env::temp_dir().join(format!("{}.db", unique(name)));
    Bench::open(format!("sqlite:{}", file.display()), Some(file)).await
}

/// Opens a fresh PostgreSQL database, or says that it cannot.
pub(crate) async fn postgres(name: &str) -> Option<Bench> {
    let Ok(url) = std::env::var("TENDON_TEST_POSTGRES_URL") else {
        println!("SKIPPED: TENDON_TEST_POSTGRES_URL is not set");
        return None;
    };
    let database = unique(name);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .expect("connects");
    let task = tokio::spawn(connection);
    client
        .batch_execute(&format!("create database {database}"))
        .await
        .expect("creates a database");
    drop(client);
    let _ = task.await;
    let base = url.rsplit_once('/').map_or(url.as_str(), |(base, _)| base);
    Some(Bench::open(format!("{base}/{database}"), None).await)
}

/// Runs a test on both engines.
macro_rules! on_both_engines {
    ($name:ident) => {
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name(crate::tests::sqlite(stringify!($name)).await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(bench) = crate::tests::postgres(stringify!($name)).await {
                    super::$name(bench).await;
                }
            }
        }
    };
}
pub(crate) use on_both_engines;
