//! Passwords: what is taken, and how it is kept (argon2id).

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::error::DeskError;

/// The fewest characters.
const LEAST_CHARS: usize = 12;

/// The most; more would only cost time.
const MOST_CHARS: usize = 256;

/// Memory in KiB, passes and lanes: the first choice of the OWASP Password Storage
/// Cheat Sheet for argon2id, 19 MiB, 2 passes, 1 lane.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Hashes that are computed at the same time; more would let a flood of sign-ins
/// take the memory of the server.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Refuses what is too short, too long, or the address itself.
pub(super) fn check(password: &str, email: &str) -> Result<(), DeskError> {
    let chars = password.chars().count();
    if chars < LEAST_CHARS {
        let reason = format!("must have at least {LEAST_CHARS} characters");
        return Err(DeskError::invalid("password", reason));
    }
    if chars > MOST_CHARS {
        let reason = format!("must have at most {MOST_CHARS} characters");
        return Err(DeskError::invalid("password", reason));
    }
    let (typed, email) = (password.trim().to_lowercase(), email.to_lowercase());
    let local = email.split('@').next().unwrap_or_default();
    if typed == email || typed == local {
        return Err(DeskError::invalid("password", "must not be the e-mail"));
    }
    let mut letters = typed.chars();
    let first = letters.next();
    if letters.all(|letter| Some(letter) == first) {
        return Err(DeskError::invalid(
            "password",
            "must not be one character repeated",
        ));
    }
    Ok(())
}

/// Hashes a password with a salt, in PHC form.
pub(super) async fn hash(password: &str, salt: [u8; 16]) -> Result<String, DeskError> {
    let password = password.to_owned();
    blocking(move || {
        let hashed: PasswordHash = argon2()?
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|_| BROKEN)?;
        Ok(hashed.to_string())
    })
    .await
}

/// Tells whether the password is the hashed one. Without a hash it takes as long,
/// and says no.
pub(super) async fn verify(password: &str, hashed: Option<&str>) -> Result<bool, DeskError> {
    let (password, hashed) = (password.to_owned(), hashed.map(str::to_owned));
    blocking(move || {
        let Some(hashed) = hashed else {
            let _: PasswordHash = argon2()?
                .hash_password_with_salt(password.as_bytes(), &[0; 16])
                .map_err(|_| BROKEN)?;
            return Ok(false);
        };
        // The stored text names its own cost, which a later version may raise.
        let stored = PasswordHash::new(&hashed).map_err(|_| BROKEN)?;
        Ok(argon2()?
            .verify_password(password.as_bytes(), &stored)
            .is_ok())
    })
    .await
}

const BROKEN: DeskError = DeskError::Corrupt("a password hash");

fn argon2() -> Result<Argon2<'static>, DeskError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| BROKEN)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs slow work beside the threads that serve pages.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    let _permit = AT_ONCE.acquire().await.map_err(|_| BROKEN)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BROKEN)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_telling_passwords_are_refused() {
        let email = "maria.lopez@example.org";
        for bad in [
            "",
            "elevenchars",
            "maria.lopez@example.org",
            " MARIA.LOPEZ@example.org ",
            "aaaaaaaaaaaaaaaa",
            &"x1".repeat(129),
        ] {
            assert!(check(bad, email).is_err(), "{} characters", bad.len());
        }
        assert!(check("elf elf elf!", email).is_ok());
        // Twelve characters, not bytes.
        assert!(check("ñandúñandúññ", email).is_ok());
        assert!(check("ñandúñandúñ", email).is_err());
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let hashed = hash("correct horse battery", [7; 16]).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            verify("correct horse battery", Some(&hashed))
                .await
                .unwrap()
        );
        assert!(
            !verify("correct horse batterz", Some(&hashed))
                .await
                .unwrap()
        );
        assert!(!verify("correct horse battery", None).await.unwrap());
        let other = hash("correct horse battery", [8; 16]).await.unwrap();
        assert_ne!(hashed, other);
        assert!(verify("x", Some("not a hash")).await.is_err());
    }
}
