//! Files with people in them: readable for their owner alone, and there as a whole or
//! not at all.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// What SQLite keeps beside a database while it is open, or was left open.
const BESIDE_SQLITE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Returns where the database of an URL is, if it is a file.
pub(crate) fn of_sqlite(database_url: &str) -> Option<&Path> {
    let path = database_url.strip_prefix("sqlite:")?;
    Some(Path::new(path.trim_start_matches("//")))
}

/// Creates a folder, and those above it, for their owner alone; one that is there keeps
/// its permissions.
pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("creating {}", path.display()))
}

/// Creates an empty file that nobody but its owner may read.
///
/// SQLite takes an empty file for a new database, and gives what it keeps beside it
/// the same permissions.
///
/// *Errors*: the file exists.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Creates it where there is none; one that is there keeps its permissions.
pub(crate) fn create_if_absent(path: &Path) -> anyhow::Result<()> {
    match create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("creating {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Refuses a database that is not there, before SQLite would make an empty one.
pub(crate) fn ensure_there(path: &Path) -> anyhow::Result<()> {
    ensure!(path.is_file(), "there is no database at {}", path.display());
    Ok(())
}

/// A file in the making, beside the place where it is to stand. Dropped before it is
/// kept, it is gone: what failed can be tried again.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    to: PathBuf,
}

impl Draft {
    /// Begins an empty one.
    ///
    /// *Errors*: something is there already, if only the log of a database that was
    /// removed: SQLite would play it into the new one.
    pub(crate) fn of(to: &Path) -> anyhow::Result<Self> {
        let log = with_ending(to, "-wal");
        for path in [to, &log] {
            ensure!(!path.exists(), "{} exists already", path.display());
        }
        let path = with_ending(to, &format!(".partial-{}", std::process::id()));
        let draft = Self {
            path,
            to: to.to_owned(),
        };
        // Only a process that is dead could have left one under our number.
        draft.remove();
        create(&draft.path).with_context(|| format!("writing {}", to.display()))?;
        Ok(draft)
    }

    /// Returns where it is for now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place, durably.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        let placed = || -> io::Result<()> {
            File::open(&self.path)?.sync_all()?;
            std::fs::rename(&self.path, &self.to)?;
            let folder = self.to.parent().filter(|path| *path != Path::new(""));
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        let to = self.to.display();
        // It may have come while ours was being written.
        ensure!(!self.to.exists(), "{to} exists already");
        placed().with_context(|| format!("writing {to}"))
    }

    fn remove(&self) {
        for ending in [""].iter().chain(&BESIDE_SQLITE) {
            // Most are not there.
            let _ = std::fs::remove_file(with_ending(&self.path, ending));
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.remove();
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut whole = OsString::from(path);
    whole.push(ending);
    whole.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("tendon-file-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(&self.0).unwrap();
            let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
            let mut names: Vec<_> = entries
                .map(|entry| name(entry).into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_draft_that_is_kept_is_its_owners_alone() {
        let folder = Folder::new("kept");
        let to = folder.0.join("copy");
        let draft = Draft::of(&to).unwrap();
        std::fs::write(draft.path(), "all of it").unwrap();
        assert!(!to.exists());
        draft.keep().unwrap();
        assert_eq!(folder.names(), ["copy"]);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "all of it");
        let mode = std::fs::metadata(&to).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_draft_that_is_dropped_leaves_nothing() {
        let folder = Folder::new("dropped");
        let draft = Draft::of(&folder.0.join("copy")).unwrap();
        std::fs::write(with_ending(draft.path(), "-wal"), "half").unwrap();
        drop(draft);
        assert!(folder.names().is_empty());
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = Folder::new("there");
        let to = folder.0.join("copy");
        let draft = Draft::of(&to).unwrap();
        std::fs::write(&to, "another").unwrap();
        let late = draft.keep().unwrap_err();
        assert!(late.to_string().contains("exists already"), "{late}");
        let refused = Draft::of(&to).unwrap_err();
        assert!(refused.to_string().contains("exists already"), "{refused}");
        assert_eq!(folder.names(), ["copy"]);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "another");
    }

    #[test]
    fn the_log_of_a_database_that_is_gone_is_not_played_into_another() {
        let folder = Folder::new("log");
        let log = folder.0.join("x.db-wal");
        std::fs::write(&log, "frames").unwrap();
        let refused = Draft::of(&folder.0.join("x.db")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{} exists already", log.display())
        );
    }

    #[test]
    fn what_is_there_keeps_its_permissions() {
        let folder = Folder::new("mode");
        let path = folder.0.join("x.db");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        create_if_absent(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let nowhere = create_if_absent(&folder.0.join("none/x.db")).unwrap_err();
        assert!(nowhere.to_string().starts_with("creating "), "{nowhere}");
    }
}
