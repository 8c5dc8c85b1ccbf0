//! `Idempotency-Key`: a POST that is asked again is not done again.
//!
//! The key travels into the commit that does what was asked ([`Once`] of the
//! store), so both are there or neither. After that the answer is kept under the
//! key. A client that asks again gets that answer; where a crash came before the
//! answer was kept, the handler runs again, does nothing, and renders its answer
//! from the ids that were made. Refusals are not kept: nothing happened.
//!
//! *Source*: draft-ietf-httpapi-idempotency-key-header.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tendon_care::id::Id;
use tendon_desk::{Desk, DeskError};
use tendon_store::{IdempotencyRow, Once};

use super::caller::Caller;
use super::input::whole;
use super::problem::{Kind, Problem};
use crate::server::App;

/// The header that names a request.
pub(crate) const HEADER: &str = "idempotency-key";

/// Tells that an answer is the one that was given before.
const REPLAYED: &str = "idempotency-replayed";

/// Hashes everything that makes two requests the same one.
pub fn fingerprint(method: &str, path_and_query: &str, body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), path_and_query.as_bytes(), body] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// What a handler acts through. It does nothing where the same request has done
/// it before.
#[derive(Clone)]
pub(crate) struct Acting {
    desk: Desk,
    made: Option<Arc<str>>,
}

impl Acting {
    /// Makes something and returns its id, or the id of what was made before.
    pub(crate) async fn make<I: Id, E: Into<Problem>>(
        &self,
        make: impl AsyncFnOnce(&Desk) -> Result<I, E>,
    ) -> Result<I, Problem> {
        let Some(made) = &self.made else {
            return make(&self.desk).await.map_err(Into::into);
        };
        let known = made.split(' ').find_map(|id| id.parse().ok());
        known.ok_or_else(|| Problem::internal(&DeskError::Corrupt("what a request made")))
    }

    /// Does something, unless it was done before.
    pub(crate) async fn act(
        &self,
        act: impl AsyncFnOnce(&Desk) -> Result<(), DeskError>,
    ) -> Result<(), Problem> {
        if self.made.is_none() {
            act(&self.desk).await?;
        }
        Ok(())
    }
}

impl FromRequestParts<App> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let guarded = parts.extensions.get::<Self>().cloned();
        Ok(guarded.unwrap_or_else(|| Self {
            desk: app.desk().clone(),
            made: None,
        }))
    }
}

/// Keeps the answer of a POST that names itself, and gives it again.
pub(crate) async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    match guarded(&app, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn guarded(app: &App, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = parts.extensions.get::<Caller>().cloned();
    let caller = caller.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    let key = key_of(&parts)?;
    let body = whole(body).await?;
    // Within the nested router the address has lost its beginning.
    let asked = parts.extensions.get::<OriginalUri>();
    let asked = asked.map_or(&parts.uri, |OriginalUri(asked)| asked);
    let address = asked.path_and_query().map_or("/", |part| part.as_str());
    let hash = fingerprint(parts.method.as_str(), address, &body);
    let guard = Guard {
        app,
        caller: &caller,
        key: &key,
        hash: &hash,
    };
    let once = Arc::new(Once::new(
        caller.token,
        key.as_str(),
        hash.clone(),
        app.desk().now(),
    ));
    // A second round is needed where another request with the key was faster.
    for last in [false, true] {
        let acting = match guard.known().await? {
            Some(row) if row.status != IdempotencyRow::UNFINISHED => {
                return guard.replay(&row).await;
            }
            Some(row) => Acting {
                desk: app.desk().clone(),
                made: Some(row.body.into()),
            },
            None => Acting {
                desk: app.desk().once(Arc::clone(&once)),
                made: None,
            },
        };
        let mut parts = parts.clone();
        parts.extensions.insert(acting);
        let request = Request::from_parts(parts, Body::from(body.clone()));
        let response = next.clone().run(request).await;
        if response.status().is_success() {
            return guard.finish(&once, response).await;
        }
        let beaten = matches!(
            response.status(),
            StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE
        );
        if last || !beaten || once.is_kept() || guard.known().await?.is_none() {
            return Ok(response);
        }
    }
    Err(Problem::new(Kind::Busy).retry_after_secs(1))
}

fn key_of(parts: &Parts) -> Result<String, Problem> {
    let mut given = parts.headers.get_all(HEADER).iter();
    let first = given.next().and_then(|value| value.to_str().ok());
    let fits = |key: &&str| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
    };
    match (first.filter(fits), given.next()) {
        (Some(key), None) => Ok(key.to_owned()),
        _ => Err(Problem::new(Kind::InvalidKey)
            .with("One key of 1 to 255 visible ASCII characters is needed.")),
    }
}

/// One key of one token, and the request that it is for.
struct Guard<'a> {
    app: &'a App,
    caller: &'a Caller,
    key: &'a str,
    hash: &'a [u8],
}

impl Guard<'_> {
    /// Returns what is kept under the key.
    ///
    /// Refuses a key under which something else was asked.
    async fn known(&self) -> Result<Option<IdempotencyRow>, Problem> {
        let reader = self.app.desk().db().reader(&self.caller.access);
        let row = reader.kept_answer(self.caller.token, self.key).await?;
        if row
            .as_ref()
            .is_some_and(|row| row.request_hash != self.hash)
        {
            return Err(Problem::new(Kind::KeyReused));
        }
        Ok(row)
    }

    /// Gives an answer again, and notes that somebody saw it again.
    async fn replay(&self, row: &IdempotencyRow) -> Result<Response, Problem> {
        let desk = self.app.desk();
        let reader = desk.db().reader(&self.caller.access);
        reader
            .looked_at(desk.now(), "kept_answer", None, "")
            .await?;
        Ok(replayed(row))
    }

    /// Keeps an answer and gives it; where another request has kept one first,
    /// gives that.
    async fn finish(&self, once: &Once, response: Response) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let body = whole(body).await?;
        let location = parts.headers.get(header::LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let text = format!(
            "{}\n{}",
            location.unwrap_or_default(),
            String::from_utf8_lossy(&body)
        );
        let (db, access) = (self.app.desk().db(), &self.caller.access);
        let kept = once.answer(db, access, parts.status.as_u16(), text).await;
        if let Err(error) = kept {
            match self.known().await? {
                Some(row) if row.status != IdempotencyRow::UNFINISHED => {
                    return self.replay(&row).await;
                }
                // It is done; an answer that is not kept will be rendered anew.
                _ => tracing::warn!(error = %error, "an answer is not kept"),
            }
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

/// Gives an answer as it was given before.
fn replayed(row: &IdempotencyRow) -> Response {
    let (location, body) = row.body.split_once('\n').unwrap_or_default();
    let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::OK);
    let mut response = (status, body.to_owned()).into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Ok(location) = HeaderValue::from_str(location)
        && !location.is_empty()
    {
        headers.insert(header::LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_differ_in_any_of_their_parts() {
        let base = fingerprint("POST", "/a", b"{}");
        assert_eq!(base, fingerprint("POST", "/a", b"{}"));
        for other in [
            fingerprint("PUT", "/a", b"{}"),
            fingerprint("POST", "/b", b"{}"),
            fingerprint("POST", "/a", b"{} "),
            fingerprint("POST", "/a{", b"}"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_key_is_one_visible_word() {
        let parts = |keys: &[&str]| {
            let mut request = Request::builder();
            for key in keys {
                request = request.header(HEADER, *key);
            }
            request.body(()).unwrap().into_parts().0
        };
        assert_eq!(key_of(&parts(&["\"a-1\""])).unwrap(), "\"a-1\"");
        assert!(key_of(&parts(&["x".repeat(255).as_str()])).is_ok());
        for bad in [
            &[""][..],
            &["a b"],
            &["ä"],
            &["a", "b"],
            &["x".repeat(256).as_str()],
        ] {
            assert!(key_of(&parts(bad)).is_err(), "{bad:?}");
        }
    }
}
