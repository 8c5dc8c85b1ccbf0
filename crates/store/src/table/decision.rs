//! Why messages were sent, held, moved or dropped.

use jiff::Timestamp;
use tendon_care::id::{DecisionId, Id, MessageId, UserId};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    DECIDE = "insert into decision (practice_id, message_id, decided_at, decision_id, outcome, reason, \
              until_at, chain, decided_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DECISIONS = "select decision_id, message_id, decided_at, outcome, reason, until_at, chain, decided_by from decision \
                 where practice_id = $1 and message_id = $2 order by decided_at, decision_id";
}

/// Why a message was sent, held, moved or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The id.
    pub id: DecisionId,
    /// About which message.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
    /// `send`, `hold`, `move` or `drop`.
    pub outcome: String,
    /// The code of the reason.
    pub reason: String,
    /// Until when it is held.
    pub until: Option<Timestamp>,
    /// Every check with its outcome, as JSON.
    pub chain: String,
    /// The member of staff who decided; `None` for the rules.
    pub by: Option<UserId>,
}

impl Reader<'_> {
    /// Returns the decisions about a message, oldest first.
    pub async fn decisions(&self, message: MessageId) -> Result<Vec<DecisionRow>, StoreError> {
        let rows = self
            .rows(&DECISIONS, vec![self.tenant(), id(message)])
            .await?;
        let read = |row: &Row| -> Result<DecisionRow, BadRow> {
            Ok(DecisionRow {
                id: row.id(0)?,
                message: row.id(1)?,
                at: row.time(2)?,
                outcome: row.text(3)?.to_owned(),
                reason: row.text(4)?.to_owned(),
                until: row.opt_time(5)?,
                chain: row.text(6)?.to_owned(),
                by: row.opt_id(7)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn decision(binder: Binder<'_>, row: &DecisionRow) -> Bound {
    Bound::one(
        &DECIDE,
        params![
            binder.practice.uuid(),
            row.message.uuid(),
            row.at,
            row.id.uuid(),
            &row.outcome,
            &row.reason,
            row.until,
            &row.chain,
            row.by.map(Id::uuid)
        ],
    )
}
