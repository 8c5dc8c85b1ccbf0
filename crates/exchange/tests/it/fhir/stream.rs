//! Bundles of any size, in bounded memory, and going on after damage.

use std::cell::Cell;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tendon_exchange::problem::Position;
use tendon_exchange::{Record, fhir};

use super::{items, key, problems, records};

const HEAD: &str = r#"{"resourceType":"Bundle","type":"searchset","entry":["#;
const ENTRY: &str = r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1",
    "name":[{"family":"Reed"}]}},"#;

/// A Bundle that never ends, counting what is taken from it.
struct Endless<'a> {
    left: &'static [u8],
    taken: &'a Cell<usize>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = ENTRY.as_bytes();
        }
        let count = self.left.read(buf)?;
        self.taken.set(self.taken.get() + count);
        Ok(count)
    }
}

#[test]
fn a_bundle_without_end_yields_while_it_flows() {
    let taken = Cell::new(0);
    let endless = Endless {
        left: HEAD.as_bytes(),
        taken: &taken,
    };
    let mut reader = fhir::read(endless, "endless");
    for read in 1..=10_000 {
        assert!(reader.next().unwrap().record.is_some());
        // What is taken runs ahead of what is yielded by at most the buffer.
        assert!(taken.get() <= HEAD.len() + read * ENTRY.len() + 64 * 1024);
    }
}

#[test]
fn every_container_holds_the_same_resources() {
    let one = r#"{"resourceType":"Practitioner","id":"1","name":[{"text":"A"}]}"#;
    let two = r#"{ "id":"2", "resourceType" : "Practitioner","name":[{"text":"B"}]}"#;
    let pretty = two.replace(',', ",\n");
    let containers = [
        format!("{one}\n{two}\n"),
        format!("\u{feff}{one}\r\n\r\n{two}"),
        format!("{pretty}\n{pretty}\n{one}\n{one}"),
        format!("[{one},\n{two}]"),
        format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{one}}},{{"resource":{two},"fullUrl":"x"}}]}}"#
        ),
        format!(
            r#"{{"type":"batch","entry":[{{"resource":{one}}},{{"resource":{two}}}],"resourceType":"Bundle"}}"#
        ),
        format!(
            r#"{{"entry":[{{"resource":{{"resourceType":"Bundle","entry":[{{"resource":{one}}},{{"resource":{two}}}]}}}}]}}"#
        ),
    ];
    for text in containers {
        let found: Vec<_> = records(&text)
            .into_iter()
            .map(|record| match record {
                Record::Clinician(clinician) => clinician.key,
                other => panic!("{}", other.kind()),
            })
            .collect();
        assert!(found.contains(&key("fhir:", "Practitioner/1")), "{text}");
        assert!(found.contains(&key("fhir:", "Practitioner/2")), "{text}");
        assert_eq!(problems(&text), [], "{text}");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(fhir::read(&packed[..], "x").count(), found.len());
    }
}

#[test]
fn a_broken_entry_costs_only_itself() {
    let good = r#"{"resource":{"resourceType":"Location","id":"1","name":"A"}}"#;
    for broken in [
        r#"{"resource":{"resourceType":"Location" "id":"2"}}"#,
        r#"{"resource" {"resourceType":"Location"}}"#,
        r#"{resource:{"resourceType":"Location"}}"#,
        r#"{"resource":{"resourceType":"Location","id":"2","name":"B","name":"C"}}"#,
        "7",
        "[]",
        "null",
    ] {
        let text = format!(r#"{{"resourceType":"Bundle","entry":[{good},{broken},{good}]}}"#);
        assert_eq!(records(&text).len(), 2, "{broken}");
        let problems = problems(&text);
        assert_eq!(problems.len(), 1, "{broken}");
        assert!(matches!(
            problems[0].position,
            Position::Resource { index: 2, .. }
        ));
    }
}

#[test]
fn a_broken_line_costs_only_itself() {
    let good = r#"{"resourceType":"Location","id":"1","name":"A"}"#;
    for broken in [
        r#"{"resourceType":"Location","id":"2""#,
        r#"{"resourceType":"Loca"#,
        r#"{"resourceType":"Location","id":}"#,
        "}",
        "not JSON",
        r#"[{"resourceType":"Location""#,
    ] {
        let text = format!("{good}\n{broken}\n{good}\n");
        assert_eq!(records(&text).len(), 2, "{broken}");
        assert_eq!(problems(&text).len(), 1, "{broken}");
        // With a name that says NDJSON even the first line may be broken.
        let text = format!("{broken}\n{good}\n{good}\n");
        let read = fhir::read(text.as_bytes(), "Location.ndjson.gz");
        assert_eq!(
            read.filter(|item| item.record.is_some()).count(),
            2,
            "{broken}"
        );
    }
}

#[test]
fn a_problem_says_line_and_column() {
    let text = "{\"resourceType\": \"Bundle\",\n \"entry\": [\n  {\"resource\": {\"resourceType\":\"Location\",\n \"id\" 7}}]}";
    let problems = problems(text);
    assert_eq!(
        problems[0].reason,
        "is not valid JSON at line 4 column 7: expected `:`"
    );
}

#[test]
fn what_is_not_fhir_json_is_one_problem() {
    for (text, reason) in [
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"/>\n<x/>",
            "is XML: only JSON is read",
        ),
        ("MSH|^~\\&|A\rPID|", "does not begin with { or ["),
        ("\u{1}\u{2}\n\u{3}", "does not begin with { or ["),
    ] {
        let problems = problems(text);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].reason, reason);
    }
    let utf16 = [0xff, 0xfe, b'{', 0, b'}', 0];
    let read: Vec<_> = fhir::read(&utf16[..], "x").collect();
    assert_eq!(read[0].problems[0].reason, "is not UTF-8 text");
    assert_eq!(items(""), []);
}

#[test]
fn damaged_gzip_gives_what_came_before_and_a_problem() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(HEAD.as_bytes()).unwrap();
    for _ in 0..2_000 {
        packed.write_all(ENTRY.as_bytes()).unwrap();
    }
    let packed = packed.finish().unwrap();
    let read: Vec<_> = fhir::read(&packed[..packed.len() / 2], "x.gz").collect();
    assert!(read.len() > 100);
    let last = &read.last().unwrap().problems[0];
    assert_eq!(last.position, Position::Source);
}
