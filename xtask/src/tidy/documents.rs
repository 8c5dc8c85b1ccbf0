//! The rules about documents: they are there, what they point at is there, and what
//! they are to explain.

use super::finding::{Finding, Rule};
use super::tree::{SourceFile, Tree};

/// What a visitor of the repository looks for first.
const EXPECTED: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE",
];

static PRESENT: Rule = Rule {
    name: "document",
    why: "who opens the repository on a Sunday has nobody to ask",
    fix: "write it; CONTRIBUTING.md says what each document is for",
    excuse: None,
};

static CHANGELOG: Rule = Rule {
    name: "changelog",
    why: "a clinic reads what a new version changes before it installs it",
    fix: "keep a section `## Unreleased` at the top of CHANGELOG.md",
    excuse: None,
};

static LINK: Rule = Rule {
    name: "link",
    why: "a document that points at nothing has not been read since the thing moved",
    fix: "point at where it is now",
    excuse: None,
};

static METRIC: Rule = Rule {
    name: "metric",
    why: "an operator who meets a figure that no document knows cannot tell when to worry",
    fix: "say in docs/operator.md what it means and when to worry",
    excuse: None,
};

pub(crate) static RULES: [&Rule; 4] = [&PRESENT, &CHANGELOG, &LINK, &METRIC];

/// Where the metrics are explained.
const METRICS: &str = "docs/operator.md";

/// Checks that the documents exist and that their links lead to files of the tree.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let missing = EXPECTED.iter().filter(|path| tree.file(path).is_none());
    let mut findings: Vec<_> = missing
        .map(|path| found(&PRESENT, path, 1, "the document is missing".into()))
        .collect();
    if let Some(log) = tree.file("CHANGELOG.md")
        && !log.lines().any(|(_, line)| line == "## Unreleased")
    {
        let what = "no section is called Unreleased".to_owned();
        findings.push(found(&CHANGELOG, &log.path, 1, what));
    }
    for document in tree.with_extension("md") {
        findings.extend(links(document, tree));
    }
    findings.extend(metrics(tree));
    findings
}

/// Finds the metrics that are named where they are measured and explained nowhere.
fn metrics(tree: &Tree) -> Vec<Finding> {
    let explained = tree.file(METRICS).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for file in tree.with_extension("rs").filter(|file| !file.is_test()) {
        for (line, text) in file.lines() {
            let measured = ["gauge!(\"", "counter!(\"", "histogram!(\""]
                .iter()
                .filter_map(|call| text.split_once(call)?.1.split('"').next());
            for name in measured.filter(|name| name.starts_with("tendon_")) {
                let known = [format!("`{name}`"), format!("`{name}{{")];
                if !known.iter().any(|known| explained.contains(known)) {
                    let what = format!("`{name}` is not in {METRICS}");
                    findings.push(found(&METRIC, &file.path, line, what));
                }
            }
        }
    }
    findings
}

/// Follows what links to a file, text or picture.
fn links(document: &SourceFile, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_code = false;
    for (line, text) in document.lines() {
        in_code ^= text.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for (at, _) in text.match_indices("](") {
            let target = text
                .get(at + 2..)
                .and_then(|rest| rest.split([')', '#', ' ']).next())
                .unwrap_or_default();
            if is_local(target) && !leads_somewhere(&document.path, target, tree) {
                let what = format!("`{target}` is not there");
                findings.push(found(&LINK, &document.path, line, what));
            }
        }
    }
    findings
}

fn is_local(target: &str) -> bool {
    !target.is_empty() && !target.contains(':')
}

/// Follows the link from the document's folder; a folder counts when it has a file.
fn leads_somewhere(from: &str, target: &str, tree: &Tree) -> bool {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    if parts.is_empty() {
        return true;
    }
    let path = parts.join("/");
    let folder = format!("{path}/");
    let files = tree.files.iter().map(|file| &file.path);
    files
        .chain(&tree.pictures)
        .any(|file| *file == path || file.starts_with(&folder))
}

fn found(rule: &'static Rule, path: &str, line: usize, what: String) -> Finding {
    Finding {
        rule,
        path: path.to_owned(),
        line,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All expected documents, with one more or another text for one of them.
    fn complaints(path: &str, text: &str) -> Vec<String> {
        let mut files: Vec<_> = EXPECTED.iter().map(|name| (*name, "")).collect();
        files.retain(|(name, _)| *name != path && *name != "CHANGELOG.md");
        if path != "CHANGELOG.md" {
            files.push(("CHANGELOG.md", "# Changes\n\n## Unreleased\n"));
        }
        files.push((path, text));
        check(&Tree::of(&files))
            .iter()
            .map(|f| format!("{}:{} {}: {}", f.path, f.line, f.rule.name, f.what))
            .collect()
    }

    #[test]
    fn missing_documents_are_named() {
        let findings = check(&Tree::of(&[("README.md", "")]));
        let paths: Vec<_> = findings.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, EXPECTED[1..]);
    }

    #[test]
    fn the_changelog_has_room_for_the_next_release() {
        assert_eq!(complaints("CHANGELOG.md", "## Unreleased\n"), [""; 0]);
        assert_eq!(
            complaints("CHANGELOG.md", "## 0.1.0\n"),
            ["CHANGELOG.md:1 changelog: no section is called Unreleased"]
        );
    }

    #[test]
    fn links_are_followed_from_where_they_stand() {
        let text = "[a](../README.md#top) [b](guide.md) [c](https://x.example/y) [d](#here)\n\
            ![picture](images/tomorrow.png)\n```\n[e](nowhere.md)\n```\n[f](..) [g](../../x.md)\n";
        assert_eq!(
            complaints("docs/index.md", text),
            [
                "docs/index.md:1 link: `guide.md` is not there",
                "docs/index.md:2 link: `images/tomorrow.png` is not there",
                "docs/index.md:6 link: `../../x.md` is not there",
            ]
        );
    }

    #[test]
    fn a_picture_is_there_although_it_is_no_text() {
        let mut tree = Tree::of(&[("README.md", "![Today](docs/images/today.png)\n")]);
        let broken = |tree: &Tree| check(tree).iter().any(|found| found.rule.name == "link");
        assert!(broken(&tree));
        tree.pictures = vec!["docs/images/today.png".into()];
        assert!(!broken(&tree));
    }

    #[test]
    fn a_metric_is_explained_where_operators_look() {
        let code = "metrics::gauge!(\"tendon_due\").set(1.0);\n\
                    metrics::counter!(\"tendon_done_total\", \"worker\" => name);\n";
        let complaints = |text| {
            let tree = Tree::of(&[("crates/web/src/ops.rs", code), (METRICS, text)]);
            let metrics = check(&tree).into_iter();
            let metrics = metrics.filter(|found| found.rule.name == "metric");
            metrics.map(|found| found.what).collect::<Vec<_>>()
        };
        assert_eq!(
            complaints("`tendon_due` and `tendon_done_total{worker=…}`"),
            [""; 0]
        );
        assert_eq!(
            complaints("`tendon_due_soon` and `tendon_done_total`"),
            ["`tendon_due` is not in docs/operator.md"]
        );
    }

    #[test]
    fn a_folder_may_be_linked() {
        assert_eq!(complaints("docs/index.md", "[docs](../docs/)\n"), [""; 0]);
    }
}
