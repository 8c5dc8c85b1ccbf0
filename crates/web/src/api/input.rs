//! What a request brings: an id in its address, parameters, a JSON body.

use axum::body::{Body as Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tendon_care::id::Id;

use super::problem::{Kind, Problem};
use super::reason;
use crate::server::plain::{NOT_PLAIN, is_plain};

/// Bodies beyond this are refused unread: the largest, a patient with every
/// address and representative, stays below a tenth of it.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// The one id in the address. What is no id of that kind names nothing.
pub(crate) struct At<I>(pub(crate) I);

impl<I: Id, S: Send + Sync> FromRequestParts<S> for At<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        text.ok()
            .and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(|| Problem::new(Kind::NotFound))
    }
}

/// The parameters of the query. Unknown and repeated ones are refused.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let mut given = Map::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if given.contains_key(name.as_ref()) {
                let field = reason::plain(&name);
                return Err(Problem::field(Kind::InvalidQuery, field, "is given twice"));
            }
            if !is_plain(&value) {
                let field = reason::plain(&name);
                return Err(Problem::field(Kind::InvalidQuery, field, NOT_PLAIN));
            }
            given.insert(name.into_owned(), Value::String(value.into_owned()));
        }
        reason::read(Value::Object(given), Kind::InvalidQuery).map(Self)
    }
}

/// A JSON body. Unknown fields are refused by the types that are read.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body).await?;
        if bytes.is_empty() {
            // An act without particulars needs no body.
            return reason::read(Value::Object(Map::new()), Kind::InvalidBody).map(Self);
        }
        if !is_json(&parts.headers) {
            return Err(Problem::new(Kind::UnsupportedMediaType));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Problem::new(Kind::MalformedBody).with(format!("At line {line}, column {column}."))
        })?;
        if let Some(path) = not_plain(&value) {
            let field = reason::plain(path.trim_start_matches('.'));
            return Err(Problem::field(Kind::InvalidBody, field, NOT_PLAIN));
        }
        reason::read(value, Kind::InvalidBody).map(Self)
    }
}

/// Returns the path of the first text that was typed by nobody.
fn not_plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!is_plain(text)).then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(n, item)| Some(format!("[{n}]{}", not_plain(item)?))),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, field)| Some(format!(".{name}{}", not_plain(field)?))),
        _ => None,
    }
}

/// Reads a whole body, or refuses one that is too large.
pub(crate) async fn whole(body: Bytes) -> Result<axum::body::Bytes, Problem> {
    to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::new(Kind::TooLarge).with(format!("At most {MOST_BYTES} bytes are taken."))
    })
}

/// Tells whether a body calls itself JSON, in UTF-8 where it says so.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(said) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = said.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = ["application/json", "application/merge-patch+json"];
    known.contains(&essence.as_str())
        && parts.all(|part| {
            let part = part.to_ascii_lowercase();
            part.strip_prefix("charset=")
                .is_none_or(|charset| charset.trim_matches('"') == "utf-8")
        })
}

/// A field of a merge patch (RFC 7396).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patched<T> {
    /// Left out: it stays as it is.
    #[default]
    Kept,
    /// Emptied by `null`.
    Emptied,
    /// Given anew.
    Set(T),
}

impl<T> Patched<T> {
    #[expect(
        clippy::option_option,
        reason = "the use cases tell left out from emptied so"
    )]
    /// Returns the change as the use cases take it: what to put there, if anything.
    pub(crate) fn change<U>(self, read: impl FnOnce(T) -> U) -> Option<Option<U>> {
        match self {
            Self::Kept => None,
            Self::Emptied => Some(None),
            Self::Set(value) => Some(Some(read(value))),
        }
    }
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Patched<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Emptied, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(default)]
        state: Option<String>,
    }

    async fn query(text: &str) -> Result<Option<String>, String> {
        let request = Request::builder()
            .uri(format!("/x?{text}"))
            .body(())
            .unwrap();
        let (mut parts, ()) = request.into_parts();
        let asked = Query::<Asked>::from_request_parts(&mut parts, &()).await;
        asked
            .map(|Query(asked)| asked.state)
            .map_err(|problem| format!("{problem:?}"))
    }

    #[tokio::test]
    async fn parameters_are_known_and_given_once() {
        assert_eq!(query("").await, Ok(None));
        assert_eq!(query("state=a%20b").await, Ok(Some("a b".into())));
        assert!(query("staet=a").await.unwrap_err().contains("staet"));
        let twice = query("state=a&state=b").await.unwrap_err();
        assert!(twice.contains("state") && twice.contains("is given twice"));
        let name = query("Ana+Morales=1").await.unwrap_err();
        assert!(!name.contains("Morales"), "{name}");
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        for (said, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=latin1", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(said));
            assert_eq!(is_json(&headers), expected, "{said}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default)]
        zip: Patched<String>,
    }

    #[test]
    fn a_patch_tells_left_out_from_emptied() {
        for (text, zip) in [
            ("{}", Patched::Kept),
            (r#"{"zip":null}"#, Patched::Emptied),
            (r#"{"zip":"60601"}"#, Patched::Set("60601".to_owned())),
        ] {
            let patch: Patch = serde_json::from_str(text).unwrap();
            assert_eq!(patch.zip, zip);
        }
    }
}
