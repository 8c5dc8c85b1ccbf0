//! Members of staff and tokens who need help from whoever runs the machine.

use serde_json::Value;
use tendon_testkit::database::{Engine, TestDb};
use tendon_testkit::on_both_engines;

use crate::run::Place;

const EMAIL: &str = "desk@clinic.example";
const PASSWORD: &str = "a long enough passphrase\n";

fn with_staff(engine: Engine) -> Place {
    let place = Place::new(engine.database()).with_practice();
    for (email, role) in [(EMAIL, "front_desk"), ("boss@clinic.example", "admin")] {
        let add = ["users", "add", "--email", email, "--role", role];
        place.ok(&[&add[..], &["--password-stdin"]].concat(), PASSWORD);
    }
    place
}

/// Runs a command about a member of staff and reads what it says.
fn about(place: &Place, act: &str, rest: &[&str], input: &str) -> Value {
    let command = [&["users", act, "--email", EMAIL, "--json"], rest].concat();
    serde_json::from_str(&place.ok(&command, input)).unwrap()
}

#[on_both_engines]
fn staff_can_be_helped_from_the_command_line(engine: Engine) {
    let place = with_staff(engine);
    assert_eq!(
        about(&place, "role", &["--role", "manager"], "")["role"],
        "manager"
    );
    assert_eq!(about(&place, "disable", &[], "")["disabled"], true);
    assert_eq!(about(&place, "enable", &[], "")["disabled"], false);
    assert_eq!(about(&place, "codes", &[], "")["codes"], false);
    let changed = about(&place, "password", &["--password-stdin"], PASSWORD);
    assert_eq!(changed["email"], EMAIL);
    let short = ["users", "password", "--email", EMAIL, "--password-stdin"];
    let refused = place.run(&short, "short");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("password"));
    let link = about(
        &place,
        "link",
        &["--public-url", "https://prm.example/"],
        "",
    );
    let url = link["url"].as_str().unwrap();
    assert!(
        url.starts_with("https://prm.example/sign-in/link/"),
        "{url}"
    );
    let long = ["users", "link", "--email", EMAIL, "--hours", "25"];
    assert_eq!(place.run(&long, "").status.code(), Some(1));
}

#[on_both_engines]
fn nobody_and_the_last_administrator_are_told_from_others(engine: Engine) {
    let place = with_staff(engine);
    let nobody = place.run(&["users", "codes", "--email", "who@clinic.example"], "");
    assert_eq!(nobody.status.code(), Some(1));
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(said.contains("email: nobody"), "{said}");
    assert!(!said.contains("who@"), "{said}");
    let last = place.run(&["users", "disable", "--email", "boss@clinic.example"], "");
    assert_eq!(last.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&last.stderr).contains("administrator"));
}

#[on_both_engines]
fn a_token_is_found_in_the_list_and_revoked(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    let added = place.run(&["tokens", "add", "--role", "integration"], "");
    let secret = String::from_utf8(added.stdout).unwrap();
    assert_eq!(secret.lines().count(), 1, "the token alone, for scripts");
    let said = String::from_utf8(added.stderr).unwrap();
    let listed = || -> Value {
        let list = place.ok(&["tokens", "list", "--json"], "");
        assert!(!list.contains(secret.trim()), "the list shows no secret");
        serde_json::from_str(&list).unwrap()
    };
    let before = listed();
    let id = before["id"].as_str().unwrap();
    assert!(said.contains(id), "{said}");
    assert_eq!(before["revoked_at"], Value::Null);
    place.ok(&["tokens", "revoke", id], "");
    assert!(listed()["revoked_at"].is_string());
}

#[test]
fn every_act_has_help_with_an_example() {
    let place = Place::new(TestDb::sqlite("users-help"));
    for command in [
        ["users", "password"],
        ["users", "codes"],
        ["users", "link"],
        ["users", "disable"],
        ["users", "enable"],
        ["users", "role"],
        ["tokens", "list"],
        ["tokens", "revoke"],
    ] {
        let help = place.ok(&[&command[..], &["--help"]].concat(), "");
        assert!(help.contains("Example: tendon"), "{command:?}");
    }
}
