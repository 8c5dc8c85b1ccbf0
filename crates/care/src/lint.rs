//! What must not stand in a message that anybody might read over a shoulder.
//!
//! A text, a voicemail and a subject line may carry the clinic's name, the
//! patient's first name, a day and time, the clinic's phone and a link with a
//! token; nothing about health or money. The same check runs when a template is
//! saved and again after the merge, because a merged value can smuggle words in.
//!
//! *Source*: 45 CFR 164.502(b) (minimum necessary), 47 CFR 64.1200(a)(9)(iv)
//! (160 characters, sender named), and carriers' rules on link shorteners.

mod links;
mod numbers;
// A table reads better as written than with one word a line.
#[rustfmt::skip]
mod words;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::purpose::Purpose;
use crate::segment::{MAX_PARTS, segments};

/// The longest care text: the limit of the healthcare exemption.
pub const CARE_TEXT_UNITS: usize = 160;

/// Where words will be read or heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A text message.
    Text,
    /// A spoken message.
    Voicemail,
    /// The subject line of an e-mail; the sender's name stands beside it.
    Subject,
    /// The body of an e-mail.
    MailBody,
}

/// Words ready to be sent, and what of them is allowed to look like anything.
#[derive(Clone, Copy)]
pub struct Rendered<'a> {
    /// The words.
    pub text: &'a str,
    /// Where they will be read.
    pub place: Place,
    /// Why they are sent.
    pub purpose: Purpose,
    /// The clinic's display name: must be there, and may contain any word.
    pub clinic: &'a str,
    /// The patient's first name, which may be a word (`Dolores`).
    pub first_name: Option<&'a str>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Names or hints at an illness or symptom.
    Diagnosis,
    /// Names a part of the body.
    BodyPart,
    /// Names something done to a body.
    Procedure,
    /// Names who pays.
    Payer,
    /// Names a sum of money or a debt.
    Amount,
    /// Names an outcome measure or its result.
    Score,
    /// Names a service line that tells why somebody comes.
    Credential,
    /// Contains a full date with its year, or asks for a birthday.
    BirthDate,
    /// Contains a record number, or asks for one.
    RecordNumber,
    /// Links through a public shortener.
    Shortener,
    /// Asks for an answer that a carrier takes for an opt-out or opt-in.
    CarrierWord,
    /// Longer than three parts.
    TooManyParts,
    /// A care text longer than 160 characters.
    LongCareText,
    /// Does not say who writes.
    NoClinic,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Diagnosis,
        Self::BodyPart,
        Self::Procedure,
        Self::Payer,
        Self::Amount,
        Self::Score,
        Self::Credential,
        Self::BirthDate,
        Self::RecordNumber,
        Self::Shortener,
        Self::CarrierWord,
        Self::TooManyParts,
        Self::LongCareText,
        Self::NoClinic,
    ];

    /// Returns the code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Diagnosis => "diagnosis",
            Self::BodyPart => "body_part",
            Self::Procedure => "procedure",
            Self::Payer => "payer",
            Self::Amount => "amount",
            Self::Score => "score",
            Self::Credential => "credential",
            Self::BirthDate => "birth_date",
            Self::RecordNumber => "record_number",
            Self::Shortener => "shortener",
            Self::CarrierWord => "carrier_word",
            Self::TooManyParts => "too_many_parts",
            Self::LongCareText => "long_care_text",
            Self::NoClinic => "no_clinic",
        }
    }

    /// Returns the sentence that the editor shows beside the marked words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Diagnosis => "Names an illness or symptom. Put it behind the link.",
            Self::BodyPart => "Names a part of the body. Put it behind the link.",
            Self::Procedure => "Names a treatment or test. Put it behind the link.",
            Self::Payer => "Names who pays. Ask the patient to call instead.",
            Self::Amount => "Names money. Put it behind the link.",
            Self::Score => "Names a measure or its result. Put it behind the link.",
            Self::Credential => "Tells which service the patient uses. Use a neutral name.",
            Self::BirthDate => "Contains or asks for a birthday.",
            Self::RecordNumber => "Contains or asks for a record number.",
            Self::Shortener => "Carriers block public link shorteners. Use the clinic's own link.",
            Self::CarrierWord => {
                "Carriers treat this answer as an opt-out or opt-in. Use 1, 2 or 3."
            }
            Self::TooManyParts => "Longer than three parts. Shorten it.",
            Self::LongCareText => "A care text may have 160 characters. Shorten it.",
            Self::NoClinic => "Does not say who writes. Add the clinic's name.",
        }
    }
}

/// One thing that is wrong, and where. It holds a place, not the words: they may
/// be a person's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What is wrong.
    pub code: Code,
    /// The offending bytes of the text; the whole text for limits.
    pub span: Range<usize>,
}

impl Finding {
    /// Returns the offending words out of the text that was checked.
    pub fn excerpt<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.span.clone()).unwrap_or_default()
    }
}

/// Checks words that are ready to be sent. An empty list means: may go.
///
/// Findings come in the order of the text, limits last. Words are compared
/// whole and folded, so `KNEE` and `rodilla` are found and `kneeling` is not.
pub fn lint(rendered: &Rendered<'_>) -> Vec<Finding> {
    let words = fold_words(rendered.text);
    let exempt = exempt_spans(rendered, &words);
    let free = |span: &Range<usize>| {
        !exempt
            .iter()
            .any(|e| e.start <= span.start && span.end <= e.end)
    };
    let mut found: Vec<Finding> = denied_phrases(&words)
        .chain(numbers::numbers(rendered.text, &words))
        .chain(carrier_words(&words))
        .filter(|finding| free(&finding.span))
        .chain(links::shorteners(rendered.text))
        .collect();
    found.sort_by_key(|f| (f.span.start, f.span.end, f.code));
    found.dedup();
    found.extend(limits(rendered, &words));
    found
}

/// Checks a sender name: it stands on every lock screen, so it must not tell
/// which service a patient uses. `Hill Pelvic Health` should write as `Hill Clinic`.
pub fn lint_sender(name: &str) -> Vec<Finding> {
    denied_phrases(&fold_words(name))
        .filter(|f| matches!(f.code, Code::Credential | Code::Diagnosis))
        .collect()
}

/// A folded word and the bytes it came from.
struct Word {
    folded: String,
    span: Range<usize>,
}

fn fold_words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        // An apostrophe inside a word is no boundary: `can't`, `women's`.
        let skipped = matches!(c, '\'' | '’') || is_combining_mark(c);
        if skipped && open {
            continue;
        }
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let end = at + c.len_utf8();
        let folded = c
            .nfkd()
            .filter(|d| !is_combining_mark(*d))
            .flat_map(char::to_lowercase);
        match words.last_mut() {
            Some(word) if open => {
                word.folded.extend(folded);
                word.span.end = end;
            }
            _ => words.push(Word {
                folded: folded.collect(),
                span: at..end,
            }),
        }
        open = true;
    }
    words
}

fn denied_phrases(words: &[Word]) -> impl Iterator<Item = Finding> {
    words.iter().enumerate().flat_map(move |(at, word)| {
        let rest = words.get(at..).unwrap_or_default();
        let likely = head(&word.folded).and_then(|head| DENIED_BY_HEAD.get(head));
        likely
            .into_iter()
            .flatten()
            .filter_map(move |(code, phrase)| {
                let span = phrase_at(rest, phrase)?;
                Some(Finding { code: *code, span })
            })
    })
}

/// The denied phrases by their first two letters: every message is checked when
/// it goes out, and hundreds of phrases at every word would be felt.
static DENIED_BY_HEAD: LazyLock<HashMap<&str, Vec<(Code, &str)>>> = LazyLock::new(|| {
    let mut index: HashMap<&str, Vec<(Code, &str)>> = HashMap::new();
    for (code, phrases) in words::DENIED {
        for phrase in *phrases {
            if let Some(head) = head(phrase) {
                index.entry(head).or_default().push((*code, phrase));
            }
        }
    }
    index
});

fn head(word: &str) -> Option<&str> {
    word.get(..2)
}

fn phrase_at(words: &[Word], phrase: &str) -> Option<Range<usize>> {
    let mut here = words.iter();
    let mut span: Option<Range<usize>> = None;
    for wanted in phrase.split(' ') {
        let word = here.next()?;
        let fits = match wanted.strip_suffix('*') {
            Some(stem) => word.folded.starts_with(stem),
            None => word.folded == wanted,
        };
        if !fits {
            return None;
        }
        span = Some(span.map_or(word.span.start, |s| s.start)..word.span.end);
    }
    span
}

fn carrier_words(words: &[Word]) -> impl Iterator<Item = Finding> {
    words.windows(2).filter_map(|pair| {
        let [verb, answer] = pair else { return None };
        let asked = words::ANSWER_VERBS.contains(&verb.folded.as_str())
            && words::CARRIER_WORDS.contains(&answer.folded.as_str());
        asked.then(|| Finding {
            code: Code::CarrierWord,
            span: answer.span.clone(),
        })
    })
}

/// Finds the bytes in which any word may stand: the clinic's name, the first
/// name, and the random part of a link.
fn exempt_spans(rendered: &Rendered<'_>, words: &[Word]) -> Vec<Range<usize>> {
    let mut spans = occurrences(words, rendered.clinic);
    spans.extend(
        rendered
            .first_name
            .iter()
            .flat_map(|name| occurrences(words, name)),
    );
    spans.extend(links::tokens(rendered.text));
    spans
}

fn occurrences(words: &[Word], name: &str) -> Vec<Range<usize>> {
    let wanted = fold_words(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    words
        .windows(wanted.len())
        .filter(|here| here.iter().zip(&wanted).all(|(a, b)| a.folded == b.folded))
        .filter_map(|here| Some(here.first()?.span.start..here.last()?.span.end))
        .collect()
}

fn limits(rendered: &Rendered<'_>, words: &[Word]) -> Vec<Finding> {
    let seg = segments(rendered.text);
    let is_text = rendered.place == Place::Text;
    let nameless =
        rendered.place != Place::Subject && occurrences(words, rendered.clinic).is_empty();
    [
        (is_text && seg.parts > MAX_PARTS, Code::TooManyParts),
        (
            is_text && rendered.purpose == Purpose::Care && seg.units > CARE_TEXT_UNITS,
            Code::LongCareText,
        ),
        (nameless, Code::NoClinic),
    ]
    .into_iter()
    .filter(|(wrong, _)| *wrong)
    .map(|(_, code)| Finding {
        code,
        span: 0..rendered.text.len(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Vec<(&'static str, &str)> {
        lint(&Rendered {
            text,
            place: Place::Text,
            purpose: Purpose::CareOther,
            clinic: "Hill Clinic",
            first_name: Some("Dolores"),
        })
        .into_iter()
        .filter(|f| f.code != Code::NoClinic)
        .map(|f| (f.code.code(), f.excerpt(text)))
        .collect()
    }

    #[test]
    fn what_is_allowed_passes() {
        for text in [
            "Hill Clinic: Hi Dolores, your visit is Tue Nov 24, 8:40 am. Reply 1 to confirm, 2 to move, 3 can't come. Call (312) 555-0142.",
            "Hill Clinic: Dolores, su cita es el mar 24 nov, 8:40 a. m. Enlace seguro: https://go.hill.example/v/3xKnee-hip_9fQ2mZp81LtRvw",
            "Hill Clinic: we will call you back. Call us back at 3125550142 or +13125550142. Your code is 481516.",
            "Hill Clinic: reply STOP to end texts, HELP for help, START to come back.",
            "Hill Clinic: on the other hand, head over any time; we are kneeling with joy. You may come in May.",
        ] {
            assert_eq!(check(text), [], "{text}");
        }
    }

    #[test]
    fn each_kind_of_secret_is_found_where_it_stands() {
        for (text, code, words) in [
            ("your KNEE visit", "body_part", "KNEE"),
            ("ejercicios de rodilla", "body_part", "rodilla"),
            ("how is your lower back", "body_part", "lower back"),
            ("after your Surgery", "procedure", "Surgery"),
            ("antes de su cirugía", "procedure", "cirugía"),
            ("about your arthritis", "diagnosis", "arthritis"),
            ("su lesión", "diagnosis", "lesión"),
            ("Medicare asks", "payer", "Medicare"),
            ("su seguro médico", "payer", "seguro médico"),
            ("please bring $ 40", "amount", "$ 40"),
            ("trae 40 dólares", "amount", "40 dólares"),
            ("your LEFS is in", "score", "LEFS"),
            ("with Ana, Pelvic Health", "credential", "Pelvic Health"),
            ("con Ana, Psicóloga", "credential", "Psicóloga"),
            ("born 03/04/1961", "birth_date", "03/04/1961"),
            ("1961-03-04", "birth_date", "1961-03-04"),
            ("March 4, 1961", "birth_date", "March 4, 1961"),
            ("4 de marzo de 1961", "birth_date", "marzo de 1961"),
            ("record 00123456", "record_number", "00123456"),
            ("A1234567", "record_number", "A1234567"),
            ("see bit.ly/x1", "shortener", "bit.ly/x1"),
            (
                "https://www.TinyURL.com/abc.",
                "shortener",
                "https://www.TinyURL.com/abc",
            ),
            ("https://hill.example/knee-exercises", "body_part", "knee"),
            ("Reply YES to confirm", "carrier_word", "YES"),
            ("responda CANCELAR", "carrier_word", "CANCELAR"),
        ] {
            assert!(
                check(text).contains(&(code, words)),
                "{text}: {:?}",
                check(text)
            );
        }
    }

    #[test]
    fn a_name_is_exempt_only_where_it_stands() {
        let rendered = |text, clinic| Rendered {
            text,
            place: Place::Text,
            purpose: Purpose::Care,
            clinic,
            first_name: None,
        };
        let codes = |r: &Rendered<'_>| lint(r).into_iter().map(|f| f.code).collect::<Vec<_>>();
        let spine = "Spine & Sport: see you soon";
        assert_eq!(codes(&rendered(spine, "Spine & Sport")), []);
        assert_eq!(
            codes(&rendered("Spine & Sport: your spine", "Spine & Sport")),
            [Code::BodyPart]
        );
        assert_eq!(lint_sender("Hill Pelvic Health").len(), 1);
        assert!(lint_sender("Spine & Sport").is_empty());
    }

    #[test]
    fn limits_hold_where_they_apply() {
        let long = format!("Hill Clinic {}", "a".repeat(149));
        let longest = format!("Hill Clinic {}", "a".repeat(148));
        let huge = format!("Hill Clinic {}", "a".repeat(460));
        let codes = |text: &str, place, purpose| {
            lint(&Rendered {
                text,
                place,
                purpose,
                clinic: "Hill Clinic",
                first_name: None,
            })
            .into_iter()
            .map(|f| f.code)
            .collect::<Vec<_>>()
        };
        assert_eq!(
            codes(&long, Place::Text, Purpose::Care),
            [Code::LongCareText]
        );
        assert_eq!(codes(&longest, Place::Text, Purpose::Care), []);
        assert_eq!(codes(&long, Place::Text, Purpose::CareOther), []);
        assert_eq!(
            codes(&huge, Place::Text, Purpose::Feedback),
            [Code::TooManyParts]
        );
        assert_eq!(codes(&huge, Place::MailBody, Purpose::Care), []);
        assert_eq!(codes("See you soon", Place::Subject, Purpose::Care), []);
        assert_eq!(
            codes("See you soon", Place::Text, Purpose::Care),
            [Code::NoClinic]
        );
    }

    #[test]
    fn lists_are_folded_and_without_repeats() {
        for (code, phrases) in words::DENIED {
            let mut seen = std::collections::HashSet::new();
            for phrase in *phrases {
                let plain = phrase.trim_end_matches('*');
                let folded: Vec<String> = fold_words(plain).into_iter().map(|w| w.folded).collect();
                assert_eq!(folded.join(" "), plain, "{code:?}");
                assert!(seen.insert(phrase), "{phrase} twice in {code:?}");
                assert!(head(plain).is_some_and(str::is_ascii), "{phrase}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_checked_and_every_span_is_of_it(text in "\\PC{0,200}") {
            let rendered = Rendered {
                text: &text,
                place: Place::Text,
                purpose: Purpose::Care,
                clinic: "Hill Clinic",
                first_name: None,
            };
            for finding in lint(&rendered) {
                prop_assert!(text.get(finding.span.clone()).is_some());
            }
        }

        #[test]
        fn a_denied_word_is_found_among_any_others(before in "[a-z ]{0,40}", after in "[a-z ]{0,40}") {
            let text = format!("{before} Rodilla {after}");
            let found = check(&text);
            prop_assert!(found.iter().any(|f| f.0 == "body_part" && f.1.contains("Rodilla")));
        }
    }
}
