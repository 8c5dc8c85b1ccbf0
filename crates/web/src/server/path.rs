//! What stands in an address: an id, a name, a token. One that is none of that
//! leads nowhere.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::refusal::Refusal;

/// The only value of an address.
#[derive(Clone, Debug)]
pub(crate) struct Of<T>(pub(crate) T);

/// Both values of an address.
#[derive(Clone, Debug)]
pub(crate) struct Both<T, U>(pub(crate) T, pub(crate) U);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Of<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let values = values(parts, state).await?;
        match values.as_slice() {
            [one] => one.parse().map(Self).map_err(|_| Refusal::NotFound),
            _ => Err(Refusal::NotFound),
        }
    }
}

impl<S: Send + Sync, T: FromStr, U: FromStr> FromRequestParts<S> for Both<T, U> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let values = values(parts, state).await?;
        let [one, other] = values.as_slice() else {
            return Err(Refusal::NotFound);
        };
        match (one.parse(), other.parse()) {
            (Ok(one), Ok(other)) => Ok(Self(one, other)),
            _ => Err(Refusal::NotFound),
        }
    }
}

async fn values<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Vec<String>, Refusal> {
    let raw = RawPathParams::from_request_parts(parts, state).await;
    let raw = raw.map_err(|_| Refusal::NotFound)?;
    Ok(raw.iter().map(|(_, value)| value.to_owned()).collect())
}
