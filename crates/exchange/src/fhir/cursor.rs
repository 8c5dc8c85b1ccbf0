//! A pull cursor over a stream of JSON that never holds the document.
//!
//! The one idea: brackets and quotes are enough to find where a value ends, so
//! a Bundle of any size is cut into resources with a buffer of 64 KiB, and a
//! broken entry ends where its brackets close. The values that are kept are
//! checked by serde_json afterwards. *Source*: RFC 8259.

use std::io::{self, Read};

const BUFFER_BYTES: usize = 64 * 1024;

/// The largest resource that is kept; a scanned PDF inside a DocumentReference fits.
pub(super) const MAX_VALUE_BYTES: usize = 32 * 1024 * 1024;

/// The deepest nesting that is read. R4's own examples stay below 30.
pub(super) const MAX_DEPTH: u32 = 100;

/// A longer name of a member is no name that FHIR has.
const MAX_KEY_BYTES: usize = 256;

/// Where in the text, both from 1; the column counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// Why a value could not be cut out.
#[derive(Debug)]
pub(super) enum Fault {
    /// The stream itself failed, such as a damaged gzip file.
    Io(io::Error),
    /// The text ends inside a value.
    End,
    /// A line of NDJSON ends inside a value.
    LineEnd,
    /// A character that cannot stand here.
    Unexpected,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a kept value looked like from outside.
#[derive(Default)]
pub(super) struct Tape {
    /// Its bytes; incomplete where it is too large.
    pub(super) bytes: Vec<u8>,
    /// Larger than [`MAX_VALUE_BYTES`].
    pub(super) too_large: bool,
    /// Nested deeper than [`MAX_DEPTH`].
    pub(super) too_deep: bool,
}

/// Reads forward only. `lines` makes a line break inside a value a fault, which
/// is how one broken line of NDJSON leaves the next one readable. It holds
/// people's data, so it has no `Debug`.
pub(super) struct Cursor<R> {
    reader: R,
    buffer: Vec<u8>,
    next: usize,
    filled: usize,
    consumed: u64,
    line: u64,
    line_start: u64,
    deepest: u32,
    tape: Option<Tape>,
    pub(super) lines: bool,
}

/// The bracket counter between two chunks.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    depth: u32,
    in_text: bool,
    escaped: bool,
}

enum Scanned {
    Ended(usize),
    Broken(usize),
    More,
}

impl<R: Read> Cursor<R> {
    pub(super) fn new(reader: R, lines: bool) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER_BYTES],
            next: 0,
            filled: 0,
            consumed: 0,
            line: 1,
            line_start: 0,
            deepest: 0,
            tape: None,
            lines,
        }
    }

    pub(super) fn place(&self) -> Place {
        Place {
            line: self.line,
            column: self.consumed - self.line_start + 1,
        }
    }

    /// Returns the bytes that are ready, reading more when there are none;
    /// empty at the end.
    pub(super) fn ready(&mut self) -> io::Result<&[u8]> {
        while self.next == self.filled {
            match self.reader.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => {
                    self.next = 0;
                    self.filled = count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.get(self.next..self.filled).unwrap_or_default())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.ready()?.first().copied())
    }

    /// Passes over bytes without line breaks.
    fn pass(&mut self, count: usize) {
        let end = self.next + count;
        if let (Some(tape), Some(bytes)) = (&mut self.tape, self.buffer.get(self.next..end)) {
            if tape.bytes.len() + bytes.len() > MAX_VALUE_BYTES {
                tape.too_large = true;
            } else if !tape.too_large {
                tape.bytes.extend_from_slice(bytes);
            }
        }
        self.next = end;
        self.consumed += count as u64;
    }

    pub(super) fn bump(&mut self) {
        let newline = self.buffer.get(self.next) == Some(&b'\n');
        self.pass(1);
        if newline {
            self.line += 1;
            self.line_start = self.consumed;
        }
    }

    /// Skips white space between values and returns the next byte without
    /// taking it; `None` at the end.
    pub(super) fn skip_space(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.bump(),
                other => return Ok(other),
            }
        }
    }

    /// Skips white space inside a value: its end is a fault there, and so is
    /// the end of the line in NDJSON.
    pub(super) fn next_inside(&mut self) -> Result<u8, Fault> {
        loop {
            match self.peek()? {
                None => return Err(Fault::End),
                Some(b'\n') if self.lines => return Err(Fault::LineEnd),
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.bump(),
                Some(byte) => return Ok(byte),
            }
        }
    }

    /// Takes one byte if it is the one given.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.next_inside()? != wanted {
            return Err(Fault::Unexpected);
        }
        self.bump();
        Ok(())
    }

    /// Starts to keep what is passed over.
    pub(super) fn start_tape(&mut self) {
        self.deepest = 0;
        self.tape = Some(Tape::default());
    }

    /// Stops, and returns what was kept.
    pub(super) fn take_tape(&mut self) -> Tape {
        Tape {
            too_deep: self.deepest > MAX_DEPTH,
            ..self.tape.take().unwrap_or_default()
        }
    }

    /// Reads a short text: a key, a type or a URL. Longer ones come back empty,
    /// and so do those with an escape that is not valid.
    pub(super) fn text(&mut self) -> Result<String, Fault> {
        self.expect(b'"')?;
        let mut raw = vec![b'"'];
        let mut escaped = false;
        loop {
            let byte = match self.peek()? {
                None => return Err(Fault::End),
                Some(b'\n') if self.lines => return Err(Fault::LineEnd),
                Some(byte) => byte,
            };
            self.bump();
            if raw.len() <= MAX_KEY_BYTES {
                raw.push(byte);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => break,
                _ => {}
            }
        }
        Ok(serde_json::from_slice(&raw).unwrap_or_default())
    }

    /// Passes over one whole value.
    pub(super) fn skip_value(&mut self) -> Result<(), Fault> {
        match self.next_inside()? {
            b'{' | b'[' | b'"' => self.finish(0),
            b'}' | b']' | b',' | b':' => Err(Fault::Unexpected),
            _ => self.skip_scalar(),
        }
    }

    fn skip_scalar(&mut self) -> Result<(), Fault> {
        while let Some(byte) = self.peek()? {
            if matches!(
                byte,
                b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'[' | b'"'
            ) {
                break;
            }
            self.bump();
        }
        Ok(())
    }

    /// Passes on until `depth` open brackets are closed again; with 0, until the
    /// value that begins here ends.
    pub(super) fn finish(&mut self, depth: u32) -> Result<(), Fault> {
        let mut nesting = Nesting {
            depth,
            ..Nesting::default()
        };
        loop {
            if self.ready()?.is_empty() {
                return Err(Fault::End);
            }
            let scanned = self.scan(&mut nesting);
            match scanned {
                Scanned::Ended(count) => {
                    self.pass(count);
                    return Ok(());
                }
                Scanned::Broken(count) => {
                    self.pass(count);
                    return Err(Fault::LineEnd);
                }
                Scanned::More => self.pass(self.filled - self.next),
            }
        }
    }

    /// Counts brackets in the bytes that are ready, and lines as they go by.
    fn scan(&mut self, nesting: &mut Nesting) -> Scanned {
        let bytes = self.buffer.get(self.next..self.filled).unwrap_or_default();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == b'\n' {
                if self.lines {
                    return Scanned::Broken(at);
                }
                self.line += 1;
                self.line_start = self.consumed + at as u64 + 1;
                nesting.escaped = false;
            } else if nesting.escaped {
                nesting.escaped = false;
            } else if nesting.in_text {
                match byte {
                    b'\\' => nesting.escaped = true,
                    b'"' => {
                        nesting.in_text = false;
                        if nesting.depth == 0 {
                            return Scanned::Ended(at + 1);
                        }
                    }
                    _ => {
                        // Most of a resource is text: jump to what can end it.
                        let rest = bytes.get(at..).unwrap_or_default();
                        at += memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
                        continue;
                    }
                }
            } else {
                match byte {
                    b'"' => nesting.in_text = true,
                    b'{' | b'[' => {
                        nesting.depth = nesting.depth.saturating_add(1);
                        self.deepest = self.deepest.max(nesting.depth);
                    }
                    b'}' | b']' => {
                        nesting.depth = nesting.depth.saturating_sub(1);
                        if nesting.depth == 0 {
                            return Scanned::Ended(at + 1);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        Scanned::More
    }

    /// Passes over the rest of the line, its end included.
    pub(super) fn skip_line(&mut self) -> Result<(), Fault> {
        loop {
            let ready = self.ready()?;
            if ready.is_empty() {
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', ready) {
                self.pass(at);
                self.bump();
                return Ok(());
            }
            self.pass(self.filled - self.next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every state survives a chunk border.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            buf[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn kept(text: &str) -> Result<String, Fault> {
        let mut cursor = Cursor::new(Drip(text.as_bytes()), false);
        cursor.skip_space()?;
        cursor.start_tape();
        cursor.skip_value()?;
        Ok(String::from_utf8(cursor.take_tape().bytes).unwrap())
    }

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        for (text, value) in [
            (r#"{"a":"}\"]{"} tail"#, r#"{"a":"}\"]{"}"#),
            (r#""x\\" ,"#, r#""x\\""#),
            ("[1,[2],{}],3", "[1,[2],{}]"),
            ("  12.50 ", "12.50"),
            ("null}", "null"),
        ] {
            assert_eq!(kept(text).unwrap(), value, "{text}");
        }
        assert!(matches!(kept(r#"{"a":"#), Err(Fault::End)));
        assert!(matches!(kept("]"), Err(Fault::Unexpected)));
    }

    #[test]
    fn a_line_of_ndjson_ends_a_broken_value() {
        let mut cursor = Cursor::new(Drip(b"{\"a\": \"b\n{\"c\":1}\n"), true);
        assert!(matches!(cursor.skip_value(), Err(Fault::LineEnd)));
        cursor.skip_line().unwrap();
        assert_eq!(cursor.place(), Place { line: 2, column: 1 });
        cursor.skip_value().unwrap();
        assert_eq!(cursor.place(), Place { line: 2, column: 8 });
    }

    #[test]
    fn lines_are_counted_inside_values() {
        let mut cursor = Cursor::new(&b"{\n\n \"a\":\n1}x"[..], false);
        cursor.skip_value().unwrap();
        assert_eq!(cursor.place(), Place { line: 4, column: 3 });
    }

    #[test]
    fn depth_is_measured_not_followed() {
        let bomb = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let mut cursor = Cursor::new(bomb.as_bytes(), false);
        cursor.start_tape();
        cursor.skip_value().unwrap();
        assert!(cursor.take_tape().too_deep);
    }

    #[test]
    fn a_huge_value_is_passed_over_without_being_kept() {
        let text = format!("\"{}\"7", "x".repeat(MAX_VALUE_BYTES + 1));
        let mut cursor = Cursor::new(text.as_bytes(), false);
        cursor.start_tape();
        cursor.skip_value().unwrap();
        let tape = cursor.take_tape();
        assert!(tape.too_large && tape.bytes.len() <= MAX_VALUE_BYTES);
        assert_eq!(cursor.skip_space().unwrap(), Some(b'7'));
    }
}
