//! Runs the binary.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tendon_testkit::database::TestDb;

/// An empty place to run commands in.
pub struct Place {
    pub db: TestDb,
    pub data_dir: PathBuf,
}

impl Place {
    pub fn new(db: TestDb) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("tendon-cli-{}-{number}", std::process::id());
        let data_dir = std::env::temp_dir().join(folder);
        let _ = std::fs::remove_dir_all(&data_dir);
        Self { db, data_dir }
    }

    /// Runs a command on the place's database.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.run_on(self.db.url(), arguments, input)
    }

    /// Runs a command on another database with the same keys.
    pub fn run_on(&self, url: &str, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tendon"));
        command.args(arguments).env("TENDON_DATABASE_URL", url);
        self.run_here(command, input)
    }

    /// Runs a command with no setting but the data directory.
    pub fn run_bare(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tendon"));
        command.args(arguments).env_remove("TENDON_DATABASE_URL");
        self.run_here(command, input)
    }

    fn run_here(&self, mut command: Command, input: &str) -> Output {
        let mut child = command
            .env("TENDON_DATA_DIR", &self.data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub fn ok(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Adds the practice that most tests act in.
    pub fn with_practice(self) -> Self {
        self.ok(
            &[
                "practices",
                "add",
                "--name",
                "Riverside PT",
                "--time-zone",
                "America/Chicago",
            ],
            "",
        );
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}
