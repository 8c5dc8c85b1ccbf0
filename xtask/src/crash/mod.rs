//! `cargo xtask crash`: kills the server process at random moments under load, and
//! judges from outside whether anything was lost or done twice.
//!
//! The server is the real binary on a real database, the carriers are our own on
//! real sockets, slow and at times without an answer. A clock that runs a minute a
//! second makes reminders fall due all the time; people reply to them, the text
//! carrier reports, and another system registers, books and writes through the API.
//! Whoever gets no answer asks again, as the real ones do.

mod cases;
mod client;
mod clock;
mod dice;
mod export;
mod judge;
mod ledger;
mod load;
mod people;
mod persons;
mod report;
mod schedule;
mod server;
mod stage;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::SignedDuration;
use tendon_testkit::carriers::Habits;

use self::client::Client;
use self::clock::SPEED;
use self::export::Export;
use self::judge::{Evidence, Taken};
use self::load::Load;
use self::report::Report;
use self::schedule::Life;
use self::server::Server;
use self::stage::{Carriers, Stage};
use crate::engine::{Database, Engine};
use crate::workspace::Workspace;

/// Kills on each database in `cargo xtask test`.
const KILLS_IN_TEST: u32 = 20;

/// How many workers of the other system write at once.
const WORKERS: usize = 6;

/// One reminder falls due in so many milliseconds.
const REMINDER_EVERY_MS: u128 = 150;

/// How the carriers are while the server is killed.
const RESTLESS: Habits = Habits {
    before: Duration::from_millis(120),
    after: Duration::from_millis(250),
    busy: 20,
    silent: 10,
};

/// How often, on what, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How often the server is killed, on each database.
    #[arg(long, value_name = "N", default_value_t = KILLS_IN_TEST, value_parser = clap::value_parser!(u32).range(1..=400))]
    kills: u32,
    /// On which database.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
    /// Decides when the server is killed and what it is asked; drawn where none is given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Builds the server as it is released.
    #[arg(long, conflicts_with = "binary")]
    release: bool,
    /// Takes this server instead of building one.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Leaves the folder with the database and the server's log.
    #[arg(long)]
    keep: bool,
}

/// Rehearses as asked; answers whether nothing was lost or repeated.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<bool> {
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(workspace, options.release)?,
    };
    let seed = options.seed.unwrap_or_else(drawn_seed);
    let mut fine = true;
    for engine in options.database.engines() {
        fine &= rehearse(*engine, &binary, options.kills, seed, options.keep)?;
    }
    Ok(fine)
}

/// Builds the binary for `cargo xtask test`.
pub(crate) fn binary_for_tests(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    build(workspace, false)
}

/// The rehearsal of `cargo xtask test` on one database.
pub(crate) fn check(engine: Engine, binary: &Path) -> anyhow::Result<bool> {
    rehearse(engine, binary, KILLS_IN_TEST, drawn_seed(), false)
}

fn build(workspace: &Workspace, release: bool) -> anyhow::Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "tendon"]);
    if release {
        cargo.arg("--release");
    }
    ensure!(cargo.status()?.success(), "tendon does not build");
    let profile = if release { "release" } else { "debug" };
    Ok(workspace.target.join(profile).join("tendon"))
}

/// Draws a seed short enough to be typed again.
fn drawn_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}

fn rehearse(
    engine: Engine,
    binary: &Path,
    kills: u32,
    seed: u64,
    keep: bool,
) -> anyhow::Result<bool> {
    println!("{engine}: seed {seed}");
    let lives = schedule::draw(seed, kills);
    let span = schedule::length(&lives);
    let people = usize::try_from(span.as_millis() / REMINDER_EVERY_MS)?;
    let span = SignedDuration::try_from(span * SPEED.unsigned_abs())?;
    let stage = Arc::new(Stage::set(engine, binary, people, span)?);
    let played = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(play(engine, &stage, &lives, people, seed));
    let fine = matches!(&played, Ok(report) if report.is_fine());
    if keep || !fine {
        stage.keep_database()?;
        println!("{engine}: everything is in {}", stage.folder.display());
    } else {
        stage.clear()?;
    }
    let report = played?;
    println!("{report}");
    for little in report.too_little() {
        println!("{engine}: {little}");
    }
    Ok(fine)
}

/// Lives all the lives, lets the server come to rest, and judges.
async fn play(
    engine: Engine,
    stage: &Arc<Stage>,
    lives: &[Life],
    people: usize,
    seed: u64,
) -> anyhow::Result<Report> {
    let carriers = Carriers::start().await?;
    let client = Client {
        address: stage.address,
        token: stage.token.clone(),
    };
    let mut server = Server::start(stage, &carriers)?;
    server.ready(&client).await?;
    let load = Load::prepare(stage.clone(), carriers, client, people).await?;
    let load = Arc::new(load);
    ensure!(
        server.stop().await?.success(),
        "the server did not stop well"
    );
    load.carriers.texts.behave(RESTLESS, seed);
    load.carriers.letters.behave(RESTLESS, seed);
    let workers = (0..WORKERS).map(|worker| cases::work(load.clone(), seed, worker));
    let workers: Vec<_> = workers.map(tokio::spawn).collect();
    let reacting = tokio::spawn(persons::react(load.clone(), seed));

    for life in lives {
        let server = Server::start(stage, &load.carriers)?;
        tokio::time::sleep(life.lasts).await;
        server.kill().await?;
        tokio::time::sleep(life.pause).await;
    }
    let mut server = Server::start(stage, &load.carriers)?;
    server.ready(&load.client).await?;
    load.ending.store(true, Ordering::SeqCst);
    load.carriers.texts.behave(Habits::default(), seed);
    load.carriers.letters.behave(Habits::default(), seed);
    let until = load.settle().await?;
    load.over.store(true, Ordering::SeqCst);
    // Who panicked made fewer cases, and nothing that was lost could be seen in them.
    for worker in workers.into_iter().chain([reacting]) {
        worker.await.context("the load itself failed")?;
    }

    let evidence = gather(&load, until).await?;
    let findings = judge::judge(&evidence);
    report::explain(&load.client, &evidence, &findings).await;
    ensure!(
        server.stop().await?.success(),
        "the server did not stop well"
    );
    stage.run(&["verify"]).context("the audit trail")?;
    healthy(stage)?;
    let mut report = Report::of(engine, &evidence, &findings);
    report.kills = lives.len();
    report.seconds = load.carriers.clock.elapsed().as_secs();
    report.reconciled = load.carriers.texts.questions();
    Ok(report)
}

/// Collects what carriers and product say.
async fn gather(load: &Load, until: jiff::Timestamp) -> anyhow::Result<Evidence> {
    let texts = load.carriers.texts.accepted().into_iter().map(|taken| {
        let callback = taken.status_callback.unwrap_or_default();
        let message = callback.split_once("message=").map(|(_, id)| id.to_owned());
        Taken {
            message: message.unwrap_or_default(),
            carrier_ref: taken.sid,
            to: taken.to,
        }
    });
    let letters = load.carriers.letters.received().into_iter().map(|letter| {
        let message = letter.message_id.split('@').next().unwrap_or_default();
        Taken {
            message: message.to_owned(),
            to: letter.to.first().cloned().unwrap_or_default(),
            carrier_ref: letter.message_id,
        }
    });
    let account = load.ledger.open().clone();
    Ok(Evidence {
        account,
        texts: texts.collect(),
        letters: letters.collect(),
        export: Export::read(&load.client).await?,
        until,
    })
}

/// Fails where the server's log tells of a panic.
fn healthy(stage: &Stage) -> anyhow::Result<()> {
    let log = std::fs::read_to_string(stage.log_file())?;
    let panic = log.lines().find(|line| line.contains("panic"));
    ensure!(
        panic.is_none(),
        "the log tells of a panic: {}",
        panic.unwrap_or_default()
    );
    Ok(())
}
