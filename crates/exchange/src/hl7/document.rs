//! Facts that are kept as they came: reports (MDM), charges (DFT), links.
//!
//! They are kept in FHIR's words and without bodies: what a journey reacts to
//! is that an evaluation, a plan or a discharge was signed, and what was billed;
//! the report's text would only be one more copy of a chart.
//!
//! *Source*: HL7 v2.5.1 chapter 9 (TXA), chapter 6 (FT1); FHIR R4
//! DocumentReference, ChargeItem, Linkage.

use serde_json::{Map, Value as Json, json};

use super::control::Control;
use super::notes::Notes;
use super::wire::{Segment, Value, Wire};
use super::{ids, names, stamp};
use crate::Item;
use crate::record::{DocumentRecord, ForeignKey, Moment, Record};

/// Reads an MDM as one DocumentReference.
pub fn read_report(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Vec<Item> {
    let patient = person(wire, control, notes);
    let txa = |n| wire.field("TXA", n);
    let key = ids::read_entity(txa(12), control.filler());
    if key.is_none() {
        notes.reject("TXA-12", "is empty: the document has no number");
    }
    let record = patient.zip(key).map(|(patient, key)| {
        let (_, author) = names::read_clinician(txa(9), control.assigner());
        let replaces = ids::read_entity(txa(13), control.filler());
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Json>| {
            value.map(|value| body.insert(name.to_owned(), value));
        };
        let is_withdrawn = control.trigger == "T11";
        let status = if is_withdrawn {
            "entered-in-error"
        } else {
            "current"
        };
        put("resourceType", Some(json!("DocumentReference")));
        put("status", Some(json!(status)));
        put("docStatus", doc_status(txa(17)).map(|status| json!(status)));
        put("type", concept(txa(2)));
        put("date", date(txa(4)).or_else(|| date(txa(6))));
        put(
            "author",
            author.map(|author| json!([{ "display": author }])),
        );
        put(
            "relatesTo",
            replaces.map(|key| {
                let code = match control.trigger.as_str() {
                    "T05" | "T06" => "appends",
                    _ => "replaces",
                };
                json!([{ "code": code, "target": { "identifier": { "value": key.value } } }])
            }),
        );
        document("DocumentReference", key, Some(patient), body)
    });
    vec![notes.item(record.map(Record::Document))]
}

/// Reads a DFT as one ChargeItem for each `FT1`.
pub fn read_charges(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Vec<Item> {
    let Some(patient) = person(wire, control, notes) else {
        return vec![notes.item(None)];
    };
    let lines = wire.segments().filter(|segment| segment.name == "FT1");
    let mut items: Vec<Item> = lines
        .enumerate()
        .map(|(n, ft1)| {
            let own = ft1.field(2).component(1).some();
            let number = own.unwrap_or_else(|| format!("{}/{}", control.control_id, n + 1));
            let key = ForeignKey {
                system: format!("{}#charge", control.filler()),
                value: number,
            };
            let body = charge(ft1);
            let record = document("ChargeItem", key, Some(patient.clone()), body);
            Item {
                record: Some(Record::Document(record)),
                ..Item::default()
            }
        })
        .collect();
    if items.is_empty() {
        notes.reject("FT1-4", "is missing: the message holds no charge");
        items.push(notes.item(None));
    }
    items
}

/// Keeps that two numbers were linked, or that the link was taken back.
pub fn linkage(first: &ForeignKey, second: &ForeignKey, is_linked: bool) -> DocumentRecord {
    let item = |kind: &str, key: &ForeignKey| {
        let identifier = json!({ "system": key.system, "value": key.value });
        json!({ "type": kind, "resource": { "identifier": identifier } })
    };
    let mut body = Map::new();
    body.insert("resourceType".to_owned(), json!("Linkage"));
    body.insert("active".to_owned(), json!(is_linked));
    let items = json!([item("source", first), item("alternate", second)]);
    body.insert("item".to_owned(), items);
    // The same two numbers are the same link, whichever comes first.
    let (low, high) = if first <= second {
        (first, second)
    } else {
        (second, first)
    };
    let key = ForeignKey {
        system: format!("{}#link", low.system),
        value: format!("{}+{}", low.value, high.value),
    };
    document("Linkage", key, Some(first.clone()), body)
}

fn charge(ft1: Segment<'_, '_>) -> Map<String, Json> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        value.map(|value| body.insert(name.to_owned(), value));
    };
    let is_credit = ft1.field(6).is_one_of(&["CD", "CR"]);
    let status = if is_credit {
        "entered-in-error"
    } else {
        "billable"
    };
    put("resourceType", Some(json!("ChargeItem")));
    put("status", Some(json!(status)));
    put(
        "code",
        concept(ft1.field(25)).or_else(|| concept(ft1.field(7))),
    );
    put("occurrenceDateTime", date(ft1.field(4)));
    let units = ft1.field(10).component(1).text();
    let units = units.trim().parse::<u32>().ok();
    put("quantity", units.map(|units| json!({ "value": units })));
    let modifiers = ft1.field(26);
    let modifiers: Vec<String> = modifiers
        .repetitions()
        .filter_map(|modifier| modifier.component(1).some())
        .collect();
    let extension = |code| json!({ "url": "modifier", "valueCode": code });
    let modifiers: Vec<Json> = modifiers.into_iter().map(extension).collect();
    put(
        "extension",
        (!modifiers.is_empty()).then(|| json!(modifiers)),
    );
    body
}

fn person(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Option<ForeignKey> {
    let Some(pid) = wire.first("PID") else {
        notes.reject("PID-3", "is missing: the message names no patient");
        return None;
    };
    ids::read_person(pid, control.assigner(), notes).map(|numbers| numbers.key)
}

fn document(
    resource_type: &str,
    key: ForeignKey,
    patient: Option<ForeignKey>,
    body: Map<String, Json>,
) -> DocumentRecord {
    DocumentRecord {
        resource_type: resource_type.to_owned(),
        key,
        patient,
        json: Json::Object(body).to_string(),
    }
}

fn concept(value: Value<'_>) -> Option<Json> {
    let code = value.component(1).some();
    let text = value.component(2).some().or_else(|| code.clone())?;
    Some(match code {
        Some(code) => json!({ "coding": [{ "code": code }], "text": text }),
        None => json!({ "text": text }),
    })
}

fn date(value: Value<'_>) -> Option<Json> {
    Some(match stamp::read_moment(value).ok()? {
        Moment::Exact(at) => json!(at.to_string()),
        Moment::Local(local) => json!(local.date().to_string()),
    })
}

/// Maps TXA-17 (table 0271) to FHIR's composition status.
fn doc_status(value: Value<'_>) -> Option<&'static str> {
    Some(match value.component(1).text().as_ref() {
        "DI" | "IN" | "IP" | "PA" => "preliminary",
        "AU" | "LA" | "DO" => "final",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(
        segments: &str,
        read: fn(&Wire<'_>, &Control, &mut Notes<'_>) -> Vec<Item>,
    ) -> Vec<Item> {
        let wire = Wire::parse(segments).unwrap();
        let control = Control::read(&wire);
        read(&wire, &control, &mut Notes::new("test", 1))
    }

    fn body(item: &Item) -> (Json, &DocumentRecord) {
        let Some(Record::Document(document)) = &item.record else {
            panic!("{item:?}");
        };
        (serde_json::from_str(&document.json).unwrap(), document)
    }

    #[test]
    fn a_report_is_kept_without_its_text() {
        let items = parsed(
            "MSH|^~\\&|DOC|CLINIC|||2026||MDM^T02|9|P|2.5\rPID|1||7^^^EHR^MR\r\
             TXA|1|EV^Evaluation|TX|20260301101500-0600|||||400^Mendez^Ana|||D1|||||AU\rOBX|1|TX|||Secret",
            read_report,
        );
        let (json, document) = body(&items[0]);
        assert_eq!(document.key.value, "D1");
        assert_eq!(document.patient.as_ref().unwrap().value, "7");
        assert_eq!(
            json,
            json!({
                "resourceType": "DocumentReference", "status": "current", "docStatus": "final",
                "type": { "coding": [{ "code": "EV" }], "text": "Evaluation" },
                "date": "2026-03-01T16:15:00Z", "author": [{ "display": "Ana Mendez" }],
            })
        );
        let withdrawn = parsed(
            "MSH|^~\\&|DOC||||||MDM^T11\rPID|||7\rTXA|1|||||||||||D1|D0",
            read_report,
        );
        let (json, _) = body(&withdrawn[0]);
        assert_eq!(json["relatesTo"][0]["target"]["identifier"]["value"], "D0");
    }

    #[test]
    fn charges_have_a_key_each() {
        let items = parsed(
            "MSH|^~\\&|BILL|CLINIC|||||DFT^P03|9\rPID|1||7\r\
             FT1|1|T1||20260301||CG|||||||||||||||||||97110^Exercise^C4|GP~59\r\
             FT1|2|||20260301||CD|X^Y|||2",
            read_charges,
        );
        let (first, document) = body(&items[0]);
        assert_eq!(document.key.system, "BILL#charge");
        assert_eq!(document.key.value, "T1");
        assert_eq!(first["occurrenceDateTime"], "2026-03-01");
        assert_eq!(first["code"]["coding"][0]["code"], "97110");
        assert_eq!(first["extension"][1]["valueCode"], "59");
        let (second, document) = body(&items[1]);
        assert_eq!(document.key.value, "9/2");
        assert_eq!(second["status"], "entered-in-error");
        assert_eq!(second["quantity"]["value"], 2);
    }

    #[test]
    fn what_has_no_number_is_refused() {
        let field = |items: &[Item]| items[0].problems[0].field.clone();
        let report = parsed("MSH|^~\\&|D||||||MDM^T02\rPID|||7\rTXA|1", read_report);
        assert_eq!(field(&report), "TXA-12");
        let nobody = parsed("MSH|^~\\&|D||||||DFT^P03\rFT1|1", read_charges);
        assert_eq!(field(&nobody), "PID-3");
        let nothing = parsed("MSH|^~\\&|D||||||DFT^P03\rPID|||7", read_charges);
        assert_eq!(field(&nothing), "FT1-4");
    }

    #[test]
    fn a_link_is_the_same_from_both_sides() {
        let key = |value: &str| ForeignKey {
            system: "EHR".to_owned(),
            value: value.to_owned(),
        };
        let (one, other) = (key("7"), key("8"));
        let (made, taken) = (linkage(&one, &other, true), linkage(&other, &one, false));
        assert_eq!(made.key, taken.key);
        assert!(made.json.contains("\"active\":true"));
        assert!(taken.json.contains("\"active\":false"));
    }
}
