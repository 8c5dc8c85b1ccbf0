//! Setting practices and their places up without the web app.

use serde_json::Value;
use tendon_testkit::database::{Engine, TestDb};
use tendon_testkit::on_both_engines;

use crate::run::Place;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Runs a command that must fail and returns what it says.
fn refused(place: &Place, command: &[&str]) -> String {
    let output = place.run(command, "");
    assert_eq!(output.status.code(), Some(1), "{command:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[on_both_engines]
fn a_state_that_does_not_exist_and_a_telling_name_are_refused(engine: Engine) {
    let place = Place::new(engine.database());
    let add = |name, state| {
        let zone = ["--time-zone", "America/New_York"];
        let names = ["practices", "add", "--name", name, "--state", state];
        [&names[..], &zone].concat()
    };
    for (name, state, field) in [
        ("Hill PT", "Florida", "state: "),
        ("Hill PT", "ZZ", "state: "),
        ("Hill Pelvic Health", "FL", "name: "),
        ("  ", "FL", "name: "),
    ] {
        let said = refused(&place, &add(name, state));
        assert!(said.contains(field), "{said}");
    }
    assert_eq!(place.ok(&["practices", "list"], ""), "");
    let added = place.ok(&[&add("Hill PT", "fl")[..], &["--json"]].concat(), "");
    assert_eq!(read(&added)["state"], "FL");
}

#[on_both_engines]
fn places_are_added_and_listed(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    let add = ["practices", "add-location", "--name", "Lakeview", "--json"];
    let added = place.ok(&[&add[..], &["--phone", "312-555-0100"]].concat(), "");
    assert_eq!(read(&added)["time_zone"], "America/Chicago");
    let elsewhere = place.ok(&[&add[..], &["--time-zone", "America/Denver"]].concat(), "");
    assert_eq!(read(&elsewhere)["time_zone"], "America/Denver");
    let said = refused(&place, &["practices", "add-location", "--name", " "]);
    assert!(said.contains("name: "), "{said}");
    let listed = place.ok(&["practices", "locations", "--json"], "");
    assert_eq!(listed.lines().count(), 2);
    assert!(listed.contains(read(&added)["id"].as_str().unwrap()));
}

#[on_both_engines]
fn the_numbers_of_each_practice_are_set_and_shown(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    assert_eq!(place.ok(&["practices", "numbers"], "").trim(), "");
    let set = ["practices", "numbers", "312-555-0100, 55123", "--json"];
    assert_eq!(read(&place.ok(&set, ""))["numbers"], "+13125550100, 55123");
    let said = refused(&place, &["practices", "numbers", "the desk"]);
    assert!(said.contains("numbers: "), "{said}");
    let shown = place.ok(&["practices", "numbers"], "");
    assert_eq!(shown.trim(), "+13125550100, 55123");
}

#[test]
fn every_act_has_help_with_an_example() {
    let place = Place::new(TestDb::sqlite("practices-help"));
    for act in ["add", "list", "add-location", "locations", "numbers"] {
        let help = place.ok(&["practices", act, "--help"], "");
        assert!(help.contains("Example: tendon"), "{act}");
    }
}
