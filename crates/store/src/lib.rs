//! Every SQL statement, row and migration; audit, outbox, timers and claims.
//!
//! Reading goes through a [`Reader`] made for an `Access`; writing is a
//! [`Commit`]: a list of typed [`Write`]s with their preconditions, applied as a
//! whole or not at all. Because a write is a value, SQLite's one writer applies
//! hundreds of commits under one fsync and PostgreSQL's pipelines them.

mod audit;
mod backup;
mod claim;
mod commit;
mod db;
mod engine;
mod error;
mod migrate;
mod once;
mod reader;
mod seal;
mod sql;
mod table;

pub use audit::{Action, AuditEntry};
pub use backup::{TableDigest, check_sqlite_backup, copy_sqlite, digest_tables};
pub use claim::{Claimed, ClaimedMessage, ClaimedTimer, Claims, Lease, Unreadable};
pub use commit::{Commit, Versioned, Write};
pub use db::{Db, Durability, Options};
pub use engine::postgres::postgres_environment;
pub use error::{CommitError, StoreError};
pub use migrate::schema_digest;
pub use once::Once;
pub use reader::Reader;
pub use seal::{SealError, SecretKey};
pub use sql::BadRow;
pub use table::*;

#[cfg(test)]
mod tests;
