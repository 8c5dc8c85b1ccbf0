//! The rules about Rust code that clippy does not know.

use super::facts::Facts;
use super::finding::{Finding, Reach, Rule};
use super::tree::{SourceFile, Tree};

/// The most lines from `fn` to the closing brace.
const FUNCTION_LINES: usize = 80;

/// Types that hold personal data, and must not print it.
const PERSONAL: [&str; 5] = ["PersonName", "Phone", "Email", "Mrn", "Body"];

/// Names that open a connection to somebody.
const CLIENT_SOCKETS: [&str; 4] = ["TcpStream", "UdpSocket", "UnixStream", "reqwest"];

/// Rooms that may tell the time and draw random bytes, being the edge of the process.
const EDGES: [&str; 4] = ["tendon", "simulate", "testkit", "xtask"];

static SYNTAX: Rule = Rule {
    name: "syntax",
    why: "tidy cannot hold to the rules what it cannot read",
    fix: "let `cargo check` say what is wrong",
    excuse: None,
};

static FUNCTION_LENGTH: Rule = Rule {
    name: "function-length",
    why: "a function that does not fit a screen is understood by nobody at once",
    fix: "split it where its paragraphs are, or excuse it where it is one long table",
    excuse: Some(Reach::Item),
};

static IGNORED_TEST: Rule = Rule {
    name: "ignored-test",
    why: "a test that does not run proves nothing and looks as if it did",
    fix: "mend it or delete it; where it lacks a part of the machine, print `SKIPPED: REASON`",
    excuse: None,
};

static UNFINISHED: Rule = Rule {
    name: "unfinished-code",
    why: "it stops the process of a clinic in the middle of its day",
    fix: "write the part, or leave the way to it out",
    excuse: None,
};

static SLEEP_IN_TEST: Rule = Rule {
    name: "sleep-in-test",
    why: "it makes the tests slow on a fast machine and wrong on a slow one",
    fix: "move the fake clock, or wait for the thing itself: a channel, a notification, a line",
    excuse: None,
};

static OWN_CLOCK: Rule = Rule {
    name: "own-clock",
    why: "a clock of its own cannot be simulated, and two runs with one seed would differ",
    fix: "take the time or the randomness as an argument, or ask `care::edge`",
    excuse: None,
};

static CORE_SERIALIZE: Rule = Rule {
    name: "core-serialize",
    why: "a core type that can be written out becomes a format that can never change",
    fix: "write the shape as a type of its own, in a module that names format and version",
    excuse: Some(Reach::Item),
};

static PERSONAL_PRINT: Rule = Rule {
    name: "personal-print",
    why: "what can be printed ends in a log, and logs hold no person",
    fix: "no `Display`, and a hand-written `Debug` that prints `…` in place of the value",
    excuse: None,
};

static CLIENT_SOCKET: Rule = Rule {
    name: "client-socket",
    why: "who can speak to the outside can leak a patient to it; few rooms may",
    fix: "go through `channel`, `exchange::link` or `assist`",
    excuse: None,
};

static SQL_OUTSIDE: Rule = Rule {
    name: "sql-outside-store",
    why: "only `store` scopes access, audits reading and is tested on both engines",
    fix: "add a query to `crates/store/src/table`",
    excuse: Some(Reach::Item),
};

pub(crate) static RULES: [&Rule; 10] = [
    &SYNTAX,
    &FUNCTION_LENGTH,
    &IGNORED_TEST,
    &UNFINISHED,
    &SLEEP_IN_TEST,
    &OWN_CLOCK,
    &CORE_SERIALIZE,
    &PERSONAL_PRINT,
    &CLIENT_SOCKET,
    &SQL_OUTSIDE,
];

/// Checks every Rust file.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut report = Report::default();
    let mut core_types = Vec::new();
    for file in tree.with_extension("rs") {
        match Facts::of(&file.text, file.is_test()) {
            Ok(facts) => {
                size_and_state(file, &facts, &mut report);
                edges(file, &facts, &mut report);
                if file.room() == Some("care") {
                    core(file, &facts, &mut report);
                    core_types.extend(facts.types);
                } else {
                    sql(file, &facts, &mut report);
                }
            }
            Err(error) => {
                let line = error.span().start().line;
                report.add(&SYNTAX, file, line, error.to_string());
            }
        }
    }
    if let Some(file) = tree.file("crates/care/src/lib.rs") {
        for gone in PERSONAL
            .iter()
            .filter(|p| !core_types.iter().any(|t| t == *p))
        {
            let what = format!("`{gone}` is gone: name its successor in xtask/src/tidy/rust.rs");
            report.add(&PERSONAL_PRINT, file, 1, what);
        }
    }
    report.findings
}

#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, rule: &'static Rule, file: &SourceFile, line: usize, what: String) {
        self.findings.push(Finding {
            rule,
            path: file.path.clone(),
            line,
            what,
        });
    }
}

fn size_and_state(file: &SourceFile, facts: &Facts, report: &mut Report) {
    for function in facts
        .functions
        .iter()
        .filter(|f| f.value.lines > FUNCTION_LINES)
    {
        let what = format!(
            "`{}` has {} lines, more than {FUNCTION_LINES}",
            function.value.name, function.value.lines
        );
        report.add(&FUNCTION_LENGTH, file, function.line, what);
    }
    for attribute in &facts.attributes {
        let conditional = attribute.value.strip_prefix("cfg_attr(");
        let ignored = attribute.value == "ignore"
            || conditional.is_some_and(|rest| {
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .any(|word| word == "ignore")
            });
        if ignored {
            report.add(
                &IGNORED_TEST,
                file,
                attribute.line,
                "a test is ignored".into(),
            );
        }
    }
    for call in &facts.calls {
        if matches!(call.value.as_str(), "todo!" | "unimplemented!") {
            let what = format!("`{}` is no code", call.value);
            report.add(&UNFINISHED, file, call.line, what);
        }
        if call.in_test && call.value == "sleep" {
            report.add(&SLEEP_IN_TEST, file, call.line, "a test sleeps".into());
        }
    }
}

/// Time, randomness and the network: what a pure room must not reach for.
fn edges(file: &SourceFile, facts: &Facts, report: &mut Report) {
    let room = file.room().unwrap_or_default();
    if !EDGES.contains(&room) {
        for attribute in facts.attributes.iter().filter(|a| !a.in_test) {
            if attribute.value.contains("disallowed_methods") {
                let what = format!("`{room}` excuses itself from clippy's list of clocks");
                report.add(&OWN_CLOCK, file, attribute.line, what);
            }
        }
    }
    let may_call_out = matches!(room, "channel" | "assist" | "testkit" | "xtask")
        || file.path.starts_with("crates/exchange/src/link");
    if !may_call_out {
        for name in facts.names.iter().filter(|n| !n.in_test) {
            if CLIENT_SOCKETS.contains(&name.value.as_str()) {
                let what = format!("`{room}` names `{}`", name.value);
                report.add(&CLIENT_SOCKET, file, name.line, what);
            }
        }
    }
}

fn core(file: &SourceFile, facts: &Facts, report: &mut Report) {
    for has in &facts.traits {
        let (of, of_trait) = (&has.value.of, &has.value.of_trait);
        if of_trait == "Serialize" {
            let what = format!("`{of}` can be serialized");
            report.add(&CORE_SERIALIZE, file, has.line, what);
        }
        let prints = of_trait == "Display" || (of_trait == "Debug" && has.value.derived);
        if prints && PERSONAL.contains(&of.as_str()) {
            let what = format!("`{of}` prints what it holds by `{of_trait}`");
            report.add(&PERSONAL_PRINT, file, has.line, what);
        }
    }
}

/// The two rooms that never meet a clinic's database write SQL about SQL.
fn sql(file: &SourceFile, facts: &Facts, report: &mut Report) {
    if matches!(file.room(), Some("store" | "testkit" | "xtask")) {
        return;
    }
    for text in facts.texts.iter().filter(|text| is_sql(&text.value)) {
        let what = "a text is an SQL statement".to_owned();
        report.add(&SQL_OUTSIDE, file, text.line, what);
    }
}

/// Tells statements from sentences that begin with the same verb.
fn is_sql(text: &str) -> bool {
    let words: Vec<_> = text
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["select", ..] => has("from"),
        ["insert", "into", ..] => has("values") || has("select"),
        ["update", _, "set", assignment @ ..] => assignment.iter().any(|w| w.contains('=')),
        ["delete", "from", table, ..] => !matches!(*table, "the" | "a" | "your"),
        ["with", _, "as", ..] => has("select"),
        ["create" | "alter" | "drop", "table" | "index" | "view", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, source: &str) -> Vec<String> {
        check(&Tree::of(&[(path, source)]))
            .iter()
            .map(|f| format!("{} {}: {}", f.line, f.rule.name, f.what))
            .collect()
    }

    #[test]
    fn a_function_may_have_eighty_lines_and_no_more() {
        let of_length = |lines: usize| format!("fn f() {{\n{}}}\n", "    x();\n".repeat(lines - 2));
        let path = "crates/desk/src/a.rs";
        assert_eq!(complaints(path, &of_length(80)), [""; 0]);
        assert_eq!(
            complaints(path, &of_length(81)),
            ["1 function-length: `f` has 81 lines, more than 80"]
        );
    }

    #[test]
    fn ignored_tests_are_found_however_they_are_ignored() {
        for ignore in ["ignore", "ignore = \"slow\"", "cfg_attr(windows, ignore)"] {
            let source = format!("#[test]\n#[{ignore}]\nfn f() {{}}\n");
            assert_eq!(
                complaints("crates/desk/tests/it/a.rs", &source),
                ["2 ignored-test: a test is ignored"],
                "{ignore}"
            );
        }
        let source = "#[cfg_attr(feature = \"ignored\", inline)]\nfn f() {}\n";
        assert_eq!(complaints("crates/desk/src/a.rs", source), [""; 0]);
    }

    #[test]
    fn unfinished_code_is_found_inside_of_macros() {
        for (source, name) in [
            ("fn f() { vec![g(todo!())]; }\n", "todo!"),
            ("fn f() { unimplemented!() }\n", "unimplemented!"),
        ] {
            assert_eq!(
                complaints("crates/desk/src/a.rs", source),
                [format!("1 unfinished-code: `{name}` is no code")]
            );
        }
    }

    #[test]
    fn only_tests_may_not_sleep() {
        let source = "async fn f() { tokio::time::sleep(d).await; }\n";
        assert_eq!(complaints("crates/testkit/src/a.rs", source), [""; 0]);
        assert_eq!(
            complaints("crates/channel/tests/it/a.rs", source),
            ["1 sleep-in-test: a test sleeps"]
        );
    }

    #[test]
    fn only_the_edge_may_excuse_itself_from_the_clock() {
        let source = "#[expect(clippy::disallowed_methods, reason = \"x\")]\nfn f() {}\n";
        assert_eq!(complaints("crates/simulate/src/a.rs", source), [""; 0]);
        assert_eq!(complaints("crates/journey/examples/a.rs", source), [""; 0]);
        assert_eq!(
            complaints("crates/desk/src/a.rs", source),
            ["1 own-clock: `desk` excuses itself from clippy's list of clocks"]
        );
    }

    #[test]
    fn sockets_open_only_where_carriers_and_feeds_live() {
        let source = "use tokio::net::TcpStream;\n";
        for allowed in [
            "channel/src/a.rs",
            "exchange/src/link/mllp.rs",
            "web/tests/it/a.rs",
        ] {
            let path = format!("crates/{allowed}");
            assert_eq!(complaints(&path, source), [""; 0], "{path}");
        }
        assert_eq!(
            complaints("crates/exchange/src/hl7/a.rs", source),
            ["1 client-socket: `exchange` names `TcpStream`"]
        );
        assert_eq!(
            complaints("crates/desk/src/a.rs", "fn f() { reqwest::get(u); }\n"),
            ["1 client-socket: `desk` names `reqwest`"]
        );
    }

    #[test]
    fn core_types_are_not_serialized() {
        let source = "#[derive(Clone, Serialize)]\nstruct Visit;\nimpl Serialize for Day {}\n";
        assert_eq!(
            complaints("crates/care/src/a.rs", source),
            [
                "1 core-serialize: `Visit` can be serialized",
                "3 core-serialize: `Day` can be serialized"
            ]
        );
        assert_eq!(complaints("crates/journey/src/a.rs", source), [""; 0]);
    }

    #[test]
    fn personal_types_do_not_print() {
        let source = "#[derive(Debug)]\nstruct Phone(String);\nimpl fmt::Display for Mrn {}\n\
            impl fmt::Debug for Email {}\n";
        assert_eq!(
            complaints("crates/care/src/contact.rs", source),
            [
                "1 personal-print: `Phone` prints what it holds by `Debug`",
                "3 personal-print: `Mrn` prints what it holds by `Display`"
            ]
        );
    }

    #[test]
    fn a_personal_type_that_was_renamed_is_missed() {
        let source = "struct PersonName; struct Phone; struct Email; struct Body;\n";
        let findings = complaints("crates/care/src/lib.rs", source);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].contains("`Mrn` is gone"), "{findings:?}");
    }

    #[test]
    fn statements_are_told_from_sentences() {
        for statement in [
            "select id from visit where practice = $1",
            "  insert into visit (id)\n values ($1)",
            "update visit set status = $1",
            "DELETE FROM visit",
            "with due as (select 1) select * from due",
            "create table visit (id bigint)",
        ] {
            assert!(is_sql(statement), "{statement}");
        }
        for sentence in [
            "select a patient",
            "update the visit",
            "insert into the book",
            "delete from the list",
            "with care as always",
            "create database",
        ] {
            assert!(!is_sql(sentence), "{sentence}");
        }
    }

    #[test]
    fn sql_lives_in_the_store() {
        let source = "fn f() { db.query(\"select id from visit\"); }\n";
        assert_eq!(complaints("crates/store/src/a.rs", source), [""; 0]);
        assert_eq!(
            complaints("crates/desk/src/a.rs", source),
            ["1 sql-outside-store: a text is an SQL statement"]
        );
    }

    #[test]
    fn what_does_not_parse_is_a_finding() {
        let findings = complaints("crates/desk/src/a.rs", "fn f( {\n");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("syntax"), "{findings:?}");
    }
}
