//! The stored shape of a decision's checks: JSON, version 1, an array of
//! `[step, finding, detail]` codes.

use tendon_care::decision::{Check, Finding, Step};

/// Writes the checks.
pub(crate) fn write(chain: &[Check]) -> String {
    let rows: Vec<[&str; 3]> = chain
        .iter()
        .map(|check| [check.step.code(), check.finding.code(), &check.detail])
        .collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

/// Reads what [`write()`] wrote; checks whose codes are no longer known are left out.
pub fn read(text: &str) -> Vec<Check> {
    let rows: Vec<[String; 3]> = serde_json::from_str(text).unwrap_or_default();
    let check = |[step, finding, detail]: [String; 3]| {
        Some(Check {
            step: Step::from_code(&step)?,
            finding: Finding::from_code(&finding)?,
            detail: detail.into(),
        })
    };
    rows.into_iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_round_trips() {
        let chain = vec![
            Check {
                step: Step::Alive,
                finding: Finding::Passed,
                detail: "".into(),
            },
            Check {
                step: Step::Consent,
                finding: Finding::Failed,
                detail: "revoked \"x\"".into(),
            },
        ];
        assert_eq!(read(&write(&chain)), chain);
        assert_eq!(read("[[\"no_such\",\"pass\",\"\"]]"), []);
        assert_eq!(read("not json"), []);
    }
}
