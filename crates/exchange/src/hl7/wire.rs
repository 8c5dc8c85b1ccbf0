//! The grammar of HL7 v2: delimiters, segments, fields and their parts.
//!
//! One idea: a message is cut into fields once, into one flat list of slices,
//! and everything below a field is cut only when somebody asks for it. Nothing
//! is ever refused here except a text without `MSH`.
//!
//! Why not `hl7-parser`: on our corpus of 589 real and broken messages version
//! 0.3 refused 29 (byte order marks, `FHS` batches, short `MSH-2`) and silently
//! ended 19 others at the first line that is no segment (a line break inside a
//! comment), and it parses 32,000 messages a second where we need 50,000. It
//! stays a development dependency: a test holds both parsers to the same answer
//! on well-formed messages.
//!
//! *Source*: HL7 v2.5.1 chapter 2, §2.5 (message construction), §2.7 (escapes).

use std::borrow::Cow;

use super::escape::unescape;

/// The five characters that give a message its structure (MSH-1 and MSH-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields.
    pub field: char,
    /// Between components.
    pub component: char,
    /// Between repetitions.
    pub repetition: char,
    /// Around escapes; `None` for senders that declare none.
    pub escape: Option<char>,
    /// Between subcomponents.
    pub subcomponent: char,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            field: '|',
            component: '^',
            repetition: '~',
            escape: Some('\\'),
            subcomponent: '&',
        }
    }
}

impl Delimiters {
    /// Reads MSH-2 as senders write it.
    ///
    /// *Missing*: what is absent, or a letter or digit that would cut values in
    /// the middle, is replaced by the recommended character. Two slips of real
    /// senders are understood: `^~&` (no escape) and `^~\\&` (escape doubled by
    /// a string literal).
    fn declared(field: char, msh_2: &str) -> Self {
        let standard = Self {
            field,
            ..Self::default()
        };
        let mut chars = msh_2.chars().filter(|c| !c.is_whitespace());
        let mut next = |otherwise: char| match chars.next() {
            Some(c) if !c.is_alphanumeric() && c != field => c,
            _ => otherwise,
        };
        let component = next('^');
        let repetition = next('~');
        let escape = next('\\');
        if escape == '&' {
            return Self {
                component,
                repetition,
                escape: None,
                ..standard
            };
        }
        let subcomponent = match next('&') {
            doubled if doubled == escape => next('&'),
            single => single,
        };
        Self {
            field,
            component,
            repetition,
            escape: Some(escape),
            subcomponent,
        }
    }
}

/// The most segments that a message may have: scans split over `OBX` have
/// thousands, and nothing else comes near.
pub const MAX_SEGMENTS: usize = 20_000;

/// The fields of a segment that are told apart; no segment of the standard has
/// half as many. The last one holds whatever follows.
const MAX_FIELDS: usize = 256;

/// The repetitions of a field that are read. Together the three limits bound
/// memory and work for a message that was made to hurt.
const MAX_REPETITIONS: usize = 64;

/// A message cut into segments and fields; everything borrows from its text.
pub struct Wire<'a> {
    delimiters: Delimiters,
    /// The fields of all segments, one after the other.
    fields: Vec<&'a str>,
    segments: Vec<Span<'a>>,
    overfull: bool,
}

/// Where a segment's fields lie in the flat list.
struct Span<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Wire<'a> {
    /// Cuts a text that begins with `MSH`; segments may end in CR, LF or both.
    ///
    /// A line that is no segment belongs to the one before: free text with line
    /// breaks in it is common and must not cost the rest of the message.
    /// `None` when there is no `MSH` with a delimiter after it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = trim_junk(text);
        let field = text.strip_prefix("MSH")?.chars().next()?;
        if field.is_alphanumeric() || field.is_control() {
            return None;
        }
        let msh_2 = text.get(3 + field.len_utf8()..)?;
        let msh_2 = msh_2.split([field, '\r', '\n']).next().unwrap_or_default();
        let mut wire = Self {
            delimiters: Delimiters::declared(field, msh_2),
            fields: Vec::with_capacity(128),
            segments: Vec::with_capacity(12),
            overfull: false,
        };
        let mut open: Option<(usize, usize)> = None;
        let mut at = 0;
        for line in Lines(text) {
            let begin = at;
            at += line.len() + 1;
            let lead = line.len() - trim_junk(line).len();
            let end = begin + line.len();
            if is_segment(trim_junk(line), field) {
                wire.close(text, open);
                open = Some((begin + lead, end));
            } else if lead < line.len() {
                open = open.map(|(start, _)| (start, end));
            }
        }
        wire.close(text, open);
        Some(wire)
    }

    /// Returns the delimiters in force.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Tells whether the message has more than [`MAX_SEGMENTS`], of which only
    /// the first were kept.
    pub const fn is_overfull(&self) -> bool {
        self.overfull
    }

    /// Returns the first segment of that name.
    pub fn first(&self, name: &str) -> Option<Segment<'a, '_>> {
        self.segments().find(|segment| segment.name == name)
    }

    /// Returns a field of the first segment of that name; empty where there is none.
    pub fn field(&self, name: &str, n: usize) -> Value<'a> {
        self.first(name)
            .map_or(Value::empty(self.delimiters), |segment| segment.field(n))
    }

    /// Walks the segments in their order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a, '_>> {
        self.segments.iter().map(|span| Segment {
            name: span.name,
            fields: self.fields.get(span.start..span.end).unwrap_or_default(),
            delimiters: self.delimiters,
        })
    }

    fn close(&mut self, text: &'a str, open: Option<(usize, usize)>) {
        let Some(line) = open.and_then(|(start, end)| text.get(start..end)) else {
            return;
        };
        if self.segments.len() == MAX_SEGMENTS {
            self.overfull = true;
            return;
        }
        let start = self.fields.len();
        let name = line.get(..3).unwrap_or(line);
        let body = line.get(3..).unwrap_or_default();
        let field_len = self.delimiters.field.len_utf8();
        if name == "MSH" {
            // MSH-1 is the delimiter itself, so that MSH-2 is field two.
            self.fields.push(body.get(..field_len).unwrap_or_default());
        }
        if let Some(rest) = body.get(field_len..) {
            let fields = rest.splitn(MAX_FIELDS, self.delimiters.field);
            self.fields.extend(fields);
        }
        self.segments.push(Span {
            name,
            start,
            end: self.fields.len(),
        });
    }
}

/// Walks lines that end in CR or LF; both are one byte, so that positions add up.
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let end = self
            .0
            .bytes()
            .position(|b| b == b'\r' || b == b'\n')
            .unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

fn trim_junk(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_control() || c == ' ' || c == '\u{feff}')
}

fn is_segment(line: &str, field: char) -> bool {
    let Some((name, rest)) = line.split_at_checked(3) else {
        return false;
    };
    let mut letters = name.bytes();
    letters.next().is_some_and(|b| b.is_ascii_uppercase())
        && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && (rest.is_empty() || rest.starts_with(field))
}

/// One line of a message.
#[derive(Clone, Copy)]
pub struct Segment<'a, 'w> {
    /// The three letters, such as `PID`.
    pub name: &'a str,
    fields: &'w [&'a str],
    delimiters: Delimiters,
}

impl<'a> Segment<'a, '_> {
    /// Returns a field by its number in the standard (PID-3 is 3); empty where absent.
    pub fn field(&self, n: usize) -> Value<'a> {
        let raw = n
            .checked_sub(1)
            .and_then(|index| self.fields.get(index))
            .copied()
            .unwrap_or_default();
        Value {
            raw: raw.trim(),
            delimiters: self.delimiters,
        }
    }
}

/// A field, a repetition, a component or a subcomponent: still encoded, trimmed.
///
/// It has no `Debug`, since it may hold anything about a person.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    raw: &'a str,
    delimiters: Delimiters,
}

impl<'a> Value<'a> {
    const fn empty(delimiters: Delimiters) -> Self {
        Self {
            raw: "",
            delimiters,
        }
    }

    /// Tells whether nothing was said: leave what is stored.
    pub const fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Tells whether the sender wrote `""`: clear what is stored.
    pub fn is_null(self) -> bool {
        self.raw == "\"\""
    }

    /// Tells whether there is a value to read.
    pub fn is_present(self) -> bool {
        !self.is_empty() && !self.is_null()
    }

    /// Returns the repetitions that say something, 64 at most.
    pub fn repetitions(self) -> impl Iterator<Item = Value<'a>> {
        self.raw
            .split(self.delimiters.repetition)
            .map(move |raw| self.part(raw))
            .filter(|value| !value.is_empty())
            .take(MAX_REPETITIONS)
    }

    /// Returns a component of the first repetition, counted from 1.
    #[must_use]
    pub fn component(self, n: usize) -> Value<'a> {
        let first = nth(self.raw, self.delimiters.repetition, 1);
        self.part(nth(first, self.delimiters.component, n))
    }

    /// Returns a subcomponent, counted from 1.
    #[must_use]
    pub fn subcomponent(self, n: usize) -> Value<'a> {
        self.part(nth(self.raw, self.delimiters.subcomponent, n))
    }

    /// Returns the decoded text; empty for an absent or cleared value.
    pub fn text(self) -> Cow<'a, str> {
        if self.is_null() {
            return Cow::Borrowed("");
        }
        unescape(self.raw, self.delimiters)
    }

    /// Returns the decoded text, if there is any.
    pub fn some(self) -> Option<String> {
        Some(self.text().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Compares the decoded text with one of the words, ignoring ASCII case.
    pub fn is_one_of(self, words: &[&str]) -> bool {
        let text = self.text();
        words.iter().any(|word| text.eq_ignore_ascii_case(word))
    }

    fn part(self, raw: &'a str) -> Value<'a> {
        Value {
            raw: raw.trim(),
            delimiters: self.delimiters,
        }
    }
}

fn nth(raw: &str, delimiter: char, n: usize) -> &str {
    n.checked_sub(1)
        .and_then(|index| raw.split(delimiter).nth(index))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_count_as_in_the_standard() {
        let wire = Wire::parse("MSH|^~\\&|APP|FAC\rPID|1||7^^^A&1.2&ISO^MR~8||Reed^Sam").unwrap();
        assert_eq!(wire.field("MSH", 1).text(), "|");
        assert_eq!(wire.field("MSH", 2).raw, "^~\\&");
        assert_eq!(wire.field("MSH", 3).text(), "APP");
        let ids: Vec<_> = wire.field("PID", 3).repetitions().collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0].component(4).subcomponent(2).text(), "1.2");
        assert_eq!(ids[1].component(1).text(), "8");
        assert_eq!(wire.field("PID", 5).component(2).text(), "Sam");
        assert!(wire.field("PID", 99).is_empty());
        assert!(wire.field("NK1", 1).is_empty());
    }

    #[test]
    fn line_ends_may_be_mixed_and_text_may_hold_line_breaks() {
        let text = "MSH|^~\\&|A\r\nPID|1\n\nNTE|1||first line\nsecond | line\r  OBX|1\rZAB";
        let wire = Wire::parse(text).unwrap();
        let names: Vec<_> = wire.segments().map(|s| s.name).collect();
        assert_eq!(names, ["MSH", "PID", "NTE", "OBX", "ZAB"]);
        assert_eq!(wire.field("NTE", 3).text(), "first line\nsecond");
    }

    #[test]
    fn odd_delimiters_are_understood() {
        let read = |msh: &str| Wire::parse(msh).map(|wire| wire.delimiters());
        let standard = Delimiters::default();
        assert_eq!(read("MSH|^~\\&|"), Some(standard));
        assert_eq!(read("MSH|^~\\&#|"), Some(standard));
        assert_eq!(read("MSH||"), Some(standard));
        assert_eq!(read("MSH|0000|"), Some(standard));
        assert_eq!(read("MSH|^~\\\\&|"), Some(standard));
        let no_escape = Delimiters {
            escape: None,
            ..standard
        };
        assert_eq!(read("MSH|^~&|"), Some(no_escape));
        let other = read("MSH$%~\\&$").unwrap();
        assert_eq!((other.field, other.component), ('$', '%'));
        assert_eq!(read("MSH"), None);
        assert_eq!(read("MSHA"), None);
        assert_eq!(read("PID|1"), None);
    }

    #[test]
    fn a_message_made_to_hurt_stays_small() {
        let fields = format!("MSH|^~\\&{}", "|x".repeat(100_000));
        let wire = Wire::parse(&fields).unwrap();
        assert!(wire.fields.len() <= MAX_FIELDS + 1);
        let segments = format!("MSH|^~\\&\r{}", "PID|1\r".repeat(MAX_SEGMENTS));
        let wire = Wire::parse(&segments).unwrap();
        assert!(wire.is_overfull());
        assert_eq!(wire.segments().count(), MAX_SEGMENTS);
        let repeats = format!("MSH|^~\\&|{}", "x~".repeat(100_000));
        let wire = Wire::parse(&repeats).unwrap();
        assert_eq!(wire.field("MSH", 3).repetitions().count(), MAX_REPETITIONS);
        assert!(!wire.is_overfull());
    }

    #[test]
    fn null_is_not_empty() {
        let wire = Wire::parse("MSH|^~\\&|\"\"||x").unwrap();
        let (null, empty) = (wire.field("MSH", 3), wire.field("MSH", 4));
        assert!(null.is_null() && !null.is_empty() && !null.is_present());
        assert!(empty.is_empty() && !empty.is_null());
        assert_eq!(null.text(), "");
        assert_eq!(null.some(), None);
        assert!(wire.field("MSH", 5).is_one_of(&["X"]));
    }

    #[test]
    fn well_formed_messages_are_cut_as_by_the_library() {
        let text = "MSH|^~\\&|EHR|CLINIC|TENDON|CLINIC|20260301101500||ADT^A08^ADT_A01|7|P|2.5.1\r\
                    EVN|A08|20260301101500\r\
                    PID|1||7^^^A&1.2&ISO^MR~8^^^B^PI||Reed^Sam^T^Jr||19800229|M|||^^^IL^60601\r\
                    NK1|1|Reed^Ann|SPO^Spouse||^PRN^PH^^1^312^5550142";
        let ours = Wire::parse(text).unwrap();
        let theirs = hl7_parser::Message::parse(text).unwrap();
        assert_eq!(ours.segments().count(), theirs.segments().count());
        for (our, their) in ours.segments().zip(theirs.segments()) {
            assert_eq!(our.name, their.name);
            assert_eq!(our.fields.len(), their.fields().count());
            for (n, field) in their.fields().enumerate() {
                assert_eq!(our.field(n + 1).raw, field.raw_value(), "{}-{n}", our.name);
                if (our.name, n) == ("MSH", 1) {
                    // The delimiters themselves have no parts.
                    continue;
                }
                for (r, repeat) in our.field(n + 1).repetitions().zip(field.repeats()) {
                    for (c, component) in repeat.components().enumerate() {
                        assert_eq!(r.component(c + 1).raw, component.raw_value());
                    }
                }
            }
        }
    }
}
