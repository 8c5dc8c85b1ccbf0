//! What each resource means in a practice, case by case.

use jiff::civil::date;
use serde_json::json;
use tendon_care::contact::{Address, Line};
use tendon_care::episode::Discharge;
use tendon_care::patient::Relation;
use tendon_care::person::Sex;
use tendon_exchange::record::{Moment, Said};
use tendon_exchange::{Record, fhir};

use super::{key, patient, person, problems, records, told, with};

#[test]
fn numbers_are_read_but_never_a_social_security_number() {
    let found = patient(&person(json!({ "identifier": [
        { "type": { "coding": [{ "code": "MR" }] }, "system": "urn:oid:1.2", "value": "00123" },
        { "system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-11-2222" },
        { "type": { "coding": [{ "code": "SS" }] }, "system": "urn:x", "value": "999-11-2222" },
        { "type": { "text": "Social Security Number" }, "value": "999112222" },
        { "type": { "coding": [{ "code": "MB" }] }, "system": "urn:payer", "value": "W1" },
        { "value": "loose" },
        { "system": "urn:masked" },
    ] })));
    let numbers: Vec<_> = found
        .identifiers
        .iter()
        .map(|own| (own.system.as_str(), own.value.expose()))
        .collect();
    let expected = [("urn:oid:1.2", "00123"), ("urn:payer", "W1"), ("", "loose")];
    assert_eq!(numbers, expected);
    // A family shares its member number: it must not make them one person.
    assert_eq!(found.aliases, [key("urn:oid:1.2", "00123")]);
}

#[test]
fn the_name_of_today_is_chosen() {
    for (names, family, given, preferred) in [
        (
            json!([{ "use": "old", "family": "A" }, { "use": "usual", "family": "B" }]),
            "B",
            "",
            None,
        ),
        (
            json!([{ "use": "usual", "family": "B" }, { "use": "official", "family": "C", "given": ["D", "E"] }]),
            "C",
            "D E",
            None,
        ),
        (
            json!([{ "family": "A", "period": { "end": "2020-01-01" } }, { "use": "temp", "family": "B" }]),
            "B",
            "",
            None,
        ),
        (
            json!([{ "use": "nickname", "given": ["Sam"] }, { "family": "Okafor", "given": ["Samuel"] }]),
            "Okafor",
            "Samuel",
            Some("Sam"),
        ),
        (
            json!([{ "text": "Núñez, Ana María" }]),
            "Núñez",
            "Ana María",
            None,
        ),
        (
            json!([{ "text": "Ana María Núñez" }]),
            "Núñez",
            "Ana María",
            None,
        ),
        (
            json!([{ "use": "nickname", "given": ["Sam"] }]),
            "",
            "Sam",
            None,
        ),
    ] {
        let name = patient(&person(json!({ "name": names }))).name.unwrap();
        assert_eq!(
            (name.family(), name.given(), name.preferred()),
            (family, given, preferred)
        );
    }
    let nameless = person(json!({ "name": [{}] }));
    assert_eq!(patient(&nameless).name, None);
    assert_eq!(
        told(&nameless),
        ["name[0]: name must have a family or a given part"]
    );
}

#[test]
fn birthdays_must_be_days() {
    for (text, expected, reason) in [
        ("1980-02-29", Said::Value(date(1980, 2, 29)), None),
        (
            "1980-02-30",
            Said::Nothing,
            Some("is not a date of the calendar"),
        ),
        (
            "1980-02",
            Said::Nothing,
            Some("has no day: year, month and day are needed"),
        ),
        (
            "1980",
            Said::Nothing,
            Some("has no day: year, month and day are needed"),
        ),
        (
            "0001-01-01",
            Said::Nothing,
            Some("is before 1850, so it stands for an unknown day"),
        ),
    ] {
        let text = person(json!({ "birthDate": text }));
        assert_eq!(patient(&text).birth_date, expected);
        let told = told(&text);
        let reason = reason.map(|reason| format!("birthDate: {reason}"));
        assert_eq!(told.first(), reason.as_ref());
    }
}

#[test]
fn addresses_come_best_first_without_those_that_ended() {
    let found = patient(&person(json!({
        "meta": { "lastUpdated": "2026-01-01T00:00:00Z" },
        "telecom": [
            { "system": "phone", "value": "312-555-0101", "use": "work" },
            { "system": "phone", "value": "312-555-0102", "use": "mobile" },
            { "system": "email", "value": "Ann@Example.org", "rank": 1 },
            { "system": "phone", "value": "312-555-0103", "use": "old" },
            { "system": "phone", "value": "312-555-0104", "period": { "end": "2025-01-01" } },
            { "system": "phone", "value": "312-555-0105", "period": { "end": "2027-01-01" } },
            { "system": "fax", "value": "312-555-0106" },
            { "system": "sms", "value": "(312) 555-0102" },
            { "system": "phone", "value": "999-999-9999" },
        ],
    })));
    let Said::Value(points) = found.contact_points else {
        panic!("telecom was there");
    };
    let shown: Vec<_> = points
        .iter()
        .map(|point| match &point.address {
            Address::Phone(phone) => (phone.expose(), point.line),
            Address::Email(email) => (email.expose(), point.line),
        })
        .collect();
    let expected = [
        ("Ann@example.org", Line::Unknown),
        ("+13125550102", Line::Mobile),
        ("+13125550105", Line::Unknown),
        ("+13125550101", Line::Unknown),
    ];
    assert_eq!(shown, expected);
    let silent = patient(&person(json!({})));
    assert_eq!(silent.contact_points, Said::Nothing);
    let emptied = patient(&person(
        json!({ "telecom": [{ "system": "phone", "value": "1" }] }),
    ));
    assert_eq!(emptied.contact_points, Said::Value(vec![]));
}

#[test]
fn the_rest_of_a_patient() {
    let found = patient(&person(json!({
        "active": true, "gender": "F", "deceasedDateTime": "2019",
        "communication": [
            { "language": { "coding": [{ "code": "en" }] } },
            { "language": { "coding": [{ "code": "es-MX" }] }, "preferred": true },
        ],
        "address": [
            { "use": "old", "state": "TX", "postalCode": "75001" },
            { "use": "home", "state": "Illinois", "postalCode": "606011234" },
        ],
        "contact": [
            { "relationship": [{ "coding": [{ "code": "MTH" }] }], "name": { "text": "Bo Li" } },
            { "relationship": [{ "coding": [{ "code": "E" }] }], "name": { "text": "Acme" } },
            { "relationship": [{ "text": "Wife" }], "name": { "family": "Li" } },
        ],
    })));
    assert_eq!(found.sex, Said::Value(Sex::Female));
    assert_eq!(found.deceased, Said::Value(true));
    assert_eq!(found.language, Said::Value("es-MX".to_owned()));
    let Said::Value(region) = found.region else {
        panic!("an address was there");
    };
    assert_eq!(region.state.as_deref(), Some("IL"));
    assert_eq!(region.zip.as_deref(), Some("60601"));
    let relations: Vec<_> = found.proxies.iter().map(|proxy| proxy.relation).collect();
    assert_eq!(relations, [Relation::Guardian, Relation::Partner]);
    for inactive in [
        json!({ "active": false }),
        json!({ "meta": { "security": [{ "code": "HTEST" }] } }),
    ] {
        assert!(patient(&person(inactive)).inactive);
    }
}

#[test]
fn links_become_merges() {
    let text = person(json!({ "link": [
        { "type": "replaced-by", "other": { "reference": "Patient/2" } },
        { "type": "seealso", "other": { "reference": "Patient/3" } },
        { "type": "replaced-by", "other": { "reference": "Patient/1" } },
    ] }));
    let found = records(&text);
    let [Record::Patient(own), Record::Merge(merge)] = &found[..] else {
        panic!("a patient and one merge were expected");
    };
    assert!(!own.inactive, "the merge retires it");
    assert_eq!(merge.survivor, key("fhir:", "Patient/2"));
    assert_eq!(merge.retired, key("fhir:", "Patient/1"));
    assert_eq!(told(&text), ["link[2]: merges the patient with itself"]);
}

#[test]
fn a_related_person_updates_the_patient_with_nothing_else() {
    let text = r#"{"resourceType":"RelatedPerson","id":"r","patient":{"reference":"Patient/1"},
        "relationship":[{"coding":[{"code":"GUARD"}]}],"name":[{"family":"Li","given":["Bo"]}]}"#;
    let found = patient(text);
    assert_eq!(found.key, key("fhir:", "Patient/1"));
    assert_eq!((found.name, found.contact_points), (None, Said::Nothing));
    assert_eq!(found.proxies[0].relation, Relation::Guardian);
}

#[test]
fn episodes_say_how_they_stand() {
    let episode = |members| {
        let base = json!({ "resourceType": "EpisodeOfCare", "id": "e", "status": "finished",
            "patient": { "reference": "Patient/1" }, "period": { "start": "2026-01-01", "end": "2026-02-01" } });
        match records(&with(base, members)).pop() {
            Some(Record::Episode(episode)) => Some(episode),
            _ => None,
        }
    };
    let over = episode(json!({})).unwrap();
    let end = Moment::Local(date(2026, 2, 1).at(0, 0, 0, 0));
    assert_eq!(over.ended, Some((end, Discharge::Other)));
    let held = episode(json!({ "status": "onhold" })).unwrap();
    assert!(held.on_hold && held.ended.is_none());
    let history = json!({ "period": {}, "statusHistory": [
        { "status": "active", "period": { "start": "2026-01-01" } },
        { "status": "finished", "period": { "start": "2026-01-09" } },
    ] });
    let (at, _) = episode(history).unwrap().ended.unwrap();
    assert_eq!(at, Moment::Local(date(2026, 1, 9).at(0, 0, 0, 0)));
    assert!(episode(json!({ "period": {} })).is_none());
    assert!(episode(json!({ "status": "entered-in-error" })).is_none());
}

#[test]
fn only_plans_of_therapy_are_plans() {
    let plan = |members| {
        let base = json!({ "resourceType": "CarePlan", "id": "c", "status": "active", "intent": "plan",
            "subject": { "reference": "Patient/1" }, "period": { "start": "2026-01-01", "end": "2026-03-01" } });
        records(&with(base, members)).pop().unwrap()
    };
    let coded = |code: &str, text: &str| json!({ "category": [{ "coding": [{ "system": "http://snomed.info/sct", "code": code }], "text": text }] });
    for (members, kind) in [
        (json!({}), "plan"),
        (coded("91251008", "Physical therapy procedure"), "plan"),
        (coded("1", "Head injury rehabilitation"), "plan"),
        (coded("assess-plan", "Plan of care"), "plan"),
        (
            coded("698360004", "Diabetes self management plan"),
            "document",
        ),
        (coded("1", "Respiratory therapy"), "document"),
        (coded("1", "Alcohol rehabilitation"), "document"),
        (json!({ "status": "revoked" }), "document"),
        (json!({ "intent": "proposal" }), "document"),
    ] {
        assert_eq!(plan(members.clone()).kind(), kind, "{members}");
    }
    for (repeat, per_week) in [
        (
            json!({ "count": 12, "frequency": 2, "period": 1, "periodUnit": "wk" }),
            Some(2),
        ),
        (
            json!({ "count": 12, "frequency": 3, "period": 2, "periodUnit": "wk" }),
            Some(2),
        ),
        (
            json!({ "count": 12, "frequency": 1, "period": 1, "periodUnit": "d" }),
            Some(7),
        ),
        (
            json!({ "count": 12, "frequency": 8, "period": 1, "periodUnit": "mo" }),
            Some(2),
        ),
        (json!({ "count": 12 }), None),
        (
            json!({ "count": 12, "frequency": 2, "period": 0, "periodUnit": "wk" }),
            None,
        ),
    ] {
        let members =
            json!({ "activity": [{ "detail": { "scheduledTiming": { "repeat": repeat } } }] });
        let Record::Plan(found) = plan(members) else {
            panic!("a plan was expected");
        };
        assert_eq!((found.visits, found.visits_per_week), (Some(12), per_week));
        assert_eq!(found.ends_on, Some(date(2026, 3, 1)));
    }
}

#[test]
fn only_requests_for_care_are_referrals() {
    let request = |members| {
        let base = json!({ "resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order",
            "subject": { "reference": "Patient/1" }, "authoredOn": "2026-01-05",
            "requester": { "reference": "Practitioner/9", "display": "Dr. Reyes" } });
        records(&with(base, members)).pop().unwrap()
    };
    let coded = |code: &str, text: &str| json!({ "code": { "coding": [{ "code": code, "display": text }] } });
    for (members, kind) in [
        (coded("3457005", ""), "referral"),
        (coded("1", "Referral to physical therapy"), "referral"),
        (
            json!({ "category": [{ "text": "Physiotherapy" }] }),
            "referral",
        ),
        (coded("24627-2", "Chest CT"), "document"),
        (
            json!({ "code": { "text": "Alcohol rehabilitation" } }),
            "document",
        ),
        (
            json!({ "code": { "text": "Referral" }, "intent": "proposal" }),
            "document",
        ),
    ] {
        assert_eq!(request(members.clone()).kind(), kind, "{members}");
    }
    let Record::Referral(found) =
        request(json!({ "code": { "text": "Referral" }, "status": "revoked" }))
    else {
        panic!("a referral was expected");
    };
    assert!(found.cancelled);
    assert_eq!(found.referrer.as_deref(), Some("Dr. Reyes"));
}

#[test]
fn staff_and_places_have_names() {
    let text = r#"{"resourceType":"Practitioner","id":"1","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99"}],
        "name":[{"family":"Reyes","given":["Ana"],"prefix":["Dr."],"suffix":["PT"]}]}
        {"resourceType":"PractitionerRole","id":"2","practitioner":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"99"},"display":"Dr. Reyes"}}
        {"resourceType":"Location","id":"3","name":"North","address":{"state":"IL","postalCode":"60601"}}
        {"resourceType":"Location","id":"4","mode":"kind","description":"Patient's home"}"#;
    let found = records(text);
    let [
        Record::Clinician(person),
        Record::Clinician(role),
        Record::Location(place),
        Record::Location(home),
    ] = &found[..]
    else {
        panic!("four records were expected");
    };
    assert_eq!(home.name, "Patient's home");
    assert_eq!(person.display_name, "Dr. Ana Reyes PT");
    // The role's key is one that the person answers to.
    assert!(person.aliases.contains(&role.key));
    assert_eq!(role.aliases, [key("fhir:", "PractitionerRole/2")]);
    assert_eq!(place.region.zip.as_deref(), Some("60601"));
    assert_eq!(problems(text), []);
}

#[test]
fn documents_keep_their_text_and_others_are_counted() {
    let text = r#"{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/1"},"valueDecimal":1.500}"#;
    let Some(Record::Document(found)) = records(text).pop() else {
        panic!("a document was expected");
    };
    assert_eq!(found.json, text);
    assert_eq!(found.patient, Some(key("fhir:", "Patient/1")));
    let claims = "{\"resourceType\":\"Claim\"}\n{\"resourceType\":\"Claim\"}\n";
    let mut reader = fhir::read(claims.as_bytes(), "x");
    assert!(
        reader
            .by_ref()
            .all(|item| item.record.is_none() && item.problems.is_empty())
    );
    assert_eq!(reader.passed_over().get("Claim"), Some(&2));
    assert_eq!(reader.resources(), 2);
}

#[test]
fn a_base_keeps_two_servers_apart() {
    let text = r#"{"resourceType":"Bundle","entry":[{"fullUrl":"https://a.example/r4/Goal/1",
        "resource":{"resourceType":"Goal","id":"1","subject":{"reference":"Patient/1"}}}]}"#;
    let read = |base: &str| match fhir::read(text.as_bytes(), "x")
        .with_base(base)
        .next()
        .unwrap()
        .record
    {
        Some(Record::Document(found)) => found,
        _ => panic!("a document was expected"),
    };
    let found = read("https://b.example/");
    assert_eq!(found.key, key("fhir:https://a.example/r4", "Goal/1"));
    assert_eq!(
        found.patient,
        Some(key("fhir:https://a.example/r4", "Patient/1"))
    );
    let line = r#"{"resourceType":"Location","id":"1","name":"A"}"#;
    let found = fhir::read(line.as_bytes(), "x")
        .with_base("https://b.example/")
        .next();
    let Some(Record::Location(found)) = found.unwrap().record else {
        panic!("a location was expected");
    };
    assert_eq!(found.key, key("fhir:https://b.example", "Location/1"));
}
