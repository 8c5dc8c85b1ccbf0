//! Members of staff: who they are, how they sign in, and for how long.
//!
//! A password is the first factor and a code from an authenticator app the
//! second. Whatever proves somebody (session, one-time link, bearer token) is 256
//! random bits of which only the hash is stored. Nothing here tells whether an
//! address belongs to anybody.

mod lockout;
mod one_time;
mod password;
mod session;
mod sign_in;
mod tokens;
mod totp;
mod users;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use tendon_care::Mint;
use tendon_care::access::{Access, Actor, PurposeOfUse, Role, Scope};
use tendon_care::id::PracticeId;
use tendon_store::UserRow;

pub use self::one_time::MAX_LINK_LIFE;
pub use self::session::{ABSOLUTE_LIFE, CODE_LIFE, IDLE_LIFE, SessionInfo};
pub use self::sign_in::{CodeAnswer, SignInAnswer};
pub use self::tokens::{BearerInfo, NewBearer};
pub use self::totp::Enrolling;
pub use self::users::{NewUser, PasswordAnswer, UserInfo};
use crate::desk::Desk;
use crate::error::DeskError;

/// A secret that proves who somebody is, shown once to whom it belongs. It goes
/// into a cookie or a header, and nowhere else: `Debug` prints none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Makes a secret of 256 random bits, and the hash under which it is found.
    pub(crate) fn new(mint: &Mint<'_>, prefix: &str) -> (Self, Vec<u8>) {
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(mint.bytes::<32>()));
        let hash = crate::link::hash(&text);
        (Self(text), hash)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a member of staff may see, and why they look.
fn access_of(practice: PracticeId, user: &UserRow) -> Access {
    Access {
        practice,
        actor: Actor::User {
            id: user.id,
            role: user.role,
        },
        scope: Scope::Practice,
        purpose: purpose_of(user.role),
    }
}

/// Why somebody with a role looks at data, unless they say otherwise.
const fn purpose_of(role: Role) -> PurposeOfUse {
    match role {
        Role::Therapist | Role::Assistant => PurposeOfUse::Treatment,
        Role::Biller => PurposeOfUse::Payment,
        _ => PurposeOfUse::Operations,
    }
}

/// How long the answer to a request with an idempotency key is kept at least.
const ANSWER_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// Removes what has run out: sessions, one-time links, failures with addresses
/// that nobody has, and answers kept for requests that might be asked again.
pub(crate) async fn sweep(desk: &Desk) -> Result<(), DeskError> {
    let now = desk.now();
    desk.db()
        .sweep_sessions(now - ABSOLUTE_LIFE, now - IDLE_LIFE)
        .await?;
    desk.db().sweep_sign_ins(now - ABSOLUTE_LIFE * 2).await?;
    desk.db().sweep_answers(now - ANSWER_LIFE).await?;
    Ok(())
}
