//! SQLite: one writer thread with group commit, and a small pool of readers.
//!
//! The writer drains whatever commits wait, gives each a savepoint, and pays
//! one fsync for all. Eight pooled writers lose most of their transactions to
//! "database is locked"; one writer loses none and is ten times faster.

use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use tokio::sync::{Semaphore, oneshot};

use super::{GROUP, Job, ReturningJob};
use crate::audit;
use crate::db::Durability;
use crate::error::{CommitError, StoreError};
use crate::sql::{Bound, Expect, Row, Sql, Val};

/// Read connections. Two cores do not profit from more.
const READERS: usize = 4;

enum Order {
    Commit(Job),
    Returning(ReturningJob),
    Script {
        text: String,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Backup {
        to: std::path::PathBuf,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Stop,
}

/// The SQLite engine.
#[derive(Debug)]
pub(crate) struct Sqlite {
    orders: mpsc::Sender<Order>,
    readers: Mutex<Vec<Connection>>,
    permits: Semaphore,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens or creates the file and starts the writer.
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let writer = connect(path, OpenFlags::default())?;
        pragma(&writer, "journal_mode", "wal")?;
        pragma(
            &writer,
            "synchronous",
            match durability {
                Durability::Full => "full",
                Durability::Bulk => "off",
            },
        )?;
        let readers = (0..READERS)
            .map(|_| {
                let reader = connect(
                    path,
                    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?;
                pragma(&reader, "query_only", "on")?;
                Ok(reader)
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let (orders, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_loop(writer, &inbox))
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self {
            orders,
            readers: Mutex::new(readers),
            permits: Semaphore::new(READERS),
            writer: Mutex::new(Some(thread)),
        })
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        self.orders.send(order).map_err(|_| StoreError::Stopped)
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), StoreError> {
        self.order(Order::Commit(job))
    }

    pub(crate) async fn returning(&self, bound: Bound) -> Result<Vec<Row>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Returning(ReturningJob { bound, reply }))?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    pub(crate) async fn script(&self, text: String) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Script { text, reply })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Backup {
            to: to.to_owned(),
            reply,
        })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    pub(crate) async fn read(
        &self,
        sql: &'static Sql,
        params: Vec<Val>,
    ) -> Result<Vec<Row>, StoreError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| StoreError::Stopped)?;
        let connection = lock(&self.readers).pop().ok_or(StoreError::Stopped)?;
        // The read itself is short and must not stall the other tasks of a
        // multi-threaded server; a single-threaded simulation has nobody to stall.
        let answer = match tokio::runtime::Handle::current().runtime_flavor() {
            tokio::runtime::RuntimeFlavor::MultiThread => {
                tokio::task::block_in_place(|| query(&connection, sql, &params))
            }
            _ => query(&connection, sql, &params),
        };
        lock(&self.readers).push(connection);
        answer
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // Without the writer's own answer a commit that was just accepted could
        // still be in flight while the process ends.
        let _ = self.orders.send(Order::Stop);
        if let Some(thread) = lock(&self.writer).take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let doing = "open";
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::Sqlite { doing, source })?;
    connection.set_prepared_statement_cache_capacity(512);
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(|source| StoreError::Sqlite { doing, source })?;
    pragma(&connection, "foreign_keys", "on")?;
    pragma(&connection, "cache_size", "-8000")?;
    pragma(&connection, "temp_store", "memory")?;
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection
        .pragma_update(None, name, value)
        .map_err(|source| StoreError::Sqlite {
            doing: "pragma",
            source,
        })
}

fn write_loop(mut connection: Connection, inbox: &mpsc::Receiver<Order>) {
    while let Ok(first) = inbox.recv() {
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut stop = false;
        // Commits that wait already are taken along; nothing is waited for.
        while let Some(order) = next.take() {
            match order {
                Order::Commit(job) => jobs.push(job),
                other => {
                    commit_group(&mut connection, std::mem::take(&mut jobs));
                    stop = serve(&connection, other);
                }
            }
            if !stop && jobs.len() < GROUP {
                next = inbox.try_recv().ok();
            }
        }
        commit_group(&mut connection, jobs);
        if stop {
            break;
        }
    }
    let _ = connection.execute_batch("pragma optimize; pragma wal_checkpoint(truncate);");
}

/// Serves what is no commit; tells whether to stop.
fn serve(connection: &Connection, order: Order) -> bool {
    match order {
        Order::Returning(job) => {
            let _ = job
                .reply
                .send(query(connection, job.bound.sql, &job.bound.params));
        }
        Order::Script { text, reply } => {
            let done = connection
                .execute_batch(&text)
                .map_err(|source| StoreError::Sqlite {
                    doing: "script",
                    source,
                });
            if done.is_err() && !connection.is_autocommit() {
                let _ = connection.execute_batch("rollback");
            }
            let _ = reply.send(done);
        }
        Order::Backup { to, reply } => {
            let done = connection
                .execute("vacuum into ?1", [to.to_string_lossy()])
                .map(drop)
                .map_err(|source| StoreError::Sqlite {
                    doing: "backup",
                    source,
                });
            let _ = reply.send(done);
        }
        Order::Stop => return true,
        Order::Commit(_) => {}
    }
    false
}

/// Applies a group of commits in one transaction, a savepoint each.
fn commit_group(connection: &mut Connection, jobs: Vec<Job>) {
    if jobs.is_empty() {
        return;
    }
    let outcome = apply_group(connection, &jobs);
    match outcome {
        Ok(answers) => {
            for (job, answer) in jobs.into_iter().zip(answers) {
                let _ = job.reply.send(answer);
            }
        }
        Err(error) => {
            let _ = connection.execute_batch("rollback");
            tracing::error!(commits = jobs.len(), error = %error, "group of commits failed");
            for job in jobs {
                let _ = job.reply.send(Err(CommitError::Store(StoreError::Stopped)));
            }
        }
    }
}

type Answers = Vec<Result<(), CommitError>>;

fn apply_group(connection: &Connection, jobs: &[Job]) -> Result<Answers, StoreError> {
    run(connection, "begin immediate")?;
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        run(connection, "savepoint one")?;
        let answer = apply(connection, job);
        if answer.is_err() {
            run(connection, "rollback to one")?;
        }
        run(connection, "release one")?;
        answers.push(answer);
    }
    let applied = jobs
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(job, _)| job);
    append_audit(connection, applied)?;
    run(connection, "commit")?;
    Ok(answers)
}

fn append_audit<'a>(
    connection: &Connection,
    jobs: impl Iterator<Item = &'a Job>,
) -> Result<(), StoreError> {
    let mut chains = audit::Chains::default();
    for job in jobs.filter(|job| !job.audit.is_empty()) {
        if !chains.knows(job.practice) {
            let rows = query(connection, &audit::HEAD, &[Val::Uuid(job.practice)])?;
            chains.learn(job.practice, rows.first())?;
        }
        for bound in chains.append(job.practice, &job.audit) {
            execute(connection, &bound).map_err(|source| StoreError::Sqlite {
                doing: bound.sql.name,
                source,
            })?;
        }
    }
    for bound in chains.heads() {
        execute(connection, &bound).map_err(|source| StoreError::Sqlite {
            doing: bound.sql.name,
            source,
        })?;
    }
    Ok(())
}

fn run(connection: &Connection, text: &'static str) -> Result<(), StoreError> {
    connection
        .prepare_cached(text)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(|source| StoreError::Sqlite {
            doing: text,
            source,
        })
}

fn apply(connection: &Connection, job: &Job) -> Result<(), CommitError> {
    for bound in &job.writes {
        let rows = execute(connection, bound).map_err(|source| refusal(bound.sql, source))?;
        if bound.expect == Expect::One && rows != 1 {
            return Err(CommitError::Conflict {
                statement: bound.sql.name,
            });
        }
    }
    Ok(())
}

fn refusal(sql: &'static Sql, source: rusqlite::Error) -> CommitError {
    match source.sqlite_error() {
        Some(error)
            if matches!(
                error.extended_code,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                    | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ) =>
        {
            CommitError::Duplicate {
                statement: sql.name,
            }
        }
        _ => CommitError::Store(StoreError::Sqlite {
            doing: sql.name,
            source,
        }),
    }
}

fn execute(connection: &Connection, bound: &Bound) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare_cached(bound.sql.numbered())?;
    statement.execute(rusqlite::params_from_iter(&bound.params))
}

fn query(
    connection: &Connection,
    sql: &'static Sql,
    params: &[Val],
) -> Result<Vec<Row>, StoreError> {
    let doing = sql.name;
    let read = || -> Result<Vec<Row>, rusqlite::Error> {
        let mut statement = connection.prepare_cached(sql.numbered())?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns)
                .map(|column| row.get_ref(column).map(from_ref))
                .collect::<Result<_, _>>()?;
            answer.push(Row::new(sql.name, values));
        }
        Ok(answer)
    };
    read().map_err(|source| StoreError::Sqlite { doing, source })
}

fn from_ref(value: ValueRef<'_>) -> Val {
    match value {
        ValueRef::Null => Val::Null,
        ValueRef::Integer(value) => Val::Int(value),
        ValueRef::Real(value) => Val::Real(value),
        ValueRef::Text(bytes) => Val::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Val::Bytes(bytes.to_vec()),
    }
}

impl ToSql for Val {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Bool(value) => ToSqlOutput::Owned(Value::Integer(i64::from(*value))),
            Self::Real(value) => ToSqlOutput::Owned(Value::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Uuid(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
        })
    }
}
