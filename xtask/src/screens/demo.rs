//! The demo as a process, and the ways into it that it prints.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The day in the pictures: the one in the drawings that the pages were made after.
const CLOCK_START: &str = "2026-11-23T07:50:00-06:00";

/// The demo, which ends with this.
pub(super) struct Demo {
    child: Child,
    data_dir: PathBuf,
    address: String,
    links: Value,
}

impl Demo {
    /// Starts it and waits until it has lived its year.
    pub(super) fn start(binary: &Path, patients: u32) -> anyhow::Result<Self> {
        let data_dir = std::env::temp_dir().join(format!("tendon-screens-{}", std::process::id()));
        // Links carry the port, so it is chosen before anything listens.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut child = Command::new(binary)
            .args(["--json", "demo", "--clock-start", CLOCK_START])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--patients", &patients.to_string()])
            .env("TENDON_DATA_DIR", &data_dir)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let out = child.stdout.take().context("the demo has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let mut demo = Self {
            child,
            data_dir,
            address: String::new(),
            links: Value::Null,
        };
        let said: Value = serde_json::from_str(&line).context("the demo did not start")?;
        demo.links = said.get("links").cloned().unwrap_or_default();
        demo.address = format!("http://127.0.0.1:{port}");
        ensure!(demo.links.is_object(), "the demo printed no links");
        Ok(demo)
    }

    /// Returns an address of the demo.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Returns the path of one of its addresses.
    pub(super) fn path_of<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(&self.address).unwrap_or(url)
    }

    /// Returns the link that signs a role in.
    pub(super) fn link(&self, role: &str) -> anyhow::Result<&str> {
        let link = self.links.get(role).and_then(Value::as_str);
        link.with_context(|| format!("the demo printed no link for {role}"))
    }

    /// Returns the patient's link, and the birthday that opens it: year, month, day.
    pub(super) fn portal(&self) -> anyhow::Result<(&str, [u16; 3])> {
        let links = self
            .links
            .as_object()
            .context("the demo printed no links")?;
        let found = links.iter().find_map(|(who, link)| {
            let (_, birthday) = who.trim_end_matches(')').split_once("(born ")?;
            let parts: Vec<u16> = birthday
                .split('-')
                .filter_map(|part| part.parse().ok())
                .collect();
            Some((link.as_str()?, parts.try_into().ok()?))
        });
        found.context("the demo printed no link for a patient")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has nothing to keep.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}
