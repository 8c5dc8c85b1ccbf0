//! SQLite: one writer thread with group commit, and a small pool of readers.
//!
//! The writer drains whatever commits wait, gives each a savepoint, and pays
//! one fsync for all. Eight pooled writers lose most of their transactions to
//! "database is locked"; one writer loses none and is ten times faster.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use tokio::sync::{Semaphore, oneshot};

use super::{GROUP, Job, ReturningJob};
use crate::audit;
use crate::db::Durability;
use crate::error::{CommitError, StoreError};
use crate::sql::{Bound, Expect, Row, Sql, Val, statements};

statements! {
    /// Every index with its number of columns, and whether the tenant key is the first.
    INDEXES = "select m.tbl_name, m.name, (select count(*) from pragma_index_info(m.name)), \
               exists (select 1 from pragma_index_info(m.name) where seqno = 0 and name = 'practice_id') \
               from sqlite_master m where m.type = 'index' order by m.name";
}

/// Read connections. Two cores do not profit from more.
const READERS: usize = 4;

/// Page cache of a reader in KiB. It is thrown away whenever another connection has
/// committed, so a large one is of little use.
const READER_CACHE: i64 = 8_000;

/// Page cache of the writer in KiB: the inner pages of every index that is written to.
const WRITER_CACHE: i64 = 32_000;

/// Pages of the log after which it is written back, 32 MB of them. A load that touches
/// every index everywhere writes a page back once for many commits that changed it;
/// at SQLite's own 1,000 two fifths more are written in all.
const LOG_PAGES: i64 = 8_000;

enum Order {
    Commit(Job),
    Returning(ReturningJob),
    Script {
        text: String,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Stop,
}

/// The SQLite engine.
#[derive(Debug)]
pub(crate) struct Sqlite {
    /// With [`Durability::Bulk`] one connection does everything on the caller's
    /// thread: nothing waits for an fsync, and a reader beside the writer would
    /// throw its page cache away at every commit.
    alone: Option<Mutex<Connection>>,
    orders: mpsc::Sender<Order>,
    path: PathBuf,
    /// Opened once the schema and the planner's figures stand.
    readers: Mutex<Vec<Connection>>,
    permits: Semaphore,
    is_open: AtomicBool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens or creates the file and starts the writer. Nothing in the file changes.
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let writer = connect(path, OpenFlags::default(), WRITER_CACHE)?;
        pragma(&writer, "wal_autocheckpoint", &LOG_PAGES.to_string())?;
        pragma(
            &writer,
            "synchronous",
            match durability {
                Durability::Full => "full",
                Durability::Bulk => "off",
            },
        )?;
        let (orders, inbox) = mpsc::channel();
        if durability == Durability::Bulk {
            // A load touches every index everywhere: what is spilled is read again.
            pragma(&writer, "cache_size", "-100000")?;
            return Ok(Self {
                alone: Some(Mutex::new(writer)),
                orders,
                path: path.to_owned(),
                readers: Mutex::default(),
                permits: Semaphore::new(0),
                is_open: AtomicBool::new(false),
                writer: Mutex::default(),
            });
        }
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_loop(writer, &inbox))
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self {
            alone: None,
            orders,
            path: path.to_owned(),
            readers: Mutex::default(),
            permits: Semaphore::new(0),
            is_open: AtomicBool::new(false),
            writer: Mutex::new(Some(thread)),
        })
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        if let Some(alone) = &self.alone {
            let mut connection = lock(alone);
            match order {
                Order::Commit(job) => commit_group(&mut connection, vec![job]),
                other => {
                    serve(&connection, other);
                }
            }
            return Ok(());
        }
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

    /// Keeps a write-ahead log from now on; the file remembers it.
    pub(crate) async fn keep_log(&self) -> Result<(), StoreError> {
        self.script("pragma journal_mode = wal;".into()).await
    }

    /// Tells the planner what the tables will look like (<https://sqlite.org/lang_analyze.html>,
    /// "Fixed Results Of ANALYZE").
    ///
    /// Without statistics it takes the tenant key, which stands first in every
    /// index, for selective, and reads a whole practice in the order of some
    /// other index rather than twenty rows of one patient.
    pub(crate) async fn fix_plans(&self) -> Result<(), StoreError> {
        let indexes = self.read(&INDEXES, Vec::new()).await?;
        // Naming the schema makes the table of figures and reads no row for it; a
        // plain `analyze` reads every index of the database at every start.
        let mut script = String::from("begin; analyze sqlite_schema; delete from sqlite_stat1;");
        for row in &indexes {
            let (table, index, columns) = (row.text(0)?, row.text(1)?, row.int(2)?);
            let tenant_first = row.bool(3)?;
            // Rows in all, then rows that share the first column, the first two, …
            let mut counts = String::from("1000000");
            for column in 1..=columns {
                counts.push_str(match column {
                    1 if tenant_first => " 1000000",
                    1 | 2 => " 20",
                    _ => " 2",
                });
            }
            let row =
                format!("insert into sqlite_stat1 values ('{table}', '{index}', '{counts}');");
            script.push_str(&row);
        }
        script.push_str("commit; analyze sqlite_schema;");
        self.script(script).await?;
        Ok(())
    }

    /// Opens the readers. Until then the writer answers what is asked.
    pub(crate) fn open_readers(&self) -> Result<(), StoreError> {
        if self.alone.is_some() {
            return Ok(());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut readers = lock(&self.readers);
        for _ in 0..READERS {
            let reader = connect(&self.path, flags, READER_CACHE)?;
            pragma(&reader, "query_only", "on")?;
            readers.push(reader);
        }
        self.permits.add_permits(READERS);
        self.is_open.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) async fn read(
        &self,
        sql: &'static Sql,
        params: Vec<Val>,
    ) -> Result<Vec<Row>, StoreError> {
        if self.alone.is_none() && !self.is_open.load(Ordering::Acquire) {
            return self.returning(Bound::any(sql, params)).await;
        }
        self.with_reader(|connection| query(connection, sql, &params))
            .await
    }

    /// Hands over every row of an answer that need not fit into memory.
    pub(crate) async fn each_row(
        &self,
        sql: &'static Sql,
        take: impl FnMut(Row),
    ) -> Result<(), StoreError> {
        self.with_reader(|connection| each_row(connection, sql, &[], take))
            .await
    }

    /// Reads several answers of one moment, under one lock of the file.
    pub(crate) async fn read_together(
        &self,
        asked: &[(&'static Sql, Vec<Val>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.with_reader(|connection| {
            run(connection, "begin")?;
            let answers = asked
                .iter()
                .map(|(sql, params)| query(connection, sql, params))
                .collect();
            run(connection, "commit")?;
            answers
        })
        .await
    }

    async fn with_reader<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(alone) = &self.alone {
            return read(&lock(alone));
        }
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
                tokio::task::block_in_place(|| read(&connection))
            }
            _ => read(&connection),
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

fn connect(path: &Path, flags: OpenFlags, cache: i64) -> Result<Connection, StoreError> {
    let doing = "open";
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::Sqlite { doing, source })?;
    connection.set_prepared_statement_cache_capacity(512);
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(|source| StoreError::Sqlite { doing, source })?;
    // Without this the planner looks at the bound values, and a statement whose
    // values changed is prepared anew at every use: a quarter of all time.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|source| StoreError::Sqlite { doing, source })?;
    pragma(&connection, "foreign_keys", "on")?;
    // A negative size is one in KiB.
    pragma(&connection, "cache_size", &format!("-{cache}"))?;
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
    let _ = connection.execute_batch("pragma wal_checkpoint(truncate);");
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
    if let [job] = jobs {
        // A commit on its own needs no savepoint: the transaction is one.
        if let Err(error) = apply(connection, job) {
            run(connection, "rollback")?;
            return Ok(vec![Err(error)]);
        }
        append_audit(connection, jobs.iter())?;
        run(connection, "commit")?;
        return Ok(vec![Ok(())]);
    }
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
    let mut answer = Vec::new();
    each_row(connection, sql, params, |row| answer.push(row))?;
    Ok(answer)
}

fn each_row(
    connection: &Connection,
    sql: &'static Sql,
    params: &[Val],
    mut take: impl FnMut(Row),
) -> Result<(), StoreError> {
    let doing = sql.name;
    let mut read = || -> Result<(), rusqlite::Error> {
        let mut statement = connection.prepare_cached(sql.numbered())?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            let values = (0..columns)
                .map(|column| row.get_ref(column).map(from_ref))
                .collect::<Result<_, _>>()?;
            take(Row::new(doing, values));
        }
        Ok(())
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
