//! The carriers that the settings ask for; the sandbox where they ask for none.

use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use tendon_care::contact::Email;
use tendon_channel::carrier::Carrier;
use tendon_channel::sandbox::Sandbox;
use tendon_channel::{smtp, twilio};
use tendon_desk::Carriers;

use crate::settings::File;

/// Messages that the sandbox keeps in memory; the sandbox page reads the store.
const SANDBOX_KEEPS: usize = 0;

/// Carriers of a server.
#[derive(Clone, Debug, Args)]
pub(crate) struct CarrierSettings {
    /// SMTP server: `smtp://user:password@host:port` or `smtps://…`.
    #[arg(long, env = "TENDON_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<SecretString>,
    /// The address that e-mail comes from.
    #[arg(long, env = "TENDON_SMTP_FROM")]
    smtp_from: Option<String>,
    /// Base URL of a Twilio-compatible service.
    #[arg(long, env = "TENDON_TWILIO_URL")]
    twilio_url: Option<String>,
    /// Its account.
    #[arg(long, env = "TENDON_TWILIO_ACCOUNT_SID")]
    twilio_account_sid: Option<String>,
    /// Its auth token.
    #[arg(long, env = "TENDON_TWILIO_AUTH_TOKEN", hide_env_values = true)]
    twilio_auth_token: Option<SecretString>,
    /// The number or messaging service that texts come from.
    #[arg(long, env = "TENDON_TWILIO_FROM")]
    twilio_from: Option<String>,
}

/// What was built.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) carriers: Carriers,
    /// Something leaves the machine.
    pub(crate) live: bool,
    /// Signs the webhooks of the text carrier.
    pub(crate) twilio_auth_token: Option<SecretString>,
}

impl CarrierSettings {
    /// Builds the carriers; flags and variables go before the file.
    pub(crate) fn build(&self, file: &File, public_url: &str) -> anyhow::Result<Built> {
        let sandbox: Arc<dyn Carrier> = Arc::new(Sandbox::new(SANDBOX_KEEPS));
        let twilio_auth_token = self
            .twilio_auth_token
            .clone()
            .or_else(|| file.twilio_auth_token.clone());
        let sms = self.twilio(file, public_url, twilio_auth_token.clone())?;
        let email = self.smtp(file)?;
        let live = sms.is_some() || email.is_some();
        let carriers = Carriers::new(
            sms.unwrap_or_else(|| Arc::clone(&sandbox)),
            email.unwrap_or_else(|| Arc::clone(&sandbox)),
        );
        Ok(Built {
            carriers,
            live,
            twilio_auth_token,
        })
    }

    fn twilio(
        &self,
        file: &File,
        public_url: &str,
        token: Option<SecretString>,
    ) -> anyhow::Result<Option<Arc<dyn Carrier>>> {
        let Some(sid) = self
            .twilio_account_sid
            .clone()
            .or_else(|| file.twilio_account_sid.clone())
        else {
            return Ok(None);
        };
        let token = token.context("TENDON_TWILIO_AUTH_TOKEN: needed with an account")?;
        let from = self
            .twilio_from
            .clone()
            .or_else(|| file.twilio_from.clone());
        let from = from.context("TENDON_TWILIO_FROM: needed with an account")?;
        let source = twilio::Source::parse(&from).context("TENDON_TWILIO_FROM")?;
        let mut settings = twilio::Settings::new(sid, token, source);
        if let Some(url) = self.twilio_url.clone().or_else(|| file.twilio_url.clone()) {
            settings.base_url = url;
        }
        settings.status_callback = Some(format!("{public_url}/hooks/twilio/status"));
        let carrier = twilio::Twilio::new(settings).context("the text carrier")?;
        Ok(Some(Arc::new(carrier)))
    }

    fn smtp(&self, file: &File) -> anyhow::Result<Option<Arc<dyn Carrier>>> {
        let Some(url) = self.smtp_url.clone().or_else(|| file.smtp_url.clone()) else {
            return Ok(None);
        };
        let from = self.smtp_from.clone().or_else(|| file.smtp_from.clone());
        let from = from.context("TENDON_SMTP_FROM: needed with an SMTP server")?;
        let from = Email::parse(&from).context("TENDON_SMTP_FROM")?;
        let server = smtp::Server::parse(&url).context("TENDON_SMTP_URL")?;
        let carrier =
            smtp::Smtp::new(smtp::Settings::new(server, from)).context("the e-mail carrier")?;
        Ok(Some(Arc::new(carrier)))
    }
}
