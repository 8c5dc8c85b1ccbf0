//! Answers to open prompts and the sorting of everything else.

use tendon_assist::{Class, Confidence, Context, Prompt, understand};
use tendon_care::language::Language;

use crate::rows::{assert_share, read};

/// The column of the language holds the prompt here.
#[test]
fn messages_are_sorted_by_prompt_and_words() {
    let rows = read(include_str!("../data/classes.tsv"));
    assert!(rows.len() >= 300);
    let said = |row: &crate::rows::Row| {
        let prompt = Prompt::from_code(row.language).unwrap();
        understand(
            row.text,
            &Context {
                prompt,
                ..Context::default()
            },
        )
        .class
    };
    for class in Class::ALL {
        let of_class = rows.iter().filter(|row| row.expected == class.code());
        assert!(of_class.count() >= 3, "{class} has too few rows");
    }
    assert_share("classes", rows.iter(), 0.97, |row| {
        said(row).code() == row.expected
    });
}

#[test]
fn scores_and_pain_are_read() {
    let survey = Context {
        prompt: Prompt::Survey,
        ..Context::default()
    };
    for (text, value) in [
        ("9", Some(9)),
        ("I'd give it a 10!", Some(10)),
        ("diez", Some(10)),
        ("0", Some(0)),
    ] {
        let heard = understand(text, &survey);
        assert_eq!(
            (heard.class, heard.value),
            (Class::SurveyScore, value),
            "{text}"
        );
    }
    let pain = understand("my knee pain is 7/10 today", &Context::default());
    assert_eq!((pain.class, pain.value), (Class::PainReport, Some(7)));
}

#[test]
fn the_rule_the_words_and_the_confidence_are_named() {
    let text = "Hi! Please stop texting me, thanks";
    let heard = understand(text, &Context::default());
    let matched = heard.matched.unwrap();
    assert_eq!(&text[matched.span], "stop texting");
    assert_eq!(matched.rule, "opt-out-no-more-messages");
    assert_eq!(heard.confidence, Confidence::Phrase);
    assert_eq!(
        understand("STOP", &Context::default()).confidence,
        Confidence::Exact
    );
    assert_eq!(
        understand("sotp", &Context::default()).confidence,
        Confidence::Typo
    );
    assert_eq!(
        understand("zxcv", &Context::default()).confidence,
        Confidence::None
    );
}

#[test]
fn languages_are_told_and_switched() {
    let english = Context::default();
    assert_eq!(
        understand("no puedo ir mañana", &english).language,
        Language::Spanish
    );
    assert_eq!(
        understand("I can't come tomorrow", &english).language,
        Language::English
    );
    let spanish = Context {
        language: Language::Spanish,
        ..english
    };
    assert_eq!(understand("ok", &spanish).language, Language::Spanish);
    let switch = understand("español por favor", &english);
    assert_eq!(
        (switch.class, switch.wants_language),
        (Class::LanguageSwitch, Some(Language::Spanish))
    );
    assert!(understand("胸が痛い", &english).unreadable);
}

#[test]
fn our_own_quoted_words_mean_nothing() {
    for text in [
        "Liked “Reply STOP to end”",
        "Le gustó “Responda ALTO para terminar. Dolor de pecho: llame al 911”",
        "ok thanks\n> Reply STOP to end",
    ] {
        let heard = understand(text, &Context::default());
        assert_eq!((heard.opt_out, heard.red_flag), (None, None), "{text}");
    }
}
