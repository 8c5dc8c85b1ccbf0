//! Sealing of contact points and words at rest, with an index to find them by.
//!
//! One key-encryption key (KEK) belongs to the server and lives outside the
//! database. It wraps one data key (DEK) per practice. From the DEK come the
//! sealing key (AES-256-GCM) and the key of the blind index (HMAC-SHA-256): two
//! equal phone numbers have equal index values, and neither can be read from
//! them. Every sealed value is bound to its table, column and row, so that a
//! value copied to another row does not open there.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tendon_care::Randomness;
use tendon_care::id::{Id, PracticeId};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The layout of a sealed value: this byte, twelve of nonce, then ciphertext and tag.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The value was changed, belongs elsewhere, or the key is another one.
    #[error("a sealed value does not open: wrong key, or it was changed")]
    DoesNotOpen,
    /// The practice has no key yet.
    #[error("the practice has no data key")]
    NoKey,
}

/// Thirty-two secret bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Wraps the bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a new key.
    pub fn generate(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// Returns the bytes, for writing the key file.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Which cell of the database a value belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: Uuid,
}

impl Cell {
    fn bytes(self) -> Vec<u8> {
        let mut bytes = format!("{}/{}/", self.table, self.column).into_bytes();
        bytes.extend_from_slice(self.row.as_bytes());
        bytes
    }
}

/// The keys of one practice.
pub(crate) struct PracticeKeys {
    cipher: Aes256Gcm,
    blind: [u8; 32],
    randomness: Arc<dyn Randomness>,
}

impl std::fmt::Debug for PracticeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PracticeKeys(…)")
    }
}

impl PracticeKeys {
    fn new(dek: &SecretKey, randomness: Arc<dyn Randomness>) -> Self {
        let sealing = derive(dek, b"tendon seal v1");
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(sealing)),
            blind: derive(dek, b"tendon blind index v1"),
            randomness,
        }
    }

    /// Seals a value for one cell.
    pub(crate) fn seal(&self, cell: Cell, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal_with(&self.cipher, &*self.randomness, &cell.bytes(), plain)
    }

    /// Opens what was sealed for the same cell.
    pub(crate) fn open(&self, cell: Cell, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open_with(&self.cipher, &cell.bytes(), sealed)
    }

    /// Opens a text.
    pub(crate) fn open_text(&self, cell: Cell, sealed: &[u8]) -> Result<String, SealError> {
        String::from_utf8(self.open(cell, sealed)?).map_err(|_| SealError::DoesNotOpen)
    }

    /// Returns the value under which equal texts are found, 16 bytes.
    pub(crate) fn blind(&self, text: &str) -> Vec<u8> {
        mac(&self.blind, text.as_bytes())
            .into_iter()
            .take(16)
            .collect()
    }
}

/// All keys of the server.
pub(crate) struct Vault {
    kek: Aes256Gcm,
    randomness: Arc<dyn Randomness>,
    practices: RwLock<HashMap<PracticeId, Arc<PracticeKeys>>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    pub(crate) fn new(kek: &SecretKey, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            kek: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*kek.expose())),
            randomness,
            practices: RwLock::default(),
        }
    }

    /// Makes a data key for a new practice and returns it wrapped, for storing.
    pub(crate) fn create(&self, practice: PracticeId) -> Result<Vec<u8>, SealError> {
        let dek = SecretKey::generate(&*self.randomness);
        let wrapped = seal_with(
            &self.kek,
            &*self.randomness,
            practice.uuid().as_bytes(),
            dek.expose(),
        )?;
        self.keep(practice, &dek);
        Ok(wrapped)
    }

    /// Unwraps a stored data key.
    pub(crate) fn learn(&self, practice: PracticeId, wrapped: &[u8]) -> Result<(), SealError> {
        let mut plain = open_with(&self.kek, practice.uuid().as_bytes(), wrapped)?;
        let bytes = <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| SealError::DoesNotOpen)?;
        plain.zeroize();
        self.keep(practice, &SecretKey::new(bytes));
        Ok(())
    }

    fn keep(&self, practice: PracticeId, dek: &SecretKey) {
        let keys = Arc::new(PracticeKeys::new(dek, Arc::clone(&self.randomness)));
        let mut practices = self
            .practices
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        practices.insert(practice, keys);
    }

    /// Returns the keys of a practice.
    pub(crate) fn keys(&self, practice: PracticeId) -> Result<Arc<PracticeKeys>, SealError> {
        let practices = self
            .practices
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        practices.get(&practice).cloned().ok_or(SealError::NoKey)
    }
}

fn seal_with(
    cipher: &Aes256Gcm,
    randomness: &dyn Randomness,
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    randomness.fill(&mut nonce);
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| SealError::DoesNotOpen)?;
    let mut out = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
    out.push(VERSION);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

fn open_with(cipher: &Aes256Gcm, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError::DoesNotOpen)?;
    let (nonce, body) = rest
        .split_at_checked(NONCE_LEN)
        .ok_or(SealError::DoesNotOpen)?;
    let nonce = <[u8; NONCE_LEN]>::try_from(nonce).map_err(|_| SealError::DoesNotOpen)?;
    if *version != VERSION {
        return Err(SealError::DoesNotOpen);
    }
    cipher
        .decrypt(&Nonce::from(nonce), Payload { msg: body, aad })
        .map_err(|_| SealError::DoesNotOpen)
}

fn derive(dek: &SecretKey, label: &[u8]) -> [u8; 32] {
    mac(dek.expose(), label)
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // HMAC pads a key to the block of its hash; 32 bytes are shorter than SHA-256's 64.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    block.zeroize();
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    #[derive(Debug, Default)]
    struct Counting(AtomicU8);
    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn vault() -> (Vault, PracticeId, Vec<u8>) {
        let practice = PracticeId::from_uuid(Uuid::from_u128(7));
        let vault = Vault::new(&SecretKey::new([9; 32]), Arc::new(Counting::default()));
        let wrapped = vault.create(practice).unwrap();
        (vault, practice, wrapped)
    }

    #[test]
    fn a_value_opens_in_its_own_cell_only() {
        let (vault, practice, _) = vault();
        let keys = vault.keys(practice).unwrap();
        let cell = Cell {
            table: "message",
            column: "body",
            row: Uuid::from_u128(1),
        };
        let sealed = keys.seal(cell, b"see you at nine").unwrap();
        assert_eq!(keys.open_text(cell, &sealed).unwrap(), "see you at nine");
        let elsewhere = Cell {
            row: Uuid::from_u128(2),
            ..cell
        };
        assert_eq!(keys.open(elsewhere, &sealed), Err(SealError::DoesNotOpen));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(keys.open(cell, &changed), Err(SealError::DoesNotOpen));
        assert_eq!(keys.open(cell, &[]), Err(SealError::DoesNotOpen));
    }

    #[test]
    fn a_wrapped_key_needs_the_right_server_key() {
        let (vault, practice, wrapped) = vault();
        let blind = vault.keys(practice).unwrap().blind("+13125550142");
        let again = Vault::new(&SecretKey::new([9; 32]), Arc::new(Counting::default()));
        again.learn(practice, &wrapped).unwrap();
        assert_eq!(again.keys(practice).unwrap().blind("+13125550142"), blind);
        let other = Vault::new(&SecretKey::new([8; 32]), Arc::new(Counting::default()));
        assert_eq!(other.learn(practice, &wrapped), Err(SealError::DoesNotOpen));
    }
}
