//! The reader: cuts a source into resources and hands each to the mapping.
//!
//! A source is a row of JSON values: one resource, a Bundle, a list, NDJSON, or
//! several of these. Bundles are entered, not held, so memory is bounded by the
//! largest resource. Where a value is broken the reader goes on at the next
//! entry or line.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use crate::Item;
use crate::problem::Position;
use crate::source::{Plain, unreadable};

use super::cursor::{Cursor, Fault, Place, Tape};
use super::sift::Sift;

/// Reads FHIR R4 JSON: a Bundle of any size, a resource, a list of resources or
/// NDJSON, plain or gzipped.
///
/// *Shape*: one [`Item`] for each record, in the order of the source; a
/// resource may give several (a Patient with a replaced-by link gives a patient
/// and a merge). An item with neither record nor problem is a resource that was
/// passed over, such as a Claim; [`Reader::passed_over`] counts them by type.
///
/// *Errors*: none; what cannot be used is a [`Problem`](crate::Problem) in its item.
///
/// *Source*: HL7 FHIR R4 (4.0.1); shapes of R4B and R5 are taken where they are
/// clear.
///
/// ```
/// let text = r#"{"resourceType":"Patient","id":"1","name":[{"family":"Reed"}]}"#;
/// let items: Vec<_> = tendon_exchange::fhir::read(text.as_bytes(), "one.json").collect();
/// assert_eq!(items[0].record.as_ref().map(|record| record.kind()), Some("patient"));
/// ```
pub fn read<R: Read>(reader: R, source: &str) -> Reader<R> {
    Reader::new(reader, Sift::new(source))
}

/// An iterator over the items of one source.
pub struct Reader<R> {
    cursor: Cursor<Plain<R>>,
    state: State,
    value_line: u64,
    sift: Sift,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Between,
    Entries,
    BundleRest,
    List,
    Finished,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(reader: R, sift: Sift) -> Self {
        Self {
            cursor: Cursor::new(Plain::new(reader), false),
            state: State::Start,
            value_line: 1,
            sift,
        }
    }

    /// Gives back what was counted and what is left to yield.
    pub(super) fn into_sift(self) -> Sift {
        self.sift
    }

    /// Names the server that the source came from, such as
    /// `https://ehr.example/fhir`: relative references belong to it. Exports of
    /// two servers need it, since both may have a `Patient/1`.
    #[must_use]
    pub fn with_base(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.sift.home);
        self
    }

    /// Returns how many resources were read so far, whatever became of them.
    pub const fn resources(&self) -> u64 {
        self.sift.index
    }

    /// Returns how many resources of each type were passed over so far.
    pub const fn passed_over(&self) -> &BTreeMap<String, u64> {
        &self.sift.passed_over
    }

    fn step(&mut self) -> Result<(), Fault> {
        match self.state {
            State::Start => self.start(),
            State::Between => self.between(),
            State::Entries => self.entries(),
            State::BundleRest => self.bundle_members(true),
            State::List => self.list(),
            State::Finished => Ok(()),
        }
    }

    /// Passes over a byte order mark and looks for NDJSON.
    fn start(&mut self) -> Result<(), Fault> {
        self.state = State::Between;
        if matches!(self.cursor.ready()?, [0xff | 0xfe, ..]) {
            self.junk("is not UTF-8 text");
            self.state = State::Finished;
            return Ok(());
        }
        for byte in [0xef, 0xbb, 0xbf] {
            if self.cursor.ready()?.first() == Some(&byte) {
                self.cursor.bump();
            }
        }
        // A file that says NDJSON is believed, unless its first line is a lone
        // bracket. Otherwise the first value tells: see `after_value`.
        let named = [".ndjson", ".jsonl"]
            .iter()
            .any(|ending| self.sift.source.contains(ending));
        let bytes = self.cursor.ready()?;
        let first = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        self.cursor.lines = named && !matches!(first.trim_ascii(), b"{" | b"[" | b"");
        Ok(())
    }

    fn between(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.cursor.skip_space()? else {
            self.state = State::Finished;
            return Ok(());
        };
        self.value_line = self.cursor.place().line;
        match byte {
            b'{' => return self.document(),
            b'[' => {
                self.cursor.bump();
                self.state = State::List;
            }
            _ => {
                self.junk(if byte == b'<' {
                    "is XML: only JSON is read"
                } else {
                    "does not begin with { or ["
                });
                if self.cursor.lines {
                    self.cursor.skip_line()?;
                } else {
                    self.state = State::Finished;
                }
            }
        }
        Ok(())
    }

    /// Reads an object that is a resource or a Bundle. It is kept until its type
    /// is known; the type is nearly always its first member.
    fn document(&mut self) -> Result<(), Fault> {
        let place = self.cursor.place();
        self.cursor.start_tape();
        self.cursor.bump();
        match self.document_members() {
            Ok(Document::Bundle) => {
                self.cursor.take_tape();
                self.state = State::BundleRest;
                return Ok(());
            }
            Ok(Document::Entries) => {
                self.cursor.take_tape();
                self.state = State::Entries;
                return Ok(());
            }
            Ok(Document::Whole) => {}
            // The brackets still tell where it ends, serde_json what is wrong.
            Ok(Document::Resource) | Err(Fault::Unexpected) => self.cursor.finish(1)?,
            Err(fault) => return Err(fault),
        }
        let tape = self.cursor.take_tape();
        self.sift.resource(tape, place, None);
        self.after_value();
        Ok(())
    }

    fn document_members(&mut self) -> Result<Document, Fault> {
        while let Some(key) = self.key()? {
            let next = self.cursor.next_inside()?;
            match (key.as_str(), next) {
                ("resourceType", b'"') => {
                    return Ok(if self.cursor.text()? == "Bundle" {
                        Document::Bundle
                    } else {
                        Document::Resource
                    });
                }
                // Of R4's types only Bundle and List have entries, and a List is
                // passed over: its entries hold no resources.
                ("entry", b'[') => {
                    self.cursor.bump();
                    return Ok(Document::Entries);
                }
                _ => self.cursor.skip_value()?,
            }
        }
        Ok(Document::Whole)
    }

    /// Reads the name of the next member; `None` when the object has ended.
    fn key(&mut self) -> Result<Option<String>, Fault> {
        loop {
            match self.cursor.next_inside()? {
                b',' => self.cursor.bump(),
                b'}' => {
                    self.cursor.bump();
                    return Ok(None);
                }
                b'"' => {
                    let key = self.cursor.text()?;
                    self.cursor.expect(b':')?;
                    return Ok(Some(key));
                }
                _ => return Err(Fault::Unexpected),
            }
        }
    }

    /// Goes through a Bundle's members up to its entries or its end.
    fn bundle_members(&mut self, recover: bool) -> Result<(), Fault> {
        let ended = loop {
            match self.bundle_member() {
                Ok(Some(true)) => break false,
                Ok(Some(false)) => {}
                Ok(None) => break true,
                Err(Fault::Unexpected) if recover => {
                    self.broken();
                    self.cursor.finish(1)?;
                    break true;
                }
                Err(fault) => return Err(fault),
            }
        };
        if ended {
            self.after_value();
        } else {
            self.state = State::Entries;
        }
        Ok(())
    }

    /// Takes one member; tells whether the entries begin, `None` at the end.
    fn bundle_member(&mut self) -> Result<Option<bool>, Fault> {
        let Some(key) = self.key()? else {
            return Ok(None);
        };
        if key == "entry" && self.cursor.next_inside()? == b'[' {
            self.cursor.bump();
            return Ok(Some(true));
        }
        self.cursor.skip_value()?;
        Ok(Some(false))
    }

    fn entries(&mut self) -> Result<(), Fault> {
        match self.cursor.next_inside()? {
            b',' => self.cursor.bump(),
            b']' => {
                self.cursor.bump();
                self.state = State::BundleRest;
            }
            b'{' => {
                self.cursor.bump();
                match self.entry() {
                    Err(Fault::Unexpected) => {
                        self.broken();
                        self.cursor.take_tape();
                        self.cursor.finish(1)?;
                    }
                    other => return other,
                }
            }
            _ => self.odd_element()?,
        }
        Ok(())
    }

    fn entry(&mut self) -> Result<(), Fault> {
        let mut full_url = None;
        let mut resource = None;
        while let Some(key) = self.key()? {
            let next = self.cursor.next_inside()?;
            match (key.as_str(), next) {
                ("fullUrl", b'"') => full_url = Some(self.cursor.text()?),
                ("resource", b'{') => resource = Some(self.value()?),
                _ => self.cursor.skip_value()?,
            }
        }
        // Entries of a response, or of a deletion, have no resource.
        if let Some((tape, place)) = resource {
            self.sift
                .resource(tape, place, full_url.filter(|url| !url.is_empty()));
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(), Fault> {
        match self.cursor.next_inside()? {
            b',' => self.cursor.bump(),
            b']' => {
                self.cursor.bump();
                self.after_value();
            }
            b'{' => {
                let (tape, place) = self.value()?;
                self.sift.resource(tape, place, None);
            }
            _ => self.odd_element()?,
        }
        Ok(())
    }

    fn value(&mut self) -> Result<(Tape, Place), Fault> {
        let place = self.cursor.place();
        self.cursor.start_tape();
        self.cursor.skip_value()?;
        Ok((self.cursor.take_tape(), place))
    }

    fn odd_element(&mut self) -> Result<(), Fault> {
        let place = self.cursor.place();
        self.cursor.skip_value()?;
        self.sift.index += 1;
        self.sift.reject(&format!(
            "is not an object at line {} column {}",
            place.line, place.column
        ));
        Ok(())
    }

    /// Ends a value: what waited is decided, and a first value that fills one
    /// line means that every line is one.
    fn after_value(&mut self) {
        self.sift.decide_waiting();
        if self.cursor.place().line == self.value_line {
            self.cursor.lines = true;
        }
        self.state = State::Between;
    }

    /// Notes that the structure around resources is not JSON.
    fn broken(&mut self) {
        self.sift.index += 1;
        let Place { line, column } = self.cursor.place();
        self.sift
            .reject(&format!("is not valid JSON at line {line} column {column}"));
    }

    fn junk(&mut self, reason: &str) {
        let line = self.cursor.place().line;
        self.sift.tell(Position::Line(line), reason);
    }

    /// Recovers from a fault, or gives the source up.
    fn fail(&mut self, fault: Fault) {
        self.cursor.take_tape();
        let Place { line, column } = self.cursor.place();
        match fault {
            Fault::Io(error) => {
                self.sift.decide_waiting();
                let problem = unreadable(&self.sift.source, &error);
                self.sift.push_problem(problem);
                self.state = State::Finished;
            }
            Fault::LineEnd => {
                self.sift.index += 1;
                self.sift.reject(&format!(
                    "is not valid JSON: line {line} ends inside a value"
                ));
                self.sift.decide_waiting();
                self.state = State::Between;
            }
            Fault::End | Fault::Unexpected => {
                self.sift.index += 1;
                self.sift.reject(&if matches!(fault, Fault::End) {
                    format!("is not valid JSON: the text ends inside a value that began at or after line {}", self.value_line)
                } else {
                    format!("is not valid JSON at line {line} column {column}")
                });
                self.sift.decide_waiting();
                self.state = State::Finished;
                if self.cursor.lines && matches!(fault, Fault::Unexpected) {
                    self.state = State::Between;
                }
            }
        }
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The buffers hold people's data.
        write!(f, "Reader(resource {})", self.sift.index)
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.sift.ready.pop_front() {
                return Some(item);
            }
            if self.state == State::Finished {
                return None;
            }
            let unexpected_in_line = match self.step() {
                Ok(()) => false,
                Err(fault) => {
                    let unexpected = matches!(fault, Fault::Unexpected);
                    self.fail(fault);
                    unexpected && self.cursor.lines
                }
            };
            if unexpected_in_line && let Err(fault) = self.cursor.skip_line() {
                self.fail(fault);
            }
        }
    }
}

/// How far the members of an object were followed.
enum Document {
    /// The type is Bundle.
    Bundle,
    /// The entries begin before any type was said.
    Entries,
    /// The type is another one.
    Resource,
    /// The object ended without a type.
    Whole,
}
