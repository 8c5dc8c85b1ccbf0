//! Forward-only migrations. A released one never changes: its checksum is kept.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{hex, params, statements};

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    /// What only PostgreSQL needs first.
    postgres: &'static str,
    /// The text for both engines.
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "base",
        postgres: include_str!("../migrations/0001_base.postgres.sql"),
        text: include_str!("../migrations/0001_base.sql"),
    },
    Migration {
        version: 2,
        name: "attention",
        postgres: "",
        text: include_str!("../migrations/0002_attention.sql"),
    },
    Migration {
        version: 3,
        name: "lists",
        postgres: "",
        text: include_str!("../migrations/0003_lists.sql"),
    },
    Migration {
        version: 4,
        name: "ledger",
        postgres: "",
        text: include_str!("../migrations/0004_ledger.sql"),
    },
    Migration {
        version: 5,
        name: "claims",
        postgres: include_str!("../migrations/0005_claims.postgres.sql"),
        text: include_str!("../migrations/0005_claims.sql"),
    },
    Migration {
        version: 6,
        name: "portal",
        postgres: "",
        text: include_str!("../migrations/0006_portal.sql"),
    },
    Migration {
        version: 7,
        name: "doubts",
        postgres: "",
        text: include_str!("../migrations/0007_doubts.sql"),
    },
];

statements! {
    APPLIED = "select version, checksum from schema_migration order by version";
}

const LEDGER: &str = "create table if not exists schema_migration \
    (version bigint not null primary key, name text not null, checksum text not null)";

/// Brings the schema to the newest version; several nodes may try at once.
pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    db.script(LEDGER).await?;
    match apply(db).await {
        // Another node was faster with the same migration; a second look sees it done.
        Err(StoreError::Postgres { .. }) => apply(db).await,
        outcome => outcome,
    }
}

async fn apply(db: &Db) -> Result<(), StoreError> {
    for migration in missing(db).await? {
        db.script(&script(db, migration, &checksum(migration)))
            .await?;
    }
    Ok(())
}

/// Refuses a database that is not at the newest version, and changes nothing.
pub(crate) async fn check(db: &Db) -> Result<(), StoreError> {
    match missing(db).await?.first() {
        None => Ok(()),
        Some(Migration { version, .. }) => Err(StoreError::Schema(format!(
            "it is older than this program, which has version {version} for it: start `tendon serve` once"
        ))),
    }
}

/// Returns what has not been applied yet.
///
/// *Errors*: the schema is newer than the program, or a migration was changed.
async fn missing(db: &Db) -> Result<Vec<&'static Migration>, StoreError> {
    let rows = match db.read(&APPLIED, params![]).await {
        Err(error) if error.is_missing_table() => {
            return Err(StoreError::Schema("it is no database of Tendon".into()));
        }
        rows => rows?,
    };
    let mut applied = BTreeMap::new();
    for row in &rows {
        applied.insert(row.int(0)?, row.text(1)?.to_owned());
    }
    let newest = applied.keys().next_back();
    let newer = newest.filter(|newest| MIGRATIONS.iter().all(|known| known.version < **newest));
    if let Some(version) = newer {
        return Err(StoreError::Schema(format!(
            "version {version} is newer than this program"
        )));
    }
    let changed = MIGRATIONS.iter().find(|migration| {
        let stored = applied.get(&migration.version);
        stored.is_some_and(|stored| *stored != checksum(migration))
    });
    if let Some(Migration { name, .. }) = changed {
        return Err(StoreError::Schema(format!("migration {name} was changed")));
    }
    let to_apply = MIGRATIONS.iter();
    Ok(to_apply
        .filter(|migration| !applied.contains_key(&migration.version))
        .collect())
}

fn script(db: &Db, migration: &Migration, checksum: &str) -> String {
    // The lock goes with the transaction.
    let first = format!(
        "select pg_advisory_xact_lock(7305001);\n{}",
        migration.postgres
    );
    let body = db.only_on_postgres(&first, migration.text);
    let Migration { version, name, .. } = migration;
    format!(
        "begin; {body}; insert into schema_migration values ({version}, '{name}', '{checksum}'); commit;"
    )
}

/// Names the schema that a new database gets: the same text, the same name.
///
/// Tests copy a migrated database instead of migrating one each, and must not
/// copy one of another schema.
pub fn schema_digest() -> String {
    let mut digest = Sha256::new();
    for migration in MIGRATIONS {
        digest.update(checksum(migration));
    }
    hex(digest.finalize().get(..8).unwrap_or_default())
}

fn checksum(migration: &Migration) -> String {
    let digest = Sha256::new()
        .chain_update(migration.text)
        .chain_update(migration.postgres)
        .finalize();
    hex(digest.get(..8).unwrap_or_default())
}
