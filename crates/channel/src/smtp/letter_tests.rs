use jiff::Timestamp;
use tendon_care::contact::Phone;
use tendon_care::id::{Id, MessageId};
use tendon_care::language::Language;
use tendon_care::message::{Body as Words, Content};

use super::*;
use crate::carrier::Sender;

const UNSUBSCRIBE: &str = "https://clinic.example/u/6b1f8a90c27d4e53a1b2c3d4e5f60718aabbccdd";

fn outgoing() -> Outgoing {
    Outgoing {
        message: MessageId::from_parts(Timestamp::UNIX_EPOCH, [3; 10]),
        to: Address::Email(Email::parse("ana@example.org").unwrap()),
        content: Content {
            subject: Some(Words::new("Your visit on Monday")),
            text: Words::new("Hello Ana,\nsee you at nine."),
            html: None,
        },
        purpose: Purpose::Care,
        language: Language::English,
        sender: Sender::default(),
        in_reply_to: None,
        unsubscribe_url: None,
        attempt: 1,
        at: Timestamp::from_second(1_795_348_800).unwrap(),
    }
}

fn from() -> Email {
    Email::parse("care@clinic.example").unwrap()
}

fn written(outgoing: &Outgoing) -> String {
    let letter = write(outgoing, &from(), None).unwrap();
    String::from_utf8(letter.bytes).unwrap()
}

/// Returns the headers of a letter, unfolded.
fn headers(letter: &str) -> Vec<String> {
    let (head, _) = letter.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.split("\r\n").map(str::to_owned).collect()
}

fn refusal(outgoing: &Outgoing) -> Outcome {
    write(outgoing, &from(), None).unwrap_err()
}

#[test]
fn the_letter_follows_from_the_message_alone() {
    let id = outgoing().message;
    let expected = format!(
        "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\
         Message-ID: <{id}@clinic.example>\r\n\
         From: care@clinic.example\r\n\
         To: ana@example.org\r\n\
         Subject: Your visit on Monday\r\n\
         MIME-Version: 1.0\r\n\
         Content-Language: en\r\n\
         Auto-Submitted: auto-generated\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         Hello Ana,\r\nsee you at nine."
    );
    assert_eq!(written(&outgoing()), expected);
}

#[test]
fn a_second_attempt_carries_the_id_of_the_first() {
    let second = Outgoing {
        attempt: 2,
        ..outgoing()
    };
    assert_eq!(written(&outgoing()), written(&second));
}

#[test]
fn html_comes_second_and_both_parts_are_whole() {
    let mut outgoing = outgoing();
    outgoing.content.text = Words::new("Mañana a las nueve.");
    outgoing.content.html = Some(Words::new("<p>Mañana a las <b>nueve</b>.</p>"));
    let letter = written(&outgoing);
    let boundary = format!("=_{}", outgoing.message);
    assert!(headers(&letter).contains(&format!(
        "Content-Type: multipart/alternative; boundary=\"{boundary}\""
    )));
    assert!(headers(&letter).contains(&"MIME-Version: 1.0".to_owned()));

    let parts: Vec<&str> = letter.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "preamble, two parts, end: {letter}");
    assert!(parts[1].contains("text/plain; charset=utf-8"));
    assert!(parts[1].contains("Ma=C3=B1ana a las nueve."));
    assert!(parts[2].contains("text/html; charset=utf-8"));
    assert!(parts[2].contains("<b>nueve</b>"));
    assert_eq!(parts[3], "--\r\n");
    assert!(letter.is_ascii());
    assert_eq!(letter, written(&outgoing), "the boundary is not random");
}

#[test]
fn one_click_unsubscribing_stands_in_the_headers() {
    let outgoing = Outgoing {
        purpose: Purpose::Marketing,
        unsubscribe_url: Some(UNSUBSCRIBE.into()),
        ..outgoing()
    };
    let headers = headers(&written(&outgoing));
    assert!(headers.contains(&format!("List-Unsubscribe: <{UNSUBSCRIBE}>")));
    assert!(headers.contains(&"List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned()));
}

#[test]
fn one_click_is_only_promised_over_https() {
    let outgoing = Outgoing {
        unsubscribe_url: Some("http://127.0.0.1:8080/u/1".into()),
        ..outgoing()
    };
    let headers = headers(&written(&outgoing));
    let named = |name: &str| headers.iter().filter(|line| line.starts_with(name)).count();
    assert_eq!(named("List-Unsubscribe:"), 1);
    assert_eq!(named("List-Unsubscribe-Post:"), 0);
}

#[test]
fn promotion_and_feedback_do_not_leave_without_a_way_out() {
    let expected = Outcome::refused(FailureClass::Rejected, "unsubscribe_missing");
    for purpose in Purpose::ALL {
        let outgoing = Outgoing {
            purpose,
            ..outgoing()
        };
        let refused = write(&outgoing, &from(), None).err();
        let needed = matches!(purpose, Purpose::Feedback | Purpose::Marketing);
        assert_eq!(refused, needed.then(|| expected.clone()), "{purpose:?}");
    }
}

#[test]
fn nothing_smuggles_a_header_in() {
    let attack = "x\r\nBcc: all@example.org\r\n\r\nbody";
    let mut outgoing = outgoing();
    outgoing.content.subject = Some(Words::new(attack));
    outgoing.sender = Sender {
        name: Some(format!(
            "Clinic\u{2028}\u{85}\0 {attack} \" <evil@example.org>"
        )),
        reply_to: Some(Email::parse("front.desk@clinic.example").unwrap()),
    };
    outgoing.in_reply_to = Some(format!("<{attack}@x>"));
    let plain = headers(&written(&self::outgoing()));
    let letter = written(&outgoing);
    let attacked = headers(&letter);
    assert!(
        attacked
            .iter()
            .all(|line| !line.to_lowercase().starts_with("bcc")),
        "{attacked:?}"
    );
    // Only the Reply-To that was asked for came in addition.
    assert_eq!(attacked.len(), plain.len() + 1, "{attacked:?}");
    assert!(attacked.contains(&"Reply-To: front.desk@clinic.example".to_owned()));
    assert!(attacked.contains(&"Subject: x Bcc: all@example.org body".to_owned()));
    let letter = write(&outgoing, &from(), None).unwrap();
    assert_eq!(letter.envelope.to().len(), 1);
    assert_eq!(
        letter.envelope.from().map(ToString::to_string),
        Some("care@clinic.example".to_owned())
    );
}

#[test]
fn links_that_do_not_fit_a_header_are_refused() {
    for url in [
        "https://clinic.example/u/1>\r\nBcc: a@b.example",
        "https://clinic.example/u/1, <https://evil.example>",
        "mailto:u@clinic.example",
        "https://clinic.example/ñ",
        "",
    ] {
        let outgoing = Outgoing {
            unsubscribe_url: Some(url.into()),
            ..outgoing()
        };
        let expected = Outcome::refused(FailureClass::Rejected, "unsubscribe_url");
        assert_eq!(refusal(&outgoing), expected, "{url}");
    }
}

#[test]
fn an_answer_joins_the_thread() {
    let outgoing = Outgoing {
        in_reply_to: Some("<abc.1@mail.example.org>".into()),
        ..outgoing()
    };
    let headers = headers(&written(&outgoing));
    for name in ["In-Reply-To", "References"] {
        assert!(headers.contains(&format!("{name}: <abc.1@mail.example.org>")));
    }
    let automatic = |line: &String| line.starts_with("Auto-Submitted");
    assert!(!headers.iter().any(automatic), "an answer is no robot's");
}

#[test]
fn names_and_subjects_in_other_scripts_are_encoded() {
    let mut outgoing = outgoing();
    outgoing.sender.name = Some("Clínica Sol".into());
    outgoing.content.subject = Some(Words::new("Su visita es mañana"));
    let headers = headers(&written(&outgoing));
    let encoded = |name: &str| {
        headers
            .iter()
            .any(|line| line.starts_with(name) && line.contains("=?utf-8?b?"))
    };
    assert!(encoded("From: ") && encoded("Subject: "), "{headers:?}");
}

#[test]
fn addresses_that_smtp_cannot_carry_are_refused_before_anything_leaves() {
    let non_ascii = Outgoing {
        to: Address::Email(Email::parse("añá@example.org").unwrap()),
        ..outgoing()
    };
    let expected = Outcome::refused(FailureClass::InvalidAddress, "address");
    assert_eq!(refusal(&non_ascii), expected);

    let phone = Outgoing {
        to: Address::Phone(Phone::from_e164("+13125550142").unwrap()),
        ..outgoing()
    };
    let expected = Outcome::refused(FailureClass::Rejected, "not_an_email");
    assert_eq!(refusal(&phone), expected);
}
