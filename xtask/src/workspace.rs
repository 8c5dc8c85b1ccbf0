//! Where the workspace stands, where it builds, and which packages it has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// What the tasks need to know of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo, from the folder of this crate, so that any working directory will do.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let output = cargo(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("running cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("reading cargo metadata")
    }

    /// Yields the names of the packages.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|package| package.name.as_str())
    }

    /// Yields the names of the packages that have a library.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &str> {
        self.packages
            .iter()
            .filter(|package| package.targets.iter().any(Target::is_library))
            .map(|package| package.name.as_str())
    }

    /// Makes a call of cargo in the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }
}

impl Target {
    fn is_library(&self) -> bool {
        self.kind.iter().any(|kind| kind == "lib")
    }
}

/// The cargo that runs us is the one that the toolchain file asked for.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_finds_itself() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root.join("Cargo.lock").exists());
        assert!(workspace.packages().any(|name| name == "xtask"));
        assert!(workspace.libraries().any(|name| name == "tendon-care"));
        assert!(!workspace.libraries().any(|name| name == "xtask"));
        assert!(workspace.target.is_absolute());
    }
}
