//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! Each family of rules reads the same [`Tree`] and answers findings. A rule is
//! tested on small trees made of a few lines, never on the repository itself:
//! the repository is what `cargo xtask test` holds to the rules.

mod documents;
mod excuse;
mod facts;
mod finding;
mod rooms;
mod rust;
mod sql;
mod text;
mod tree;

use std::path::Path;

use finding::{Finding, Rule};
use tree::Tree;

/// Checks the repository at `root`, prints every finding, and answers their number.
pub(crate) fn run(root: &Path) -> anyhow::Result<usize> {
    let tree = Tree::read(root)?;
    let findings = check(&tree, root);
    for finding in &findings {
        println!("{finding}");
    }
    println!(
        "tidy: {} files, {} rules, {} findings",
        tree.files.len(),
        rules().len(),
        findings.len()
    );
    Ok(findings.len())
}

fn rules() -> Vec<&'static Rule> {
    [
        &rooms::RULES[..],
        &rust::RULES[..],
        &text::RULES[..],
        &sql::RULES[..],
        &documents::RULES[..],
        &[&excuse::EXCUSE],
    ]
    .concat()
}

fn check(tree: &Tree, root: &Path) -> Vec<Finding> {
    let findings = [
        rooms::check(tree),
        rust::check(tree),
        text::check(tree, root),
        sql::check(tree),
        documents::check(tree),
    ]
    .concat();
    let mut findings = excuse::settle(tree, findings, &rules());
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_all_families_come_in_the_order_of_their_places() {
        let tree = Tree::of(&[
            (
                "crates/desk/src/b.rs",
                "#[ignore]\nfn f() {\n    todo!()\n}\n",
            ),
            ("crates/desk/src/a.sql", "SELECT 1\n"),
        ]);
        let findings = check(&tree, Path::new("/srv/checkout"));
        let crates: Vec<_> = findings
            .iter()
            .filter(|f| f.path.starts_with("crates/"))
            .map(|f| format!("{}:{} {}", f.path, f.line, f.rule.name))
            .collect();
        assert_eq!(
            crates,
            [
                "crates/desk/src/a.sql:1 sql-file-outside-store",
                "crates/desk/src/a.sql:1 sql-lower-case",
                "crates/desk/src/b.rs:1 ignored-test",
                "crates/desk/src/b.rs:3 unfinished-code",
            ]
        );
    }

    #[test]
    fn an_excuse_settles_what_its_rule_found() {
        let body = "    x();\n".repeat(90);
        let excuse = concat!(
            "// tidy-",
            "allow(function-length): one row for each state\n"
        );
        let long = format!("fn f() {{\n{body}}}\n");
        let count = |text: &str| {
            check(
                &Tree::of(&[("crates/desk/src/a.rs", text)]),
                Path::new("/srv/checkout"),
            )
            .iter()
            .filter(|f| f.path.starts_with("crates/"))
            .count()
        };
        assert_eq!(count(&long), 1);
        assert_eq!(count(&format!("{excuse}{long}")), 0);
    }

    #[test]
    fn every_rule_says_why_and_how() {
        let all = rules();
        for rule in &all {
            assert!(rule.why.len() > 20 && rule.fix.len() > 10, "{}", rule.name);
        }
        assert!(all.len() > 20);
    }
}
