//! Writes records as FHIR R4 NDJSON that [`read`](super::read()) maps back to
//! the same records.
//!
//! What R4 cannot say is written as an extension of ours (`urn:tendon:fhir:…`),
//! which other readers may pass over. Of a record's aliases the identifiers are
//! written; a `fhir:` alias names the Bundle that it came in and is not.

mod care;
mod person;
mod staff;
mod visit;

use std::io::{self, Write};

use jiff::civil::Time;
use serde_json::{Map, Value, json};

use super::codes::url;
use crate::record::{ForeignKey, Moment, Record};

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
        Record::Patient(patient) => person::patient(patient)?,
        Record::Appointment(visit) => visit::appointment(visit)?,
        Record::Clinician(clinician) => staff::practitioner(clinician)?,
        Record::Location(place) => staff::location(place)?,
        Record::Episode(course) => care::episode(course)?,
        Record::Plan(plan) => care::care_plan(plan)?,
        Record::Referral(referral) => care::service_request(referral)?,
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

fn episode_extension(own: &ForeignKey, episode: &ForeignKey) -> Value {
    let value = reference(own, episode, "EpisodeOfCare");
    json!({ "url": url::EPISODE, "valueReference": value })
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
    use tendon_care::episode::Discharge;

    use super::*;
    use crate::record::EpisodeRecord;

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
