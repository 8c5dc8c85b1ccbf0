//! Writes a simulated practice as other systems would export it, for trying imports.
//!
//! | format | what | where |
//! |---|---|---|
//! | FHIR R4 | NDJSON, a file for each type, as bulk exports have | a folder |
//! | HL7 v2 | ADT and SIU in the order in which things happened | a file |
//! | CSV | a list of patients and a book of visits, in Tendon's own layouts | a folder |

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_care::id::LocationId;
use tendon_exchange::record::AppointmentRecord;
use tendon_exchange::{Record, csv, fhir, hl7};
use tendon_store::{Db, Reader};

use super::chart::{self, Chart, Keys};
use super::feed;

/// Where the practice is written to.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Exports {
    /// Write the practice as FHIR R4 NDJSON into a folder.
    #[arg(long = "export-fhir", value_name = "DIR")]
    fhir: Option<PathBuf>,
    /// Write what happened as an HL7 v2 feed of ADT and SIU messages.
    #[arg(long = "export-hl7", value_name = "FILE")]
    hl7: Option<PathBuf>,
    /// Write patients and visits as tables into a folder.
    #[arg(long = "export-csv", value_name = "DIR")]
    csv: Option<PathBuf>,
}

impl Exports {
    /// Writes what was asked for.
    pub(super) async fn write(&self, db: &Db, access: &Access) -> anyhow::Result<()> {
        let reader = db.reader(access);
        if let Some(folder) = &self.fhir {
            as_fhir(reader, folder).await.context("writing FHIR")?;
        }
        if let Some(file) = &self.hl7 {
            as_hl7(reader, file).await.context("writing HL7")?;
        }
        if let Some(folder) = &self.csv {
            as_csv(reader, folder).await.context("writing tables")?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    Ok(BufWriter::new(file))
}

/// A file for each type of resource, made when the first of it comes.
struct Folder<'p> {
    path: &'p Path,
    files: HashMap<&'static str, BufWriter<File>>,
}

impl Folder<'_> {
    fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        let name = match record {
            Record::Patient(_) => "Patient",
            Record::Appointment(_) => "Appointment",
            Record::Clinician(_) => "Practitioner",
            Record::Location(_) => "Location",
            Record::Episode(_) => "EpisodeOfCare",
            Record::Plan(_) => "CarePlan",
            Record::Referral(_) => "ServiceRequest",
            Record::Merge(_) | Record::Document(_) => return Ok(()),
        };
        let file = match self.files.entry(name) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(create(&self.path.join(format!("{name}.ndjson")))?)
            }
        };
        fhir::write(file, record)?;
        Ok(())
    }
}

/// Writes resource by resource; one patient's at a time are held in memory.
async fn as_fhir(reader: Reader<'_>, path: &Path) -> anyhow::Result<()> {
    let mut folder = Folder {
        path,
        files: HashMap::new(),
    };
    for place in reader.locations().await? {
        folder.write(&Record::Location(chart::place(&place, Keys::Fhir)))?;
    }
    for clinician in reader.clinicians().await? {
        let record = chart::clinician(&clinician, Keys::Fhir);
        folder.write(&Record::Clinician(record))?;
    }
    for patient in chart::patients(reader).await? {
        let chart = Chart::read(reader, patient, Keys::Fhir).await?;
        folder.write(&Record::Patient(Box::new(
            chart.person(chart.is_dead(), None),
        )))?;
        for referral in chart.referrals() {
            folder.write(&Record::Referral(referral))?;
        }
        for episode in chart.episodes() {
            folder.write(&Record::Episode(episode))?;
        }
        for plan in chart.plans() {
            folder.write(&Record::Plan(plan))?;
        }
        for visit in &chart.visits {
            folder.write(&Record::Appointment(Box::new(chart.visit(visit))))?;
        }
    }
    for file in folder.files.values_mut() {
        file.flush()?;
    }
    Ok(())
}

/// Names of places and clinicians, which tables and messages carry along.
pub(super) struct Names {
    places: HashMap<LocationId, String>,
    clinicians: HashMap<tendon_care::id::ClinicianId, String>,
}

impl Names {
    pub(super) async fn read(reader: Reader<'_>) -> anyhow::Result<Self> {
        let places = reader.locations().await?;
        let clinicians = reader.clinicians().await?;
        Ok(Self {
            places: places.into_iter().map(|one| (one.id, one.name)).collect(),
            clinicians: clinicians
                .into_iter()
                .map(|one| (one.id, one.display_name))
                .collect(),
        })
    }

    /// Returns a visit of a chart with the names of where and with whom.
    pub(super) fn visit(
        &self,
        chart: &Chart,
        visit: &tendon_care::appointment::Appointment,
    ) -> AppointmentRecord {
        let clinician = visit.clinician.and_then(|id| self.clinicians.get(&id));
        AppointmentRecord {
            location_name: self.places.get(&visit.location).cloned(),
            clinician_name: clinician.cloned(),
            ..chart.visit(visit)
        }
    }
}

/// Writes the messages of all patients in one order of time, so that a feed reader
/// meets them as a live feed brings them.
async fn as_hl7(reader: Reader<'_>, path: &Path) -> anyhow::Result<()> {
    let names = Names::read(reader).await?;
    let mut sent: Vec<(Timestamp, feed::Message)> = Vec::new();
    for patient in chart::patients(reader).await? {
        let chart = Chart::read(reader, patient, Keys::Plain).await?;
        let mut facts = reader.timeline(patient, None, u16::MAX).await?;
        facts.reverse();
        sent.extend(feed::messages(&chart, &names, &facts));
    }
    // The order of one patient's messages of one moment stays.
    sent.sort_by_key(|(at, _)| *at);
    let mut file = create(path)?;
    for (number, (at, message)) in (1..).zip(&sent) {
        let envelope = feed::envelope(number, *at);
        file.write_all(&hl7::write(message.outgoing(), &envelope))?;
    }
    Ok(file.flush()?)
}

async fn as_csv(reader: Reader<'_>, folder: &Path) -> anyhow::Result<()> {
    let names = Names::read(reader).await?;
    let (mut people, mut visits) = (Vec::new(), Vec::new());
    for patient in chart::patients(reader).await? {
        let chart = Chart::read(reader, patient, Keys::Plain).await?;
        people.push(chart.person(chart.is_dead(), None));
        visits.extend(chart.visits.iter().map(|visit| names.visit(&chart, visit)));
    }
    csv::write::patients(create(&folder.join("patients.csv"))?, &people)?;
    csv::write::appointments(create(&folder.join("appointments.csv"))?, &visits)?;
    Ok(())
}

#[cfg(test)]
#[path = "round_trip.rs"]
mod round_trip;
