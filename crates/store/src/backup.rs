//! What a restored database is compared by: every row of every table.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{Row, Sql, Val, statements};

statements! {
    PRACTICE = "select * from practice";
    LOCATION = "select * from location";
    CLINICIAN = "select * from clinician";
    PATIENT = "select * from patient";
    PATIENT_WORD = "select * from patient_word";
    PATIENT_BLOCK = "select * from patient_block";
    PATIENT_IDENTIFIER = "select * from patient_identifier";
    PROXY = "select * from proxy";
    CONTACT_POINT = "select * from contact_point";
    CONSENT = "select * from consent";
    REFERRAL = "select * from referral";
    EPISODE = "select * from episode";
    PLAN = "select * from plan";
    APPOINTMENT = "select * from appointment";
    TOUCHPOINT = "select * from touchpoint";
    ENROLMENT = "select * from enrolment";
    TIMER = "select * from timer";
    CONVERSATION = "select * from conversation";
    MESSAGE = "select * from message";
    OUTBOX = "select * from outbox";
    ATTENTION = "select * from attention";
    DECISION = "select * from decision";
    TASK = "select * from task";
    JOURNEY_DEFINITION = "select * from journey_definition";
    JOURNEY_SWITCH = "select * from journey_switch";
    WORDING = "select * from wording";
    STAFF_USER = "select * from staff_user";
    STAFF_SESSION = "select * from staff_session";
    API_TOKEN = "select * from api_token";
    PATIENT_LINK = "select * from patient_link";
    BIRTHDAY_GUESS = "select * from birthday_guess";
    SIGNIN_GHOST = "select * from signin_ghost";
    SIGNIN_LINK = "select * from signin_link";
    STRAY_MESSAGE = "select * from stray_message";
    UNSUBSCRIBE_LINK = "select * from unsubscribe_link";
    SOURCE_RECORD = "select * from source_record";
    PARKED_RECORD = "select * from parked_record";
    MERGE = "select * from merge";
    MATCH_REVIEW = "select * from match_review";
    IDEMPOTENCY = "select * from idempotency";
    SETTING = "select * from setting";
    AUDIT = "select * from audit";
    AUDIT_HEAD = "select * from audit_head";
}

/// Every table of the schema. A test compares the list with the migrated schema.
pub(crate) const TABLES: &[(&str, &Sql)] = &[
    ("practice", &PRACTICE),
    ("location", &LOCATION),
    ("clinician", &CLINICIAN),
    ("patient", &PATIENT),
    ("patient_word", &PATIENT_WORD),
    ("patient_block", &PATIENT_BLOCK),
    ("patient_identifier", &PATIENT_IDENTIFIER),
    ("proxy", &PROXY),
    ("contact_point", &CONTACT_POINT),
    ("consent", &CONSENT),
    ("referral", &REFERRAL),
    ("episode", &EPISODE),
    ("plan", &PLAN),
    ("appointment", &APPOINTMENT),
    ("touchpoint", &TOUCHPOINT),
    ("enrolment", &ENROLMENT),
    ("timer", &TIMER),
    ("conversation", &CONVERSATION),
    ("message", &MESSAGE),
    ("outbox", &OUTBOX),
    ("attention", &ATTENTION),
    ("decision", &DECISION),
    ("task", &TASK),
    ("journey_definition", &JOURNEY_DEFINITION),
    ("journey_switch", &JOURNEY_SWITCH),
    ("wording", &WORDING),
    ("staff_user", &STAFF_USER),
    ("staff_session", &STAFF_SESSION),
    ("api_token", &API_TOKEN),
    ("patient_link", &PATIENT_LINK),
    ("birthday_guess", &BIRTHDAY_GUESS),
    ("signin_ghost", &SIGNIN_GHOST),
    ("signin_link", &SIGNIN_LINK),
    ("stray_message", &STRAY_MESSAGE),
    ("unsubscribe_link", &UNSUBSCRIBE_LINK),
    ("source_record", &SOURCE_RECORD),
    ("parked_record", &PARKED_RECORD),
    ("merge", &MERGE),
    ("match_review", &MATCH_REVIEW),
    ("idempotency", &IDEMPOTENCY),
    ("setting", &SETTING),
    ("audit", &AUDIT),
    ("audit_head", &AUDIT_HEAD),
];

/// How long a copy waits for who writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A table's name, its number of rows and a digest that no order changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// The sum of the rows' SHA-256, so that none has to be kept for sorting.
    pub digest: [u8; 32],
}

impl TableDigest {
    /// Adds a row: its hash is read as four numbers, each added and wrapped.
    fn take(&mut self, row: &Row) {
        self.rows += 1;
        let hash = row_digest(row.values());
        for (sum, part) in self.digest.chunks_exact_mut(8).zip(hash.chunks_exact(8)) {
            let number = |bytes: &[u8]| bytes.iter().fold(0, |n: u64, b| n << 8 | u64::from(*b));
            sum.copy_from_slice(&number(sum).wrapping_add(number(part)).to_be_bytes());
        }
    }
}

/// Digests every table, equal rows on either engine giving equal digests.
pub async fn digest_tables(db: &Db) -> Result<Vec<TableDigest>, StoreError> {
    let mut digests = Vec::with_capacity(TABLES.len());
    for (table, sql) in TABLES {
        let mut digest = TableDigest {
            table,
            rows: 0,
            digest: [0; 32],
        };
        db.each_row(sql, |row| digest.take(&row)).await?;
        digests.push(digest);
    }
    Ok(digests)
}

fn row_digest(values: &[Val]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for value in values {
        let (kind, bytes) = match value {
            Val::Null => (0_u8, Vec::new()),
            // SQLite has no booleans of its own.
            Val::Bool(value) => (1, i64::from(*value).to_be_bytes().to_vec()),
            Val::Int(value) => (1, value.to_be_bytes().to_vec()),
            Val::Real(value) => (2, value.to_be_bytes().to_vec()),
            Val::Text(value) => (3, value.clone().into_bytes()),
            Val::Bytes(value) => (4, value.clone()),
            Val::Uuid(value) => (4, value.as_bytes().to_vec()),
        };
        hash.update([kind]);
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(&bytes);
    }
    hash.finalize().into()
}

/// Writes a consistent copy of a SQLite database, which may be running, to an empty
/// file. No key is needed, and nothing in the database changes.
///
/// *Errors*: `from` is no database of Tendon; `to` is not empty, or cannot be written.
pub fn copy_sqlite(from: &Path, to: &Path) -> Result<(), StoreError> {
    // What is beside a database that nobody has open is made by its first reader.
    let connection = connect(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    ensure_is_tendons(&connection)?;
    connection
        .execute("vacuum into ?1", [to.to_string_lossy()])
        .map_err(failed("copy"))?;
    Ok(())
}

/// Checks that a file is a whole SQLite database of Tendon, without changing it.
///
/// An empty file and one of another program would otherwise open as a new database,
/// and be migrated to one without a patient.
///
/// *Errors*: it is no database, not one of Tendon, or damaged.
pub fn check_sqlite_backup(file: &Path) -> Result<(), StoreError> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    ensure_is_tendons(&connection)?;
    if ask(&connection, "pragma integrity_check(1)")? != "ok" {
        return Err(StoreError::Schema("the file is damaged".into()));
    }
    Ok(())
}

fn connect(file: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed("open"))?;
    connection.busy_timeout(PATIENCE).map_err(failed("open"))?;
    Ok(connection)
}

fn ensure_is_tendons(connection: &Connection) -> Result<(), StoreError> {
    let ledger = "select cast(count(*) as text) from sqlite_schema where name = 'schema_migration'";
    if ask(connection, ledger)? != "1" {
        return Err(StoreError::Schema(
            "the file is no database of Tendon".into(),
        ));
    }
    Ok(())
}

fn ask(connection: &Connection, sql: &str) -> Result<String, StoreError> {
    connection
        .query_one(sql, [], |row| row.get(0))
        .map_err(failed("check"))
}

fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Sqlite { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[[i64; 2]]) -> TableDigest {
        let mut digest = TableDigest {
            table: "visit",
            rows: 0,
            digest: [0; 32],
        };
        for row in rows {
            digest.take(&Row::new("visits", row.map(Val::Int).to_vec()));
        }
        digest
    }

    #[test]
    fn a_digest_tells_tables_apart_by_their_rows_and_not_by_their_order() {
        let table = digest(&[[1, 2], [3, 4]]);
        assert_eq!(table, digest(&[[3, 4], [1, 2]]));
        for (what, other) in [
            ("a cell", &[[1, 2], [3, 5]][..]),
            ("two cells that changed places", &[[2, 1], [3, 4]]),
            ("cells of two rows", &[[1, 4], [3, 2]]),
            ("a row more", &[[1, 2], [3, 4], [3, 4]]),
            ("a row less", &[[1, 2]]),
        ] {
            assert_ne!(table.digest, digest(other).digest, "{what}");
        }
    }
}
