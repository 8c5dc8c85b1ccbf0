//! What was backed up is restored, row by row, on both engines; what fails leaves nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tendon_testkit::database::{Engine, TestDb};
use tendon_testkit::on_both_engines;

use crate::run::Place;

/// What a practice that was lived in has rows of: an empty table is restored by anything.
const FILLED: [&str; 27] = [
    "practice",
    "location",
    "clinician",
    "patient",
    "patient_word",
    "patient_block",
    "patient_identifier",
    "contact_point",
    "consent",
    "referral",
    "episode",
    "plan",
    "appointment",
    "touchpoint",
    "enrolment",
    "timer",
    "conversation",
    "message",
    "attention",
    "decision",
    "task",
    "staff_user",
    "api_token",
    "patient_link",
    "source_record",
    "audit",
    "audit_head",
];

const VISIT: &str = "\
patient_id,first_name,last_name,dob,mobile,appointment_id,start_date,start_time,status
1001,Ana,Morales,1968-02-29,312-555-0142,A1,2030-03-04,09:00,Booked
";

fn digests(place: &Place, url: &str) -> serde_json::Value {
    let output = place.run_on(url, &["verify", "--json"], "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A practice that was lived in, with somebody who may sign in.
fn lived_in(db: TestDb) -> Place {
    let place = Place::new(db);
    place.ok(&["simulate", "--patients", "25", "--days", "70"], "");
    let add = ["users", "add", "--password-stdin"];
    let whom = ["--email", "a@clinic.example", "--role", "admin"];
    place.ok(&[&add[..], &whom].concat(), "a long enough passphrase");
    place.ok(&["tokens", "add", "--role", "auditor"], "");
    let file = place.data_dir.join("visits.csv");
    std::fs::write(&file, VISIT).unwrap();
    place.ok(&["import", "csv", file.to_str().unwrap()], "");
    place
}

#[on_both_engines]
fn a_practice_that_was_lived_in_comes_back_equal(engine: Engine) {
    let place = lived_in(engine.database());
    let to = engine.database();
    let file = place.data_dir.join("copy.backup");
    let file = file.to_str().unwrap();
    place.ok(&["backup", file], "");
    let again = place.run(&["backup", file], "");
    assert_eq!(
        again.status.code(),
        Some(1),
        "a backup must never overwrite one"
    );
    let restored = place.run_on(to.url(), &["restore", file], "");
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let (before, after) = (digests(&place, place.db.url()), digests(&place, to.url()));
    for table in FILLED {
        assert!(
            before["tables"][table]["rows"].as_u64() > Some(0),
            "{table}"
        );
    }
    assert_eq!(before["audit_intact"], true);
    assert_eq!(before, after);
    let twice = place.run_on(to.url(), &["restore", file], "");
    assert_eq!(
        twice.status.code(),
        Some(1),
        "a restore must never overwrite a database"
    );
    assert_eq!(digests(&place, to.url()), after);
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn a_restore_that_fails_leaves_nothing_and_can_be_tried_again() {
    let place = Place::new(TestDb::sqlite("whole")).with_practice();
    let good = place.data_dir.join("good");
    place.ok(&["backup", good.to_str().unwrap()], "");
    let to = TestDb::sqlite("restored");
    let folder = to.file().unwrap().parent().unwrap();
    let whole = std::fs::read(&good).unwrap();
    let middle = whole.len() / 2;
    let mut bent = whole.clone();
    bent[middle..middle + 4_096].fill(0xA5);
    for (bytes, why) in [
        (b"no database at all, only words".repeat(40), "reading"),
        (whole[..middle].to_vec(), "reading"),
        (bent, "reading"),
        (Vec::new(), "no database of Tendon"),
    ] {
        let file = place.data_dir.join("bad");
        std::fs::write(&file, bytes).unwrap();
        let failed = place.run_on(to.url(), &["restore", file.to_str().unwrap()], "");
        let said = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(1), "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(names(folder), [""; 0].map(PathBuf::from));
    }
    let restored = place.run_on(to.url(), &["restore", good.to_str().unwrap()], "");
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    assert_eq!(names(folder), [to.file().unwrap()]);
    assert_eq!(digests(&place, to.url()), digests(&place, place.db.url()));
}

#[on_both_engines]
fn a_backup_that_fails_leaves_nothing(engine: Engine) {
    let nowhere = engine.database();
    let place = Place::new(engine.database()).with_practice();
    let file = place.data_dir.join("copy.backup");
    let before = names(&place.data_dir);
    let url = match nowhere.file() {
        Some(_) => nowhere.url().to_owned(),
        // There is no such database on the server.
        None => format!("{}_gone", nowhere.url()),
    };
    let failed = place.run_on(&url, &["backup", file.to_str().unwrap()], "");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(names(&place.data_dir), before);
}

#[test]
fn only_the_owner_may_read_a_database_and_what_is_made_of_it() {
    let place = Place::new(TestDb::sqlite("private")).with_practice();
    let copy = place.data_dir.join("copy");
    place.ok(&["backup", copy.to_str().unwrap()], "");
    let to = TestDb::sqlite("copied");
    place.run_on(to.url(), &["restore", copy.to_str().unwrap()], "");
    // What SQLite keeps beside the database has pages of it.
    let beside = |db: &TestDb| names(db.file().unwrap().parent().unwrap());
    let all = [vec![copy], beside(&place.db), beside(&to)].concat();
    assert!(all.len() >= 3, "{all:?}");
    for file in all {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

/// The variable by which `cargo xtask test` names the certificate of its server.
const CERTIFICATE: &str = "TENDON_TEST_POSTGRES_CERTIFICATE";

#[test]
fn a_database_server_must_show_who_it_is() {
    let Ok(certificate) = std::env::var(CERTIFICATE) else {
        println!("SKIPPED: {CERTIFICATE} is not set");
        return;
    };
    let Some(db) = TestDb::postgres("encrypted") else {
        return;
    };
    let place = Place::new(db).with_practice();
    let url = format!("{}?sslmode=verify-full", place.db.url());
    let stranger = place.run_on(&url, &["practices", "list"], "");
    let said = String::from_utf8_lossy(&stranger.stderr);
    assert_eq!(stranger.status.code(), Some(1), "{said}");
    assert!(said.contains("certificate"), "{said}");
    let known = format!("{url}&sslrootcert={certificate}");
    let copy = place.data_dir.join("copy");
    for command in [&["verify"][..], &["backup", copy.to_str().unwrap()]] {
        let done = place.run_on(&known, command, "");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{command:?}: {said}");
    }
}
