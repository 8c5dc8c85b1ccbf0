//! The carriers that the settings ask for. Where they ask for none, the sandbox takes
//! everything; where they ask for one, nothing goes into the sandbox any more, since a
//! message would then look sent that nobody ever gets.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use secrecy::SecretString;
use tendon_care::contact::Email;
use tendon_channel::carrier::Carrier;
use tendon_channel::sandbox::Sandbox;
use tendon_channel::{smtp, twilio};
use tendon_desk::Carriers;

use crate::open::PublicUrl;
use crate::settings::File;

/// Messages that the sandbox keeps in memory; the sandbox page reads the store.
const SANDBOX_KEEPS: usize = 0;

/// Carriers of a server.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CarrierSettings {
    /// SMTP server: `smtp://user:password@host:port` or `smtps://…`.
    #[arg(long, env = "TENDON_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<SecretString>,
    /// The address that e-mail comes from.
    #[arg(long, env = "TENDON_SMTP_FROM")]
    smtp_from: Option<String>,
    /// The file with the private key that signs e-mail (DKIM): RSA in PEM, or an
    /// Ed25519 seed in base64. Without it the mail server signs, or nobody does.
    #[arg(long, env = "TENDON_DKIM_KEY", value_name = "FILE")]
    dkim_key: Option<PathBuf>,
    /// The name under which the public half stands in the DNS.
    #[arg(long, env = "TENDON_DKIM_SELECTOR")]
    dkim_selector: Option<String>,
    /// The domain that signs; that of the sending address where none is given.
    #[arg(long, env = "TENDON_DKIM_DOMAIN")]
    dkim_domain: Option<String>,
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
    ///
    /// Refuses half a set of settings, and live carriers without an address under
    /// which patients and the text carrier reach this server: every link would lead
    /// nowhere, and no STOP would be heard.
    pub(crate) fn build(&self, file: &File, public_url: &PublicUrl) -> anyhow::Result<Built> {
        let all = self.over(file);
        let sms = all.twilio(public_url.as_str())?;
        let email = all.smtp()?;
        let live = sms.is_some() || email.is_some();
        if live {
            public_url.must_be_reachable()?;
        }
        let carriers = if live {
            Carriers::new(sms, email)
        } else {
            Carriers::all(Arc::new(Sandbox::new(SANDBOX_KEEPS)))
        };
        Ok(Built {
            carriers,
            live,
            twilio_auth_token: all.twilio_auth_token,
        })
    }

    /// Lays flags and variables over the file.
    fn over(&self, file: &File) -> Self {
        let (flags, below) = (self.clone(), file.clone());
        Self {
            smtp_url: flags.smtp_url.or(below.smtp_url),
            smtp_from: flags.smtp_from.or(below.smtp_from),
            dkim_key: flags.dkim_key.or(below.dkim_key),
            dkim_selector: flags.dkim_selector.or(below.dkim_selector),
            dkim_domain: flags.dkim_domain.or(below.dkim_domain),
            twilio_url: flags.twilio_url.or(below.twilio_url),
            twilio_account_sid: flags.twilio_account_sid.or(below.twilio_account_sid),
            twilio_auth_token: flags.twilio_auth_token.or(below.twilio_auth_token),
            twilio_from: flags.twilio_from.or(below.twilio_from),
        }
    }

    fn twilio(&self, public_url: &str) -> anyhow::Result<Option<Arc<dyn Carrier>>> {
        let all = (
            &self.twilio_account_sid,
            &self.twilio_auth_token,
            &self.twilio_from,
        );
        let (sid, token, from) = match all {
            (Some(sid), Some(token), Some(from)) => (sid, token, from),
            (None, None, None) if self.twilio_url.is_none() => return Ok(None),
            (sid, token, from) => {
                ensure!(sid.is_some(), "TENDON_TWILIO_ACCOUNT_SID: {FOR_TEXTS}");
                ensure!(token.is_some(), "TENDON_TWILIO_AUTH_TOKEN: {FOR_TEXTS}");
                ensure!(from.is_some(), "TENDON_TWILIO_FROM: {FOR_TEXTS}");
                return Ok(None);
            }
        };
        let source = twilio::Source::parse(from).context("TENDON_TWILIO_FROM")?;
        let mut settings = twilio::Settings::new(sid.clone(), token.clone(), source);
        if let Some(url) = &self.twilio_url {
            settings.base_url.clone_from(url);
        }
        settings.status_callback = Some(format!("{public_url}/hooks/twilio/status"));
        let carrier = twilio::Twilio::new(settings).context("the text carrier")?;
        Ok(Some(Arc::new(carrier)))
    }

    fn smtp(&self) -> anyhow::Result<Option<Arc<dyn Carrier>>> {
        let Some(url) = &self.smtp_url else {
            let others = [
                ("TENDON_SMTP_FROM", self.smtp_from.is_some()),
                ("TENDON_DKIM_KEY", self.dkim_key.is_some()),
                ("TENDON_DKIM_SELECTOR", self.dkim_selector.is_some()),
                ("TENDON_DKIM_DOMAIN", self.dkim_domain.is_some()),
            ];
            for (name, set) in others {
                ensure!(!set, "{name}: is of no use without TENDON_SMTP_URL");
            }
            return Ok(None);
        };
        let from = self.smtp_from.as_deref();
        let from = from.context("TENDON_SMTP_FROM: needed with an SMTP server")?;
        let from = Email::parse(from).context("TENDON_SMTP_FROM")?;
        let server = smtp::Server::parse(url).context("TENDON_SMTP_URL")?;
        let signer = self.signer(&from)?;
        let mut settings = smtp::Settings::new(server, from);
        settings.signer = signer;
        let carrier = smtp::Smtp::new(settings).context("the e-mail carrier")?;
        Ok(Some(Arc::new(carrier)))
    }

    /// Reads the key that signs e-mail, where one is named.
    fn signer(&self, from: &Email) -> anyhow::Result<Option<smtp::Signer>> {
        let Some(path) = &self.dkim_key else {
            let orphan = self.dkim_selector.is_some() || self.dkim_domain.is_some();
            ensure!(!orphan, "TENDON_DKIM_KEY: needed to sign e-mail");
            return Ok(None);
        };
        let selector = self.dkim_selector.as_deref();
        let selector = selector.context("TENDON_DKIM_SELECTOR: needed with a key")?;
        let own = from.expose().rsplit('@').next().unwrap_or_default();
        let domain = self.dkim_domain.as_deref().unwrap_or(own);
        let key = std::fs::read_to_string(path)
            .with_context(|| format!("TENDON_DKIM_KEY: reading {}", path.display()))?;
        let signer = smtp::Signer::new(domain, selector, &SecretString::from(key))
            .with_context(|| format!("TENDON_DKIM_KEY: {}", path.display()))?;
        Ok(Some(signer))
    }
}

const FOR_TEXTS: &str = "needed to send texts, as are all of TENDON_TWILIO_ACCOUNT_SID, \
                         TENDON_TWILIO_AUTH_TOKEN and TENDON_TWILIO_FROM";

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use tendon_care::contact::{Address, Channel};
    use tendon_care::id::{Id as _, MessageId};
    use tendon_care::language::Language;
    use tendon_care::message::{Body, Content};
    use tendon_care::purpose::Purpose;
    use tendon_channel::carrier::{Outcome, Outgoing, Sender};
    use tendon_testkit::carriers::SmtpSink;
    use tendon_testkit::carriers::smtp::Options;

    fn texts() -> CarrierSettings {
        CarrierSettings {
            twilio_account_sid: Some("AC0123456789abcdef0123456789abcdef".into()),
            twilio_auth_token: Some("secret".into()),
            twilio_from: Some("+13125550100".into()),
            ..CarrierSettings::default()
        }
    }

    fn mail() -> CarrierSettings {
        CarrierSettings {
            smtp_url: Some("smtp://127.0.0.1:2525".into()),
            smtp_from: Some("desk@clinic.example".into()),
            ..CarrierSettings::default()
        }
    }

    fn build(settings: &CarrierSettings) -> Result<Built, String> {
        // Only fails where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = PublicUrl::given("https://prm.clinic.example").unwrap();
        let built = settings.build(&File::default(), &url);
        built.map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_sandbox_takes_everything_or_nothing() {
        let quiet = build(&CarrierSettings::default()).unwrap();
        assert!(!quiet.live);
        for channel in [Channel::Sms, Channel::Email] {
            assert_eq!(quiet.carriers.of(channel).unwrap().name(), "sandbox");
        }
        let texts = build(&texts()).unwrap();
        assert!(texts.live);
        assert_eq!(texts.carriers.carried(), [Channel::Sms]);
        let mail = build(&mail()).unwrap();
        assert!(mail.live);
        assert_eq!(mail.carriers.carried(), [Channel::Email]);
    }

    #[test]
    fn half_a_set_is_refused_by_the_name_of_what_is_missing() {
        let halves = [
            (
                "TENDON_TWILIO_ACCOUNT_SID: needed",
                CarrierSettings {
                    twilio_account_sid: None,
                    ..texts()
                },
            ),
            (
                "TENDON_TWILIO_AUTH_TOKEN: needed",
                CarrierSettings {
                    twilio_auth_token: None,
                    ..texts()
                },
            ),
            (
                "TENDON_TWILIO_FROM: needed",
                CarrierSettings {
                    twilio_from: None,
                    ..texts()
                },
            ),
            (
                "TENDON_TWILIO_ACCOUNT_SID: needed",
                CarrierSettings {
                    twilio_url: Some("https://texts.example".into()),
                    ..CarrierSettings::default()
                },
            ),
            (
                "TENDON_SMTP_FROM: needed",
                CarrierSettings {
                    smtp_from: None,
                    ..mail()
                },
            ),
            (
                "TENDON_SMTP_FROM: is of no use",
                CarrierSettings {
                    smtp_url: None,
                    ..mail()
                },
            ),
            (
                "TENDON_DKIM_KEY: needed",
                CarrierSettings {
                    dkim_selector: Some("s1".into()),
                    ..mail()
                },
            ),
            (
                "TENDON_DKIM_SELECTOR: needed",
                CarrierSettings {
                    dkim_key: Some("key".into()),
                    ..mail()
                },
            ),
        ];
        for (wanted, settings) in halves {
            let refused = build(&settings).unwrap_err();
            assert!(refused.starts_with(wanted), "{wanted}: {refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn live_carriers_need_an_address_that_somebody_gave() {
        let fallback = PublicUrl::of_listener("127.0.0.1:8080".parse().unwrap(), false);
        let refused = mail().build(&File::default(), &fallback).unwrap_err();
        assert!(refused.to_string().starts_with("TENDON_PUBLIC_URL"));
        let quiet = CarrierSettings::default().build(&File::default(), &fallback);
        assert!(!quiet.unwrap().live);
    }

    fn letter() -> Outgoing {
        Outgoing {
            message: MessageId::from_parts(Timestamp::UNIX_EPOCH, [3; 10]),
            to: Address::Email(Email::parse("ana@example.org").unwrap()),
            content: Content {
                subject: Some(Body::new("Your visit")),
                text: Body::new("Please bring comfortable shoes."),
                html: None,
            },
            purpose: Purpose::Care,
            language: Language::English,
            sender: Sender::default(),
            in_reply_to: None,
            unsubscribe_url: None,
            attempt: 1,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// An Ed25519 seed: thirty-two bytes in base64.
    const SEED: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n";

    #[tokio::test]
    async fn letters_are_signed_with_the_key_of_the_settings() {
        let sink = SmtpSink::start("127.0.0.1:0", Options::default()).await;
        let sink = sink.unwrap();
        let path = std::env::temp_dir().join(format!("tendon-dkim-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let signed = |domain: Option<&str>| CarrierSettings {
            smtp_url: Some(sink.url().into()),
            dkim_key: Some(path.clone()),
            dkim_selector: Some("tendon1".into()),
            dkim_domain: domain.map(str::to_owned),
            ..mail()
        };
        let missing = build(&signed(None)).unwrap_err();
        assert!(missing.starts_with("TENDON_DKIM_KEY: reading"), "{missing}");
        std::fs::write(&path, "no key").unwrap();
        let broken = build(&signed(None)).unwrap_err();
        assert!(broken.contains("dkim_key"), "{broken}");
        std::fs::write(&path, SEED).unwrap();
        for (domain, written) in [
            (None, "d=clinic.example;"),
            (Some("mail.example"), "d=mail.example;"),
        ] {
            let carriers = build(&signed(domain)).unwrap().carriers;
            let carrier = carriers.of(Channel::Email).unwrap();
            let answer = carrier.send(&letter()).await;
            assert!(matches!(answer, Outcome::Accepted { .. }), "{answer:?}");
            let received = sink.received().pop().unwrap().data;
            let (_, signature) = received.split_once("DKIM-Signature:").unwrap();
            assert!(signature.contains(written), "{signature}");
            assert!(signature.contains("s=tendon1;"), "{signature}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_file_stands_below_flags_and_variables() {
        let file = "smtp_url = 'smtp://127.0.0.1:2525'\nsmtp_from = 'file@clinic.example'\n\
                    dkim_selector = 'from-file'\ndkim_key = 'mail.key'\n\
                    dkim_domain = 'clinic.example'";
        let file: File = toml::from_str(file).unwrap();
        let flags = CarrierSettings {
            dkim_selector: Some("from-flag".into()),
            ..CarrierSettings::default()
        };
        let all = flags.over(&file);
        assert_eq!(all.smtp_from.as_deref(), Some("file@clinic.example"));
        assert_eq!(all.dkim_selector.as_deref(), Some("from-flag"));
        assert_eq!(all.dkim_key, Some(PathBuf::from("mail.key")));
        assert_eq!(all.dkim_domain.as_deref(), Some("clinic.example"));
    }
}
