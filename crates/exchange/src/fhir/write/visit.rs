//! Visits.

use serde_json::{Value, json};
use tendon_care::appointment::CancelledBy;

use super::{
    Resource, WriteError, begin, date_time, episode_extension, instant, named, put, reference,
};
use crate::fhir::codes::url;
use crate::fhir::time::plus_minutes;
use crate::record::{AppointmentRecord, VisitStatus};

pub(super) fn appointment(visit: &AppointmentRecord) -> Result<Resource, WriteError> {
    let status = visit
        .status
        .ok_or(WriteError::Missing("Appointment.status"))?;
    let own = &visit.key;
    let mut out = begin("Appointment", own, visit.changed_at)?;
    put(&mut out, "extension", visit_extensions(visit, status)?);
    put(&mut out, "status", visit_status(status));
    if let VisitStatus::Cancelled(by @ (CancelledBy::Patient | CancelledBy::Clinic)) = status {
        let code = if by == CancelledBy::Patient {
            "pat"
        } else {
            "prov"
        };
        let system = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
        let reason = json!({ "coding": [{ "system": system, "code": code }] });
        put(&mut out, "cancelationReason", reason);
    }
    if let Some(kind) = visit.kind {
        let coding = json!([{ "system": "urn:tendon:fhir:visit-kind", "code": kind.code() }]);
        put(&mut out, "appointmentType", json!({ "coding": coding }));
    }
    if let Some(starts_at) = visit.starts_at {
        put(&mut out, "start", instant("Appointment.start", starts_at)?);
        let end = visit
            .minutes
            .and_then(|minutes| plus_minutes(starts_at, minutes));
        if let Some(end) = end {
            put(&mut out, "end", instant("Appointment.end", end)?);
        }
    }
    put(&mut out, "minutesDuration", visit.minutes);
    put(
        &mut out,
        "created",
        date_time("Appointment.created", visit.booked_at)?,
    );
    let mut actors = vec![reference(own, &visit.patient, "Patient")];
    let others = [
        (&visit.clinician, &visit.clinician_name, "Practitioner"),
        (&visit.location, &visit.location_name, "Location"),
    ];
    for (key, name, kind) in others {
        if key.is_some() || name.is_some() {
            actors.push(named(own, key.as_ref(), name.as_deref(), kind));
        }
    }
    let participants = actors
        .into_iter()
        .map(|actor| json!({ "actor": actor, "status": "accepted" }));
    put(&mut out, "participant", participants.collect::<Vec<_>>());
    Ok(out)
}

fn visit_extensions(
    visit: &AppointmentRecord,
    status: VisitStatus,
) -> Result<Vec<Value>, WriteError> {
    let mut list = Vec::new();
    if let Some(episode) = &visit.episode {
        list.push(episode_extension(&visit.key, episode));
    }
    if status == VisitStatus::Confirmed {
        list.push(json!({ "url": url::CONFIRMED, "valueBoolean": true }));
    }
    if visit.status_at.is_some() {
        let at = date_time("the time of a visit's status", visit.status_at)?;
        list.push(json!({ "url": url::STATUS_AT, "valueDateTime": at }));
    }
    if visit.moved {
        list.push(json!({ "url": url::MOVED, "valueBoolean": true }));
    }
    Ok(list)
}

const fn visit_status(status: VisitStatus) -> &'static str {
    match status {
        VisitStatus::Booked | VisitStatus::Confirmed => "booked",
        VisitStatus::Arrived => "arrived",
        VisitStatus::InProgress => "checked-in",
        VisitStatus::Completed => "fulfilled",
        VisitStatus::Cancelled(_) => "cancelled",
        VisitStatus::NoShow => "noshow",
        VisitStatus::Void => "entered-in-error",
    }
}
