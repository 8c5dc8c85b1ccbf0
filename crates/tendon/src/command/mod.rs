//! The commands. Names are fixed; each has `--help` with an example.

mod backup;
mod bench;
mod demo;
mod import;
mod journeys;
mod practices;
mod serve;
mod simulate;
mod tokens;
mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::Settings;

/// Patient relationship management for outpatient physical therapy.
#[derive(Debug, Parser)]
#[command(name = "tendon", version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON object instead of words.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Bench(bench::Bench),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Verify(backup::Verify),
    #[command(subcommand)]
    Journeys(journeys::Journeys),
    /// Administer practices without the web app.
    #[command(subcommand)]
    Practices(practices::Practices),
    /// Run a synthetic practice under the simulated clock.
    Simulate(simulate::Simulate),
    #[command(subcommand)]
    Users(users::Users),
    #[command(subcommand)]
    Tokens(tokens::Tokens),
}

/// Runs a command.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Only fails where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = arguments.settings.resolve()?;
    match arguments.command {
        Command::Demo(command) => command.run(&settings, arguments.json),
        Command::Serve(command) => command.run(&settings, arguments.json),
        Command::Import(command) => command.run(&settings, arguments.json),
        Command::Bench(command) => command.run(&settings, arguments.json),
        Command::Backup(command) => command.run(&settings, arguments.json),
        Command::Restore(command) => command.run(&settings, arguments.json),
        Command::Verify(backup::Verify {}) => backup::Verify::run(&settings, arguments.json),
        Command::Journeys(command) => command.run(arguments.json),
        Command::Practices(command) => command.run(&settings, arguments.json),
        Command::Simulate(command) => command.run(&settings, arguments.json),
        Command::Users(command) => command.run(&settings, arguments.json),
        Command::Tokens(command) => command.run(&settings, arguments.json),
    }
}

/// Runs a future on one thread: for commands that do one thing after the other.
fn on_one_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Runs a future on a thread for each core: for servers.
fn on_many_threads<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Writes logs to standard error: lines for people, or JSON for machines.
fn logging(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TENDON_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process is refused; the first goes on.
    let _ = if json {
        logs.json().try_init()
    } else {
        logs.try_init()
    };
}
