//! What passed, failed and was skipped, over all steps.

use std::fmt;

/// Counts of checks and tests, with what failed and what was skipped by name.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: usize,
    failures: Vec<String>,
    skips: Vec<(String, String)>,
}

impl Tally {
    /// Counts checks or tests that passed.
    pub(crate) fn pass(&mut self, count: usize) {
        self.passed += count;
    }

    /// Counts one that failed.
    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    /// Counts a test that lacked a part of the machine, and which.
    pub(crate) fn skip(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        self.skips.push((what.into(), reason.into()));
    }

    /// Counts one check by its outcome.
    pub(crate) fn check(&mut self, what: &str, passed: bool) {
        if passed {
            self.pass(1);
        } else {
            self.fail(what);
        }
    }

    /// Adds what another one counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.skips.extend(other.skips);
    }

    /// Returns how many passed so far.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Returns how many failed so far.
    pub(crate) fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Tells whether nothing failed. What was skipped did not fail.
    pub(crate) fn is_green(&self) -> bool {
        self.failures.is_empty()
    }

    /// Names every failure and every skip, one a line.
    pub(crate) fn details(&self) -> String {
        let failures = self.failures.iter().map(|what| format!("failed: {what}\n"));
        let skips = self
            .skips
            .iter()
            .map(|(what, reason)| format!("skipped: {what}: {reason}\n"));
        skips.chain(failures).collect()
    }
}

/// The last line of `cargo xtask test`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, skipped) = (self.failures.len(), self.skips.len());
        write!(
            f,
            "{} passed, {failed} failed, {skipped} skipped",
            self.passed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up() {
        let mut all = Tally::default();
        all.pass(2);
        let mut more = Tally::default();
        more.pass(1);
        more.fail("desk::sends_twice");
        more.skip("store::on_postgres", "no server");
        all.add(more);
        assert_eq!(all.to_string(), "3 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn the_last_line_counts_and_the_details_name() {
        let mut tally = Tally::default();
        assert!(tally.is_green());
        tally.pass(40);
        tally.check("formatting", true);
        assert_eq!((tally.passed(), tally.failed()), (41, 0));
        tally.skip("store::on_postgres", "no server");
        assert!(tally.is_green());
        tally.check("clippy", false);
        tally.fail("desk::sends_twice");
        assert!(!tally.is_green());
        assert_eq!(tally.to_string(), "41 passed, 2 failed, 1 skipped");
        assert_eq!(
            tally.details(),
            "skipped: store::on_postgres: no server\n\
             failed: clippy\nfailed: desk::sends_twice\n"
        );
    }
}
