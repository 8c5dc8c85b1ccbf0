//! What a restored database is compared by: every row of every table.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{Sql, Val, params, statements};

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

/// A table's name, its number of rows and a digest that no order changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table.
    pub table: &'static str,
    /// How many rows.
    pub rows: usize,
    /// SHA-256 over the sorted digests of the rows.
    pub digest: [u8; 32],
}

/// Digests every table, equal rows on either engine giving equal digests.
pub async fn digest_tables(db: &Db) -> Result<Vec<TableDigest>, StoreError> {
    let mut digests = Vec::with_capacity(TABLES.len());
    for (table, sql) in TABLES {
        let rows = db.read(sql, params![]).await?;
        let mut hashes: Vec<[u8; 32]> = rows.iter().map(|row| row_digest(row.values())).collect();
        hashes.sort_unstable();
        let digest = hashes
            .iter()
            .fold(Sha256::new(), Sha256::chain_update)
            .finalize()
            .into();
        digests.push(TableDigest {
            table,
            rows: hashes.len(),
            digest,
        });
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

/// Checks that a file is a whole SQLite database of Tendon, without changing it.
///
/// An empty file and one of another program would otherwise open as a new database,
/// and be migrated to one without a patient.
///
/// *Errors*: it is no database, not one of Tendon, or damaged.
pub fn check_sqlite_backup(file: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Sqlite {
        doing: "the check of the backup",
        source,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    let ask = |sql: &str| connection.query_one(sql, [], |row| row.get::<_, String>(0));
    let ledger = "select cast(count(*) as text) from sqlite_schema where name = 'schema_migration'";
    if ask(ledger).map_err(failed)? != "1" {
        return Err(StoreError::Schema("the file is no backup of Tendon".into()));
    }
    if ask("pragma integrity_check(1)").map_err(failed)? != "ok" {
        return Err(StoreError::Schema("the backup is damaged".into()));
    }
    Ok(())
}

/// How a command of PostgreSQL reaches the database: variables, so that no
/// password ever stands in a list of processes.
///
/// *Errors*: the database is not PostgreSQL, or its URL cannot be read.
pub fn postgres_environment(url: &str) -> Result<Vec<(&'static str, String)>, StoreError> {
    use tokio_postgres::config::{Config, Host};
    let config: Config = url.parse().map_err(|_| StoreError::BadUrl)?;
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = [
        ("PGHOST", host),
        (
            "PGPORT",
            config.get_ports().first().map(ToString::to_string),
        ),
        ("PGUSER", config.get_user().map(str::to_owned)),
        ("PGPASSWORD", config.get_password().map(text)),
        ("PGDATABASE", config.get_dbname().map(str::to_owned)),
    ];
    Ok(pairs
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect())
}
