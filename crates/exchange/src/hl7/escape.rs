//! Escapes inside a field, both ways.
//!
//! *Source*: HL7 v2.5.1 chapter 2, §2.7.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::wire::Delimiters;

/// Decodes the escapes of one value.
///
/// `\F\ \S\ \T\ \R\ \E\` give the delimiters, `\.br\` and its kin a line break,
/// `\Xhh..\` the bytes; highlighting (`\H\ \N\`) is dropped. What is no escape
/// stays as written, so that a lone backslash in a street survives.
pub fn unescape(raw: &str, delimiters: Delimiters) -> Cow<'_, str> {
    let Some(escape) = delimiters.escape.filter(|&escape| raw.contains(escape)) else {
        return Cow::Borrowed(raw);
    };
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(escape) {
        out.push_str(before);
        match after.split_once(escape) {
            Some((code, tail)) if decode(code, delimiters, &mut out) => rest = tail,
            _ => {
                out.push(escape);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends what the code stands for; false when it is no escape.
fn decode(code: &str, delimiters: Delimiters, out: &mut String) -> bool {
    match code {
        "F" => out.push(delimiters.field),
        "S" => out.push(delimiters.component),
        "T" => out.push(delimiters.subcomponent),
        "R" => out.push(delimiters.repetition),
        "E" => out.extend(delimiters.escape),
        "H" | "N" => {}
        ".br" | ".ce" | ".sp" | ".fi" | ".nf" => out.push('\n'),
        _ => match code.strip_prefix(['X', 'x']).and_then(hex) {
            Some(bytes) => out.push_str(&text_of(&bytes)),
            // Formatting with a number (`\.in+4\`) and character set switches
            // (`\C2842\`) have no meaning for a name or a reason.
            None => return is_ignorable(code),
        },
    }
    true
}

fn is_ignorable(code: &str) -> bool {
    let formatting = [".in", ".ti", ".sk", ".sp"]
        .iter()
        .any(|word| code.starts_with(word));
    let switch = code
        .strip_prefix(['C', 'M'])
        .is_some_and(|digits| matches!(digits.len(), 4 | 6) && hex(digits).is_some());
    formatting || switch
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || digits.len() % 2 == 1 {
        return None;
    }
    let nibble = |b: u8| char::from(b).to_digit(16);
    let bytes = digits.as_bytes().chunks_exact(2);
    bytes
        .map(|pair| match pair {
            [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
            _ => None,
        })
        .collect()
}

fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    }
}

/// Encodes a text for the recommended delimiters. Line breaks become `\.br\`,
/// since a bare CR would end the segment; other control characters are dropped.
pub fn escape(text: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '|' | '^' | '&' | '~' | '\\') || c.is_control();
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            '\\' => out.push_str("\\E\\"),
            '\n' => out.push_str("\\.br\\"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(raw: &str) -> String {
        unescape(raw, Delimiters::default()).into_owned()
    }

    #[test]
    fn every_escape_is_decoded() {
        for (raw, text) in [
            (r"A\T\E", "A&E"),
            (r"\F\\S\\R\\E\", r"|^~\"),
            (r"one\.br\two", "one\ntwo"),
            (r"Mu\XC3B1\oz", "Muñoz"),
            (r"Mu\XF1\oz", "Muñoz"),
            (r"\H\loud\N\ \.in+4\soft", "loud soft"),
            (r"\C2842\plain", "plain"),
        ] {
            assert_eq!(read(raw), text, "{raw}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for raw in [r"C:\temp\x", r"half\", r"\", r"\XZZ\", r"\X1\", r"\\"] {
            assert_eq!(read(raw), raw, "{raw}");
        }
        assert!(matches!(
            unescape("plain", Delimiters::default()),
            Cow::Borrowed("plain")
        ));
    }

    #[test]
    fn a_sender_without_escape_character_has_no_escapes() {
        let delimiters = Delimiters {
            escape: None,
            ..Delimiters::default()
        };
        assert_eq!(unescape(r"A\T\E", delimiters), r"A\T\E");
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in "[^\\p{Cc}]{0,40}") {
            prop_assert_eq!(read(&escape(&text)), text);
        }

        #[test]
        fn any_text_can_be_decoded(raw in any::<String>()) {
            read(&raw);
        }
    }
}
