//! The files of the repository as text, and what their paths say about them.

use std::path::Path;

use anyhow::Context as _;

/// Folders that hold what was built or fetched, not what was written.
const SKIPPED_FOLDERS: [&str; 4] = ["target", ".git", "node_modules", ".tendon"];

/// A file that was written by people: its path from the root, with `/`, and its text.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    /// Returns the part of the name after the last dot, or nothing.
    pub(crate) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Returns the crate's directory name: `store` for `crates/store/src/db.rs`.
    pub(crate) fn room(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split_once('/').map(|(room, _)| room),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    /// Tells whether the whole file is there for tests, by where it stands.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/').rev();
        let name = parts.next().unwrap_or_default();
        name == "tests.rs"
            || name.ends_with("_tests.rs")
            || parts.any(|folder| matches!(folder, "tests" | "benches" | "examples"))
    }

    /// Yields the lines with their numbers, which begin at 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }
}

/// All files of the repository, those of text with it, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<SourceFile>,
    /// The paths of what is no text.
    pub(crate) pictures: Vec<String>,
}

impl Tree {
    /// Reads every text file below the root. What is not UTF-8 is a picture: of that
    /// the path is enough.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let (mut files, mut pictures) = (Vec::new(), Vec::new());
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder)
                .with_context(|| format!("listing {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if path.is_symlink() || SKIPPED_FOLDERS.contains(&name.as_ref()) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path);
                let path = path
                    .strip_prefix(root)?
                    .to_string_lossy()
                    .replace('\\', "/");
                match text {
                    Ok(text) => files.push(SourceFile { path, text }),
                    Err(_) => pictures.push(path),
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        pictures.sort();
        Ok(Self { files, pictures })
    }

    /// Returns the file with this path.
    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Yields the files whose names end so.
    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &SourceFile> {
        self.files
            .iter()
            .filter(move |file| file.extension() == extension)
    }

    /// Makes a tree for a test of a rule.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        });
        Self {
            files: files.collect(),
            pictures: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: "one\ntwo\n".to_owned(),
        }
    }

    #[test]
    fn a_path_tells_the_room_and_whether_it_is_a_test() {
        for (path, room, is_test) in [
            ("crates/store/src/db.rs", Some("store"), false),
            ("crates/store/src/tests/mod.rs", Some("store"), true),
            ("crates/care/src/consent/tests.rs", Some("care"), true),
            (
                "crates/channel/src/smtp/letter_tests.rs",
                Some("channel"),
                true,
            ),
            ("crates/channel/tests/it/main.rs", Some("channel"), true),
            ("crates/web/examples/preview.rs", Some("web"), true),
            ("crates/web/src/attests.rs", Some("web"), false),
            ("xtask/src/main.rs", Some("xtask"), false),
            ("README.md", None, false),
        ] {
            let file = file(path);
            assert_eq!((file.room(), file.is_test()), (room, is_test), "{path}");
        }
    }

    #[test]
    fn lines_begin_at_one() {
        let file = file("a.b.md");
        assert_eq!(file.extension(), "md");
        assert_eq!(file.lines().collect::<Vec<_>>(), [(1, "one"), (2, "two")]);
        assert_eq!(self::file("LICENSE").extension(), "");
    }

    #[test]
    fn reading_leaves_out_what_was_built_and_the_insides_of_pictures() {
        let root = std::env::temp_dir().join(format!("tendon-tree-{}", std::process::id()));
        for folder in ["crates/care/src", "target/debug"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("crates/care/src/lib.rs"), "//! Care.").unwrap();
        std::fs::write(root.join("target/debug/out.rs"), "built").unwrap();
        std::fs::write(root.join("picture.png"), [0x89, b'P', 0xff]).unwrap();
        let tree = Tree::read(&root);
        std::fs::remove_dir_all(&root).unwrap();
        let tree = tree.unwrap();
        let paths: Vec<_> = tree.files.into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["crates/care/src/lib.rs"]);
        assert_eq!(tree.pictures, ["picture.png"]);
    }
}
