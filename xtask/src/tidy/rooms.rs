//! Which crate may import which: the table of rooms, held against every manifest.
//!
//! Manifests are read as text and not through cargo, so that a finding has its
//! line and a test of a rule needs no real workspace.

use super::finding::{Finding, Rule};
use super::tree::{SourceFile, Tree};

/// What each room may import of ours. A room that is not listed may not exist.
const ROOMS: [(&str, &[&str]); 15] = [
    ("care", &[]),
    ("journey", &["care"]),
    ("channel", &["care"]),
    ("exchange", &["care"]),
    ("insight", &["care"]),
    ("assist", &["care"]),
    ("store", &["care", "journey"]),
    (
        "desk",
        &[
            "care", "journey", "channel", "exchange", "insight", "assist", "store",
        ],
    ),
    ("web", &["care", "store", "desk"]),
    ("simulate", &["care", "desk", "channel"]),
    (
        "tendon",
        &[
            "care", "journey", "channel", "exchange", "insight", "assist", "store", "desk", "web",
            "simulate",
        ],
    ),
    ("testkit-macros", &[]),
    (
        "testkit",
        &["care", "channel", "exchange", "testkit-macros"],
    ),
    ("testpractice", &["care", "store", "desk", "testkit"]),
    // For the carriers and the clock of its crash rehearsal.
    ("xtask", &["care", "testkit"]),
];

/// Rooms that bring the house up as a whole: their tests may look into every other.
const WHOLE_HOUSE: [&str; 4] = ["desk", "web", "simulate", "tendon"];

/// Third parties that live in few rooms, and which.
const TENANTS: [(&str, &[&str]); 18] = [
    ("rusqlite", &["store"]),
    ("tokio-postgres", &["store"]),
    ("deadpool-postgres", &["store"]),
    ("sqlx", &[]),
    ("axum", &["web", "testkit"]),
    ("axum-extra", &["web"]),
    ("askama", &["web"]),
    ("axum-server", &["tendon"]),
    ("reqwest", &["channel", "exchange", "assist"]),
    ("lettre", &["channel"]),
    ("cel", &["journey"]),
    ("csv", &["exchange", "insight"]),
    ("hl7-parser", &["exchange"]),
    ("minijinja", &["desk"]),
    ("forust-ml", &["insight"]),
    ("clap", &["tendon", "xtask"]),
    ("getrandom", &["tendon"]),
    ("rand", &["simulate", "testkit"]),
];

/// Crates that must not come in, not even through somebody else's.
const UNWANTED: [&str; 5] = ["openssl", "openssl-sys", "native-tls", "hl7v2", "cxx"];

static IMPORT: Rule = Rule {
    name: "room-import",
    why: "a house whose rooms open into each other cannot be understood room by room",
    fix: "move the shared value down into `care`, or let `desk` bring the two together; \
          the table is in xtask/src/tidy/rooms.rs and ARCHITECTURE.md",
    excuse: None,
};

static TENANT: Rule = Rule {
    name: "third-party",
    why: "a library named in one room can be replaced in one room",
    fix: "go through the room that owns it (xtask/src/tidy/rooms.rs lists them)",
    excuse: None,
};

static MANIFEST: Rule = Rule {
    name: "manifest",
    why: "lints, edition and licence are the same for every crate, or they are not rules",
    fix: "copy the head of crates/care/Cargo.toml",
    excuse: None,
};

static LOCK: Rule = Rule {
    name: "unwanted-crate",
    why: "a C or C++ build, or a licence that we cannot take, reaches everyone who builds Tendon",
    fix: "see who brings it with `cargo tree -i NAME`; a feature of theirs usually avoids it",
    excuse: None,
};

pub(crate) static RULES: [&Rule; 4] = [&IMPORT, &TENANT, &MANIFEST, &LOCK];

/// Checks every manifest and the lock file.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| is_manifest(file)) {
        match toml::from_str(&file.text) {
            Ok(manifest) => {
                imports(file, &manifest, &mut findings);
                head(file, &manifest, &mut findings);
            }
            Err(error) => findings.push(found(&MANIFEST, file, 1, error.message().to_owned())),
        }
    }
    findings.extend(tree.file("Cargo.lock").into_iter().flat_map(unwanted));
    findings
}

fn is_manifest(file: &SourceFile) -> bool {
    file.room().is_some() && file.path.ends_with("/Cargo.toml")
}

fn imports(file: &SourceFile, manifest: &toml::Table, findings: &mut Vec<Finding>) {
    let room = file.room().unwrap_or_default();
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        let what = format!("there is no room `{room}` in the table");
        return findings.push(found(&IMPORT, file, 1, what));
    };
    for dependency in dependencies(manifest) {
        let line = line_of(file, &dependency.key);
        if let Some(ours) = our_room(&dependency.package) {
            let for_tests = dependency.for_tests
                && (ours == "testkit" || WHOLE_HOUSE.contains(&room) || ours == room);
            if !for_tests && !allowed.contains(&ours) {
                let what = format!("`{room}` imports `{ours}`");
                findings.push(found(&IMPORT, file, line, what));
            }
        } else if let Some((name, rooms)) = TENANTS.iter().find(|(n, _)| *n == dependency.package)
            && !rooms.contains(&room)
        {
            let what = format!("`{room}` names `{name}`, which lives in {rooms:?}");
            findings.push(found(&TENANT, file, line, what));
        }
    }
}

struct Dependency {
    /// The name on the left of the equals sign.
    key: String,
    /// The crate's own name, where the manifest renames it.
    package: String,
    for_tests: bool,
}

/// Lists the dependencies of all kinds and all targets.
fn dependencies(manifest: &toml::Table) -> Vec<Dependency> {
    let targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(toml::Value::as_table);
    let mut all = Vec::new();
    for table in std::iter::once(manifest).chain(targets) {
        for (kind, for_tests) in [
            ("dependencies", false),
            ("build-dependencies", false),
            ("dev-dependencies", true),
        ] {
            let entries = table.get(kind).and_then(toml::Value::as_table);
            all.extend(entries.into_iter().flatten().map(|(key, value)| {
                Dependency {
                    key: key.clone(),
                    package: value
                        .get("package")
                        .and_then(toml::Value::as_str)
                        .unwrap_or(key)
                        .to_owned(),
                    for_tests,
                }
            }));
        }
    }
    all
}

fn our_room(package: &str) -> Option<&str> {
    match package {
        "tendon" | "xtask" => Some(package),
        _ => package.strip_prefix("tendon-"),
    }
}

/// Every crate obeys the workspace's lints and says in a sentence what it is for.
fn head(file: &SourceFile, manifest: &toml::Table, findings: &mut Vec<Finding>) {
    let inherits = |table: &str, key: Option<&str>| {
        let table = manifest.get(table);
        let value = match key {
            Some(key) => table.and_then(|table| table.get(key)),
            None => table,
        };
        value.and_then(|value| value.get("workspace")) == Some(&toml::Value::Boolean(true))
    };
    if !inherits("lints", None) {
        let what = "the workspace's lints are not in force: no `[lints] workspace = true`";
        findings.push(found(&MANIFEST, file, 1, what.to_owned()));
    }
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        if !inherits("package", Some(key)) {
            let what = format!("`{key}.workspace = true` is missing");
            findings.push(found(&MANIFEST, file, 1, what));
        }
    }
    let description = manifest
        .get("package")
        .and_then(|package| package.get("description"))
        .and_then(toml::Value::as_str);
    if !description.is_some_and(|text| text.ends_with('.')) {
        let what = "`description` is no sentence".to_owned();
        findings.push(found(&MANIFEST, file, 1, what));
    }
}

fn unwanted(lock: &SourceFile) -> Vec<Finding> {
    lock.lines()
        .filter_map(|(line, text)| {
            let name = text.strip_prefix("name = \"")?.strip_suffix('"')?;
            UNWANTED
                .contains(&name)
                .then(|| found(&LOCK, lock, line, format!("`{name}` is in the build")))
        })
        .collect()
}

fn line_of(file: &SourceFile, key: &str) -> usize {
    file.lines()
        .find(|(_, line)| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        })
        .map_or(1, |(line, _)| line)
}

fn found(rule: &'static Rule, file: &SourceFile, line: usize, what: String) -> Finding {
    Finding {
        rule,
        path: file.path.clone(),
        line,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[package]\nname = \"x\"\ndescription = \"Does a thing.\"\n\
        version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
        license.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";

    fn complaints(room: &str, body: &str) -> Vec<String> {
        let path = format!("crates/{room}/Cargo.toml");
        check(&Tree::of(&[(&path, &format!("{HEAD}{body}"))]))
            .iter()
            .map(|f| format!("{} {}: {}", f.line, f.rule.name, f.what))
            .collect()
    }

    #[test]
    fn a_room_imports_what_the_table_lets_it() {
        let body = "[dependencies]\ntendon-care.workspace = true\njiff.workspace = true\n";
        assert_eq!(complaints("journey", body), [""; 0]);
    }

    #[test]
    fn siblings_are_refused_with_their_line() {
        let body = "[dependencies]\ntendon-care.workspace = true\ntendon-exchange = \"1\"\n";
        assert_eq!(
            complaints("channel", body),
            ["13 room-import: `channel` imports `exchange`"]
        );
    }

    #[test]
    fn a_renamed_import_is_seen_through() {
        let body = "[dependencies]\ndb = { package = \"rusqlite\", version = \"1\" }\n\
            [target.'cfg(unix)'.dependencies]\ndoor = { package = \"tendon-web\", path = \"../web\" }\n";
        assert_eq!(
            complaints("desk", body),
            [
                "12 third-party: `desk` names `rusqlite`, which lives in [\"store\"]",
                "14 room-import: `desk` imports `web`",
            ]
        );
    }

    #[test]
    fn tests_may_use_the_testkit_and_only_the_upper_rooms_everything() {
        let body = "[dev-dependencies]\ntendon-testkit.workspace = true\n";
        assert_eq!(complaints("channel", body), [""; 0]);
        let body = "[dev-dependencies]\ntendon-store.workspace = true\n";
        assert_eq!(complaints("simulate", body), [""; 0]);
        assert_eq!(
            complaints("channel", body),
            ["12 room-import: `channel` imports `store`"]
        );
        let body = "[dependencies]\ntendon-testkit.workspace = true\n";
        assert_eq!(
            complaints("desk", body),
            ["12 room-import: `desk` imports `testkit`"]
        );
    }

    #[test]
    fn a_new_room_needs_a_row_in_the_table() {
        assert_eq!(
            complaints("billing", ""),
            ["1 room-import: there is no room `billing` in the table"]
        );
    }

    #[test]
    fn a_manifest_inherits_and_describes() {
        let text = "[package]\nname = \"tendon-care\"\nversion = \"1.0.0\"\n";
        let tree = Tree::of(&[("crates/care/Cargo.toml", text)]);
        let what: Vec<_> = check(&tree).into_iter().map(|f| f.what).collect();
        assert_eq!(what.len(), 7, "{what:?}");
        assert!(what[0].contains("lints"), "{what:?}");
        assert!(what[1].contains("version.workspace"), "{what:?}");
        assert!(what[6].contains("description"), "{what:?}");
    }

    #[test]
    fn a_broken_manifest_is_a_finding() {
        let findings = check(&Tree::of(&[("crates/care/Cargo.toml", "[package")]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].rule, &MANIFEST);
    }

    #[test]
    fn an_unwanted_crate_is_seen_in_the_lock() {
        let lock = "[[package]]\nname = \"openssl-sys\"\n[[package]]\nname = \"openssl-probe\"\n";
        let findings = check(&Tree::of(&[("Cargo.lock", lock)]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 2);
    }

    #[test]
    fn the_table_has_no_circle_and_names_only_rooms() {
        // A room may only import rooms that stand above it in the table.
        for (at, (room, allowed)) in ROOMS.iter().enumerate() {
            for import in *allowed {
                let above = ROOMS.iter().position(|(name, _)| name == import);
                assert!(above.is_some_and(|above| above < at), "{room} → {import}");
            }
        }
    }
}
