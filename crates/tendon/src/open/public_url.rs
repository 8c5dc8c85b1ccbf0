//! The address under which patients, staff and carriers reach this server. Every link
//! in a message begins with it, and so does what a carrier signs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, ensure};
use hyper::Uri;

/// The address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    text: String,
    /// Somebody said so; it is not merely where the server listens.
    given: bool,
}

impl PublicUrl {
    /// Reads the address that the settings give: `http` or `https`, a host, a port
    /// where there is one, and nothing behind it.
    pub(crate) fn given(text: &str) -> anyhow::Result<Self> {
        let uri: Uri = text
            .trim()
            .parse()
            .ok()
            .context("TENDON_PUBLIC_URL: is not a URL such as https://prm.clinic.example")?;
        let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        ensure!(
            matches!(scheme.as_str(), "http" | "https"),
            "TENDON_PUBLIC_URL: must begin with https:// or http://"
        );
        let authority = uri
            .authority()
            .context("TENDON_PUBLIC_URL: names no host")?;
        ensure!(
            !authority.as_str().contains('@') && !authority.host().is_empty(),
            "TENDON_PUBLIC_URL: must be a host, without a user"
        );
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        ensure!(
            bare,
            "TENDON_PUBLIC_URL: must end after the host; Tendon is served at its root"
        );
        let address: Option<IpAddr> = authority.host().trim_matches(['[', ']']).parse().ok();
        ensure!(
            !address.is_some_and(|address| address.is_unspecified()),
            "TENDON_PUBLIC_URL: is an address to listen on, which nobody can open"
        );
        let text = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        Ok(Self { text, given: true })
    }

    /// Takes where the server listens, as this machine reaches it.
    pub(crate) fn of_listener(listener: SocketAddr, tls: bool) -> Self {
        let mut host = listener;
        if host.ip().is_unspecified() {
            host.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let scheme = if tls { "https" } else { "http" };
        let text = format!("{scheme}://{host}");
        Self { text, given: false }
    }

    /// Refuses an address that nobody gave.
    pub(crate) fn must_be_reachable(&self) -> anyhow::Result<()> {
        ensure!(
            self.given,
            "TENDON_PUBLIC_URL: needed with live carriers; links in messages would lead to {}",
            self.text
        );
        Ok(())
    }

    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether browsers come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.text.starts_with("https:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_one_form() {
        for (text, kept) in [
            ("https://prm.clinic.example", "https://prm.clinic.example"),
            ("HTTPS://PRM.Clinic.example/", "https://prm.clinic.example"),
            (" http://10.0.0.7:8080 ", "http://10.0.0.7:8080"),
            ("https://[2001:db8::7]:8443/", "https://[2001:db8::7]:8443"),
        ] {
            let url = PublicUrl::given(text).unwrap();
            assert_eq!(url.as_str(), kept);
            assert_eq!(url.is_secure(), kept.starts_with("https"));
            url.must_be_reachable().unwrap();
        }
    }

    #[test]
    fn what_no_browser_could_open_is_refused() {
        for text in [
            "",
            "prm.clinic.example",
            "/portal",
            "ftp://prm.clinic.example",
            "https://",
            "https://ana:secret@prm.clinic.example",
            "https://prm.clinic.example/tendon",
            "https://prm.clinic.example/?a=b",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
        ] {
            let refused = PublicUrl::given(text).unwrap_err().to_string();
            assert!(
                refused.starts_with("TENDON_PUBLIC_URL: "),
                "{text}: {refused}"
            );
            assert!(!refused.contains("secret"));
        }
    }

    #[test]
    fn where_it_listens_is_an_address_for_this_machine_alone() {
        let listener = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (address, tls, kept) in [
            ("127.0.0.1:8080", false, "http://127.0.0.1:8080"),
            ("0.0.0.0:8443", true, "https://127.0.0.1:8443"),
            ("[::]:80", false, "http://127.0.0.1:80"),
        ] {
            let url = PublicUrl::of_listener(listener(address), tls);
            assert_eq!(url.as_str(), kept);
            assert!(url.must_be_reachable().is_err());
        }
    }
}
