//! A signed-in browser, and how long it stays so.

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Role};
use tendon_care::id::{PracticeId, SessionId, UserId};
use tendon_store::{
    Action, AuditEntry, Commit, CommitError, SessionMove, SessionRow, UserRow, Write,
};

use super::{Secret, access_of};
use crate::desk::Desk;
use crate::error::DeskError;

/// A session that is not used for so long has ended (45 CFR 164.312(a)(2)(iii),
/// automatic logoff).
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// However much it is used, a session ends after a working day.
pub const ABSOLUTE_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// How long the second factor may take.
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Uses closer together than this are written down as one, so that not every page
/// costs a commit.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Who is signed in, for pages.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// The display name.
    pub name: String,
    /// The address to sign in with.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Whether codes are set up.
    pub has_codes: bool,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_at: Timestamp,
}

impl std::fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionInfo({}, {:?})", self.id, self.role)
    }
}

impl Desk {
    /// Finds who a session's token belongs to. `None` for a token that is unknown,
    /// has run out, lacks its second factor, or whose user may not sign in.
    pub async fn authenticate(
        &self,
        token: &str,
    ) -> Result<Option<(Access, SessionInfo)>, DeskError> {
        let Some((practice, mut row, user)) = self.complete_session(token).await? else {
            return Ok(None);
        };
        let now = self.now();
        let access = access_of(practice, &user);
        if now.duration_since(row.seen_at) >= SEEN_EVERY {
            let mut commit = Commit::new(&access);
            commit.push(Write::Session(SessionMove {
                token_hash: row.token_hash.clone(),
                seen_at: now,
                complete: true,
            }));
            match self.db().commit(commit).await {
                Ok(()) => row.seen_at = now,
                // It was ended at this very moment.
                Err(CommitError::Conflict { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some((access, info(&row, &user))))
    }

    /// Finds the same without using the session: a page that reloads itself must
    /// not keep a session awake at which nobody sits.
    pub async fn authenticate_asleep(
        &self,
        token: &str,
    ) -> Result<Option<(Access, SessionInfo)>, DeskError> {
        let found = self.complete_session(token).await?;
        Ok(found.map(|(practice, row, user)| (access_of(practice, &user), info(&row, &user))))
    }

    pub(super) async fn complete_session(
        &self,
        token: &str,
    ) -> Result<Option<(PracticeId, SessionRow, UserRow)>, DeskError> {
        let found = self.live_session(token).await?;
        Ok(found.filter(|(_, row, _)| row.complete))
    }

    /// Ends a session. Ending one that is over is no error.
    pub async fn sign_out(&self, token: &str) -> Result<(), DeskError> {
        let hash = crate::link::hash(token);
        let Some((practice, row)) = self.db().session(&hash).await? else {
            return Ok(());
        };
        let Some(user) = self.db().user(practice, row.user).await? else {
            return Ok(());
        };
        let access = access_of(practice, &user);
        let mut commit = Commit::new(&access);
        commit.push(Write::SessionGone(hash));
        let entry = AuditEntry::new(&access, self.now(), Action::Execute, "sign_out");
        commit.audit(entry.of(row.id));
        self.db().commit(commit).await?;
        Ok(())
    }

    /// Finds a session that has not run out, complete or not, and its user.
    pub(super) async fn live_session(
        &self,
        token: &str,
    ) -> Result<Option<(PracticeId, SessionRow, UserRow)>, DeskError> {
        let hash = crate::link::hash(token);
        let Some((practice, row)) = self.db().session(&hash).await? else {
            return Ok(None);
        };
        if !is_live(&row, self.now()) {
            return Ok(None);
        }
        let user = self.db().user(practice, row.user).await?;
        Ok(user
            .filter(|user| !user.disabled)
            .map(|user| (practice, row, user)))
    }

    /// Makes a session that the caller commits, and its token.
    pub(super) fn new_session(&self, user: UserId, complete: bool) -> (Secret, SessionRow) {
        let now = self.now();
        let (token, token_hash) = Secret::new(&self.mint(), "");
        let row = SessionRow {
            token_hash,
            id: self.mint().id(),
            user,
            created_at: now,
            seen_at: now,
            complete,
            totp_pending: None,
        };
        (token, row)
    }
}

fn info(row: &SessionRow, user: &UserRow) -> SessionInfo {
    let ends_at = row.created_at + ABSOLUTE_LIFE;
    SessionInfo {
        id: row.id,
        user: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        has_codes: user.totp_secret.is_some(),
        ends_at,
        idle_at: (row.seen_at + IDLE_LIFE).min(ends_at),
    }
}

fn is_live(row: &SessionRow, now: Timestamp) -> bool {
    let since = |then: Timestamp| now.duration_since(then);
    if row.complete {
        since(row.created_at) < ABSOLUTE_LIFE && since(row.seen_at) < IDLE_LIFE
    } else {
        since(row.created_at) < CODE_LIFE
    }
}
