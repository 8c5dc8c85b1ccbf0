//! The signatures here were computed apart from this code, with Python's `hmac`
//! and `base64`, from the rule as Twilio documents it.

use tendon_care::message::{Failure, FailureClass};

use super::*;

const SMS_URL: &str = "https://clinic.example/hooks/twilio/sms";
const STATUS_URL: &str =
    "https://clinic.example/hooks/twilio/status?message=msg_00000000000070038303030303030303";
const SMS_BODY: &[u8] =
    b"To=%2B13125550100&From=%2B13125550142&Body=S%C3%AD%2C+1+%26+gracias&MessageSid=SM01&NumMedia=0";
const SMS_SIGNATURE: &str = "Sz+FT+24yiPsn6TBNm+SpLnATs0=";
const STATUS_BODY: &[u8] = b"MessageSid=SM02&MessageStatus=undelivered&ErrorCode=30005";
const STATUS_SIGNATURE: &str = "Fx0vPUcUONY0kH9Y3bv91MHei7E=";

fn verifier() -> Verifier {
    Verifier::new("a-token-of-our-own".into())
}

/// Takes the signature for granted, to look at what lies behind it.
fn signed(parameters: &[(&str, &str)]) -> Verified {
    Verified {
        message: None,
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

#[test]
fn genuine_requests_are_read() {
    let inbound = verifier()
        .verify(SMS_URL, SMS_SIGNATURE, SMS_BODY)
        .unwrap()
        .inbound();
    let expected = Inbound {
        from: Phone::from_e164("+13125550142").unwrap(),
        to: "+13125550100".into(),
        body: Body::new("Sí, 1 & gracias"),
        carrier_ref: "SM01".into(),
        media_count: 0,
        keyword: None,
    };
    assert_eq!(inbound, Ok(expected));

    let status = verifier()
        .verify(STATUS_URL, STATUS_SIGNATURE, STATUS_BODY)
        .unwrap()
        .status();
    let expected = StatusReport {
        carrier_ref: "SM02".into(),
        message: Some("msg_00000000000070038303030303030303".parse().unwrap()),
        receipt: Receipt::Failed(Failure {
            class: FailureClass::InvalidAddress,
            code: "30005".into(),
        }),
    };
    assert_eq!(status, Ok(expected));
}

#[test]
fn a_change_anywhere_is_noticed() {
    let changed_body = [SMS_BODY, b"&NumSegments=1"].concat();
    for (url, signature, body) in [
        (
            "https://clinic.example/hooks/twilio/other",
            SMS_SIGNATURE,
            SMS_BODY,
        ),
        (
            "https://evil.example/hooks/twilio/sms",
            SMS_SIGNATURE,
            SMS_BODY,
        ),
        (
            "http://clinic.example/hooks/twilio/sms",
            SMS_SIGNATURE,
            SMS_BODY,
        ),
        (SMS_URL, STATUS_SIGNATURE, SMS_BODY),
        (SMS_URL, "", SMS_BODY),
        (SMS_URL, "Sz+FT+24yiPsn6TBNm+SpLnATs", SMS_BODY),
        (SMS_URL, "not base64!", SMS_BODY),
        (SMS_URL, SMS_SIGNATURE, changed_body.as_slice()),
        (SMS_URL, SMS_SIGNATURE, b"".as_slice()),
    ] {
        let verdict = verifier().verify(url, signature, body).map(|_| ());
        assert_eq!(verdict, Err(Forged), "{url} {signature}");
    }
    let stranger = Verifier::new("another-token".into());
    assert!(stranger.verify(SMS_URL, SMS_SIGNATURE, SMS_BODY).is_err());
}

#[test]
fn the_default_port_may_be_spelt_out_or_not_and_repeats_count_once() {
    // Signed for the URL with :443, and for {A=1, A=2, B=} in that order.
    let signature = "ljsRWuH9UDapQabNdfuSF92rLPc=";
    let body = b"A=2&B=&A=1&A=1";
    for url in [SMS_URL, "https://clinic.example:443/hooks/twilio/sms"] {
        assert!(verifier().verify(url, signature, body).is_ok(), "{url}");
    }
    let other = "https://clinic.example:8443/hooks/twilio/sms";
    assert!(verifier().verify(other, signature, body).is_err());
}

#[test]
fn ports_are_only_touched_where_they_are_the_default() {
    for (url, other) in [
        ("https://a.example/x?y", "https://a.example:443/x?y"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("http://a.example?x=/", "http://a.example:80?x=/"),
    ] {
        assert_eq!(spellings(url), [url, other]);
    }
    assert_eq!(spellings("nonsense"), ["nonsense"]);
}

#[test]
fn what_is_missing_is_named_and_never_shown() {
    let whole = [
        ("From", "+13125550142"),
        ("To", "+13125550100"),
        ("MessageSid", "SM1"),
    ];
    for missing in 0..whole.len() {
        let mut rest = whole.to_vec();
        let (field, _) = rest.remove(missing);
        assert_eq!(signed(&rest).inbound(), Err(Malformed { field }));
    }
    let short_code = [
        ("From", "55512"),
        ("To", "+13125550100"),
        ("MessageSid", "SM1"),
    ];
    let error = signed(&short_code).inbound().unwrap_err();
    assert_eq!(error, Malformed { field: "From" });
    assert!(!error.to_string().contains("55512"));

    let no_status = signed(&[("MessageSid", "SM1")]);
    assert_eq!(
        no_status.status(),
        Err(Malformed {
            field: "MessageStatus"
        })
    );
}

#[test]
fn pictures_and_the_carriers_own_keywords_are_told() {
    for (word, keyword) in [
        ("STOP", Some(Keyword::Stop)),
        ("START", Some(Keyword::Start)),
        ("HELP", Some(Keyword::Help)),
        ("", None),
    ] {
        let inbound = signed(&[
            ("From", "+13125550142"),
            ("To", "55512"),
            ("MessageSid", "SM1"),
            ("NumMedia", "2"),
            ("OptOutType", word),
        ])
        .inbound()
        .unwrap();
        assert_eq!((inbound.media_count, inbound.keyword), (2, keyword));
        assert_eq!(inbound.body, Body::default());
    }
}

#[test]
fn debug_shows_neither_token_nor_words() {
    let verified = verifier().verify(SMS_URL, SMS_SIGNATURE, SMS_BODY).unwrap();
    let shown = format!("{:?} {verified:?} {:?}", verifier(), verified.inbound());
    for secret in ["token", "gracias", "5550142"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
