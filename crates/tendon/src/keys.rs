//! The server's key-encryption key: one file beside, never inside, the database.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tendon_care::Randomness;
use tendon_store::SecretKey;

/// Reads the key of a data directory, or makes one at the first start.
///
/// The directory is created for its owner alone. A backup of the database is
/// worth nothing without this file, and this file nothing without the database.
pub(crate) fn load(data_dir: &Path, randomness: &dyn Randomness) -> anyhow::Result<SecretKey> {
    let folder = data_dir.join("keys");
    crate::file::create_folder(&folder)?;
    let file = folder.join("kek");
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text).with_context(|| format!("reading {}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&file, randomness),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

fn create(file: &Path, randomness: &dyn Randomness) -> anyhow::Result<SecretKey> {
    let key = SecretKey::generate(randomness);
    let mut out =
        crate::file::create(file).with_context(|| format!("creating {}", file.display()))?;
    writeln!(out, "{}", STANDARD.encode(key.expose()))?;
    out.sync_all()?;
    Ok(key)
}

fn parse(text: &str) -> anyhow::Result<SecretKey> {
    let bytes = STANDARD
        .decode(text.trim())
        .context("the key is not base64")?;
    let bytes = <[u8; 32]>::try_from(bytes.as_slice())
        .ok()
        .context("the key is not 32 bytes long")?;
    Ok(SecretKey::new(bytes))
}
