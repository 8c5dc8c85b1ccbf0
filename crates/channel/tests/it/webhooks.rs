//! Webhooks over a real socket: signed by the test server's own code, verified
//! by the carrier's.

use tendon_care::message::FailureClass;
use tendon_channel::Receipt;
use tendon_channel::twilio::{Forged, Verifier};
use tendon_channel::{Carrier, twilio};
use tendon_testkit::carriers::TwilioSink;
use tendon_testkit::carriers::twilio::{Options, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{NUMBER, Standing, install_tls, text};

/// One request as it came over the wire.
struct Heard {
    target: String,
    signature: String,
    body: Vec<u8>,
}

/// Answers one request with 200 and returns it.
async fn hear_one(listener: TcpListener) -> Heard {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    loop {
        let read = stream.read_buf(&mut request).await.unwrap();
        assert_ne!(read, 0, "the request ended early");
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let header = |wanted: &str| {
            head.lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.to_owned())
                .unwrap()
        };
        if body.len() < header("content-length").parse().unwrap() {
            continue;
        }
        let heard = Heard {
            target: head.split(' ').nth(1).unwrap().to_owned(),
            signature: header("x-twilio-signature"),
            body: body.as_bytes().to_vec(),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n{}",
            twilio::REPLY_CONTENT_TYPE,
            twilio::EMPTY_REPLY.len(),
            twilio::EMPTY_REPLY
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        return heard;
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

async fn sink() -> TwilioSink {
    TwilioSink::start("127.0.0.1:0", Standing::at(1_000), Options::default())
        .await
        .unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(Options::default().auth_token.into())
}

#[tokio::test]
async fn a_persons_text_is_verified_and_read() {
    let (listener, base) = listener().await;
    let url = format!("{base}/hooks/twilio/sms");
    let sink = sink().await;
    let hearing = tokio::spawn(hear_one(listener));
    let status = sink
        .post_inbound(&url, NUMBER, "+13125550100", "Sí & gracias 🙂")
        .await;
    assert_eq!(status.unwrap(), 200);

    let heard = hearing.await.unwrap();
    let url = format!("{base}{}", heard.target);
    let inbound = verifier()
        .verify(&url, &heard.signature, &heard.body)
        .unwrap()
        .inbound()
        .unwrap();
    assert_eq!(inbound.from.expose(), NUMBER);
    assert_eq!(inbound.body.expose(), "Sí & gracias 🙂");
    assert_eq!(inbound.media_count, 0);

    let forged = verifier().verify(&url, &heard.signature, b"Body=other");
    assert_eq!(forged.map(|_| ()), Err(Forged));
}

#[tokio::test]
async fn a_receipt_names_our_message_and_what_became_of_it() {
    install_tls();
    let (listener, base) = listener().await;
    let sink = sink().await;
    let Options {
        account_sid,
        auth_token,
        ..
    } = Options::default();
    let source = twilio::Source::parse("+13125550100").unwrap();
    let carrier = twilio::Twilio::new(twilio::Settings {
        base_url: sink.base_url(),
        status_callback: Some(format!("{base}/hooks/twilio/status")),
        ..twilio::Settings::new(account_sid, auth_token, source)
    })
    .unwrap();
    let outgoing = text(1, "Visit on Monday at 9.");
    carrier.send(&outgoing).await;
    let sid = sink.accepted()[0].sid.clone();

    let hearing = tokio::spawn(hear_one(listener));
    let posted = sink.post_status(&sid, "undelivered", Some(30006)).await;
    assert_eq!(posted.unwrap(), 200);
    let heard = hearing.await.unwrap();
    let url = format!("{base}{}", heard.target);
    let report = verifier()
        .verify(&url, &heard.signature, &heard.body)
        .unwrap()
        .status()
        .unwrap();
    assert_eq!(report.message, Some(outgoing.message));
    assert_eq!(report.carrier_ref, sid);
    let Receipt::Failed(failure) = report.receipt else {
        panic!("undelivered is a failure");
    };
    assert_eq!(failure.class, FailureClass::InvalidAddress);
    assert_eq!(failure.code, "30006");
}

#[test]
fn the_test_server_signs_as_documented() {
    // Computed apart, with Python's hmac and base64.
    let parameters = [
        ("To", "+13125550100"),
        ("From", "+13125550142"),
        ("Body", "Sí, 1 & gracias"),
        ("MessageSid", "SM01"),
        ("NumMedia", "0"),
    ];
    let url = "https://clinic.example/hooks/twilio/sms";
    let signature = sign("a-token-of-our-own", url, &parameters);
    assert_eq!(signature, "Sz+FT+24yiPsn6TBNm+SpLnATs0=");
}
