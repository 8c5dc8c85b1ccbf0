//! Input that nobody meant well: it never panics, and never leaks a value.

use proptest::prelude::*;
use proptest::sample::Index;
use tendon_exchange::{Record, fhir};

use super::{items, patient, problems, records, told};

/// One of everything, valid.
const WHOLE: &str = r##"{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:a1","resource":{"resourceType":"Patient","id":"p","name":[{"use":"official","family":"Núñez","given":["Ana"]}],"birthDate":"1980-02-29","telecom":[{"system":"phone","value":"+1 312 555 0123","rank":1}],"address":[{"state":"Illinois","postalCode":"60601"}],"link":[{"other":{"reference":"Patient/q"},"type":"replaces"}],"contact":[{"name":{"text":"Bo Li"},"telecom":[{"system":"email","value":"bo@example.org"}]}]}},
{"fullUrl":"urn:uuid:a2","resource":{"resourceType":"Appointment","id":"v","status":"cancelled","cancelationReason":{"coding":[{"code":"pat-lt"}]},"start":"2026-03-08T09:00:00-06:00","minutesDuration":45,"participant":[{"actor":{"reference":"urn:uuid:a1"},"status":"accepted"},{"actor":{"reference":"#d"},"status":"accepted"}],"contained":[{"resourceType":"Practitioner","id":"d","name":[{"text":"Dr. D"}]}]}},
{"resource":{"resourceType":"EpisodeOfCare","id":"e","status":"finished","patient":{"reference":"Patient/p"},"period":{"start":"2026-01-01","end":"2026-02-01"}}},
{"resource":{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p"},"activity":[{"detail":{"scheduledTiming":{"repeat":{"count":12,"frequency":2,"period":1,"periodUnit":"wk"}}}}]}},
{"resource":{"resourceType":"ServiceRequest","id":"r","status":"active","intent":"order","category":[{"coding":[{"code":"3457005"}]}],"subject":{"reference":"Patient/p"},"authoredOn":"2026-01-01"}},
{"resource":{"resourceType":"Encounter","id":"n","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2026-01-05T09:00:00Z","end":"2026-01-05T09:45:00Z"}}},
{"resource":{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"valueQuantity":{"value":1.50}}}]}"##;

#[test]
fn the_unharmed_document_is_read_whole() {
    let kinds: Vec<_> = records(WHOLE).iter().map(Record::kind).collect();
    let expected = [
        "patient",
        "merge",
        "appointment",
        "episode",
        "plan",
        "referral",
        "appointment",
        "document",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(problems(WHOLE), []);
}

/// Everything that the reader promises of any input.
fn promised(bytes: &[u8]) {
    // Each of these bytes can begin a value, and nothing else can.
    let values = bytes
        .iter()
        .filter(|byte| matches!(byte, b'{' | b'[' | b',' | b'\n'))
        .count();
    let mut count = 0;
    for item in fhir::read(bytes, "mutated") {
        count += 1;
        assert!(count <= 4 * (values + 2), "the reader makes no progress");
        for problem in item.problems {
            assert!(!problem.reason.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn cut_off_anywhere(at in any::<Index>()) {
        promised(&WHOLE.as_bytes()[..at.index(WHOLE.len())]);
    }

    #[test]
    fn with_bytes_flipped(flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8)) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        promised(&bytes);
    }

    #[test]
    fn with_pieces_moved(from in any::<Index>(), length in 0_usize..400, to in any::<Index>()) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        let from = from.index(bytes.len());
        let end = (from + length).min(bytes.len());
        let piece: Vec<u8> = bytes.drain(from..end).collect();
        let to = to.index(bytes.len() + 1);
        bytes.splice(to..to, piece);
        promised(&bytes);
    }

    #[test]
    fn with_every_value_of_another_type(at in any::<Index>(), other in prop::sample::select(vec![
        "null", "7", "-1e9", "true", "\"x\"", "[]", "{}", "[null]", "[[]]", "[{\"a\":[]}]",
        "\"2019-02-30\"", "\"\"", "1e999",
    ])) {
        // Replaces what follows one of the colons up to the next comma or bracket.
        let colons: Vec<_> = WHOLE.match_indices("\":").map(|(at, _)| at + 2).collect();
        let start = colons[at.index(colons.len())];
        let end = WHOLE[start..].find([',', '}', ']']).map_or(WHOLE.len(), |end| start + end);
        promised(format!("{}{other}{}", &WHOLE[..start], &WHOLE[end..]).as_bytes());
    }

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        promised(&bytes);
    }
}

#[test]
fn no_problem_repeats_a_value() {
    let secret = "SECRETVALUE";
    let text = WHOLE
        .replace("1980-02-29", "SECRETVALUE")
        .replace("+1 312 555 0123", "SECRETVALUE")
        .replace("Illinois", "SECRETVALUE")
        .replace("60601", "SECRETVALUE")
        .replace("cancelled", "SECRETVALUE")
        .replace("2026-01-01", "SECRETVALUE")
        .replace("Patient/p", "SECRETVALUE")
        .replace("bo@example.org", "SECRETVALUE")
        .replace(r#""id":"o""#, r#""id":"SECRET VALUE SECRETVALUE""#)
        .replace("\"rank\":1", "\"rank\":\"SECRETVALUE\"");
    let problems = problems(&text);
    assert!(problems.len() >= 10, "{}", problems.len());
    for problem in &problems {
        assert!(!format!("{problem:?} {}", problem.position).contains(secret));
    }
    let items = format!("{:?}", items(&text));
    assert!(!items.contains("Núñez"), "a record shows a name in Debug");
    let mut reader = fhir::read(text.as_bytes(), "x");
    reader.next();
    assert_eq!(format!("{reader:?}"), "Reader(resource 1)");
}

#[test]
fn depth_bombs_and_huge_texts_are_refused_and_passed() {
    let good = r#"{"resourceType":"Location","id":"1","name":"A"}"#;
    let deep = format!(
        r#"{{"resourceType":"Patient","id":"1","extension":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let huge = format!(
        r#"{{"resourceType":"Patient","id":"1","text":"{}"}}"#,
        "x".repeat(33 * 1024 * 1024)
    );
    for (bad, reason) in [
        (deep, ": is nested deeper than 100 levels"),
        (huge, ": is larger than 32 MiB"),
    ] {
        let text = format!("[{bad},{good}]");
        assert_eq!(told(&text), [reason]);
        assert_eq!(records(&text).len(), 1);
    }
}

#[test]
fn a_wrong_field_costs_only_itself() {
    let found = patient(
        r#"{"resourceType":"Patient","id":"1","name":{"family":"Reed","given":["Ann",null,7]},
            "birthDate":19700101,"gender":["male"],"telecom":"none","active":"yes","meta":[]}"#,
    );
    let name = found.name.unwrap();
    assert_eq!((name.family(), name.given()), ("Reed", "Ann"));
    assert!(!found.inactive);
}

#[test]
fn what_is_said_twice_is_refused_by_name() {
    let text =
        r#"{"resourceType":"Patient","id":"1","birthDate":"1970-01-01","birthDate":"1971-01-01"}"#;
    assert_eq!(
        told(text),
        ["birthDate: stands there twice (line 1 column 71)"]
    );
}

#[test]
fn a_type_must_be_said() {
    for (text, field_and_reason) in [
        (r#"{"id":"1"}"#, "resourceType: is missing"),
        (r#"{"resourceType":7}"#, "resourceType: has the wrong type"),
        (
            r#"{"resourceType":"no type"}"#,
            "resourceType: is not the name of a type",
        ),
    ] {
        assert_eq!(told(text), [field_and_reason]);
    }
}
