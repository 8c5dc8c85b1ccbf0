//! `tendon journeys`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use tendon_journey::{Definition, explain, library};

/// Look at journey definitions as text.
#[derive(Debug, Subcommand)]
pub(crate) enum Journeys {
    /// List the journeys that Tendon ships.
    #[command(after_help = "Example: tendon journeys list")]
    List,
    /// Check definitions; problems point at line and column.
    #[command(after_help = "Example: tendon journeys check my-reminder.toml")]
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Say a journey in words.
    #[command(after_help = "Example: tendon journeys explain visit-reminder")]
    Explain {
        /// The name of a shipped journey, or a file.
        journey: String,
    },
}

impl Journeys {
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::List => list(json),
            Self::Check { files } => check(files, json),
            Self::Explain { journey } => say(journey, json),
        }
    }
}

fn list(json: bool) -> anyhow::Result<ExitCode> {
    for shipped in library::SHIPPED {
        let definition = shipped
            .parse()
            .map_err(|_| anyhow::anyhow!("a shipped journey is not sound"))?;
        if json {
            let line = serde_json::json!({
                "name": shipped.name, "version": definition.version(), "title": definition.title(),
            });
            println!("{line}");
        } else {
            println!(
                "{:16} v{}  {}",
                shipped.name,
                definition.version(),
                definition.title()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<(String, String)> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let name = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Ok((name, text))
}

fn check(files: &[PathBuf], json: bool) -> anyhow::Result<ExitCode> {
    let mut problems = 0;
    for file in files {
        let (name, text) = read(file)?;
        let found = Definition::parse(&name, &text).err().unwrap_or_default();
        problems += found.len();
        for problem in found {
            if json {
                let line = serde_json::json!({
                    "file": file, "line": problem.line, "column": problem.column, "reason": problem.reason,
                });
                println!("{line}");
            } else {
                println!(
                    "{}:{}:{}: {}",
                    file.display(),
                    problem.line,
                    problem.column,
                    problem.reason
                );
            }
        }
    }
    if !json && problems == 0 {
        println!("sound");
    }
    Ok(if problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn say(journey: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (name, text) = match library::find(journey) {
        Some(shipped) => (shipped.name.to_owned(), shipped.text.to_owned()),
        None => read(Path::new(journey))?,
    };
    let definition = Definition::parse(&name, &text).map_err(|problems| {
        anyhow::anyhow!("{} problems: see `tendon journeys check`", problems.len())
    })?;
    for sentence in explain::explain(&definition) {
        if json {
            let step = sentence.step.as_ref().map(ToString::to_string);
            println!(
                "{}",
                serde_json::json!({ "step": step, "text": sentence.text })
            );
        } else {
            println!("{}", sentence.text);
        }
    }
    Ok(ExitCode::SUCCESS)
}
