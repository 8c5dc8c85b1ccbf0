//! HL7 v2 in and out: registrations (ADT), scheduling (SIU), referrals and
//! orders (REF, ORM, OMG), reports (MDM), charges (DFT).
//!
//! The way of a message: [`split()`] cuts it out of a file, [`read_message`]
//! decodes it, cuts it into fields and maps it to records; an MLLP listener
//! begins at [`read_message`] and answers with [`ack()`]. [`write()`] is the way
//! back.
//!
//! Everything else (results, vaccinations, pharmacy, billing accounts, master
//! files, queries) is counted and left alone: a practice's relationship with a
//! patient needs none of it, and what is not kept cannot leak. So are
//! acknowledgements, blocked slots and orders that are not for therapy.
//!
//! *Source*: HL7 v2.3 to v2.8, read tolerantly.

mod ack;
mod adt;
mod charset;
mod control;
mod document;
mod escape;
mod ids;
pub(crate) mod names;
mod notes;
mod patient;
mod referral;
mod split;
mod stamp;
mod status;
mod telecom;
mod visit;
mod wire;
mod write;

use std::collections::BTreeMap;
use std::io::Read;

pub use ack::{AckCode, ack};
pub use control::{AckWhen, Control, Endpoint};
pub use split::{MAX_MESSAGE_BYTES, Piece, Split, split};
pub use visit::VISIT_NUMBER;
pub use wire::{Delimiters, MAX_SEGMENTS, Segment, Value, Wire};
pub use write::{Envelope, Outgoing, write};

use crate::Item;
use crate::field::Names;
use crate::problem::{Position, Problem, Severity};
use notes::Notes;

/// Why a message that could be read gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// An answer to a message of somebody's.
    Acknowledgement,
    /// A closed slot, or a place on a waiting list.
    NoVisit,
    /// An order for something other than therapy.
    OtherOrder,
    /// A type or trigger that Tendon has no use for.
    Unused,
}

impl Skip {
    /// Returns the word used in import reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::NoVisit => "no_visit",
            Self::OtherOrder => "other_order",
            Self::Unused => "unused",
        }
    }
}

/// One message, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it says about itself; everything empty where there was no `MSH`.
    pub control: Control,
    /// What it holds, in its order; a rejection is an item without a record.
    pub items: Vec<Item>,
    /// Why it holds nothing, where that is as it should be.
    pub skipped: Option<Skip>,
}

impl Message {
    /// Tells whether something had to be rejected, which is answered with `AE`.
    pub fn is_rejected(&self) -> bool {
        let rejected = |problem: &Problem| problem.severity == Severity::Rejected;
        self.items
            .iter()
            .any(|item| item.problems.iter().any(rejected))
    }
}

/// Reads one message, without MLLP frame. `source` and `index` (from 1) say in
/// problems where it came from.
pub fn read_message(bytes: &[u8], source: &str, index: u64) -> Message {
    let mut notes = Notes::new(source, index);
    let decoded = charset::decode(bytes);
    let Some(wire) = Wire::parse(&decoded.text) else {
        notes.reject("MSH-1", "message does not begin with an MSH segment");
        return Message {
            control: Control::default(),
            items: placed(vec![notes.item(None)], index),
            skipped: None,
        };
    };
    if decoded.guessed {
        notes.ignore(
            "MSH-18",
            "text is not in the declared character set; it was read as windows-1252",
        );
    }
    let control = Control::read(&wire);
    let (items, skipped) = match map(&wire, &control, &mut notes) {
        Ok(items) => (placed(items, index), None),
        Err(skip) => (Vec::new(), Some(skip)),
    };
    Message {
        control,
        items,
        skipped,
    }
}

/// Says of the items of a message where they stand.
fn placed(mut items: Vec<Item>, index: u64) -> Vec<Item> {
    for item in &mut items {
        item.names = Names::Hl7;
        item.position = Position::Message {
            index,
            segment: String::new(),
        };
    }
    items
}

/// Hands a message to the reader of its type.
fn map(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Result<Vec<Item>, Skip> {
    if wire.is_overfull() {
        notes.reject(
            "MSH-1",
            format!("message has more than {MAX_SEGMENTS} segments"),
        );
        return Ok(vec![notes.item(None)]);
    }
    match control.message_type.as_str() {
        "ADT" => adt::read(wire, control, notes),
        "SIU" => visit::read(wire, control, notes),
        "REF" => referral::read_referral(wire, control, notes),
        "ORM" | "OMG" => referral::read_orders(wire, control, notes),
        "MDM" => Ok(document::read_report(wire, control, notes)),
        "DFT" => Ok(document::read_charges(wire, control, notes)),
        "ACK" | "MCF" => Err(Skip::Acknowledgement),
        "" => {
            notes.reject("MSH-9", "is empty: the message has no type");
            Ok(vec![notes.item(None)])
        }
        _ => Err(Skip::Unused),
    }
}

/// Reads a stream of messages, one item at a time; see [`split()`].
///
/// # Example
///
/// ```
/// let file: &[u8] = b"MSH|^~\\&|EHR|CLINIC|||||ADT^A08\rPID|1||7||Reed^Sam\r";
/// let mut reader = tendon_exchange::hl7::read(file, "feed.hl7");
/// assert_eq!(reader.next().unwrap().record.unwrap().kind(), "patient");
/// assert!(reader.next().is_none());
/// assert_eq!(reader.tally().messages, 1);
/// ```
pub fn read<R: Read>(reader: R, source: &str) -> Reader<R> {
    Reader {
        pieces: split(reader),
        source: source.to_owned(),
        tally: Tally::default(),
        ready: Vec::new().into_iter(),
    }
}

/// What a reader has met so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages in all.
    pub messages: u64,
    /// Messages by type and trigger (`ADT^A08`); what has no such form is `other`.
    pub by_type: BTreeMap<String, u64>,
    /// Messages that gave nothing, by reason.
    pub skipped: BTreeMap<Skip, u64>,
}

impl Tally {
    fn count(&mut self, message: &Message) {
        let Control {
            message_type,
            trigger,
            ..
        } = &message.control;
        // A broken message may hold anything in MSH-9, and the tally is printed.
        let is_code =
            |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let name = match (is_code(message_type), is_code(trigger)) {
            (true, true) => format!("{message_type}^{trigger}"),
            (true, false) => message_type.clone(),
            (false, _) => "other".to_owned(),
        };
        *self.by_type.entry(name).or_default() += 1;
        if let Some(skip) = message.skipped {
            *self.skipped.entry(skip).or_default() += 1;
        }
    }
}

/// The iterator behind [`read()`].
#[derive(Debug)]
pub struct Reader<R> {
    pieces: Split<R>,
    source: String,
    tally: Tally,
    ready: std::vec::IntoIter<Item>,
}

impl<R> Reader<R> {
    /// Returns what was met so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    fn problem(&self, field: &str, reason: String, severity: Severity) -> Item {
        let segment = field.split('-').next().unwrap_or_default();
        Item::problem(Problem {
            source: self.source.clone(),
            position: Position::Message {
                index: self.tally.messages,
                segment: segment.to_owned(),
            },
            field: field.to_owned(),
            reason,
            severity,
        })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(item);
            }
            let item = match self.pieces.next()? {
                Piece::Message(bytes) => {
                    self.tally.messages += 1;
                    let message = read_message(&bytes, &self.source, self.tally.messages);
                    self.tally.count(&message);
                    self.ready = message.items.into_iter();
                    continue;
                }
                Piece::Stray => self.problem(
                    "MSH-1",
                    "lines after this message belong to no MSH segment".to_owned(),
                    Severity::Rejected,
                ),
                Piece::TooLong => {
                    self.tally.messages += 1;
                    let reason = format!("message is longer than {MAX_MESSAGE_BYTES} bytes");
                    self.problem("MSH-1", reason, Severity::Rejected)
                }
                Piece::Miscount { said, found } => {
                    let reason = format!("counts {said} messages where {found} were found");
                    self.problem("BTS-1", reason, Severity::Ignored)
                }
                Piece::Broken(kind) => {
                    let reason = format!("source could not be read to its end: {kind}");
                    self.problem("MSH-1", reason, Severity::Rejected)
                }
            };
            return Some(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(file: &[u8]) -> (Vec<Item>, Tally) {
        let mut reader = read(file, "feed");
        let items = reader.by_ref().collect();
        (items, reader.tally().clone())
    }

    #[test]
    fn everything_is_counted_and_what_is_unused_gives_nothing() {
        let (found, tally) = items(
            b"MSH|^~\\&|||||||ACK^A01|1\rMSA|AA|1\r\
              MSH|^~\\&|||||||ORU^R01|2\rPID|||7\r\
              MSH|^~\\&|||||||SIU^S23|3\rSCH||1\r\
              MSH|^~\\&|||||||ORM^O01|4\rOBR|1|||CT\r\
              MSH|^~\\&|||||||Jane Doe|5\r\
              MSH|^~\\&|||||||ADT^A08|6\rPID|||7\r",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(tally.messages, 6);
        assert_eq!(tally.by_type.get("ADT^A08"), Some(&1));
        assert_eq!(tally.by_type.get("other"), Some(&1));
        let skipped: Vec<_> = tally.skipped.iter().map(|(s, n)| (s.word(), *n)).collect();
        assert_eq!(
            skipped,
            [
                ("acknowledgement", 1),
                ("no_visit", 1),
                ("other_order", 1),
                ("unused", 2)
            ]
        );
    }

    #[test]
    fn one_broken_message_costs_only_itself() {
        let (found, _) = items(
            b"stray\rMSH|^~\\&|||||||ADT^A08|1\rPID|||7||Reed^Sam||1980\r\
              MSH|^~\\&|||||||ADT^A08|2\rPID|||\rMSH|^~\\&\rBTS|9\r\
              MSH|^~\\&|||||||ADT^A08|4\rPID|||8||Mu\xF1oz\r",
        );
        let told: Vec<_> = found
            .iter()
            .flat_map(|item| &item.problems)
            .map(|p| {
                format!(
                    "{} {} {}: {}",
                    p.position,
                    p.field,
                    p.severity.word(),
                    p.reason
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "message 0 MSH MSH-1 rejected: lines after this message belong to no MSH segment",
                "message 1 PID PID-7 ignored: names no day",
                "message 2 PID PID-3 rejected: is empty: the patient has no number",
                "message 3 MSH MSH-9 rejected: is empty: the message has no type",
                "message 3 BTS BTS-1 ignored: counts 9 messages where 3 were found",
                "message 4 MSH MSH-18 ignored: text is not in the declared character set; it was read as windows-1252",
            ]
        );
        let kinds: Vec<_> = found.iter().filter_map(|i| i.record.as_ref()).collect();
        assert_eq!(kinds.len(), 2);
    }

    #[test]
    fn a_listener_learns_what_to_answer() {
        let good = read_message(b"MSH|^~\\&|A|||||||7\rEVN|A08", "link", 1);
        assert!(good.is_rejected(), "a message without a type is not taken");
        let good = read_message(b"MSH|^~\\&|A||||||ADT^A08|7\nPID|||7\n", "link", 1);
        assert!(!good.is_rejected());
        assert_eq!(good.control.control_id, "7");
        let none = read_message(b"GET / HTTP/1.1", "link", 2);
        assert!(none.is_rejected());
        assert_eq!(none.control, Control::default());
    }
}
