//! Whether the audit trail holds. Walking millions of entries takes many seconds:
//! a long trail is walked beside the page, which says so until the answer is there.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::PracticeId;
use tendon_store::{ChainBreak, Db, StoreError};

use super::kept::Kept;

/// How long an answer is good.
const GOOD: SignedDuration = SignedDuration::from_mins(10);

/// A trail of so many entries is walked while the page waits: some hundredths of a second.
const SHORT: i64 = 5_000;

/// The entries of a chain that holds, or where it breaks.
pub(crate) type Answer = Result<u64, ChainBreak>;

/// The last answer for each practice. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    kept: Arc<Kept<Answer>>,
    /// Practices whose trail is being walked.
    walking: Arc<Mutex<HashSet<PracticeId>>>,
}

impl Default for Trail {
    fn default() -> Self {
        Self {
            kept: Arc::new(Kept::new(GOOD)),
            walking: Arc::default(),
        }
    }
}

impl Trail {
    /// Returns whether the chain holds, and when that was found; `None` while a long
    /// one is walked for the first time.
    pub(crate) async fn verified(
        &self,
        db: &Db,
        practice: PracticeId,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, Answer)>, StoreError> {
        // A break is looked for anew each time: nobody waits for good news.
        let fresh = self.kept.fresh(practice, now);
        if let Some(known) = fresh.filter(|(_, answer)| answer.is_ok()) {
            return Ok(Some(known));
        }
        if db.audit_length(practice).await? <= SHORT {
            let answer = db.verify_audit(practice).await?;
            self.kept.keep(practice, now, answer);
        } else {
            self.walk(db.clone(), practice, now);
        }
        Ok(self.kept.last(practice))
    }

    /// Walks a trail beside all else, once at a time.
    fn walk(&self, db: Db, practice: PracticeId, now: Timestamp) {
        if !self.walking().insert(practice) {
            return;
        }
        let trail = self.clone();
        tokio::spawn(async move {
            match db.verify_audit(practice).await {
                Ok(answer) => trail.kept.keep(practice, now, answer),
                Err(error) => tracing::warn!(error = %error, "the audit trail could not be walked"),
            }
            trail.walking().remove(&practice);
        });
    }

    fn walking(&self) -> std::sync::MutexGuard<'_, HashSet<PracticeId>> {
        self.walking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
