//! `tendon serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use jiff::Timestamp;
use tendon_care::Clock;
use tendon_care::contact::Channel;
use tendon_desk::Carriers;
use tendon_store::Durability;
use tendon_web::server::{Surface, TrustedProxies};

use crate::carriers::CarrierSettings;
use crate::edge::{RehearsalClock, SystemClock, SystemRandomness};
use crate::open::{self, PublicUrl, Wiring};
use crate::server::{self, Listening};
use crate::settings::Resolved;

/// Patients that the workers of one node handle side by side.
const SIDE_BY_SIDE: usize = 16;

/// Run the server.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon serve --database sqlite:/var/lib/tendon/tendon.db --listen 0.0.0.0:8080 --public-url https://prm.clinic.example"
)]
pub(crate) struct Serve {
    /// Address to listen on.
    #[arg(long, env = "TENDON_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where patients and staff reach this server.
    #[arg(long, env = "TENDON_PUBLIC_URL")]
    public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, such as `10.0.0.7, 192.168.0.0/16`.
    #[arg(long, env = "TENDON_TRUSTED_PROXIES", value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
    /// Certificate chain in PEM.
    #[arg(long, env = "TENDON_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    #[arg(long, env = "TENDON_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    carriers: CarrierSettings,
    /// Rehearse from this moment on instead of the present (RFC 3339).
    #[arg(long, value_name = "T")]
    clock_start: Option<Timestamp>,
    /// Let so many seconds pass in each real one.
    #[arg(
        long,
        value_name = "N",
        requires = "clock_start",
        default_value_t = 1.0
    )]
    clock_speed: f64,
    /// When the rehearsal really began (RFC 3339); now where nothing is said. Nodes
    /// and restarts that are told the same share one clock.
    #[arg(long, value_name = "T", requires = "clock_start")]
    clock_began: Option<Timestamp>,
    /// Let a rehearsal use live carriers.
    #[arg(long, requires = "clock_start")]
    rehearsal_carriers: bool,
}

impl Serve {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::logging(json);
        super::on_many_threads(self.execute(settings))
    }

    async fn execute(&self, settings: &Resolved) -> anyhow::Result<ExitCode> {
        let listening = self.listening(settings)?;
        let public_url = self.public_url(settings, &listening)?;
        let built = self.carriers.build(&settings.file, &public_url)?;
        ensure!(
            self.clock_start.is_none() || !built.live || self.rehearsal_carriers,
            "a rehearsal does not use live carriers: remove them or add --rehearsal-carriers"
        );
        ensure!(
            self.clock_speed.is_finite() && self.clock_speed > 0.0,
            "clock-speed: must be above 0"
        );
        if built.live {
            warn_of_silence(&built.carriers);
        }
        let randomness = Arc::new(SystemRandomness);
        let db = open::database(settings, Durability::Full, randomness.clone()).await?;
        let clock = self.clock();
        let wiring = Wiring {
            clock,
            randomness,
            carriers: built.carriers,
            public_url: public_url.as_str().to_owned(),
            rules: open::rules(settings)?,
            side_by_side: SIDE_BY_SIDE,
        };
        let desk = open::desk(db, wiring);
        let surface = Surface {
            trusted_proxies: self.trusted_proxies(settings)?,
            // Whoever rehearses signs in under a clock that no authenticator app has.
            second_factor: self.clock_start.is_none(),
            ..server::surface(public_url.is_secure(), !built.live, built.twilio_auth_token)
        };
        server::run(desk, surface, &listening, |address| {
            tracing::info!(%address, "listening");
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let speed = self.clock_speed;
        match (self.clock_start, self.clock_began) {
            (Some(start), Some(began)) => Arc::new(RehearsalClock::since(began, start, speed)),
            (Some(start), None) => Arc::new(RehearsalClock::new(start, speed)),
            (None, _) => Arc::new(SystemClock),
        }
    }

    fn public_url(&self, settings: &Resolved, at: &Listening) -> anyhow::Result<PublicUrl> {
        let given = self.public_url.as_ref();
        match given.or(settings.file.public_url.as_ref()) {
            Some(text) => PublicUrl::given(text),
            None => Ok(PublicUrl::of_listener(at.address, at.tls.is_some())),
        }
    }

    fn trusted_proxies(&self, settings: &Resolved) -> anyhow::Result<TrustedProxies> {
        let text = self.trusted_proxies.as_ref();
        let text = text.or(settings.file.trusted_proxies.as_ref());
        let parsed = text.map(|text| text.parse()).transpose();
        Ok(parsed.context("trusted-proxies")?.unwrap_or_default())
    }

    fn listening(&self, settings: &Resolved) -> anyhow::Result<Listening> {
        let address = match self.listen {
            Some(address) => address,
            None => settings.file.listener()?,
        };
        let cert = self
            .tls_cert
            .clone()
            .or_else(|| settings.file.tls_cert.clone());
        let key = self
            .tls_key
            .clone()
            .or_else(|| settings.file.tls_key.clone());
        Ok(Listening {
            address,
            tls: cert.zip(key),
        })
    }
}

/// Says once which messages will be dropped because nobody carries them.
fn warn_of_silence(carriers: &Carriers) {
    for channel in [Channel::Sms, Channel::Email] {
        if carriers.of(channel).is_none() {
            let channel = channel.code();
            tracing::warn!(channel, "no carrier is set up: its messages are dropped");
        }
    }
}
