//! What can go wrong between Tendon and its database.

use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use crate::seal::SealError;
use crate::sql::BadRow;

/// A statement or connection failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("could not run {doing} on SQLite")]
    Sqlite {
        /// The statement or act.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// PostgreSQL refused.
    #[error("could not run {doing} on PostgreSQL")]
    Postgres {
        /// The statement or act.
        doing: &'static str,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// No connection could be had.
    #[error("could not get a connection to PostgreSQL")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A stored row makes no sense.
    #[error(transparent)]
    BadRow(#[from] BadRow),
    /// Something sealed could not be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database URL is not understood.
    #[error("database URL must begin with sqlite: or postgres://")]
    BadUrl,
    /// A `postgres://` URL that cannot be read. It is not shown: it may hold a password.
    #[error("the database URL cannot be read: {0}")]
    BadPostgresUrl(&'static str),
    /// The certificates of `sslrootcert` cannot be read.
    #[error("sslrootcert: no certificates in {path}")]
    Roots {
        /// The file that was named.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Certificates that nothing can be checked against.
    #[error("PostgreSQL's certificate cannot be checked")]
    Tls(#[from] rustls::Error),
    /// The writer is gone: the process is shutting down.
    #[error("the database writer has stopped")]
    Stopped,
    /// The database was made by a newer Tendon, or a released migration was changed.
    #[error("database schema: {0}")]
    Schema(String),
}

impl StoreError {
    /// Tells whether a table was asked that is not there.
    pub(crate) fn is_missing_table(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } => source.to_string().starts_with("no such table"),
            Self::Postgres { source, .. } => source.code() == Some(&SqlState::UNDEFINED_TABLE),
            _ => false,
        }
    }
}

/// Why a commit was not applied. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// What was read before has changed meanwhile: read again and decide again.
    #[error("{statement} found another state than was read")]
    Conflict {
        /// The statement whose precondition failed.
        statement: &'static str,
    },
    /// A unique value exists already.
    #[error("{statement} would store a value that exists already")]
    Duplicate {
        /// The statement.
        statement: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
