//! The token that proves that a form is ours: a keyed hash of a secret that only
//! the reader's own browser sends. Nothing is stored, and every node agrees.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::plain::{NOT_PLAIN, is_plain};
use super::refusal::Refusal;
use crate::pages::parts::Csrf;

/// A form is words; the longest are a template in two languages.
const FORM_BYTES: usize = 64 * 1024;

/// The token of one secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seal(String);

impl Seal {
    /// Derives the token from the secret of a session, a gate or a link.
    pub(crate) fn of(secret: &str) -> Self {
        // HMAC takes a key of any length; the other arm is never taken.
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
            mac.update(b"tendon form 1");
            mac.finalize().into_bytes()
        });
        Self(mac.map_or_else(|_| String::new(), |bytes| URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Returns the hidden field.
    pub(crate) fn field(&self) -> Csrf {
        Csrf::new(&self.0)
    }

    fn fits(&self, given: &str) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(given.as_bytes()))
    }
}

/// What a form said, read once and handed on whole.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns the first value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn read(bytes: &Bytes) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }
}

/// Lets a request through that only reads, or whose form carries the token; the
/// fields travel on with it.
///
/// *Errors*: a form without the token, with another's, longer than 64 KiB, or with
/// characters that nobody types.
pub(crate) async fn check(request: Request, seal: &Seal) -> Result<Request, Refusal> {
    check_unless(request, seal, |_| false).await
}

/// The same, where some forms need no token: those that another program fills in.
pub(crate) async fn check_unless(
    request: Request,
    seal: &Seal,
    free: impl Fn(&Fields) -> bool,
) -> Result<Request, Refusal> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, FORM_BYTES)
        .await
        .map_err(|_| Refusal::TooLong)?;
    let fields = Fields::read(&bytes);
    if !fields
        .0
        .iter()
        .all(|(key, value)| is_plain(key) && is_plain(value))
    {
        return Err(Refusal::Invalid {
            field: "form",
            reason: NOT_PLAIN.to_owned(),
        });
    }
    let ours = fields.get("csrf").is_some_and(|given| seal.fits(given));
    if !ours && !free(&fields) {
        return Err(Refusal::Forgery);
    }
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(body: &str) -> Request {
        Request::post("/")
            .body(Body::from(body.to_owned()))
            .unwrap()
    }

    #[test]
    fn each_secret_has_its_own_token() {
        assert_eq!(Seal::of("a"), Seal::of("a"));
        assert_ne!(Seal::of("a"), Seal::of("b"));
        assert_eq!(format!("{:?}", Seal::of("a")), "Seal(…)");
    }

    #[tokio::test]
    async fn only_the_right_token_opens() {
        let seal = Seal::of("secret");
        let good = format!("day=1&csrf={}&day=2", seal.0);
        let request = check(post(&good), &seal).await.unwrap();
        let fields = request.extensions().get::<Fields>().unwrap();
        assert_eq!(fields.all("day").collect::<Vec<_>>(), ["1", "2"]);
        for bad in [
            "",
            "csrf=",
            "day=1",
            &format!("csrf={}", Seal::of("other").0),
        ] {
            assert!(
                matches!(check(post(bad), &seal).await, Err(Refusal::Forgery)),
                "{bad}"
            );
        }
        let long = format!("csrf={}&words={}", seal.0, "x".repeat(FORM_BYTES));
        assert!(matches!(
            check(post(&long), &seal).await,
            Err(Refusal::TooLong)
        ));
    }

    #[tokio::test]
    async fn reading_needs_no_token() {
        let request = Request::get("/").body(Body::empty()).unwrap();
        assert!(check(request, &Seal::of("secret")).await.is_ok());
    }
}
