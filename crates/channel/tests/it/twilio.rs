use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tendon_care::message::FailureClass::{
    self, Blocked, Filtered, InvalidAddress, Rejected, Transient,
};
use tendon_channel::twilio::{Patience, Settings, Source, Twilio};
use tendon_channel::{Blind, Carrier, Found, Outcome, Receipt, Unsure, Window};
use tendon_testkit::carriers::TwilioSink;
use tendon_testkit::carriers::twilio::{Fault, Options, Then};

use crate::support::{LONG, NUMBER, Nobody, SHORT, Standing, at, install_tls, refused, text};

const FROM: &str = "+13125550100";

/// After this many seconds, silence of the list is an answer.
const SETTLE: i64 = 60;

async fn sink_with(clock: &Arc<Standing>, options: Options) -> TwilioSink {
    let clock = Arc::clone(clock);
    TwilioSink::start("127.0.0.1:0", clock, options)
        .await
        .unwrap()
}

async fn sink() -> TwilioSink {
    sink_with(&Standing::at(1_000), Options::default()).await
}

fn settings(base_url: String, answer: Duration) -> Settings {
    let Options {
        account_sid,
        auth_token,
        ..
    } = Options::default();
    Settings {
        base_url,
        patience: Patience {
            connect: LONG,
            answer,
            settle: SignedDuration::from_secs(SETTLE),
        },
        ..Settings::new(account_sid, auth_token, Source::parse(FROM).unwrap())
    }
}

fn carrier(base_url: String, answer: Duration) -> Twilio {
    install_tls();
    Twilio::new(settings(base_url, answer)).unwrap()
}

fn window(since: i64, now: i64) -> Window {
    Window {
        since: at(since),
        now: at(now),
        but_not: Vec::new(),
    }
}

#[tokio::test]
async fn a_text_is_taken_with_our_id_in_its_callback() {
    install_tls();
    let sink = sink().await;
    let carrier = Twilio::new(Settings {
        status_callback: Some("https://clinic.example/hooks/twilio/status?v=1".into()),
        ..settings(sink.base_url(), LONG)
    })
    .unwrap();
    let outgoing = text(1, "Sí & no + 100 % 🙂");
    let outcome = carrier.send(&outgoing).await;

    let [taken] = sink.accepted().try_into().unwrap();
    let carrier_ref = taken.sid.clone();
    assert_eq!(outcome, Outcome::Accepted { carrier_ref });
    assert_eq!((taken.to.as_str(), taken.from.as_str()), (NUMBER, FROM));
    assert_eq!(taken.body, "Sí & no + 100 % 🙂");
    let callback = format!(
        "https://clinic.example/hooks/twilio/status?v=1&message={}",
        outgoing.message
    );
    assert_eq!(taken.status_callback, Some(callback));
}

#[tokio::test]
async fn a_messaging_service_may_be_the_source() {
    install_tls();
    let sink = sink().await;
    let service = format!("MG{}", "0a".repeat(16));
    let carrier = Twilio::new(Settings {
        source: Source::parse(&service).unwrap(),
        ..settings(sink.base_url(), LONG)
    })
    .unwrap();
    carrier.send(&text(1, "hello")).await;
    assert_eq!(sink.accepted()[0].from, service);
}

#[tokio::test]
async fn refusals_fall_into_their_classes_and_are_not_repeated() {
    let sink = sink().await;
    let carrier = carrier(sink.base_url(), LONG);
    let cases: [(u16, u32, FailureClass); 10] = [
        (400, 21610, Blocked),
        (400, 21211, InvalidAddress),
        (400, 21614, InvalidAddress),
        (400, 30007, Filtered),
        (429, 20429, Transient),
        (429, 99999, Transient),
        (503, 20503, Transient),
        (401, 20003, Rejected),
        (403, 20005, Rejected),
        (400, 21606, Rejected),
    ];
    for (status, code, class) in cases {
        sink.script([Fault::before(Then::Refuse { status, code })]);
        let outcome = carrier.send(&text(1, "hello")).await;
        assert_eq!(
            outcome,
            refused(class, &code.to_string()),
            "{status} {code}"
        );
    }
    for (status, class) in [
        (401, Rejected),
        (404, Rejected),
        (307, Rejected),
        (429, Transient),
    ] {
        sink.script([Fault::before(Then::Bare { status })]);
        let outcome = carrier.send(&text(1, "hello")).await;
        assert_eq!(outcome, refused(class, &format!("http_{status}")));
    }
    assert_eq!((sink.total(), sink.requests()), (0, 14));
}

#[tokio::test]
async fn wrong_credentials_are_the_operators_to_look_at() {
    install_tls();
    let sink = sink().await;
    let carrier = Twilio::new(Settings {
        auth_token: "wrong".into(),
        ..settings(sink.base_url(), LONG)
    })
    .unwrap();
    let outcome = carrier.send(&text(1, "hello")).await;
    assert_eq!(outcome, refused(Rejected, "20003"));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_passing_trouble() {
    let nobody = Nobody::new();
    let base = format!("http://{}", nobody.address());
    let outcome = carrier(base, LONG).send(&text(1, "hello")).await;
    assert_eq!(outcome, refused(Transient, "connect"));
}

/// Every way in which an answer is lost: unknown at first, found out afterwards.
#[tokio::test]
async fn lost_answers_are_unknown_and_then_reconciled_without_a_repeat() {
    let unreadable = |status| Unsure::Unreadable { status };
    for (then, answer, why) in [
        (Then::Bare { status: 500 }, LONG, unreadable(500)),
        (Then::Bare { status: 502 }, LONG, unreadable(502)),
        (Then::Bare { status: 503 }, LONG, unreadable(503)),
        (Then::Bare { status: 408 }, LONG, unreadable(408)),
        (
            Then::Refuse {
                status: 500,
                code: 20500,
            },
            LONG,
            unreadable(500),
        ),
        (Then::Garble, LONG, unreadable(201)),
        (Then::Close, LONG, Unsure::ConnectionLost),
        (Then::Hang, SHORT, Unsure::TimedOut),
    ] {
        for fault in [Fault::before(then), Fault::after(then)] {
            let sink = sink().await;
            sink.script([fault]);
            let outgoing = text(1, "Visit on Monday at 9.");
            let outcome = carrier(sink.base_url(), answer).send(&outgoing).await;
            assert_eq!(outcome, Outcome::Unknown { why }, "{fault:?}");

            let found = carrier(sink.base_url(), LONG)
                .reconcile(&outgoing, window(1_000, 1_000 + SETTLE))
                .await;
            let expected = match sink.accepted().first() {
                Some(taken) => Found::Sent {
                    carrier_ref: taken.sid.clone(),
                    receipt: Receipt::Underway,
                },
                None => Found::NotSent,
            };
            assert_eq!(found, expected, "{fault:?}");
            assert_eq!((sink.total(), sink.requests()), (u64::from(fault.taken), 1));
        }
    }
}

#[tokio::test]
async fn silence_counts_only_when_the_request_cannot_be_on_its_way_any_more() {
    let sink = sink().await;
    let carrier = carrier(sink.base_url(), LONG);
    let outgoing = text(1, "Visit on Monday at 9.");
    let ask_again_at = at(1_000 + SETTLE);
    let soon = carrier.reconcile(&outgoing, window(1_000, 1_001)).await;
    assert_eq!(soon, Found::TooSoon { ask_again_at });
    let later = carrier
        .reconcile(&outgoing, window(1_000, 1_000 + SETTLE))
        .await;
    assert_eq!(later, Found::NotSent);

    // What is there is there, however soon one asks.
    carrier.send(&outgoing).await;
    let soon = carrier.reconcile(&outgoing, window(1_000, 1_001)).await;
    assert!(matches!(soon, Found::Sent { .. }), "{soon:?}");
}

#[tokio::test]
async fn neither_older_twins_nor_other_words_are_taken_for_the_message() {
    let clock = Standing::at(1_000);
    let sink = sink_with(&clock, Options::default()).await;
    let carrier = carrier(sink.base_url(), LONG);
    let outgoing = text(2, "Visit on Monday at 9.");
    carrier.send(&text(1, "Visit on Monday at 9.")).await;
    clock.set(90_000);
    carrier.send(&text(3, "Visit on Monday at 8.")).await;

    let found = carrier
        .reconcile(&outgoing, window(90_000, 90_000 + SETTLE))
        .await;
    assert_eq!(found, Found::NotSent);
    let found = carrier.reconcile(&outgoing, window(1_000, 90_000)).await;
    assert!(matches!(found, Found::Sent { .. }), "{found:?}");
}

#[tokio::test]
async fn a_clock_that_was_set_after_the_crash_hides_nothing() {
    let clock = Standing::at(1_000);
    let sink = sink_with(&clock, Options::default()).await;
    let carrier = carrier(sink.base_url(), LONG);
    let outgoing = text(1, "Visit on Monday at 9.");
    carrier.send(&outgoing).await;
    clock.set(1_200);
    // Ours ran ten minutes ahead of the carrier's when it was handed over, and
    // runs with it when the question is asked.
    let found = carrier.reconcile(&outgoing, window(1_600, 1_200)).await;
    assert!(matches!(found, Found::Sent { .. }), "{found:?}");
}

#[tokio::test]
async fn a_twin_that_is_another_message_of_ours_is_passed_over() {
    let sink = sink_with(&Standing::at(1_000), Options::default()).await;
    let carrier = carrier(sink.base_url(), LONG);
    let (twin, outgoing) = (text(1, "Thank you!"), text(2, "Thank you!"));
    carrier.send(&twin).await;
    let but_not = vec![sink.accepted()[0].sid.clone()];
    let known = Window {
        but_not,
        ..window(1_000, 1_000 + SETTLE)
    };
    let found = carrier.reconcile(&outgoing, known.clone()).await;
    assert_eq!(found, Found::NotSent);
    carrier.send(&outgoing).await;
    let carrier_ref = sink.accepted()[1].sid.clone();
    let receipt = Receipt::Underway;
    let expected = Found::Sent {
        carrier_ref,
        receipt,
    };
    assert_eq!(carrier.reconcile(&outgoing, known).await, expected);
}

#[tokio::test]
async fn the_carriers_own_clock_is_allowed_for() {
    // Ours is simulated and a year away from the carrier's.
    for carrier_time in [50_000_000, 10_000] {
        let clock = Standing::at(carrier_time);
        let sink = sink_with(&clock, Options::default()).await;
        let carrier = carrier(sink.base_url(), LONG);
        let outgoing = text(1, "Visit on Monday at 9.");
        carrier.send(&outgoing).await;
        clock.set(carrier_time + 30);
        let ours = 20_000_000;
        let found = carrier.reconcile(&outgoing, window(ours, ours + 30)).await;
        assert!(matches!(found, Found::Sent { .. }), "{found:?}");

        clock.set(carrier_time + 7_200);
        let found = carrier
            .reconcile(&outgoing, window(ours + 7_000, ours + 7_200))
            .await;
        assert_eq!(found, Found::NotSent, "sent two hours ago, not just now");
    }
}

#[tokio::test]
async fn the_list_is_read_page_by_page_to_its_end_or_not_believed() {
    let options = Options {
        page_limit: 3,
        ..Options::default()
    };
    let sink = sink_with(&Standing::at(1_000), options).await;
    let carrier = carrier(sink.base_url(), LONG);
    let first = text(1, "The first one");
    carrier.send(&first).await;
    for n in 0..20 {
        carrier.send(&text(2, &format!("Number {n}"))).await;
    }
    let settled = window(1_000, 1_000 + SETTLE);
    let found = carrier.reconcile(&first, settled.clone()).await;
    let carrier_ref = sink.accepted()[0].sid.clone();
    let receipt = Receipt::Underway;
    assert_eq!(
        found,
        Found::Sent {
            carrier_ref,
            receipt
        }
    );
    let missing = text(3, "Never sent");
    let found = carrier.reconcile(&missing, settled.clone()).await;
    assert_eq!(found, Found::NotSent);

    for n in 20..60 {
        carrier.send(&text(2, &format!("Number {n}"))).await;
    }
    let why = Blind::Incomplete;
    let found = carrier.reconcile(&missing, settled).await;
    assert_eq!(found, Found::CannotTell { why });
}

#[tokio::test]
async fn a_carrier_that_cannot_be_asked_is_asked_again_not_believed() {
    let nobody = Nobody::new();
    let base = format!("http://{}", nobody.address());
    let found = carrier(base, LONG)
        .reconcile(&text(1, "hello"), window(0, 3_600))
        .await;
    let why = Blind::Unreachable;
    assert_eq!(found, Found::CannotTell { why });
    assert!(why.may_ask_again());
}

#[tokio::test]
async fn what_became_of_a_found_message_is_told_along() {
    install_tls();
    let sink = sink().await;
    let carrier = carrier(sink.base_url(), LONG);
    let outgoing = text(1, "Visit on Monday at 9.");
    carrier.send(&outgoing).await;
    let sid = sink.accepted()[0].sid.clone();
    // There is no callback to post to; the list shows the status all the same.
    assert!(sink.post_status(&sid, "delivered", None).await.is_err());
    let found = carrier.reconcile(&outgoing, window(1_000, 1_001)).await;
    let receipt = Receipt::Delivered;
    assert_eq!(
        found,
        Found::Sent {
            carrier_ref: sid,
            receipt
        }
    );
}

#[tokio::test]
async fn a_thousand_texts_are_each_taken_once() {
    let sink = sink().await;
    let carrier = Arc::new(carrier(sink.base_url(), LONG));
    let sending: Vec<_> = (0..1_000)
        .map(|n| {
            let carrier = Arc::clone(&carrier);
            tokio::spawn(async move { carrier.send(&text(1, &format!("Number {n}"))).await })
        })
        .collect();
    for outcome in sending {
        assert!(matches!(outcome.await.unwrap(), Outcome::Accepted { .. }));
    }
    assert_eq!((sink.total(), sink.repeats()), (1_000, 0));
    assert_eq!(sink.times(NUMBER, "Number 7"), 1);
}
