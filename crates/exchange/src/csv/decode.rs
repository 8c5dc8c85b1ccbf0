//! From the bytes of a table to text, whatever program wrote them.
//!
//! UTF-16 is told by its byte order mark or by where its zero bytes stand, and
//! turned into UTF-8 as it streams. Everything else is taken line by line: what
//! is not UTF-8 is windows-1252, so that a file glued together from two exports
//! reads right in both halves.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes decide the encoding.
const PROBE_BYTES: usize = 4096;

/// The bytes of a table, in an encoding in which ASCII stands for itself.
pub struct Decoded<R> {
    reader: R,
    decoder: Option<Decoder>,
    /// Bytes that were read to find the encoding, or decoded, and not yet handed on.
    ready: Vec<u8>,
    ready_at: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Looks at the first bytes and begins behind the byte order mark.
    pub fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(PROBE_BYTES);
        reader
            .by_ref()
            .take(PROBE_BYTES as u64)
            .read_to_end(&mut head)?;
        let (decoder, mark) = detect(&head);
        let mut decoded = Self {
            reader,
            decoder,
            ready: Vec::new(),
            ready_at: mark,
            ended: false,
        };
        if decoded.decoder.is_some() {
            decoded.ready_at = 0;
            decoded.decode(head.get(mark..).unwrap_or_default(), false);
        } else {
            decoded.ready = head;
        }
        Ok(decoded)
    }

    fn decode(&mut self, piece: &[u8], last: bool) {
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        // Three bytes of UTF-8 at most for two of UTF-16, and some to spare.
        let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(0);
        self.ready.resize(room, 0);
        self.ready_at = 0;
        let (_, _, written, _) = decoder.decode_to_utf8(piece, &mut self.ready, last);
        self.ready.truncate(written);
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut piece = [0; PROBE_BYTES];
        let count = self.reader.read(&mut piece)?;
        self.ended = count == 0;
        self.decode(piece.get(..count).unwrap_or_default(), self.ended);
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let waiting = self.ready.get(self.ready_at..).unwrap_or_default();
            if !waiting.is_empty() {
                let count = waiting.len().min(buf.len());
                for (to, from) in buf.iter_mut().zip(waiting) {
                    *to = *from;
                }
                self.ready_at += count;
                return Ok(count);
            }
            if self.decoder.is_none() {
                return self.reader.read(buf);
            }
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
    }
}

/// Returns a decoder where one is needed, and the length of the byte order mark.
fn detect(head: &[u8]) -> (Option<Decoder>, usize) {
    let utf_16 = |little: bool| {
        let encoding = if little { UTF_16LE } else { UTF_16BE };
        Some(encoding.new_decoder_without_bom_handling())
    };
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return (None, 3),
        [0xFF, 0xFE, ..] => return (utf_16(true), 2),
        [0xFE, 0xFF, ..] => return (utf_16(false), 2),
        _ => {}
    }
    // Western text in UTF-16 has a zero in nearly every second place; a stray
    // zero in other text has no such order.
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|b| **b == 0);
    let (even, odd) = (zeros(0).count(), zeros(1).count());
    let pairs = head.len() / 2;
    if odd * 2 > pairs && even * 8 < odd {
        return (utf_16(true), 0);
    }
    if even * 2 > pairs && odd * 8 < even {
        return (utf_16(false), 0);
    }
    (None, 0)
}

/// How the text of a line was found to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ASCII, which every encoding shares.
    Ascii,
    /// UTF-8 with other letters.
    Utf8,
    /// Not UTF-8, and read as windows-1252.
    Windows1252,
}

/// Decodes one line onto the end of `text`.
pub fn push_line(line: &[u8], text: &mut String) -> Charset {
    if let Ok(line) = std::str::from_utf8(line) {
        text.push_str(line);
        return if line.is_ascii() {
            Charset::Ascii
        } else {
            Charset::Utf8
        };
    }
    text.push_str(&WINDOWS_1252.decode_without_bom_handling(line).0);
    Charset::Windows1252
}

/// Undoes a decoding with the wrong table: `RenÃ©e` becomes `Renée`.
///
/// Returns `None` for text that is not, as a whole, UTF-8 that was read as
/// windows-1252, or whose letters would be of no western name: `NOÉ’S` happens to
/// be the UTF-8 of a phonetic sign.
pub fn unmangle(text: &str) -> Option<String> {
    let mut found: Option<String> = None;
    // Two wrong turns happen; more of them nobody can read anyway.
    for _ in 0..2 {
        let current = found.as_deref().unwrap_or(text);
        if current.is_ascii() {
            break;
        }
        let (bytes, _, lost) = WINDOWS_1252.encode(current);
        match std::str::from_utf8(&bytes) {
            Ok(right) if !lost && right.chars().all(is_expected) => found = Some(right.to_owned()),
            _ => break,
        }
    }
    found
}

/// Knows ASCII, the Latin letters of Europe, and typographers' punctuation.
const fn is_expected(c: char) -> bool {
    matches!(c, '\0'..='\u{17F}' | '\u{2000}'..='\u{206F}' | '€' | '™')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Client,City\r\nRenée,Łódź – 東京 🙂\r\n";

    fn utf_16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = if mark { "\u{FEFF}" } else { "" };
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    }

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        Decoded::new(bytes)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn every_unicode_form_reads_the_same() {
        assert_eq!(read(TEXT.as_bytes()), TEXT);
        assert_eq!(read(format!("\u{FEFF}{TEXT}").as_bytes()), TEXT);
        for little in [true, false] {
            assert_eq!(read(&utf_16(TEXT, little, true)), TEXT);
            // Without a mark the zeros tell, as long as the text is mostly western.
            let western = "Client,City\r\nRenée,Lódz\r\n";
            assert_eq!(read(&utf_16(western, little, false)), western);
        }
    }

    #[test]
    fn long_text_survives_the_borders_of_buffers() {
        let long = TEXT.repeat(2_000);
        for bytes in [long.clone().into_bytes(), utf_16(&long, true, true)] {
            assert_eq!(read(&bytes), long);
            let mut through_small = Vec::new();
            let mut decoded = Decoded::new(bytes.as_slice()).unwrap();
            let mut buf = [0; 7];
            loop {
                match decoded.read(&mut buf).unwrap() {
                    0 => break,
                    n => through_small.extend_from_slice(&buf[..n]),
                }
            }
            assert_eq!(String::from_utf8(through_small).unwrap(), long);
        }
    }

    #[test]
    fn a_cut_or_empty_file_ends_quietly() {
        assert_eq!(read(b""), "");
        assert_eq!(read(b"\xFF\xFE"), "");
        let cut = &utf_16("a,b\r\nx", true, true)[..13];
        assert_eq!(read(cut), "a,b\r\n\u{FFFD}");
    }

    #[test]
    fn stray_zeros_make_no_utf_16() {
        assert_eq!(read(b"a\0,b\nc,d\0\0\n"), "a\0,b\nc,d\0\0\n");
    }

    #[test]
    fn each_line_has_its_own_charset() {
        let mut text = String::new();
        assert_eq!(push_line(b"Sam,", &mut text), Charset::Ascii);
        assert_eq!(push_line("René,".as_bytes(), &mut text), Charset::Utf8);
        assert_eq!(push_line(b"Mu\xF1oz", &mut text), Charset::Windows1252);
        assert_eq!(text, "Sam,René,Muñoz");
    }

    #[test]
    fn text_that_was_decoded_wrongly_is_put_right() {
        for right in ["Renée", "O’Neil", "Núñez", "Ángel", "Włodarczyk", "Àgnes"] {
            let once = WINDOWS_1252
                .decode_without_bom_handling(right.as_bytes())
                .0
                .into_owned();
            assert_eq!(unmangle(&once).as_deref(), Some(right), "{once}");
            let twice = WINDOWS_1252
                .decode_without_bom_handling(once.as_bytes())
                .0
                .into_owned();
            assert_eq!(unmangle(&twice).as_deref(), Some(right), "{twice}");
            assert_eq!(unmangle(right), None);
        }
        assert_eq!(unmangle("Sam"), None);
        assert_eq!(unmangle("Łódź"), None);
        assert_eq!(unmangle("São"), None);
        for natural in ["NOÉ’S", "PEÑ“A”", "Ø–Ø"] {
            assert_eq!(unmangle(natural), None, "{natural}");
        }
    }
}
