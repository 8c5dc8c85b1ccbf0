//! Cuts a stream of bytes into messages, holding one message at a time.
//!
//! Files of HL7 have no grammar of their own. Some are batches (`FHS`, `BHS`,
//! `BTS`, `FTS`), some are messages one after the other, some are dumps of an
//! MLLP connection (0x0B … 0x1C 0x0D), and line ends are what the last editor
//! made of them. One rule covers all: a message begins at a line that begins
//! with `MSH` and a delimiter, and ends before the next one, before a batch
//! segment, or at 0x1C.
//!
//! *Source*: HL7 v2.5.1 chapter 2, §2.10.3 (batches); MLLP release 1.

use std::io::{self, BufRead, BufReader, Read};

/// The largest message that is kept, in bytes. Scanned letters travel as base64
/// inside messages; what is larger than this is no message of a clinic.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Cuts a stream into messages of at most [`MAX_MESSAGE_BYTES`].
///
/// # Example
///
/// ```
/// let file: &[u8] = b"MSH|^~\\&|A\rPID|1\r\nMSH|^~\\&|B\n";
/// assert_eq!(tendon_exchange::hl7::split(file).count(), 2);
/// ```
pub fn split<R: Read>(reader: R) -> Split<R> {
    Split::with_limit(reader, MAX_MESSAGE_BYTES)
}

/// What lies between two boundaries of a file.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// A message, its lines ended by CR.
    Message(Vec<u8>),
    /// Lines that belong to no message.
    Stray,
    /// A message beyond the limit, of which nothing was kept.
    TooLong,
    /// A `BTS` that counts other than the messages since the last `BHS`:
    /// something was lost on the way here.
    Miscount {
        /// What BTS-1 says.
        said: u64,
        /// What was found.
        found: u64,
    },
    /// The stream broke; nothing follows.
    Broken(io::ErrorKind),
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(bytes) => write!(f, "Message({} bytes)", bytes.len()),
            Self::Stray => f.write_str("Stray"),
            Self::TooLong => f.write_str("TooLong"),
            Self::Miscount { said, found } => write!(f, "Miscount({said}, {found})"),
            Self::Broken(kind) => write!(f, "Broken({kind})"),
        }
    }
}

/// The iterator behind [`split`].
#[derive(Debug)]
pub struct Split<R> {
    reader: BufReader<R>,
    limit: usize,
    /// The message being gathered, and the line being gathered at its end.
    buffer: Vec<u8>,
    line_start: usize,
    /// The current line is beyond the limit, and its end was dropped.
    line_cut: bool,
    state: State,
    /// A piece found together with another one.
    waiting: Option<Piece>,
    /// Messages since the last `BHS`.
    in_batch: u64,
    finished: bool,
}

/// What the lines before the current one were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Nothing,
    Message,
    TooLong,
    Stray,
}

/// What a line is for the splitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Blank,
    Header,
    /// `FHS`, `BHS` or `FTS`.
    Envelope {
        begins_batch: bool,
    },
    /// `BTS`, with what it counts.
    Trailer(Option<u64>),
    Other,
}

impl<R: Read> Split<R> {
    /// Cuts a stream into messages of at most `limit` bytes.
    pub fn with_limit(reader: R, limit: usize) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, reader),
            limit,
            buffer: Vec::new(),
            line_start: 0,
            line_cut: false,
            state: State::Nothing,
            waiting: None,
            in_batch: 0,
            finished: false,
        }
    }

    /// Reads to the end of the next line and tells how it ended; `None` at the
    /// end of the stream.
    fn read_line(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                return Ok(None);
            }
            let end = chunk.iter().position(|b| matches!(b, b'\r' | b'\n' | 0x1C));
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            // The line has the whole limit to itself: it may be the header of
            // the next message, which the length of this one must not cut.
            let line_len = self.buffer.len() - self.line_start;
            let room = self.limit.saturating_sub(line_len);
            self.buffer
                .extend_from_slice(part.get(..room).unwrap_or(part));
            self.line_cut |= part.len() > room;
            let ended_by = end.and_then(|at| chunk.get(at).copied());
            let used = part.len() + usize::from(ended_by.is_some());
            self.reader.consume(used);
            if ended_by.is_some() {
                return Ok(ended_by);
            }
        }
    }

    /// Sorts the line in, and returns the piece that it closes.
    fn take_line(&mut self, ended_by: Option<u8>) -> Option<Piece> {
        let line = self.buffer.get(self.line_start..).unwrap_or_default();
        let closed = match kind(line) {
            Line::Blank => {
                self.buffer.truncate(self.line_start);
                None
            }
            Line::Header => {
                let closed = self.close();
                self.in_batch += 1;
                self.state = State::Message;
                closed
            }
            Line::Envelope { begins_batch } => {
                let closed = self.close();
                self.buffer.clear();
                if begins_batch {
                    self.in_batch = 0;
                }
                closed
            }
            Line::Trailer(said) => {
                let closed = self.close();
                self.buffer.clear();
                let found = std::mem::take(&mut self.in_batch);
                let miscount = said
                    .filter(|&said| said != found)
                    .map(|said| Piece::Miscount { said, found });
                match closed {
                    Some(piece) => {
                        self.waiting = miscount;
                        Some(piece)
                    }
                    None => miscount,
                }
            }
            Line::Other => {
                self.keep_other();
                None
            }
        };
        let overlong = std::mem::take(&mut self.line_cut) || self.buffer.len() > self.limit;
        if overlong && self.state == State::Message {
            self.state = State::TooLong;
            self.buffer.clear();
        } else if self.buffer.len() > self.line_start {
            self.buffer.push(b'\r');
        }
        self.line_start = self.buffer.len();
        if matches!(ended_by, Some(0x1C) | None)
            && let Some(last) = self.close()
        {
            if closed.is_none() {
                return Some(last);
            }
            self.waiting = Some(last);
        }
        closed
    }

    /// Keeps a line inside a message; outside only notes that there was one.
    fn keep_other(&mut self) {
        match self.state {
            State::Message => {}
            State::Nothing | State::Stray => {
                self.state = State::Stray;
                self.buffer.clear();
                self.line_start = 0;
            }
            State::TooLong => {
                self.buffer.clear();
                self.line_start = 0;
            }
        }
    }

    /// Ends what was gathered before the current line, which stays in the buffer.
    fn close(&mut self) -> Option<Piece> {
        let line = self
            .buffer
            .split_off(self.line_start.min(self.buffer.len()));
        let gathered = std::mem::replace(&mut self.buffer, line);
        self.line_start = 0;
        match std::mem::replace(&mut self.state, State::Nothing) {
            State::Nothing => None,
            State::Message => Some(Piece::Message(gathered)),
            State::TooLong => Some(Piece::TooLong),
            State::Stray => Some(Piece::Stray),
        }
    }
}

impl<R: Read> Iterator for Split<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.waiting.take() {
                return Some(piece);
            }
            if self.finished {
                return None;
            }
            let piece = match self.read_line() {
                Ok(Some(ended_by)) => self.take_line(Some(ended_by)),
                Ok(None) => {
                    self.finished = true;
                    self.take_line(None)
                }
                Err(error) => {
                    // What was gathered may be half a message: a half message
                    // could clear a field that the other half sets.
                    self.finished = true;
                    Some(Piece::Broken(error.kind()))
                }
            };
            if piece.is_some() {
                return piece;
            }
        }
    }
}

fn kind(line: &[u8]) -> Line {
    let is_junk = |&b: &u8| b <= b' ' || matches!(b, 0xEF | 0xBB | 0xBF);
    let lead = line.iter().take_while(|b| is_junk(b)).count();
    let line = line.get(lead..).unwrap_or_default();
    let (name, delimiter) = match line {
        [] => return Line::Blank,
        [a, b, c] => ([*a, *b, *c], b'|'),
        [a, b, c, delimiter, ..] => ([*a, *b, *c], *delimiter),
        _ => return Line::Other,
    };
    if !delimiter.is_ascii_punctuation() {
        return Line::Other;
    }
    match &name {
        b"MSH" => Line::Header,
        b"BHS" => Line::Envelope { begins_batch: true },
        b"FHS" | b"FTS" => Line::Envelope {
            begins_batch: false,
        },
        b"BTS" => {
            let count = line.split(|&b| b == delimiter).nth(1);
            let count = count.and_then(|digits| std::str::from_utf8(digits).ok());
            Line::Trailer(count.and_then(|digits| digits.trim().parse().ok()))
        }
        _ => Line::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<Piece> {
        split(bytes).collect()
    }

    fn message(text: &str) -> Piece {
        Piece::Message(text.as_bytes().to_vec())
    }

    /// Hands out one byte at a time, as a slow socket or a torn file would.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1);
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn every_line_end_and_none_at_all() {
        let expected = vec![message("MSH|a\rPID|1\r"), message("MSH|b\rPID|2\r")];
        for file in [
            "MSH|a\rPID|1\rMSH|b\rPID|2",
            "MSH|a\nPID|1\nMSH|b\nPID|2\n",
            "MSH|a\r\nPID|1\r\n\r\n\r\nMSH|b\r\nPID|2\r\n",
            "MSH|a\n\rPID|1\r\rMSH|b\r\nPID|2",
        ] {
            assert_eq!(pieces(file.as_bytes()), expected, "{file:?}");
        }
        let marked = "\u{feff}MSH|a\n";
        assert_eq!(
            pieces(marked.as_bytes()),
            [message("\u{feff}MSH|a\r")],
            "the mark is left to the decoder"
        );
    }

    #[test]
    fn mllp_dumps_and_batches_are_cut_alike() {
        let expected = vec![message("\x0bMSH|a\rPID|1\r"), message("\x0bMSH|b\r")];
        assert_eq!(
            pieces(b"\x0bMSH|a\rPID|1\r\x1c\r\x0bMSH|b\r\x1c\r"),
            expected
        );
        assert_eq!(pieces(b"\x0bMSH|a\rPID|1\x1c\x0bMSH|b\x1c"), expected);
        let batch = b"FHS|^~\\&|x\rBHS|^~\\&|x\rMSH|a\rMSH|b\rBTS|2\rFTS|1\r";
        assert_eq!(pieces(batch), [message("MSH|a\r"), message("MSH|b\r")]);
    }

    #[test]
    fn a_batch_that_lost_messages_says_so() {
        let batch = b"BHS|^~\\&\rMSH|a\rBTS|3\rBHS|^~\\&\rMSH|b\rBTS\rFTS|2";
        let found = pieces(batch);
        assert_eq!(
            found,
            [
                message("MSH|a\r"),
                Piece::Miscount { said: 3, found: 1 },
                message("MSH|b\r"),
            ]
        );
    }

    #[test]
    fn text_without_msh_is_reported_once() {
        assert_eq!(
            pieces(b"/* a comment\n * more\n */\nMSH|a\nPID|1\n"),
            [Piece::Stray, message("MSH|a\rPID|1\r")]
        );
        assert_eq!(pieces(b"PID|1\rPV1|1\r"), [Piece::Stray]);
        assert_eq!(pieces(b"\r\n  \n"), []);
        // Prose that begins like a header is none.
        assert_eq!(
            pieces(b"MSH|a\rNTE|1||see\nMSH below\r"),
            [message("MSH|a\rNTE|1||see\rMSH below\r")]
        );
    }

    #[test]
    fn a_message_beyond_the_limit_costs_only_itself() {
        let long = "x".repeat(500);
        let file = format!("MSH|a\rOBX|{long}\rOBX|2\rMSH|b\rMSH|{long}\rMSH|c\r");
        let found: Vec<_> = Split::with_limit(file.as_bytes(), 100).collect();
        assert_eq!(
            found,
            [
                Piece::TooLong,
                message("MSH|b\r"),
                Piece::TooLong,
                message("MSH|c\r"),
            ]
        );
        let mut endless = Split::with_limit(io::repeat(b'x').take(1 << 20), 100);
        assert_eq!(endless.next(), Some(Piece::Stray));
        assert!(endless.buffer.capacity() < 4096);
    }

    #[test]
    fn a_broken_stream_ends_with_its_reason() {
        struct Torn(bool);
        impl Read for Torn {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                let bytes = b"MSH|a\rMSH|b\rPID";
                out[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
        }
        let found: Vec<_> = split(Torn(false)).collect();
        assert_eq!(
            found,
            [
                message("MSH|a\r"),
                Piece::Broken(io::ErrorKind::ConnectionReset),
            ]
        );
    }

    proptest! {
        #[test]
        fn the_size_of_reads_changes_nothing(
            file in "(MSH\\|[a-z]{0,9}|PID\\|1|BTS\\|[0-9]|BHS\\||\r|\n|\u{1c}|\u{b}|x| ){0,40}",
            limit in 8usize..64,
        ) {
            let at_once: Vec<_> = Split::with_limit(file.as_bytes(), limit).collect();
            let dripped: Vec<_> = Split::with_limit(Drip(file.as_bytes()), limit).collect();
            prop_assert_eq!(at_once, dripped);
        }

        #[test]
        fn any_bytes_can_be_cut(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            for piece in Split::with_limit(bytes.as_slice(), 64) {
                if let Piece::Message(message) = piece {
                    prop_assert!(message.len() <= 64 + 1);
                }
            }
        }
    }
}
