//! The steps that run tests: nextest over the workspace, then the examples in the documentation.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::junit;
use super::postgres::Cluster;
use super::tally::Tally;
use crate::workspace::Workspace;

/// The variable by which the tests learn of the server.
const POSTGRES_URL: &str = "TENDON_TEST_POSTGRES_URL";

/// What nextest answers where it could not build the tests.
/// Source: nextest-metadata, `NextestExitCode::BUILD_FAILED`.
const BUILD_FAILED: i32 = 101;

/// Runs every test of the workspace; those under `#[on_both_engines]` on both databases.
pub(crate) fn nextest(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let cluster = Cluster::start().context("starting PostgreSQL for the tests")?;
    let url = cluster.url();
    let built = nextest_of(workspace, &["--workspace"], &url, tally)?;
    if !built {
        // One crate that does not build must not hide the tests of the others.
        println!("the workspace does not build as a whole; going package by package");
        for package in workspace.packages() {
            if !nextest_of(workspace, &["--package", package], &url, tally)? {
                tally.fail(format!("tests of {package}: they do not build"));
            }
        }
    }
    Ok(())
}

/// Runs the tests of some packages; answers whether they could be built.
fn nextest_of(
    workspace: &Workspace,
    packages: &[&str],
    url: &str,
    tally: &mut Tally,
) -> anyhow::Result<bool> {
    let report = workspace.target.join("nextest/full/junit.xml");
    // An old report must not be taken for the new one.
    if report.exists() {
        std::fs::remove_file(&report).context("removing the last report")?;
    }
    let mut command = workspace.cargo();
    command
        .args(["nextest", "run", "--profile", "full", "--no-tests", "pass"])
        .args(packages);
    let inherited = std::env::vars_os().map(|(name, _)| name);
    let status = in_test_environment(&mut command, inherited, url)
        .status()
        .context("running cargo nextest")?;
    if status.code() == Some(BUILD_FAILED) {
        return Ok(false);
    }
    let before = tally.failed();
    if report.exists() {
        let report = std::fs::read_to_string(&report).context("reading the JUnit report")?;
        junit::count(&report, tally)?;
    }
    if !status.success() && tally.failed() == before {
        tally.fail(format!("nextest of {packages:?} ended with {status}"));
    }
    Ok(true)
}

/// Lets the tests see the server and none of the developer's own settings.
fn in_test_environment<'a>(
    command: &'a mut Command,
    inherited: impl Iterator<Item = OsString>,
    url: &str,
) -> &'a mut Command {
    for name in inherited {
        if name.to_string_lossy().starts_with("TENDON_") {
            command.env_remove(name);
        }
    }
    command.env(POSTGRES_URL, url)
}

/// Runs the examples in the documentation, which nextest does not know.
pub(crate) fn doc_tests(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    if doc_tests_of(workspace, &["--workspace"], tally)? {
        return Ok(());
    }
    println!("the workspace does not build as a whole; going package by package");
    for package in workspace.libraries() {
        if !doc_tests_of(workspace, &["--package", package], tally)? {
            tally.fail(format!("examples of {package}: they do not build"));
        }
    }
    Ok(())
}

/// Runs the examples of some packages; answers whether they could be built.
fn doc_tests_of(
    workspace: &Workspace,
    packages: &[&str],
    tally: &mut Tally,
) -> anyhow::Result<bool> {
    let mut child = workspace
        .cargo()
        .args(["test", "--doc", "--no-fail-fast"])
        .args(packages)
        .stdout(Stdio::piped())
        .spawn()
        .context("running cargo test --doc")?;
    let mut seen = Tally::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            count_example(&line, &mut seen);
        }
    }
    let built = child.wait()?.success() || !seen.is_green();
    // What ran before the build broke runs again, package by package.
    if built {
        tally.add(seen);
    }
    Ok(built)
}

/// Counts a line `test FILE - ITEM (line N) ... ok`.
fn count_example(line: &str, tally: &mut Tally) {
    let Some((name, outcome)) = line
        .strip_prefix("test ")
        .and_then(|rest| rest.rsplit_once(" ... "))
    else {
        return;
    };
    match outcome {
        "ok" => tally.pass(1),
        "FAILED" => tally.fail(format!("example {name}")),
        _ => tally.skip(format!("example {name}"), outcome),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn examples_are_counted_by_their_lines() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test crates/care/src/id.rs - id (line 3) ... ok",
            "test crates/care/src/id.rs - id (line 9) - compile fail ... ok",
            "test crates/care/src/id.rs - id (line 12) ... FAILED",
            "test crates/care/src/id.rs - id (line 15) ... ignored",
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; finished in 0.1s",
        ] {
            count_example(line, &mut tally);
        }
        assert_eq!(tally.to_string(), "2 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn tests_see_the_server_and_no_other_setting() {
        let mut command = Command::new("env");
        let inherited = ["PATH", "TENDON_DATABASE_URL", POSTGRES_URL].map(OsString::from);
        in_test_environment(&mut command, inherited.into_iter(), "postgres://u@h:1/x");
        let changed: Vec<_> = command.get_envs().collect();
        let expected = [
            ("TENDON_DATABASE_URL", None),
            (POSTGRES_URL, Some("postgres://u@h:1/x")),
        ];
        let expected = expected.map(|(name, value)| (OsStr::new(name), value.map(OsStr::new)));
        assert_eq!(changed, expected);
    }
}
