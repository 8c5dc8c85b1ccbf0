//! The steps that run tests: nextest over the workspace, then the examples in the documentation.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::junit;
use super::postgres::Cluster;
use super::tally::Tally;
use crate::workspace::Workspace;

/// The variable by which the tests learn of the server.
const POSTGRES_URL: &str = "TENDON_TEST_POSTGRES_URL";

/// The variable that names the certificate which the server shows.
const POSTGRES_CERTIFICATE: &str = "TENDON_TEST_POSTGRES_CERTIFICATE";

/// Nextest's report, below the root of the workspace wherever cargo builds.
/// Source: nextest's default configuration, `store.dir`.
const REPORT: &str = "target/nextest/full/junit.xml";

/// What nextest answers where it could not build the tests.
/// Source: nextest-metadata, `NextestExitCode::BUILD_FAILED`.
const BUILD_FAILED: i32 = 101;

/// Some tests, and what they get to see.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// What nextest is told to build and to run.
    pub(crate) arguments: Vec<String>,
    /// A server of PostgreSQL; the tests that want one are skipped without it.
    pub(crate) postgres: Option<String>,
    /// Variables of ours.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// Runs every test of the workspace; those under `#[on_both_engines]` on both databases.
pub(crate) fn nextest(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let cluster = Cluster::start().context("starting PostgreSQL for the tests")?;
    let selection = |arguments: &[&str]| Selection {
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        postgres: Some(cluster.url()),
        settings: vec![(
            POSTGRES_CERTIFICATE,
            cluster.certificate().display().to_string(),
        )],
    };
    let built = nextest_of(workspace, &selection(&["--workspace"]), tally)?;
    if !built {
        // One crate that does not build must not hide the tests of the others.
        println!("the workspace does not build as a whole; going package by package");
        for package in workspace.packages() {
            let selection = selection(&["--package", package, "--no-tests", "pass"]);
            if !nextest_of(workspace, &selection, tally)? {
                tally.fail(format!("tests of {package}: they do not build"));
            }
        }
    }
    Ok(())
}

/// Runs some tests and counts them; answers whether they could be built.
pub(crate) fn nextest_of(
    workspace: &Workspace,
    selection: &Selection,
    tally: &mut Tally,
) -> anyhow::Result<bool> {
    let report = workspace.root.join(REPORT);
    // An old report must not be taken for the new one.
    if report.exists() {
        std::fs::remove_file(&report).context("removing the last report")?;
    }
    let mut command = workspace.cargo();
    command
        .args(["nextest", "run", "--profile", "full"])
        .args(&selection.arguments);
    let inherited = std::env::vars_os().map(|(name, _)| name);
    let status = in_test_environment(&mut command, inherited, selection)
        .status()
        .context("running cargo nextest")?;
    if status.code() == Some(BUILD_FAILED) {
        return Ok(false);
    }
    let what = format!("nextest of {:?}", selection.arguments);
    count_report(&report, status.success(), &what, tally)?;
    Ok(true)
}

/// Counts what nextest reports. A run that is fine and says nothing of any test, as
/// where the report has moved, would count as none and look as green as all.
fn count_report(
    report: &Path,
    succeeded: bool,
    what: &str,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let failed = tally.failed();
    if report.exists() {
        let report = std::fs::read_to_string(report).context("reading the JUnit report")?;
        junit::count(&report, tally)?;
    } else {
        tally.fail(format!("{what} left no report"));
    }
    if !succeeded && tally.failed() == failed {
        tally.fail(format!(
            "{what} failed, and its report names no test that did"
        ));
    }
    Ok(())
}

/// Lets the tests see what they are given and none of the developer's own settings.
fn in_test_environment<'a>(
    command: &'a mut Command,
    inherited: impl Iterator<Item = OsString>,
    selection: &Selection,
) -> &'a mut Command {
    for name in inherited {
        if name.to_string_lossy().starts_with("TENDON_") {
            command.env_remove(name);
        }
    }
    let server = selection.postgres.iter().map(|url| (POSTGRES_URL, url));
    let settings = selection
        .settings
        .iter()
        .map(|(name, value)| (*name, value));
    command.envs(server.chain(settings))
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
    fn tests_see_what_they_are_given_and_no_other_setting() {
        let mut command = Command::new("env");
        let inherited = ["PATH", "TENDON_DATABASE_URL", POSTGRES_URL].map(OsString::from);
        let selection = Selection {
            arguments: Vec::new(),
            postgres: Some("postgres://u@h:1/x".into()),
            settings: vec![("TENDON_YEAR_PATIENTS", "2000".into())],
        };
        in_test_environment(&mut command, inherited.into_iter(), &selection);
        let changed: Vec<_> = command.get_envs().collect();
        let expected = [
            ("TENDON_DATABASE_URL", None),
            (POSTGRES_URL, Some("postgres://u@h:1/x")),
            ("TENDON_YEAR_PATIENTS", Some("2000")),
        ];
        let expected = expected.map(|(name, value)| (OsStr::new(name), value.map(OsStr::new)));
        assert_eq!(changed, expected);
    }

    #[test]
    fn without_a_server_the_tests_see_none() {
        let mut command = Command::new("env");
        let inherited = [POSTGRES_URL].map(OsString::from);
        in_test_environment(&mut command, inherited.into_iter(), &Selection::default());
        let changed: Vec<_> = command.get_envs().collect();
        assert_eq!(changed, [(OsStr::new(POSTGRES_URL), None)]);
    }

    #[test]
    fn a_run_that_left_no_report_has_failed() {
        let file = std::env::temp_dir().join(format!("tendon-junit-{}.xml", std::process::id()));
        let judged = |succeeded, report: Option<&str>| {
            let _ = std::fs::remove_file(&file);
            if let Some(report) = report {
                std::fs::write(&file, report).unwrap();
            }
            let mut tally = Tally::default();
            count_report(&file, succeeded, "nextest", &mut tally).unwrap();
            tally.to_string()
        };
        let passed = "<testsuites><testcase classname=\"a\" name=\"b\"/></testsuites>";
        assert_eq!(judged(true, Some(passed)), "1 passed, 0 failed, 0 skipped");
        assert_eq!(judged(true, None), "0 passed, 1 failed, 0 skipped");
        assert_eq!(judged(false, None), "0 passed, 1 failed, 0 skipped");
        assert_eq!(judged(false, Some(passed)), "1 passed, 1 failed, 0 skipped");
        let _ = std::fs::remove_file(&file);
    }
}
