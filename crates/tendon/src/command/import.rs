//! `tendon import`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_desk::import::{Arrival, ImportOptions, ImportReport, News, read_fhir, read_hl7};
use tendon_exchange::source::{self, Source, walk};
use tendon_exchange::{Problem, Severity, csv};

use crate::open;
use crate::settings::Resolved;

/// Load real files. Nothing is ever messaged by an import.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// FHIR R4: bundles, NDJSON, single resources, gzipped or not.
    #[command(after_help = "Example: tendon import fhir exports/ --json")]
    Fhir(From),
    /// HL7 v2: ADT, SIU and their kin, one message or many a file.
    #[command(after_help = "Example: tendon import hl7 feed.hl7")]
    Hl7(From),
    /// Tables: the layout is found from the headers.
    #[command(
        after_help = "Example: tendon import csv appointments.csv --layout webpt_standard_extract_appointments"
    )]
    Csv {
        #[command(flatten)]
        from: From,
        /// The name of a known layout, where the headers do not tell.
        #[arg(long)]
        layout: Option<String>,
        /// A mapping of your own (TOML).
        #[arg(long, value_name = "FILE", conflicts_with = "layout")]
        mapping: Option<PathBuf>,
    },
}

/// What to load and how.
#[derive(Debug, Args)]
pub(crate) struct From {
    /// Files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The practice, by name or id, where there are several.
    #[arg(long)]
    practice: Option<String>,
    /// Import as of that time (RFC 3339): visits before it are history.
    #[arg(long, value_name = "T")]
    as_of: Option<Timestamp>,
}

type Arrivals = Box<dyn Iterator<Item = Arrival> + Send>;

impl Import {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_many_threads(self.execute(settings, json))
    }

    fn from(&self) -> &From {
        match self {
            Self::Fhir(from) | Self::Hl7(from) | Self::Csv { from, .. } => from,
        }
    }

    /// Opens what is to be read, and says what could not be found.
    fn arrivals(&self) -> anyhow::Result<(Arrivals, Vec<Problem>)> {
        let paths = &self.from().paths;
        for path in paths {
            ensure!(path.exists(), "{}: no such file or folder", path.display());
        }
        if let Self::Csv {
            layout: Some(name), ..
        } = self
        {
            ensure_known(name)?;
        }
        Ok(match self {
            Self::Fhir(_) => {
                let (sources, problems) = walk(paths, source::FHIR);
                (Box::new(read_fhir(sources)), problems)
            }
            Self::Hl7(_) => {
                let (sources, problems) = walk(paths, source::HL7);
                (Box::new(read_hl7(sources)), problems)
            }
            Self::Csv {
                layout, mapping, ..
            } => {
                let (sources, problems) = walk(paths, source::CSV);
                let mapping = mapping.as_deref().map(read_mapping).transpose()?;
                let options = csv::Options {
                    layout: layout.clone(),
                    mapping,
                    ..csv::Options::default()
                };
                (Box::new(read_csv(sources, options)), problems)
            }
        })
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        let (arrivals, unfound) = self.arrivals()?;
        let desk = open::quiet_desk(settings).await?;
        let practice = open::practice(desk.db(), self.from().practice.as_deref()).await?;
        let access = Access::system(practice.id, "import");
        let mut problems = Problems::create(&settings.data_dir)?;
        unfound
            .iter()
            .try_for_each(|problem| problems.write(problem))?;
        let bar = indicatif::ProgressBar::new_spinner();
        if json {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let options = ImportOptions {
            as_of: self.from().as_of,
            ..ImportOptions::default()
        };
        let mut unwritten = None;
        let report = desk
            .import_arrivals(&access, arrivals, &options, |news| match news {
                News::Problem(problem) => {
                    unwritten = unwritten.take().or(problems.write(problem).err());
                }
                News::Progress(report) => bar.set_position(done(report)),
            })
            .await?;
        bar.finish_and_clear();
        if let Some(error) = unwritten {
            return Err(error).context("writing the problems file");
        }
        let file = problems.finish()?;
        say(&report, &file, json);
        let is_lost = |problem: &Problem| problem.severity == Severity::Rejected;
        let rejected = report.total().rejected > 0 || unfound.iter().any(is_lost);
        Ok(ExitCode::from(if rejected { 2 } else { 0 }))
    }
}

fn done(report: &ImportReport) -> u64 {
    let total = report.total();
    total.created + total.updated + total.unchanged + total.rejected
}

fn say(report: &ImportReport, problems: &Path, json: bool) {
    let file = problems.display().to_string();
    if json {
        println!("{}", report.to_json(Some(&file)));
        return;
    }
    println!(
        "{:14} {:>9} {:>9} {:>9} {:>9}",
        "", "created", "updated", "unchanged", "rejected"
    );
    for (kind, counts) in report.kinds() {
        println!(
            "{kind:14} {:>9} {:>9} {:>9} {:>9}",
            counts.created, counts.updated, counts.unchanged, counts.rejected
        );
    }
    println!("problems: {file}");
}

/// Refuses a layout that nobody knows before any file is opened.
fn ensure_known(name: &str) -> anyhow::Result<()> {
    let known: Vec<&str> = csv::layouts().iter().map(csv::Layout::name).collect();
    let list = known.join(", ");
    ensure!(
        known.contains(&name),
        "--layout {name}: not known; known are {list}"
    );
    Ok(())
}

fn read_mapping(path: &Path) -> anyhow::Result<csv::Layout> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    csv::Layout::parse(&text).with_context(|| format!("mapping {}", path.display()))
}

/// Reads tables one after the other, each twice: once for the order of its
/// dates, which in a long table may show far down, and once for its rows.
pub(super) fn read_csv(
    sources: Vec<Source>,
    options: csv::Options,
) -> impl Iterator<Item = Arrival> + Send {
    sources.into_iter().flat_map(move |source| -> Arrivals {
        let name: Arc<str> = source.name.as_str().into();
        match open_csv(&source, &options) {
            Ok(reader) => Box::new(reader.map(move |item| Arrival {
                item,
                source: Arc::clone(&name),
            })),
            Err(problem) => Box::new(std::iter::once(Arrival::problem(problem))),
        }
    })
}

fn open_csv(
    source: &Source,
    options: &csv::Options,
) -> Result<csv::Reader<source::Plain<std::fs::File>>, Problem> {
    if !source.is_file() {
        let reason = "is a pipe: a table is read twice, so save it to a file first";
        return Err(source::unusable(&source.name, reason));
    }
    let open = || {
        source
            .open()
            .map_err(|error| source::unreadable(&source.name, &error))
    };
    let survey = csv::survey(open()?, &source.name, options)?;
    let options = csv::Options {
        survey: Some(survey),
        ..options.clone()
    };
    csv::open(open()?, &source.name, &options)
}

/// The problems of a run, one JSON object a line.
struct Problems {
    path: PathBuf,
    out: std::io::BufWriter<std::fs::File>,
}

impl Problems {
    /// Begins a new file beside those of earlier runs.
    fn create(data_dir: &Path) -> anyhow::Result<Self> {
        let folder = data_dir.join("problems");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        for number in 1..100_000_u32 {
            let path = folder.join(format!("import-{number:05}.jsonl"));
            match std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(file) => {
                    return Ok(Self {
                        path,
                        out: std::io::BufWriter::new(file),
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("creating {}", path.display()));
                }
            }
        }
        anyhow::bail!("{} is full: remove old problems files", folder.display())
    }

    fn write(&mut self, problem: &Problem) -> std::io::Result<()> {
        let line = serde_json::json!({
            "source": problem.source,
            "position": problem.position.to_string(),
            "field": problem.field,
            "reason": problem.reason,
            "severity": problem.severity.word(),
        });
        writeln!(self.out, "{line}")
    }

    fn finish(mut self) -> anyhow::Result<PathBuf> {
        self.out.flush().context("writing the problems file")?;
        Ok(self.path)
    }
}
