//! The commands. Names are fixed; each has `--help` with an example.

mod practices;
mod simulate;

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
    /// Administer practices without the web app.
    #[command(subcommand)]
    Practices(practices::Practices),
    /// Run a synthetic practice under the simulated clock.
    Simulate(simulate::Simulate),
}

/// Runs a command.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.resolve()?;
    match arguments.command {
        Command::Practices(command) => command.run(&settings, arguments.json),
        Command::Simulate(command) => command.run(&settings, arguments.json),
    }
}

/// Runs a future on one thread: for commands that do one thing after the other.
fn on_one_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
