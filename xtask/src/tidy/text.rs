//! The rules about any text: how long, how finished, and nothing of one machine.

use std::path::Path;

use super::finding::{Finding, Reach, Rule};
use super::tree::{SourceFile, Tree};

/// The most lines of one source file.
const FILE_LINES: usize = 600;

/// Endings of what counts as source, with the marks that begin a comment in it.
const SOURCES: [(&str, &[&str]); 7] = [
    ("rs", &["//"]),
    ("js", &["//", "/*"]),
    ("css", &["/*"]),
    ("sql", &["--"]),
    ("html", &["<!--", "{#"]),
    ("toml", &["#"]),
    ("sh", &["#"]),
];

/// Words for work put off. Put together here, so that this file has none.
const PUT_OFF: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Where the home folders of people begin on one system or another.
const HOMES: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers\\"),
];

static FILE_LENGTH: Rule = Rule {
    name: "file-length",
    why: "nobody reads a file to its end that is longer than half an hour",
    fix: "split it by its nouns; a table of data may be excused",
    excuse: Some(Reach::File),
};

static PUT_OFF_WORK: Rule = Rule {
    name: "put-off",
    why: "a note in the code is a promise that nobody tracks",
    fix: "do it, or write an issue",
    excuse: None,
};

static MACHINE_PATH: Rule = Rule {
    name: "machine-path",
    why: "it exists on one machine only, and tells who works there",
    fix: "make it relative to the repository, or a setting",
    excuse: None,
};

pub(crate) static RULES: [&Rule; 3] = [&FILE_LENGTH, &PUT_OFF_WORK, &MACHINE_PATH];

/// Checks every text file; `root` is where the repository stands on this machine.
pub(crate) fn check(tree: &Tree, root: &Path) -> Vec<Finding> {
    let here = root.to_string_lossy();
    let mut findings = Vec::new();
    for file in &tree.files {
        if let Some((_, marks)) = SOURCES
            .iter()
            .find(|(ending, _)| *ending == file.extension())
        {
            findings.extend(length(file));
            findings.extend(put_off(file, marks));
        }
        findings.extend(machine_paths(file, &here));
    }
    findings
}

fn length(file: &SourceFile) -> Option<Finding> {
    let lines = file.lines().count();
    (lines > FILE_LINES).then(|| Finding {
        rule: &FILE_LENGTH,
        path: file.path.clone(),
        line: 1,
        what: format!("the file has {lines} lines, more than {FILE_LINES}"),
    })
}

/// Only comments are read: in Spanish one of the words means "all".
fn put_off<'a>(file: &'a SourceFile, marks: &'a [&str]) -> impl Iterator<Item = Finding> + 'a {
    file.lines().filter_map(|(line, text)| {
        let comment = marks.iter().filter_map(|mark| text.find(mark)).min()?;
        let comment = text.get(comment..)?;
        let word = comment
            .split(|c: char| !c.is_alphanumeric())
            .find(|word| PUT_OFF.contains(word))?;
        Some(Finding {
            rule: &PUT_OFF_WORK,
            path: file.path.clone(),
            line,
            what: format!("a comment says {word}"),
        })
    })
}

fn machine_paths<'a>(file: &'a SourceFile, here: &'a str) -> impl Iterator<Item = Finding> + 'a {
    file.lines().filter_map(move |(line, text)| {
        let path = HOMES
            .iter()
            .copied()
            .chain((here.len() > 1).then_some(here))
            .find(|path| text.match_indices(path).any(|(at, _)| begins(text, at)))?;
        Some(Finding {
            rule: &MACHINE_PATH,
            path: file.path.clone(),
            line,
            what: format!("the line names a path below {path}"),
        })
    })
}

/// A path begins here, and not in the middle of a longer path or a web address.
fn begins(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)]), Path::new("/srv/checkout"))
            .iter()
            .map(|f| format!("{} {}: {}", f.line, f.rule.name, f.what))
            .collect()
    }

    #[test]
    fn a_source_may_have_six_hundred_lines_and_no_more() {
        assert_eq!(complaints("a.rs", &"x\n".repeat(600)), [""; 0]);
        assert_eq!(
            complaints("a.rs", &"x\n".repeat(601)),
            ["1 file-length: the file has 601 lines, more than 600"]
        );
        assert_eq!(complaints("Cargo.lock", &"x\n".repeat(9_000)), [""; 0]);
    }

    #[test]
    fn put_off_work_is_found_in_comments_only() {
        let [later, mend, mark] = PUT_OFF;
        assert_eq!(
            complaints("a.sql", &format!("select 1\n-- {later}: sort\n")),
            [format!("2 put-off: a comment says {later}")]
        );
        assert_eq!(
            complaints("a.rs", &format!("f(); // {mend}(me) soon\n")),
            [format!("1 put-off: a comment says {mend}")]
        );
        assert_eq!(
            complaints("a.rs", &format!("let s = \"{later}S\";\n")),
            [""; 0]
        );
        assert_eq!(
            complaints("es.sms", &format!("PARA {later}\n# {mark}\n")),
            [""; 0]
        );
    }

    #[test]
    fn paths_of_one_machine_are_found_in_any_file() {
        let [home, root, users, windows] = HOMES;
        for path in [home, root, users, windows] {
            let found = complaints("docs/a.md", &format!("see `{path}ann/x`\n"));
            assert_eq!(
                found,
                [format!(
                    "1 machine-path: the line names a path below {path}"
                )]
            );
        }
        assert_eq!(
            complaints("a.toml", "x = \"/srv/checkout/crates\"\n"),
            ["1 machine-path: the line names a path below /srv/checkout"]
        );
    }

    #[test]
    fn addresses_and_relative_paths_are_no_machine_paths() {
        let [home, ..] = HOMES;
        for text in [
            format!("https://clinic.example{home}today"),
            format!("../shared{home}x"),
            format!("{{base}}{home}x"),
        ] {
            assert_eq!(complaints("a.rs", &text), [""; 0], "{text}");
        }
    }
}
