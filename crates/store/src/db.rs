//! The database handle: opens, migrates, hands out scoped readers, commits values.

use std::path::PathBuf;
use std::sync::Arc;

use tendon_care::Randomness;
use tendon_care::access::Access;
use tendon_care::id::Id;
use tokio::sync::{broadcast, oneshot};

use crate::commit::Commit;
use crate::engine::{Job, postgres::Postgres, sqlite::Sqlite};
use crate::error::{CommitError, StoreError};
use crate::migrate;
use crate::once::Once;
use crate::reader::Reader;
use crate::seal::{SecretKey, Vault};
use crate::sql::{Bound, Row, Sql, Val};
use crate::table::{Change, practice};

/// What an acknowledged commit has survived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the machine (fsync at every group of commits).
    #[default]
    Full,
    /// Nothing yet: for simulations and bulk loads into a new file.
    Bulk,
}

/// How to open a database.
#[derive(Debug)]
pub struct Options {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// What an acknowledged commit must have survived (SQLite; PostgreSQL's own setting rules there).
    pub durability: Durability,
    /// The server's key-encryption key.
    pub kek: SecretKey,
    /// For nonces and data keys.
    pub randomness: Arc<dyn Randomness>,
}

#[derive(Debug)]
enum Engine {
    Sqlite(Box<Sqlite>),
    Postgres(Postgres),
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    inner: Arc<Inner>,
    once: Option<Arc<Once>>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    vault: Vault,
    changes: broadcast::Sender<Change>,
}

impl Db {
    /// Opens the database, brings its schema up to date and unwraps the data keys.
    ///
    /// *Errors*: an unknown URL scheme; a schema newer than the program; a data
    /// key that this server's key does not open.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let db = Self::connect(options)?;
        db.keep_log().await?;
        migrate::run(&db).await?;
        db.get_ready().await
    }

    /// Opens a database whose schema is to stay as it is.
    ///
    /// *Errors*: as [`Db::open`]; the schema is not the one of this program.
    pub async fn open_as_it_is(options: Options) -> Result<Self, StoreError> {
        let db = Self::connect(options)?;
        migrate::check(&db).await?;
        db.keep_log().await?;
        db.get_ready().await
    }

    fn connect(options: Options) -> Result<Self, StoreError> {
        let engine = if let Some(path) = options.url.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.trim_start_matches("//"));
            Engine::Sqlite(Box::new(Sqlite::open(&path, options.durability)?))
        } else if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://")
        {
            Engine::Postgres(Postgres::open(&options.url)?)
        } else {
            return Err(StoreError::BadUrl);
        };
        let vault = Vault::new(&options.kek, options.randomness);
        let (changes, _) = broadcast::channel(64);
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                vault,
                changes,
            }),
            once: None,
        })
    }

    async fn keep_log(&self) -> Result<(), StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.keep_log().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    async fn get_ready(self) -> Result<Self, StoreError> {
        if let Engine::Sqlite(sqlite) = &self.inner.engine {
            sqlite.fix_plans().await?;
            sqlite.open_readers()?;
        }
        practice::load_keys(&self).await?;
        Ok(self)
    }

    /// Returns a handle through which `access` may read.
    pub fn reader<'a>(&'a self, access: &'a Access) -> Reader<'a> {
        Reader::new(self, access)
    }

    /// Returns a handle whose first commit that does something carries the key
    /// of a request. Where the key is taken, that commit finds a conflict.
    #[must_use]
    pub fn once(&self, once: Arc<Once>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            once: Some(once),
        }
    }

    /// Applies a commit: all of it or nothing, durably, with its audit rows.
    pub async fn commit(&self, mut commit: Commit) -> Result<(), CommitError> {
        let joined = self.once.as_ref().filter(|once| once.join(&mut commit));
        self.apply(commit).await?;
        if let Some(once) = joined {
            once.keep();
        }
        Ok(())
    }

    async fn apply(&self, commit: Commit) -> Result<(), CommitError> {
        let practice = commit.practice();
        let topics = commit.topics();
        let (writes, audit) = commit.bind(self)?;
        let (reply, answer) = oneshot::channel();
        let job = Job {
            practice: practice.uuid(),
            writes,
            audit,
            reply,
        };
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.submit(job)?,
            Engine::Postgres(postgres) => postgres.submit(job)?,
        }
        answer.await.map_err(|_| StoreError::Stopped)??;
        // Nobody listening is fine: live pages come and go.
        let _ = self.inner.changes.send(Change { practice, topics });
        Ok(())
    }

    /// Returns a stream of what was committed by this node.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }

    /// Tells which engine it is, for benchmarks and the operator's page.
    pub fn engine_name(&self) -> &'static str {
        match self.inner.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Lets the planner learn how many rows there are. PostgreSQL does so by itself
    /// a minute late, and until then it reads all of a practice for every look-up
    /// of a load; SQLite plans without counts.
    pub async fn gather_statistics(&self) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.script("analyze").await?;
        }
        Ok(())
    }

    /// Leaves a database as it is some minutes after a load: PostgreSQL's own
    /// housekeeping notes which pages need no second look, and counts the rows.
    pub async fn settle_after_load(&self) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.script("vacuum (analyze)").await?;
        }
        Ok(())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner.engine, Engine::Postgres(_))
    }

    /// Puts a PostgreSQL-only script before a shared one, where it applies.
    pub(crate) fn only_on_postgres(&self, postgres: &str, both: &str) -> String {
        if self.is_postgres() {
            format!("{postgres}\n{both}")
        } else {
            both.to_owned()
        }
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) async fn read(
        &self,
        sql: &'static Sql,
        params: Vec<Val>,
    ) -> Result<Vec<Row>, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read(sql, params).await,
            Engine::Postgres(postgres) => postgres.read(sql, &params).await,
        }
    }

    /// Hands over every row of an answer that need not fit into memory.
    pub(crate) async fn each_row(
        &self,
        sql: &'static Sql,
        take: impl FnMut(Row) + Send,
    ) -> Result<(), StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.each_row(sql, take).await,
            Engine::Postgres(postgres) => postgres.each_row(sql, take).await,
        }
    }

    /// Reads several answers at once: of one moment on SQLite, in one round trip
    /// on PostgreSQL. A commit that relies on them names the versions it read.
    pub(crate) async fn read_together(
        &self,
        asked: &[(&'static Sql, Vec<Val>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read_together(asked).await,
            Engine::Postgres(postgres) => postgres.read_together(asked).await,
        }
    }

    /// Runs a write that answers rows, on its own, committed when it returns.
    pub(crate) async fn returning(&self, bound: Bound) -> Result<Vec<Row>, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.returning(bound).await,
            Engine::Postgres(postgres) => postgres.read(bound.sql, &bound.params).await,
        }
    }

    #[cfg(test)]
    pub(crate) async fn prepare_for_many(&self, sql: &'static Sql) -> Result<bool, CommitError> {
        match &self.inner.engine {
            Engine::Sqlite(_) => Ok(false),
            Engine::Postgres(postgres) => postgres.prepare_for_many(sql).await,
        }
    }

    pub(crate) async fn script(&self, text: &str) -> Result<(), StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.script(text.to_owned()).await,
            Engine::Postgres(postgres) => postgres.script(text).await,
        }
    }
}
