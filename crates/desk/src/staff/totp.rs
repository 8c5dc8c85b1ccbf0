//! Codes from an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds, as
//! every app understands them).

use std::fmt::Write as _;

use tendon_care::access::Access;
use tendon_care::id::UserId;
use tendon_store::{Action, Commit, CommitError, KeyShown, SessionRow, UserChange, UserRow, Write};
use totp_rs::{Builder, Totp};

use super::{Secret, access_of};
use crate::desk::Desk;
use crate::error::DeskError;

/// The bytes of a secret: 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// The name that the app shows.
const ISSUER: &str = "Tendon";

/// A secret on its way into an authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolling {
    /// The secret in base32, for typing.
    pub secret: String,
    /// The same as an `otpauth` address, for the camera.
    pub uri: String,
}

impl std::fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolling(…)")
    }
}

impl Desk {
    /// Makes a secret for the session that asks. It counts once a code of it was
    /// given; asking again before shows the same one, so that a page may be loaded
    /// twice. Another session of the same person sees another one: whoever else
    /// knows the first password must not learn the key that counts in the end.
    ///
    /// Refuses who has one already: an administrator takes it away first.
    pub async fn begin_codes(&self, token: &str) -> Result<Enrolling, DeskError> {
        let (access, session, user) = self.enrolling_session(token).await?;
        if let Some(secret) = &session.totp_pending {
            return Ok(enrolling(&user.email, secret));
        }
        let secret = self.mint().bytes::<SECRET_BYTES>().to_vec();
        let shown = enrolling(&user.email, &secret);
        let mut commit = Commit::new(&access);
        commit.push(Write::KeyShown(Box::new(KeyShown {
            session: session.id,
            token_hash: session.token_hash,
            secret,
        })));
        commit.audit(self.about_user(&access, Action::Update, user.id, "codes shown"));
        self.db().commit(commit).await?;
        Ok(shown)
    }

    /// Takes the first code of the secret that the session was shown; `None` for a
    /// wrong one. Every session that knew the password alone ends with that, and who
    /// asks goes on under a new token.
    pub async fn prove_codes(&self, token: &str, code: &str) -> Result<Option<Secret>, DeskError> {
        let (access, session, user) = self.enrolling_session(token).await?;
        let Some(secret) = session.totp_pending else {
            return Err(DeskError::Stale("no codes are being set up"));
        };
        let Some(step) = step_of(&secret, code, self.now()) else {
            return Ok(None);
        };
        let (fresh, row) = self.new_session(user.id, true);
        let mut commit = Commit::new(&access);
        let proven = UserChange::TotpProven { secret, step };
        commit.push(Write::UserChange(user.id, proven));
        commit.push(Write::SessionsOfUserGone(user.id));
        commit.push(Write::SessionNew(row));
        commit.audit(self.about_user(&access, Action::Update, user.id, "codes set up"));
        match self.db().commit(commit).await {
            Ok(()) => Ok(Some(fresh)),
            Err(CommitError::Conflict { .. }) => Err(TAKEN),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the codes of somebody away who lost the phone; they set up new ones.
    pub async fn remove_codes(&self, access: &Access, user: UserId) -> Result<(), DeskError> {
        access.require(tendon_care::access::Permission::Administer)?;
        self.user_row(access, user).await?;
        let mut commit = Commit::new(access);
        commit.push(Write::UserChange(user, UserChange::TotpGone));
        commit.push(Write::SessionsOfUserGone(user));
        commit.audit(self.about_user(access, Action::Update, user, "codes removed"));
        self.db().commit(commit).await?;
        Ok(())
    }

    /// Finds a session whose user has no codes yet.
    async fn enrolling_session(
        &self,
        token: &str,
    ) -> Result<(Access, SessionRow, UserRow), DeskError> {
        let found = self.complete_session(token).await?;
        let (practice, session, user) = found.ok_or(DeskError::NotFound("session"))?;
        if user.totp_secret.is_some() {
            return Err(TAKEN);
        }
        Ok((access_of(practice, &user), session, user))
    }
}

const TAKEN: DeskError = DeskError::Stale("codes are set up already");

/// Returns the time step whose code this is: the present one, the one before or
/// the one after, since clocks differ and people type slowly.
pub(super) fn step_of(secret: &[u8], code: &str, now: jiff::Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.as_second()).ok()?;
    let step = totp(secret)?.check(&code, seconds)?;
    i64::try_from(step).ok()
}

fn totp(secret: &[u8]) -> Option<Totp> {
    let secret: [u8; SECRET_BYTES] = secret.try_into().ok()?;
    Builder::new().with_secret(secret).build().ok()
}

fn enrolling(email: &str, secret: &[u8]) -> Enrolling {
    let base32 = base32(secret);
    let mut uri = format!("otpauth://totp/{ISSUER}:");
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    let _ = write!(uri, "?secret={base32}&issuer={ISSUER}");
    Enrolling {
        secret: base32,
        uri,
    }
}

/// Writes bytes in base32 without padding (RFC 4648 §6).
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut put = |value: u32| {
        let letter = LETTERS.get(usize::try_from(value & 31).unwrap_or(0));
        text.extend(letter.map(|letter| char::from(*letter)));
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            put(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        put(held << (5 - bits));
    }
    text
}

/// Returns the code of a secret at a moment, as an app would show it: for tests of
/// what needs one.
#[cfg(test)]
fn code_at(secret: &[u8], at: jiff::Timestamp) -> String {
    let seconds = u64::try_from(at.as_second()).unwrap();
    totp(secret).unwrap().generate(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn base32_is_that_of_the_rfc() {
        let table = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, coded) in table {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn codes_of_the_neighbouring_steps_are_taken_and_no_others() {
        // RFC 6238, appendix B: the last six of the eight digits at 59 s.
        let secret = b"12345678901234567890";
        let at = Timestamp::from_second(59).unwrap();
        assert_eq!(code_at(secret, at), "287082");
        assert_eq!(step_of(secret, "287082", at), Some(1));
        assert_eq!(step_of(secret, " 287 082 ", at), Some(1));
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let step = now.as_second() / 30;
        for (offset, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = code_at(secret, now + SignedDuration::from_secs(30 * offset));
            let found = step_of(secret, &code, now);
            assert_eq!(found, taken.then_some(step + offset), "{offset}");
        }
        for nonsense in ["", "12345", "1234567", "+12345", "abcdef", "１２３４５６"] {
            assert_eq!(step_of(secret, nonsense, now), None);
        }
    }

    #[test]
    fn the_address_for_the_camera_is_encoded() {
        let enrolling = enrolling("ana+pt@example.org", b"12345678901234567890");
        assert_eq!(
            enrolling.uri,
            "otpauth://totp/Tendon:ana%2Bpt%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tendon"
        );
        assert_eq!(format!("{enrolling:?}"), "Enrolling(…)");
    }
}
