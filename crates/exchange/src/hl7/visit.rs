//! Visits: scheduling messages (SIU), and arrivals told by ADT.
//!
//! *Source*: HL7 v2.5.1 chapter 10 (SCH, AIS, AIG, AIL, AIP), chapter 4 (TQ1),
//! chapter 3 (PV1).

use tendon_care::appointment::{CancelledBy, VisitKind};

use super::control::Control;
use super::notes::Notes;
use super::patient::{self, Group};
use super::stamp;
use super::status::{self, Said};
use super::wire::{Segment, Value, Wire};
use super::{Skip, ids, names};
use crate::Item;
use crate::record::{AppointmentRecord, ForeignKey, Moment, Record, VisitStatus};

/// The end of the namespace of visit numbers (PV1-19), which ADT gives where
/// SIU gives appointment numbers (SCH-2). Most systems number the two apart, so
/// `desk` must first look for an open visit of that patient on that day, and
/// only then keep an arrival under its own key.
pub const VISIT_NUMBER: &str = "#visit";

/// Reads a scheduling message: one visit for each `PID` in it.
pub fn read(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Result<Vec<Item>, Skip> {
    let sch = |n| wire.field("SCH", n);
    let trigger = control.trigger.as_str();
    let by = status::cancelled_by([sch(6), sch(7)]);
    let status = match status::decide(trigger, status_field(wire), by, notes) {
        Said::Visit(status) => status,
        Said::NoVisit => return Err(Skip::NoVisit),
    };
    let groups = Group::all(wire);
    if groups.is_empty() {
        notes.reject("PID-3", "is missing: the message names no patient");
    }
    // SCH-2 is the scheduler's own number; SCH-1 that of whoever asked.
    let key = [2, 1]
        .into_iter()
        .find_map(|n| ids::read_entity(sch(n), control.filler()));
    if key.is_none() {
        notes.reject("SCH-2", "is empty: the visit has no number");
    }
    let (Some(key), false) = (key, groups.is_empty()) else {
        return Ok(vec![notes.item(None)]);
    };
    let visit = describe(wire, control, key, status, notes);
    let mut items = Vec::with_capacity(groups.len());
    for group in &groups {
        let record = patient::read(group, control, control.sent_at, notes);
        let record = record.map(|record| {
            let mut visit = visit.clone();
            // A class has one number and several patients.
            if groups.len() > 1 {
                visit.key.value = format!("{}/{}", visit.key.value, record.key.value);
            }
            visit.patient = record.key.clone();
            visit.patient_record = Some(Box::new(record));
            Record::Appointment(Box::new(visit))
        });
        items.push(notes.item(record));
    }
    Ok(items)
}

/// Reads what the message says of the visit, whoever comes: the caller puts the
/// patient in, once for each.
fn describe(
    wire: &Wire<'_>,
    control: &Control,
    key: ForeignKey,
    status: Option<VisitStatus>,
    notes: &mut Notes<'_>,
) -> AppointmentRecord {
    let trigger = control.trigger.as_str();
    let (starts_at, minutes) = timing(wire, notes);
    let (location, location_name) = location(wire, control.assigner());
    let (clinician, clinician_name) = clinician(wire, control.assigner());
    let is_final = matches!(
        status,
        Some(VisitStatus::Cancelled(_) | VisitStatus::NoShow | VisitStatus::Void)
    );
    AppointmentRecord {
        patient: key.clone(),
        patient_record: None,
        key,
        location,
        location_name,
        clinician,
        clinician_name,
        episode: None,
        kind: kind(wire),
        starts_at,
        minutes,
        status,
        booked_at: control.sent_at.filter(|_| trigger == "S12"),
        status_at: control.sent_at.filter(|_| is_final),
        changed_at: control.sent_at,
        moved: trigger == "S13",
    }
}

/// Reads the arrival (A04) or end (A03) of an outpatient visit.
///
/// Practices without a no-show feed tell that a patient came by A04 only. It is
/// read where PV1-2 says outpatient or recurring, and the visit has a number and
/// a time; an inpatient's admission is no visit to a practice.
pub fn read_arrival(
    group: &Group<'_, '_>,
    control: &Control,
    patient: &ForeignKey,
    changed_at: Option<Moment>,
) -> Option<AppointmentRecord> {
    let pv1 = group.named("PV1").next()?;
    if !pv1.field(2).is_one_of(&["O", "R"]) {
        return None;
    }
    let (status, status_field) = match control.trigger.as_str() {
        "A04" => (VisitStatus::Arrived, 44),
        "A03" => (VisitStatus::Completed, 45),
        _ => return None,
    };
    let number = pv1.field(19);
    let authority = number.component(4).subcomponent(1).some();
    let key = ForeignKey {
        system: authority.unwrap_or_else(|| control.filler().to_owned()) + VISIT_NUMBER,
        value: number.component(1).some()?,
    };
    let starts_at = stamp::read_exact_moment(pv1.field(44)).ok()?;
    let (location, location_name) = place(pv1.field(3), control.assigner());
    let (clinician, clinician_name) = names::read_clinician(pv1.field(7), control.assigner());
    Some(AppointmentRecord {
        key,
        patient: patient.clone(),
        patient_record: None,
        location,
        location_name,
        clinician,
        clinician_name,
        episode: None,
        kind: None,
        starts_at: Some(starts_at),
        minutes: None,
        status: Some(status),
        booked_at: None,
        status_at: stamp::read_exact_moment(pv1.field(status_field)).ok(),
        changed_at,
        moved: false,
    })
}

/// SCH-25; where a sender leaves it empty, the status of the booked service.
fn status_field<'a>(wire: &Wire<'a>) -> Value<'a> {
    let status = wire.field("SCH", 25);
    if status.is_empty() {
        wire.field("AIS", 10)
    } else {
        status
    }
}

/// Where the resource segments keep start and duration, the service first.
const RESOURCES: [(&str, usize, usize, &str); 4] = [
    ("AIS", 4, 7, "AIS-4"),
    ("AIP", 6, 9, "AIP-6"),
    ("AIL", 6, 9, "AIL-6"),
    ("AIG", 8, 11, "AIG-8"),
];

/// Finds when the visit begins and how long it lasts.
///
/// TQ1 comes before SCH-11: since v2.5 SCH-11 is kept for old receivers only,
/// and senders that fill both let it go stale on a reschedule.
fn timing(wire: &Wire<'_>, notes: &mut Notes<'_>) -> (Option<Moment>, Option<u16>) {
    let sch_11 = wire.field("SCH", 11);
    let mut spans = vec![
        (wire.field("TQ1", 7), wire.field("TQ1", 8), "TQ1-7"),
        (sch_11.component(4), sch_11.component(5), "SCH-11"),
    ];
    for (segment, start, _, label) in RESOURCES {
        let value = wire.field(segment, start);
        spans.push((value, wire.field(segment, 99), label));
    }
    let mut found = None;
    for (start, end, label) in spans {
        if !start.is_present() {
            continue;
        }
        match stamp::read_exact_moment(start) {
            Ok(starts_at) => {
                found = Some((starts_at, stamp::read_exact_moment(end).ok()));
                break;
            }
            Err(error) => notes.ignore(label, error.to_string()),
        }
    }
    let span = found.and_then(|(start, end)| stamp::minutes_between(start, end?));
    let minutes = span
        .filter(|&minutes| minutes <= MINUTES_OF_A_DAY)
        .or_else(|| stated_minutes(wire, notes));
    (found.map(|(start, _)| start), minutes)
}

const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// Reads SCH-9 with SCH-10, else SCH-11.3, else the first resource's duration.
fn stated_minutes(wire: &Wire<'_>, notes: &mut Notes<'_>) -> Option<u16> {
    let sch = |n| wire.field("SCH", n);
    if sch(9).is_present() {
        // Some senders put the unit beside the number (`30^MIN`).
        let unit = if sch(10).is_present() {
            sch(10).component(1)
        } else {
            sch(9).component(2)
        };
        let minutes = duration(&sch(9).component(1).text(), &unit.text());
        if minutes.is_none() {
            notes.ignore("SCH-9", "is no duration within a day");
        }
        return minutes;
    }
    let text = sch(11).component(3).some().unwrap_or_default();
    let unit: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let in_timing = duration(text.get(unit.len()..).unwrap_or_default(), &unit);
    in_timing.or_else(|| {
        RESOURCES.into_iter().find_map(|(segment, _, at, _)| {
            let resource = wire.first(segment)?;
            let unit = resource.field(at + 1).component(1).text().into_owned();
            duration(&resource.field(at).text(), &unit)
        })
    })
}

/// Reads a number with a unit of time; without one it counts minutes.
fn duration(number: &str, unit: &str) -> Option<u16> {
    let number: u32 = number.trim().split('.').next()?.parse().ok()?;
    let minutes = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "M" | "MIN" | "MINS" | "MINUTE" | "MINUTES" => number,
        "S" | "SEC" | "SECS" | "SECOND" | "SECONDS" => number / 60,
        "H" | "HR" | "HRS" | "HOUR" | "HOURS" => number.checked_mul(60)?,
        _ => return None,
    };
    let minutes = u16::try_from(minutes).ok()?;
    (1..=MINUTES_OF_A_DAY).contains(&minutes).then_some(minutes)
}

type Named = (Option<ForeignKey>, Option<String>);

fn location(wire: &Wire<'_>, assigner: &str) -> Named {
    let with_place = wire
        .segments()
        .find(|s| s.name == "AIL" && s.field(3).is_present());
    match with_place {
        Some(ail) => {
            let (key, name) = place(ail.field(3), assigner);
            let kind = ail.field(4).component(2);
            // `^Main Office`: a type without code is the place's name.
            let title = kind.some().filter(|_| ail.field(4).component(1).is_empty());
            (key, title.or(name))
        }
        None => place(wire.field("PV1", 3), assigner),
    }
}

/// Reads a PL. Patients go to a building: the facility, or where there is none
/// the point of care; room and bed say nothing to them.
fn place(value: Value<'_>, assigner: &str) -> Named {
    let site = [4, 1].into_iter().find_map(|n| {
        let part = value.component(n);
        part.subcomponent(1).some()
    });
    let key = site.clone().map(|value| ForeignKey {
        system: assigner.to_owned(),
        value,
    });
    (key, value.component(9).some().or(site))
}

/// Finds who sees the patient: AIP, else an AIG that is a person, else PV1-7.
fn clinician(wire: &Wire<'_>, assigner: &str) -> Named {
    let named = |segment: &Segment<'_, '_>| {
        let found = names::read_clinician(segment.field(3), assigner);
        (found != (None, None)).then_some(found)
    };
    let is_person = |aig: &Segment<'_, '_>| {
        let kind = aig.field(4);
        kind.component(1)
            .is_one_of(&["P", "D", "STAFF", "PROVIDER"])
            || kind
                .component(2)
                .is_one_of(&["Physician", "Provider", "Therapist"])
    };
    let mut segments = wire.segments();
    let by_person = segments.find_map(|s| (s.name == "AIP").then(|| named(&s)).flatten());
    by_person
        .or_else(|| {
            wire.segments()
                .filter(|s| s.name == "AIG" && is_person(s))
                .find_map(|s| named(&s))
        })
        .unwrap_or_else(|| names::read_clinician(wire.field("PV1", 7), assigner))
}

/// CPT of physical and occupational therapy evaluations, low to high complexity.
const EVALUATIONS: [&str; 6] = ["97161", "97162", "97163", "97165", "97166", "97167"];
/// CPT of re-evaluations.
const RE_EVALUATIONS: [&str; 2] = ["97164", "97168"];

/// Tells what kind of visit the service, the type or the reason names.
fn kind(wire: &Wire<'_>) -> Option<VisitKind> {
    let fields = [
        wire.field("AIS", 3),
        wire.field("SCH", 8),
        wire.field("SCH", 7),
    ];
    fields.into_iter().find_map(|field| {
        let text = format!(
            "{} {}",
            field.component(1).text(),
            field.component(2).text()
        );
        let text = text.to_lowercase();
        let words: Vec<&str> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
        let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
        let again = has(&["re", "recheck", "progress"]) || begins("reeval") || has(&RE_EVALUATIONS);
        let follows = has(&["recurring", "treatment", "followup", "return", "fu"])
            || text.contains("follow up")
            || text.contains("follow-up");
        if again || follows {
            Some(VisitKind::Recurring)
        } else if begins("eval")
            || has(&["initial"])
            || has(&EVALUATIONS)
            || text.contains("new patient")
        {
            Some(VisitKind::Evaluation)
        } else {
            None
        }
    })
}

/// Who called off, as SCH-6 says it; the inverse of [`status::cancelled_by`].
pub(super) const fn reason_of(by: CancelledBy) -> &'static str {
    match by {
        CancelledBy::Patient => "PATIENT^Cancelled by the patient",
        CancelledBy::Clinic => "CLINIC^Cancelled by the clinic",
        CancelledBy::Unknown => "",
    }
}

#[cfg(test)]
#[path = "visit_tests.rs"]
mod tests;
