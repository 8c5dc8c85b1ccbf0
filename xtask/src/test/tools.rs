//! The programs that the tests need, and how they come onto a Debian machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Step;

/// A program, and who brings it.
#[derive(Debug)]
struct Tool {
    program: &'static str,
    from: From,
    /// The steps that cannot be done without it.
    wanted_by: &'static [Step],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// A Debian package.
    Apt(&'static str),
    /// A crate that is a program.
    Cargo(&'static str),
    /// A component of the toolchain.
    Rustup(&'static str),
}

const TOOLS: [Tool; 10] = [
    Tool {
        program: "cargo-fmt",
        from: From::Rustup("rustfmt"),
        wanted_by: &[Step::Formatting],
    },
    Tool {
        program: "cargo-clippy",
        from: From::Rustup("clippy"),
        wanted_by: &[Step::Clippy],
    },
    // The allocator is built with it.
    Tool {
        program: "make",
        from: From::Apt("make"),
        wanted_by: &[Step::Clippy, Step::Tests, Step::Crash],
    },
    Tool {
        program: "initdb",
        from: From::Apt("postgresql"),
        wanted_by: &[Step::Tests, Step::Crash],
    },
    Tool {
        program: "psql",
        from: From::Apt("postgresql-client"),
        wanted_by: &[Step::Tests],
    },
    Tool {
        program: "chromium",
        from: From::Apt("chromium"),
        wanted_by: &[Step::Tests],
    },
    Tool {
        program: "chromedriver",
        from: From::Apt("chromium-driver"),
        wanted_by: &[Step::Tests],
    },
    // With Node.js, which it depends on.
    Tool {
        program: "npm",
        from: From::Apt("npm"),
        wanted_by: &[Step::Tests],
    },
    Tool {
        program: "smtp-sink",
        from: From::Apt("postfix"),
        wanted_by: &[Step::Tests],
    },
    Tool {
        program: "cargo-nextest",
        from: From::Cargo("cargo-nextest"),
        wanted_by: &[Step::Tests],
    },
];

/// The packages with which the browser tests look at pages.
const PAGE_CHECKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/web/tests/npm");

/// Installs what the steps lack, as far as this user may, and names what is still missing.
pub(crate) fn ensure_for(steps: &[Step]) -> Vec<String> {
    let mut missing = ensure_programs(steps);
    if steps.contains(&Step::Tests) {
        let folder = Path::new(PAGE_CHECKS);
        if !is_installed(folder) && find("npm").is_some() {
            complain(run(Command::new("npm").arg("ci").current_dir(folder)));
        }
        if !is_installed(folder) {
            missing.push("`axe-core` is missing: npm ci, in crates/web/tests/npm".to_owned());
        }
    }
    missing
}

/// Tells whether npm has installed what the lock names; its own note is as old as that.
fn is_installed(folder: &Path) -> bool {
    let age = |file: &str| {
        let found = std::fs::metadata(folder.join(file));
        found.and_then(|found| found.modified()).ok()
    };
    let done = age("node_modules/.package-lock.json");
    done.is_some() && done >= age("package-lock.json")
}

fn ensure_programs(steps: &[Step]) -> Vec<String> {
    let wanted = || {
        TOOLS
            .iter()
            .filter(|tool| tool.wanted_by.iter().any(|step| steps.contains(step)))
            .filter(|tool| find(tool.program).is_none())
    };
    let packages: Vec<_> = wanted()
        .filter_map(|tool| match tool.from {
            From::Apt(package) => Some(package),
            From::Cargo(_) | From::Rustup(_) => None,
        })
        .collect();
    if !packages.is_empty() && is_root() && find("apt-get").is_some() {
        complain(apt_install(&packages));
    }
    for tool in wanted() {
        if let From::Cargo(name) = tool.from {
            complain(run(
                Command::new("cargo").args(["install", "--locked", name])
            ));
        }
        if let (From::Rustup(component), Some(rustup)) = (tool.from, find("rustup")) {
            complain(run(Command::new(rustup).args([
                "component",
                "add",
                component,
            ])));
        }
    }
    wanted().map(describe).collect()
}

/// What could not be installed is named as missing afterwards; this says why.
fn complain(outcome: anyhow::Result<()>) {
    if let Err(error) = outcome {
        eprintln!("{error:#}");
    }
}

fn describe(tool: &Tool) -> String {
    let program = tool.program;
    match tool.from {
        From::Apt(package) => format!("`{program}` is missing: apt-get install {package}"),
        From::Cargo(name) => format!("`{program}` is missing: cargo install --locked {name}"),
        From::Rustup(name) => format!("`{program}` is missing: rustup component add {name}"),
    }
}

/// Installs Debian packages without a question and without a mail server that runs.
fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    if packages.contains(&"postfix") {
        // Only its test program is wanted. Without a configuration postfix does not start.
        let answer = "postfix postfix/main_mailer_type select No configuration";
        let script = format!("echo '{answer}' | debconf-set-selections");
        run(Command::new("sh").args(["-c", &script]))?;
    }
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["--quiet", "--yes"])
            .args(arguments))
    };
    // A fresh machine has no lists, and an old one lists versions that are gone.
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], packages].concat())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let text = format!("{command:?}").replace('"', "");
    println!("+ {text}");
    let status = command
        .status()
        .with_context(|| format!("running {text}"))?;
    ensure!(status.success(), "{text} ended with {status}");
    Ok(())
}

/// Finds a program on the path or where Debian keeps those that are not.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(postgres_folders())
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Debian keeps PostgreSQL's own programs in a folder per version; the newest comes first.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut versions: Vec<u32> = versions
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    let folder = |version: u32| Path::new("/usr/lib/postgresql").join(version.to_string());
    versions
        .into_iter()
        .map(|version| folder(version).join("bin"))
        .collect()
}

/// Tells whether we are root, by the owner of our own process.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name() {
        assert!(find("sh").is_some_and(|file| file.is_absolute()));
        assert_eq!(find("no-such-program-anywhere"), None);
    }

    #[test]
    fn steps_without_tools_lack_nothing() {
        assert_eq!(ensure_for(&[Step::Tidy]), Vec::<String>::new());
    }

    #[test]
    fn packages_are_as_old_as_their_lock_or_installed_again() {
        let folder = std::env::temp_dir().join(format!("tendon-npm-{}", std::process::id()));
        let modules = folder.join("node_modules");
        std::fs::create_dir_all(&modules).unwrap();
        let write = |file: &str, secs: u64| {
            let file = std::fs::File::create(folder.join(file)).unwrap();
            let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs);
            file.set_modified(at).unwrap();
        };
        write("package-lock.json", 20);
        assert!(!is_installed(&folder), "nothing is there");
        write("node_modules/.package-lock.json", 10);
        assert!(!is_installed(&folder), "the lock is newer");
        write("node_modules/.package-lock.json", 20);
        assert!(is_installed(&folder));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_missing_is_named_with_its_cure() {
        let cures: Vec<_> = TOOLS.iter().map(describe).collect();
        assert!(cures.contains(&"`initdb` is missing: apt-get install postgresql".into()));
        assert!(
            cures.contains(
                &"`cargo-nextest` is missing: cargo install --locked cargo-nextest".into()
            )
        );
    }
}
