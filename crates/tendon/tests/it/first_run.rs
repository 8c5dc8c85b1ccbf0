//! The first commands on an empty database.

use std::os::unix::fs::PermissionsExt as _;

use tendon_testkit::database::{Engine, TestDb};
use tendon_testkit::on_both_engines;

use crate::run::Place;

const VISITS: &str = "\
patient_id,first_name,last_name,dob,mobile,appointment_id,start_date,start_time,status
1001,Ana,Morales,1968-02-29,312-555-0142,A1,2030-03-04,09:00,Booked
1002,Luis,Ortega,1975-05-05,312-555-0143,A2,2030-03-04,10:00,Booked
1003,,,1980-13-40,12,A3,2030-03-04,11:00,Booked
";

#[on_both_engines]
fn a_practice_a_user_and_a_token_are_all_it_takes(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    let add = [
        "users",
        "add",
        "--email",
        "Desk@Clinic.example",
        "--role",
        "front_desk",
        "--password-stdin",
    ];
    let user = place.ok(&add, "a long enough passphrase\n");
    assert!(user.starts_with("usr_"), "{user}");
    let token = place.ok(&["tokens", "add", "--role", "integration", "--json"], "");
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    assert!(token["token"].as_str().unwrap().starts_with("tok_"));
    let folder = std::fs::metadata(place.data_dir.join("keys"))
        .unwrap()
        .permissions();
    assert_eq!(folder.mode() & 0o777, 0o700);
    let key = std::fs::metadata(place.data_dir.join("keys/kek"))
        .unwrap()
        .permissions();
    assert_eq!(key.mode() & 0o777, 0o600);
}

#[test]
fn the_first_command_makes_the_data_directory() {
    let place = Place::new(TestDb::sqlite("unused"));
    assert!(!place.data_dir.exists());
    let first = place.run_bare(&["practices", "list"], "");
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(first.status.success(), "{said}");
    for (path, mode) in [("", 0o700), ("keys/kek", 0o600), ("tendon.db", 0o600)] {
        let made = std::fs::metadata(place.data_dir.join(path)).unwrap();
        assert_eq!(made.permissions().mode() & 0o777, mode, "{path}");
    }
}

#[on_both_engines]
fn a_refused_field_is_named_and_nothing_is_left(engine: Engine) {
    let place = Place::new(engine.database());
    let bad = place.run(
        &[
            "practices",
            "add",
            "--name",
            "X",
            "--time-zone",
            "Mars/Base",
        ],
        "",
    );
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("time-zone"));
    assert_eq!(place.ok(&["practices", "list"], ""), "");
    let place = place.with_practice();
    let short = [
        "users",
        "add",
        "--email",
        "a@clinic.example",
        "--role",
        "admin",
        "--password-stdin",
    ];
    let refused = place.run(&short, "short");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("password"));
    assert_eq!(place.ok(&["users", "list"], ""), "");
}

#[on_both_engines]
fn an_import_says_what_became_of_everything_and_twice_is_once(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    let file = place.data_dir.join("visits.csv");
    std::fs::write(&file, VISITS).unwrap();
    let file = file.to_str().unwrap();
    let first = place.run(&["import", "csv", file, "--json"], "");
    assert_eq!(
        first.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(report["patient"]["created"], 2, "{report}");
    assert_eq!(report["appointment"]["created"], 2, "{report}");
    let problems = std::fs::read_to_string(report["problems_file"].as_str().unwrap()).unwrap();
    assert!(problems.contains("line 4"), "{problems}");
    let second = place.run(&["import", "csv", file, "--json"], "");
    let report: serde_json::Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(report["patient"]["unchanged"], 2, "{report}");
    assert_eq!(report["patient"]["created"], 0, "{report}");
}

#[test]
fn a_wrong_argument_is_a_failure_and_help_is_none() {
    let place = Place::new(TestDb::sqlite("usage"));
    for arguments in [
        &["simulate", "--days", "-3"][..],
        &["simulate", "--days", "9000000"],
        &["simulate", "--patients", "0"],
        &["simulate", "--until", "9999-12-30T00:00:00Z"],
        &["demo", "--clock-start", "-009990-01-01T00:00:00Z"],
        &["import", "csv"],
        &["nonsense"],
        &[],
    ] {
        let refused = place.run(arguments, "");
        let said = String::from_utf8_lossy(&refused.stderr);
        // 2 is for imports that were done and rejected something.
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    for arguments in [&["--help"][..], &["--version"], &["help", "serve"]] {
        assert!(!place.ok(arguments, "").is_empty(), "{arguments:?}");
    }
}

#[test]
fn two_practices_may_not_share_a_name() {
    let place = Place::new(TestDb::sqlite("names")).with_practice();
    let add = [
        "practices",
        "add",
        "--time-zone",
        "America/Denver",
        "--name",
    ];
    let twin = place.run(&[&add[..], &["riverside pt"]].concat(), "");
    assert_eq!(twin.status.code(), Some(1));
    let said = String::from_utf8_lossy(&twin.stderr).into_owned();
    assert!(said.contains("name: there is a practice"), "{said}");
    place.ok(&[&add[..], &["Lakeside PT"]].concat(), "");
    assert_eq!(place.ok(&["practices", "list"], "").lines().count(), 2);
}

#[test]
fn nothing_simulated_comes_among_real_patients() {
    let place = Place::new(TestDb::sqlite("real")).with_practice();
    let refused = place.run(&["simulate", "--patients", "1", "--days", "1"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(place.ok(&["practices", "list"], "").lines().count(), 1);
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new(TestDb::sqlite("help"));
    for command in [
        vec!["demo"],
        vec!["serve"],
        vec!["backup"],
        vec!["restore"],
        vec!["verify"],
        vec!["simulate"],
        vec!["import", "fhir"],
        vec!["import", "hl7"],
        vec!["import", "csv"],
        vec!["journeys", "list"],
        vec!["journeys", "check"],
        vec!["journeys", "explain"],
        vec!["practices", "add"],
        vec!["users", "add"],
        vec!["tokens", "add"],
        vec!["bench", "engine"],
    ] {
        let help = place.ok(&[&command[..], &["--help"]].concat(), "");
        assert!(help.contains("Example: tendon"), "{command:?}");
    }
}
