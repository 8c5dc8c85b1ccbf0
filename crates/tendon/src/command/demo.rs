//! `tendon demo`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tendon_care::access::{Access, Role};
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, NewUser};
use tendon_simulate::{SeededRandomness, Settings as Span};
use tendon_store::Durability;
use tendon_web::server::Surface;

use super::simulate::{begins, year};
use crate::edge::{RehearsalClock, SystemClock, SystemRandomness};
use crate::open::{self, Wiring};
use crate::server::{self, Listening};
use crate::settings::Resolved;

/// How long the printed links work.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// See it all: a simulated practice with a year of history, in a sandbox.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon demo --listen 127.0.0.1:8080\n\nNothing leaves the machine: every message is kept on the sandbox page."
)]
pub(crate) struct Demo {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Patients referred within the year.
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    patients: u32,
    /// The seed of the year.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// When the demo begins (RFC 3339): without it, ten to eight of the latest working day.
    #[arg(long)]
    clock_start: Option<Timestamp>,
}

impl Demo {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let mut settings = settings.clone();
        settings.data_dir = settings.data_dir.join("demo");
        let file = settings.data_dir.join("demo.db");
        settings.database_url = format!("sqlite:{}", file.display());
        for ending in ["", "-wal", "-shm"] {
            // The demo begins anew at each start; there may be none to remove.
            let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
        }
        let start = self.clock_start;
        let present = start.unwrap_or_else(|| opening_time(SystemClock.now()));
        super::on_one_thread(self.live_a_year(&settings, present, json))?;
        super::on_many_threads(self.serve(&settings, present, json))
    }

    async fn live_a_year(
        &self,
        settings: &Resolved,
        until: Timestamp,
        json: bool,
    ) -> anyhow::Result<()> {
        let span = Span {
            patients: self.patients,
            from: begins(until, 365).context("clock-start")?,
            until,
            seed: self.seed,
        };
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(self.seed));
        let db = open::database(settings, Durability::Bulk, Arc::clone(&randomness)).await?;
        let bar = indicatif::ProgressBar::new(1_000).with_message("living a year");
        if json {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let progress = |done: f64| bar.set_position(super::simulate::per_mille(done));
        year(db, randomness, open::rules(settings)?, span, progress).await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn serve(
        &self,
        settings: &Resolved,
        present: Timestamp,
        json: bool,
    ) -> anyhow::Result<ExitCode> {
        let db = open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
        let public_url = format!("http://{}", self.listen);
        let wiring = Wiring {
            clock: Arc::new(RehearsalClock::new(present, 1.0)),
            randomness: Arc::new(SystemRandomness),
            carriers: Carriers::all(Arc::new(Sandbox::new(0))),
            public_url: public_url.clone(),
            rules: open::rules(settings)?,
            side_by_side: 8,
        };
        let desk = open::desk(db, wiring);
        let practice = open::practice(desk.db(), None).await?;
        let links = links(&desk, &Access::system(practice.id, "command"), &public_url).await?;
        let listening = Listening {
            address: self.listen,
            tls: None,
        };
        server::run(
            desk,
            Surface {
                second_factor: false,
                ..server::surface(false, true, None)
            },
            &listening,
            |address| {
                announce(address, &links, json);
            },
        )
        .await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns ten to eight of the latest working day in the clinic's zone: a demo
/// that is started on a Sunday night shows a day with people in it.
fn opening_time(now: Timestamp) -> Timestamp {
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap_or(jiff::tz::TimeZone::UTC);
    let opening = |days: i64| {
        let day = now
            .to_zoned(zone.clone())
            .date()
            .checked_sub(days.days())
            .ok()?;
        let works = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let at = day.at(7, 50, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
        (works && at <= now).then_some(at)
    };
    (0..7).find_map(opening).unwrap_or(now)
}

/// A way in, and for whom.
struct WayIn {
    who: String,
    url: String,
}

async fn links(desk: &Desk, access: &Access, public_url: &str) -> anyhow::Result<Vec<WayIn>> {
    let mut links = Vec::new();
    for role in Role::ALL {
        let code = role.code();
        // Nobody learns these passwords: the links are the way in.
        let password = URL_SAFE_NO_PAD.encode(desk.mint().bytes::<24>());
        let new = NewUser {
            email: format!("{code}@riverside.example"),
            name: name_of(role).to_owned(),
            role,
            password,
        };
        let user = desk
            .add_user(access, &new)
            .await
            .context("adding a member of staff")?;
        let token = desk.make_sign_in_link(access, user, LINK_LIFE).await?;
        links.push(WayIn {
            who: code.to_owned(),
            url: format!("{public_url}/sign-in/link/{}", token.expose()),
        });
    }
    if let Some((url, birthday)) = desk.demo_link(access).await? {
        links.push(WayIn {
            who: format!("a patient (born {birthday})"),
            url,
        });
    }
    Ok(links)
}

/// Names the staff of the demo, so that its pages read as those of a clinic do.
const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Admin => "Sam Whitaker",
        Role::Manager => "Priya Raman",
        Role::FrontDesk => "Maria Lopez",
        Role::Therapist => "Dana Chen",
        Role::Assistant => "Leo Fontaine",
        Role::Marketing => "Nina Brandt",
        Role::Biller => "Omar Haddad",
        Role::PrivacyOfficer => "Ruth Okafor",
        Role::Integration => "EHR feed",
        Role::Auditor => "Theo Marsh",
    }
}

fn announce(address: SocketAddr, links: &[WayIn], json: bool) {
    if json {
        let links: serde_json::Map<_, _> = links
            .iter()
            .map(|link| (link.who.clone(), link.url.clone().into()))
            .collect();
        println!(
            "{}",
            serde_json::json!({ "address": format!("http://{address}"), "links": links })
        );
        return;
    }
    println!(
        "Tendon runs at http://{address} with a simulated year. Nothing leaves this machine.\n"
    );
    println!("Sign in as (each link works once):");
    for link in links {
        println!("  {:18} {}", link.who, link.url);
    }
    println!("\nStop with ctrl-c.");
}
