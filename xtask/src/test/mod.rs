//! `cargo xtask test`: everything that must hold before a change is taken.
//!
//! The steps run in an order in which the quick ones fail first, and all of
//! them run: whoever broke two things should learn of both.

mod junit;
pub(crate) mod postgres;
pub(crate) mod suites;
pub(crate) mod tally;
pub(crate) mod tools;

use std::time::Instant;

use clap::ValueEnum;

use self::tally::Tally;
use crate::crash;
use crate::engine::Database;
use crate::tidy;
use crate::workspace::Workspace;

/// Which steps to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Runs only these steps, such as `--only tidy,clippy`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Step>,
}

/// One part of the whole, in the order of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// `cargo fmt --check`.
    Formatting,
    /// `cargo xtask tidy`.
    Tidy,
    /// `cargo clippy`, with warnings as errors.
    Clippy,
    /// Every test, on SQLite and on PostgreSQL.
    Tests,
    /// `cargo xtask crash` on both databases: a check for each.
    Crash,
    /// The examples in the documentation.
    Examples,
    /// `cargo doc`, with warnings as errors.
    Documentation,
}

impl Options {
    fn steps(&self) -> Vec<Step> {
        let all = Step::value_variants().iter().copied();
        all.filter(|step| self.only.is_empty() || self.only.contains(step))
            .collect()
    }
}

/// Runs the steps and prints the counts as the last line; answers whether all is well.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> bool {
    let steps = options.steps();
    let mut tally = Tally::default();
    for missing in tools::ensure_for(&steps) {
        tally.fail(missing);
    }
    let mut times = Vec::new();
    for step in steps {
        println!("\n== {}", step.title());
        #[expect(
            clippy::disallowed_methods,
            reason = "a developer wants to know which step took the time; nothing is decided by it"
        )]
        let start = Instant::now();
        if let Err(error) = step.run(workspace, &mut tally) {
            tally.fail(format!("{}: {error:#}", step.title()));
        }
        times.push((step, start.elapsed().as_secs()));
    }
    println!();
    for (step, secs) in times {
        println!("{secs:>4} s  {}", step.title());
    }
    print!("{}", tally.details());
    println!("{tally}");
    tally.is_green()
}

impl Step {
    fn title(self) -> &'static str {
        match self {
            Self::Formatting => "formatting",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::Tests => "tests",
            Self::Crash => "crash",
            Self::Examples => "examples in the documentation",
            Self::Documentation => "documentation",
        }
    }

    fn run(self, workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
        let mut cargo = workspace.cargo();
        let command = match self {
            Self::Formatting => cargo.args(["fmt", "--all", "--check"]),
            Self::Clippy => cargo
                .args(["clippy", "--workspace", "--all-targets", "--keep-going"])
                .args(["--", "-D", "warnings"]),
            // The readers of this documentation are those who change the code, so
            // private items are in it and may be linked.
            Self::Documentation => cargo
                .args(["doc", "--workspace", "--no-deps", "--keep-going"])
                .arg("--document-private-items")
                .env(
                    "RUSTDOCFLAGS",
                    "-D warnings -A rustdoc::private_intra_doc_links",
                ),
            Self::Tidy => {
                tally.check(self.title(), tidy::run(&workspace.root)? == 0);
                return Ok(());
            }
            Self::Tests => return suites::nextest(workspace, tally),
            Self::Crash => return crash(workspace, tally),
            Self::Examples => return suites::doc_tests(workspace, tally),
        };
        tally.check(self.title(), command.status()?.success());
        Ok(())
    }
}

/// Rehearses on both databases, on the second one whatever came of the first.
fn crash(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let binary = crash::binary_for_tests(workspace)?;
    for engine in Database::Both.engines() {
        let fine = crash::check(*engine, &binary).unwrap_or_else(|error| {
            eprintln!("{error:#}");
            false
        });
        tally.check(&format!("crash on {engine}"), fine);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_steps_run_unless_some_are_named() {
        let all = Options { only: Vec::new() };
        assert_eq!(all.steps(), Step::value_variants());
        // The order is that of the steps, not that of the asking.
        let some = Options {
            only: vec![Step::Tests, Step::Tidy],
        };
        assert_eq!(some.steps(), [Step::Tidy, Step::Tests]);
    }
}
