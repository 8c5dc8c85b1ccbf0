//! Settings, a practice's own words, and answers kept for idempotency keys.

use jiff::Timestamp;
use tendon_care::id::{Id, PracticeId, TokenId, UserId};

use crate::commit::Binder;
use crate::db::Db;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    GET = "select value from setting where practice_id = $1 and name = $2";
    EVERYWHERE = "select practice_id, value from setting where name = $1 order by practice_id";
    SET = "insert into setting (practice_id, name, value) values ($1, $2, $3) \
           on conflict (practice_id, name) do update set value = excluded.value";
    WORDINGS = "select name, language, part, source, version, changed_at, changed_by from wording \
                where practice_id = $1 order by name, language, part";
    /// An edit must be made on the version that was read.
    PUT_WORDING = "insert into wording (practice_id, name, language, part, source, version, changed_at, \
                   changed_by) values ($1, $2, $3, $4, $5, $6, $7, $8) \
                   on conflict (practice_id, name, language, part) do update set source = excluded.source, \
                   version = excluded.version, changed_at = excluded.changed_at, \
                   changed_by = excluded.changed_by where wording.version = excluded.version - 1";
    KEPT = "select token_id, key, request_hash, status, body_sealed, stored_at from idempotency \
            where practice_id = $1 and token_id = $2 and key = $3";
    /// A key is taken once; after that, an answer may only be put where none is yet.
    KEEP = "insert into idempotency (practice_id, token_id, key, request_hash, status, body_sealed, stored_at) \
            values ($1, $2, $3, $4, $5, $6, $7) \
            on conflict (practice_id, token_id, key) do update set status = excluded.status, \
            body_sealed = excluded.body_sealed where idempotency.status = 0 and excluded.status <> 0 \
            and idempotency.request_hash = excluded.request_hash";
    SWEEP_ANSWERS = "delete from idempotency where stored_at < $1";
}

/// A practice's own words in place of the compiled ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordingRow {
    /// The message's name.
    pub name: String,
    /// The language tag.
    pub language: String,
    /// `sms`, `subject`, `text` or `html`.
    pub part: String,
    /// The words.
    pub source: String,
    /// The version, from 1.
    pub version: u32,
    /// When it was changed.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: Option<UserId>,
}

/// The answer to a request with an idempotency key.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Whose key.
    pub token: TokenId,
    /// The key.
    pub key: String,
    /// A hash of the request: another request under the same key is refused.
    pub request_hash: Vec<u8>,
    /// The HTTP status; [`IdempotencyRow::UNFINISHED`] while there is no answer.
    pub status: u16,
    /// The body, or the ids that were made while there is none; sealed at rest.
    pub body: String,
    /// When.
    pub stored_at: Timestamp,
}

impl IdempotencyRow {
    /// What was asked has been done, and its answer is not written yet.
    pub const UNFINISHED: u16 = 0;
}

impl Db {
    /// Returns a setting of every practice that has it: for finding out which
    /// practice something that comes from outside is meant for.
    pub async fn setting_everywhere(
        &self,
        name: &str,
    ) -> Result<Vec<(PracticeId, String)>, StoreError> {
        let rows = self.read(&EVERYWHERE, params![name]).await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.id(0)?, row.text(1)?.to_owned()));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Removes answers that were kept before a moment.
    pub async fn sweep_answers(&self, before: Timestamp) -> Result<(), StoreError> {
        self.returning(Bound::any(&SWEEP_ANSWERS, params![before]))
            .await
            .map(drop)
    }
}

impl std::fmt::Debug for IdempotencyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdempotencyRow({}, status {})", self.token, self.status)
    }
}

impl Reader<'_> {
    /// Returns a setting.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = self.first(&GET, params![self.tenant_id(), name]).await?;
        Ok(row.map(|row| row.text(0).map(str::to_owned)).transpose()?)
    }

    /// Returns every word of the practice's own.
    pub async fn wordings(&self) -> Result<Vec<WordingRow>, StoreError> {
        let rows = self.rows(&WORDINGS, vec![self.tenant()]).await?;
        let read = |row: &Row| -> Result<WordingRow, BadRow> {
            Ok(WordingRow {
                name: row.text(0)?.to_owned(),
                language: row.text(1)?.to_owned(),
                part: row.text(2)?.to_owned(),
                source: row.text(3)?.to_owned(),
                version: row.small(4)?,
                changed_at: row.time(5)?,
                changed_by: row.opt_id(6)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Returns the answer kept for an idempotency key.
    pub async fn kept_answer(
        &self,
        token: TokenId,
        key: &str,
    ) -> Result<Option<IdempotencyRow>, StoreError> {
        let row = self
            .first(&KEPT, params![self.tenant_id(), token.uuid(), key])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let body = self.keys()?.open_text(cell(token), row.bytes(4)?)?;
        Ok(Some(IdempotencyRow {
            token: row.id(0)?,
            key: row.text(1)?.to_owned(),
            request_hash: row.bytes(2)?.to_vec(),
            status: row.small(3)?,
            body,
            stored_at: row.time(5)?,
        }))
    }
}

pub(crate) fn set(binder: Binder<'_>, name: &str, value: &str) -> Bound {
    Bound::one(&SET, params![binder.practice.uuid(), name, value])
}

pub(crate) fn wording(binder: Binder<'_>, row: &WordingRow) -> Bound {
    Bound::one(
        &PUT_WORDING,
        params![
            binder.practice.uuid(),
            &row.name,
            &row.language,
            &row.part,
            &row.source,
            row.version,
            row.changed_at,
            row.changed_by.map(Id::uuid)
        ],
    )
}

fn cell(token: TokenId) -> Cell {
    Cell {
        table: "idempotency",
        column: "body_sealed",
        row: token.uuid(),
    }
}

pub(crate) fn idempotency(binder: Binder<'_>, row: &IdempotencyRow) -> Result<Bound, StoreError> {
    Ok(Bound::one(
        &KEEP,
        params![
            binder.practice.uuid(),
            row.token.uuid(),
            &row.key,
            row.request_hash.clone(),
            row.status,
            binder.keys.seal(cell(row.token), row.body.as_bytes())?,
            row.stored_at
        ],
    ))
}
