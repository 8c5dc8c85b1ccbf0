//! Reading, bound to who asks and for which practice.

use std::sync::Arc;

use jiff::Timestamp;
use tendon_care::access::{Access, Actor};
use tendon_care::id::PatientId;

use crate::audit::{Action, AuditEntry};
use crate::commit::Commit;
use crate::db::Db;
use crate::error::{CommitError, StoreError};
use crate::seal::PracticeKeys;
use crate::sql::{Row, Sql, Val};

/// A handle through which one actor reads one practice. The methods stand with
/// their tables under `table/`.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    db: &'a Db,
    access: &'a Access,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(db: &'a Db, access: &'a Access) -> Self {
        Self { db, access }
    }

    /// Returns who asks.
    pub const fn access(&self) -> &'a Access {
        self.access
    }

    /// The tenant, as the first parameter of every statement.
    pub(crate) fn tenant(&self) -> Val {
        crate::sql::id(self.access.practice)
    }

    pub(crate) fn keys(&self) -> Result<Arc<PracticeKeys>, StoreError> {
        Ok(self.db.vault().keys(self.access.practice)?)
    }

    pub(crate) async fn rows(
        &self,
        sql: &'static Sql,
        params: Vec<Val>,
    ) -> Result<Vec<Row>, StoreError> {
        self.db.read(sql, params).await
    }

    pub(crate) async fn together(
        &self,
        asked: &[(&'static Sql, Vec<Val>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.db.read_together(asked).await
    }

    pub(crate) async fn first(
        &self,
        sql: &'static Sql,
        params: Vec<Val>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.db.read(sql, params).await?.into_iter().next())
    }

    /// Records that a person's data was looked at. Workers' own reads are not
    /// looks: what they do with it is recorded where they do it.
    ///
    /// *Errors*: where the row cannot be written the read must not be shown.
    pub async fn looked_at(
        &self,
        now: Timestamp,
        entity: &'static str,
        patient: Option<PatientId>,
        detail: &str,
    ) -> Result<(), StoreError> {
        if matches!(self.access.actor, Actor::System { .. }) {
            return Ok(());
        }
        let mut entry = AuditEntry::new(self.access, now, Action::Read, entity).with(detail);
        if let Some(patient) = patient {
            entry = entry.about(patient);
        }
        let mut commit = Commit::new(self.access);
        commit.audit(entry);
        self.db.commit(commit).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            CommitError::Conflict { .. } | CommitError::Duplicate { .. } => StoreError::Stopped,
        })
    }
}
