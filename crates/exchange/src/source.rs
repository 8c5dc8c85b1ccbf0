//! Where foreign data comes from: files and folders named on a command line,
//! each plain or gzipped. What a file holds is told from its first bytes, never
//! from its name.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::problem::{Position, Problem, Severity};

/// Folders nested deeper than this are not entered.
const MAX_FOLDERS: usize = 32;

/// One file to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name in problems: the path as given, with what was found beneath it.
    pub name: String,
}

impl Source {
    /// Tells whether it can be opened once more and be read from its beginning,
    /// which a pipe cannot.
    pub fn is_file(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|meta| meta.is_file())
    }

    /// Opens the file and unpacks it if it is gzipped.
    pub fn open(&self) -> io::Result<Plain<File>> {
        File::open(&self.path).map(Plain::new)
    }
}

/// The endings under which folders hold FHIR; `.gz` may follow each.
pub const FHIR: &[&str] = &["json", "ndjson", "jsonl"];

/// The endings under which folders hold HL7 v2.
pub const HL7: &[&str] = &["hl7", "er7", "msg", "dat", "txt"];

/// The endings under which folders hold tables.
pub const CSV: &[&str] = &["csv", "tsv", "tab", "txt"];

/// Finds the files under the given paths, in the order given, folders in
/// byte order of their names and with everything beneath them.
///
/// A file that is named is always taken, a pipe as well. One found in a folder is
/// taken if its name has one of the `endings` (all if there are none), with or
/// without `.gz`, so that a README beside an export is no broken record; hidden
/// entries (a dot first) are passed over, and so is, with a word, what is no file
/// of a disk: a pipe would be waited for without end. A folder that is reached on
/// several ways is read once. A path that cannot be read is a problem; the rest
/// is still found.
///
/// ```
/// use tendon_exchange::source::{FHIR, walk};
///
/// let (sources, problems) = walk([concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], FHIR);
/// assert!(sources.len() == 1 && problems.is_empty());
/// ```
pub fn walk<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    endings: &[&str],
) -> (Vec<Source>, Vec<Problem>) {
    let mut walk = Walk {
        endings,
        seen: HashSet::new(),
        sources: Vec::new(),
        problems: Vec::new(),
    };
    for path in paths {
        walk.visit(path.as_ref(), 0);
    }
    (walk.sources, walk.problems)
}

/// A walk on its way.
struct Walk<'a> {
    endings: &'a [&'a str],
    /// The folders it was in, by their true names.
    seen: HashSet<PathBuf>,
    sources: Vec<Source>,
    problems: Vec<Problem>,
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    endings.is_empty() || endings.contains(&ending)
}

impl Walk<'_> {
    fn visit(&mut self, path: &Path, depth: usize) {
        let name = path.display().to_string();
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) => return self.problems.push(unreadable(&name, &error)),
        };
        if meta.is_dir() {
            return match self.enter(path, depth) {
                Ok(()) => {}
                Err(error) => self.problems.push(unreadable(&name, &error)),
            };
        }
        if depth > 0 && !ends_in(path, self.endings) {
            return;
        }
        if depth > 0 && !meta.is_file() {
            return self.problems.push(Problem {
                severity: Severity::Ignored,
                ..unusable(
                    &name,
                    "is a pipe or a device: in a folder only files are read",
                )
            });
        }
        self.sources.push(Source {
            path: path.to_owned(),
            name,
        });
    }

    fn enter(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_FOLDERS {
            let name = folder.display().to_string();
            self.problems.push(unusable(&name, "is nested too deep"));
        } else if self.seen.insert(folder.canonicalize()?) {
            for entry in entries(folder)? {
                self.visit(&entry, depth + 1);
            }
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| !is_hidden(entry.file_name()));
    entries.sort();
    Ok(entries)
}

fn is_hidden(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Says that a source could not be read, in the words of the operating system's
/// kind of error.
pub fn unreadable(name: &str, error: &io::Error) -> Problem {
    let reason = match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            "is damaged or cut off: the compressed data cannot be unpacked".to_owned()
        }
        kind => format!("cannot be read: {kind}"),
    };
    unusable(name, &reason)
}

/// Says why a source as a whole is of no use.
pub fn unusable(name: &str, reason: &str) -> Problem {
    Problem {
        source: name.to_owned(),
        position: Position::Source,
        field: String::new(),
        reason: reason.to_owned(),
        severity: Severity::Rejected,
    }
}

/// The bytes of a source, unpacked if they are gzipped (RFC 1952; several
/// members in a row are one text). Looks at the first two bytes on the first read.
pub struct Plain<R> {
    state: State<R>,
}

type Rejoined<R> = Chain<Cursor<Vec<u8>>, R>;

enum State<R> {
    Unread(Option<R>),
    Plain(Rejoined<R>),
    Packed(Box<MultiGzDecoder<Rejoined<R>>>),
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl<R: Read> Plain<R> {
    /// Wraps a reader of plain or gzipped bytes.
    pub fn new(reader: R) -> Self {
        Self {
            state: State::Unread(Some(reader)),
        }
    }

    fn begin(mut reader: R) -> io::Result<State<R>> {
        let mut first = Vec::with_capacity(GZIP.len());
        reader
            .by_ref()
            .take(GZIP.len() as u64)
            .read_to_end(&mut first)?;
        let packed = first == GZIP;
        let whole = Cursor::new(first).chain(reader);
        Ok(if packed {
            State::Packed(Box::new(MultiGzDecoder::new(whole)))
        } else {
            State::Plain(whole)
        })
    }
}

impl<R> fmt::Debug for Plain<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The buffers hold people's data.
        f.write_str("Plain(…)")
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::Plain(reader) => return reader.read(buf),
                State::Packed(reader) => return reader.read(buf),
                State::Unread(reader) => match reader.take() {
                    Some(reader) => self.state = Self::begin(reader)?,
                    // The first read failed, and so does every later one.
                    None => return Ok(0),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Plain::new(bytes).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn gzip_is_told_by_its_first_bytes() {
        let two = [packed("a\n"), packed("b\n")].concat();
        assert_eq!(unpacked(&two).unwrap(), "a\nb\n");
        for text in ["", "{", "\u{1f}x", "plain"] {
            assert_eq!(unpacked(text.as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn damaged_gzip_is_an_error_with_its_reason() {
        let whole = packed(&"abc".repeat(1_000));
        let error = unpacked(&whole[..whole.len() / 2]).unwrap_err();
        let problem = unreadable("a.gz", &error);
        assert!(problem.reason.contains("cut off"), "{}", problem.reason);
    }

    #[test]
    fn folders_are_walked_in_order_and_what_is_missing_is_told() {
        let root = std::env::temp_dir().join(format!("tendon-walk-{}", std::process::id()));
        fs::create_dir_all(root.join("b/c")).unwrap();
        for file in [
            "z.JSON",
            "b/c/1.json.gz",
            "b/2.json",
            ".a.json",
            "a.json",
            "README.md",
            "x.gz",
        ] {
            fs::write(root.join(file), "{}").unwrap();
        }
        let missing = root.join("missing");
        let (sources, problems) = walk([&missing, &root], FHIR);
        let names: Vec<_> = sources
            .iter()
            .map(|source| source.path.strip_prefix(&root).unwrap().to_owned())
            .collect();
        let expected = ["a.json", "b/2.json", "b/c/1.json.gz", "z.JSON"].map(PathBuf::from);
        assert_eq!(names, expected);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].source, missing.display().to_string());
        assert!(sources[0].open().is_ok() && sources[0].is_file());
        assert_eq!(walk([root.join("README.md")], FHIR).0.len(), 1);
        assert_eq!(walk([&root], &[]).0.len(), 6);
        assert_eq!(
            walk([&root, &root], FHIR).0.len(),
            4,
            "a folder is read once"
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_and_sockets_in_folders_neither_repeat_nor_hang() {
        let root = std::env::temp_dir().join(format!("tendon-links-{}", std::process::id()));
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/1.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&root, root.join("a/up")).unwrap();
        // A socket stands for all that is no file: the standard library makes no pipe with a name.
        let socket = root.join("live.json");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let (sources, problems) = walk([&root], FHIR);
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].path, root.join("a/1.json"));
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].severity, Severity::Ignored);
        assert!(problems[0].reason.contains("a pipe or a device"));
        let named = walk([&socket], FHIR).0;
        assert!(named.len() == 1 && !named[0].is_file());
        fs::remove_dir_all(root).unwrap();
    }
}
