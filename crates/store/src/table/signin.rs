//! One-time links to sign in, and failures with addresses that nobody has.

use jiff::Timestamp;
use tendon_care::id::{Id, PracticeId, UserId};

use crate::commit::Binder;
use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    LINK = "select practice_id, user_id, created_at, expires_at, used_at, token_hash from signin_link \
            where token_hash = $1";
    ADD_LINK = "insert into signin_link (token_hash, practice_id, user_id, created_at, expires_at) \
                values ($1, $2, $3, $4, $5)";
    /// Works once, and not after its time.
    USE_LINK = "update signin_link set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2";
    GHOST = "select failures, locked_until from signin_ghost where email_hash = $1";
    /// Counts on only from what was read: of many tries at once each sees the ones before.
    GHOST_FAILED = "insert into signin_ghost (email_hash, failures, locked_until, failed_at) \
                    values ($1, $2 + 1, $3, $4) on conflict (email_hash) do update set \
                    failures = excluded.failures, locked_until = excluded.locked_until, \
                    failed_at = excluded.failed_at where signin_ghost.failures = excluded.failures - 1 \
                    returning failures";
    SWEEP_GHOSTS = "delete from signin_ghost where failed_at < $1";
    SWEEP_LINKS = "delete from signin_link where expires_at < $1";
}

/// A one-time link to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLinkRow {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// Who signs in with it.
    pub user: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Failures in a row with an address that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// How many.
    pub failures: u16,
    /// No try counts before this.
    pub locked_until: Timestamp,
}

impl Db {
    /// Finds a one-time link by the hash of its token: the token is the access.
    pub async fn sign_in_link(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, SignInLinkRow)>, StoreError> {
        let rows = self.read(&LINK, params![token_hash.to_vec()]).await?;
        Ok(self.led_to(rows).await?.as_ref().map(link).transpose()?)
    }

    /// Returns the failures with an address that nobody has, by its hash.
    pub async fn ghost(&self, email_hash: &[u8]) -> Result<Option<Ghost>, StoreError> {
        let rows = self.read(&GHOST, params![email_hash.to_vec()]).await?;
        let read = |row: &Row| -> Result<Ghost, BadRow> {
            Ok(Ghost {
                failures: row.small(0)?,
                locked_until: row.time(1)?,
            })
        };
        Ok(rows.first().map(read).transpose()?)
    }

    /// Counts one more failure after `before`; `false` where others came between.
    pub async fn ghost_failed(
        &self,
        email_hash: &[u8],
        before: u16,
        locked_until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = params![email_hash.to_vec(), before, locked_until, at];
        let rows = self.returning(Bound::any(&GHOST_FAILED, values)).await?;
        Ok(!rows.is_empty())
    }

    /// Forgets failures and links from before a moment.
    pub async fn sweep_sign_ins(&self, before: Timestamp) -> Result<(), StoreError> {
        for sql in [&SWEEP_GHOSTS, &SWEEP_LINKS] {
            self.returning(Bound::any(sql, params![before])).await?;
        }
        Ok(())
    }
}

pub(crate) fn link_new(binder: Binder<'_>, row: &SignInLinkRow) -> Bound {
    Bound::one(
        &ADD_LINK,
        params![
            row.token_hash.clone(),
            binder.practice.uuid(),
            row.user.uuid(),
            row.created_at,
            row.expires_at
        ],
    )
}

pub(crate) fn link_used(token_hash: &[u8], at: Timestamp) -> Bound {
    Bound::one(&USE_LINK, params![token_hash.to_vec(), at])
}

fn link(row: &Row) -> Result<(PracticeId, SignInLinkRow), BadRow> {
    let value = SignInLinkRow {
        user: row.id(1)?,
        created_at: row.time(2)?,
        expires_at: row.time(3)?,
        used_at: row.opt_time(4)?,
        token_hash: row.bytes(5)?.to_vec(),
    };
    Ok((row.id(0)?, value))
}
