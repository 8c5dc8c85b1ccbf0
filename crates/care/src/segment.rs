//! How a text message is cut into parts, and what each part costs.
//!
//! A carrier bills parts, not messages. One character outside the GSM-7
//! alphabet turns the whole text into UCS-2 and more than halves what fits into
//! a part, which is why typographic quotes are worth mapping before sending.
//!
//! *Source*: 3GPP TS 23.038 §6.2.1 (GSM 7 bit default alphabet and its extension
//! table) and 3GPP TS 23.040 §9.2.3.24 (concatenation header of six octets).

use std::ops::Range;

/// The most parts that are ever sent as one message.
pub const MAX_PARTS: usize = 3;

/// The alphabet in which a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Seven bits a character; ten characters cost two.
    Gsm7,
    /// Sixteen bits a unit; an emoji costs two or more units.
    Ucs2,
}

impl Encoding {
    /// Returns how many units fit into a message of one part.
    pub const fn single(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Returns how many units fit into each part of several.
    pub const fn joined(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    const fn per_part(self, units: usize) -> usize {
        if units <= self.single() {
            self.single()
        } else {
            self.joined()
        }
    }

    fn units(self, text: &str) -> usize {
        match self {
            Self::Gsm7 => text.chars().filter_map(gsm_cost).sum(),
            Self::Ucs2 => text.chars().map(char::len_utf16).sum(),
        }
    }
}

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segmentation {
    /// The alphabet.
    pub encoding: Encoding,
    /// Length of the text in units of the alphabet: septets or UTF-16 units.
    pub units: usize,
    /// How many parts the carrier bills; 0 for an empty text.
    pub parts: usize,
    /// How many units fit into one of these parts.
    pub per_part: usize,
}

/// Computes how a text travels.
///
/// The number of parts is counted by packing, not by division: a character of
/// two units that does not fit into the rest of a part moves to the next one.
///
/// *Example*: 160 plain letters are one part, 161 are two, and 70 letters with
/// one `á` among them are one part of UCS-2.
pub fn segments(text: &str) -> Segmentation {
    let encoding = encoding(text);
    let units = encoding.units(text);
    let per_part = encoding.per_part(units);
    Segmentation {
        encoding,
        units,
        parts: ranges(text, encoding, per_part).len(),
        per_part,
    }
}

/// Cuts a text into the parts that [`segments`] counts, never inside an escape
/// sequence, a surrogate pair or a letter with its combining accent.
pub fn split_parts(text: &str) -> Vec<&str> {
    let encoding = encoding(text);
    let per_part = encoding.per_part(encoding.units(text));
    ranges(text, encoding, per_part)
        .into_iter()
        .filter_map(|range| text.get(range))
        .collect()
}

/// Replaces typographic characters by plain ones that GSM-7 has: quotes, dashes,
/// ellipsis, bullets, and spaces that are wider, narrower or do not break.
///
/// Letters keep their accents: a name is spelt as its owner spells it, and the
/// message then travels as UCS-2. See [`without_acute`] for words that are ours.
pub fn to_gsm_friendly(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' => out.push('\''),
            '“' | '”' | '„' | '‟' | '″' | '«' | '»' => out.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            '•' | '·' => out.push('*'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\t' => {
                out.push(' ');
            }
            // Zero-width spaces, the soft hyphen and a byte order mark show
            // nothing and would cost the whole text its alphabet.
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            other => out.push(other),
        }
    }
    out
}

/// Drops the accents of those Spanish vowels that GSM-7 lacks (`á í ó ú`), as
/// people do when they text. `é`, `ñ`, `ü`, `¿` and `¡` are in the alphabet and stay.
pub fn without_acute(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'á' => 'a',
            'í' => 'i',
            'ó' => 'o',
            'ú' => 'u',
            'Á' => 'A',
            'Í' => 'I',
            'Ó' => 'O',
            'Ú' => 'U',
            other => other,
        })
        .collect()
}

fn encoding(text: &str) -> Encoding {
    if text.chars().all(|c| gsm_cost(c).is_some()) {
        Encoding::Gsm7
    } else {
        Encoding::Ucs2
    }
}

/// Returns the septets of a character, or `None` where GSM-7 lacks it.
fn gsm_cost(c: char) -> Option<usize> {
    const LETTERS: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
    const EXTENSION: &str = "^{}\\[~]|€\u{c}";
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' '..='#' | '%'..='?' | '\n' | '\r' => Some(1),
        _ if EXTENSION.contains(c) => Some(2),
        _ if LETTERS.contains(c) => Some(1),
        _ => None,
    }
}

fn ranges(text: &str, encoding: Encoding, limit: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for cluster in clusters(text) {
        let cost = text
            .get(cluster.clone())
            .map_or(0, |chars| encoding.units(chars));
        if used + cost > limit {
            parts.push(start..cluster.start);
            (start, used) = (cluster.start, 0);
        }
        used += cost;
    }
    if used > 0 {
        parts.push(start..text.len());
    }
    parts
}

/// Longest run of joined characters that is kept together. A family emoji has
/// seven; without a bound, a hostile text of combining marks would not be cut.
const MAX_CLUSTER_CHARS: usize = 8;

/// Groups a character with the marks, joiners and modifiers that follow it.
fn clusters(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut length, mut after_joiner) = (0, false);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let joins = after_joiner || is_attached(c);
        match out.last_mut() {
            Some(last) if joins && length < MAX_CLUSTER_CHARS => {
                last.end = end;
                length += 1;
            }
            _ => {
                out.push(at..end);
                length = 1;
            }
        }
        after_joiner = c == '\u{200d}';
    }
    out
}

fn is_attached(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        || matches!(
            c,
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(text: &str) -> (Encoding, usize, usize, usize) {
        let s = segments(text);
        (s.encoding, s.units, s.parts, s.per_part)
    }

    #[test]
    fn the_limits_are_those_of_the_standard() {
        use Encoding::{Gsm7, Ucs2};
        assert_eq!(shape(""), (Gsm7, 0, 0, 160));
        assert_eq!(shape(&"a".repeat(160)), (Gsm7, 160, 1, 160));
        assert_eq!(shape(&"a".repeat(161)), (Gsm7, 161, 2, 153));
        assert_eq!(shape(&"a".repeat(306)), (Gsm7, 306, 2, 153));
        assert_eq!(shape(&"a".repeat(307)), (Gsm7, 307, 3, 153));
        assert_eq!(shape(&"á".repeat(70)), (Ucs2, 70, 1, 70));
        assert_eq!(shape(&"á".repeat(71)), (Ucs2, 71, 2, 67));
        assert_eq!(shape(&"😀".repeat(35)), (Ucs2, 70, 1, 70));
    }

    #[test]
    fn the_alphabet_is_complete() {
        // 128 positions, less the escape itself; ten more by escape.
        let basic = (0..=0x2fff_u32).filter_map(char::from_u32);
        let (mut one, mut two) = (0, 0);
        for c in basic {
            match gsm_cost(c) {
                Some(1) => one += 1,
                Some(_) => two += 1,
                None => {}
            }
        }
        assert_eq!((one, two), (127, 10));
        for c in "çáíóúÁÍÓÚ`âêß".chars() {
            assert_eq!(gsm_cost(c).is_some(), c == 'ß', "{c}");
        }
    }

    #[test]
    fn an_escape_is_never_split() {
        // 152 letters leave one septet; the euro needs two and moves on, which
        // makes three parts of what division by 153 would call two.
        let text = format!("{}€{}", "a".repeat(152), "b".repeat(152));
        let parts = split_parts(&text);
        assert_eq!(segments(&text).units, 306);
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].len(), 152);
        assert!(parts[1].starts_with('€'));
        assert_eq!(segments(&text).parts, 3);
    }

    #[test]
    fn a_surrogate_pair_and_a_joined_emoji_stay_whole() {
        let text = format!("{}😀{}", "á".repeat(66), "x".repeat(20));
        assert_eq!(split_parts(&text)[0].chars().count(), 66);
        let waving = format!("{}👋🏽{}", "á".repeat(64), "x".repeat(20));
        assert!(split_parts(&waving)[1].starts_with("👋🏽"));
        let marks = format!("a{}", "\u{301}".repeat(500));
        assert!(split_parts(&marks).len() > 7);
    }

    #[test]
    fn typography_becomes_plain_and_names_stay() {
        assert_eq!(
            to_gsm_friendly("“It’s\u{a0}8–9…” José\u{200b}"),
            "\"It's 8-9...\" José"
        );
        assert_eq!(
            segments(&to_gsm_friendly("“It’s 8—9…”")).encoding,
            Encoding::Gsm7
        );
        assert_eq!(
            without_acute("sáb a las 8, mié ñ ü Ángel"),
            "sab a las 8, mié ñ ü Angel"
        );
    }

    proptest! {
        #[test]
        fn parts_join_to_the_text_and_each_fits(text in "\\PC{0,400}") {
            let parts = split_parts(&text);
            let seg = segments(&text);
            prop_assert_eq!(parts.concat(), text.clone());
            prop_assert_eq!(parts.len(), seg.parts);
            for part in parts {
                prop_assert!(seg.encoding.units(part) <= seg.per_part);
            }
        }

        #[test]
        fn the_friendly_form_is_stable_and_never_costs_more(text in "[a-z‘’“”–—\u{a0}\u{200b} ]{0,200}") {
            let friendly = to_gsm_friendly(&text);
            prop_assert_eq!(to_gsm_friendly(&friendly), friendly.clone());
            prop_assert_eq!(segments(&friendly).encoding, Encoding::Gsm7);
            prop_assert!(segments(&friendly).parts <= segments(&text).parts);
        }
    }
}
