//! A PostgreSQL server for one run of the tests, on a free port, gone at the end.
//!
//! The server is our child and in our process group, so that an interrupt from
//! the keyboard, which reaches the whole group, shuts it down as well. Only its
//! folder then stays behind, and the next run removes it.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::tools;

/// What the server shows, and what it keeps to itself, in the folder of the cluster.
const CERTIFICATE: &str = "server.crt";
const KEY: &str = "server.key";

/// How the folder of a cluster is called, before the number of the process that made it.
const FOLDER: &str = "tendon-postgres-";

/// What a test server need not promise: it is thrown away after a crash of the machine.
const SETTINGS: [&str; 11] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    // Each test has a database and a pool of its own.
    "max_connections=300",
    "shared_buffers=128MB",
    "autovacuum=off",
    "log_min_messages=warning",
    "timezone=UTC",
    "ssl=on",
    // Beside the folder of the data, where PostgreSQL looks.
    "ssl_cert_file=../server.crt",
    "ssl_key_file=../server.key",
];

/// A running server. Dropping it stops it and removes its files.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    server: Child,
    port: u16,
}

impl Cluster {
    /// Makes a cluster whose databases all sort by bytes, and starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        remove_abandoned(&std::env::temp_dir());
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        let made = Self::start_in(&folder);
        if made.is_err() {
            // The reason is worth more than what could not be removed.
            let _ = std::fs::remove_dir_all(&folder);
        }
        made
    }

    fn start_in(folder: &Path) -> anyhow::Result<Self> {
        let owner = Owner::find()?;
        std::fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
        if let Some(Owner { user, group }) = owner {
            chown(folder, Some(user), Some(group))?;
        }
        let output = command("initdb", owner, folder)?
            .args(["--pgdata", "data", "--username", "postgres"])
            .args(["--auth", "trust", "--encoding", "UTF8", "--locale", "C"])
            .arg("--no-sync")
            .output()
            .context("running initdb")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "initdb: {}", said.trim());
        certify(folder, owner)?;
        // Another process may take the port between our asking and the server's.
        let mut attempts = 3;
        loop {
            attempts -= 1;
            match Self::serve(folder, owner) {
                Err(error) if attempts > 0 => eprintln!("{error:#}; trying another port"),
                served => return served,
            }
        }
    }

    fn serve(folder: &Path, owner: Option<Owner>) -> anyhow::Result<Self> {
        let port = free_port()?;
        let log = folder.join("log");
        let server = command("postgres", owner, folder)?
            .args(["-D", "data", "-p", &port.to_string()])
            .args(["-h", "127.0.0.1", "-k"])
            .arg(folder)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("starting postgres")?;
        let mut cluster = Self {
            folder: folder.to_owned(),
            server,
            port,
        };
        cluster.wait_until_ready(&log)?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<()> {
        for _ in 0..600 {
            if let Some(status) = self.server.try_wait()? {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                bail!("postgres ended with {status}: {}", log.trim());
            }
            let ready = command("pg_isready", None, &self.folder)?
                .args([
                    "--quiet",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    &self.port.to_string(),
                ])
                .status()?;
            if ready.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("postgres was not ready within a minute")
    }

    /// Returns the URL of a database whose user may make others.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the certificate that the server shows to who asks for one.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A fast shutdown would be polite, but nothing here is worth keeping.
        let _ = stop(&self.folder);
        let _ = self.server.wait();
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

/// Gives a server a certificate of its own making, which nobody else trusts.
fn certify(folder: &Path, owner: Option<Owner>) -> anyhow::Result<()> {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(folder.join(CERTIFICATE), made.cert.pem())?;
    let key = folder.join(KEY);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)?;
    file.write_all(made.signing_key.serialize_pem().as_bytes())?;
    if let Some(Owner { user, group }) = owner {
        chown(&key, Some(user), Some(group))?;
    }
    Ok(())
}

/// Stops the server of a cluster, its children included.
fn stop(folder: &Path) -> anyhow::Result<()> {
    let owner = std::fs::metadata(folder).map(|own| Owner {
        user: own.uid(),
        group: own.gid(),
    })?;
    let owner = tools::is_root().then_some(owner);
    let status = command("pg_ctl", owner, folder)?
        .args([
            "stop",
            "--pgdata",
            "data",
            "--mode",
            "immediate",
            "--silent",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "pg_ctl stop ended with {status}");
    Ok(())
}

/// Removes the clusters of runs that were killed before they could.
fn remove_abandoned(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix(FOLDER)) else {
            continue;
        };
        if process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).exists() {
            let _ = stop(&entry.path());
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whom PostgreSQL's programs run as; they refuse root.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// Returns the user `postgres` of Debian's package for root, and nobody else for others.
    fn find() -> anyhow::Result<Option<Self>> {
        if !tools::is_root() {
            return Ok(None);
        }
        let id = |which: &str| -> anyhow::Result<u32> {
            let output = Command::new("id").args([which, "postgres"]).output()?;
            ensure!(output.status.success(), "there is no user postgres");
            Ok(String::from_utf8(output.stdout)?.trim().parse()?)
        };
        Ok(Some(Self {
            user: id("-u")?,
            group: id("-g")?,
        }))
    }
}

/// Makes a call of one of PostgreSQL's programs, in the cluster's folder.
fn command(program: &str, owner: Option<Owner>, folder: &Path) -> anyhow::Result<Command> {
    let file = tools::find(program).with_context(|| format!("`{program}` is missing"))?;
    let mut command = Command::new(file);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    Ok(command)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_sorts_by_bytes_and_leaves_nothing() {
        if tools::find("initdb").is_none() {
            println!("SKIPPED: initdb (Debian package postgresql) is not installed");
            return;
        }
        let cluster = Cluster::start().unwrap();
        let (folder, url) = (cluster.folder.clone(), cluster.url());
        let ask = || {
            Command::new(tools::find("psql").unwrap())
                .args([
                    "--no-psqlrc",
                    "--tuples-only",
                    "--no-align",
                    "--dbname",
                    &url,
                ])
                .args(["--command", "show lc_collate"])
                .output()
                .unwrap()
        };
        assert_eq!(String::from_utf8(ask().stdout).unwrap(), "C\n");
        drop(cluster);
        assert!(!folder.exists());
        assert!(!ask().status.success());
    }

    #[test]
    fn only_what_the_dead_left_is_removed() {
        let folder = std::env::temp_dir().join(format!("tendon-left-{}", std::process::id()));
        // Linux gives no process a number as high as this.
        let dead = folder.join(format!("{FOLDER}4194305"));
        let alive = folder.join(format!("{FOLDER}{}", std::process::id()));
        let other = folder.join(format!("{FOLDER}notes"));
        for path in [&dead, &alive, &other] {
            std::fs::create_dir_all(path).unwrap();
        }
        remove_abandoned(&folder);
        let left = [&dead, &alive, &other].map(|path| path.exists());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, [false, true, true]);
    }
}
