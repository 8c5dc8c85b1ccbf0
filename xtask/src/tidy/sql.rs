//! The rules about SQL files: where they live, how they look, and that the
//! released ones never change.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::finding::{Finding, Rule};
use super::tree::{SourceFile, Tree};

/// The checksums of released migrations, as `sha256sum` writes them.
const RELEASED: &str = "xtask/released-migrations.txt";

static LOWER_CASE: Rule = Rule {
    name: "sql-lower-case",
    why: "one look for all statements: the eye finds the odd word, not the loud one",
    fix: "write it in lower case; names as well",
    excuse: None,
};

static PLACE: Rule = Rule {
    name: "sql-file-outside-store",
    why: "only `store` scopes access, audits reading and is tested on both engines",
    fix: "move the file below crates/store",
    excuse: None,
};

static RELEASE: Rule = Rule {
    name: "released-migration",
    why: "clinics have run it already: their databases would differ from new ones for ever",
    fix: "put it back as it was and write the change as a new migration",
    excuse: None,
};

pub(crate) static RULES: [&Rule; 3] = [&LOWER_CASE, &PLACE, &RELEASE];

/// Checks every SQL file and every released migration.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("sql") {
        if file.room() != Some("store") {
            findings.push(found(
                &PLACE,
                &file.path,
                1,
                "SQL outside of the store".into(),
            ));
        }
        findings.extend(upper_case(file));
    }
    findings.extend(
        tree.file(RELEASED)
            .into_iter()
            .flat_map(|list| released(list, tree)),
    );
    findings
}

/// Finds the first word of a line that is not lower case, outside of texts and comments.
fn upper_case(file: &SourceFile) -> Vec<Finding> {
    let mut outside = Outside::Code;
    let mut findings = Vec::new();
    for (line, text) in file.lines() {
        let mut letters = text.chars().peekable();
        // The first loud word, and whether it still goes on.
        let (mut loud, mut open) = (String::new(), true);
        while let Some(letter) = letters.next() {
            let next = letters.peek().copied();
            outside = match (outside, letter, next) {
                (Outside::Code, '-', Some('-')) => break,
                (Outside::Code, '\'', _) => Outside::Text,
                // Names in quotes, such as the collation "C", keep their case.
                (Outside::Code, '"', _) => Outside::Name,
                (Outside::Text, '\'', _)
                | (Outside::Name, '"', _)
                | (Outside::Comment, '*', Some('/')) => Outside::Code,
                (Outside::Code, '/', Some('*')) => Outside::Comment,
                (same, _, _) => same,
            };
            let begins = outside == Outside::Code && letter.is_uppercase();
            let goes_on = !loud.is_empty() && letter.is_alphanumeric();
            if open && (begins || goes_on) {
                loud.push(letter);
            } else {
                open &= loud.is_empty();
            }
        }
        if !loud.is_empty() {
            let what = format!("`{loud}` is not lower case");
            findings.push(found(&LOWER_CASE, &file.path, line, what));
        }
    }
    findings
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    Code,
    Text,
    Name,
    Comment,
}

fn released(list: &SourceFile, tree: &Tree) -> Vec<Finding> {
    let entries = list
        .lines()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    entries
        .filter_map(|(line, entry)| {
            let Some((checksum, path)) = entry.split_once("  ") else {
                let what = "no `CHECKSUM  PATH` as sha256sum writes it".to_owned();
                return Some(found(&RELEASE, &list.path, line, what));
            };
            match tree.file(path) {
                None => {
                    let what = format!("`{path}` was released and is gone");
                    Some(found(&RELEASE, &list.path, line, what))
                }
                Some(file) if sha256(&file.text) != checksum => {
                    let what = "it was released and has changed since".to_owned();
                    Some(found(&RELEASE, path, 1, what))
                }
                Some(_) => None,
            }
        })
        .collect()
}

fn sha256(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
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

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files))
            .iter()
            .map(|f| format!("{}:{} {}: {}", f.path, f.line, f.rule.name, f.what))
            .collect()
    }

    const PATH: &str = "crates/store/migrations/0001_base.sql";

    #[test]
    fn quiet_statements_pass() {
        let sql = "-- Why: HIPAA, §164.\n/* Also\n SO */\nselect 'CST' from visit order by id collate \"C\"; -- END\n";
        assert_eq!(complaints(&[(PATH, sql)]), [""; 0]);
    }

    #[test]
    fn loud_words_are_found_with_their_line() {
        let sql = "select 'It''s OK'\nFROM visit\nwhere patientId = $1\n";
        assert_eq!(
            complaints(&[(PATH, sql)]),
            [
                format!("{PATH}:2 sql-lower-case: `FROM` is not lower case"),
                format!("{PATH}:3 sql-lower-case: `Id` is not lower case"),
            ]
        );
    }

    #[test]
    fn a_text_may_span_lines() {
        assert_eq!(complaints(&[(PATH, "select 'a\nB' from visit\n")]), [""; 0]);
        let sql = "SELECT 'a\nB' from visit\n";
        let loud = format!("{PATH}:1 sql-lower-case: `SELECT` is not lower case");
        assert_eq!(complaints(&[(PATH, sql)]), [loud]);
    }

    #[test]
    fn sql_files_live_in_the_store() {
        assert_eq!(
            complaints(&[("crates/desk/src/a.sql", "select 1\n")]),
            ["crates/desk/src/a.sql:1 sql-file-outside-store: SQL outside of the store"]
        );
    }

    #[test]
    fn a_released_migration_stays_as_it_was() {
        let sql = "create table visit (id bigint);\n";
        let list = format!("# One line each.\n\n{}  {PATH}\n", sha256(sql));
        assert_eq!(complaints(&[(PATH, sql), (RELEASED, &list)]), [""; 0]);
        let changed = "create table visit (id integer);\n";
        assert_eq!(
            complaints(&[(PATH, changed), (RELEASED, &list)]),
            [format!(
                "{PATH}:1 released-migration: it was released and has changed since"
            )]
        );
        assert_eq!(
            complaints(&[(RELEASED, &list)]),
            [format!(
                "{RELEASED}:3 released-migration: `{PATH}` was released and is gone"
            )]
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_is_a_finding() {
        assert_eq!(
            complaints(&[(RELEASED, "0001_base.sql\n")]),
            [format!(
                "{RELEASED}:1 released-migration: no `CHECKSUM  PATH` as sha256sum writes it"
            )]
        );
    }

    #[test]
    fn the_checksum_is_that_of_sha256sum() {
        // FIPS 180-2, appendix B.1: the digest of "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), expected);
    }
}
