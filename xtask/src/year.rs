//! `cargo xtask year`: what must never happen, looked for in a simulated year of any size.
//!
//! The tests of `cargo xtask test` live small years, since they run in a debug build
//! before every change. These are the same tests, optimised, with as many patients
//! as one asks for.

use anyhow::{Context as _, ensure};

use crate::engine::{Database, Engine};
use crate::test::postgres::Cluster;
use crate::test::suites::{Selection, nextest_of};
use crate::test::tally::Tally;
use crate::test::tools;
use crate::workspace::Workspace;

/// The variable by which the tests learn how many patients they are to live with.
const PATIENTS: &str = "TENDON_YEAR_PATIENTS";

/// How many patients, and on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Patients who are referred within the year.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    patients: u32,
    /// On which database.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
}

/// Lives the year on each database and judges it; answers whether every limit was kept.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<bool> {
    let nextest = tools::find("cargo-nextest");
    nextest.context("`cargo-nextest` is missing: cargo install --locked cargo-nextest")?;
    let mut tally = Tally::default();
    for engine in options.database.engines() {
        println!("{engine}: a year with {} patients", options.patients);
        let cluster = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Cluster::start().context("starting PostgreSQL")?),
        };
        let selection = Selection {
            arguments: arguments(*engine),
            postgres: cluster.as_ref().map(Cluster::url),
            settings: vec![(PATIENTS, options.patients.to_string())],
        };
        let built = nextest_of(workspace, &selection, &mut tally)?;
        ensure!(built, "the tests do not build");
    }
    print!("{}", tally.details());
    println!("{tally}");
    Ok(tally.is_green() && tally.passed() == options.database.engines().len())
}

/// Picks the one test that judges a year on an engine.
fn arguments(engine: Engine) -> Vec<String> {
    let test = format!("test(=conduct::a_year_on_{engine}_keeps_every_limit)");
    ["--release", "--package", "tendon-simulate", "--filterset"]
        .map(str::to_owned)
        .into_iter()
        .chain([test])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_of_each_engine_is_there_and_reads_the_variable() {
        let tests = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/simulate/tests/it/conduct.rs"
        );
        let tests = std::fs::read_to_string(tests).unwrap();
        assert!(tests.contains(PATIENTS));
        for engine in Database::Both.engines() {
            let filter = arguments(*engine).pop().unwrap();
            let name = filter.trim_start_matches("test(=conduct::");
            let name = name.trim_end_matches(')');
            assert!(tests.contains(&format!("async fn {name}() {{")), "{name}");
        }
    }
}
