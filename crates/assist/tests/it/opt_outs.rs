//! Any reasonable wording stops the messages; an innocent stop, cancel or end does not.

use tendon_assist::{Class, Context, OptOutScope, Prompt, understand};
use tendon_care::purpose::Purpose;

use crate::rows::{Row, assert_share, read};

fn rows() -> Vec<Row> {
    read(include_str!("../data/opt_outs.tsv"))
}

fn opts_out(text: &str) -> bool {
    understand(text, &Context::default()).opt_out.is_some()
}

#[test]
fn every_reasonable_wording_is_an_opt_out() {
    let rows = rows();
    let out = || rows.iter().filter(|row| row.expected == "out");
    assert!(out().count() >= 300);
    assert_share("opt-outs", out(), 0.99, |row| opts_out(row.text));
    let spanish = out().filter(|row| row.language == "es");
    assert_share("Spanish opt-outs", spanish, 0.98, |row| opts_out(row.text));
}

#[test]
fn innocent_words_are_none() {
    let rows = rows();
    let keep = || rows.iter().filter(|row| row.expected == "keep");
    assert!(keep().count() >= 300);
    assert_share("innocent", keep(), 0.99, |row| !opts_out(row.text));
}

#[test]
fn no_open_prompt_hides_an_opt_out() {
    for prompt in Prompt::ALL {
        let context = Context {
            prompt,
            ..Context::default()
        };
        for text in [
            "STOP",
            "stop texting me",
            "yes, and stop texting me",
            "no me manden mas mensajes",
        ] {
            let heard = understand(text, &context);
            assert_eq!(
                heard.opt_out,
                Some(OptOutScope::Everything),
                "{text} in {}",
                prompt.code()
            );
        }
    }
}

#[test]
fn a_stop_beside_an_answer_or_a_name_is_a_stop() {
    for prompt in Prompt::ALL {
        let context = Context {
            prompt,
            ..Context::default()
        };
        for text in [
            "3 STOP",
            "STOP 1",
            "1 STOP",
            "C stop",
            "x and stop",
            "2. Stop please",
            "STOP3",
            "9 stop",
            "STOP Ana",
            "Stop, Ana Morales",
            "Ana. STOP",
            "st0p",
            "St0p",
            "5top",
            "alto 3",
            "3 y basta",
        ] {
            let heard = understand(text, &context);
            assert_eq!(
                heard.opt_out,
                Some(OptOutScope::Everything),
                "{text} in {}",
                prompt.code()
            );
        }
        for text in [
            "Truck stop",
            "Stop Naproxen?",
            "stop 3 sets",
            "3 stops",
            "x",
            "3",
        ] {
            let heard = understand(text, &context);
            assert_eq!(heard.opt_out, None, "{text} in {}", prompt.code());
        }
    }
}

#[test]
fn the_answer_beside_a_stop_counts_as_well() {
    let visit = Context {
        prompt: Prompt::Visit,
        ..Context::default()
    };
    for (text, class) in [
        ("1 STOP", Class::Confirm),
        ("stop, c", Class::Confirm),
        ("2 and stop", Class::Reschedule),
        ("3 STOP", Class::CancelVisit),
        ("STOP X please", Class::CancelVisit),
    ] {
        let heard = understand(text, &visit);
        assert_eq!(heard.class, Class::OptOutAll, "{text}");
        assert_eq!(heard.also, [class], "{text}");
        assert!(!heard.unclear_cancel, "{text}");
        let none = understand(text, &Context::default());
        assert_eq!(none.also, [], "{text}");
    }
}

#[test]
fn cancel_while_a_visit_is_asked_about_means_both() {
    for text in ["CANCEL", "cancel please", "Cancelar"] {
        let visit = Context {
            prompt: Prompt::Visit,
            ..Context::default()
        };
        let heard = understand(text, &visit);
        assert_eq!(
            (heard.class, heard.says(Class::CancelVisit)),
            (Class::OptOutAll, true),
            "{text}"
        );
        assert!(heard.unclear_cancel, "{text}");
        let none = understand(text, &Context::default());
        assert_eq!(
            (none.class, none.says(Class::CancelVisit)),
            (Class::OptOutAll, false),
            "{text}"
        );
    }
}

#[test]
fn one_kind_of_message_can_be_stopped() {
    for (text, purpose) in [
        ("no more surveys please", Purpose::Feedback),
        ("stop the exercise reminders", Purpose::CareOther),
        ("stop texting me about my bill", Purpose::Financial),
        ("stop sending me promotions", Purpose::Marketing),
        ("stop the appointment reminders", Purpose::Care),
        ("no más encuestas", Purpose::Feedback),
    ] {
        let heard = understand(text, &Context::default());
        assert!(heard.says(Class::OptOutCategory), "{text}: {}", heard.class);
        if heard.class == Class::OptOutCategory {
            assert_eq!(heard.opt_out, Some(OptOutScope::Purpose(purpose)), "{text}");
        }
    }
}

#[test]
fn a_yes_is_a_fresh_opt_in_only_to_who_opted_out() {
    let out = Context {
        prompt: Prompt::Visit,
        opted_out: true,
        ..Context::default()
    };
    assert_eq!(understand("START", &out).class, Class::OptIn);
    let confirms = Context {
        prompt: Prompt::Visit,
        ..Context::default()
    };
    assert_eq!(understand("YES", &confirms).class, Class::Confirm);
    // Nothing is asked: it answers what a person wrote.
    for text in ["YES", "yes please", "Si", "yep", "sure"] {
        let none = understand(text, &Context::default());
        assert_eq!(none.class, Class::UnknownHuman, "{text}");
    }
    let again = Context {
        opted_out: true,
        ..Context::default()
    };
    assert_eq!(understand("YES", &again).class, Class::OptIn);
}
