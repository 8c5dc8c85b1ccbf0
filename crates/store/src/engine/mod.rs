//! The two engines behind one set of calls.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use tokio::sync::oneshot;

use crate::audit::AuditEntry;
use crate::error::{CommitError, StoreError};
use crate::sql::{Bound, Row};

/// A commit as the engines see it: bound statements and audit entries, all or none.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) practice: uuid::Uuid,
    pub(crate) writes: Vec<Bound>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) reply: oneshot::Sender<Result<(), CommitError>>,
}

/// A write that answers rows, such as a claim.
#[derive(Debug)]
pub(crate) struct ReturningJob {
    pub(crate) bound: Bound,
    pub(crate) reply: oneshot::Sender<Result<Vec<Row>, StoreError>>,
}

/// How many commits share one transaction at most. Two hundred keep the longest
/// wait near the time of one fsync while the log is written only once.
pub(crate) const GROUP: usize = 256;
