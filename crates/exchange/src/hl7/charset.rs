//! From bytes to text, whatever MSH-18 says.
//!
//! Real feeds leave MSH-18 empty or wrong. Bytes that are valid UTF-8 are read
//! as UTF-8 even where Latin-1 is declared, since no Latin-1 text of a person
//! looks like UTF-8 by accident; otherwise the declaration is believed; and
//! otherwise windows-1252, the superset of Latin-1 that Windows senders mean.
//!
//! *Source*: HL7 table 0211.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

/// A decoded message and whether its character set had to be guessed.
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// True when the bytes contradict MSH-18.
    pub guessed: bool,
}

/// Decodes the bytes of one message.
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded {
            text: Cow::Borrowed(text),
            guessed: false,
        };
    }
    let declared = encoding_of(msh_18(bytes));
    let encoding = declared.unwrap_or(WINDOWS_1252);
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    Decoded {
        text,
        guessed: declared.is_none() || broken,
    }
}

/// Finds MSH-18 in undecoded bytes: every character set of table 0211 that is
/// used in files keeps the delimiters at their ASCII places.
fn msh_18(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .windows(3)
        .position(|three| three == b"MSH")
        .unwrap_or(bytes.len());
    let msh = bytes.get(start..).unwrap_or_default();
    let line = msh
        .split(|&b| b == b'\r' || b == b'\n')
        .next()
        .unwrap_or_default();
    let Some(&delimiter) = line.get(3) else {
        return &[];
    };
    line.split(|&b| b == delimiter).nth(17).unwrap_or_default()
}

fn encoding_of(declared: &[u8]) -> Option<&'static Encoding> {
    let first = declared.split(|&b| b == b'~').next().unwrap_or_default();
    let name = std::str::from_utf8(first).ok()?.trim();
    let part = name
        .strip_prefix("8859/")
        .or_else(|| name.strip_prefix("8859-"));
    if let Some(part) = part {
        return Encoding::for_label(format!("iso-8859-{part}").as_bytes());
    }
    let label = match name {
        "GB 18030-2000" => "gb18030",
        "KS X 1001" => "euc-kr",
        "BIG-5" | "CNS 11643-1992" => "big5",
        "ISO IR87" | "ISO IR159" | "ISO IR14" => "iso-2022-jp",
        // Valid UTF-8 was taken before: what declares it here is not it.
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(charset: &str, name: &[u8]) -> Vec<u8> {
        let mut bytes = format!("MSH|^~\\&|||||||ADT^A08||P|2.5||||||{charset}\rPID|1||7||").into();
        Vec::extend_from_slice(&mut bytes, name);
        bytes
    }

    #[test]
    fn utf_8_is_read_whatever_is_declared() {
        for charset in ["", "8859/1", "UNICODE UTF-8", "ASCII"] {
            let bytes = message(charset, "Muñoz".as_bytes());
            let decoded = decode(&bytes);
            assert!(decoded.text.ends_with("Muñoz"), "{charset}");
            assert!(!decoded.guessed);
        }
    }

    #[test]
    fn other_bytes_follow_the_declaration_or_windows() {
        let declared = message("8859/1", b"Mu\xF1oz");
        assert!(decode(&declared).text.ends_with("Muñoz"));
        assert!(!decode(&declared).guessed);
        let polish = message("8859/2~8859/1", b"\xA3ukasz");
        assert!(decode(&polish).text.ends_with("Łukasz"));
        for charset in ["", "UNICODE UTF-8", "nonsense"] {
            let bytes = message(charset, b"Mu\xF1oz \x80");
            assert!(decode(&bytes).text.ends_with("Muñoz €"), "{charset}");
            assert!(decode(&bytes).guessed);
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(decode(b"\xEF\xBB\xBFMSH|").text, "MSH|");
        assert_eq!(decode(b"\xFF").text, "ÿ");
    }
}
