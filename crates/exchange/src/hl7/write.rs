//! Messages to other systems, in HL7 v2.5.1.
//!
//! What is written here is read back by this crate to the same record: the
//! tests say so. Segments end in CR, text is UTF-8 and escaped.
//!
//! *Source*: HL7 v2.5.1 chapters 2, 3, 4 and 10.

use jiff::Timestamp;
use tendon_care::appointment::VisitKind;
use tendon_care::contact::{Address, Line};
use tendon_care::patient::Relation;
use tendon_care::person::{PersonName, Sex};

use super::ack::endpoint;
use super::control::Endpoint;
use super::escape::escape;
use super::stamp;
use super::visit::reason_of;
use crate::record::{
    AppointmentRecord, ContactRecord, ForeignKey, MergeRecord, Moment, PatientRecord, Said,
    VisitStatus,
};

/// What is sent, and thereby which trigger it has.
#[derive(Clone, Copy, Debug)]
pub enum Outgoing<'a> {
    /// SIU^S12: a visit was booked.
    Booked(&'a AppointmentRecord),
    /// SIU^S13: a visit got another time.
    Moved(&'a AppointmentRecord),
    /// SIU^S14: something else about a visit changed, such as its status.
    Changed(&'a AppointmentRecord),
    /// SIU^S15: a visit was called off.
    Cancelled(&'a AppointmentRecord),
    /// SIU^S26: nobody came.
    Missed(&'a AppointmentRecord),
    /// ADT^A04: a patient was registered.
    Registered(&'a PatientRecord),
    /// ADT^A08: a patient's facts changed.
    Updated(&'a PatientRecord),
    /// ADT^A31: a person's facts changed, without a visit.
    PersonUpdated(&'a PatientRecord),
    /// ADT^A40: two numbers are one person.
    Merged(&'a MergeRecord),
}

impl<'a> Outgoing<'a> {
    /// Returns MSH-9.
    const fn kind(self) -> &'static str {
        match self {
            Self::Booked(_) => "SIU^S12^SIU_S12",
            Self::Moved(_) => "SIU^S13^SIU_S12",
            Self::Changed(_) => "SIU^S14^SIU_S12",
            Self::Cancelled(_) => "SIU^S15^SIU_S12",
            Self::Missed(_) => "SIU^S26^SIU_S12",
            Self::Registered(_) => "ADT^A04^ADT_A01",
            Self::Updated(_) => "ADT^A08^ADT_A01",
            Self::PersonUpdated(_) => "ADT^A31^ADT_A05",
            Self::Merged(_) => "ADT^A40^ADT_A39",
        }
    }

    const fn visit(self) -> Option<&'a AppointmentRecord> {
        match self {
            Self::Booked(visit)
            | Self::Moved(visit)
            | Self::Changed(visit)
            | Self::Cancelled(visit)
            | Self::Missed(visit) => Some(visit),
            _ => None,
        }
    }

    /// Returns the source's time of change.
    const fn changed_at(self) -> Option<Moment> {
        match self {
            Self::Registered(patient) | Self::Updated(patient) | Self::PersonUpdated(patient) => {
                patient.changed_at
            }
            Self::Merged(merge) => merge.changed_at,
            _ => None,
        }
    }
}

/// Who sends what to whom, and when.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// MSH-3.
    pub sending_application: Endpoint,
    /// MSH-4.
    pub sending_facility: Endpoint,
    /// MSH-5.
    pub receiving_application: Endpoint,
    /// MSH-6.
    pub receiving_facility: Endpoint,
    /// MSH-10, unique for this sender; at most 20 characters.
    pub control_id: String,
    /// MSH-7.
    pub sent_at: Timestamp,
}

/// Writes one message, without MLLP frame.
pub fn write(outgoing: Outgoing<'_>, envelope: &Envelope) -> Vec<u8> {
    let sent_at = Moment::Exact(envelope.sent_at);
    let mut lines = vec![format!(
        "MSH|^~\\&|{}|{}|{}|{}|{}||{}|{}|P|2.5.1||||||UNICODE UTF-8",
        endpoint(&envelope.sending_application),
        endpoint(&envelope.sending_facility),
        endpoint(&envelope.receiving_application),
        endpoint(&envelope.receiving_facility),
        stamp::write(sent_at),
        outgoing.kind(),
        escape(&envelope.control_id),
    )];
    if let Some(visit) = outgoing.visit() {
        push_visit(visit, &mut lines);
    } else {
        let changed_at = outgoing.changed_at().unwrap_or(sent_at);
        lines.push(row("EVN", &[(2, stamp::write(changed_at))]));
    }
    match outgoing {
        Outgoing::Registered(patient)
        | Outgoing::Updated(patient)
        | Outgoing::PersonUpdated(patient) => push_patient(patient, &mut lines),
        Outgoing::Merged(merge) => {
            match &merge.survivor_record {
                Some(patient) => push_patient(patient, &mut lines),
                None => lines.push(bare_pid(&merge.survivor)),
            }
            lines.push(row("MRG", &[(1, number(&merge.retired, "MR"))]));
        }
        _ => {}
    }
    let mut bytes = lines.join("\r").into_bytes();
    bytes.push(b'\r');
    bytes
}

fn push_visit(visit: &AppointmentRecord, lines: &mut Vec<String>) {
    let end = visit
        .starts_at
        .zip(visit.minutes)
        .and_then(|(start, m)| later(start, m));
    let start = visit.starts_at.map(stamp::write).unwrap_or_default();
    let reason = match visit.status {
        Some(VisitStatus::Cancelled(by)) => reason_of(by),
        _ => "",
    };
    lines.push(row(
        "SCH",
        &[
            (2, entity(&visit.key)),
            (6, reason.to_owned()),
            (8, kind_word(visit.kind).to_owned()),
            (9, visit.minutes.map(|m| m.to_string()).unwrap_or_default()),
            (
                10,
                visit.minutes.map(|_| "MIN".to_owned()).unwrap_or_default(),
            ),
            (25, visit.status.map_or("", status_word).to_owned()),
        ],
    ));
    if !start.is_empty() {
        let end = end.map(stamp::write).unwrap_or_default();
        lines.push(row("TQ1", &[(1, "1".to_owned()), (7, start), (8, end)]));
    }
    match &visit.patient_record {
        Some(patient) => push_patient(patient, lines),
        None => lines.push(bare_pid(&visit.patient)),
    }
    lines.push("RGS|1".to_owned());
    if let Some(location) = &visit.location {
        let name = visit.location_name.as_deref().unwrap_or_default();
        let place = format!("^^^{}^^^^^{}", escape(&location.value), escape(name));
        lines.push(row("AIL", &[(1, "1".to_owned()), (3, place)]));
    }
    if visit.clinician.is_some() || visit.clinician_name.is_some() {
        let id = visit.clinician.as_ref().map_or("", |key| &key.value);
        let system = visit.clinician.as_ref().map_or("", |key| &key.system);
        let name = visit.clinician_name.as_deref().unwrap_or_default();
        let (given, family) = name.rsplit_once(' ').unwrap_or(("", name));
        let parts = [id, family, given, "", "", "", "", "", system];
        lines.push(row("AIP", &[(1, "1".to_owned()), (3, components(&parts))]));
    }
}

fn later(start: Moment, minutes: u16) -> Option<Moment> {
    let minutes = jiff::SignedDuration::from_mins(i64::from(minutes));
    match start {
        Moment::Exact(at) => at.checked_add(minutes).ok().map(Moment::Exact),
        Moment::Local(at) => at.checked_add(minutes).ok().map(Moment::Local),
    }
}

fn push_patient(patient: &PatientRecord, lines: &mut Vec<String>) {
    let sex = |sex: &Sex| match sex {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Other => "O",
        Sex::Unknown => "U",
    };
    let region = said(&patient.region, |region| {
        let state = region.state.as_deref().unwrap_or_default();
        let zip = region.zip.as_deref().unwrap_or_default();
        components(&["", "", "", state, zip, "USA", "H"])
    });
    lines.push(row(
        "PID",
        &[
            (1, "1".to_owned()),
            (3, numbers_of(patient)),
            (5, patient.name.as_ref().map(name_of).unwrap_or_default()),
            (
                7,
                said(&patient.birth_date, |date| stamp::write_date(*date)),
            ),
            (8, said(&patient.sex, |value| sex(value).to_owned())),
            (11, region),
            (13, said(&patient.contact_points, |list| telecoms(list))),
            (15, said(&patient.language, |tag| escape(tag).into_owned())),
            (
                30,
                said(&patient.deceased, |dead| {
                    if *dead { "Y" } else { "N" }.to_owned()
                }),
            ),
        ],
    ));
    for (n, proxy) in patient.proxies.iter().enumerate() {
        let relation = match proxy.relation {
            Relation::Guardian => "GRD^Guardian^HL70063",
            Relation::Partner => "SPO^Spouse^HL70063",
            Relation::HealthAgent => "POA^Power of attorney",
            Relation::Carer => "CGV^Care giver^HL70063",
        };
        lines.push(row(
            "NK1",
            &[
                (1, (n + 1).to_string()),
                (2, name_of(&proxy.name)),
                (3, relation.to_owned()),
                (5, telecoms(&proxy.contact_points)),
            ],
        ));
    }
}

/// Writes the key as the record number and the rest behind it. Account numbers
/// and another system's bare ones have no place in PID-3 and stay here.
fn numbers_of(patient: &PatientRecord) -> String {
    let mut numbers = vec![number(&patient.key, "MR")];
    for identifier in &patient.identifiers {
        let value = identifier.value.expose();
        // `CLINIC#SN` is how a number of another kind was told from a person's.
        let (system, kind) = match identifier.system.rsplit_once('#') {
            Some((_, "AN" | "PID-2" | "PID-4")) => continue,
            Some(parts) => parts,
            None => (identifier.system.as_str(), "PI"),
        };
        let is_key = value == patient.key.value && identifier.system == patient.key.system;
        if !is_key {
            numbers.push(components(&[value, "", "", system, kind]));
        }
    }
    numbers.join("~")
}

fn bare_pid(key: &ForeignKey) -> String {
    row("PID", &[(1, "1".to_owned()), (3, number(key, "MR"))])
}

/// Puts encoded fields at their numbers.
fn row(name: &str, fields: &[(usize, String)]) -> String {
    let mut line = name.to_owned();
    let mut at = 0;
    for (n, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        line.extend(std::iter::repeat_n('|', n.saturating_sub(at)));
        line.push_str(value);
        at = *n;
    }
    line
}

fn components(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| escape(part)).collect();
    parts.join("^").trim_end_matches('^').to_owned()
}

fn number(key: &ForeignKey, kind: &str) -> String {
    components(&[&key.value, "", "", &key.system, kind])
}

fn entity(key: &ForeignKey) -> String {
    components(&[&key.value, &key.system])
}

/// Writes a legal name, and the one to be called by as a second one.
fn name_of(name: &PersonName) -> String {
    let legal = components(&[name.family(), name.given(), "", "", "", "", "L"]);
    match name.preferred() {
        Some(called) => format!("{legal}~{}", components(&["", called, "", "", "", "", "N"])),
        None => legal,
    }
}

fn telecoms(list: &[ContactRecord]) -> String {
    let one = |contact: &ContactRecord| match &contact.address {
        Address::Email(email) => components(&["", "NET", "Internet", email.expose()]),
        Address::Phone(phone) => {
            let equipment = match contact.line {
                Line::Mobile => "CP",
                Line::Landline | Line::Unknown => "PH",
            };
            let number = phone.expose();
            let (area, local) = number
                .strip_prefix("+1")
                .and_then(|national| national.split_at_checked(3))
                .unwrap_or_default();
            let country = if local.is_empty() { "" } else { "1" };
            let mut parts = [
                "", "PRN", equipment, "", country, area, local, "", "", "", "", "",
            ];
            if let Some(last) = parts.last_mut() {
                *last = number;
            }
            components(&parts)
        }
    };
    let parts: Vec<_> = list.iter().map(one).collect();
    parts.join("~")
}

fn said<T>(said: &Said<T>, write: impl FnOnce(&T) -> String) -> String {
    match said {
        Said::Nothing => String::new(),
        Said::Clear => "\"\"".to_owned(),
        Said::Value(value) => write(value),
    }
}

const fn kind_word(kind: Option<VisitKind>) -> &'static str {
    match kind {
        Some(VisitKind::Evaluation) => "EVAL^Initial evaluation",
        Some(VisitKind::Recurring) => "TREATMENT^Recurring treatment",
        None => "",
    }
}

/// Writes table 0278, and a plain word where it has none.
const fn status_word(status: VisitStatus) -> &'static str {
    match status {
        VisitStatus::Booked => "Booked",
        VisitStatus::Confirmed => "Confirmed",
        VisitStatus::Arrived => "Started",
        VisitStatus::InProgress => "InProgress",
        VisitStatus::Completed => "Complete",
        VisitStatus::Cancelled(_) => "Cancelled",
        VisitStatus::NoShow => "Noshow",
        VisitStatus::Void => "Deleted",
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
