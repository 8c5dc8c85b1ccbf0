//! PostgreSQL: a pool for reads and one committer that groups commits.
//!
//! The committer sends every statement of a group without waiting for answers
//! (a pipeline), those of commits of one shape as one statement for many rows,
//! appends the audit rows while it holds the chain's head, and pays one WAL flush
//! for all. A group in which one commit fails is taken back
//! and done again one by one, since conflicts are rare and groups are not.
//!
//! `select … for update` and the batched claims are written here and in
//! `claim`, not in the shared statements.

mod address;
mod growth;
mod many;

use std::future::Future;
use std::pin::Pin;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::{StreamExt, pin_mut, poll};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{NoTls, Statement};

use self::address::Address;
use super::{GROUP, Job};
use crate::audit;
use crate::error::{CommitError, StoreError};
use crate::sql::{Bound, Expect, Row, Sql, Val, statements};

/// Connections of one node: the committer's, and some for reads and claims.
const POOL: usize = 12;

statements! {
    LOCK_HEAD = "select seq, hash from audit_head where practice_id = $1 for update";
}

/// How a command of PostgreSQL reaches the database: variables, so that no
/// password ever stands in a list of processes.
///
/// *Errors*: the URL cannot be read.
pub fn postgres_environment(url: &str) -> Result<Vec<(&'static str, String)>, StoreError> {
    Ok(Address::parse(url)?.environment())
}

/// The PostgreSQL engine.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
    jobs: mpsc::UnboundedSender<Job>,
}

impl Postgres {
    /// Prepares the pool and starts the committer; connects at first use.
    pub(crate) fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match address.tls()? {
            Some(tls) => Manager::from_config(address.config, tls, recycling),
            None => Manager::from_config(address.config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(POOL)
            .build()
            .map_err(|_| StoreError::BadUrl)?;
        let (jobs, inbox) = mpsc::unbounded_channel();
        tokio::spawn(commit_loop(pool.clone(), inbox));
        Ok(Self { pool, jobs })
    }

    pub(crate) fn submit(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.send(job).map_err(|_| StoreError::Stopped)
    }

    pub(crate) async fn read(
        &self,
        sql: &'static Sql,
        params: &[Val],
    ) -> Result<Vec<Row>, StoreError> {
        query(&self.pool.get().await?, sql, params).await
    }

    /// Hands over every row of an answer that need not fit into memory.
    pub(crate) async fn each_row(
        &self,
        sql: &'static Sql,
        take: impl FnMut(Row) + Send,
    ) -> Result<(), StoreError> {
        each_row(&self.pool.get().await?, sql, &[], take).await
    }

    /// Reads several answers, asked for in one go.
    pub(crate) async fn read_together(
        &self,
        asked: &[(&'static Sql, Vec<Val>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let client = self.pool.get().await?;
        let queries = asked
            .iter()
            .map(|(sql, params)| query(&client, sql, params));
        futures_util::future::try_join_all(queries).await
    }

    /// Has the server take a statement for many rows; `false` where it is for one only.
    #[cfg(test)]
    pub(crate) async fn prepare_for_many(&self, sql: &'static Sql) -> Result<bool, CommitError> {
        let client = self.pool.get().await.map_err(StoreError::from)?;
        let one = prepare(&client, sql, sql.text).await?;
        let Some(text) = many::for_many(sql.text, one.params()) else {
            return Ok(false);
        };
        prepare(&client, sql, &text).await.map(|_| true)
    }

    pub(crate) async fn script(&self, text: &str) -> Result<(), StoreError> {
        let client = self.pool.get().await?;
        let done = client.batch_execute(text).await;
        if done.is_err() {
            // The connection may be inside a failed transaction: it is not given back.
            drop(Object::take(client));
        }
        done.map_err(|source| StoreError::Postgres {
            doing: "script",
            source,
        })
    }
}

async fn query(client: &Object, sql: &'static Sql, params: &[Val]) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    each_row(client, sql, params, |row| rows.push(row)).await?;
    Ok(rows)
}

async fn each_row(
    client: &Object,
    sql: &'static Sql,
    params: &[Val],
    mut take: impl FnMut(Row) + Send,
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Postgres {
        doing: sql.name,
        source,
    };
    let statement = client.prepare_cached(sql.text).await.map_err(failed)?;
    let stream = client.query_raw(&statement, params).await.map_err(failed)?;
    pin_mut!(stream);
    while let Some(row) = stream.next().await {
        let row = row.map_err(failed)?;
        let values = (0..row.len())
            .map(|column| column_value(&row, column))
            .collect::<Result<_, _>>();
        take(Row::new(sql.name, values.map_err(failed)?));
    }
    Ok(())
}

fn column_value(row: &tokio_postgres::Row, column: usize) -> Result<Val, tokio_postgres::Error> {
    let kind = row
        .columns()
        .get(column)
        .map_or(&Type::TEXT, tokio_postgres::Column::type_);
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Val::Int),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(column)?
            .map(|v| Val::Int(i64::from(v))),
        Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map(Val::Bool),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(column)?.map(Val::Real),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map(Val::Bytes),
        Type::UUID => row.try_get::<_, Option<uuid::Uuid>>(column)?.map(Val::Uuid),
        _ => row.try_get::<_, Option<String>>(column)?.map(Val::Text),
    };
    Ok(value.unwrap_or(Val::Null))
}

async fn commit_loop(pool: Pool, mut inbox: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP);
    let mut growth = growth::Growth::default();
    while inbox.recv_many(&mut jobs, GROUP).await > 0 {
        let group: Vec<Job> = std::mem::take(&mut jobs);
        for table in growth.count(&group) {
            tokio::spawn(growth::gather_statistics(pool.clone(), table));
        }
        match apply_all(&pool, &group).await {
            Ok(()) => group.into_iter().for_each(|job| answer(job, Ok(()))),
            Err(_) if group.len() > 1 => {
                for job in group {
                    let outcome = apply_all(&pool, std::slice::from_ref(&job)).await;
                    answer(job, outcome);
                }
            }
            Err(error) => group
                .into_iter()
                .take(1)
                .for_each(|job| answer(job, Err(error_again(&error)))),
        }
    }
}

/// Hands the one error of a single commit to its one owner.
fn error_again(error: &CommitError) -> CommitError {
    match error {
        CommitError::Conflict { statement } => CommitError::Conflict { statement },
        CommitError::Duplicate { statement } => CommitError::Duplicate { statement },
        CommitError::Store(error) => {
            tracing::error!(error = %error, cause = ?std::error::Error::source(error), "commit failed");
            CommitError::Store(StoreError::Stopped)
        }
    }
}

fn answer(job: Job, outcome: Result<(), CommitError>) {
    let reply: oneshot::Sender<_> = job.reply;
    let _ = reply.send(outcome);
}

async fn apply_all(pool: &Pool, jobs: &[Job]) -> Result<(), CommitError> {
    let client = pool.get().await.map_err(StoreError::from)?;
    let outcome = transaction(&client, jobs).await;
    if outcome.is_err() && client.batch_execute("rollback").await.is_err() {
        // The connection is gone; dropping it out of the pool makes a new one.
        drop(Object::take(client));
    }
    outcome
}

async fn transaction(client: &Object, jobs: &[Job]) -> Result<(), CommitError> {
    pipeline(client, Some("begin"), &many::steps(jobs), None).await?;
    let mut chains = audit::Chains::default();
    let mut rows = Vec::new();
    // Ordered, so that two nodes never wait for each other's heads crosswise.
    let mut practices: Vec<_> = jobs
        .iter()
        .filter(|job| !job.audit.is_empty())
        .map(|job| job.practice)
        .collect();
    practices.sort_unstable();
    practices.dedup();
    for practice in practices {
        let head = query(client, &LOCK_HEAD, &[Val::Uuid(practice)]).await?;
        chains
            .learn(practice, head.first())
            .map_err(StoreError::from)?;
    }
    for job in jobs {
        rows.extend(chains.append(job.practice, &job.audit));
    }
    let heads = chains.heads();
    let mut steps = vec![rows.iter().collect::<Vec<_>>()];
    steps.extend(heads.iter().map(|head| vec![head]));
    pipeline(client, None, &steps, Some("commit")).await
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send + 'a>>;

/// Sends all statements before it reads the first answer.
///
/// A request leaves when its future is polled for the first time, so polling
/// them once in order is what fixes the order on the wire.
async fn pipeline(
    client: &Object,
    before: Option<&'static str>,
    steps: &[Vec<&Bound>],
    after: Option<&'static str>,
) -> Result<(), CommitError> {
    let mut calls = Vec::with_capacity(steps.len());
    for rows in steps {
        calls.extend(Call::of(client, rows).await?);
    }
    let script = |text| -> Running<'_> {
        Box::pin(async move { client.batch_execute(text).await.map(|()| 1) })
    };
    let mut running: Vec<(&'static Sql, Option<u64>, Running<'_>)> =
        Vec::with_capacity(calls.len() + 1);
    running.extend(before.map(|text| (&SCRIPT, None, script(text))));
    running.extend(
        calls
            .iter()
            .map(|call| (call.sql, call.rows, call.run(client))),
    );
    let mut first_error = None;
    let mut waiting = Vec::with_capacity(running.len());
    for (sql, rows, mut future) in running {
        match poll!(&mut future) {
            std::task::Poll::Ready(done) => note(&mut first_error, sql, rows, done),
            std::task::Poll::Pending => waiting.push((sql, rows, future)),
        }
    }
    for (sql, rows, future) in waiting {
        note(&mut first_error, sql, rows, future.await);
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    if let Some(text) = after {
        note(&mut first_error, &SCRIPT, None, script(text).await);
    }
    first_error.map_or(Ok(()), Err)
}

static SCRIPT: Sql = Sql::new("transaction", "");

/// A statement as it goes to the server, for one row or for many.
struct Call<'a> {
    sql: &'static Sql,
    statement: Statement,
    params: Params<'a>,
    /// How many rows it must touch.
    rows: Option<u64>,
}

enum Params<'a> {
    One(&'a [Val]),
    /// One array for each parameter.
    Many(Vec<Vec<&'a Val>>),
}

impl<'a> Call<'a> {
    /// Prepares the rows of one statement: in one call where that can be.
    async fn of(client: &Object, rows: &[&'a Bound]) -> Result<Vec<Self>, CommitError> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let sql = first.sql;
        let statement = prepare(client, sql, sql.text).await?;
        let wanted = |rows: usize| match first.expect {
            Expect::One => u64::try_from(rows).ok(),
            Expect::Any => None,
        };
        let for_many = || sql.for_many(|| many::for_many(sql.text, statement.params()));
        if let [_, _, ..] = rows
            && let Some(text) = for_many()
        {
            let column = |place| {
                rows.iter()
                    .filter_map(|row| row.params.get(place))
                    .collect()
            };
            return Ok(vec![Self {
                sql,
                statement: prepare(client, sql, text).await?,
                params: Params::Many((0..first.params.len()).map(column).collect()),
                rows: wanted(rows.len()),
            }]);
        }
        let one = |row: &&'a Bound| Self {
            sql,
            statement: statement.clone(),
            params: Params::One(&row.params),
            rows: wanted(1),
        };
        Ok(rows.iter().map(one).collect())
    }

    fn run<'b>(&'b self, client: &'b Object) -> Running<'b> {
        match &self.params {
            Params::One(values) => Box::pin(client.execute_raw(&self.statement, *values)),
            Params::Many(columns) => Box::pin(client.execute_raw(&self.statement, columns)),
        }
    }
}

fn note(
    first: &mut Option<CommitError>,
    sql: &'static Sql,
    wanted: Option<u64>,
    done: Result<u64, tokio_postgres::Error>,
) {
    // What follows an error in a transaction fails because of it and says nothing.
    if first.is_some() {
        return;
    }
    *first = match done {
        Ok(rows) if wanted.is_some_and(|wanted| wanted != rows) => Some(CommitError::Conflict {
            statement: sql.name,
        }),
        Ok(_) => None,
        Err(source) => Some(refusal(sql, source)),
    };
}

fn refusal(sql: &'static Sql, source: tokio_postgres::Error) -> CommitError {
    use tokio_postgres::error::SqlState;
    match source.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => CommitError::Duplicate {
            statement: sql.name,
        },
        Some(&(SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE)) => {
            CommitError::Conflict {
                statement: sql.name,
            }
        }
        _ => CommitError::Store(StoreError::Postgres {
            doing: sql.name,
            source,
        }),
    }
}

async fn prepare(client: &Object, sql: &Sql, text: &str) -> Result<Statement, CommitError> {
    client.prepare_cached(text).await.map_err(|source| {
        CommitError::Store(StoreError::Postgres {
            doing: sql.name,
            source,
        })
    })
}

impl ToSql for Val {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) if *ty == Type::BOOL => (*value != 0).to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Uuid(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}
