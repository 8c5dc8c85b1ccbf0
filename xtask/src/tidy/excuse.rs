//! Excuses: a comment `tidy-allow`, the rule in brackets, a colon and the reason.
//!
//! An excuse without a reason, for a rule that takes none, or that excuses
//! nothing any more is a finding itself, so that they only ever get fewer.

use super::finding::{Finding, Reach, Rule};
use super::tree::{SourceFile, Tree};

/// How an excuse begins. Put together here, so that this file has none.
const OPENING: &str = concat!("tidy-", "allow(");

pub(crate) static EXCUSE: Rule = Rule {
    name: "excuse",
    why: "an excuse that nobody can check hides the next mistake",
    fix: "name a rule that takes excuses, say why in words, or take the excuse away",
    excuse: None,
};

/// One excuse in a comment.
struct Excuse<'a> {
    path: &'a str,
    line: usize,
    rule: &'a str,
    reason: &'a str,
}

/// Drops the excused findings and adds one for each excuse that is not in order.
pub(crate) fn settle(tree: &Tree, findings: Vec<Finding>, rules: &[&'static Rule]) -> Vec<Finding> {
    let mut left = findings;
    for file in tree.files.iter().filter(|file| takes_excuses(file)) {
        for excuse in excuses(file) {
            let Some(rule) = rules.iter().find(|rule| rule.name == excuse.rule) else {
                left.push(complaint(&excuse, "names no rule"));
                continue;
            };
            let Some(reach) = rule.excuse else {
                left.push(complaint(&excuse, "is for a rule that takes none"));
                continue;
            };
            if excuse.reason.split_whitespace().count() < 3 {
                left.push(complaint(&excuse, "gives no reason"));
                continue;
            }
            let before = left.len();
            left.retain(|finding| {
                finding.rule.name != excuse.rule
                    || finding.path != excuse.path
                    || !reaches(reach, file, excuse.line, finding.line)
            });
            if left.len() == before {
                left.push(complaint(&excuse, "excuses nothing any more"));
            }
        }
    }
    left
}

/// Documents speak about excuses; only sources make them.
fn takes_excuses(file: &SourceFile) -> bool {
    file.extension() != "md"
}

fn excuses(file: &SourceFile) -> impl Iterator<Item = Excuse<'_>> {
    file.lines().filter_map(|(line, text)| {
        let (_, rest) = text.split_once(OPENING)?;
        let (rule, rest) = rest.split_once(')').unwrap_or((rest, ""));
        let reason = rest.trim_start_matches(':').trim();
        Some(Excuse {
            path: &file.path,
            line,
            rule,
            reason,
        })
    })
}

fn complaint(excuse: &Excuse<'_>, what: &str) -> Finding {
    Finding {
        rule: &EXCUSE,
        path: excuse.path.to_owned(),
        line: excuse.line,
        what: format!("the excuse for `{}` {what}", excuse.rule),
    }
}

/// An item's excuse stands on its line, or above it with only comments and attributes between.
fn reaches(reach: Reach, file: &SourceFile, excuse: usize, finding: usize) -> bool {
    match reach {
        Reach::File => true,
        Reach::Item => {
            excuse <= finding
                && file
                    .lines()
                    .skip(excuse)
                    .take(finding.saturating_sub(excuse + 1))
                    .all(|(_, line)| is_prelude(line))
        }
    }
}

fn is_prelude(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty()
        || ["//", "#", "--", "/*", "*"]
            .iter()
            .any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    static ITEM: Rule = Rule {
        name: "item-rule",
        why: "",
        fix: "",
        excuse: Some(Reach::Item),
    };
    static FILE: Rule = Rule {
        name: "file-rule",
        why: "",
        fix: "",
        excuse: Some(Reach::File),
    };
    static HARD: Rule = Rule {
        name: "hard-rule",
        why: "",
        fix: "",
        excuse: None,
    };

    /// Settles findings of `(rule, line)` in one file and tells what is left.
    fn left(text: &str, found: &[(&'static Rule, usize)]) -> Vec<String> {
        let text = text.replace("ALLOW(", OPENING);
        let tree = Tree::of(&[("a.rs", &text)]);
        let findings = found.iter().map(|(rule, line)| Finding {
            rule,
            path: "a.rs".into(),
            line: *line,
            what: "broken".into(),
        });
        settle(&tree, findings.collect(), &[&ITEM, &FILE, &HARD])
            .iter()
            .map(|f| format!("{} {}: {}", f.line, f.rule.name, f.what))
            .collect()
    }

    #[test]
    fn an_item_is_excused_from_above_or_beside() {
        let above = "// ALLOW(item-rule): it is a table of data\n#[test]\nfn f() {}\n";
        assert_eq!(left(above, &[(&ITEM, 3)]), [""; 0]);
        let beside = "fn f() {} // ALLOW(item-rule): it is a table of data\n";
        assert_eq!(left(beside, &[(&ITEM, 1)]), [""; 0]);
    }

    #[test]
    fn an_excuse_does_not_reach_past_the_next_item() {
        let text = "// ALLOW(item-rule): it is a table of data\nfn f() {}\nfn g() {}\n";
        assert_eq!(
            left(text, &[(&ITEM, 3)]),
            [
                "3 item-rule: broken",
                "1 excuse: the excuse for `item-rule` excuses nothing any more"
            ]
        );
    }

    #[test]
    fn a_file_is_excused_from_anywhere_in_it() {
        let text = "fn f() {}\n// ALLOW(file-rule): it is a table of data\n";
        assert_eq!(left(text, &[(&FILE, 1)]), [""; 0]);
    }

    #[test]
    fn bad_excuses_are_findings() {
        for (excuse, complaint) in [
            (
                "ALLOW(no-such-rule): it is a table of data",
                "`no-such-rule` names no rule",
            ),
            (
                "ALLOW(hard-rule): it is a table of data",
                "`hard-rule` is for a rule that takes none",
            ),
            ("ALLOW(item-rule)", "`item-rule` gives no reason"),
            ("ALLOW(item-rule): because", "`item-rule` gives no reason"),
        ] {
            let left = left(&format!("// {excuse}\nfn f() {{}}\n"), &[]);
            assert_eq!(left, [format!("1 excuse: the excuse for {complaint}")]);
        }
    }
}
