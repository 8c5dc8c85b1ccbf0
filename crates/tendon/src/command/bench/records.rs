//! The town as another program would tell of it: the same people and visits as
//! foreign records, written as FHIR, HL7 v2 or tables by the writers of `exchange`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::id::{AppointmentId, EpisodeId, Id as _, PlanId};
use tendon_care::patient::Life;
use tendon_exchange::record::{
    AppointmentRecord, ContactRecord, DocumentRecord, EpisodeRecord, ForeignKey, Moment,
    PatientRecord, PlanRecord, Said, VisitStatus,
};
use tendon_exchange::{Record, csv, fhir, hl7};

use super::dice::{Dice, For};
use super::town::{Course, Kind, Town};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// FHIR R4 as NDJSON, one patient after the other.
    Fhir,
    /// HL7 v2.5.1 ADT and SIU, in the order in which things happened.
    Hl7,
    /// A list of patients and a book of visits.
    Csv,
}

/// Measurements of a visit that are kept as they come.
const OBSERVATIONS: u16 = 3;

/// Writes files of `count` records into a folder; returns them in the order in
/// which they are to be read.
pub(super) fn write(
    town: &Town,
    format: Format,
    count: usize,
    folder: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let create = |name: &str| -> anyhow::Result<(PathBuf, BufWriter<std::fs::File>)> {
        let path = folder.join(name);
        let file =
            std::fs::File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok((path, BufWriter::new(file)))
    };
    let teller = Teller { town, format };
    match format {
        Format::Fhir => {
            let (path, mut out) = create("export.ndjson")?;
            for record in teller.by_patient().take(count) {
                fhir::write(&mut out, &record)?;
            }
            out.flush()?;
            Ok(vec![path])
        }
        Format::Hl7 => {
            let (path, mut out) = create("feed.hl7")?;
            let events = town.events();
            for (number, event) in events.iter().take(count).enumerate() {
                out.write_all(&teller.message(*event, number)?)?;
                out.write_all(b"\r\n")?;
            }
            out.flush()?;
            Ok(vec![path])
        }
        Format::Csv => {
            let (patients, out) = create("patients.csv")?;
            let all: Vec<PatientRecord> = town
                .courses
                .iter()
                .map(|course| teller.person(course))
                .collect::<Result<_, _>>()?;
            csv::write::patients(out, &all)?;
            let (visits, out) = create("visits.csv")?;
            let left = count.saturating_sub(all.len());
            let all: Vec<AppointmentRecord> = town
                .courses
                .iter()
                .flat_map(|course| {
                    (0..course.count).filter_map(|index| teller.visit(course, index))
                })
                .take(left)
                .collect();
            csv::write::appointments(out, &all)?;
            Ok(vec![patients, visits])
        }
    }
}

/// Returns how many patients make at least so many records.
pub(super) fn patients_for(format: Format, count: usize) -> u32 {
    // Two visits are the fewest; a FHIR visit brings its measurements along.
    let fewest = match format {
        Format::Fhir => 5 + 2 * (1 + usize::from(OBSERVATIONS)),
        Format::Hl7 | Format::Csv => 3,
    };
    u32::try_from(count.div_ceil(fewest) + 1).unwrap_or(u32::MAX)
}

/// Tells of the town in one format's keys.
#[derive(Clone, Copy)]
struct Teller<'a> {
    town: &'a Town,
    format: Format,
}

impl<'a> Teller<'a> {
    /// Tells everything of each patient together, as a patient export does.
    fn by_patient(self) -> impl Iterator<Item = Record> + 'a {
        self.town.courses.iter().flat_map(move |course| {
            let mut records = Vec::new();
            records.extend(
                self.person(course)
                    .ok()
                    .map(|person| Record::Patient(Box::new(person))),
            );
            records.push(Record::Episode(self.episode(course)));
            records.push(Record::Plan(self.plan(course)));
            for index in 0..course.count {
                let visit = self.visit(course, index);
                records.extend(visit.map(|visit| Record::Appointment(Box::new(visit))));
                let measured =
                    (0..OBSERVATIONS).map(|which| self.observation(course, index, which));
                records.extend(measured.map(Record::Document));
            }
            records
        })
    }

    fn key(self, kind: &str, id: &str) -> ForeignKey {
        match self.format {
            Format::Fhir => ForeignKey {
                system: "fhir:".to_owned(),
                value: format!("{kind}/{id}"),
            },
            Format::Hl7 | Format::Csv => ForeignKey {
                system: "bench".to_owned(),
                value: id.to_owned(),
            },
        }
    }

    fn patient_key(self, course: &Course) -> ForeignKey {
        match self.format {
            Format::Fhir => self.key("Patient", &self.town.patient_id(course).uuid().to_string()),
            Format::Hl7 | Format::Csv => self.key("", &super::town::mrn(course.number)),
        }
    }

    fn person(self, course: &Course) -> anyhow::Result<PatientRecord> {
        let person = self.town.person(course)?;
        let contacts = person.contact_points.iter().map(|point| ContactRecord {
            address: point.address.clone(),
            line: point.line,
        });
        Ok(PatientRecord {
            key: self.patient_key(course),
            aliases: Vec::new(),
            contact_points: Said::Value(contacts.collect()),
            identifiers: person.identifiers,
            name: Some(person.name),
            birth_date: person.birth_date.into(),
            sex: Said::Value(person.sex),
            language: Said::Value(person.language.tag().to_owned()),
            region: Said::Value(person.region),
            deceased: Said::Value(person.life != Life::Living),
            proxies: Vec::new(),
            changed_at: Some(Moment::Exact(course.registered)),
            inactive: false,
        })
    }

    fn episode_key(self, course: &Course) -> ForeignKey {
        let id: EpisodeId = self
            .town
            .id(course.number, Kind::Episode, 0, course.registered);
        self.key("EpisodeOfCare", &id.uuid().to_string())
    }

    fn episode(self, course: &Course) -> EpisodeRecord {
        EpisodeRecord {
            key: self.episode_key(course),
            patient: self.patient_key(course),
            started_at: Some(Moment::Exact(course.registered)),
            ended: None,
            on_hold: false,
        }
    }

    fn plan(self, course: &Course) -> PlanRecord {
        let id: PlanId = self
            .town
            .id(course.number, Kind::Plan, 0, course.registered);
        PlanRecord {
            key: self.key("CarePlan", &id.uuid().to_string()),
            patient: self.patient_key(course),
            episode: Some(self.episode_key(course)),
            visits: Some(course.planned),
            visits_per_week: Some(2),
            authorised_visits: None,
            starts_on: Some(course.registered.to_zoned(self.town.zone.clone()).date()),
            ends_on: None,
        }
    }

    fn visit(self, course: &Course, index: u16) -> Option<AppointmentRecord> {
        let starts_at = *self.town.visits_of(course).get(usize::from(index))?;
        let id: AppointmentId = self
            .town
            .id(course.number, Kind::Visit, index, course.registered);
        let number = u64::from(course.number) << 16 | u64::from(index);
        let fate = Dice::new(self.town.seed, For::Record, number).unit();
        let booked_at = course.registered.min(starts_at) + SignedDuration::from_hours(1);
        Some(AppointmentRecord {
            key: self.key("Appointment", &id.uuid().to_string()),
            patient: self.patient_key(course),
            patient_record: None,
            location: None,
            location_name: Some(format!("Clinic {}", course.clinic + 1)),
            clinician: None,
            clinician_name: None,
            episode: (self.format == Format::Fhir).then(|| self.episode_key(course)),
            kind: Some(if index == 0 {
                VisitKind::Evaluation
            } else {
                VisitKind::Recurring
            }),
            starts_at: Some(Moment::Exact(starts_at)),
            minutes: Some(40),
            status: Some(self.status(starts_at, fate)),
            booked_at: Some(Moment::Exact(booked_at)),
            status_at: None,
            changed_at: Some(Moment::Exact(starts_at.min(self.town.present))),
            moved: false,
        })
    }

    fn status(self, starts_at: Timestamp, fate: f64) -> VisitStatus {
        match starts_at < self.town.present {
            _ if fate < 0.1 => VisitStatus::Cancelled(CancelledBy::Patient),
            true if fate < 0.16 => VisitStatus::NoShow,
            true => VisitStatus::Completed,
            false => VisitStatus::Booked,
        }
    }

    fn observation(self, course: &Course, index: u16, which: u16) -> DocumentRecord {
        let place = index * OBSERVATIONS + which;
        let id: AppointmentId = self
            .town
            .id(course.number, Kind::Fact, place, course.registered);
        let key = self.key("Observation", &id.uuid().to_string());
        let patient = self.patient_key(course);
        let number = u64::from(course.number) << 16 | u64::from(place);
        let mut dice = Dice::new(self.town.seed, For::Record, number);
        let (code, words, unit) = dice.pick(&MEASURED);
        let json = json!({
            "resourceType": "Observation",
            "id": id.uuid().to_string(),
            "status": "final",
            "code": { "coding": [{ "system": "http://loinc.org", "code": code, "display": words }], "text": words },
            "subject": { "reference": patient.value },
            "effectiveDateTime": course.registered.to_string(),
            "valueQuantity": { "value": dice.below(100), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit },
        });
        DocumentRecord {
            resource_type: "Observation".to_owned(),
            key,
            patient: Some(patient),
            json: json.to_string(),
        }
    }

    /// Writes what happened as the message that an EHR sends of it.
    fn message(
        self,
        event: (Timestamp, u32, Option<u16>),
        number: usize,
    ) -> anyhow::Result<Vec<u8>> {
        let (at, patient, visit) = event;
        let course = self.town.course(patient).context("a patient")?;
        let endpoint = |name: &str| hl7::Endpoint::named(name);
        let envelope = hl7::Envelope {
            sending_application: endpoint("EHR"),
            sending_facility: endpoint("BENCH"),
            receiving_application: endpoint("TENDON"),
            receiving_facility: endpoint("BENCH"),
            control_id: number.to_string(),
            sent_at: at,
        };
        let person = self.person(course)?;
        let Some(index) = visit else {
            return Ok(hl7::write(hl7::Outgoing::Registered(&person), &envelope));
        };
        let mut visit = self.visit(course, index).context("a visit")?;
        visit.patient_record = Some(Box::new(person));
        let outgoing = match visit.status {
            Some(VisitStatus::Cancelled(_)) => hl7::Outgoing::Cancelled(&visit),
            Some(VisitStatus::NoShow) => hl7::Outgoing::Missed(&visit),
            Some(VisitStatus::Completed) => hl7::Outgoing::Changed(&visit),
            _ => hl7::Outgoing::Booked(&visit),
        };
        Ok(hl7::write(outgoing, &envelope))
    }
}

/// What is measured of a patient: LOINC's code, its words and the unit.
const MEASURED: [(&str, &str, &str); 4] = [
    (
        "72514-3",
        "Pain severity - 0-10 verbal numeric rating",
        "{score}",
    ),
    ("8867-4", "Heart rate", "/min"),
    ("29463-7", "Body weight", "kg"),
    ("8310-5", "Body temperature", "Cel"),
];
