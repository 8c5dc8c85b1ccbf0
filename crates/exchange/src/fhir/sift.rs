//! What happens to a resource once it is cut out: named, counted, mapped, kept
//! waiting, or passed over.

use std::collections::{BTreeMap, VecDeque};

use crate::Item;
use crate::problem::{Position, Problem, Severity};

use super::context::{Context, missing};
use super::cursor::{MAX_DEPTH, MAX_VALUE_BYTES, Place, Tape};
use super::map::{self, Outcome};
use super::read::Reader;
use super::reference::{Directory, base_of, is_type};

/// A Bundle inside a Bundle inside a Bundle is nobody's export.
const MAX_BUNDLES: u8 = 3;

/// So many different types are counted by name; a hostile source has more.
const MAX_TYPES: usize = 256;

/// So much text of Appointments may wait for their actors to be introduced.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;

/// The items of one source, with all that is remembered between resources.
pub(super) struct Sift {
    pub(super) source: String,
    pub(super) home: String,
    pub(super) ready: VecDeque<Item>,
    pub(super) index: u64,
    pub(super) passed_over: BTreeMap<String, u64>,
    directory: Directory,
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
    level: u8,
}

/// An Appointment whose actors the Bundle has not introduced yet.
struct Waiting {
    text: String,
    full_url: Option<String>,
    place: Place,
    index: u64,
}

impl Sift {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            home: String::new(),
            ready: VecDeque::new(),
            index: 0,
            passed_over: BTreeMap::new(),
            directory: Directory::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            level: 0,
        }
    }

    pub(super) fn resource(&mut self, tape: Tape, place: Place, full_url: Option<String>) {
        self.index += 1;
        if tape.too_large {
            let limit = MAX_VALUE_BYTES / (1024 * 1024);
            return self.reject(&format!("is larger than {limit} MiB"));
        }
        if tape.too_deep {
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
            self.ready.extend(problems.into_iter().map(Item::problem));
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

    pub(super) fn decide_waiting(&mut self) {
        self.waiting_bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            self.map("Appointment", waiting, true);
        }
    }

    fn inner_bundle(&mut self, text: &str) {
        if self.level >= MAX_BUNDLES {
            return self.reject("is a Bundle inside too many Bundles");
        }
        let mut inner = Self::new(&self.source);
        inner.home.clone_from(&self.home);
        inner.level = self.level + 1;
        // The Bundle is no resource of its own; its entries count on from here.
        inner.index = self.index - 1;
        let mut reader = Reader::new(text.as_bytes(), inner);
        self.ready.extend(reader.by_ref());
        let inner = reader.into_sift();
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
        self.ready.push_back(Item::default());
    }

    /// Notes that the resource just counted cannot be used.
    pub(super) fn reject(&mut self, reason: &str) {
        let position = Position::Resource {
            index: self.index,
            reference: String::new(),
        };
        self.tell(position, reason);
    }

    pub(super) fn tell(&mut self, position: Position, reason: &str) {
        self.push_problem(Problem {
            source: self.source.clone(),
            position,
            field: String::new(),
            reason: reason.to_owned(),
            severity: Severity::Rejected,
        });
    }

    /// Yields a problem that stands alone.
    pub(super) fn push_problem(&mut self, problem: Problem) {
        self.ready.push_back(Item::problem(problem));
    }
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
        teller: None,
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
