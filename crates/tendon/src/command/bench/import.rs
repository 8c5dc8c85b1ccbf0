//! `tendon bench import`: how many records of other programs become durable in a
//! second, and in how much memory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use tendon_care::access::Access;
use tendon_care::practice::Practice;
use tendon_desk::Desk;
use tendon_desk::import::{Arrival, ImportOptions, ImportReport, News, read_fhir, read_hl7};
use tendon_exchange::csv;
use tendon_exchange::source::{self, walk};

use super::figures::{Figures, forget_peak, now, peak_rss_mb};
use super::records::{self, Format};
use super::town::Town;
use crate::command::import::read_csv;
use crate::open;
use crate::settings::Resolved;

/// The moment as of which is imported: visits after it are still to come.
const PRESENT: &str = "2026-11-03T13:50:00Z";

/// What, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// How the files are written.
    #[arg(long, value_enum, default_value_t = Format::Fhir)]
    format: Format,
    /// Resources, messages or rows.
    #[arg(long, default_value_t = 50_000)]
    count: usize,
    /// The seed of the records.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the files are written; the system's own place where none is named.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Import the same files again afterwards, which changes nothing.
    #[arg(long)]
    again: bool,
}

/// A folder that goes with the benchmark.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the system's own place for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run came to.
struct Run {
    report: ImportReport,
    seconds: f64,
    /// From one batch to the next.
    batches: Vec<Duration>,
}

impl Import {
    /// Writes the files, takes them in, and says how fast that went.
    pub(super) async fn measure(&self, settings: &Resolved, json: bool) -> anyhow::Result<()> {
        let desk = open::quiet_desk(settings).await?;
        anyhow::ensure!(
            desk.db().practices().await?.is_empty(),
            "the database is not empty: name a new one"
        );
        let access = open_practice(&desk).await?;
        let folder = self.folder()?;
        let files = self.write(&folder.0)?;
        let bytes: u64 = files
            .iter()
            .filter_map(|file| file.metadata().ok())
            .map(|it| it.len())
            .sum();
        forget_peak();
        let run = self.take_in(&desk, &access, &files, json).await?;
        let peak = peak_rss_mb();
        let again = if self.again {
            Some(self.take_in(&desk, &access, &files, json).await?)
        } else {
            None
        };
        let (total, rejected) = (told(&run.report), run.report.total().rejected);
        anyhow::ensure!(rejected == 0, "{rejected} records were rejected");
        let second = again
            .as_ref()
            .map(|run| told(&run.report) as f64 / run.seconds);
        if !json {
            println!(
                "{} MB of {:?}, {peak:.0} MB of memory at most",
                bytes / 1_000_000,
                self.format
            );
            if let Some(rate) = second {
                println!("again: {rate:.0} a second, all unchanged");
            }
        }
        let changed = again.map(|run| told(&run.report) - run.report.total().unchanged);
        anyhow::ensure!(
            changed.unwrap_or(0) == 0,
            "the second run changed something"
        );
        let figures = Figures {
            name: "import",
            database: desk.db().engine_name(),
            count: usize::try_from(total)?,
            seconds: run.seconds,
            rounds: run.batches,
        };
        let more = json!({
            "format": format!("{:?}", self.format).to_lowercase(), "bytes": bytes,
            "peak_rss_mb": peak, "again_per_second": second,
        });
        figures.say_with(json, &more);
        Ok(())
    }

    fn folder(&self) -> anyhow::Result<Folder> {
        let place = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        let path = place.join(format!("tendon-bench-import-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Folder(path))
    }

    fn write(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let patients = records::patients_for(self.format, self.count);
        let zone = TimeZone::get("America/Chicago")?;
        let town = Town::new(self.seed, patients, PRESENT.parse()?, &zone);
        records::write(&town, self.format, self.count, folder)
    }

    fn arrivals(&self, files: &[PathBuf]) -> Box<dyn Iterator<Item = Arrival> + Send> {
        match self.format {
            Format::Fhir => Box::new(read_fhir(walk(files, source::FHIR).0)),
            Format::Hl7 => Box::new(read_hl7(walk(files, source::HL7).0)),
            Format::Csv => Box::new(read_csv(
                walk(files, source::CSV).0,
                csv::Options::default(),
            )),
        }
    }

    async fn take_in(
        &self,
        desk: &Desk,
        access: &Access,
        files: &[PathBuf],
        json: bool,
    ) -> anyhow::Result<Run> {
        let bar = ProgressBar::new(u64::try_from(self.count)?);
        if json {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let as_of: Timestamp = PRESENT.parse()?;
        let options = ImportOptions {
            as_of: Some(as_of),
            ..ImportOptions::default()
        };
        let mut batches = Vec::new();
        let began = now();
        let mut last = began;
        let report = desk
            .import_arrivals(access, self.arrivals(files), &options, |news| {
                if let News::Progress(report) = news {
                    batches.push(last.elapsed());
                    last = now();
                    bar.set_position(told(report));
                }
            })
            .await?;
        bar.finish_and_clear();
        Ok(Run {
            report,
            seconds: began.elapsed().as_secs_f64(),
            batches,
        })
    }
}

fn told(report: &ImportReport) -> u64 {
    let total = report.total();
    total.created + total.updated + total.unchanged + total.rejected
}

async fn open_practice(desk: &Desk) -> anyhow::Result<Access> {
    let practice = Practice {
        id: desk.mint().id(),
        name: "Bench PT".into(),
        time_zone: TimeZone::get("America/Chicago")?,
        state: Some("IL".into()),
        phone: None,
    };
    desk.open_practice(&practice).await?;
    Ok(Access::system(practice.id, "import"))
}
