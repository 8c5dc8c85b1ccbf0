//! Tables to other programs: a list of patients and a book of visits, in the
//! layouts `tendon_patients` and `tendon_appointments`.
//!
//! RFC 4180, UTF-8 with a byte order mark (without it Excel takes the letters of
//! "Renée" for others), CRLF. A cell that a spreadsheet would take for a formula
//! begins with an apostrophe, which [`super::open`] takes away again.
//!
//! What a table has no room for is left out: aliases, further proxies, further
//! numbers, a wish to clear a field.

use std::io::{self, Write};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::contact::{Address, Line};
use tendon_care::patient::Relation;
use tendon_care::person::{PersonName, Sex};

use super::value::guarded;
use crate::record::{AppointmentRecord, ContactRecord, Moment, PatientRecord, Said, VisitStatus};

/// The columns of `tendon_patients`.
const PATIENT: [&str; 20] = [
    "patient_id",
    "last_name",
    "first_name",
    "preferred_name",
    "date_of_birth",
    "sex",
    "language",
    "state",
    "zip",
    "mobile",
    "phone",
    "email",
    "contact_name",
    "contact_relation",
    "contact_phone",
    "contact_email",
    "chart_number",
    "deceased",
    "active",
    "changed_at",
];

/// The columns of `tendon_appointments`.
const APPOINTMENT: [&str; 14] = [
    "appointment_id",
    "start_date",
    "end_date",
    "clinic_id",
    "clinic_name",
    "therapist_id",
    "therapist_name",
    "appointment_type",
    "case_id",
    "patient_id",
    "visit_status",
    "cancelled_by",
    "booked_at",
    "time_stamp",
];

/// Writes a list of patients.
pub fn patients<'a>(
    out: impl Write,
    patients: impl IntoIterator<Item = &'a PatientRecord>,
) -> io::Result<()> {
    table(out, &PATIENT, patients.into_iter().map(patient))
}

/// Writes a book of visits. An end is written only where start and length are known.
pub fn appointments<'a>(
    out: impl Write,
    visits: impl IntoIterator<Item = &'a AppointmentRecord>,
) -> io::Result<()> {
    table(out, &APPOINTMENT, visits.into_iter().map(appointment))
}

fn table<const N: usize>(
    mut out: impl Write,
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    out.write_all("\u{FEFF}".as_bytes())?;
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()))?;
    }
    writer.flush()
}

fn patient(patient: &PatientRecord) -> [String; 20] {
    let name = |part: fn(&PersonName) -> &str| {
        let name = patient.name.as_ref();
        name.map(part).unwrap_or_default().to_owned()
    };
    let region = said(&patient.region);
    let contacts = said(&patient.contact_points);
    let contacts = contacts.map(Vec::as_slice).unwrap_or_default();
    let proxy = patient.proxies.first();
    let of_proxy = |list: fn(&[ContactRecord]) -> String| {
        proxy
            .map(|proxy| list(&proxy.contact_points))
            .unwrap_or_default()
    };
    [
        patient.key.value.clone(),
        name(PersonName::family),
        name(PersonName::given),
        name(|name| name.preferred().unwrap_or_default()),
        said(&patient.birth_date)
            .map(ToString::to_string)
            .unwrap_or_default(),
        said(&patient.sex)
            .map_or("", |sex| Sex::code(*sex))
            .to_owned(),
        said(&patient.language).cloned().unwrap_or_default(),
        region
            .and_then(|region| region.state.clone())
            .unwrap_or_default(),
        region
            .and_then(|region| region.zip.clone())
            .unwrap_or_default(),
        mobiles(contacts),
        phones(contacts),
        emails(contacts),
        proxy.map(|proxy| natural(&proxy.name)).unwrap_or_default(),
        proxy
            .map_or("", |proxy| relation(proxy.relation))
            .to_owned(),
        of_proxy(|list| joined([mobiles(list), phones(list)])),
        of_proxy(emails),
        patient
            .identifiers
            .first()
            .map(|number| number.value.expose().to_owned())
            .unwrap_or_default(),
        flag(said(&patient.deceased) == Some(&true), "true"),
        flag(patient.inactive, "false"),
        patient.changed_at.map(moment).unwrap_or_default(),
    ]
}

/// Writes `Family, Given`, which is read back without guessing where the family
/// name begins.
fn natural(name: &PersonName) -> String {
    match (name.family(), name.given()) {
        ("", given) => given.to_owned(),
        (family, given) => format!("{family}, {given}"),
    }
}

const fn said<T>(field: &Said<T>) -> Option<&T> {
    match field {
        Said::Value(value) => Some(value),
        Said::Nothing | Said::Clear => None,
    }
}

fn flag(set: bool, word: &str) -> String {
    if set { word } else { "" }.to_owned()
}

fn mobiles(list: &[ContactRecord]) -> String {
    joined(list.iter().filter_map(|contact| match &contact.address {
        Address::Phone(phone) if contact.line == Line::Mobile => Some(phone.expose().to_owned()),
        _ => None,
    }))
}

fn phones(list: &[ContactRecord]) -> String {
    joined(list.iter().filter_map(|contact| match &contact.address {
        Address::Phone(phone) if contact.line == Line::Unknown => Some(phone.expose().to_owned()),
        Address::Phone(phone) if contact.line == Line::Landline => {
            Some(format!("Landline: {}", phone.expose()))
        }
        _ => None,
    }))
}

fn emails(list: &[ContactRecord]) -> String {
    joined(list.iter().filter_map(|contact| match &contact.address {
        Address::Email(email) => Some(email.expose().to_owned()),
        Address::Phone(_) => None,
    }))
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    filled.join("; ")
}

const fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Guardian => "guardian",
        Relation::Partner => "partner",
        Relation::HealthAgent => "health agent",
        Relation::Carer => "carer",
    }
}

fn appointment(visit: &AppointmentRecord) -> [String; 14] {
    let key = |key: &Option<crate::record::ForeignKey>| {
        key.as_ref()
            .map(|key| key.value.clone())
            .unwrap_or_default()
    };
    let end = visit
        .starts_at
        .zip(visit.minutes)
        .and_then(|(start, minutes)| {
            let length = SignedDuration::from_mins(i64::from(minutes));
            match start {
                Moment::Exact(at) => at.checked_add(length).ok().map(Moment::Exact),
                Moment::Local(at) => at.checked_add(length).ok().map(Moment::Local),
            }
        });
    let (status, by) = visit.status.map(status).unwrap_or_default();
    [
        visit.key.value.clone(),
        visit.starts_at.map(moment).unwrap_or_default(),
        end.map(moment).unwrap_or_default(),
        key(&visit.location),
        visit.location_name.clone().unwrap_or_default(),
        key(&visit.clinician),
        visit.clinician_name.clone().unwrap_or_default(),
        visit.kind.map_or("", VisitKind::code).to_owned(),
        key(&visit.episode),
        visit.patient.value.clone(),
        status.to_owned(),
        by.to_owned(),
        visit.booked_at.map(moment).unwrap_or_default(),
        visit.changed_at.map(moment).unwrap_or_default(),
    ]
}

/// Returns the word of a status and who cancelled.
const fn status(status: VisitStatus) -> (&'static str, &'static str) {
    match status {
        VisitStatus::Booked => ("booked", ""),
        VisitStatus::Confirmed => ("confirmed", ""),
        VisitStatus::Arrived => ("arrived", ""),
        VisitStatus::InProgress => ("in progress", ""),
        VisitStatus::Completed => ("completed", ""),
        VisitStatus::Cancelled(CancelledBy::Patient) => ("cancelled", "patient"),
        VisitStatus::Cancelled(CancelledBy::Clinic) => ("cancelled", "clinic"),
        VisitStatus::Cancelled(CancelledBy::Unknown) => ("cancelled", ""),
        VisitStatus::NoShow => ("no show", ""),
        VisitStatus::Void => ("void", ""),
    }
}

/// Writes a moment to the second; in UTC where it is exact.
fn moment(at: Moment) -> String {
    let (local, form): (DateTime, _) = match at {
        Moment::Exact(at) => (TimeZone::UTC.to_datetime(at), "%Y-%m-%dT%H:%M:%SZ"),
        Moment::Local(at) => (at, "%Y-%m-%d %H:%M:%S"),
    };
    local.strftime(form).to_string()
}
