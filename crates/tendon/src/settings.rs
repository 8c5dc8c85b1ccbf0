//! Settings from a file, `TENDON_*` variables and flags, in that rising order.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;

/// Settings that every command shares.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// A TOML file with settings; variables and flags override it.
    #[arg(long, global = true, env = "TENDON_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://user:password@host/database`.
    #[arg(
        long = "database",
        global = true,
        env = "TENDON_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// Where keys, blobs and problems files are kept (mode 0700).
    #[arg(long, global = true, env = "TENDON_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// What the settings come to.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) database_url: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) file: File,
}

/// The settings file. Every field has a flag or variable of the same name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    /// Address to listen on.
    listen: Option<String>,
    /// Where patients reach the portal.
    pub(crate) public_url: Option<String>,
    /// Proxies that are believed about their clients' addresses.
    pub(crate) trusted_proxies: Option<String>,
    /// SMTP server.
    pub(crate) smtp_url: Option<SecretString>,
    /// The address that e-mail comes from.
    pub(crate) smtp_from: Option<String>,
    /// The file with the key that signs e-mail.
    pub(crate) dkim_key: Option<PathBuf>,
    /// The name under which its public half stands in the DNS.
    pub(crate) dkim_selector: Option<String>,
    /// The domain that signs.
    pub(crate) dkim_domain: Option<String>,
    /// Base URL of the Twilio-compatible API.
    pub(crate) twilio_url: Option<String>,
    /// Its account.
    pub(crate) twilio_account_sid: Option<String>,
    /// Its secret.
    pub(crate) twilio_auth_token: Option<SecretString>,
    /// The number or messaging service that texts come from.
    pub(crate) twilio_from: Option<String>,
    /// Certificate chain in PEM.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Rule packs laid over the built-in ones.
    #[serde(default)]
    pub(crate) rule_packs: Vec<PathBuf>,
}

impl File {
    /// Returns the address to listen on, as the file says or by default.
    pub(crate) fn listener(&self) -> anyhow::Result<SocketAddr> {
        match &self.listen {
            Some(text) => text.parse().context("listen: must be ADDRESS:PORT"),
            None => Ok(SocketAddr::from(([127, 0, 0, 1], 8080))),
        }
    }
}

impl Settings {
    /// Merges the file below variables and flags.
    pub(crate) fn resolve(&self) -> anyhow::Result<Resolved> {
        let file = match &self.config {
            None => File::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("reading settings from {}", path.display()))?;
                toml::from_str(&text)
                    .with_context(|| format!("reading settings from {}", path.display()))?
            }
        };
        let data_dir = self
            .data_dir
            .clone()
            .or_else(|| file.data_dir.clone())
            .unwrap_or_else(|| PathBuf::from(".tendon"));
        let database_url = self
            .database_url
            .clone()
            .or_else(|| file.database_url.clone())
            .unwrap_or_else(|| format!("sqlite:{}", data_dir.join("tendon.db").display()));
        Ok(Resolved {
            database_url,
            data_dir,
            file,
        })
    }
}
