//! Signing in: e-mail and password, then a code where one is set up.
//!
//! An address that nobody has takes as long, fails and locks as one that somebody
//! has, so that nobody can find out who works here.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tendon_care::access::Access;
use tendon_care::id::PracticeId;
use tendon_store::{Action, AuditEntry, Commit, CommitError, SessionRow, SignIn, UserRow, Write};

use super::lockout::locked_until;
use super::{Secret, access_of, password, totp};
use crate::desk::Desk;
use crate::error::DeskError;

/// How often a try is judged again when others with the same address come between.
pub(super) const TRIES: usize = 16;

/// The answer to an e-mail and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInAnswer {
    /// Signed in.
    Welcome(Secret),
    /// The password is right; a code is wanted for this session.
    NeedsCode(Secret),
    /// They do not go together, or nobody has the address.
    Wrong,
    /// Too many failures; nothing is looked at before this.
    Locked {
        /// Until when.
        until: Timestamp,
    },
}

/// The answer to a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Signed in, under a new token.
    Welcome(Secret),
    /// Not the code, or one that was used before.
    Wrong,
    /// Too many failures; nothing is looked at before this.
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// The session has run out: password first.
    Gone,
}

/// What follows from one look at the state; `None` where others came between.
type Judged<T> = Result<Option<T>, DeskError>;

impl Desk {
    /// Takes an e-mail and a password.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignInAnswer, DeskError> {
        let email = email.trim().to_lowercase();
        let found = self.db().user_by_email(&email).await?;
        // Worked out for everybody alike: nobody, the locked and the disabled too.
        let hashed = found.as_ref().map(|(_, user)| user.password_hash.as_str());
        let right = password::verify(password, hashed).await?;
        for _ in 0..TRIES {
            let judged = match self.db().user_by_email(&email).await? {
                Some((practice, user)) => {
                    // The password may have been changed while it was verified.
                    let same = hashed == Some(user.password_hash.as_str());
                    self.judge(practice, &user, right && same).await?
                }
                None => self.judge_ghost(&email).await?,
            };
            if let Some(answer) = judged {
                return Ok(answer);
            }
        }
        Err(DeskError::Busy)
    }

    async fn judge(
        &self,
        practice: PracticeId,
        user: &UserRow,
        right: bool,
    ) -> Judged<SignInAnswer> {
        let (now, access) = (self.now(), access_of(practice, user));
        if now < user.locked_until {
            let until = user.locked_until;
            return Ok(Some(SignInAnswer::Locked { until }));
        }
        if !right || user.disabled {
            let why = if right { "disabled" } else { "wrong password" };
            let until = self.count_failure(&access, user, why).await?;
            return Ok(until.map(|until| refused(until, now)));
        }
        let complete = user.totp_secret.is_none();
        let (token, session) = self.new_session(user.id, complete);
        let mut commit = Commit::new(&access);
        if complete {
            commit.push(Write::SignIn(
                user.id,
                SignIn::Succeeded {
                    before: user.failures,
                },
            ));
        }
        // Failures are not forgotten for a password alone: whoever knows it could
        // otherwise guess codes for ever.
        commit.audit(signed(
            &access,
            now,
            &session,
            if complete { "password" } else { "code wanted" },
        ));
        commit.push(Write::SessionNew(session));
        let answer = if complete {
            SignInAnswer::Welcome(token)
        } else {
            SignInAnswer::NeedsCode(token)
        };
        self.unless_between(commit, answer).await
    }

    async fn judge_ghost(&self, email: &str) -> Judged<SignInAnswer> {
        let (now, hash) = (self.now(), Sha256::digest(email.as_bytes()).to_vec());
        let ghost = self.db().ghost(&hash).await?;
        let (before, until) = ghost.map_or((0, Timestamp::UNIX_EPOCH), |ghost| {
            (ghost.failures, ghost.locked_until)
        });
        if now < until {
            return Ok(Some(SignInAnswer::Locked { until }));
        }
        let until = locked_until(before.saturating_add(1), now);
        let counted = self.db().ghost_failed(&hash, before, until, now).await?;
        Ok(counted.then(|| refused(until, now)))
    }

    /// Takes the code for a session that wants one.
    pub async fn second_factor(&self, token: &str, code: &str) -> Result<CodeAnswer, DeskError> {
        for _ in 0..TRIES {
            let Some((practice, session, user)) = self.live_session(token).await? else {
                return Ok(CodeAnswer::Gone);
            };
            let (false, Some(secret)) = (session.complete, &user.totp_secret) else {
                return Ok(CodeAnswer::Gone);
            };
            let now = self.now();
            if now < user.locked_until {
                let until = user.locked_until;
                return Ok(CodeAnswer::Locked { until });
            }
            let access = access_of(practice, &user);
            // A code works once, so the step must be newer than the last one taken.
            let step = totp::step_of(secret, code, now).filter(|step| *step > user.totp_step);
            let judged = match step {
                Some(step) => self.complete(&access, &user, &session, step).await?,
                None => self
                    .count_failure(&access, &user, "wrong code")
                    .await?
                    .map(|until| {
                        if now < until {
                            CodeAnswer::Locked { until }
                        } else {
                            CodeAnswer::Wrong
                        }
                    }),
            };
            if let Some(answer) = judged {
                return Ok(answer);
            }
        }
        Err(DeskError::Busy)
    }

    /// Signs in under a new token: the one that was known before the second factor
    /// is worth nothing after it.
    async fn complete(
        &self,
        access: &Access,
        user: &UserRow,
        session: &SessionRow,
        step: i64,
    ) -> Judged<CodeAnswer> {
        let (token, row) = self.new_session(user.id, true);
        let taken = SignIn::CodeTaken {
            before: user.failures,
            step,
        };
        let mut commit = Commit::new(access);
        commit.push(Write::SignIn(user.id, taken));
        commit.push(Write::SessionGone(session.token_hash.clone()));
        commit.audit(signed(access, self.now(), &row, "code"));
        commit.push(Write::SessionNew(row));
        self.unless_between(commit, CodeAnswer::Welcome(token))
            .await
    }

    /// Counts a failure and writes it into the audit trail. Returns until when
    /// nothing is looked at.
    pub(super) async fn count_failure(
        &self,
        access: &Access,
        user: &UserRow,
        why: &'static str,
    ) -> Judged<Timestamp> {
        let now = self.now();
        let until = locked_until(user.failures.saturating_add(1), now);
        let failed = SignIn::Failed {
            before: user.failures,
            locked_until: until,
        };
        let mut commit = Commit::new(access);
        commit.push(Write::SignIn(user.id, failed));
        let entry = AuditEntry::new(access, now, Action::Execute, "sign_in_refused");
        commit.audit(entry.of(user.id).with(why));
        self.unless_between(commit, until).await
    }

    /// Commits; `None` where another try was counted in between.
    pub(super) async fn unless_between<T>(&self, commit: Commit, answer: T) -> Judged<T> {
        match self.db().commit(commit).await {
            Ok(()) => Ok(Some(answer)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The failure that shuts the account says so at once.
fn refused(until: Timestamp, now: Timestamp) -> SignInAnswer {
    if now < until {
        SignInAnswer::Locked { until }
    } else {
        SignInAnswer::Wrong
    }
}

pub(super) fn signed(
    access: &Access,
    now: Timestamp,
    session: &SessionRow,
    how: &'static str,
) -> AuditEntry {
    AuditEntry::new(access, now, Action::Execute, "sign_in")
        .of(session.id)
        .with(how)
}
