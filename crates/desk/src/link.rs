//! Tokens of signed links. Only their hash is ever stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tendon_care::Mint;
use tendon_care::rules::Number;

use crate::house::House;

/// Makes a token of 128 random bits and the hash under which it is found.
pub(crate) fn new_token(mint: &Mint<'_>) -> (String, Vec<u8>) {
    let token = URL_SAFE_NO_PAD.encode(mint.bytes::<16>());
    let hash = hash(&token);
    (token, hash)
}

/// Returns the hash of a token.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Returns the address that a patient opens.
pub(crate) fn url(public_url: &str, token: &str) -> String {
    format!("{public_url}/portal/{token}")
}

/// Returns the one-click way out of a kind of e-mail (RFC 8058).
pub(crate) fn way_out_url(public_url: &str, token: &str) -> String {
    format!("{public_url}/unsubscribe/{token}")
}

/// Returns when a link made now stops working, by the rules of the day.
pub(crate) fn expiry(house: &House, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(house.practice.time_zone.clone()).date();
    let days = house.rules.for_date(today).number(Number::LinkLifetimeDays);
    now + SignedDuration::from_hours(24 * days)
}
