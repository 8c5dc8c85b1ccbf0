//! `tendon bench`: the benchmarks of docs/benchmarks.md.

mod engine;
mod figures;

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
}

impl Bench {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let figures = match self {
            Self::Engine(engine) => super::on_many_threads(engine.measure(settings))?,
        };
        figures.say(json);
        Ok(ExitCode::SUCCESS)
    }
}
