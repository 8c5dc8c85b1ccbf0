//! Where a server is, and what a connection to it must prove.
//!
//! Patients' data leaves this machine encrypted and to a server that has shown who
//! it is, or not at all: libpq's `prefer`, which goes on in the clear where the other
//! side asks for it, is not offered. Who trusts the network says `sslmode=disable`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// What cannot be read of an URL. It is not shown: it may hold a password.
const FORM: &str = "write it as postgres://user:password@host:port/database";
const MODES: &str = "sslmode must be disable, require, verify-ca or verify-full";

/// What a `postgres://` URL says.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) config: Config,
    /// The certificates that a server's own must come from; the system's where none.
    roots: Option<PathBuf>,
}

impl Address {
    /// Reads an URL of libpq's form with its `sslmode` and `sslrootcert`.
    ///
    /// *Errors*: no such URL, or a mode that is none of libpq's.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        // A password may hold a question mark as well.
        let host = url.find('@').unwrap_or_default();
        let query = url.get(host..).and_then(|rest| rest.find('?'));
        let (place, query) = match query.and_then(|at| url.split_at_checked(host + at)) {
            Some((place, query)) => (place, query.trim_start_matches('?')),
            None => (url, ""),
        };
        let (mut mode, mut roots) = (None, None);
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" if value == "system" => roots = None,
                "sslrootcert" => roots = Some(PathBuf::from(&*value)),
                _ => {
                    rest.append_pair(&name, &value);
                }
            }
        }
        // The driver takes a plus sign for itself and not for a space.
        let rest = rest.finish().replace('+', "%20");
        let mut config: Config = format!("{place}?{rest}")
            .parse()
            .map_err(|_| StoreError::BadPostgresUrl(FORM))?;
        let in_the_clear = match mode.as_deref() {
            Some("disable") => true,
            Some("require" | "verify-ca" | "verify-full") => false,
            Some("allow" | "prefer") | None => is_here(&config),
            Some(_) => return Err(StoreError::BadPostgresUrl(MODES)),
        };
        config.ssl_mode(if in_the_clear {
            SslMode::Disable
        } else {
            SslMode::Require
        });
        Ok(Self { config, roots })
    }

    /// Makes what checks the server, where it must be checked.
    ///
    /// *Errors*: the certificates cannot be read.
    pub(super) fn tls(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(None);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match &self.roots {
            Some(path) => builder.with_root_certificates(read_roots(path)?),
            None => builder.with_platform_verifier()?,
        };
        Ok(Some(MakeRustlsConnect::new(builder.with_no_client_auth())))
    }

    /// Says the same to a program of PostgreSQL.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let hosts = listed(config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        }));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mode = match config.get_ssl_mode() {
            SslMode::Disable => "disable",
            _ => "verify-full",
        };
        let roots = self.roots.as_ref().map(|path| path.display().to_string());
        let pairs = [
            ("PGHOST", hosts),
            ("PGHOSTADDR", listed(config.get_hostaddrs())),
            ("PGPORT", listed(config.get_ports())),
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGPASSWORD", config.get_password().map(text)),
            ("PGDATABASE", config.get_dbname().map(str::to_owned)),
            ("PGSSLMODE", Some(mode.to_owned())),
            ("PGSSLROOTCERT", roots),
        ];
        pairs
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value)))
            .collect()
    }
}

/// Joins several servers as libpq reads them; nothing where none is named.
fn listed(of: impl IntoIterator<Item = impl ToString>) -> Option<String> {
    let all: Vec<String> = of.into_iter().map(|one| one.to_string()).collect();
    (!all.is_empty()).then(|| all.join(","))
}

fn read_roots(path: &Path) -> Result<RootCertStore, StoreError> {
    let unreadable = |source| StoreError::Roots {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        certificates.push(certificate.map_err(unreadable)?);
    }
    // Bundles hold some that nobody can use any more.
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(unreadable(pem::Error::NoItemsFound));
    }
    Ok(roots)
}

/// Whether what is sent stays on this machine.
fn is_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn mode(url: &str) -> SslMode {
        Address::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted() {
        for (url, expected) in [
            ("postgres://a@127.0.0.1/b", SslMode::Disable),
            ("postgres://a@[::1]/b", SslMode::Disable),
            ("postgres://a@localhost/b?sslmode=prefer", SslMode::Disable),
            ("postgres://a@%2Frun%2Fpostgresql/b", SslMode::Disable),
            ("postgres://a@localhost/b?sslmode=require", SslMode::Require),
            ("postgres://a@db.clinic.example/b", SslMode::Require),
            ("postgres://a@10.0.0.7/b?sslmode=prefer", SslMode::Require),
            (
                "postgres://a@localhost,db.clinic.example/b",
                SslMode::Require,
            ),
            (
                "postgres://a@localhost/b?hostaddr=10.0.0.7",
                SslMode::Require,
            ),
            ("postgres://a@db/b?sslmode=verify-full", SslMode::Require),
            ("postgres://a@db/b?sslmode=disable", SslMode::Disable),
        ] {
            assert_eq!(mode(url), expected, "{url}");
        }
    }

    #[test]
    fn nothing_else_of_an_url_is_lost() {
        let url = "postgres://a:p%40ss@db:5433/b?application_name=my%20clinic&sslrootcert=%2Fetc%2Fmy%20ca.pem&connect_timeout=7";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.config.get_application_name(), Some("my clinic"));
        assert_eq!(
            address.config.get_connect_timeout().map(Duration::as_secs),
            Some(7)
        );
        let said = address.environment();
        for pair in [
            ("PGHOST", "db"),
            ("PGPORT", "5433"),
            ("PGPASSWORD", "p@ss"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/my ca.pem"),
        ] {
            assert!(
                said.iter().any(|(name, value)| (*name, &**value) == pair),
                "{pair:?} in {said:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for url in [
            "postgres://a@db/b?sslmode=maybe",
            "postgres://a@db/b?colour=red",
        ] {
            let refused = Address::parse(url).unwrap_err();
            assert!(matches!(refused, StoreError::BadPostgresUrl(_)), "{url}");
        }
        // This file is there and holds no certificate.
        let empty = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for file in ["absent.pem", empty] {
            let url = format!("postgres://a@db/b?sslrootcert={file}");
            let roots = Address::parse(&url).unwrap();
            let refused = roots.tls().map(drop).unwrap_err().to_string();
            assert!(refused.contains(file), "{refused}");
        }
    }

    #[test]
    fn the_servers_own_programs_are_told_the_same() {
        let said = |url| Address::parse(url).unwrap().environment();
        let of = |said: &[(&str, String)], name| {
            let found = said.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let several = said("postgres://a:p?w@one,two:5433/b?hostaddr=10.0.0.7,10.0.0.8");
        assert_eq!(of(&several, "PGPASSWORD").as_deref(), Some("p?w"));
        assert_eq!(of(&several, "PGHOST").as_deref(), Some("one,two"));
        assert_eq!(
            of(&several, "PGHOSTADDR").as_deref(),
            Some("10.0.0.7,10.0.0.8")
        );
        let system = said("postgres://a@db/b?sslrootcert=system");
        assert_eq!(of(&system, "PGSSLROOTCERT"), None);
        assert_eq!(of(&system, "PGSSLMODE").as_deref(), Some("verify-full"));
    }
}
