//! Requests for care: referrals (REF) and orders that are one (ORM, OMG).
//!
//! A hospital's interface sends every order it places. Only orders for therapy
//! are requests for this practice's care; an X-ray is skipped. A referral is
//! often the first that a practice hears of a patient, so the patient comes
//! along as a record of its own.
//!
//! *Source*: HL7 v2.5.1 chapter 11 (RF1, PRD), chapter 4 (ORC, OBR); tables
//! 0038, 0074, 0119, 0283.

use super::control::Control;
use super::notes::Notes;
use super::patient::{self, Group};
use super::wire::{Segment, Value, Wire};
use super::{Skip, ids, names, stamp};
use crate::Item;
use crate::record::{ForeignKey, Moment, Record, ReferralRecord};

/// Reads a REF: the patient and one referral.
pub fn read_referral(
    wire: &Wire<'_>,
    control: &Control,
    notes: &mut Notes<'_>,
) -> Result<Vec<Item>, Skip> {
    // I15 asks for a status, and RRI answers: neither asks for care.
    if !matches!(control.trigger.as_str(), "I12" | "I13" | "I14") {
        return Err(Skip::Unused);
    }
    let rf1 = |n| wire.field("RF1", n);
    let key = [6, 11]
        .into_iter()
        .find_map(|n| ids::read_entity(rf1(n), control.filler()));
    let referring = wire
        .segments()
        .find(|s| s.name == "PRD" && s.field(1).component(1).is_one_of(&["RP"]));
    let referrer = referring.and_then(|prd| names::read_display(prd.field(2)));
    let cancelled = control.trigger == "I14" || rf1(1).component(1).is_one_of(&["C", "X"]);
    let request = key.map(|key| Request {
        key,
        referrer,
        received_at: received_at(rf1(7), control, "RF1-7", notes),
        cancelled,
    });
    if request.is_none() {
        notes.reject("RF1-6", "is empty: the referral has no number");
    }
    Ok(with_patient(
        wire,
        control,
        request.into_iter().collect(),
        notes,
    ))
}

/// Reads an ORM or OMG: the patient and one referral for each therapy order.
pub fn read_orders(
    wire: &Wire<'_>,
    control: &Control,
    notes: &mut Notes<'_>,
) -> Result<Vec<Item>, Skip> {
    let mut requests = Vec::new();
    let mut therapy = false;
    let mut order: Option<Segment<'_, '_>> = None;
    for segment in wire.segments() {
        match segment.name {
            "ORC" => order = Some(segment),
            "OBR" if is_therapy(segment) => {
                therapy = true;
                match request(order.take(), segment, wire, control, notes) {
                    Some(request) => requests.push(request),
                    None => notes.reject("ORC-2", "is empty: the order has no number"),
                }
            }
            _ => {}
        }
    }
    if !therapy {
        return Err(Skip::OtherOrder);
    }
    Ok(with_patient(wire, control, requests, notes))
}

/// A referral before its patient is known.
struct Request {
    key: ForeignKey,
    referrer: Option<String>,
    received_at: Option<Moment>,
    cancelled: bool,
}

fn request(
    orc: Option<Segment<'_, '_>>,
    obr: Segment<'_, '_>,
    wire: &Wire<'_>,
    control: &Control,
    notes: &mut Notes<'_>,
) -> Option<Request> {
    // ORC-2 is the number of who ordered; OBR repeats both.
    let numbers = orc.into_iter().chain([obr]);
    let numbers = numbers.flat_map(|segment| [segment.field(2), segment.field(3)]);
    let mut keys = numbers.filter_map(|value| ids::read_entity(value, control.filler()));
    let key = keys.next()?;
    let field = |n| orc.map(|orc| orc.field(n));
    let names_in = [field(12), Some(obr.field(16)), Some(wire.field("PV1", 8))];
    let referrer = names_in.into_iter().flatten();
    let referrer = referrer.filter_map(|value| names::read_clinician(value, control.assigner()).1);
    Some(Request {
        key,
        referrer: referrer.take(1).next(),
        received_at: received_at(
            field(9).unwrap_or_else(|| obr.field(6)),
            control,
            "ORC-9",
            notes,
        ),
        cancelled: field(1)
            .is_some_and(|code| code.is_one_of(&["CA", "OC", "CR", "DC", "OD", "DR"])),
    })
}

/// Puts the patient first, then the requests for that patient.
fn with_patient(
    wire: &Wire<'_>,
    control: &Control,
    requests: Vec<Request>,
    notes: &mut Notes<'_>,
) -> Vec<Item> {
    let refusals = notes.take();
    let groups = Group::all(wire);
    let changed_at = control.sent_at;
    let patient = if let Some(group) = groups.first() {
        patient::read(group, control, changed_at, notes)
    } else {
        notes.reject("PID-3", "is missing: the message names no patient");
        None
    };
    let key = patient.as_ref().map(|patient| patient.key.clone());
    let mut items = vec![notes.item(patient.map(|patient| Record::Patient(Box::new(patient))))];
    if !refusals.is_empty() {
        items.push(Item {
            problems: refusals,
            ..Item::default()
        });
    }
    let Some(patient) = key else {
        return items;
    };
    items.extend(requests.into_iter().map(|request| Item {
        record: Some(Record::Referral(ReferralRecord {
            key: request.key,
            patient: patient.clone(),
            referrer: request.referrer,
            received_at: request.received_at,
            cancelled: request.cancelled,
        })),
        ..Item::default()
    }));
    items
}

/// Reads when a request was made, else when the message was sent.
fn received_at(
    value: Value<'_>,
    control: &Control,
    label: &str,
    notes: &mut Notes<'_>,
) -> Option<Moment> {
    if !value.is_present() {
        return control.sent_at;
    }
    match stamp::read_moment(value) {
        Ok(moment) => Some(moment),
        Err(error) => {
            notes.ignore(label, error.to_string());
            control.sent_at
        }
    }
}

/// Tells whether an order asks for therapy: by section (OBR-24: PT, OT), by a
/// CPT of physical medicine (97xxx), or by its words.
fn is_therapy(obr: Segment<'_, '_>) -> bool {
    if obr.field(24).is_one_of(&["PT", "OT", "PHT"]) {
        return true;
    }
    let service = obr.field(4);
    let code = service.component(1).text();
    if code.len() == 5 && code.starts_with("97") && code.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let text = [1, 2, 4, 5]
        .map(|n| service.component(n).text().to_lowercase())
        .join(" ");
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
    let therapy = begins("therap") && (begins("physic") || begins("occupat") || begins("hand"));
    let short = words.contains(&"pt") && (begins("eval") || begins("treat") || begins("ref"));
    therapy || short || begins("physiotherap") || begins("rehab")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(segments: &str) -> Result<Vec<Item>, Skip> {
        let wire = Wire::parse(segments).unwrap();
        let control = Control::read(&wire);
        let mut notes = Notes::new("test", 1);
        if control.message_type == "REF" {
            read_referral(&wire, &control, &mut notes)
        } else {
            read_orders(&wire, &control, &mut notes)
        }
    }

    fn referrals(items: &[Item]) -> Vec<&ReferralRecord> {
        items
            .iter()
            .filter_map(|item| match &item.record {
                Some(Record::Referral(referral)) => Some(referral),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_referral_brings_its_patient() {
        let items = read(
            "MSH|^~\\&|HIS|HOSP|||20260301||REF^I12|1\rRF1|A|R|PT|||R1|20260228\r\
             PRD|RT|Wrong^One\rPRD|RP|Jones^Robert^J^^Dr\rPID|1||7^^^HOSP^MR||Reed^Sam",
        )
        .unwrap();
        assert!(matches!(items[0].record, Some(Record::Patient(_))));
        let found = referrals(&items);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key.value, "R1");
        assert_eq!(found[0].patient.value, "7");
        assert_eq!(found[0].referrer.as_deref(), Some("Robert J Jones"));
        assert!(!found[0].cancelled);
    }

    #[test]
    fn a_referral_can_be_called_off() {
        for (trigger, status) in [("I14", "A"), ("I13", "C")] {
            let text = format!("MSH|^~\\&|HIS||||||REF^{trigger}\rRF1|{status}|||||R1\rPID|||7");
            assert!(referrals(&read(&text).unwrap())[0].cancelled, "{trigger}");
        }
        assert_eq!(
            read("MSH|^~\\&|HIS||||||REF^I15\rRF1||||||R1\rPID|||7"),
            Err(Skip::Unused)
        );
    }

    #[test]
    fn only_orders_for_therapy_are_referrals() {
        let order = |obr: &str| {
            read(&format!(
                "MSH|^~\\&|HIS||||20260301||ORM^O01\rPID|||7\r\
                 ORC|NW|P1^HIS|||||||20260228|||3^Jones^Robert\rOBR|1|||{obr}"
            ))
        };
        for obr in [
            "97110^THERAPEUTIC EXERCISES^CPT",
            "REF62^AMB REFERRAL TO PHYSICAL THERAPY",
            "X^PT evaluate and treat",
            "R^Rehabilitation",
            "X^Y||||||||||||||||||||PT",
        ] {
            let items = order(obr).unwrap();
            let found = referrals(&items);
            assert_eq!(found.len(), 1, "{obr}");
            assert_eq!(found[0].key.system, "HIS");
            assert_eq!(found[0].referrer.as_deref(), Some("Robert Jones"));
        }
        for obr in [
            "24725-4^CT Head^LN",
            "X^PT/INR prothrombin time",
            "C^Chemotherapy",
        ] {
            assert_eq!(order(obr), Err(Skip::OtherOrder), "{obr}");
        }
    }

    #[test]
    fn each_order_has_its_own_number_and_state() {
        let items = read(
            "MSH|^~\\&|HIS||||20260301||OMG^O19\rPID|||7\r\
             ORC|NW|P1\rOBR|1|||97161\rORC|CA|P2\rOBR|2|||97161\rOBR|3|P3||97165\rORC|NW\rOBR|4|||97161",
        )
        .unwrap();
        let found: Vec<_> = referrals(&items)
            .iter()
            .map(|r| (r.key.value.as_str(), r.cancelled))
            .collect();
        assert_eq!(found, [("P1", false), ("P2", true), ("P3", false)]);
        let refused: Vec<_> = items.iter().filter(|item| item.record.is_none()).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].problems[0].field, "ORC-2");
    }

    #[test]
    fn what_lacks_a_number_is_refused() {
        let fields = |text: &str| {
            let items = read(text).unwrap();
            let refused = items.iter().filter(|item| item.record.is_none());
            refused
                .map(|i| i.problems[0].field.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            fields("MSH|^~\\&|HIS||||||REF^I12\rRF1|A\rPID|||7"),
            ["RF1-6"]
        );
        assert_eq!(fields("MSH|^~\\&|HIS||||||REF^I12\rRF1||||||R1"), ["PID-3"]);
    }
}
