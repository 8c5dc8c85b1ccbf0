//! Foreign records in Tendon's own words, before they meet the store.
//!
//! References between records stay foreign keys: `desk` resolves them, in any
//! order of arrival.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::contact::{Address, Line};
use tendon_care::episode::Discharge;
use tendon_care::patient::{Identifier, Region, Relation};
use tendon_care::person::{PersonName, Sex};

/// The key under which a source knows a thing: its system and its value. Two
/// imports of the same key mean the same thing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForeignKey {
    /// The namespace: an assigning authority, a FHIR base or identifier system, a CSV layout.
    pub system: String,
    /// The value in it.
    pub value: String,
}

impl std::fmt::Debug for ForeignKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may be a record number.
        write!(f, "ForeignKey({}, …)", self.system)
    }
}

/// A moment as foreign systems give it: exact, or a wall-clock time whose zone
/// is the location's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With an offset.
    Exact(Timestamp),
    /// Without one; resolved in the location's zone.
    Local(DateTime),
}

/// What an update says about one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// Nothing: leave what is stored (HL7 empty field, FHIR or CSV absent).
    #[default]
    Nothing,
    /// Clear it (HL7 `""`).
    Clear,
    /// This value.
    Value(T),
}

impl<T> From<Option<T>> for Said<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Self::Value)
    }
}

/// One foreign record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A person.
    Patient(Box<PatientRecord>),
    /// A visit, booked or past.
    Appointment(Box<AppointmentRecord>),
    /// One who sees patients.
    Clinician(ClinicianRecord),
    /// A place.
    Location(LocationRecord),
    /// A course of care.
    Episode(EpisodeRecord),
    /// A plan of care.
    Plan(PlanRecord),
    /// A request for care.
    Referral(ReferralRecord),
    /// Two numbers turned out to be one person.
    Merge(MergeRecord),
    /// A clinical or financial fact that is kept as it came, for later use.
    Document(DocumentRecord),
}

impl Record {
    /// Returns the kind under which imports count it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Patient(_) => "patient",
            Self::Appointment(_) => "appointment",
            Self::Clinician(_) => "clinician",
            Self::Location(_) => "location",
            Self::Episode(_) => "episode",
            Self::Plan(_) => "plan",
            Self::Referral(_) => "referral",
            Self::Merge(_) => "merge",
            Self::Document(_) => "document",
        }
    }

    /// Returns the key that it has of its own; a merge has none.
    pub const fn key(&self) -> Option<&ForeignKey> {
        Some(match self {
            Self::Patient(person) => &person.key,
            Self::Appointment(visit) => &visit.key,
            Self::Clinician(clinician) => &clinician.key,
            Self::Location(place) => &place.key,
            Self::Episode(episode) => &episode.key,
            Self::Plan(plan) => &plan.key,
            Self::Referral(referral) => &referral.key,
            Self::Document(document) => &document.key,
            Self::Merge(_) => return None,
        })
    }
}

/// A person as another system describes them.
#[derive(Clone, Debug, PartialEq)]
pub struct PatientRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Further keys of the same record in the same source, such as a
    /// `urn:uuid:` full URL by which its neighbours refer to it.
    pub aliases: Vec<ForeignKey>,
    /// Every other number (MRN, member number); a social security number is never read.
    pub identifiers: Vec<Identifier>,
    /// The name; `None` where an update does not repeat it.
    pub name: Option<PersonName>,
    /// The birthday.
    pub birth_date: Said<Date>,
    /// Sex.
    pub sex: Said<Sex>,
    /// The language as the source says it (BCP 47 tag or code).
    pub language: Said<String>,
    /// State and ZIP.
    pub region: Said<Region>,
    /// Phones and e-mails, best first. `Clear` removes all of that source.
    pub contact_points: Said<Vec<ContactRecord>>,
    /// Alive or dead; a date where one is given.
    pub deceased: Said<bool>,
    /// Next of kin and guardians.
    pub proxies: Vec<ProxyRecord>,
    /// The source's own time of change, for refusing older updates.
    pub changed_at: Option<Moment>,
    /// Taken out of use at the source (deleted, retired, test patient).
    pub inactive: bool,
}

/// A phone or e-mail of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecord {
    /// The address.
    pub address: Address,
    /// What kind of line.
    pub line: Line,
}

/// One who speaks for a patient, as named by the source (never verified by it).
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyRecord {
    /// The name.
    pub name: PersonName,
    /// How they are related.
    pub relation: Relation,
    /// How to reach them.
    pub contact_points: Vec<ContactRecord>,
}

/// Where a visit stands at the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitStatus {
    /// On the book, and nobody has confirmed it.
    Booked,
    /// On the book and confirmed.
    Confirmed,
    /// Checked in.
    Arrived,
    /// Being treated.
    InProgress,
    /// Done.
    Completed,
    /// Called off.
    Cancelled(CancelledBy),
    /// Nobody came.
    NoShow,
    /// Deleted or entered in error.
    Void,
}

/// A visit as another system describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppointmentRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Who comes.
    pub patient: ForeignKey,
    /// The patient as far as the visit describes one (HL7 SIU carries a PID);
    /// used where the patient is not known yet.
    pub patient_record: Option<Box<PatientRecord>>,
    /// Where.
    pub location: Option<ForeignKey>,
    /// The place's name, where the source gives only that.
    pub location_name: Option<String>,
    /// Who sees the patient.
    pub clinician: Option<ForeignKey>,
    /// The clinician's name, where the source gives it.
    pub clinician_name: Option<String>,
    /// The course of care.
    pub episode: Option<ForeignKey>,
    /// What kind; `None` lets `desk` decide (first of an episode = evaluation).
    pub kind: Option<VisitKind>,
    /// When it begins; `None` in a cancellation that does not repeat it.
    pub starts_at: Option<Moment>,
    /// How long.
    pub minutes: Option<u16>,
    /// Where it stands; `None` leaves what is stored.
    pub status: Option<VisitStatus>,
    /// When it was booked.
    pub booked_at: Option<Moment>,
    /// When the status was reached, where the source says (check-in, cancellation).
    pub status_at: Option<Moment>,
    /// The source's own time of change.
    pub changed_at: Option<Moment>,
    /// True for a reschedule (S13): the same visit at another time.
    pub moved: bool,
}

/// One who sees patients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicianRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Further keys of the same record (`urn:uuid:` full URLs).
    pub aliases: Vec<ForeignKey>,
    /// The display name.
    pub display_name: String,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Further keys of the same record.
    pub aliases: Vec<ForeignKey>,
    /// The display name.
    pub name: String,
    /// State and ZIP.
    pub region: Region,
}

/// A course of care.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Who.
    pub patient: ForeignKey,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When and how it ended.
    pub ended: Option<(Moment, Discharge)>,
    /// Resting.
    pub on_hold: bool,
}

/// A plan of care.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// Who.
    pub patient: ForeignKey,
    /// The course of care, where the source names one.
    pub episode: Option<ForeignKey>,
    /// Visits in all.
    pub visits: Option<u16>,
    /// Visits per week.
    pub visits_per_week: Option<u8>,
    /// Visits authorised.
    pub authorised_visits: Option<u16>,
    /// The first day.
    pub starts_on: Option<Date>,
    /// The last day.
    pub ends_on: Option<Date>,
}

/// A request for care.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferralRecord {
    /// The source's key.
    pub key: ForeignKey,
    /// For whom.
    pub patient: ForeignKey,
    /// Who sent it, as written.
    pub referrer: Option<String>,
    /// When.
    pub received_at: Option<Moment>,
    /// Called off by the referrer.
    pub cancelled: bool,
}

/// Two numbers turned out to be one person (HL7 A40 and its kin).
#[derive(Clone, Debug, PartialEq)]
pub struct MergeRecord {
    /// The number that survives.
    pub survivor: ForeignKey,
    /// The number that is retired.
    pub retired: ForeignKey,
    /// The survivor as the message describes it.
    pub survivor_record: Option<Box<PatientRecord>>,
    /// The source's own time.
    pub changed_at: Option<Moment>,
}

/// A fact that is kept as it came.
#[derive(Clone, PartialEq)]
pub struct DocumentRecord {
    /// What it is, in FHIR's word (`Condition`, `Observation`, …).
    pub resource_type: String,
    /// The source's key.
    pub key: ForeignKey,
    /// About whom, where it is about a patient.
    pub patient: Option<ForeignKey>,
    /// The source text, unchanged (decimals keep their digits).
    pub json: String,
}

impl std::fmt::Debug for DocumentRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DocumentRecord({})", self.resource_type)
    }
}
