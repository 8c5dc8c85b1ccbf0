//! Encryption towards mail servers, with certificates made for the test.

use std::sync::Arc;

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tendon_care::contact::Email;
use tendon_care::message::FailureClass;
use tendon_channel::smtp::{Server, Settings, Smtp};
use tendon_channel::{Carrier, Outcome};
use tendon_testkit::carriers::SmtpSink;
use tendon_testkit::carriers::smtp::{Encryption, Options, TlsAcceptor};

use crate::support::{email, install_tls, refused};

/// A server's side of TLS for these names, and its certificate in PEM.
fn certified(names: &[&str]) -> (TlsAcceptor, Vec<u8>) {
    install_tls();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), cert.pem().into_bytes())
}

async fn sink(encryption: Encryption) -> SmtpSink {
    let options = Options {
        encryption,
        credentials: Some(("care".into(), "secret".into())),
        ..Options::default()
    };
    SmtpSink::start("127.0.0.1:0", options).await.unwrap()
}

/// Sends one letter to the sink by a URL with this scheme and query.
async fn send(sink: &SmtpSink, scheme: &str, query: &str, root: Option<Vec<u8>>) -> Outcome {
    let port = sink.address().port();
    let url = format!("{scheme}://care:secret@localhost:{port}{query}");
    let from = Email::parse("care@clinic.example").unwrap();
    let carrier = Smtp::new(Settings {
        root_certificates: root,
        ..Settings::new(Server::parse(&url.into()).unwrap(), from)
    })
    .unwrap();
    carrier.send(&email(1, "hello")).await
}

#[tokio::test]
async fn letters_travel_encrypted_from_the_first_byte_or_by_starttls() {
    let (tls, root) = certified(&["localhost"]);
    for (encryption, scheme, query) in [
        (Encryption::Always(tls.clone()), "smtps", ""),
        (Encryption::OnRequest(tls.clone()), "smtp", "?tls=required"),
        (Encryption::OnRequest(tls), "smtp", "?tls=opportunistic"),
    ] {
        let sink = sink(encryption).await;
        let outcome = send(&sink, scheme, query, Some(root.clone())).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        assert!(sink.received()[0].encrypted, "{scheme}{query}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_gets_nothing() {
    let (stranger, stranger_root) = certified(&["elsewhere.example"]);
    let (unknown, _) = certified(&["localhost"]);
    for (tls, root) in [(stranger, Some(stranger_root)), (unknown, None)] {
        for (encryption, scheme, query) in [
            (Encryption::Always(tls.clone()), "smtps", ""),
            (Encryption::OnRequest(tls.clone()), "smtp", "?tls=required"),
            // Opportunistic is no excuse for a false name.
            (Encryption::OnRequest(tls), "smtp", "?tls=opportunistic"),
        ] {
            let sink = sink(encryption).await;
            let outcome = send(&sink, scheme, query, root.clone()).await;
            let expected = refused(FailureClass::Transient, "tls");
            assert_eq!(outcome, expected, "{scheme}{query}");
            assert_eq!(sink.total(), 0);
        }
    }
}

#[tokio::test]
async fn opportunism_ends_where_nothing_is_offered() {
    let sink = sink(Encryption::None).await;
    let outcome = send(&sink, "smtp", "?tls=opportunistic", None).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert!(!sink.received()[0].encrypted);
}

#[test]
fn a_root_that_is_no_certificate_is_refused_by_name() {
    install_tls();
    let server = Server::parse(&"smtps://mail.example".into()).unwrap();
    let from = Email::parse("care@clinic.example").unwrap();
    let settings = Settings {
        root_certificates: Some(b"hunter2".to_vec()),
        ..Settings::new(server, from)
    };
    let error = Smtp::new(settings).unwrap_err();
    assert_eq!(error.setting, "root_certificates");
}
