//! `tendon bench pages`: how long the pages of a large practice take, asked for over
//! HTTP from the real server.

mod browser;
mod fill;
mod history;
mod letters;
mod mix;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tendon_care::access::{Access, Role};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Checked, Desk};
use tendon_store::Durability;
use tendon_web::server::Surface;
use tokio::task::JoinSet;

use super::figures::{Figures, now, percentile_ms};
use super::town::Town;
use crate::edge::{RehearsalClock, SystemRandomness};
use crate::open::{self, Wiring};
use crate::server::{self, Listening};
use crate::settings::Resolved;
use browser::Browser;
use fill::Size;
use mix::{Asker, MIX, Request, Who};

/// Ten to eight in Chicago, on a Tuesday.
const PRESENT: &str = "2026-11-03T13:50:00Z";

/// Tokens among which the programs' requests are spread: each may ask so often.
const PROGRAMS: usize = 8;

/// Phones from which patients ask.
const PHONES: u8 = 40;

/// How large, and how often asked.
#[derive(Debug, Args)]
pub(crate) struct Pages {
    /// Patients of the practice.
    #[arg(long, default_value_t = 100_000)]
    patients: u32,
    /// Facts on all timelines together.
    #[arg(long, default_value_t = 5_000_000)]
    touchpoints: u64,
    /// Requests that are measured.
    #[arg(long, default_value_t = 4_000)]
    requests: u32,
    /// Requests that are under way at once, each followed by the next.
    #[arg(long, default_value_t = 2)]
    side_by_side: u32,
    /// The seed of the practice and of the requests.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Ask for pages of this name only, such as `today`.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Fill the database and ask for nothing.
    #[arg(long)]
    fill_only: bool,
}

/// Answers of one kind of request, in the order in which they were asked for.
#[derive(Debug, Default)]
struct Answers {
    took: Vec<Duration>,
    /// What the very first one after the start took.
    first: Duration,
}

impl Pages {
    /// Fills the database where it is empty, starts the server and asks.
    pub(super) async fn measure(&self, settings: &Resolved, json: bool) -> anyhow::Result<()> {
        let present: Timestamp = PRESENT.parse()?;
        let size = Size {
            seed: self.seed,
            patients: self.patients,
            touchpoints: self.touchpoints,
        };
        self.fill(settings, size, present, json).await?;
        if self.fill_only {
            return Ok(());
        }
        let desk = desk(settings, present).await?;
        let database = desk.db().engine_name();
        let visitors = Visitors::let_in(&desk).await?;
        let zone = TimeZone::get("America/Chicago")?;
        let town = Arc::new(Town::new(self.seed, self.patients, present, &zone));
        let address = serve(desk).await?;
        let crowd = Arc::new(visitors.arrive(address).await?);
        let began = now();
        let answers = self.ask(&town, &crowd).await?;
        let seconds = began.elapsed().as_secs_f64();
        say_pages(&answers, json);
        let figures = Figures {
            name: "pages",
            database,
            count: answers.values().map(|page| page.took.len()).sum(),
            seconds,
            rounds: answers
                .values()
                .flat_map(|page| page.took.clone())
                .collect(),
        };
        figures.say_with(json, &pages_json(&answers));
        Ok(())
    }

    async fn fill(
        &self,
        settings: &Resolved,
        size: Size,
        present: Timestamp,
        json: bool,
    ) -> anyhow::Result<()> {
        let db = open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
        if fill::is_filled(&db, size).await? {
            return Ok(());
        }
        drop(db);
        let bar = ProgressBar::new(0).with_message("filling");
        if json {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_style(ProgressStyle::with_template(
            "{msg} {wide_bar} {percent}% {elapsed} of about {duration}",
        )?);
        let began = now();
        fill::fill(settings, size, present, &bar).await?;
        bar.finish_and_clear();
        eprintln!("filled in {:.0} s", began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Asks for the pages, several at once.
    async fn ask(
        &self,
        town: &Arc<Town>,
        crowd: &Arc<Crowd>,
    ) -> anyhow::Result<BTreeMap<&'static str, Answers>> {
        let next = Arc::new(AtomicU32::new(0));
        let requests = self.requests;
        let only: Option<Arc<str>> = self.only.as_deref().map(Arc::from);
        let mut asking = JoinSet::new();
        for _ in 0..self.side_by_side.max(1) {
            let (town, crowd, next) = (town.clone(), crowd.clone(), next.clone());
            let only = only.clone();
            asking.spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= requests {
                        return anyhow::Ok(took);
                    }
                    let asker = Asker {
                        town: &town,
                        portal: &crowd.portal,
                    };
                    let request = asker.request(number);
                    if only.as_deref().is_some_and(|name| name != request.name) {
                        continue;
                    }
                    let answer = crowd.ask(&request, number).await?;
                    took.push((number, request.name, answer));
                }
            });
        }
        let mut all = Vec::new();
        while let Some(done) = asking.join_next().await {
            all.extend(done??);
        }
        all.sort_unstable();
        let mut answers: BTreeMap<&'static str, Answers> = BTreeMap::new();
        for (_, name, took) in all {
            let page = answers.entry(name).or_insert_with(|| Answers {
                first: took,
                ..Answers::default()
            });
            page.took.push(took);
        }
        for page in answers.values_mut() {
            page.took.sort_unstable();
        }
        Ok(answers)
    }
}

/// Opens the desk of the server, in the morning that ends the history.
async fn desk(settings: &Resolved, present: Timestamp) -> anyhow::Result<Desk> {
    let db = open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
    let wiring = Wiring {
        clock: Arc::new(RehearsalClock::new(present, 1.0)),
        randomness: Arc::new(SystemRandomness),
        carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        public_url: String::new(),
        rules: open::rules(settings)?,
        side_by_side: 8,
    };
    Ok(open::desk(db, wiring))
}

/// Starts the real server on a free port of the loopback interface.
async fn serve(desk: Desk) -> anyhow::Result<SocketAddr> {
    let listening = Listening {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
    };
    let (ready, address) = tokio::sync::oneshot::channel();
    let surface = Surface {
        second_factor: false,
        ..server::surface(false, true, None)
    };
    tokio::spawn(async move {
        let told = |address| {
            let _ = ready.send(address);
        };
        if let Err(error) = server::run(desk, surface, &listening, told).await {
            tracing::error!(error = %error, "the server stopped");
        }
    });
    address.await.context("starting the server")
}

/// The keys of those who will ask.
struct Visitors {
    link: String,
    tokens: Vec<String>,
    portal: String,
    /// What a browser shows in which the birthday was given.
    proof: String,
}

impl Visitors {
    /// Makes a sign-in link for an administrator, who may see every page, tokens
    /// for the programs and a proven link for the patients.
    async fn let_in(desk: &Desk) -> anyhow::Result<Self> {
        let practice = open::practice(desk.db(), None).await?;
        let access = Access::system(practice.id, "bench");
        let users = desk.users(&access).await?;
        let admin = users.iter().find(|user| user.role == Role::Admin);
        let admin = admin.context("an administrator")?.id;
        let life = SignedDuration::from_hours(12);
        let link = desk.make_sign_in_link(&access, admin, life).await?;
        let mut tokens = Vec::new();
        for _ in 0..PROGRAMS {
            let token = desk.add_token(&access, "bench", Role::Admin).await?;
            tokens.push(token.secret.expose().to_owned());
        }
        let (portal, born) = desk.demo_link(&access).await?.context("a visit ahead")?;
        let token = portal.rsplit('/').next().unwrap_or_default();
        let checked = desk.check_birthday(token, born).await;
        let Ok(Checked::Right { proof, .. }) = checked else {
            anyhow::bail!("the link does not open");
        };
        Ok(Self {
            link: link.expose().to_owned(),
            tokens,
            portal,
            proof: proof.expose().to_owned(),
        })
    }

    async fn arrive(self, server: SocketAddr) -> anyhow::Result<Crowd> {
        let staff = Browser::new(server, 1).sign_in(&self.link).await?;
        let page = staff.read("/patients").await?;
        let token = page
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        let programs = self.tokens.iter();
        Ok(Crowd {
            csrf: token.context("the form has a token")?.0.to_owned(),
            staff,
            programs: programs
                .map(|token| Browser::new(server, 2).with_token(token))
                .collect(),
            patients: (3..3 + PHONES)
                .map(|host| Browser::new(server, host).with_birthday(&self.proof))
                .collect(),
            portal: self.portal,
        })
    }
}

/// Everybody who asks.
struct Crowd {
    staff: Browser,
    csrf: String,
    programs: Vec<Browser>,
    patients: Vec<Browser>,
    portal: String,
}

impl Crowd {
    async fn ask(&self, request: &Request, number: u32) -> anyhow::Result<Duration> {
        let turn = |all: &[Browser]| {
            let place = usize::try_from(number).unwrap_or(0) % all.len().max(1);
            all.get(place).cloned()
        };
        let browser = match request.who {
            Who::Staff => Some(self.staff.clone()),
            Who::Patient => turn(&self.patients),
            Who::Program => turn(&self.programs),
        };
        let browser = browser.context("somebody who asks")?;
        match &request.search {
            None => browser.get(&request.path).await,
            Some(words) => {
                let words = words.replace(' ', "+").replace('/', "%2F");
                let form = format!("csrf={}&q={words}", self.csrf);
                browser.post(&request.path, &form).await
            }
        }
    }
}

fn pages_json(answers: &BTreeMap<&'static str, Answers>) -> serde_json::Value {
    let page = |page: &Answers| {
        json!({
            "count": page.took.len(),
            "p50_ms": percentile_ms(&page.took, 50),
            "p99_ms": percentile_ms(&page.took, 99),
            "max_ms": percentile_ms(&page.took, 100),
            "first_ms": page.first.as_secs_f64() * 1_000.0,
        })
    };
    let pages: serde_json::Map<_, _> = answers
        .iter()
        .map(|(name, answers)| ((*name).to_owned(), page(answers)))
        .collect();
    json!({ "pages": pages })
}

fn say_pages(answers: &BTreeMap<&'static str, Answers>, json: bool) {
    if json {
        return;
    }
    println!(
        "{:20} {:>6} {:>9} {:>9} {:>9} {:>9}",
        "", "count", "p50 ms", "p99 ms", "max ms", "first ms"
    );
    for (_, name, _) in MIX {
        let Some(page) = answers.get(name) else {
            continue;
        };
        println!(
            "{name:20} {:>6} {:>9.1} {:>9.1} {:>9.1} {:>9.1}",
            page.took.len(),
            percentile_ms(&page.took, 50),
            percentile_ms(&page.took, 99),
            percentile_ms(&page.took, 100),
            page.first.as_secs_f64() * 1_000.0,
        );
    }
}
