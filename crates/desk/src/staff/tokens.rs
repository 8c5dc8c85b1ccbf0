//! Bearer tokens for machines.

use jiff::Timestamp;
use tendon_care::access::{Access, Actor, Permission, Role, Scope};
use tendon_care::id::TokenId;
use tendon_store::{Action, AuditEntry, Commit, CommitError, TokenRow, Write};

use super::{Secret, purpose_of};
use crate::desk::Desk;
use crate::error::DeskError;

/// The longest name.
const MAX_NAME_CHARS: usize = 120;

/// A token that was just made; the secret is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBearer {
    /// The id, for the list.
    pub id: TokenId,
    /// `tok_…`, for the `Authorization` header.
    pub secret: Secret,
}

/// A token as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerInfo {
    /// The id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// As what.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl From<TokenRow> for BearerInfo {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: row.role,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl Desk {
    /// Makes a bearer token.
    pub async fn add_token(
        &self,
        access: &Access,
        name: &str,
        role: Role,
    ) -> Result<NewBearer, DeskError> {
        access.require(Permission::Administer)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            return Err(DeskError::invalid("name", "must have 1 to 120 characters"));
        }
        let (secret, token_hash) = Secret::new(&self.mint(), "tok_");
        let id = self.mint().id();
        let now = self.now();
        let mut commit = Commit::new(access);
        commit.push(Write::TokenNew(TokenRow {
            token_hash,
            id,
            name: name.to_owned(),
            role,
            created_at: now,
            revoked_at: None,
        }));
        let entry = AuditEntry::new(access, now, Action::Create, "token");
        commit.audit(entry.of(id).with(role.code()));
        self.db().commit(commit).await?;
        Ok(NewBearer { id, secret })
    }

    /// Revokes a bearer token, at once and for good.
    pub async fn revoke_token(&self, access: &Access, token: TokenId) -> Result<(), DeskError> {
        access.require(Permission::Administer)?;
        let known = self.reader(access).tokens().await?;
        let row = known
            .iter()
            .find(|row| row.id == token)
            .ok_or(DeskError::NotFound("token"))?;
        if row.revoked_at.is_some() {
            return Err(DeskError::Stale("the token is revoked already"));
        }
        let now = self.now();
        let mut commit = Commit::new(access);
        commit.push(Write::TokenRevoked(token, now));
        commit.audit(AuditEntry::new(access, now, Action::Delete, "token").of(token));
        match self.db().commit(commit).await {
            Err(CommitError::Conflict { .. }) => {
                Err(DeskError::Stale("the token is revoked already"))
            }
            other => Ok(other?),
        }
    }

    /// Lists the bearer tokens, oldest first.
    pub async fn tokens(&self, access: &Access) -> Result<Vec<BearerInfo>, DeskError> {
        access.require(Permission::Administer)?;
        let rows = self.reader(access).tokens().await?;
        Ok(rows.into_iter().map(BearerInfo::from).collect())
    }

    /// Finds who a bearer token is; `None` for one that is unknown or revoked.
    pub async fn authenticate_bearer(
        &self,
        secret: &str,
    ) -> Result<Option<(Access, BearerInfo)>, DeskError> {
        let found = self.db().token(&crate::link::hash(secret)).await?;
        let Some((practice, row)) = found.filter(|(_, row)| row.revoked_at.is_none()) else {
            return Ok(None);
        };
        let access = Access {
            practice,
            actor: Actor::Token {
                id: row.id,
                role: row.role,
            },
            scope: Scope::Practice,
            purpose: purpose_of(row.role),
        };
        Ok(Some((access, row.into())))
    }
}
