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
use tendon_store::{Db, Durability, digest_tables, postgres_environment};

use crate::edge::SystemRandomness;
use crate::open;
use crate::settings::Resolved;

/// Write a consistent copy of a running system to a new file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon backup /backups/tendon-2026-11-22\n\nKeep the key file of the data directory (keys/kek) apart: without it the copy cannot be read."
)]
pub(crate) struct Backup {
    /// The file to write; it must not exist.
    to: PathBuf,
}

/// Put a backup into an empty database.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tendon restore /backups/tendon-2026-11-22 --database sqlite:restored.db"
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
        ensure!(!self.to.exists(), "{} exists already", self.to.display());
        if settings.database_url.starts_with("postgres") {
            let mut dump = postgres_command("pg_dump", settings)?;
            dump.args(["--format=custom", "--no-owner", "--file"])
                .arg(&self.to);
            succeed(&mut dump)?;
        } else {
            super::on_one_thread(async {
                let db = existing(settings).await?;
                db.backup_sqlite(&self.to)
                    .await
                    .context("copying the database")
            })?;
        }
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
        if let Some(path) = sqlite_path(settings) {
            ensure!(
                !path.exists(),
                "{} exists already: restore into an empty place",
                path.display()
            );
            std::fs::copy(&self.from, path)
                .with_context(|| format!("writing {}", path.display()))?;
        } else {
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
        }
        Verify {}.run(settings, json)
    }
}

impl Verify {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let db = existing(settings).await?;
        let tables = digest_tables(&db).await.context("reading every table")?;
        let rows: usize = tables.iter().map(|table| table.rows).sum();
        let mut broken = 0;
        let mut audit = 0;
        for practice in db.practices().await? {
            match db.verify_audit(practice.id).await? {
                Ok(count) => audit += count,
                Err(error) => {
                    broken += 1;
                    eprintln!("tendon: practice {}: {error}", practice.id);
                }
            }
        }
        if json {
            let tables: serde_json::Map<_, _> = tables
                .iter()
                .map(|table| {
                    let digest = STANDARD.encode(table.digest);
                    (
                        table.table.to_owned(),
                        serde_json::json!({ "rows": table.rows, "digest": digest }),
                    )
                })
                .collect();
            let line = serde_json::json!({
                "rows": rows, "audit_rows": audit, "audit_intact": broken == 0, "tables": tables,
            });
            println!("{line}");
        } else {
            println!(
                "{rows} rows read; {audit} audit rows, trail {}",
                if broken == 0 { "intact" } else { "BROKEN" }
            );
        }
        Ok(if broken == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

/// Opens a database that must be there already.
async fn existing(settings: &Resolved) -> anyhow::Result<Db> {
    if let Some(path) = sqlite_path(settings) {
        ensure!(path.is_file(), "there is no database at {}", path.display());
    }
    open::database(settings, Durability::Full, Arc::new(SystemRandomness)).await
}

fn sqlite_path(settings: &Resolved) -> Option<&Path> {
    let path = settings.database_url.strip_prefix("sqlite:")?;
    Some(Path::new(path.trim_start_matches("//")))
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
