//! `tendon practices`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use jiff::tz::TimeZone;
use tendon_care::contact::Phone;
use tendon_care::practice::Practice;
use tendon_care::{Clock, Mint};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::Carriers;
use tendon_store::Durability;

use crate::edge::{SystemClock, SystemRandomness};
use crate::open::{self, Wiring};
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
        let db = open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
        match self {
            Self::Add {
                name,
                time_zone,
                state,
                phone,
            } => {
                let practice = Practice {
                    id: Mint::new(&SystemClock, &SystemRandomness).id(),
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
                let desk = open::desk(db, wiring(settings)?);
                desk.open_practice(&practice).await?;
                say(&[practice], json);
            }
            Self::List => say(&db.practices().await?, json),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn wiring(settings: &Resolved) -> anyhow::Result<Wiring> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Wiring {
        clock,
        randomness: Arc::new(SystemRandomness),
        carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        public_url: String::new(),
        rules: open::rules(settings)?,
        side_by_side: 1,
    })
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
