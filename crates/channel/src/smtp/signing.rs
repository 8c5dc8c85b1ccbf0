//! DKIM: the practice's signature on its own e-mail (RFC 6376, RFC 8463).
//!
//! The list of signed headers is the point. RFC 8058 §4 wants both
//! List-Unsubscribe headers inside the signature, and headers that a letter
//! does not have are listed all the same, so that nobody can add them later
//! without breaking the seal. `Content-Type` is listed, too: an unsigned
//! boundary lets a stranger choose which part of the letter is shown.

use std::fmt;

use lettre::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::HeaderName;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::DecodePrivateKey;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::carrier::InvalidSetting;

/// The headers under the signature.
const SIGNED: [&str; 14] = [
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "To",
    "Cc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// A signing key and where its public half is published.
pub struct Signer {
    config: DkimConfig,
}

impl Signer {
    /// Reads a private key whose public half is at `<selector>._domainkey.<domain>`.
    ///
    /// The key is RSA in PEM, as `openssl genrsa` writes it (PKCS#8) or as older
    /// tools do (PKCS#1), or Ed25519 as the base64 of its 32-byte seed.
    pub fn new(domain: &str, selector: &str, key: &SecretString) -> Result<Self, InvalidSetting> {
        if !is_dns_name(domain) {
            return Err(refused("dkim_domain", "is not a domain name"));
        }
        if !is_dns_name(selector) {
            return Err(refused("dkim_selector", "is not a DNS name"));
        }
        let headers = SIGNED.map(HeaderName::new_from_ascii_str).to_vec();
        let relaxed = DkimCanonicalization {
            header: DkimCanonicalizationType::Relaxed,
            body: DkimCanonicalizationType::Relaxed,
        };
        let config = DkimConfig::new(
            selector.to_owned(),
            domain.to_owned(),
            signing_key(key)?,
            headers,
            relaxed,
        );
        Ok(Self { config })
    }

    /// Signs a finished letter.
    ///
    /// The signature's `t=` is the one place where the wall clock of the
    /// machine is used: lettre stamps it, and a receiver would distrust another.
    pub(crate) fn sign(&self, letter: &mut Message) {
        letter.sign(&self.config);
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

fn signing_key(key: &SecretString) -> Result<DkimSigningKey, InvalidSetting> {
    let text = key.expose_secret().trim();
    let read = if text.contains("-----BEGIN PRIVATE KEY-----") {
        DkimSigningKey::new(&pkcs1(text)?, DkimSigningAlgorithm::Rsa)
    } else if text.contains("-----BEGIN RSA PRIVATE KEY-----") {
        DkimSigningKey::new(text, DkimSigningAlgorithm::Rsa)
    } else {
        DkimSigningKey::new(text, DkimSigningAlgorithm::Ed25519)
    };
    read.map_err(|_| UNREADABLE_KEY)
}

/// Rewrites a PKCS#8 key in the only form that lettre reads.
fn pkcs1(pem: &str) -> Result<Zeroizing<String>, InvalidSetting> {
    let key = RsaPrivateKey::from_pkcs8_pem(pem).map_err(|_| UNREADABLE_KEY)?;
    key.to_pkcs1_pem(LineEnding::LF).map_err(|_| UNREADABLE_KEY)
}

const UNREADABLE_KEY: InvalidSetting = refused(
    "dkim_key",
    "is neither an RSA key in PEM nor an Ed25519 seed in base64",
);

fn is_dns_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

const fn refused(setting: &'static str, problem: &'static str) -> InvalidSetting {
    InvalidSetting {
        carrier: super::NAME,
        setting,
        problem,
    }
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
