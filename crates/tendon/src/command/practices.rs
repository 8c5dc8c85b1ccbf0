//! `tendon practices`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use tendon_care::contact::Phone;
use tendon_care::practice::{Location, Practice};

use super::users::desk;
use crate::open;
use crate::settings::Resolved;

/// Administer practices without the web app.
#[derive(Debug, Subcommand)]
pub(crate) enum Practices {
    /// Add a practice.
    #[command(
        after_help = "Example: tendon practices add --name 'Riverside PT' --time-zone America/Chicago --state IL"
    )]
    Add(Add),
    /// List the practices.
    #[command(after_help = "Example: tendon practices list --json")]
    List,
    /// Add a place where visits happen.
    #[command(
        after_help = "Example: tendon practices add-location --name Lakeview --phone 312-555-0100 --street '120 Lake St'"
    )]
    AddLocation(AddLocation),
    /// List the places where visits happen.
    #[command(after_help = "Example: tendon practices locations --json")]
    Locations {
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
    /// Show or set the numbers at which a practice gets texts. Needed where a server
    /// has several practices.
    #[command(
        after_help = "Example: tendon practices numbers '312-555-0100, 55123' --practice 'Riverside PT'"
    )]
    Numbers {
        /// Numbers and short codes separated by commas; empty for none. Without it they
        /// are shown.
        numbers: Option<String>,
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
}

/// A new practice.
#[derive(Debug, Args)]
pub(crate) struct Add {
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
}

/// A new place.
#[derive(Debug, Args)]
pub(crate) struct AddLocation {
    /// The name that patients read.
    #[arg(long)]
    name: String,
    /// The IANA time zone of its visits; the practice's where none is given.
    #[arg(long)]
    time_zone: Option<String>,
    /// The number that patients call about visits there.
    #[arg(long)]
    phone: Option<String>,
    /// The street address that the patient page shows.
    #[arg(long)]
    street: Option<String>,
    /// The practice, by name or id, where there are several.
    #[arg(long)]
    practice: Option<String>,
}

impl Practices {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Add(new) => add(settings, new, json).await?,
            Self::List => {
                let desk = open::quiet_desk(settings).await?;
                say(&desk.db().practices().await?, json);
            }
            Self::AddLocation(new) => add_location(settings, new, json).await?,
            Self::Locations { practice } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                say_places(&desk.db().reader(&access).locations().await?, json);
            }
            Self::Numbers { numbers, practice } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                if let Some(numbers) = numbers {
                    desk.put_text_numbers(&access, numbers).await?;
                }
                let numbers = desk.text_numbers(&access).await?;
                if json {
                    println!("{}", serde_json::json!({ "numbers": numbers }));
                } else {
                    println!("{numbers}");
                }
            }
        }
        Ok(())
    }
}

async fn add(settings: &Resolved, new: &Add, json: bool) -> anyhow::Result<()> {
    let desk = open::quiet_desk(settings).await?;
    let practice = Practice {
        id: desk.mint().id(),
        name: new.name.clone(),
        time_zone: zone(&new.time_zone)?,
        state: new.state.clone(),
        phone: phone(new.phone.as_deref())?,
    };
    let name = practice.name.trim().to_lowercase();
    let known = desk.db().practices().await?;
    anyhow::ensure!(
        known.iter().all(|other| other.name.to_lowercase() != name),
        "name: there is a practice of that name already"
    );
    desk.open_practice(&practice).await?;
    let stored = open::practice(desk.db(), Some(&practice.id.to_string())).await?;
    say(&[stored], json);
    Ok(())
}

async fn add_location(settings: &Resolved, new: &AddLocation, json: bool) -> anyhow::Result<()> {
    let (desk, access) = desk(settings, new.practice.as_deref()).await?;
    let practice = open::practice(desk.db(), Some(&access.practice.to_string())).await?;
    let time_zone = match &new.time_zone {
        Some(name) => zone(name)?,
        None => practice.time_zone,
    };
    let place = Location {
        id: desk.mint().id(),
        name: new.name.clone(),
        time_zone,
        phone: phone(new.phone.as_deref())?,
        street: new.street.as_deref().map(|street| street.trim().to_owned()),
        hours: [None; 7],
    };
    desk.put_location(&access, place.clone()).await?;
    say_places(&[place], json);
    Ok(())
}

fn zone(name: &str) -> anyhow::Result<TimeZone> {
    TimeZone::get(name)
        .ok()
        .context("time-zone: must be an IANA name such as America/Chicago")
}

fn phone(text: Option<&str>) -> anyhow::Result<Option<Phone>> {
    text.map(Phone::parse).transpose().context("phone")
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

fn say_places(places: &[Location], json: bool) {
    for place in places {
        let zone = place.time_zone.iana_name().unwrap_or("UTC");
        if json {
            let line = serde_json::json!({
                "id": place.id.to_string(), "name": place.name, "time_zone": zone,
                "street": place.street,
            });
            println!("{line}");
        } else {
            println!("{}  {}  {zone}", place.id, place.name);
        }
    }
}
