//! What was backed up is restored, row by row, on both engines.

use tendon_testkit::database::TestDb;

use crate::run::Place;

fn digests(place: &Place, url: &str) -> serde_json::Value {
    let output = place.run_on(url, &["verify", "--json"], "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn comes_back_equal(from: TestDb, to: &TestDb, name: &str) {
    let place = Place::new(from, name).with_practice();
    let add = [
        "users",
        "add",
        "--email",
        "a@clinic.example",
        "--role",
        "admin",
        "--password-stdin",
    ];
    place.ok(&add, "a long enough passphrase");
    place.ok(&["tokens", "add", "--role", "auditor"], "");
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
    assert!(before["rows"].as_u64().unwrap() > 5, "{before}");
    assert_eq!(before["audit_intact"], true);
    assert_eq!(before, after);
    let twice = place.run_on(to.url(), &["restore", file], "");
    assert_eq!(
        twice.status.code(),
        Some(1),
        "a restore must never overwrite a database"
    );
}

#[test]
fn a_sqlite_backup_comes_back_equal() {
    comes_back_equal(
        TestDb::sqlite("backup_from"),
        &TestDb::sqlite("backup_to"),
        "backup_sqlite",
    );
}

#[test]
fn a_postgres_backup_comes_back_equal() {
    let Some(from) = TestDb::postgres("backup_from") else {
        return;
    };
    let Some(to) = TestDb::postgres("backup_to") else {
        return;
    };
    comes_back_equal(from, &to, "backup_postgres");
}
