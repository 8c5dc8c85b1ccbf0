//! `tendon practices`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use jiff::tz::TimeZone;
use tendon_care::contact::Phone;
use tendon_care::practice::Practice;

use crate::open;
use crate::settings::Resolved;

/// Administer practices without the web app.
#[derive(Debug, Subcommand)]
pub(crate) enum Practices {
    /// Add a practice.
    #[command(
        after_help = "Example: tendon practices add --name 'Riverside PT' --time-zone America/Chicago"
    )]
    Add {
        /// The display name that patients read.
        #[arg(long)]
        name: String,
        /// The IANA time zone of its book.
        #[arg(long)]
        time_zone: String,
        /// The two-letter state whose law applies.
        #[arg(long)]
        state: Option<String>,
        /// The number that patients call.
        #[arg(long)]
        phone: Option<String>,
    },
    /// List the practices.
    #[command(after_help = "Example: tendon practices list --json")]
    List,
}

impl Practices {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let desk = open::quiet_desk(settings).await?;
        match self {
            Self::Add {
                name,
                time_zone,
                state,
                phone,
            } => {
                let practice = Practice {
                    id: desk.mint().id(),
                    name: name.trim().to_owned(),
                    time_zone: TimeZone::get(time_zone)
                        .ok()
                        .context("time-zone: must be an IANA name such as America/Chicago")?,
                    state: state.as_ref().map(|state| state.trim().to_uppercase()),
                    phone: phone
                        .as_deref()
                        .map(Phone::parse)
                        .transpose()
                        .context("phone")?,
                };
                anyhow::ensure!(!practice.name.is_empty(), "name: must not be empty");
                let name = practice.name.to_lowercase();
                let known = desk.db().practices().await?;
                anyhow::ensure!(
                    known.iter().all(|other| other.name.to_lowercase() != name),
                    "name: there is a practice of that name already"
                );
                desk.open_practice(&practice).await?;
                say(&[practice], json);
            }
            Self::List => say(&desk.db().practices().await?, json),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn say(practices: &[Practice], json: bool) {
    for practice in practices {
        let zone = practice.time_zone.iana_name().unwrap_or("UTC");
        if json {
            let line = serde_json::json!({
                "id": practice.id.to_string(), "name": practice.name, "time_zone": zone,
                "state": practice.state,
            });
            println!("{line}");
        } else {
            println!("{}  {}  {zone}", practice.id, practice.name);
        }
    }
}
