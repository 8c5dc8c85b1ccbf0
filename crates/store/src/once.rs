//! A request that happens once, however often it comes.
//!
//! A client that got no answer asks again under the same key. The key is kept in
//! the very commit that does what was asked, so there is no moment at which it
//! was done and the key is not known. The answer itself is written after that; a
//! crash in between leaves the key with the ids that were made, from which the
//! answer is rendered anew.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_care::id::TokenId;

use crate::commit::{Commit, Write};
use crate::db::Db;
use crate::error::CommitError;
use crate::table::IdempotencyRow;

/// The key of one request, on its way into the first commit that does something.
#[derive(Debug)]
pub struct Once {
    token: TokenId,
    key: String,
    request_hash: Vec<u8>,
    at: Timestamp,
    kept: AtomicBool,
}

impl Once {
    /// Names a request by the token that makes it, its key and a hash of all that
    /// it asks for.
    pub fn new(
        token: TokenId,
        key: impl Into<String>,
        request_hash: Vec<u8>,
        at: Timestamp,
    ) -> Self {
        Self {
            token,
            key: key.into(),
            request_hash,
            at,
            kept: AtomicBool::new(false),
        }
    }

    /// Tells whether a commit carried the key.
    pub fn is_kept(&self) -> bool {
        self.kept.load(Ordering::SeqCst)
    }

    /// Keeps the answer under this key, once.
    ///
    /// *Errors*: a conflict where another answer, or another request, has the key.
    pub async fn answer(
        &self,
        db: &Db,
        access: &Access,
        status: u16,
        body: String,
    ) -> Result<(), CommitError> {
        let mut commit = Commit::new(access);
        let row = self.row(status, body);
        commit.push(Write::Idempotency(Box::new(row)));
        db.commit(commit).await
    }

    fn row(&self, status: u16, body: String) -> IdempotencyRow {
        IdempotencyRow {
            token: self.token,
            key: self.key.clone(),
            request_hash: self.request_hash.clone(),
            status,
            body,
            stored_at: self.at,
        }
    }

    /// Adds the key to a commit that does something; reads and later commits of
    /// the same request go without. Returns whether it was added.
    pub(crate) fn join(&self, commit: &mut Commit) -> bool {
        if self.is_kept() || commit.writes().is_empty() {
            return false;
        }
        let row = self.row(IdempotencyRow::UNFINISHED, made_by(commit));
        commit.push(Write::Idempotency(Box::new(row)));
        true
    }

    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::SeqCst);
    }
}

/// Lists the ids of what a commit adds, in its order, separated by spaces.
fn made_by(commit: &Commit) -> String {
    let made = commit.writes().iter().filter_map(|write| {
        Some(match write {
            Write::PatientNew(patient, _) => patient.id.to_string(),
            Write::AppointmentNew(visit) => visit.id.to_string(),
            Write::EpisodeNew(episode) => episode.id.to_string(),
            Write::MessageNew(row) => row.message.id.to_string(),
            Write::Consent(row) => row.entry.id.to_string(),
            Write::TaskNew(task, _) => task.id.to_string(),
            _ => return None,
        })
    });
    made.collect::<Vec<_>>().join(" ")
}
