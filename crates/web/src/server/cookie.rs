//! Cookies, few and small. Over TLS their names begin with `__Host-`, which a
//! browser takes from this host, for all of it and over TLS only (RFC 6265bis §4.1.3.2).

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie that Tendon sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// A number that binds the sign-in form to its browser.
    Gate,
    /// Theme and density.
    Look,
    /// The language of a patient's pages.
    Language,
    /// The proof that a birthday was given in this browser.
    Birthday,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-tendon",
            (Self::Session, false) => "tendon",
            (Self::Gate, true) => "__Host-tendon-gate",
            (Self::Gate, false) => "tendon-gate",
            (Self::Look, true) => "__Host-tendon-look",
            (Self::Look, false) => "tendon-look",
            (Self::Language, true) => "__Host-tendon-language",
            (Self::Language, false) => "tendon-language",
            (Self::Birthday, true) => "__Host-tendon-birthday",
            (Self::Birthday, false) => "tendon-birthday",
        }
    }

    /// Returns how long a browser keeps it, in seconds; `None` until it closes.
    const fn max_age_secs(self) -> Option<u32> {
        match self {
            Self::Session | Self::Gate | Self::Birthday => None,
            Self::Look | Self::Language => Some(31_536_000),
        }
    }

    /// Returns what the browser sent.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Makes the header that sets it. The value is ours: base64url or a word.
    pub(crate) fn set(self, value: &str, secure: bool) -> HeaderValue {
        self.header(value, secure, self.max_age_secs())
    }

    /// Makes the header that takes it away.
    pub(crate) fn clear(self, secure: bool) -> HeaderValue {
        self.header("", secure, Some(0))
    }

    fn header(self, value: &str, secure: bool, max_age_secs: Option<u32>) -> HeaderValue {
        let name = self.name(secure);
        let tls = if secure { "; Secure" } else { "" };
        let age = max_age_secs.map_or_else(String::new, |secs| format!("; Max-Age={secs}"));
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{tls}{age}");
        // A value that cannot stand in a header sets nothing.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; tendon-look=dark"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("tendon=abc"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("abc"));
        assert_eq!(Cookie::Look.read(&headers, false), Some("dark"));
        assert_eq!(Cookie::Session.read(&headers, true), None);
        assert_eq!(Cookie::Gate.read(&headers, false), None);
    }

    #[test]
    fn over_tls_a_cookie_belongs_to_the_host_alone() {
        let header = Cookie::Session.set("abc", true);
        assert_eq!(
            header,
            "__Host-tendon=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = Cookie::Look.set("dark", false);
        assert_eq!(
            plain,
            "tendon-look=dark; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
        );
        assert!(
            Cookie::Session
                .clear(false)
                .to_str()
                .unwrap()
                .ends_with("Max-Age=0")
        );
    }
}
