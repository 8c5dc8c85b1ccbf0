//! Members of staff, their sessions, and bearer tokens.

use jiff::Timestamp;
use tendon_care::access::Role;
use tendon_care::id::{Id, PracticeId, SessionId, TokenId, UserId};

use crate::commit::Binder;
use crate::db::Db;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    BY_EMAIL = "select practice_id, user_id, email, name, role, password_hash, totp_sealed, totp_step, failures, \
                locked_until, disabled, created_at from staff_user where email = $1";
    GET = "select practice_id, user_id, email, name, role, password_hash, totp_sealed, totp_step, failures, \
           locked_until, disabled, created_at from staff_user where practice_id = $1 and user_id = $2";
    LIST = "select practice_id, user_id, email, name, role, password_hash, totp_sealed, totp_step, failures, \
            locked_until, disabled, created_at from staff_user where practice_id = $1 order by email";
    PUT = "insert into staff_user (practice_id, user_id, email, name, role, password_hash, totp_sealed, \
           disabled, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
           on conflict (practice_id, user_id) do update set email = excluded.email, name = excluded.name, \
           role = excluded.role, password_hash = excluded.password_hash, totp_sealed = excluded.totp_sealed, \
           disabled = excluded.disabled, version = staff_user.version + 1";
    /// However many guess at once, each failure sees the ones before it.
    FAILED = "update staff_user set failures = failures + 1, locked_until = $4 \
              where practice_id = $1 and user_id = $2 and failures = $3";
    SUCCEEDED = "update staff_user set failures = 0, locked_until = 0 \
                 where practice_id = $1 and user_id = $2 and failures = $3";
    /// A code works once: its time step must be newer than the last one taken.
    CODE_TAKEN = "update staff_user set totp_step = $4, failures = 0, locked_until = 0 \
                  where practice_id = $1 and user_id = $2 and failures = $3 and totp_step < $4";
    SET_NAME = "update staff_user set name = $3, version = version + 1 where practice_id = $1 and user_id = $2";
    SET_ROLE = "update staff_user set role = $3, version = version + 1 where practice_id = $1 and user_id = $2";
    SET_DISABLED = "update staff_user set disabled = $3, version = version + 1 \
                    where practice_id = $1 and user_id = $2";
    SET_PASSWORD = "update staff_user set password_hash = $3, failures = 0, locked_until = 0, \
                    version = version + 1 where practice_id = $1 and user_id = $2";
    /// Of several sessions that were shown a key, the first that proves its own wins.
    ENROL = "update staff_user set totp_sealed = $3, totp_step = $4, version = version + 1 \
             where practice_id = $1 and user_id = $2 and totp_sealed is null";
    UNENROL = "update staff_user set totp_sealed = null, version = version + 1 \
               where practice_id = $1 and user_id = $2";
    SESSION = "select practice_id, session_id, user_id, created_at, seen_at, complete, token_hash, \
               totp_pending_sealed from staff_session where token_hash = $1";
    ADD_SESSION = "insert into staff_session (token_hash, practice_id, session_id, user_id, created_at, seen_at, \
                   complete) values ($1, $2, $3, $4, $5, $6, $7)";
    MOVE_SESSION = "update staff_session set seen_at = $2, complete = $3 where token_hash = $1";
    /// Shown once: a page that is loaded twice at the same time shows one key.
    SHOW_KEY = "update staff_session set totp_pending_sealed = $3 \
                where token_hash = $1 and practice_id = $2 and totp_pending_sealed is null";
    END_SESSION = "delete from staff_session where token_hash = $1";
    END_SESSIONS = "delete from staff_session where practice_id = $1 and user_id = $2";
    SWEEP_SESSIONS = "delete from staff_session where created_at < $1 or seen_at < $2";
    TOKEN = "select practice_id, token_id, name, role, created_at, revoked_at, token_hash \
             from api_token where token_hash = $1";
    TOKENS = "select practice_id, token_id, name, role, created_at, revoked_at, token_hash \
              from api_token where practice_id = $1 order by created_at, token_id";
    ADD_TOKEN = "insert into api_token (token_hash, practice_id, token_id, name, role, created_at) \
                 values ($1, $2, $3, $4, $5, $6)";
    REVOKE_TOKEN = "update api_token set revoked_at = $3 \
                    where practice_id = $1 and token_id = $2 and revoked_at is null";
}

/// A member of staff.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The id.
    pub id: UserId,
    /// The address to sign in with, lower case.
    pub email: String,
    /// The display name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// The argon2id hash in PHC form.
    pub password_hash: String,
    /// The TOTP secret, once enrolled.
    pub totp_secret: Option<Vec<u8>>,
    /// The last time step whose code was taken.
    pub totp_step: i64,
    /// Failures in a row.
    pub failures: u16,
    /// No sign-in before this.
    pub locked_until: Timestamp,
    /// May not sign in at all.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserRow({}, {:?})", self.id, self.role)
    }
}

/// The outcome of a sign-in. Each names the failures in a row that were read; if
/// there are more by then, it is a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The password or code was wrong; no further try before this.
    Failed {
        /// The failures before this one.
        before: u16,
        /// Until when.
        locked_until: Timestamp,
    },
    /// The password was right and no code is needed.
    Succeeded {
        /// The failures before.
        before: u16,
    },
    /// The code of this time step was right.
    CodeTaken {
        /// The failures before.
        before: u16,
        /// The time step (RFC 6238).
        step: i64,
    },
}

/// One thing that changes about a member of staff.
#[derive(Clone, PartialEq, Eq)]
pub enum UserChange {
    /// The display name.
    Name(String),
    /// The role.
    Role(Role),
    /// Whether they may not sign in at all.
    Disabled(bool),
    /// The argon2id hash of a new password; failures are forgotten.
    Password(String),
    /// A secret for codes was proven by the code of this time step. Where there is
    /// one already, it is a conflict.
    TotpProven {
        /// The secret.
        secret: Vec<u8>,
        /// The time step.
        step: i64,
    },
    /// No codes any more.
    TotpGone,
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name(_) => "Name(…)",
            Self::Role(_) => "Role(…)",
            Self::Disabled(_) => "Disabled(…)",
            Self::Password(_) => "Password(…)",
            Self::TotpProven { .. } => "TotpProven(…)",
            Self::TotpGone => "TotpGone",
        })
    }
}

/// A signed-in browser.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's token.
    pub token_hash: Vec<u8>,
    /// The id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Since when.
    pub created_at: Timestamp,
    /// Last used.
    pub seen_at: Timestamp,
    /// The second factor was given.
    pub complete: bool,
    /// A secret for codes that this session was shown, and has not proven.
    pub totp_pending: Option<Vec<u8>>,
}

impl std::fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionRow({}, {})", self.id, self.user)
    }
}

/// A session moving on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionMove {
    /// Which.
    pub token_hash: Vec<u8>,
    /// Used now.
    pub seen_at: Timestamp,
    /// The second factor was given.
    pub complete: bool,
}

/// A secret for codes on its way to one session.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyShown {
    /// Which session.
    pub session: SessionId,
    /// SHA-256 of its token.
    pub token_hash: Vec<u8>,
    /// The secret.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for KeyShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyShown({})", self.session)
    }
}

/// A bearer token of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
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

impl Db {
    /// Finds who signs in with an address; the answer names the practice.
    pub async fn user_by_email(
        &self,
        email: &str,
    ) -> Result<Option<(PracticeId, UserRow)>, StoreError> {
        let rows = self.read(&BY_EMAIL, params![email]).await?;
        let row = self.led_to(rows).await?;
        row.map(|row| user_row(&row, self)).transpose()
    }

    /// Finds a session by the hash of its token: the token itself is the access.
    pub async fn session(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, SessionRow)>, StoreError> {
        let rows = self.read(&SESSION, params![token_hash.to_vec()]).await?;
        let row = self.led_to(rows).await?;
        row.map(|row| session(&row, self)).transpose()
    }

    /// Finds a bearer token by its hash.
    pub async fn token(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, TokenRow)>, StoreError> {
        let rows = self.read(&TOKEN, params![token_hash.to_vec()]).await?;
        Ok(self.led_to(rows).await?.as_ref().map(token).transpose()?)
    }

    /// Removes sessions that began or were last used before these moments.
    pub async fn sweep_sessions(
        &self,
        began: Timestamp,
        seen: Timestamp,
    ) -> Result<(), StoreError> {
        self.returning(Bound::any(&SWEEP_SESSIONS, params![began, seen]))
            .await
            .map(drop)
    }

    /// Returns one member of staff of a practice, for sessions.
    pub async fn user(
        &self,
        practice: PracticeId,
        user: UserId,
    ) -> Result<Option<UserRow>, StoreError> {
        let rows = self
            .read(&GET, params![practice.uuid(), user.uuid()])
            .await?;
        Ok(rows
            .first()
            .map(|row| user_row(row, self))
            .transpose()?
            .map(|(_, user)| user))
    }
}

impl Reader<'_> {
    /// Returns every member of staff, by address.
    pub async fn users(&self, db: &Db) -> Result<Vec<UserRow>, StoreError> {
        let rows = self.rows(&LIST, vec![self.tenant()]).await?;
        rows.iter()
            .map(|row| user_row(row, db).map(|(_, user)| user))
            .collect()
    }

    /// Returns every bearer token, oldest first.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let rows = self.rows(&TOKENS, vec![self.tenant()]).await?;
        Ok(rows
            .iter()
            .map(|row| token(row).map(|(_, token)| token))
            .collect::<Result<_, _>>()?)
    }
}

pub(crate) fn user(binder: Binder<'_>, row: &UserRow) -> Result<Bound, StoreError> {
    let totp = row
        .totp_secret
        .as_ref()
        .map(|secret| binder.keys.seal(totp_cell(row.id), secret))
        .transpose()?;
    Ok(Bound::one(
        &PUT,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            &row.email,
            &row.name,
            row.role.code(),
            &row.password_hash,
            totp,
            row.disabled,
            row.created_at
        ],
    ))
}

pub(crate) fn sign_in(binder: Binder<'_>, user: UserId, outcome: SignIn) -> Bound {
    let with =
        |values: Vec<crate::sql::Val>| [vec![id(binder.practice), id(user)], values].concat();
    match outcome {
        SignIn::Failed {
            before,
            locked_until,
        } => Bound::one(&FAILED, with(params![before, locked_until])),
        SignIn::Succeeded { before } => Bound::one(&SUCCEEDED, with(params![before])),
        SignIn::CodeTaken { before, step } => Bound::one(&CODE_TAKEN, with(params![before, step])),
    }
}

pub(crate) fn change(
    binder: Binder<'_>,
    user: UserId,
    change: &UserChange,
) -> Result<Bound, StoreError> {
    let with =
        |values: Vec<crate::sql::Val>| [vec![id(binder.practice), id(user)], values].concat();
    Ok(match change {
        UserChange::Name(name) => Bound::one(&SET_NAME, with(params![name])),
        UserChange::Role(role) => Bound::one(&SET_ROLE, with(params![role.code()])),
        UserChange::Disabled(off) => Bound::one(&SET_DISABLED, with(params![*off])),
        UserChange::Password(hash) => Bound::one(&SET_PASSWORD, with(params![hash])),
        UserChange::TotpProven { secret, step } => {
            let sealed = binder.keys.seal(totp_cell(user), secret)?;
            Bound::one(&ENROL, with(params![sealed, *step]))
        }
        UserChange::TotpGone => Bound::one(&UNENROL, with(params![])),
    })
}

pub(crate) fn session_new(binder: Binder<'_>, row: &SessionRow) -> Bound {
    Bound::one(
        &ADD_SESSION,
        params![
            row.token_hash.clone(),
            binder.practice.uuid(),
            row.id.uuid(),
            row.user.uuid(),
            row.created_at,
            row.seen_at,
            row.complete
        ],
    )
}

/// Notes the secret that a session is shown.
pub(crate) fn key_shown(binder: Binder<'_>, shown: &KeyShown) -> Result<Bound, StoreError> {
    let sealed = binder
        .keys
        .seal(pending_cell(shown.session), &shown.secret)?;
    let values = params![shown.token_hash.clone(), binder.practice.uuid(), sealed];
    Ok(Bound::one(&SHOW_KEY, values))
}

pub(crate) fn session_move(change: &SessionMove) -> Bound {
    Bound::one(
        &MOVE_SESSION,
        params![change.token_hash.clone(), change.seen_at, change.complete],
    )
}

pub(crate) fn session_gone(token_hash: &[u8]) -> Bound {
    Bound::any(&END_SESSION, params![token_hash.to_vec()])
}

pub(crate) fn sessions_of_user_gone(binder: Binder<'_>, user: UserId) -> Bound {
    Bound::any(&END_SESSIONS, vec![id(binder.practice), id(user)])
}

pub(crate) fn token_new(binder: Binder<'_>, row: &TokenRow) -> Bound {
    Bound::one(
        &ADD_TOKEN,
        params![
            row.token_hash.clone(),
            binder.practice.uuid(),
            row.id.uuid(),
            &row.name,
            row.role.code(),
            row.created_at
        ],
    )
}

pub(crate) fn token_revoked(binder: Binder<'_>, token: TokenId, at: Timestamp) -> Bound {
    Bound::one(
        &REVOKE_TOKEN,
        params![binder.practice.uuid(), token.uuid(), at],
    )
}

fn totp_cell(user: UserId) -> Cell {
    Cell {
        table: "staff_user",
        column: "totp_sealed",
        row: user.uuid(),
    }
}

fn pending_cell(session: SessionId) -> Cell {
    Cell {
        table: "staff_session",
        column: "totp_pending_sealed",
        row: session.uuid(),
    }
}

/// Opens a sealed column that may be null.
fn opened(
    row: &Row,
    column: usize,
    db: &Db,
    practice: PracticeId,
    cell: Cell,
) -> Result<Option<Vec<u8>>, StoreError> {
    if row.is_null(column) {
        return Ok(None);
    }
    let keys = db.vault().keys(practice)?;
    Ok(Some(keys.open(cell, row.bytes(column)?)?))
}

fn user_row(row: &Row, db: &Db) -> Result<(PracticeId, UserRow), StoreError> {
    let (practice, user): (PracticeId, UserId) = (row.id(0)?, row.id(1)?);
    let value = UserRow {
        id: user,
        email: row.text(2)?.to_owned(),
        name: row.text(3)?.to_owned(),
        role: row.parsed(4, "a role", Role::from_code)?,
        password_hash: row.text(5)?.to_owned(),
        totp_secret: opened(row, 6, db, practice, totp_cell(user))?,
        totp_step: row.int(7)?,
        failures: row.small(8)?,
        locked_until: row.time(9)?,
        disabled: row.bool(10)?,
        created_at: row.time(11)?,
    };
    Ok((practice, value))
}

fn session(row: &Row, db: &Db) -> Result<(PracticeId, SessionRow), StoreError> {
    let (practice, id): (PracticeId, SessionId) = (row.id(0)?, row.id(1)?);
    let value = SessionRow {
        id,
        user: row.id(2)?,
        created_at: row.time(3)?,
        seen_at: row.time(4)?,
        complete: row.bool(5)?,
        token_hash: row.bytes(6)?.to_vec(),
        totp_pending: opened(row, 7, db, practice, pending_cell(id))?,
    };
    Ok((practice, value))
}

fn token(row: &Row) -> Result<(PracticeId, TokenRow), BadRow> {
    let value = TokenRow {
        id: row.id(1)?,
        name: row.text(2)?.to_owned(),
        role: row.parsed(3, "a role", Role::from_code)?,
        created_at: row.time(4)?,
        revoked_at: row.opt_time(5)?,
        token_hash: row.bytes(6)?.to_vec(),
    };
    Ok((row.id(0)?, value))
}
