//! Reads nextest's JUnit report: which tests passed, failed, and were skipped.
//!
//! Rust has no word for a test that finds its database missing: it returns and
//! passes. Ours print a line `SKIPPED: REASON` first, and are counted by it.

use anyhow::Context as _;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::tally::Tally;

/// How the line of a skipped test begins.
const SKIPPED: &str = "SKIPPED: ";

/// Counts the tests of a report. Answers how many it held.
pub(crate) fn count(report: &str, tally: &mut Tally) -> anyhow::Result<usize> {
    let mut reader = Reader::from_str(report);
    let mut current: Option<Case> = None;
    let mut tests = 0;
    loop {
        match reader.read_event().context("reading the JUnit report")? {
            Event::Start(tag) => match (tag.name().as_ref(), &mut current) {
                (b"testcase", _) => current = Some(Case::begin(&tag)?),
                (b"failure" | b"error", Some(case)) => case.failed = true,
                (b"system-out", Some(case)) => {
                    let output = reader.read_text(tag.name())?;
                    let output = output.decode()?;
                    case.skipped = skip_reason(&unescape(&output)?);
                }
                _ => {}
            },
            Event::Empty(tag) => match (tag.name().as_ref(), &mut current) {
                (b"testcase", _) => {
                    Case::begin(&tag)?.count(tally);
                    tests += 1;
                }
                (b"failure" | b"error", Some(case)) => case.failed = true,
                _ => {}
            },
            Event::End(tag) if tag.name().as_ref() == b"testcase" => {
                if let Some(case) = current.take() {
                    case.count(tally);
                    tests += 1;
                }
            }
            Event::Eof => return Ok(tests),
            _ => {}
        }
    }
}

/// One test of the report.
struct Case {
    name: String,
    failed: bool,
    skipped: Option<String>,
}

impl Case {
    fn begin(tag: &BytesStart<'_>) -> anyhow::Result<Self> {
        let attribute = |name: &str| -> anyhow::Result<String> {
            let attribute = tag
                .try_get_attribute(name)?
                .with_context(|| format!("a test of the JUnit report has no {name}"))?;
            let raw = std::str::from_utf8(&attribute.value)?;
            Ok(unescape(raw)?.into_owned())
        };
        Ok(Self {
            name: format!("{} {}", attribute("classname")?, attribute("name")?),
            failed: false,
            skipped: None,
        })
    }

    /// A test that says it was skipped and fails nevertheless has failed.
    fn count(self, tally: &mut Tally) {
        match (self.failed, self.skipped) {
            (true, _) => tally.fail(self.name),
            (false, Some(reason)) => tally.skip(self.name, reason),
            (false, None) => tally.pass(1),
        }
    }
}

/// Finds the first line that says so.
fn skip_reason(output: &str) -> Option<String> {
    output.lines().find_map(|line| {
        // Where one test runs at a time, the harness has begun the line with the name.
        let line = match line.strip_prefix("test ") {
            Some(rest) => rest.split_once(" ... ").map_or(line, |(_, said)| said),
            None => line,
        };
        line.strip_prefix(SKIPPED)
            .map(|reason| reason.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written after what nextest 0.9.143 reports.
    fn report(cases: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"nextest-run\" tests=\"9\">\n\
             <testsuite name=\"tendon-store\" tests=\"9\">\n{cases}</testsuite>\n</testsuites>\n"
        )
    }

    fn counted(cases: &str) -> (usize, String) {
        let mut tally = Tally::default();
        let tests = count(&report(cases), &mut tally).unwrap();
        (tests, format!("{}{tally}", tally.details()))
    }

    #[test]
    fn passed_failed_and_skipped_are_told_apart() {
        let (tests, tally) = counted(
            "<testcase name=\"a\" classname=\"store\" time=\"0.1\"><system-out>fine</system-out></testcase>\
             <testcase name=\"b\" classname=\"store\"/>\
             <testcase name=\"c&lt;T&gt;\" classname=\"store\"><failure message=\"m\">at x</failure></testcase>\
             <testcase name=\"d\" classname=\"store\"><system-out>\nrunning 1 test\nSKIPPED: no &quot;server&quot; &amp; no key\ntest d ... ok\n</system-out></testcase>",
        );
        assert_eq!(tests, 4);
        assert_eq!(
            tally,
            "skipped: store d: no \"server\" & no key\n\
             failed: store c<T>\n2 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn a_skip_does_not_hide_a_failure() {
        let (_, tally) = counted(
            "<testcase name=\"a\" classname=\"store\"><failure/>\
             <system-out>SKIPPED: no server</system-out></testcase>",
        );
        assert_eq!(tally, "failed: store a\n0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn only_a_line_that_begins_so_is_a_skip() {
        assert_eq!(skip_reason("we never print SKIPPED: here"), None);
        assert_eq!(skip_reason("SKIPPED:no space"), None);
        assert_eq!(
            skip_reason("x\nSKIPPED: no server\n").as_deref(),
            Some("no server")
        );
        assert_eq!(
            skip_reason("test a::b ... SKIPPED: no server").as_deref(),
            Some("no server")
        );
    }

    #[test]
    fn a_torn_report_is_an_error() {
        let mut tally = Tally::default();
        let torn = report("<testcase classname=\"store\"></testcase>");
        assert!(count(&torn, &mut tally).is_err(), "a case without a name");
        assert!(
            count("<a></b>", &mut tally).is_err(),
            "tags that do not match"
        );
    }
}
