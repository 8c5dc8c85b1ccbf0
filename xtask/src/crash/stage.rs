//! Where a rehearsal plays: a folder, a database, two carriers, and a practice that
//! an operator prepared through the command line.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use tendon_testkit::carriers::{SmtpSink, TwilioSink, smtp, twilio};

use super::clock::FastClock;
use super::people::{self, PRACTICE_PHONE};
use crate::engine::Engine;
use crate::test::postgres::Cluster;

/// When the rehearsal begins in the clinic: a Tuesday, just after eight.
pub(super) const START: &str = "2027-03-02T14:05:00Z";

/// The folder, the database and the practice.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) token: String,
    binary: PathBuf,
    database_url: String,
    /// Stopped and removed with the stage.
    _cluster: Option<Cluster>,
}

/// The carriers and the clock that they share with the server.
#[derive(Debug)]
pub(super) struct Carriers {
    pub(super) clock: Arc<FastClock>,
    pub(super) texts: TwilioSink,
    pub(super) letters: SmtpSink,
}

impl Carriers {
    /// Starts both on free ports, and the clock with them.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let clock = Arc::new(FastClock::new(START.parse()?));
        let local = (Ipv4Addr::LOCALHOST, 0);
        let options = twilio::Options::default();
        Ok(Self {
            texts: TwilioSink::start(local, clock.clone(), options).await?,
            letters: SmtpSink::start(local, smtp::Options::default()).await?,
            clock,
        })
    }
}

impl Stage {
    /// Makes the folder, the database and the practice with `count` patients whose
    /// reminders fall due over `span`.
    pub(super) fn set(
        engine: Engine,
        binary: &Path,
        count: usize,
        span: SignedDuration,
    ) -> anyhow::Result<Self> {
        let name = format!("tendon-crash-{}-{engine}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        let (cluster, database_url) = match engine {
            Engine::Sqlite => {
                let url = format!("sqlite:{}", folder.join("tendon.db").display());
                (None, url)
            }
            Engine::Postgres => {
                let cluster = Cluster::start().context("starting PostgreSQL")?;
                let url = cluster.url();
                (Some(cluster), url)
            }
        };
        let mut stage = Self {
            folder,
            address: free_address()?,
            token: String::new(),
            binary: binary.to_owned(),
            database_url,
            _cluster: cluster,
        };
        stage.prepare(count, span)?;
        Ok(stage)
    }

    fn prepare(&mut self, count: usize, span: SignedDuration) -> anyhow::Result<()> {
        let start: Timestamp = START.parse()?;
        let zone = ["--time-zone", "America/Chicago", "--state", "IL"];
        let practice = ["practices", "add", "--name", "Riverside PT"];
        self.run(&[&practice[..], &zone[..], &["--phone", PRACTICE_PHONE]].concat())?;
        let token = self.run(&["tokens", "add", "--role", "integration"])?;
        token.trim().clone_into(&mut self.token);
        let table = self.folder.join("visits.csv");
        std::fs::write(&table, people::table(count, start, span))?;
        let as_of = start.saturating_sub(SignedDuration::from_hours(24))?;
        let table = table.display().to_string();
        self.run(&["import", "csv", &table, "--as-of", &as_of.to_string()])?;
        Ok(())
    }

    /// Runs a command that must succeed; returns what it printed.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.tendon(arguments).output().context("running tendon")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {}", said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Makes the call that serves from the carriers' present on.
    pub(super) fn serve(&self, carriers: &Carriers) -> anyhow::Result<Command> {
        let mut command = self.tendon(&["serve", "--rehearsal-carriers"]);
        let account = carriers.texts.options();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())?;
        command
            .args(carriers.clock.arguments())
            .env("TENDON_LISTEN", self.address.to_string())
            .env("TENDON_PUBLIC_URL", self.url(""))
            .env("TENDON_TWILIO_URL", carriers.texts.base_url())
            .env("TENDON_TWILIO_ACCOUNT_SID", &account.account_sid)
            .env("TENDON_TWILIO_AUTH_TOKEN", &account.auth_token)
            .env("TENDON_TWILIO_FROM", PRACTICE_PHONE)
            .env("TENDON_SMTP_URL", carriers.letters.url())
            .env("TENDON_SMTP_FROM", "desk@clinic.example")
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(log);
        Ok(command)
    }

    /// Where the server writes what it does.
    pub(super) fn log_file(&self) -> PathBuf {
        self.folder.join("serve.log")
    }

    /// Returns the address of a page.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Removes the folder.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("removing {}", self.folder.display()))
    }

    /// Leaves a copy of a database that would go with its server.
    pub(super) fn keep_database(&self) -> anyhow::Result<()> {
        if self.database_url.starts_with("postgres") {
            let file = self.folder.join("tendon.backup").display().to_string();
            self.run(&["backup", &file])?;
        }
        Ok(())
    }

    /// Makes a call of the binary with our settings and none of the developer's.
    fn tendon(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TENDON_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("TENDON_DATABASE_URL", &self.database_url)
            .env("TENDON_DATA_DIR", self.folder.join("data"))
            .stdin(Stdio::null());
        command
    }
}

/// Takes a free port and gives it back: the server listens there in every life.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
