//! What a server refuses to start with.

use tendon_testkit::database::TestDb;

use crate::run::Place;

/// Starts a server that must refuse, and returns what it says.
fn refused(flags: &[&str]) -> String {
    let place = Place::new(TestDb::sqlite("serve"));
    let listen = ["serve", "--listen", "127.0.0.1:0"];
    let output = place.run(&[&listen, flags].concat(), "");
    assert_eq!(output.status.code(), Some(1), "{flags:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_server_that_sends_says_where_it_is_reached() {
    let mail = [
        "--smtp-url",
        "smtp://127.0.0.1:2525",
        "--smtp-from",
        "desk@clinic.example",
    ];
    let said = refused(&mail);
    assert!(said.contains("TENDON_PUBLIC_URL: needed"), "{said}");
    let said = refused(&[&mail[..], &["--public-url", "prm.clinic.example"]].concat());
    assert!(said.contains("TENDON_PUBLIC_URL: "), "{said}");
}

#[test]
fn half_a_text_carrier_does_not_become_a_sandbox() {
    let said = refused(&["--twilio-auth-token", "secret"]);
    assert!(said.contains("TENDON_TWILIO_ACCOUNT_SID: needed"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}
