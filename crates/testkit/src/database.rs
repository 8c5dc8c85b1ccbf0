//! A database for each test alone, on either engine, gone when the test ends.
//!
//! A test with [`on_both_engines`](crate::on_both_engines) above it gets an
//! [`Engine`] and runs twice. Only `tendon-store` may name a database driver, so PostgreSQL is spoken to
//! through its own program `psql`, and what a test gets is a URL.
//!
//! ```
//! use tendon_testkit::database::TestDb;
//!
//! let db = TestDb::sqlite("visits");
//! assert!(db.url().starts_with("sqlite:"));
//! ```

#![expect(
    clippy::panic,
    reason = "a test whose database cannot be made must stop and say why"
)]

mod engine;
mod template;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

pub use engine::Engine;

/// The variable that names a PostgreSQL server whose user may create databases.
///
/// `cargo xtask test` starts such a server and sets it.
pub const POSTGRES_URL: &str = "TENDON_TEST_POSTGRES_URL";

/// An empty database that belongs to one test and is removed when dropped.
#[derive(Debug)]
pub struct TestDb {
    url: String,
    home: Home,
}

/// What has to be removed at the end.
#[derive(Debug)]
enum Home {
    Folder(PathBuf),
    Server { url: String, database: String },
}

impl TestDb {
    /// Makes a folder for a SQLite file; the file itself is the product's to make.
    ///
    /// # Panics
    /// Where the folder for temporary files cannot be written.
    pub fn sqlite(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tendon-{}", unique(name)));
        std::fs::create_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
        Self {
            url: format!("sqlite:{}", folder.join("tendon.db").display()),
            home: Home::Folder(folder),
        }
    }

    /// Makes a database on the server that [`POSTGRES_URL`] names.
    ///
    /// Where the variable is absent the answer is `None`, and a line that begins
    /// with `SKIPPED:` says so: `cargo xtask test` counts these lines.
    ///
    /// # Panics
    /// Where the variable is set but the database cannot be made.
    pub fn postgres(name: &str) -> Option<Self> {
        server().map(|server| Self::made(&server, name))
    }

    fn made(server: &str, name: &str) -> Self {
        Self::on_server(server, name, "")
    }

    fn copied(server: &str, name: &str, template: &str) -> Self {
        Self::on_server(server, name, &format!(" template {template}"))
    }

    fn on_server(server: &str, name: &str, like: &str) -> Self {
        let database = unique(name);
        let statements = [
            // A process number comes back one day, and a killed test leaves its database.
            removal(&database),
            format!("create database {database}{like}"),
        ];
        or_panic(psql(server, &statements));
        Self {
            url: with_database(server, &database),
            home: Home::Server {
                url: server.to_owned(),
                database,
            },
        }
    }

    /// Returns the URL as `TENDON_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns where the SQLite file is or will be; `None` on PostgreSQL.
    pub fn file(&self) -> Option<&Path> {
        self.url.strip_prefix("sqlite:").map(Path::new)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let removed = match &self.home {
            Home::Folder(folder) => std::fs::remove_dir_all(folder)
                .map_err(|error| format!("cannot remove {}: {error}", folder.display())),
            Home::Server { url, database } => drop_database(url, database),
        };
        // A panic while another one unwinds would hide the test's own failure.
        if let Err(error) = removed {
            eprintln!("{error}");
        }
    }
}

fn drop_database(server: &str, database: &str) -> Result<(), String> {
    psql(server, &[removal(database)])
}

fn removal(database: &str) -> String {
    // Connections of a pool that still shuts down must not keep the database alive.
    format!("drop database if exists {database} with (force)")
}

/// Returns the server that the tests may use, or says that a test is skipped.
fn server() -> Option<String> {
    let server = std::env::var(POSTGRES_URL).ok();
    if server.is_none() {
        println!("SKIPPED: {POSTGRES_URL} is not set");
    }
    server
}

#[track_caller]
fn or_panic<T>(outcome: Result<T, String>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error}"))
}

/// Runs statements by PostgreSQL's own client, each in a transaction of its own.
fn psql(url: &str, statements: &[impl AsRef<str>]) -> Result<(), String> {
    ask(url, statements).map(drop)
}

/// Runs statements and returns what they answered, unadorned.
fn ask(url: &str, statements: &[impl AsRef<str>]) -> Result<String, String> {
    let statements = statements.iter().map(AsRef::as_ref);
    let output = psql_command(url)
        .args(["--tuples-only", "--no-align"])
        .args(statements.flat_map(|statement| ["--command", statement]))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run psql (Debian package postgresql-client): {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("psql: {}", said.trim()))
}

fn psql_command(url: &str) -> Command {
    let mut command = Command::new("psql");
    command
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
        // Without this, a database that is not there yet is worth a notice each time.
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .args(["--dbname", url]);
    command
}

/// Puts another database into a URL, with its query kept.
fn with_database(url: &str, database: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (url, String::new()),
    };
    let start = address.find("://").map_or(0, |at| at + "://".len());
    let authority = address
        .get(start..)
        .and_then(|rest| rest.find('/'))
        .and_then(|length| address.get(..start + length))
        .unwrap_or(address);
    format!("{authority}/{database}{query}")
}

/// Makes a name that no other running test has, fit for both engines.
fn unique(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let plain = name.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '_',
    });
    // PostgreSQL cuts names at 63 bytes, so what makes this one unique stands first.
    format!("test_{}_{number}_", std::process::id())
        .chars()
        .chain(plain)
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::on_both_engines;

    use super::*;

    #[on_both_engines]
    fn a_database_is_reachable_by_its_url(engine: Engine) {
        let db = engine.database();
        match db.file() {
            Some(file) => std::fs::write(file, b"").unwrap(),
            None => psql(db.url(), &["create table visit (id bigint primary key)"]).unwrap(),
        }
    }

    #[on_both_engines]
    async fn a_schema_is_made_once_and_copied(engine: Engine) {
        let (schema, mut made) = (unique("schema"), 0);
        let mut migrate = async |url: String| {
            made += 1;
            psql(&url, &["create table visit (id bigint primary key)"]).unwrap();
        };
        let one = engine.migrated(&schema, &mut migrate).await;
        let other = engine.migrated(&schema, &mut migrate).await;
        assert_ne!(one.url(), other.url());
        let on_server: Vec<_> = [one, other]
            .into_iter()
            .filter(|db| db.file().is_none())
            .collect();
        // A file is migrated by whoever opens it.
        assert_eq!(made, on_server.len() / 2);
        for db in &on_server {
            psql(db.url(), &["insert into visit values (1)"]).unwrap();
        }
        if let (Some(server), Some(_)) = (server(), on_server.first()) {
            drop_database(&server, &format!("tendon_template_{schema}")).unwrap();
        }
    }

    #[test]
    fn a_sqlite_folder_goes_with_its_test() {
        let db = TestDb::sqlite("goes");
        let file = db.file().unwrap().to_owned();
        std::fs::write(&file, b"anything").unwrap();
        drop(db);
        assert!(!file.parent().unwrap().exists());
    }

    #[test]
    fn a_postgres_database_goes_with_its_test() {
        let Some(db) = TestDb::postgres("goes") else {
            return;
        };
        let url = db.url().to_owned();
        psql(&url, &["select 1"]).unwrap();
        drop(db);
        let error = psql(&url, &["select 1"]).unwrap_err();
        assert!(error.contains("does not exist"), "{error}");
    }

    #[test]
    fn a_refused_statement_is_told_with_its_reason() {
        let Some(db) = TestDb::postgres("refused") else {
            return;
        };
        let error = psql(db.url(), &["select nothing_such"]).unwrap_err();
        assert!(error.contains("nothing_such"), "{error}");
    }

    #[test]
    fn two_tests_of_one_name_do_not_meet() {
        let (one, other) = (unique("same"), unique("same"));
        assert_ne!(one, other);
    }

    #[test]
    fn names_fit_the_engine() {
        let name = unique("Größe; drop table — and much more than sixty letters of it");
        assert!(name.len() <= 60, "{name}");
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{name}"
        );
    }

    #[test]
    fn a_url_keeps_all_but_its_database() {
        for (url, expected) in [
            ("postgres://u@h:1/postgres", "postgres://u@h:1/mine"),
            ("postgres://u@h:1", "postgres://u@h:1/mine"),
            (
                "postgres://u@h:1/postgres?host=/run/x",
                "postgres://u@h:1/mine?host=/run/x",
            ),
            ("postgres://h?sslmode=off", "postgres://h/mine?sslmode=off"),
        ] {
            assert_eq!(with_database(url, "mine"), expected);
        }
    }
}
