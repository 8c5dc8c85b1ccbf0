//! What was backed up is restored, row by row, on both engines.

use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

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

#[on_both_engines]
fn a_backup_comes_back_equal(engine: Engine) {
    let place = Place::new(engine.database()).with_practice();
    let to = engine.database();
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
