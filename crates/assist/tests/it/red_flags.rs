//! Recall of the red-flag lexicon and its silence on routine traffic.
//!
//! The bounds are those of the safety policy: E and S 0.99, U 0.95, false E on
//! routine at most 1 %.

use tendon_assist::{Class, Context, understand};

use crate::rows::{Row, assert_share, read};

fn rows() -> Vec<Row> {
    read(include_str!("../data/red_flags.tsv"))
}

fn means(text: &str, class: Class) -> bool {
    understand(text, &Context::default()).says(class)
}

fn acts(text: &str) -> bool {
    understand(text, &Context::default())
        .red_flag
        .is_some_and(|flag| flag.acts())
}

#[test]
fn the_set_is_as_large_and_as_mixed_as_the_policy_asks() {
    let rows = rows();
    let share = |of: &dyn Fn(&Row) -> bool| {
        rows.iter().filter(|row| of(row)).count() as f64 / rows.len() as f64
    };
    assert!(rows.len() >= 1_000);
    assert!(share(&|row| row.language == "es") >= 0.10);
    assert!(share(&|row| row.expected == "denied") >= 0.20);
    assert!(share(&|row| row.typo) >= 0.15);
    assert!(rows.iter().filter(|row| row.expected == "routine").count() >= 250);
}

#[test]
fn emergencies_and_crises_are_heard() {
    let rows = rows();
    for (letter, class, least) in [
        ("E", Class::RedFlagE, 0.99),
        ("S", Class::RedFlagS, 0.99),
        ("A", Class::RedFlagA, 0.99),
    ] {
        let of_level = rows.iter().filter(|row| row.expected == letter);
        assert_share(letter, of_level, least, |row| means(row.text, class));
    }
}

#[test]
fn what_needs_a_clinician_today_is_heard() {
    let rows = rows();
    let urgent = rows.iter().filter(|row| row.expected == "U");
    // An urgent sign heard as an emergency is a page too many, not a miss.
    assert_share("U", urgent, 0.95, |row| {
        means(row.text, Class::RedFlagU) || means(row.text, Class::RedFlagE)
    });
}

#[test]
fn typos_and_spanish_are_heard_as_well() {
    let rows = rows();
    let acting = |row: &&Row| ["E", "S", "A", "U"].contains(&row.expected);
    let typos = rows.iter().filter(|row| row.typo).filter(acting);
    assert_share("typos", typos, 0.98, |row| acts(row.text));
    let spanish = rows
        .iter()
        .filter(|row| row.language == "es")
        .filter(acting);
    assert_share("Spanish", spanish, 0.98, |row| acts(row.text));
}

#[test]
fn denied_signs_are_kept_but_do_not_page() {
    let rows = rows();
    let denied = rows.iter().filter(|row| row.expected == "denied");
    assert_share("denied", denied, 0.98, |row| {
        let flag = understand(row.text, &Context::default()).red_flag;
        flag.is_some_and(|flag| flag.negated && !flag.acts())
    });
}

#[test]
fn history_goes_to_a_person_without_paging() {
    let rows = rows();
    let past = rows.iter().filter(|row| row.expected == "past");
    assert_share("past", past, 1.0, |row| {
        let heard = understand(row.text, &Context::default());
        !heard.class.is_red_flag() && heard.red_flag.is_some_and(|flag| flag.past)
    });
}

#[test]
fn routine_messages_do_not_page() {
    let rows = rows();
    let routine = || rows.iter().filter(|row| row.expected == "routine");
    assert_share("routine without E", routine(), 0.99, |row| {
        !means(row.text, Class::RedFlagE)
    });
    assert_share("routine without any flag", routine(), 0.97, |row| {
        !acts(row.text)
    });
}
