//! Every message in every language with every sample, and the rules of overriding.

use std::collections::BTreeSet;
use std::path::Path;

use tendon_care::lint::Code;
use tendon_care::purpose::Purpose;
use tendon_care::segment::{Encoding, MAX_PARTS, segments};

use super::*;

fn catalogue() -> Catalogue {
    match Catalogue::built_in() {
        Ok(catalogue) => catalogue,
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn channels(meta: &Meta) -> Vec<Channel> {
    meta.channels.clone()
}

#[test]
fn every_folder_is_compiled_in_with_every_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("messages");
    let on_disk: BTreeSet<String> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('_'))
        .collect();
    let compiled: BTreeSet<String> = catalogue().names().map(str::to_owned).collect();
    assert_eq!(
        on_disk, compiled,
        "touch src/wording/mod.rs after adding a folder"
    );
    assert_eq!(compiled.len(), 25);
}

#[test]
fn a_message_without_a_language_is_refused() {
    let mut catalogue = catalogue();
    catalogue
        .messages
        .insert("half-done".to_owned(), catalogue.messages["help"].clone());
    catalogue
        .engine
        .add("half-done/en.sms", "{{ clinic }}: hello")
        .unwrap();
    let problems = catalogue.missing_words();
    assert_eq!(
        problems,
        [problem(
            "half-done",
            Some(Language::Spanish),
            "sms",
            Reason::Missing
        )]
    );
}

#[test]
fn every_message_passes_the_checks_that_own_words_must_pass() {
    let catalogue = catalogue();
    let mut problems = Vec::new();
    for (name, meta) in &catalogue.messages {
        for language in Language::ALL {
            for part in parts_of(meta) {
                let (source, version) = catalogue.source(name, language, part).unwrap();
                assert_eq!(version, 0);
                for reason in check::check(meta, language, part, &source) {
                    problems.push(problem(name, Some(language), part.code(), reason).to_string());
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_text_is_short_in_every_language_with_every_sample() {
    let catalogue = catalogue();
    let mut rendered = 0;
    for (name, meta) in &catalogue.messages {
        for language in Language::ALL {
            for values in samples().into_iter().filter(|v| v.lacks(meta).is_none()) {
                for channel in channels(meta) {
                    let content = catalogue.render(name, language, &values, channel).unwrap();
                    let text = content.text.expose();
                    assert!(!text.contains("{{"), "{name}: {text}");
                    assert_eq!(
                        catalogue.lint(name, &values, &content),
                        [],
                        "{name}: {text}"
                    );
                    rendered += 1;
                    if channel != Channel::Sms {
                        assert!(content.html.unwrap().expose().contains("</html>"), "{name}");
                        assert!(!content.subject.unwrap().expose().contains('\n'), "{name}");
                        continue;
                    }
                    assert!(segments(text).parts <= MAX_PARTS, "{name}: {text}");
                    for line in text.split('\n') {
                        let seg = segments(line);
                        assert!(seg.units <= 160, "{name}: {} {line}", seg.units);
                        let plain = values.clinic.is_ascii()
                            && values
                                .first_name
                                .as_deref()
                                .is_none_or(|n| !n.contains('Á'));
                        assert!(!plain || seg.encoding == Encoding::Gsm7, "{name}: {line}");
                    }
                }
            }
        }
    }
    assert!(rendered > 300, "{rendered}");
}

#[test]
fn a_practice_without_a_phone_asks_nobody_to_call() {
    let catalogue = catalogue();
    for (name, meta) in &catalogue.messages {
        for language in Language::ALL {
            for mut values in samples().into_iter().filter(|v| v.lacks(meta).is_none()) {
                values.phone = String::new();
                for channel in channels(meta) {
                    let content = catalogue.render(name, language, &values, channel).unwrap();
                    let text = content.text.expose();
                    for gap in ["  ", " .", " ,", " ;", "at .", "al .", " call.", "llame."] {
                        assert!(!text.contains(gap), "{name}: {text}");
                    }
                }
            }
        }
    }
    let mut values = samples()[0].clone();
    values.phone = String::new();
    let say = |name: &str| {
        let content = catalogue.render(name, Language::English, &values, Channel::Sms);
        content.unwrap().text.expose().to_owned()
    };
    assert_eq!(
        say("stop-confirmed"),
        "Hill Clinic: you are unsubscribed and will get no more texts."
    );
    assert_eq!(
        say("help"),
        "Hill Clinic care texts. Msg & data rates may apply. Reply STOP to end."
    );
}

#[test]
fn words_are_as_they_should_be_read() {
    let catalogue = catalogue();
    let values = &samples()[0];
    let say = |name: &str, language| {
        let content = catalogue
            .render(name, language, values, Channel::Sms)
            .unwrap();
        content.text.expose().to_owned()
    };
    assert_eq!(
        say("visit-reminder-1-day", Language::English),
        "Hill Clinic: Hi Jo, we will see you Tue Nov 24, 8:40 am. Reply 1 to confirm, 2 to move, \
         3 can't come. https://go.hill.example/v/Jk3_9fQ2mZp81LtRvwX0aB"
    );
    assert_eq!(
        say("visit-reminder-1-day", Language::Spanish),
        "Hill Clinic: Hola Jo, le esperamos el mar 24 nov, 8:40 a. m. Responda: 1 confirmo, 2 cambiar, \
         3 no puedo ir. https://go.hill.example/v/Jk3_9fQ2mZp81LtRvwX0aB"
    );
    assert_eq!(
        say("help", Language::English),
        "Hill Clinic care texts. Help: (312) 555-0142. Msg & data rates may apply. \
         Reply STOP to end."
    );
}

#[test]
fn an_unreviewed_safety_text_goes_out_with_the_english_one() {
    let catalogue = catalogue();
    let render = |language| {
        let content = catalogue.render("red-flag-emergency", language, &samples()[0], Channel::Sms);
        content.unwrap().text.expose().to_owned()
    };
    let english = render(Language::English);
    let spanish = render(Language::Spanish);
    assert!(english.contains("Call 911 now"));
    assert!(
        spanish.contains("Llame al 911 ahora") && spanish.ends_with(&english),
        "{spanish}"
    );
    assert_eq!(
        catalogue.written_in("red-flag-emergency", Language::Spanish, Channel::Sms),
        Some(Tongue::WithEnglish(Language::Spanish))
    );
    let reviewed = Override {
        name: "red-flag-emergency".to_owned(),
        language: Language::Spanish,
        part: Part::Sms,
        source: "{{ clinic }}: Llame al {{ emergency }} ahora.".to_owned(),
        version: 3,
        status: Status::HumanReviewed,
    };
    let (own, problems) = catalogue.clone().with_overrides(vec![reviewed]);
    assert_eq!(problems, []);
    assert_eq!(
        own.written_in("red-flag-emergency", Language::Spanish, Channel::Sms),
        Some(Tongue::One(Language::Spanish))
    );
    let (_, version) = own
        .source("red-flag-emergency", Language::Spanish, Part::Sms)
        .unwrap();
    assert_eq!(version, 3);
}

#[test]
fn own_words_pass_the_same_checks_or_are_left_out() {
    let catalogue = catalogue();
    let own = |source: &str, part| Override {
        name: "visit-moved".to_owned(),
        language: Language::English,
        part,
        source: source.to_owned(),
        version: 1,
        status: Status::Source,
    };
    let refused = |source: &str, part| -> Vec<Reason> {
        let found = catalogue.check(&own(source, part));
        found.into_iter().map(|p| p.reason).collect()
    };
    let lint = |code| vec![Reason::Lint(code)];
    assert_eq!(refused("{{ clinic }}: now {{ when }}", Part::Sms), []);
    assert_eq!(
        refused("{{ clinic }}: your knee {{ when }}", Part::Sms),
        lint(Code::BodyPart)
    );
    assert_eq!(refused("now {{ when }}", Part::Sms), lint(Code::NoClinic));
    assert_eq!(
        refused("{{ clinic }}: reply YES", Part::Sms),
        lint(Code::CarrierWord)
    );
    assert_eq!(
        refused("{{ clinic }}: {{ mrn }}", Part::Sms),
        [Reason::UnknownVariable("mrn".to_owned())]
    );
    assert!(matches!(
        refused("{{ clinic", Part::Sms)[..],
        [Reason::Template { line: 1, .. }]
    ));
    assert_eq!(
        refused(
            "{{ clinic }} <img src='https://x.example/p.gif'>",
            Part::Html
        ),
        [Reason::Remote]
    );
    assert!(
        refused(
            &format!("{{{{ clinic }}}}: {}", "long ".repeat(40)),
            Part::Sms
        )
        .contains(&Reason::TooLong)
    );

    let bad = own("your knee", Part::Sms);
    let good = own("{{ clinic }}: now {{ when }}", Part::Sms);
    let (after, problems) = catalogue.clone().with_overrides(vec![good, bad]);
    assert_eq!(problems.len(), 2);
    let text = after.render(
        "visit-moved",
        Language::English,
        &samples()[0],
        Channel::Sms,
    );
    assert_eq!(
        text.unwrap().text.expose(),
        "Hill Clinic: now Tue Nov 24, 8:40 am"
    );
    let unknown = Override {
        name: "poem".to_owned(),
        ..own("x", Part::Sms)
    };
    assert_eq!(catalogue.check(&unknown)[0].reason, Reason::UnknownMessage);
}

#[test]
fn what_is_missing_is_named_and_no_value_is() {
    let catalogue = catalogue();
    let mut values = samples()[0].clone();
    values.visit = None;
    let render = |name, values: &Values, channel| {
        catalogue
            .render(name, Language::English, values, channel)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        render("visit-moved", &values, Channel::Sms),
        "message visit-moved needs when"
    );
    assert_eq!(
        render("poem", &values, Channel::Sms),
        "no message is called poem"
    );
    assert_eq!(
        render("help", &values, Channel::Email),
        "message help has no words for email"
    );
    values.link = None;
    assert_eq!(
        render("link-sign-in-note", &values, Channel::Sms),
        "message link-sign-in-note needs link"
    );
}

#[test]
fn values_cannot_break_out_of_their_place() {
    let catalogue = catalogue();
    let mut values = samples()[0].clone();
    values.first_name = Some("<b>Jo</b>\r\nBcc: x {{ clinic }}".to_owned());
    let mail = catalogue
        .render("visit-moved", Language::English, &values, Channel::Email)
        .unwrap();
    let html = mail.html.unwrap();
    assert!(!html.expose().contains("<b>"));
    assert!(html.expose().contains("&lt;b&gt;Jo"));
    assert!(
        mail.text
            .expose()
            .contains("Hi <b>Jo</b>  Bcc: x {{ clinic }},")
    );
    assert_eq!(format!("{values:?}"), "Values(…)");
}

#[test]
fn what_a_value_smuggles_in_is_found_after_the_merge() {
    let catalogue = catalogue();
    let mut values = samples()[0].clone();
    values.phone = "your knee (312) 555-0142".to_owned();
    let content = catalogue
        .render("help", Language::English, &values, Channel::Sms)
        .unwrap();
    let found = catalogue.lint("help", &values, &content);
    let codes: Vec<_> = found.iter().map(|(part, f)| (*part, f.code)).collect();
    assert_eq!(codes, [(Part::Sms, Code::BodyPart)]);
}

#[test]
fn names_give_way_before_the_length_does() {
    let catalogue = catalogue();
    let mut values = samples()[1].clone();
    let text = |values: &Values| {
        let content = catalogue.render("visit-moved", Language::Spanish, values, Channel::Sms);
        content.unwrap().text.expose().to_owned()
    };
    assert!(!text(&values).contains("https://"));
    values.clinic = "Hill".to_owned();
    values.first_name = Some("Jo".to_owned());
    assert!(text(&values).contains("https://"));
}

#[test]
fn two_languages_that_do_not_fit_become_english() {
    let catalogue = catalogue();
    let mut values = samples()[0].clone();
    values.clinic = "Клиника на холме у реки".to_owned();
    let content = catalogue.render("red-flag-crisis", Language::Spanish, &values, Channel::Sms);
    let text = content.unwrap().text.expose().to_owned();
    assert!(
        text.contains("call or text 988") && !text.contains("llame"),
        "{text}"
    );
    assert!(segments(&text).parts <= MAX_PARTS);
}

#[test]
fn purposes_are_those_of_the_law() {
    let catalogue = catalogue();
    let purpose = |name| catalogue.meta(name).unwrap().purpose;
    assert_eq!(purpose("stop-confirmed"), Purpose::Safety);
    assert_eq!(purpose("visit-reminder-1-day"), Purpose::Care);
    assert_eq!(purpose("plan-unbooked"), Purpose::CareOther);
}
