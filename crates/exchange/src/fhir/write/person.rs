//! Patients, with their names, addresses and contacts.

use serde_json::{Map, Value, json};
use tendon_care::contact::{Address, Line};
use tendon_care::patient::{Region, Relation};
use tendon_care::person::PersonName;

use super::{Resource, WriteError, begin, identifiers, put};
use crate::fhir::codes::url;
use crate::record::{ContactRecord, PatientRecord, ProxyRecord, Said};

pub(super) fn patient(patient: &PatientRecord) -> Result<Resource, WriteError> {
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

pub(super) fn address(region: &Region) -> Map<String, Value> {
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
