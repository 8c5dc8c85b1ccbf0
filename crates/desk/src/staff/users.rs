//! Who works here, and as what.

use jiff::Timestamp;
use tendon_care::access::{Access, Actor, Permission, Role};
use tendon_care::contact::Email;
use tendon_care::id::UserId;
use tendon_store::{Action, AuditEntry, Commit, CommitError, SignIn, UserChange, UserRow, Write};

use super::password;
use super::sign_in::TRIES;
use crate::desk::Desk;
use crate::error::DeskError;

/// The longest display name.
const MAX_NAME_CHARS: usize = 120;

/// The answer to who wants another password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// It counts, and every session has ended.
    Changed,
    /// The present one is another.
    Wrong,
    /// Too many failures; nothing is looked at before this.
    Locked {
        /// Until when.
        until: Timestamp,
    },
}

/// Somebody who is to work here.
#[derive(Clone)]
pub struct NewUser {
    /// The address to sign in with.
    pub email: String,
    /// The display name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// The first password.
    pub password: String,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewUser({:?})", self.role)
    }
}

/// A member of staff as the list shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// The id.
    pub id: UserId,
    /// The address to sign in with.
    pub email: String,
    /// The display name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// Codes are set up.
    pub has_codes: bool,
    /// No sign-in before this, after failures.
    pub locked_until: Option<Timestamp>,
    /// May not sign in at all.
    pub disabled: bool,
    /// When they were added.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserInfo({}, {:?})", self.id, self.role)
    }
}

impl Desk {
    /// Adds a member of staff.
    pub async fn add_user(&self, access: &Access, new: &NewUser) -> Result<UserId, DeskError> {
        access.require(Permission::Administer)?;
        let email = Email::parse(&new.email)
            .map_err(|error| DeskError::invalid("email", error.to_string()))?
            .comparable();
        let name = name(&new.name)?;
        password::check(&new.password, &email)?;
        let password_hash = password::hash(&new.password, self.mint().bytes()).await?;
        let row = UserRow {
            id: self.mint().id(),
            email,
            name,
            role: new.role,
            password_hash,
            totp_secret: None,
            totp_step: 0,
            failures: 0,
            locked_until: Timestamp::UNIX_EPOCH,
            disabled: false,
            created_at: self.now(),
        };
        let id = row.id;
        let mut commit = Commit::new(access);
        commit.push(Write::User(Box::new(row)));
        commit.audit(self.about_user(access, Action::Create, id, new.role.code()));
        match self.db().commit(commit).await {
            Err(CommitError::Duplicate { .. }) => {
                Err(DeskError::invalid("email", "is in use already"))
            }
            other => other.map(|()| id).map_err(DeskError::from),
        }
    }

    /// Lists everybody who works here, by address.
    pub async fn users(&self, access: &Access) -> Result<Vec<UserInfo>, DeskError> {
        access.require(Permission::Administer)?;
        let now = self.now();
        let rows = self.reader(access).users(self.db()).await?;
        Ok(rows.into_iter().map(|row| info(row, now)).collect())
    }

    /// Gives somebody another role; they sign in anew.
    pub async fn set_role(
        &self,
        access: &Access,
        user: UserId,
        role: Role,
    ) -> Result<(), DeskError> {
        access.require(Permission::Administer)?;
        let row = self.user_row(access, user).await?;
        if row.role == role {
            return Ok(());
        }
        self.keep_an_admin(access, &row).await?;
        self.change_user(access, user, UserChange::Role(role), role.code())
            .await
    }

    /// Bars somebody from signing in, or lets them again.
    pub async fn set_disabled(
        &self,
        access: &Access,
        user: UserId,
        disabled: bool,
    ) -> Result<(), DeskError> {
        access.require(Permission::Administer)?;
        let row = self.user_row(access, user).await?;
        if disabled {
            self.keep_an_admin(access, &row).await?;
        }
        let words = if disabled { "disabled" } else { "enabled" };
        self.change_user(access, user, UserChange::Disabled(disabled), words)
            .await
    }

    /// Changes somebody's display name.
    pub async fn rename_user(
        &self,
        access: &Access,
        user: UserId,
        to: &str,
    ) -> Result<(), DeskError> {
        access.require(Permission::Administer)?;
        self.user_row(access, user).await?;
        let mut commit = Commit::new(access);
        commit.push(Write::UserChange(user, UserChange::Name(name(to)?)));
        commit.audit(self.about_user(access, Action::Update, user, "name"));
        self.db().commit(commit).await?;
        Ok(())
    }

    /// Gives somebody a new password: an administrator anybody, anybody themselves.
    /// Every session of theirs ends, also the one from which it was asked.
    pub async fn set_password(
        &self,
        access: &Access,
        user: UserId,
        new: &str,
    ) -> Result<(), DeskError> {
        if own_id(access) != Some(user) {
            access.require(Permission::Administer)?;
        }
        let row = self.user_row(access, user).await?;
        password::check(new, &row.email)?;
        let hash = password::hash(new, self.mint().bytes()).await?;
        self.change_user(access, user, UserChange::Password(hash), "password")
            .await
    }

    /// Returns who asks, as the list of users shows them.
    pub async fn own_user(&self, access: &Access) -> Result<UserInfo, DeskError> {
        let id = own_id(access).ok_or(DeskError::NotFound("user"))?;
        Ok(info(self.user_row(access, id).await?, self.now()))
    }

    /// Gives who asks a new password, if they know the present one: an open browser
    /// is not proof enough. A wrong one counts as at the door, and locks as there.
    ///
    /// *Errors*: `password` is one that is not taken.
    pub async fn change_own_password(
        &self,
        access: &Access,
        present: &str,
        new: &str,
    ) -> Result<PasswordAnswer, DeskError> {
        let id = own_id(access).ok_or(DeskError::NotFound("user"))?;
        let hashed = self.user_row(access, id).await?.password_hash;
        let right = password::verify(present, Some(&hashed)).await?;
        for _ in 0..TRIES {
            // Others may have guessed, or given a new one, while it was verified.
            let row = self.user_row(access, id).await?;
            let right = right && row.password_hash == hashed;
            if let Some(answer) = self.judge_change(access, &row, right, present, new).await? {
                return Ok(answer);
            }
        }
        Err(DeskError::Busy)
    }

    async fn judge_change(
        &self,
        access: &Access,
        row: &UserRow,
        right: bool,
        present: &str,
        new: &str,
    ) -> Result<Option<PasswordAnswer>, DeskError> {
        let now = self.now();
        let locked = |until| PasswordAnswer::Locked { until };
        if now < row.locked_until {
            return Ok(Some(locked(row.locked_until)));
        }
        if !right {
            let until = self.count_failure(access, row, "wrong password").await?;
            return Ok(until.map(|until| {
                if now < until {
                    locked(until)
                } else {
                    PasswordAnswer::Wrong
                }
            }));
        }
        if present == new {
            return Err(DeskError::invalid("password", "must be another one"));
        }
        password::check(new, &row.email)?;
        let hash = password::hash(new, self.mint().bytes()).await?;
        let before = row.failures;
        let mut commit = Commit::new(access);
        commit.push(Write::SignIn(row.id, SignIn::Succeeded { before }));
        commit.push(Write::UserChange(row.id, UserChange::Password(hash)));
        commit.push(Write::SessionsOfUserGone(row.id));
        commit.audit(self.about_user(access, Action::Update, row.id, "password"));
        self.unless_between(commit, PasswordAnswer::Changed).await
    }

    /// Changes what somebody may do or proves who they are, and ends their sessions.
    async fn change_user(
        &self,
        access: &Access,
        user: UserId,
        change: UserChange,
        words: &'static str,
    ) -> Result<(), DeskError> {
        let mut commit = Commit::new(access);
        commit.push(Write::UserChange(user, change));
        commit.push(Write::SessionsOfUserGone(user));
        commit.audit(self.about_user(access, Action::Update, user, words));
        self.db().commit(commit).await?;
        Ok(())
    }

    /// Refuses to take the last administrator away: nobody could add another.
    async fn keep_an_admin(&self, access: &Access, row: &UserRow) -> Result<(), DeskError> {
        if row.role != Role::Admin || row.disabled {
            return Ok(());
        }
        let others = self.reader(access).users(self.db()).await?;
        let another = others
            .iter()
            .any(|other| other.id != row.id && other.role == Role::Admin && !other.disabled);
        if another {
            return Ok(());
        }
        Err(DeskError::invalid(
            "role",
            "the practice needs an administrator",
        ))
    }

    pub(super) async fn user_row(
        &self,
        access: &Access,
        user: UserId,
    ) -> Result<UserRow, DeskError> {
        let row = self.db().user(access.practice, user).await?;
        row.ok_or(DeskError::NotFound("user"))
    }

    pub(super) fn about_user(
        &self,
        access: &Access,
        action: Action,
        user: UserId,
        detail: &'static str,
    ) -> AuditEntry {
        AuditEntry::new(access, self.now(), action, "user")
            .of(user)
            .with(detail)
    }
}

/// Returns who asks, where that is a member of staff.
pub(super) const fn own_id(access: &Access) -> Option<UserId> {
    match access.actor {
        Actor::User { id, .. } => Some(id),
        _ => None,
    }
}

fn name(text: &str) -> Result<String, DeskError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(DeskError::invalid("name", "must have 1 to 120 characters"));
    }
    Ok(name)
}

fn info(row: UserRow, now: Timestamp) -> UserInfo {
    UserInfo {
        id: row.id,
        has_codes: row.totp_secret.is_some(),
        locked_until: (row.locked_until > now).then_some(row.locked_until),
        email: row.email,
        name: row.name,
        role: row.role,
        disabled: row.disabled,
        created_at: row.created_at,
    }
}
