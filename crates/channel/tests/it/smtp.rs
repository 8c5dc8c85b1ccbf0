use std::time::Duration;

use tendon_care::contact::Email;
use tendon_care::message::FailureClass::{Blocked, Filtered, InvalidAddress, Rejected, Transient};
use tendon_channel::smtp::{Patience, Server, Settings, Smtp};
use tendon_channel::{Blind, Carrier, Found, Outcome, Outgoing, Unsure, Window};
use tendon_testkit::carriers::SmtpSink;
use tendon_testkit::carriers::smtp::{At, Fault, Options, Then};

use crate::support::{LONG, Nobody, SHORT, at, email, install_tls, refused};

async fn sink() -> SmtpSink {
    SmtpSink::start("127.0.0.1:0", Options::default())
        .await
        .unwrap()
}

fn patience(answer: Duration) -> Patience {
    Patience {
        connect: answer,
        command: answer,
        answer,
    }
}

fn carrier(url: &str, answer: Duration) -> Smtp {
    install_tls();
    let from = Email::parse("care@clinic.example").unwrap();
    Smtp::new(Settings {
        patience: patience(answer),
        ..Settings::new(Server::parse(&url.into()).unwrap(), from)
    })
    .unwrap()
}

fn reply(at: At, text: &str) -> Fault {
    Fault {
        at,
        then: Then::Reply(text.to_owned()),
    }
}

fn accepted(outgoing: &Outgoing) -> Outcome {
    Outcome::Accepted {
        carrier_ref: format!("{}@clinic.example", outgoing.message),
    }
}

#[tokio::test]
async fn a_letter_arrives_whole_and_its_reference_is_its_message_id() {
    let sink = sink().await;
    let outgoing = email(1, "Hello Ana.\n.\n.. dots at the start\nBye");
    let outcome = carrier(&sink.url(), LONG).send(&outgoing).await;
    assert_eq!(outcome, accepted(&outgoing));

    let received = sink.received();
    let [letter] = received.as_slice() else {
        panic!("one letter, not {}", received.len());
    };
    assert_eq!(letter.from, "care@clinic.example");
    assert_eq!(letter.to, ["ana@example.org"]);
    assert_eq!(
        letter.message_id,
        format!("{}@clinic.example", outgoing.message)
    );
    let plain = "\r\n\r\nHello Ana.\r\n.\r\n.. dots at the start\r\nBye\r\n";
    assert!(letter.data.contains(plain), "{}", letter.data);
}

#[tokio::test]
async fn connections_are_reused_and_replaced_when_they_died() {
    let sink = sink().await;
    let carrier = carrier(&sink.url(), LONG);
    for n in 1..=3 {
        let outgoing = email(n, "hello");
        assert_eq!(carrier.send(&outgoing).await, accepted(&outgoing));
    }
    assert_eq!(sink.connections(), 1);

    sink.sever();
    let outgoing = email(4, "hello");
    assert_eq!(carrier.send(&outgoing).await, accepted(&outgoing));
    assert_eq!(
        (sink.connections(), sink.total(), sink.repeats()),
        (2, 4, 0)
    );
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closes_is_replaced() {
    let sink = sink().await;
    let carrier = carrier(&sink.url(), LONG);
    carrier.send(&email(1, "hello")).await;
    sink.script([reply(At::Mail, "421 4.4.2 idle for too long")]);
    let outgoing = email(2, "hello");
    assert_eq!(carrier.send(&outgoing).await, accepted(&outgoing));
    assert_eq!((sink.connections(), sink.total()), (2, 2));
}

#[tokio::test]
async fn refusals_fall_into_their_classes_and_take_no_letter() {
    let dot = At::Dot { taken: false };
    for (fault, class, code) in [
        (
            reply(At::Rcpt, "550 5.1.1 no such user"),
            InvalidAddress,
            "5.1.1",
        ),
        (reply(At::Rcpt, "450 4.2.1 greylisted"), Transient, "4.2.1"),
        (reply(At::Rcpt, "554 5.7.1 suppressed"), Blocked, "5.7.1"),
        (reply(At::Mail, "553 5.1.8 not you"), Rejected, "5.1.8"),
        (reply(At::Data, "451 4.3.0 later"), Transient, "4.3.0"),
        (reply(dot, "550 5.7.1 looks like spam"), Filtered, "5.7.1"),
        (
            reply(dot, "550-5.7.515 not\r\n550 5.7.515 signed"),
            Filtered,
            "5.7.515",
        ),
        (reply(dot, "452 4.3.1 disk full"), Transient, "4.3.1"),
        (reply(dot, "421 4.3.2 going down"), Transient, "4.3.2"),
        (
            reply(At::Greeting, "554 5.3.2 no mail here"),
            Rejected,
            "5.3.2",
        ),
    ] {
        let sink = sink().await;
        sink.script([fault.clone()]);
        let outcome = carrier(&sink.url(), LONG).send(&email(1, "hello")).await;
        assert_eq!(outcome, refused(class, code), "{fault:?}");
        assert_eq!(sink.total(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_fit_for_the_next_letter() {
    let sink = sink().await;
    let carrier = carrier(&sink.url(), LONG);
    sink.script([reply(At::Rcpt, "550 5.1.1 no such user")]);
    carrier.send(&email(1, "hello")).await;
    let next = email(2, "hello");
    assert_eq!(carrier.send(&next).await, accepted(&next));
    assert_eq!(sink.connections(), 1);
}

#[tokio::test]
async fn a_break_before_the_letter_is_certain_not_to_have_sent_it() {
    for point in [At::Greeting, At::Mail, At::Rcpt, At::Data] {
        for (then, answer) in [(Then::Close, LONG), (Then::Hang, SHORT)] {
            let sink = sink().await;
            sink.script([Fault { at: point, then }]);
            let outcome = carrier(&sink.url(), answer).send(&email(1, "hello")).await;
            let Outcome::Refused(failure) = outcome else {
                panic!("{point:?}: {outcome:?}");
            };
            assert_eq!(failure.class, Transient, "{point:?}");
            assert_eq!(sink.total(), 0);
        }
    }
}

#[tokio::test]
async fn a_break_after_the_dot_is_unknown_whether_or_not_it_was_taken() {
    for taken in [false, true] {
        for (then, answer, why) in [
            (Then::Close, LONG, Unsure::ConnectionLost),
            (Then::Hang, SHORT, Unsure::TimedOut),
        ] {
            let sink = sink().await;
            let point = At::Dot { taken };
            sink.script([Fault { at: point, then }]);
            let outcome = carrier(&sink.url(), answer).send(&email(1, "hello")).await;
            assert_eq!(outcome, Outcome::Unknown { why }, "{point:?}");
            assert_eq!((sink.total(), sink.repeats()), (u64::from(taken), 0));
        }
    }
}

#[tokio::test]
async fn a_break_while_a_long_letter_is_written_is_not_held_for_sent() {
    let sink = sink().await;
    sink.script([Fault {
        at: At::Letter,
        then: Then::Close,
    }]);
    // More than the buffers of both sockets take from a writer whose reader has
    // stopped (about 4 MiB by Linux's defaults), so the dot cannot be written.
    let line = "a line that goes on and on ".repeat(30) + "\r\n";
    let mut outgoing = email(1, &line.repeat(12_000));
    outgoing.content.html = None;
    let outcome = carrier(&sink.url(), LONG).send(&outgoing).await;
    assert_eq!(outcome, refused(Transient, "connection_lost"));
    assert_eq!(sink.total(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_passing_trouble() {
    let nobody = Nobody::new();
    let url = format!("smtp://{}", nobody.address());
    let outcome = carrier(&url, LONG).send(&email(1, "hello")).await;
    assert_eq!(outcome, refused(Transient, "connect"));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_gets_nothing() {
    let sink = sink().await;
    let url = format!("{}?tls=required", sink.url());
    let outcome = carrier(&url, LONG).send(&email(1, "hello")).await;
    assert_eq!(outcome, refused(Rejected, "starttls_not_offered"));
    assert_eq!(sink.total(), 0);
}

#[tokio::test]
async fn the_carrier_signs_in_where_the_server_wants_it() {
    let options = Options {
        credentials: Some(("care@clinic.example".into(), "p/w".into())),
        ..Options::default()
    };
    let sink = SmtpSink::start("127.0.0.1:0", options).await.unwrap();
    let url = |user: &str| format!("smtp://{user}{}", sink.address());
    let outgoing = email(1, "hello");

    let outcome = carrier(&url(""), LONG).send(&outgoing).await;
    assert_eq!(outcome, refused(Rejected, "5.7.0"));
    let outcome = carrier(&url("care%40clinic.example:wrong@"), LONG)
        .send(&outgoing)
        .await;
    assert_eq!(outcome, refused(Rejected, "5.7.8"));
    let outcome = carrier(&url("care%40clinic.example:p%2Fw@"), LONG)
        .send(&outgoing)
        .await;
    assert_eq!(outcome, accepted(&outgoing));
}

#[tokio::test]
async fn a_password_for_a_server_without_sign_in_is_the_operators_to_look_at() {
    let sink = sink().await;
    let url = format!("smtp://user:pass@{}", sink.address());
    let outcome = carrier(&url, LONG).send(&email(1, "hello")).await;
    assert_eq!(outcome, refused(Rejected, "sign_in_not_offered"));
}

#[tokio::test]
async fn many_letters_at_once_share_a_few_connections() {
    let sink = sink().await;
    let carrier = std::sync::Arc::new(carrier(&sink.url(), LONG));
    let sending: Vec<_> = (1..=50)
        .map(|n| {
            let carrier = std::sync::Arc::clone(&carrier);
            tokio::spawn(async move { carrier.send(&email(n, "hello")).await })
        })
        .collect();
    for (n, outcome) in (1..=50).zip(sending) {
        assert_eq!(outcome.await.unwrap(), accepted(&email(n, "hello")));
    }
    assert_eq!((sink.total(), sink.repeats()), (50, 0));
    assert!(sink.connections() <= 4, "{}", sink.connections());
}

#[tokio::test]
async fn mail_cannot_be_reconciled_and_says_so() {
    let sink = sink().await;
    let window = Window {
        since: at(0),
        now: at(3_600),
        but_not: Vec::new(),
    };
    let found = carrier(&sink.url(), LONG)
        .reconcile(&email(1, "hello"), window)
        .await;
    let why = Blind::NoRecord;
    assert_eq!(found, Found::CannotTell { why });
    assert!(!why.may_ask_again());
}
