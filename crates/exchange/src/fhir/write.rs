//! Writes records as FHIR R4 NDJSON that [`read`](super::read()) maps back to
//! the same records.
//!
//! What R4 cannot say is written as an extension of ours (`urn:tendon:fhir:…`),
//! which other readers may pass over. Of a record's aliases the identifiers are
//! written; a `fhir:` alias names the Bundle that it came in and is not.

use std::io::{self, Write};

use jiff::civil::Time;
use serde_json::{Map, Value, json};
use tendon_care::appointment::CancelledBy;
use tendon_care::contact::{Address, Line};
use tendon_care::patient::{Region, Relation};
use tendon_care::person::PersonName;

use crate::record::{
    AppointmentRecord, ClinicianRecord, ContactRecord, EpisodeRecord, ForeignKey, LocationRecord,
    Moment, PatientRecord, PlanRecord, ProxyRecord, Record, ReferralRecord, Said, VisitStatus,
};

use super::codes::url;
use super::time::plus_minutes;

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The stream failed.
    #[error("cannot write a FHIR resource")]
    Io(#[from] io::Error),
    /// The record's own key is not `(fhir:<base>, Type/id)` with an id of FHIR's form.
    #[error("cannot write a {0} whose key is not a FHIR id")]
    Key(&'static str),
    /// R4 demands an offset; whoever exports knows the location's zone.
    #[error("cannot write {0} without an offset")]
    LocalTime(&'static str),
    /// R4 demands the element.
    #[error("cannot write a resource without {0}")]
    Missing(&'static str),
    /// R4 has no resource for it.
    #[error("cannot write a {0} as a FHIR resource")]
    Kind(&'static str),
}

/// Writes one record as one line.
///
/// A record of the base `https://ehr.example/fhir` refers to neighbours of the
/// same base relatively, so read it back with
/// [`Reader::with_base`](super::Reader::with_base). `Said::Clear` and
/// `Said::Nothing` are both written as absent.
///
/// *Errors*: [`WriteError`]; nothing is written then.
pub fn write(out: &mut impl Write, record: &Record) -> Result<(), WriteError> {
    let resource = match record {
        Record::Patient(patient) => patient_resource(patient)?,
        Record::Appointment(visit) => appointment(visit)?,
        Record::Clinician(clinician) => practitioner(clinician)?,
        Record::Location(place) => location(place)?,
        Record::Episode(course) => episode(course)?,
        Record::Plan(plan) => care_plan(plan)?,
        Record::Referral(referral) => service_request(referral)?,
        Record::Merge(_) => return Err(WriteError::Kind("merge")),
        Record::Document(document) => {
            let mut line = one_line(&document.json);
            line.push('\n');
            return Ok(out.write_all(line.as_bytes())?);
        }
    };
    let mut line = serde_json::to_vec(&Value::Object(resource)).map_err(io::Error::from)?;
    line.push(b'\n');
    Ok(out.write_all(&line)?)
}

type Resource = Map<String, Value>;

/// Begins a resource: its type, id and time of change.
fn begin(
    kind: &'static str,
    key: &ForeignKey,
    changed_at: Option<Moment>,
) -> Result<Resource, WriteError> {
    let id = key
        .value
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('/'));
    let id = id.filter(|id| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    });
    let id = id.filter(|_| key.system.starts_with("fhir:"));
    let mut resource = Map::new();
    resource.insert("resourceType".to_owned(), kind.into());
    resource.insert("id".to_owned(), id.ok_or(WriteError::Key(kind))?.into());
    if let Some(at) = changed_at {
        let at = instant("meta.lastUpdated", at)?;
        resource.insert("meta".to_owned(), json!({ "lastUpdated": at }));
    }
    Ok(resource)
}

/// Adds a member unless there is nothing to say.
fn put(resource: &mut Resource, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let empty = match &value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !empty {
        resource.insert(name.to_owned(), value);
    }
}

fn instant(field: &'static str, at: Moment) -> Result<String, WriteError> {
    match at {
        Moment::Exact(at) => Ok(at.to_string()),
        Moment::Local(_) => Err(WriteError::LocalTime(field)),
    }
}

/// Writes a dateTime, which may be a day.
fn date_time(field: &'static str, at: Option<Moment>) -> Result<Value, WriteError> {
    Ok(match at {
        None => Value::Null,
        Some(Moment::Local(at)) if at.time() == Time::midnight() => at.date().to_string().into(),
        Some(at) => instant(field, at)?.into(),
    })
}

/// Refers to another resource from one with the key `own`.
fn reference(own: &ForeignKey, other: &ForeignKey, kind: &str) -> Value {
    match other.system.strip_prefix("fhir:") {
        Some(base) if other.system != own.system && !base.is_empty() => {
            json!({ "reference": format!("{base}/{}", other.value) })
        }
        Some(_) => json!({ "reference": other.value }),
        None => json!({
            "type": kind,
            "identifier": { "system": other.system, "value": other.value },
        }),
    }
}

/// The reference with a name; one of the two may be missing, not both.
fn named(own: &ForeignKey, other: Option<&ForeignKey>, name: Option<&str>, kind: &str) -> Value {
    let mut value = other.map_or_else(
        || json!({ "type": kind }),
        |other| reference(own, other, kind),
    );
    if let (Some(members), Some(name)) = (value.as_object_mut(), name) {
        members.insert("display".to_owned(), name.into());
    }
    value
}

fn identifiers<'k>(keys: impl Iterator<Item = (&'k str, &'k str)>) -> Vec<Value> {
    keys.map(|(system, value)| {
        let mut identifier = Map::new();
        if !system.is_empty() {
            put(&mut identifier, "system", system);
        }
        put(&mut identifier, "value", value);
        Value::Object(identifier)
    })
    .collect()
}

fn aliases(keys: &[ForeignKey]) -> Vec<Value> {
    let outside = keys.iter().filter(|key| !key.system.starts_with("fhir:"));
    identifiers(outside.map(|key| (key.system.as_str(), key.value.as_str())))
}

fn patient_resource(patient: &PatientRecord) -> Result<Resource, WriteError> {
    let mut out = begin("Patient", &patient.key, patient.changed_at)?;
    let numbers = patient.identifiers.iter();
    let numbers = numbers.map(|own| (own.system.as_str(), own.value.expose()));
    put(&mut out, "identifier", identifiers(numbers));
    put(&mut out, "active", !patient.inactive);
    put(
        &mut out,
        "name",
        patient.name.as_ref().map_or_else(Vec::new, human_names),
    );
    if let Said::Value(points) = &patient.contact_points {
        put(&mut out, "telecom", telecom(points));
    }
    if let Said::Value(sex) = patient.sex {
        put(&mut out, "gender", sex.code());
    }
    if let Said::Value(date) = patient.birth_date {
        put(&mut out, "birthDate", date.to_string());
    }
    if let Said::Value(deceased) = patient.deceased {
        put(&mut out, "deceasedBoolean", deceased);
    }
    if let Said::Value(region) = &patient.region {
        put(&mut out, "address", vec![Value::Object(address(region))]);
    }
    if let Said::Value(language) = &patient.language {
        let coding = json!([{ "system": "urn:ietf:bcp:47", "code": language }]);
        let language = json!([{ "language": { "coding": coding }, "preferred": true }]);
        put(&mut out, "communication", language);
    }
    let contacts: Vec<_> = patient.proxies.iter().map(contact).collect();
    put(&mut out, "contact", contacts);
    Ok(out)
}

fn human_names(name: &PersonName) -> Vec<Value> {
    let mut names = vec![human_name(name)];
    if let Some(preferred) = name.preferred() {
        names.push(json!({ "use": "nickname", "given": [preferred] }));
    }
    names
}

fn human_name(name: &PersonName) -> Value {
    let mut out = Map::new();
    put(&mut out, "use", "official");
    if !name.family().is_empty() {
        put(&mut out, "family", name.family());
    }
    let given: Vec<_> = name
        .given()
        .split(' ')
        .filter(|part| !part.is_empty())
        .collect();
    put(&mut out, "given", given);
    Value::Object(out)
}

fn telecom(points: &[ContactRecord]) -> Vec<Value> {
    let ranked = points.iter().zip(1_u32..);
    ranked
        .map(|(point, rank)| match (&point.address, point.line) {
            (Address::Email(email), _) => {
                json!({ "system": "email", "value": email.expose(), "rank": rank })
            }
            (Address::Phone(phone), line) => {
                let mut out = Map::new();
                if line == Line::Landline {
                    let own = json!([{ "url": url::LANDLINE, "valueBoolean": true }]);
                    put(&mut out, "extension", own);
                }
                put(&mut out, "system", "phone");
                put(&mut out, "value", phone.expose());
                if line == Line::Mobile {
                    put(&mut out, "use", "mobile");
                }
                put(&mut out, "rank", rank);
                Value::Object(out)
            }
        })
        .collect()
}

fn address(region: &Region) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "state", region.state.clone());
    put(&mut out, "postalCode", region.zip.clone());
    put(&mut out, "country", "US");
    out
}

fn contact(proxy: &ProxyRecord) -> Value {
    const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    const CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
    let (system, code) = match proxy.relation {
        Relation::Guardian => (ROLE, "GUARD"),
        Relation::Partner => (ROLE, "SIGOTHR"),
        Relation::HealthAgent => (ROLE, "HPOWATT"),
        Relation::Carer => (CLASS, "CAREGIVER"),
    };
    let mut out = Map::new();
    let relationship = json!([{ "coding": [{ "system": system, "code": code }] }]);
    put(&mut out, "relationship", relationship);
    put(&mut out, "name", human_name(&proxy.name));
    put(&mut out, "telecom", telecom(&proxy.contact_points));
    Value::Object(out)
}

fn appointment(visit: &AppointmentRecord) -> Result<Resource, WriteError> {
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

fn episode_extension(own: &ForeignKey, episode: &ForeignKey) -> Value {
    let value = reference(own, episode, "EpisodeOfCare");
    json!({ "url": url::EPISODE, "valueReference": value })
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

fn practitioner(clinician: &ClinicianRecord) -> Result<Resource, WriteError> {
    let mut out = begin("Practitioner", &clinician.key, None)?;
    put(&mut out, "identifier", aliases(&clinician.aliases));
    put(
        &mut out,
        "name",
        json!([{ "text": clinician.display_name }]),
    );
    Ok(out)
}

fn location(place: &LocationRecord) -> Result<Resource, WriteError> {
    let mut out = begin("Location", &place.key, None)?;
    put(&mut out, "identifier", aliases(&place.aliases));
    put(&mut out, "name", place.name.as_str());
    if place.region != Region::default() {
        put(&mut out, "address", address(&place.region));
    }
    Ok(out)
}

fn episode(course: &EpisodeRecord) -> Result<Resource, WriteError> {
    let mut out = begin("EpisodeOfCare", &course.key, None)?;
    let status = match (&course.ended, course.on_hold) {
        (Some(_), _) => "finished",
        (None, true) => "onhold",
        (None, false) => "active",
    };
    let mut period = Map::new();
    let start = date_time("EpisodeOfCare.period.start", course.started_at)?;
    put(&mut period, "start", start);
    if let Some((at, how)) = course.ended {
        let end = date_time("EpisodeOfCare.period.end", Some(at))?;
        put(&mut period, "end", end);
        let own = json!([{ "url": url::DISCHARGE, "valueCode": how.code() }]);
        put(&mut out, "extension", own);
    }
    put(&mut out, "status", status);
    put(
        &mut out,
        "patient",
        reference(&course.key, &course.patient, "Patient"),
    );
    put(&mut out, "period", period);
    Ok(out)
}

fn care_plan(plan: &PlanRecord) -> Result<Resource, WriteError> {
    let mut out = begin("CarePlan", &plan.key, None)?;
    let mut list = Vec::new();
    if let Some(episode) = &plan.episode {
        list.push(episode_extension(&plan.key, episode));
    }
    if let Some(visits) = plan.authorised_visits {
        list.push(json!({ "url": url::AUTHORISED, "valueUnsignedInt": visits }));
    }
    put(&mut out, "extension", list);
    put(&mut out, "status", "active");
    put(&mut out, "intent", "plan");
    let coding = json!([{ "system": "http://snomed.info/sct", "code": "91251008" }]);
    put(&mut out, "category", json!([{ "coding": coding }]));
    put(
        &mut out,
        "subject",
        reference(&plan.key, &plan.patient, "Patient"),
    );
    let mut period = Map::new();
    put(
        &mut period,
        "start",
        plan.starts_on.map(|day| day.to_string()),
    );
    put(&mut period, "end", plan.ends_on.map(|day| day.to_string()));
    put(&mut out, "period", period);
    let mut repeat = Map::new();
    put(&mut repeat, "count", plan.visits);
    if let Some(visits) = plan.visits_per_week {
        put(&mut repeat, "frequency", visits);
        put(&mut repeat, "period", 1);
        put(&mut repeat, "periodUnit", "wk");
    }
    if !repeat.is_empty() {
        let detail = json!({ "status": "scheduled", "scheduledTiming": { "repeat": repeat } });
        put(&mut out, "activity", json!([{ "detail": detail }]));
    }
    Ok(out)
}

fn service_request(referral: &ReferralRecord) -> Result<Resource, WriteError> {
    let mut out = begin("ServiceRequest", &referral.key, None)?;
    put(
        &mut out,
        "status",
        if referral.cancelled {
            "revoked"
        } else {
            "active"
        },
    );
    put(&mut out, "intent", "order");
    let coding = json!([{ "system": "http://snomed.info/sct", "code": "3457005" }]);
    put(&mut out, "category", json!([{ "coding": coding }]));
    put(
        &mut out,
        "subject",
        reference(&referral.key, &referral.patient, "Patient"),
    );
    let received_at = date_time("ServiceRequest.authoredOn", referral.received_at)?;
    put(&mut out, "authoredOn", received_at);
    if let Some(referrer) = &referral.referrer {
        put(&mut out, "requester", json!({ "display": referrer }));
    }
    Ok(out)
}

/// Takes the white space out of JSON text and leaves every other byte as it is,
/// so that decimals keep their digits.
fn one_line(json: &str) -> String {
    let mut in_text = false;
    let mut escaped = false;
    json.chars()
        .filter(|c| {
            let keep = in_text || !c.is_ascii_whitespace();
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = in_text,
                '"' => in_text = !in_text,
                _ => {}
            }
            keep
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::episode::Discharge;

    fn key(system: &str, value: &str) -> ForeignKey {
        ForeignKey {
            system: system.to_owned(),
            value: value.to_owned(),
        }
    }

    fn course(own: ForeignKey, started_at: &str) -> Record {
        Record::Episode(EpisodeRecord {
            key: own,
            patient: key("fhir:", "Patient/1"),
            started_at: Some(Moment::Local(started_at.parse().unwrap())),
            ended: None,
            on_hold: false,
        })
    }

    fn line(record: &Record) -> Result<String, WriteError> {
        let mut out = Vec::new();
        write(&mut out, record)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_resource_is_one_line_in_the_words_of_the_standard() {
        let record = Record::Episode(EpisodeRecord {
            key: key("fhir:https://a.example", "EpisodeOfCare/e-1"),
            patient: key("urn:oid:1.2", "77"),
            started_at: Some(Moment::Local("2026-02-28T00:00:00".parse().unwrap())),
            ended: Some((
                Moment::Exact("2026-04-01T12:00:00Z".parse().unwrap()),
                Discharge::Met,
            )),
            on_hold: false,
        });
        assert_eq!(
            line(&record).unwrap(),
            concat!(
                r#"{"resourceType":"EpisodeOfCare","id":"e-1","#,
                r#""extension":[{"url":"urn:tendon:fhir:discharge","valueCode":"met"}],"#,
                r#""status":"finished","#,
                r#""patient":{"type":"Patient","identifier":{"system":"urn:oid:1.2","value":"77"}},"#,
                r#""period":{"start":"2026-02-28","end":"2026-04-01T12:00:00Z"}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_the_standard_cannot_hold_is_refused() {
        let day = "2026-02-28T00:00:00";
        for own in [
            key("fhir:", "Patient/1"),
            key("fhir:", "EpisodeOfCare/a_b"),
            key("fhir:", "EpisodeOfCare/"),
            key("epic", "EpisodeOfCare/1"),
        ] {
            assert!(matches!(line(&course(own, day)), Err(WriteError::Key(_))));
        }
        let own = key("fhir:", "EpisodeOfCare/1");
        assert!(line(&course(own.clone(), day)).is_ok());
        let noon = line(&course(own, "2026-02-28T12:00:00"));
        assert!(matches!(noon, Err(WriteError::LocalTime(_))));
    }

    #[test]
    fn a_document_keeps_its_digits_on_one_line() {
        let json = "{\n \"a\" : 1.50,\r\n\t\"b\": \"x \\\" \\\\\" , \"c\": \" y\" }";
        assert_eq!(one_line(json), r#"{"a":1.50,"b":"x \" \\","c":" y"}"#);
    }
}
