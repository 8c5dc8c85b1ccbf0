//! A migrated PostgreSQL database that others are copies of.
//!
//! It outlives the tests, so that every process of every run copies the same one.
//! A new schema has a new name; what is left of old ones goes with the server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};

use super::{ask, or_panic, psql, psql_command, removal, with_database};

/// The advisory lock that one maker at a time holds, a number like any other.
const LOCK: i64 = 7_305_002;

/// Returns the name of the database that has the schema; makes it where it is not there.
pub(super) async fn ready(server: &str, schema: &str, migrate: impl AsyncFnOnce(String)) -> String {
    let template = format!("tendon_template_{schema}");
    if is_there(server, &template) {
        return template;
    }
    let lock = Lock::take(server);
    // Another process may have made it while this one waited.
    if !is_there(server, &template) {
        make(server, &template, migrate).await;
    }
    drop(lock);
    template
}

fn is_there(server: &str, database: &str) -> bool {
    let question = format!("select 1 from pg_database where datname = '{database}'");
    or_panic(ask(server, &[question])) == "1"
}

/// Migrates under another name first: a killed maker leaves no half template.
async fn make(server: &str, template: &str, migrate: impl AsyncFnOnce(String)) {
    let draft = format!("{template}_draft");
    let empty = [removal(&draft), format!("create database {draft}")];
    or_panic(psql(server, &empty));
    migrate(with_database(server, &draft)).await;
    let finished = [
        // The pool of the one who migrated may still be closing, and a database
        // in use is neither renamed nor copied.
        format!("alter database {draft} allow_connections false"),
        format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{draft}'"),
        format!("alter database {draft} rename to {template}"),
    ];
    or_panic(psql(server, &finished));
}

/// A session that holds the advisory lock; the lock ends with it, however it ends.
struct Lock {
    psql: Child,
    /// Open for as long as the lock is held.
    input: Option<ChildStdin>,
}

impl Lock {
    fn take(server: &str) -> Self {
        let mut psql = or_panic(
            psql_command(server)
                .args(["--tuples-only", "--no-align"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(|error| format!("cannot run psql: {error}")),
        );
        let mut input = psql.stdin.take();
        let asked = input
            .as_mut()
            .map(|input| writeln!(input, "select 'held' from pg_advisory_lock({LOCK});"));
        let mut answer = String::new();
        if let (Some(Ok(())), Some(output)) = (asked, psql.stdout.take()) {
            // The answer comes when the lock is ours.
            let _ = BufReader::new(output).read_line(&mut answer);
        }
        let held = (answer.trim() == "held").then_some(Self { psql, input });
        or_panic(held.ok_or_else(|| "psql did not get the advisory lock".to_owned()))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // At the end of its input psql ends its session.
        self.input = None;
        if let Err(error) = self.psql.wait() {
            eprintln!("psql did not end: {error}");
        }
    }
}
