//! One-time links to sign in, for the demo and for who has lost every other way.
//!
//! Only the command line makes them: whoever can run it owns the machine already.

use jiff::SignedDuration;
use tendon_care::access::{Access, Actor, Permission};
use tendon_care::id::UserId;
use tendon_store::{Action, Commit, CommitError, SignInLinkRow, Write};

use super::sign_in::signed;
use super::{Secret, SignInAnswer, access_of};
use crate::desk::Desk;
use crate::error::DeskError;

/// The longest that a one-time link may live.
pub const MAX_LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Desk {
    /// Makes a link that signs a member of staff in, once. Refuses anybody but the
    /// command line, whatever their role.
    pub async fn make_sign_in_link(
        &self,
        access: &Access,
        user: UserId,
        life: SignedDuration,
    ) -> Result<Secret, DeskError> {
        if !matches!(access.actor, Actor::System { .. }) {
            let permission = Permission::Administer;
            return Err(tendon_care::access::Denied { permission }.into());
        }
        if !life.is_positive() || life > MAX_LINK_LIFE {
            return Err(DeskError::invalid("life", "must be at most 24 hours"));
        }
        self.user_row(access, user).await?;
        let now = self.now();
        let (token, token_hash) = Secret::new(&self.mint(), "");
        let mut commit = Commit::new(access);
        commit.push(Write::SignInLinkNew(SignInLinkRow {
            token_hash,
            user,
            created_at: now,
            expires_at: now + life,
            used_at: None,
        }));
        commit.audit(self.about_user(access, Action::Create, user, "one-time link"));
        self.db().commit(commit).await?;
        Ok(token)
    }

    /// Uses a one-time link in place of the password. One that is unknown, used or
    /// too old is [`SignInAnswer::Wrong`].
    pub async fn use_sign_in_link(&self, token: &str) -> Result<SignInAnswer, DeskError> {
        let hash = crate::link::hash(token);
        let now = self.now();
        let Some((practice, link)) = self.db().sign_in_link(&hash).await? else {
            return Ok(SignInAnswer::Wrong);
        };
        let user = self.db().user(practice, link.user).await?;
        let Some(user) = user.filter(|user| !user.disabled) else {
            return Ok(SignInAnswer::Wrong);
        };
        let access = access_of(practice, &user);
        let complete = user.totp_secret.is_none();
        let (session_token, session) = self.new_session(user.id, complete);
        let mut commit = Commit::new(&access);
        commit.push(Write::SignInLinkUsed(hash, now));
        commit.audit(signed(&access, now, &session, "one-time link"));
        commit.push(Write::SessionNew(session));
        match self.db().commit(commit).await {
            Ok(()) if complete => Ok(SignInAnswer::Welcome(session_token)),
            Ok(()) => Ok(SignInAnswer::NeedsCode(session_token)),
            Err(CommitError::Conflict { .. }) => Ok(SignInAnswer::Wrong),
            Err(error) => Err(error.into()),
        }
    }
}
