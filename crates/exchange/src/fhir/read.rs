//! The reader: cuts a source into resources and hands each to the mapping.
//!
//! A source is a row of JSON values: one resource, a Bundle, a list, NDJSON, or
//! several of these. Bundles are entered, not held, so memory is bounded by the
//! largest resource. Where a value is broken the reader goes on at the next
//! entry or line.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;

use crate::Item;
use crate::problem::{Position, Problem, Severity};
use crate::source::{Plain, unreadable};

use super::context::{Context, missing};
use super::cursor::{Cursor, Fault, MAX_DEPTH, MAX_VALUE_BYTES, Place, Tape};
use super::map::{self, Outcome};
use super::reference::{Directory, base_of, is_type};

/// A Bundle inside a Bundle inside a Bundle is nobody's export.
const MAX_BUNDLES: u8 = 3;

/// So many different types are counted by name; a hostile source has more.
const MAX_TYPES: usize = 256;

/// So much text of Appointments may wait for their actors to be introduced.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;

/// Reads FHIR R4 JSON: a Bundle of any size, a resource, a list of resources or
/// NDJSON, plain or gzipped.
///
/// *Shape*: one [`Item`] for each record, in the order of the source; a
/// resource may give several (a Patient with a replaced-by link gives a patient
/// and a merge). An item with neither record nor problem is a resource that was
/// passed over, such as a Claim; [`Reader::passed_over`] counts them by type.
///
/// *Errors*: none; what cannot be used is a [`Problem`] in its item.
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
    Reader::new(reader, source, 0)
}

/// An iterator over the items of one source.
#[derive(Debug)]
pub struct Reader<R> {
    cursor: Cursor<Plain<R>>,
    source: String,
    home: String,
    state: State,
    ready: VecDeque<Item>,
    directory: Directory,
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
    index: u64,
    passed_over: BTreeMap<String, u64>,
    value_line: u64,
    level: u8,
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

/// An Appointment whose actors the Bundle has not introduced yet.
#[derive(Debug)]
struct Waiting {
    text: String,
    full_url: Option<String>,
    place: Place,
    index: u64,
}

impl<R: Read> Reader<R> {
    fn new(reader: R, source: &str, level: u8) -> Self {
        Self {
            cursor: Cursor::new(Plain::new(reader), false),
            source: source.to_owned(),
            home: String::new(),
            state: State::Start,
            ready: VecDeque::new(),
            directory: Directory::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            index: 0,
            passed_over: BTreeMap::new(),
            value_line: 1,
            level,
        }
    }

    /// Names the server that the source came from, such as
    /// `https://ehr.example/fhir`: relative references belong to it. Exports of
    /// two servers need it, since both may have a `Patient/1`.
    #[must_use]
    pub fn with_base(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.home);
        self
    }

    /// Returns how many resources were read so far, whatever became of them.
    pub const fn resources(&self) -> u64 {
        self.index
    }

    /// Returns how many resources of each type were passed over so far.
    pub const fn passed_over(&self) -> &BTreeMap<String, u64> {
        &self.passed_over
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
            .any(|ending| self.source.contains(ending));
        let bytes = self.cursor.ready()?;
        let first = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        self.cursor.lines = named && first.trim_ascii().len() > 1;
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
        self.resource(tape, place, None);
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
            self.resource(tape, place, full_url.filter(|url| !url.is_empty()));
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
                self.resource(tape, place, None);
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
        self.index += 1;
        self.reject(&format!(
            "is not an object at line {} column {}",
            place.line, place.column
        ));
        Ok(())
    }

    /// Ends a value: what waited is decided, and a first value that fills one
    /// line means that every line is one.
    fn after_value(&mut self) {
        self.decide_waiting();
        if self.cursor.place().line == self.value_line {
            self.cursor.lines = true;
        }
        self.state = State::Between;
    }

    fn resource(&mut self, tape: Tape, place: Place, full_url: Option<String>) {
        self.index += 1;
        if tape.too_large {
            let limit = MAX_VALUE_BYTES / (1024 * 1024);
            return self.reject(&format!("is larger than {limit} MiB"));
        }
        if self.cursor.too_deep() {
            return self.reject(&format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        let kind = first_type(&tape.bytes).map(str::to_owned);
        if let Some(kind) = &kind
            && kind != "Bundle"
            && !map::is_read(kind)
        {
            return self.pass_over(kind);
        }
        let Ok(text) = String::from_utf8(tape.bytes) else {
            return self.reject("is not UTF-8 text");
        };
        let Some(kind) = kind.or_else(|| self.late_type(&text, place)) else {
            return;
        };
        if kind == "Bundle" {
            self.inner_bundle(&text);
        } else if map::is_read(&kind) {
            self.directory
                .note(full_url.as_deref().unwrap_or_default(), &kind);
            let waiting = Waiting {
                text,
                full_url,
                place,
                index: self.index,
            };
            self.map(&kind, waiting, false);
        } else {
            self.pass_over(&kind);
        }
    }

    /// Reads the type of a resource whose first member is another.
    fn late_type(&mut self, text: &str, place: Place) -> Option<String> {
        let mut ctx = context(&self.source, &self.home, &self.directory, self.index);
        ctx.text = text;
        let head = map::head(&mut ctx, place);
        let kind = head.as_ref().and_then(|head| head.resource_type.get());
        let kind = kind.filter(|kind| is_type(kind)).cloned();
        if let (Some(head), None) = (&head, &kind) {
            ctx.reject(
                "resourceType",
                match missing(&head.resource_type) {
                    "is empty" => "is not the name of a type",
                    reason => reason,
                },
            );
        }
        if kind.is_none() {
            let problems = ctx.problems;
            self.ready.push_back(Item {
                record: None,
                problems,
            });
        }
        kind
    }

    fn map(&mut self, kind: &str, waiting: Waiting, last_try: bool) {
        let last_try = last_try || self.waiting_bytes + waiting.text.len() > MAX_WAITING_BYTES;
        let mut ctx = context(&self.source, &self.home, &self.directory, waiting.index);
        ctx.text = &waiting.text;
        ctx.full_url = waiting.full_url.as_deref();
        if let Some(base) = ctx.full_url.and_then(base_of) {
            base.clone_into(&mut ctx.base);
        }
        kind.clone_into(&mut ctx.reference);
        match map::resource(ctx, kind, waiting.place, last_try) {
            Outcome::Items(items) => self.ready.extend(items),
            Outcome::Nothing => self.pass_over(kind),
            Outcome::Later => {
                self.waiting_bytes += waiting.text.len();
                self.waiting.push(waiting);
            }
        }
    }

    fn decide_waiting(&mut self) {
        self.waiting_bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            self.map("Appointment", waiting, true);
        }
    }

    fn inner_bundle(&mut self, text: &str) {
        if self.level >= MAX_BUNDLES {
            return self.reject("is a Bundle inside too many Bundles");
        }
        let mut inner = Reader::new(text.as_bytes(), &self.source, self.level + 1);
        inner.home.clone_from(&self.home);
        // The Bundle is no resource of its own; its entries count on from here.
        inner.index = self.index - 1;
        self.ready.extend(inner.by_ref());
        self.index = inner.index;
        for (kind, count) in inner.passed_over {
            *self.counter(&kind) += count;
        }
    }

    fn counter(&mut self, kind: &str) -> &mut u64 {
        let known = self.passed_over.contains_key(kind);
        let name = if known || self.passed_over.len() < MAX_TYPES {
            kind
        } else {
            "other"
        };
        self.passed_over.entry(name.to_owned()).or_default()
    }

    fn pass_over(&mut self, kind: &str) {
        *self.counter(kind) += 1;
        self.ready.push_back(Item {
            record: None,
            problems: Vec::new(),
        });
    }

    fn reject(&mut self, reason: &str) {
        let position = Position::Resource {
            index: self.index,
            reference: String::new(),
        };
        self.tell(position, reason);
    }

    /// Notes that the structure around resources is not JSON.
    fn broken(&mut self) {
        self.index += 1;
        let Place { line, column } = self.cursor.place();
        self.reject(&format!("is not valid JSON at line {line} column {column}"));
    }

    fn junk(&mut self, reason: &str) {
        let line = self.cursor.place().line;
        self.tell(Position::Line(line), reason);
    }

    fn tell(&mut self, position: Position, reason: &str) {
        self.ready.push_back(Item {
            record: None,
            problems: vec![Problem {
                source: self.source.clone(),
                position,
                field: String::new(),
                reason: reason.to_owned(),
                severity: Severity::Rejected,
            }],
        });
    }

    /// Recovers from a fault, or gives the source up.
    fn fail(&mut self, fault: Fault) {
        self.cursor.take_tape();
        let Place { line, column } = self.cursor.place();
        match fault {
            Fault::Io(error) => {
                self.decide_waiting();
                self.ready.push_back(Item {
                    record: None,
                    problems: vec![unreadable(&self.source, &error)],
                });
                self.state = State::Finished;
            }
            Fault::LineEnd => {
                self.index += 1;
                self.reject(&format!(
                    "is not valid JSON: line {line} ends inside a value"
                ));
                self.decide_waiting();
                self.state = State::Between;
            }
            Fault::End | Fault::Unexpected => {
                self.index += 1;
                self.reject(&if matches!(fault, Fault::End) {
                    format!("is not valid JSON: the text ends inside a value that began at or after line {}", self.value_line)
                } else {
                    format!("is not valid JSON at line {line} column {column}")
                });
                self.decide_waiting();
                self.state = State::Finished;
                if self.cursor.lines && matches!(fault, Fault::Unexpected) {
                    self.state = State::Between;
                }
            }
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
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

fn context<'c>(
    source: &'c str,
    home: &'c str,
    directory: &'c Directory,
    index: u64,
) -> Context<'c> {
    Context {
        source,
        index,
        reference: String::new(),
        base: home.to_owned(),
        home,
        full_url: None,
        directory,
        text: "",
        inner: Vec::new(),
        problems: Vec::new(),
    }
}

/// Returns the type where it is the first member, which spares a parse.
fn first_type(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"{")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"resourceType\"")?.trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"")?;
    let end = rest.iter().take(65).position(|byte| *byte == b'"')?;
    let kind = std::str::from_utf8(rest.get(..end)?).ok()?;
    is_type(kind).then_some(kind)
}
