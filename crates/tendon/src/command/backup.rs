//! `tendon backup`, `tendon restore`, `tendon verify`
//!
//! A backup is one file: SQLite's own consistent copy, or `pg_dump`'s custom
//! format. The key of the data directory is not in it and must be kept apart.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use tendon_store::{
    Db, Durability, TableDigest, check_sqlite_backup, copy_sqlite, digest_tables,
    postgres_environment,
};

use crate::edge::SystemRandomness;
use crate::file::{self, Draft};
use crate::open;
use crate::settings::Resolved;

/// Write a consistent copy of a running system to a new file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon backup /backups/tendon-2026-11-22\n\nThe file is there as a whole or not at all, and only its owner may read it. Keep the key file of the data directory (keys/kek) apart: without it the copy cannot be read."
)]
pub(crate) struct Backup {
    /// The file to write; it must not exist.
    to: PathBuf,
}

/// Put a backup into an empty database.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon restore /backups/tendon-2026-11-22 --database sqlite:restored.db\n\nWhat was restored is verified before it is put in its place; one that fails leaves nothing."
)]
pub(crate) struct Restore {
    /// The file that `tendon backup` wrote.
    from: PathBuf,
}

/// Check the database and the audit trail from their first row to their last.
#[derive(Debug, Args)]
#[command(after_help = "Example: tendon verify --json")]
pub(crate) struct Verify {}

impl Backup {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let draft = Draft::of(&self.to)?;
        if let Some(path) = file::of_sqlite(&settings.database_url) {
            file::ensure_there(path)?;
            copy_sqlite(path, draft.path()).context("copying the database")?;
        } else {
            let mut dump = postgres_command("pg_dump", settings)?;
            dump.args(["--format=custom", "--no-owner", "--file"])
                .arg(draft.path());
            succeed(&mut dump)?;
        }
        draft.keep()?;
        let bytes = std::fs::metadata(&self.to)?.len();
        if json {
            println!("{}", serde_json::json!({ "file": self.to, "bytes": bytes }));
        } else {
            println!("wrote {} ({bytes} bytes)", self.to.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        ensure!(self.from.is_file(), "{} is not a file", self.from.display());
        let verdict = match file::of_sqlite(&settings.database_url) {
            Some(path) => super::on_one_thread(self.restore_file(settings, path))?,
            None => self.restore_postgres(settings)?,
        };
        Ok(verdict.say(json))
    }

    /// Verifies a copy beside the place, and only then puts it there.
    async fn restore_file(&self, settings: &Resolved, to: &Path) -> anyhow::Result<Verdict> {
        let draft = Draft::of(to).context("restore into an empty place")?;
        let copied = || {
            let mut copy = std::fs::File::options().write(true).open(draft.path())?;
            std::io::copy(&mut std::fs::File::open(&self.from)?, &mut copy)
        };
        copied().with_context(|| format!("copying {}", self.from.display()))?;
        check_sqlite_backup(draft.path())
            .with_context(|| format!("reading {}", self.from.display()))?;
        let of_draft = Resolved {
            database_url: format!("sqlite:{}", draft.path().display()),
            ..settings.clone()
        };
        // The one connection of a load takes its log with it when it closes.
        let randomness = Arc::new(SystemRandomness);
        let db = open::database(&of_draft, Durability::Bulk, randomness).await?;
        let verdict = Verdict::of(&db).await?;
        drop(db);
        draft.keep()?;
        Ok(verdict)
    }

    fn restore_postgres(&self, settings: &Resolved) -> anyhow::Result<Verdict> {
        let mut restore = postgres_command("pg_restore", settings)?;
        let database = postgres_environment(&settings.database_url)?
            .into_iter()
            .find_map(|(name, value)| (name == "PGDATABASE").then_some(value))
            .context("the database URL names no database")?;
        restore.args([
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            &database,
        ]);
        succeed(restore.arg(&self.from))?;
        // What was backed up by an older program is brought up to date.
        super::on_one_thread(async {
            let randomness = Arc::new(SystemRandomness);
            Verdict::of(&open::database(settings, Durability::Full, randomness).await?).await
        })
    }
}

impl Verify {
    pub(crate) fn run(settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let verdict = super::on_one_thread(async {
            Verdict::of(&open::existing_database(settings).await?).await
        })?;
        Ok(verdict.say(json))
    }
}

/// What every row of a database says.
#[derive(Debug)]
struct Verdict {
    tables: Vec<TableDigest>,
    audit_rows: u64,
    /// Why the audit trail of a practice is broken, for each that is.
    broken: Vec<String>,
}

impl Verdict {
    async fn of(db: &Db) -> anyhow::Result<Self> {
        let mut verdict = Self {
            tables: digest_tables(db).await.context("reading every table")?,
            audit_rows: 0,
            broken: Vec::new(),
        };
        for practice in db.practices().await? {
            match db.verify_audit(practice.id).await? {
                Ok(count) => verdict.audit_rows += count,
                Err(error) => verdict
                    .broken
                    .push(format!("practice {}: {error}", practice.id)),
            }
        }
        Ok(verdict)
    }

    fn say(&self, json: bool) -> ExitCode {
        let intact = self.broken.is_empty();
        for why in &self.broken {
            eprintln!("tendon: {why}");
        }
        let rows: u64 = self.tables.iter().map(|table| table.rows).sum();
        let audit_rows = self.audit_rows;
        if json {
            let line = serde_json::json!({
                "rows": rows, "audit_rows": audit_rows, "audit_intact": intact,
                "tables": self.tables_as_json(),
            });
            println!("{line}");
        } else {
            let trail = if intact { "intact" } else { "BROKEN" };
            println!("{rows} rows read; {audit_rows} audit rows, trail {trail}");
        }
        ExitCode::from(u8::from(!intact))
    }

    fn tables_as_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let tables = self.tables.iter().map(|table| {
            let digest = STANDARD.encode(table.digest);
            let line = serde_json::json!({ "rows": table.rows, "digest": digest });
            (table.table.to_owned(), line)
        });
        tables.collect()
    }
}

fn postgres_command(name: &str, settings: &Resolved) -> anyhow::Result<Command> {
    let mut command = Command::new(name);
    command.envs(postgres_environment(&settings.database_url)?);
    Ok(command)
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("running {name}: is it installed?"))?;
    if !output.status.success() {
        bail!(
            "{name} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
