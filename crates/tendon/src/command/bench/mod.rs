//! `tendon bench`: the benchmarks of docs/benchmarks.md.

mod dice;
mod engine;
mod figures;
mod import;
mod pages;
mod records;
mod town;

use std::process::ExitCode;

use clap::Subcommand;

use crate::settings::Resolved;

/// Measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Durable steps of journeys: due timers claimed, stepped and committed.
    #[command(
        after_help = "Example: tendon bench engine --database sqlite:bench.db --json\n\nThe database must be empty; every acknowledged commit is fsynced."
    )]
    Engine(engine::Engine),
    /// Records of other programs, read from files and committed durably.
    #[command(
        after_help = "Example: tendon bench import --format hl7 --count 50000 --database sqlite:bench.db --json\n\nThe database must be empty. The files are written to a folder that is removed afterwards."
    )]
    Import(import::Import),
    /// Pages of a large practice, asked for over HTTP from the real server.
    #[command(
        after_help = "Example: tendon bench pages --patients 100000 --touchpoints 5000000 --database sqlite:bench.db --json\n\nAn empty database is filled first; one that was filled with the same seed and size is used as it is."
    )]
    Pages(pages::Pages),
}

impl Bench {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Engine(engine) => super::on_many_threads(engine.measure(settings))?.say(json),
            Self::Import(import) => super::on_many_threads(import.measure(settings, json))?,
            Self::Pages(pages) => super::on_many_threads(pages.measure(settings, json))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
