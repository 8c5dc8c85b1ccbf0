//! What the log is told about a failure of ours.

use std::error::Error;

/// Returns the first line of what lies at the bottom of a failure. PostgreSQL writes
/// the values of a row into the lines after it, and a log must hold no person.
pub(crate) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let said = innermost.to_string();
    said.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("ERROR: duplicate key\nDETAIL: Key (email)=(ana@example.org) already exists.")]
    struct Innermost;

    #[derive(Debug, thiserror::Error)]
    #[error("db error")]
    struct Middle(#[source] Innermost);

    #[test]
    fn the_log_learns_the_reason_and_no_values_of_the_row() {
        assert_eq!(cause(&Middle(Innermost)), "ERROR: duplicate key");
        assert_eq!(cause(&Innermost), "ERROR: duplicate key");
    }
}
