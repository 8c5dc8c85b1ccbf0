//! Public corpora of routine talk, where they lie beside the checkout: red
//! flags and opt-outs must stay quiet there, and carrier keywords be obeyed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use tendon_assist::{Class, Context, understand};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

/// Opens a file of the corpora; prints why the test is skipped where it is absent.
fn lines(path: &str) -> Option<Vec<String>> {
    let full = PathBuf::from(DATA).join(path);
    let Ok(file) = File::open(&full) else {
        println!("SKIPPED: no data set {path}");
        return None;
    };
    let lines = if full.extension().is_some_and(|kind| kind == "gz") {
        BufReader::new(GzDecoder::new(file))
            .lines()
            .collect::<Result<_, _>>()
    } else {
        BufReader::new(file).lines().collect::<Result<_, _>>()
    };
    Some(lines.unwrap())
}

/// Asserts how many of the texts may be taken for emergencies and opt-outs.
fn assert_quiet(name: &str, texts: &[String], emergencies: f64, opt_outs: f64) {
    assert!(texts.len() > 100, "{name}: too few texts");
    let mut emergency = Vec::new();
    let mut out = Vec::new();
    for text in texts {
        let heard = understand(text, &Context::default());
        if heard.says(Class::RedFlagE) {
            emergency.push(text.as_str());
        }
        if heard.opt_out.is_some() {
            out.push(text.as_str());
        }
    }
    for (what, found, most) in [("E", emergency, emergencies), ("opt-out", out, opt_outs)] {
        let share = found.len() as f64 / texts.len() as f64;
        println!("{name}: {what} {share:.5} of {}", texts.len());
        assert!(
            share <= most,
            "{name}: {what} {share:.5} of {}: {found:#?}",
            texts.len()
        );
    }
}

#[test]
fn carrier_keywords_are_obeyed() {
    let Some(lines) = lines("messages_sms_keywords/carrier_keywords.csv") else {
        return;
    };
    for line in lines.iter().skip(1) {
        let mut fields = line.split(',');
        let (keyword, action) = (fields.next().unwrap(), fields.next().unwrap());
        let class = match action {
            "opt_out" => Class::OptOutAll,
            "opt_in" => Class::OptIn,
            "help" => Class::Help,
            other => panic!("unknown action {other}"),
        };
        // YES lifts a block and means nothing to who is not blocked.
        let context = Context {
            opted_out: class == Class::OptIn,
            ..Context::default()
        };
        for text in [
            keyword.to_owned(),
            keyword.to_lowercase(),
            format!(" {keyword}. "),
        ] {
            assert_eq!(understand(&text, &context).class, class, "{text:?}");
        }
    }
}

#[test]
fn bookings_are_no_emergencies_and_no_opt_outs() {
    let Some(lines) = lines("messages_sgd_appointments/sgd_services_dev.jsonl.gz") else {
        return;
    };
    let texts: Vec<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|turn| turn["speaker"] == "USER")
        .map(|turn| turn["text"].as_str().unwrap().to_owned())
        .collect();
    assert_quiet("bookings", &texts, 0.001, 0.002);
}

#[test]
fn real_texts_among_friends_are_no_emergencies_and_no_opt_outs() {
    let Some(lines) = lines("messages_sms_spam_uci/SMSSpamCollection_dev.tsv.gz") else {
        return;
    };
    let texts: Vec<String> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("ham\t"))
        .map(str::to_owned)
        .collect();
    // Friends do write "stop calling me"; the bound leaves room for those.
    assert_quiet("friends", &texts, 0.004, 0.002);
}

#[test]
fn talk_to_machines_is_no_emergency_and_no_opt_out() {
    let Some(lines) = lines("messages_clinc150/train.tsv.gz") else {
        return;
    };
    let texts: Vec<String> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, intent)| *intent != "cancel")
        .map(|(text, _)| text.to_owned())
        .collect();
    assert_quiet("talk to machines", &texts, 0.001, 0.002);
}

#[test]
fn bank_customers_are_no_emergencies_and_no_opt_outs() {
    let Some(lines) = lines("messages_banking77/train.csv.gz") else {
        return;
    };
    let texts: Vec<String> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.rsplit_once(','))
        .map(|(text, _)| text.trim_matches('"').to_owned())
        .collect();
    assert_quiet("bank customers", &texts, 0.001, 0.002);
}
