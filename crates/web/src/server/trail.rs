//! Whether the audit trail holds. Walking millions of entries takes seconds, so
//! the answer is kept for a while; the page says when it was found.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::PracticeId;
use tendon_store::{ChainBreak, Db, StoreError};

/// How long an answer is good.
const GOOD: SignedDuration = SignedDuration::from_mins(10);

/// The entries of a chain that holds, or where it breaks.
pub(crate) type Answer = Result<u64, ChainBreak>;

/// The last answer for each practice.
#[derive(Debug, Default)]
pub(crate) struct Trail(Mutex<HashMap<PracticeId, (Timestamp, Answer)>>);

impl Trail {
    /// Returns whether the chain holds, and when that was found.
    pub(crate) async fn verified(
        &self,
        db: &Db,
        practice: PracticeId,
        now: Timestamp,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&practice)
            .copied();
        // A break is looked for anew each time: nobody waits for good news.
        let known = known.filter(|(at, answer)| answer.is_ok() && now.duration_since(*at) < GOOD);
        if let Some(known) = known {
            return Ok(known);
        }
        let found = (now, db.verify_audit(practice).await?);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(practice, found);
        Ok(found)
    }
}
