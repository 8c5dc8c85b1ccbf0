use super::*;
use crate::rules::{Number, RulePack};

/// A row that is in order, for tests to spoil.
const GOOD: &str = r#"
[[rule]]
rule_id = "link.lifetime_days"
jurisdiction = "product"
value = 7
effective_from = 2024-01-01
effective_to = 2024-12-31
source = "here"
verified_on = 2026-11-22
"#;

fn problems(text: &str) -> Vec<RuleProblem> {
    RulePack::parse("test", text).unwrap_err()
}

/// Replaces one line of [`GOOD`] and returns the only problem.
fn spoiled(from: &str, to: &str) -> RuleProblem {
    assert!(GOOD.contains(from), "{from}");
    let mut problems = problems(&GOOD.replace(from, to));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

#[test]
fn a_good_row_is_read_with_its_line() {
    let pack = RulePack::parse("test", GOOD).unwrap();
    let rule = &pack.rules()[0];
    assert_eq!(rule.value, Value::Number(Number::LinkLifetimeDays, 7));
    assert_eq!(rule.line, 2);
    assert!(rule.holds_on(date(2024, 12, 31)) && !rule.holds_on(date(2025, 1, 1)));
    assert_eq!(RulePack::parse("empty", "").unwrap().rules(), []);
}

#[test]
fn every_bad_cell_is_named_with_rule_field_and_line() {
    for (from, to, field, line) in [
        ("value = 7", "value = \"7\"", "value", 5),
        ("value = 7", "value = -1", "value", 5),
        ("value = 7\n", "", "value", 2),
        ("\"product\"", "\"XX\"", "jurisdiction", 4),
        ("2024-01-01", "\"2024-02-30\"", "effective_from", 6),
        ("2024-01-01", "2024-01-01T08:00:00Z", "effective_from", 6),
        ("2024-01-01", "1999-12-31", "effective_from", 6),
        ("2024-12-31", "2023-12-31", "effective_to", 7),
        ("\"here\"", "\" \"", "source", 8),
        ("verified_on = 2026-11-22\n", "", "verified_on", 2),
        ("verified_on", "verified", "verified_on", 2),
    ] {
        let found = problems(&GOOD.replace(from, to));
        let named = found.iter().any(|problem| {
            problem.field == field
                && problem.line == line
                && problem.rule_id.as_deref() == Some("link.lifetime_days")
        });
        assert!(named, "{to}: {found:#?}");
    }
    let unknown = spoiled("link.lifetime_days", "link.lifetime");
    assert_eq!((unknown.field.as_str(), unknown.line), ("rule_id", 3));
    assert_eq!(
        unknown.to_string(),
        "test:3: link.lifetime: rule_id: is no rule that this version knows"
    );
}

#[test]
fn a_date_that_toml_itself_refuses_still_names_the_rule() {
    let found = problems(&GOOD.replace("2024-12-31", "2025-02-29"));
    assert!(found.iter().all(|problem| problem.line == 7), "{found:#?}");
    assert!(
        found.iter().any(|problem| {
            problem.field == "effective_to"
                && problem.rule_id.as_deref() == Some("link.lifetime_days")
        }),
        "{found:#?}"
    );
}

#[test]
fn broken_toml_and_foreign_tables_are_problems() {
    assert_eq!(
        problems("[[rule]\nx").first().map(|problem| problem.line),
        Some(1)
    );
    assert_eq!(problems("[law]\na = 1")[0].field, "law");
    assert_eq!(problems("rule = 3")[0].field, "rule");
    assert_eq!(problems("rule = [3]")[0].field, "rule");
}

#[test]
fn overlaps_and_holes_name_both_rows() {
    let later = GOOD.replace("2024-12-31", "2026-12-31");
    let next = |from: &str| format!("{GOOD}{}", later.replace("2024-01-01", from));
    assert!(RulePack::parse("test", &next("2025-01-01")).is_ok());
    for (from, reason) in [
        ("2024-12-31", "overlaps the row in line 2"),
        ("2025-01-02", "leaves a hole after the row in line 2"),
    ] {
        let found = problems(&next(from));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].reason, reason);
        assert_eq!(found[0].line, 11);
        assert_eq!(found[0].rule_id.as_deref(), Some("link.lifetime_days"));
    }
    let open = GOOD.replace("effective_to = 2024-12-31\n", "");
    let twice = format!("{open}{}", open.replace("2024-01-01", "2030-01-01"));
    assert_eq!(problems(&twice)[0].reason, "overlaps the row in line 2");
}

#[test]
// tidy-allow(function-length): one case for each family of values.
fn values_of_every_family_are_checked() {
    let windows = |value: &str| {
        GOOD.replace("link.lifetime_days", "window.test")
            .replace("value = 7", &format!("value = {value}"))
    };
    for (value, field, words) in [
        (
            "{ purposes = [\"P1\"], mon-sat = \"08:00-20:00\" }",
            "value",
            "nothing about sun",
        ),
        (
            "{ purposes = [\"P1\"], mon-sun = \"08:00-20:00\", wed = \"closed\" }",
            "value.wed",
            "some already",
        ),
        (
            "{ purposes = [\"P9\"], mon-sun = \"08:00-20:00\" }",
            "value.purposes",
            "P0 to P5",
        ),
        (
            "{ purposes = [], mon-sun = \"08:00-20:00\" }",
            "value.purposes",
            "at least one",
        ),
        ("{ mon-sun = \"08:00-20:00\" }", "value.purposes", "missing"),
        (
            "{ purposes = [\"P1\"], mon-sun = \"20:00-08:00\" }",
            "value.mon-sun",
            "hours such as",
        ),
        (
            "{ purposes = [\"P1\"], sun-mon = \"08:00-20:00\" }",
            "value.sun-mon",
            "weekday",
        ),
        ("\"08:00-20:00\"", "value", "table"),
    ] {
        let found = problems(&windows(value));
        assert_eq!(found.len(), 1, "{value}: {found:#?}");
        assert_eq!(found[0].field, field, "{value}");
        assert!(
            found[0].reason.contains(words),
            "{value}: {}",
            found[0].reason
        );
    }
    for (id, value, field) in [
        (
            "cap.x",
            "{ purposes = [\"P1\"], max = 1, per = \"1 week\", counts = \"both\" }",
            "value.per",
        ),
        (
            "cap.x",
            "{ purposes = [\"P1\"], max = 1, per = \"0 days\", counts = \"both\" }",
            "value.per",
        ),
        (
            "cap.x",
            "{ purposes = [\"P1\"], max = 1, per = \"1 day\", counts = \"dog\" }",
            "value.counts",
        ),
        (
            "cap.x",
            "{ purposes = [\"P1\"], max = 1, per = \"1 day\" }",
            "value.counts",
        ),
        (
            "cap.x",
            "{ purposes = [\"P1\"], maxx = 1, per = \"1 day\", counts = \"both\" }",
            "value.maxx",
        ),
        ("holiday.x", "{ month = 2, day = 30 }", "value.day"),
        ("holiday.x", "{ month = 13, day = 1 }", "value.month"),
        (
            "holiday.x",
            "{ month = 5, weekday = \"mon\", nth = 0 }",
            "value.nth",
        ),
        (
            "holiday.x",
            "{ month = 5, weekday = \"monday\", nth = 1 }",
            "value.weekday",
        ),
        ("keywords.help", "[\"!\"]", "value"),
        ("keywords.help", "[]", "value"),
        ("consent.P2", "\"shouted\"", "value"),
        ("revocation.scope_mode", "\"both\"", "value"),
        ("safety.emergency_number", "911", "value"),
        ("keywords.shout", "[\"a\"]", "rule_id"),
        ("consent.P7", "\"form\"", "rule_id"),
    ] {
        let text = GOOD
            .replace("link.lifetime_days", id)
            .replace("value = 7", &format!("value = {value}"));
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{id} {value}: {found:#?}");
        assert_eq!(found[0].field, field, "{id} {value}");
        assert_eq!(found[0].rule_id.as_deref(), Some(id));
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\[\\[rule\\]\\]|rule_id|value|=|\"window.P1\"|\\{|\\}|\n|[0-9]{4}-[0-9]{2}-[0-9]{2}|.){0,40}") {
        let _ = RulePack::parse("noise", &text);
    }

    #[test]
    fn cutting_a_pack_anywhere_is_a_problem_or_a_shorter_pack(cut in 0..GOOD.len()) {
        if let Ok(pack) = RulePack::parse("cut", &GOOD[..cut]) {
            proptest::prop_assert!(pack.rules().len() <= 1);
        }
    }
}
