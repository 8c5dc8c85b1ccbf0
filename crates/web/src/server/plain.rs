//! Text from outside. A control character other than a line break or a tab was typed
//! by nobody, and PostgreSQL keeps no NUL: it is refused where text is read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// What is said of text that was typed by nobody.
pub(crate) const NOT_PLAIN: &str = "must not hold control characters";

/// Tells whether a text could have been typed.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

/// What the query of a page's address says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let refused = |reason: &str| Refusal::Invalid {
            field: "query",
            reason: reason.to_owned(),
        };
        let text = parts.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        if !pairs.all(|(name, value)| is_plain(&name) && is_plain(&value)) {
            return Err(refused(NOT_PLAIN));
        }
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(said)| Self(said))
            .map_err(|_| refused("cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_keyboard_makes_is_plain() {
        for plain in ["", "Ana Morales", "two\r\nlines\tand a tab", "ñandú ליאור"] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for other in ["\0", "Ana\0", "\u{1b}[2J", "\u{7f}", "\u{85}"] {
            assert!(!is_plain(other), "{other:?}");
        }
    }
}
