//! Where an act leads back to: the page that it was done on.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Redirect;

use super::forgery::Fields;
use super::refusal::Refusal;
use super::said::{self, Said};

/// An address of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Back(String);

impl Back {
    /// Takes an address only where it is a path on this server: `//` and `\` would
    /// lead elsewhere, and a line break would end the header.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let second = text.as_bytes().get(1).copied();
        let here = text.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
        let plain = text.len() <= 1_024 && text.bytes().all(|b| b.is_ascii_graphic());
        (here && plain).then(|| Self(text.to_owned()))
    }

    /// Goes there and tells what was done.
    pub(crate) fn after(&self, said: Said) -> Redirect {
        Redirect::to(&said::add(&self.0, said))
    }

    /// Returns the address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Back {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl<S: Sync> FromRequestParts<S> for Back {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let field = parts
            .extensions
            .get::<Fields>()
            .and_then(|fields| fields.get("back"));
        Ok(field.and_then(Self::parse).unwrap_or_default())
    }
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // The guard reads them; a handler without a guard is not served.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Refusal::Forgery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_lead_back() {
        assert_eq!(
            Back::parse("/inbox?show=all").unwrap().as_str(),
            "/inbox?show=all"
        );
        for bad in [
            "",
            "inbox",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb: c",
            "/é",
        ] {
            assert_eq!(Back::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Back::parse(&format!("/{}", "a".repeat(1_024))), None);
    }
}
