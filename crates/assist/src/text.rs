//! From the raw text to words: folded, without marks, quotes and signatures.
//!
//! Folding is per character, so that every word keeps the bytes of the raw
//! text that it came from. Apostrophes vanish (`can’t` is `cant`), accents go
//! (`adiós` is `adios`), other punctuation only separates. The few emoji that
//! mean something become words in colons.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How strongly the text before a word separates it from the word before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Break {
    /// Nothing but space.
    #[default]
    None,
    /// A comma.
    Comma,
    /// A full stop, a question mark, a new line, a dash between spaces.
    Clause,
}

/// One folded word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Lower case, no accents, no apostrophes; drawn-out letters single.
    pub text: String,
    /// Bytes of the raw text.
    pub span: Range<usize>,
    /// What separates it from the word before.
    pub before: Break,
    /// Written with a capital first letter and small ones after it.
    pub capitalised: bool,
}

/// A phone's way of sending a reaction as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tapback {
    /// Liked, loved, emphasised, laughed at.
    Positive,
    /// Disliked, questioned, or a taken-back liking.
    Negative,
}

/// A text, read into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The words, in order.
    pub words: Vec<Word>,
    /// Set when the whole text is a reaction; the words quoted are ours and are left out.
    pub tapback: Option<Tapback>,
    /// There is a question mark.
    pub asks: bool,
    /// There is a letter that is neither Latin nor a sign, so no word of ours can match it.
    pub foreign_script: bool,
    /// There is a web address.
    pub link: bool,
}

/// Longer texts are read up to here; a text message has at most 1,600 characters.
const MAX_BYTES: usize = 8_000;

/// Reads a text into words.
pub(crate) fn hear(raw: &str) -> Heard {
    let mut end = raw.len().min(MAX_BYTES);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    let raw = raw.get(..end).unwrap_or(raw);
    let own = without_quote_and_signature(raw);
    let tapback = tapback(own);
    let mut heard = Heard {
        words: Vec::new(),
        tapback,
        asks: own.contains(['?', '¿']),
        foreign_script: own.chars().any(is_foreign_letter),
        link: own.contains("://") || own.contains("www.") || own.contains("bit.ly"),
    };
    if tapback.is_none() {
        heard.words = join_spelled(&words(own));
    }
    heard
}

/// Lines that begin what a mail or phone program added.
const TAILS: [&str; 12] = [
    "sent from my ",
    "sent from yahoo",
    "sent from mail",
    "sent via ",
    "enviado desde mi ",
    "enviado desde ",
    "get outlook for ",
    "-----original message",
    "-----mensaje original",
    "________________________________",
    "from: ",
    "de: ",
];

/// Cuts off quoted text and signatures. Where nothing would be left, keeps the
/// whole: better to read our own words than to miss theirs.
fn without_quote_and_signature(raw: &str) -> &str {
    let mut offset = 0;
    let mut kept_words = false;
    for line in raw.split_inclusive('\n') {
        let bare = line.trim();
        let lower = bare.to_lowercase();
        let tail = TAILS.iter().any(|t| lower.starts_with(t))
            || bare == "--"
            || bare.starts_with('>')
            || (lower.starts_with("on ") && lower.ends_with("wrote:"))
            || (lower.starts_with("el ") && lower.ends_with("escribió:"));
        if tail && kept_words {
            return raw.get(..offset).unwrap_or(raw);
        }
        kept_words |= bare.chars().any(char::is_alphanumeric) && !tail;
        offset += line.len();
    }
    for tail in [
        "sent from my iphone",
        "sent from my android",
        "enviado desde mi iphone",
    ] {
        if let Some(cut) = find_ignoring_case(raw, tail)
            && cut > 0
        {
            return raw.get(..cut).unwrap_or(raw);
        }
    }
    raw
}

fn find_ignoring_case(text: &str, ascii: &str) -> Option<usize> {
    text.as_bytes()
        .windows(ascii.len())
        .position(|window| window.eq_ignore_ascii_case(ascii.as_bytes()))
}

/// Openings of reaction texts, as iOS and Android write them. A quotation mark must follow.
const TAPBACKS: [(&str, Tapback); 26] = [
    ("liked ", Tapback::Positive),
    ("loved ", Tapback::Positive),
    ("laughed at ", Tapback::Positive),
    ("emphasized ", Tapback::Positive),
    ("emphasised ", Tapback::Positive),
    ("disliked ", Tapback::Negative),
    ("questioned ", Tapback::Negative),
    ("removed a like from ", Tapback::Negative),
    ("removed a heart from ", Tapback::Negative),
    ("removed an exclamation from ", Tapback::Negative),
    ("removed a laugh from ", Tapback::Negative),
    ("removed a dislike from ", Tapback::Negative),
    ("le gustó ", Tapback::Positive),
    ("le gusto ", Tapback::Positive),
    ("le gusta ", Tapback::Positive),
    ("le encantó ", Tapback::Positive),
    ("le encanto ", Tapback::Positive),
    ("le encanta ", Tapback::Positive),
    ("se rió de ", Tapback::Positive),
    ("enfatizó ", Tapback::Positive),
    ("destacó ", Tapback::Positive),
    ("no le gustó ", Tapback::Negative),
    ("no le gusto ", Tapback::Negative),
    ("no le gusta ", Tapback::Negative),
    ("cuestionó ", Tapback::Negative),
    ("dudó de ", Tapback::Negative),
];

const QUOTES: [char; 6] = ['“', '"', '«', '‘', '”', '\''];

fn tapback(own: &str) -> Option<Tapback> {
    let lower = own.trim().to_lowercase();
    for (opening, kind) in TAPBACKS {
        if let Some(rest) = lower.strip_prefix(opening)
            && (rest.starts_with(QUOTES) || ["an image", "una imagen"].contains(&rest.trim()))
        {
            return Some(kind);
        }
    }
    let reaction = lower
        .strip_prefix("reacted ")
        .or_else(|| lower.strip_prefix("reaccionó con "));
    let quoted = lower
        .find(" to “")
        .or_else(|| lower.find(" to \""))
        .or_else(|| lower.find(" a “"));
    let emoji = match (reaction, quoted) {
        (Some(rest), Some(_)) => rest.chars().next(),
        (None, Some(at)) if at <= 12 => lower.chars().next().filter(|c| !c.is_alphanumeric()),
        _ => None,
    }?;
    Some(match emoji {
        '👎' | '😡' | '😢' | '❓' | '😠' | '💔' => Tapback::Negative,
        _ => Tapback::Positive,
    })
}

fn is_foreign_letter(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(c, '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
        && !c.nfkd().all(|part| part.is_ascii())
}

/// The words that a few emoji stand for.
const EMOJI: [(char, &str); 32] = [
    ('🛑', ":stop:"),
    ('🚫', ":forbidden:"),
    ('⛔', ":forbidden:"),
    ('👍', ":yes:"),
    ('✅', ":yes:"),
    ('☑', ":yes:"),
    ('✔', ":yes:"),
    ('👌', ":yes:"),
    ('🆗', ":yes:"),
    ('👎', ":no:"),
    ('❌', ":no:"),
    ('🙅', ":no:"),
    ('🙏', ":thanks:"),
    ('💪', ":strong:"),
    ('🆘', ":sos:"),
    ('🚑', ":ambulance:"),
    ('🔫', ":gun:"),
    ('🔪', ":knife:"),
    ('💊', ":pills:"),
    ('🪦', ":grave:"),
    ('⚰', ":grave:"),
    ('🫀', ":heart_organ:"),
    ('🩸', ":blood:"),
    ('🤕', ":hurt:"),
    ('👋', ":wave:"),
    ('🙂', ":smile:"),
    ('😊', ":smile:"),
    ('😀', ":smile:"),
    ('❤', ":heart:"),
    ('♥', ":heart:"),
    ('😂', ":laugh:"),
    ('🤣', ":laugh:"),
];

/// Collects words while walking the characters of a text.
#[derive(Default)]
struct Collector {
    words: Vec<Word>,
    text: String,
    start: usize,
    end: usize,
    before: Break,
    capital: bool,
    small: bool,
}

impl Collector {
    fn push(&mut self, at: usize, len: usize, c: char) {
        if self.text.is_empty() {
            self.start = at;
            self.capital = c.is_uppercase();
            self.small = false;
        } else if c.is_lowercase() {
            self.small = true;
        }
        self.end = at + len;
        for part in c.nfkd().filter(|part| !is_combining_mark(*part)) {
            self.text.extend(part.to_lowercase());
        }
    }

    fn finish(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.text);
        self.words.push(Word {
            text: squeeze(text),
            span: self.start..self.end,
            before: std::mem::take(&mut self.before),
            capitalised: self.capital && self.small,
        });
    }

    fn separate(&mut self, strength: Break) {
        self.finish();
        self.before = self.before.max(strength);
    }
}

fn words(own: &str) -> Vec<Word> {
    let mut into = Collector::default();
    let mut chars = own.char_indices().peekable();
    let mut previous = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        match c {
            '\'' | '’' | '‘' | '`' | '´' | '\u{200b}'..='\u{200d}' | '\u{fe0f}' => {}
            _ if c.is_alphanumeric() || (is_combining_mark(c) && !into.text.is_empty()) => {
                into.push(at, c.len_utf8(), c);
            }
            '.' | ',' if previous.is_ascii_digit() && next.is_ascii_digit() => into.finish(),
            ',' => into.separate(Break::Comma),
            '.' | ';' | '!' | '?' | '¿' | '¡' | '\n' | '…' | '—' | ':' | '|' => {
                into.separate(Break::Clause);
            }
            '-' | '–' if previous.is_whitespace() || next.is_whitespace() => {
                into.separate(Break::Clause);
            }
            _ => {
                into.finish();
                if let Some((_, name)) = EMOJI.iter().find(|(emoji, _)| *emoji == c) {
                    into.text.push_str(name);
                    into.start = at;
                    into.end = at + c.len_utf8();
                    into.capital = false;
                    into.finish();
                }
            }
        }
        previous = c;
    }
    into.finish();
    into.words
}

/// Cuts runs of three or more of one letter to one: `pleaaase`, `STOOOP`.
fn squeeze(text: String) -> String {
    let chars: Vec<char> = text.chars().collect();
    let runs: Vec<&[char]> = chars.chunk_by(|a, b| a == b).collect();
    if runs.iter().all(|run| run.len() < 3) {
        return text;
    }
    runs.into_iter()
        .flat_map(|run| {
            let drawn_out = run.len() > 2 && run.first().is_some_and(|c| c.is_alphabetic());
            run.iter().take(if drawn_out { 1 } else { run.len() })
        })
        .collect()
}

/// Joins three or more single letters in a row: `S T O P`, `s.t.o.p`.
fn join_spelled(words: &[Word]) -> Vec<Word> {
    let single =
        |word: &Word| word.text.len() == 1 && word.text.bytes().all(|b| b.is_ascii_alphabetic());
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|word| single(word)).count();
        if run >= 3 {
            let (letters, after) = rest.split_at(run);
            out.push(Word {
                text: letters.iter().map(|word| word.text.as_str()).collect(),
                span: first.span.start..letters.last().map_or(first.span.end, |l| l.span.end),
                before: first.before,
                capitalised: false,
            });
            rest = after;
        } else {
            out.push(first.clone());
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(raw: &str) -> Vec<String> {
        hear(raw).words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn folds_case_accents_apostrophes_and_width() {
        assert_eq!(folded("I CAN’T breathe!"), ["i", "cant", "breathe"]);
        assert_eq!(
            folded("No más, adiós señor"),
            ["no", "mas", "adios", "senor"]
        );
        assert_eq!(folded("ＳＴＯＰ opt-out"), ["stop", "opt", "out"]);
        assert_eq!(folded("cafe\u{301}"), ["cafe"]);
        assert_eq!(folded("pleaaaase STOPPPP"), ["please", "stop"]);
    }

    #[test]
    fn joins_spelled_words_but_not_two_letters() {
        assert_eq!(folded("S T O P"), ["stop"]);
        assert_eq!(folded("s.t.o.p now"), ["stop", "now"]);
        assert_eq!(folded("u r late"), ["u", "r", "late"]);
    }

    #[test]
    fn keeps_the_bytes_and_the_breaks() {
        let raw = "Sí, no puedo. ¿Mañana?";
        let heard = hear(raw);
        let cut: Vec<&str> = heard.words.iter().map(|w| &raw[w.span.clone()]).collect();
        assert_eq!(cut, ["Sí", "no", "puedo", "Mañana"]);
        let breaks: Vec<Break> = heard.words.iter().map(|w| w.before).collect();
        assert_eq!(
            breaks,
            [Break::None, Break::Comma, Break::None, Break::Clause]
        );
        assert!(heard.asks);
    }

    #[test]
    fn drops_quotes_and_signatures_but_never_everything() {
        assert_eq!(folded("Yes\nSent from my iPhone"), ["yes"]);
        assert_eq!(
            folded("ok\nOn Mon, Clinic wrote:\n> Reply STOP to end"),
            ["ok"]
        );
        assert_eq!(folded("C Sent from my iPhone"), ["c"]);
        assert_eq!(folded("> STOP"), ["stop"]);
    }

    #[test]
    fn reactions_are_read_without_the_words_they_quote() {
        for (raw, kind) in [
            ("Liked “Reply STOP to end”", Tapback::Positive),
            ("Le gustó “Su cita es mañana”", Tapback::Positive),
            ("No le gustó “Su cita es mañana”", Tapback::Negative),
            ("Disliked \"See you\"", Tapback::Negative),
            ("Reacted 👎 to “See you”", Tapback::Negative),
            ("👍 to “ Your visit is tomorrow ”", Tapback::Positive),
            ("Removed a like from “Your visit”", Tapback::Negative),
        ] {
            let heard = hear(raw);
            assert_eq!(heard.tapback, Some(kind), "{raw}");
            assert!(heard.words.is_empty(), "{raw}");
        }
        assert_eq!(hear("Liked the session, thank you").tapback, None);
        assert_eq!(hear("I will go to “the” clinic").tapback, None);
    }

    #[test]
    fn emoji_that_mean_something_become_words() {
        assert_eq!(folded("🛑"), [":stop:"]);
        assert_eq!(folded("👍🏽 see you"), [":yes:", "see", "you"]);
        assert_eq!(folded("🎉"), Vec::<String>::new());
    }

    #[test]
    fn long_and_foreign_texts_are_survived() {
        assert!(hear(&"é".repeat(20_000)).words.len() <= 1);
        assert!(hear("胸が痛い").foreign_script);
        assert!(!hear("Señora Núñez №5").foreign_script);
    }
}
