//! The lexicon: versioned data files, compiled into the crate and read once.
//!
//! `lexicon/words.toml` holds named sets; the other files hold rules. What a
//! rule may say is [`RuleSource`]. Clinicians review the red-flag files as
//! text, so nothing clinical is hidden in code.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use tendon_care::purpose::Purpose;

use crate::class::Class;
use crate::flag::Category;
use crate::phrase::{Compiler, Phrase, PhraseError, Present, Token};
use crate::text::{Break, Word};
use crate::understanding::Prompt;
use crate::vocabulary::Vocabulary;

/// The rule files by name, in no particular order.
const FILES: [(&str, &str); 7] = [
    (
        "red_flags_emergency",
        include_str!("../lexicon/red_flags_emergency.toml"),
    ),
    (
        "red_flags_crisis",
        include_str!("../lexicon/red_flags_crisis.toml"),
    ),
    (
        "red_flags_today",
        include_str!("../lexicon/red_flags_today.toml"),
    ),
    ("opt_out", include_str!("../lexicon/opt_out.toml")),
    ("people", include_str!("../lexicon/people.toml")),
    ("visits", include_str!("../lexicon/visits.toml")),
    ("requests", include_str!("../lexicon/requests.toml")),
];

const WORDS: &str = include_str!("../lexicon/words.toml");

/// The version of all lexicon files together, recorded with what they decided.
pub const LEXICON_VERSION: &str = "2026-11-22.2";

/// Why the lexicon files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// Not the TOML that is expected.
    #[error("reading lexicon file {file}")]
    Toml {
        /// The file.
        file: &'static str,
        /// Where and what.
        #[source]
        source: toml::de::Error,
    },
    /// A phrase that cannot be compiled.
    #[error("compiling rule {rule}")]
    Phrase {
        /// The rule or set.
        rule: String,
        /// What is wrong.
        #[source]
        source: PhraseError,
    },
    /// A rule that contradicts itself.
    #[error("rule {rule}: {problem}")]
    Rule {
        /// The rule.
        rule: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsSource {
    /// Short words that may carry a typo.
    tolerant: String,
    /// Real words one typo away from a rule's word.
    known: String,
    sets: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    /// The strongest separation inside a match: `none`, `comma` or `clause`.
    across: Across,
    rule: Vec<RuleSource>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Across {
    None,
    Comma,
    Clause,
}

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSource {
    /// Unique; recorded with every message that the rule decided.
    id: String,
    /// The [`Class`] code.
    class: String,
    /// For red flags: which kind of danger.
    category: Option<String>,
    /// For `opt_out_category`: the purpose class, `P1` to `P5`.
    purpose: Option<String>,
    /// Who wins among rules of one message; 50 unless told.
    weight: Option<u8>,
    /// Only while one of these prompts is open.
    #[serde(default)]
    prompts: Vec<String>,
    /// Only in a text with, or without, a question mark.
    asks: Option<bool>,
    /// Only from an address that has opted out.
    #[serde(default)]
    opted_out: bool,
    /// Only where the phrase is the whole text, politeness apart.
    #[serde(default)]
    whole: bool,
    /// Overrides the file's.
    across: Option<Across>,
    #[serde(default)]
    phrases: Vec<String>,
    /// Each list: phrases that all occur, in any order, within `within` words.
    #[serde(default)]
    near: Vec<Vec<String>>,
    within: Option<usize>,
    /// A match that overlaps one of these does not count.
    #[serde(default)]
    unless: Vec<String>,
}

/// A rule, ready to use.
#[derive(Debug)]
pub(crate) struct Rule {
    pub id: String,
    pub class: Class,
    pub category: Option<Category>,
    pub purpose: Option<Purpose>,
    pub weight: u8,
    pub prompts: Vec<Prompt>,
    pub asks: Option<bool>,
    pub opted_out: bool,
    pub whole: bool,
    pub across: Break,
    pub phrases: Vec<Phrase>,
    pub near: Vec<Vec<Phrase>>,
    pub within: usize,
    pub unless: Vec<Phrase>,
}

/// Phrases that say how a red flag is meant. Each is the set of its name.
#[derive(Debug)]
pub(crate) struct Turns {
    pub everything: Phrase,
    pub negator: Phrase,
    pub pseudo_negation: Phrase,
    pub negation_end: Phrase,
    pub subject: Phrase,
    pub thinks: Phrase,
    pub joiner: Phrase,
    pub symptom: Phrase,
    pub negative_answer: Phrase,
    pub other_person: Phrase,
    pub event_past: Phrase,
    pub long_ago_before: Phrase,
    pub long_ago_after: Phrase,
    pub recent: Phrase,
    pub question_word: Phrase,
    pub filler: Phrase,
    pub spanish: Phrase,
    pub english: Phrase,
}

/// Everything that the files say.
#[derive(Debug)]
pub(crate) struct Lexicon {
    vocabulary: Vocabulary,
    pub rules: Vec<Rule>,
    pub turns: Turns,
    /// By symbol: the rules that a message with this symbol may match.
    rules_by_symbol: Vec<Vec<usize>>,
    /// Rules that must always be tried.
    always: Vec<usize>,
}

/// Returns the compiled-in lexicon.
#[expect(
    clippy::expect_used,
    reason = "the files are compiled in and a test reads them; without a lexicon nothing may be answered"
)]
pub(crate) fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> =
        LazyLock::new(|| Lexicon::read(WORDS, &FILES).expect("the compiled-in lexicon is sound"));
    &LEXICON
}

impl Lexicon {
    fn read(words: &str, files: &[(&'static str, &str)]) -> Result<Self, LexiconError> {
        let toml = |file| move |source| LexiconError::Toml { file, source };
        let words: WordsSource = toml::from_str(words).map_err(toml("words"))?;
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let mut vocabulary = Vocabulary::new(list(&words.tolerant), list(&words.known));
        let mut compiler = Compiler {
            vocabulary: &mut vocabulary,
            sets: &words.sets,
        };
        let mut rules: Vec<Rule> = Vec::new();
        for (file, text) in files {
            let source: FileSource = toml::from_str(text).map_err(toml(file))?;
            for rule in source.rule {
                let rule = compile_rule(&mut compiler, rule, source.across)?;
                if rules.iter().any(|other| other.id == rule.id) {
                    return Err(LexiconError::Rule {
                        rule: rule.id,
                        problem: "id used twice",
                    });
                }
                rules.push(rule);
            }
        }
        let turns = turns(&mut compiler)?;
        vocabulary.finish();
        let mut rules_by_symbol = vec![Vec::new(); vocabulary.len()];
        let mut always = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            for keys in rule.gates() {
                if keys.is_empty() {
                    always.push(index);
                }
                for symbol in keys {
                    if let Some(list) = rules_by_symbol.get_mut(usize::from(*symbol)) {
                        list.push(index);
                    }
                }
            }
        }
        Ok(Self {
            vocabulary,
            rules,
            turns,
            rules_by_symbol,
            always,
        })
    }

    /// Turns the words of a message into tokens.
    pub(crate) fn tokens(&self, words: &[Word]) -> Vec<Token> {
        words
            .iter()
            .enumerate()
            .map(|(index, word)| {
                let reading = self.vocabulary.read(&word.text);
                let symbols = reading.symbols;
                Token {
                    // "Carlos" is a name, though one letter from a word of ours.
                    name: word.capitalised && (symbols.is_empty() || reading.corrected),
                    number: number(&word.text),
                    before: word.before,
                    symbols,
                    word: index,
                }
            })
            .collect()
    }

    /// Tells whether the word is one that rules know only by correcting a typo.
    pub(crate) fn is_corrected(&self, word: &Word) -> bool {
        self.vocabulary.read(&word.text).corrected
    }

    /// Says which symbols a message has.
    pub(crate) fn present(&self, tokens: &[Token]) -> Present {
        let mut present = vec![false; self.vocabulary.len()];
        for symbol in tokens.iter().flat_map(|token| &token.symbols) {
            if let Some(slot) = present.get_mut(usize::from(*symbol)) {
                *slot = true;
            }
        }
        Present(present)
    }

    /// Returns the rules that could match, in the order of the files.
    pub(crate) fn candidates(&self, tokens: &[Token]) -> Vec<&Rule> {
        let mut indices = self.always.clone();
        for symbol in tokens.iter().flat_map(|token| &token.symbols) {
            indices.extend(
                self.rules_by_symbol
                    .get(usize::from(*symbol))
                    .into_iter()
                    .flatten(),
            );
        }
        indices.sort_unstable();
        indices.dedup();
        indices
            .into_iter()
            .filter_map(|index| self.rules.get(index))
            .collect()
    }
}

impl Rule {
    /// For each way to match: the symbols of which one must be there.
    fn gates(&self) -> impl Iterator<Item = &[crate::vocabulary::Symbol]> {
        let near = self.near.iter().filter_map(|group| group.first());
        self.phrases.iter().chain(near).map(Phrase::keys)
    }
}

fn compile_rule(
    compiler: &mut Compiler<'_>,
    source: RuleSource,
    across: Across,
) -> Result<Rule, LexiconError> {
    let id = source.id;
    let wrong = |problem| LexiconError::Rule {
        rule: id.clone(),
        problem,
    };
    let mut all = |texts: &[String]| {
        let compiled: Result<Vec<_>, _> = texts.iter().map(|text| compiler.compile(text)).collect();
        compiled.map_err(|source| LexiconError::Phrase {
            rule: id.clone(),
            source,
        })
    };
    let class = Class::from_code(&source.class).ok_or_else(|| wrong("unknown class"))?;
    let category = source.category.as_deref().map(Category::from_code);
    let category = match category {
        Some(None) => return Err(wrong("unknown category")),
        Some(known) => known,
        None => None,
    };
    if class.is_red_flag() != category.is_some() {
        return Err(wrong("a red flag, and only a red flag, has a category"));
    }
    let purpose = source.purpose.map(|code| code.parse()).transpose();
    let prompts: Option<Vec<Prompt>> = source
        .prompts
        .iter()
        .map(|code| Prompt::from_code(code))
        .collect();
    Ok(Rule {
        class,
        category,
        purpose: purpose.map_err(|_| wrong("unknown purpose"))?,
        weight: source.weight.unwrap_or(50),
        prompts: prompts.ok_or_else(|| wrong("unknown prompt"))?,
        asks: source.asks,
        opted_out: source.opted_out,
        whole: source.whole,
        across: match source.across.unwrap_or(across) {
            Across::None => Break::None,
            Across::Comma => Break::Comma,
            Across::Clause => Break::Clause,
        },
        phrases: all(&source.phrases)?,
        near: source
            .near
            .iter()
            .map(|group| all(group))
            .collect::<Result<_, _>>()?,
        within: source.within.unwrap_or(12),
        unless: all(&source.unless)?,
        id,
    })
}

fn turns(compiler: &mut Compiler<'_>) -> Result<Turns, LexiconError> {
    let mut set = |name: &str| {
        compiler
            .compile(&format!("@{name}"))
            .map_err(|source| LexiconError::Phrase {
                rule: name.to_owned(),
                source,
            })
    };
    Ok(Turns {
        everything: set("everything")?,
        negator: set("negator")?,
        pseudo_negation: set("pseudo_negation")?,
        negation_end: set("negation_end")?,
        subject: set("subject")?,
        thinks: set("thinks")?,
        joiner: set("joiner")?,
        symptom: set("symptom")?,
        negative_answer: set("negative_answer")?,
        other_person: set("other_person")?,
        event_past: set("event_past")?,
        long_ago_before: set("long_ago_before")?,
        long_ago_after: set("long_ago_after")?,
        recent: set("recent")?,
        question_word: set("question_word")?,
        filler: set("filler")?,
        spanish: set("spanish_word")?,
        english: set("english_word")?,
    })
}

/// Reads digits and the small number words, except those that are also articles.
fn number(text: &str) -> Option<u16> {
    let spelled = match text {
        "zero" | "cero" => 0,
        "two" | "dos" => 2,
        "three" | "tres" => 3,
        "four" | "cuatro" => 4,
        "five" | "cinco" => 5,
        "six" | "seis" => 6,
        "seven" | "siete" => 7,
        "eight" | "ocho" => 8,
        "nine" | "nueve" => 9,
        "ten" | "diez" => 10,
        digits => return digits.parse().ok(),
    };
    Some(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL_WORDS: &str = include_str!("../lexicon/words.toml");

    fn read(rules: &str) -> Result<Lexicon, String> {
        let file = format!("across = \"comma\"\n{rules}");
        Lexicon::read(SMALL_WORDS, &[("test", &file)]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_compiled_in_files_are_sound() {
        let lexicon = Lexicon::read(WORDS, &FILES).unwrap();
        for rule in &lexicon.rules {
            assert!(
                !rule.phrases.is_empty() || !rule.near.is_empty(),
                "{} matches nothing",
                rule.id
            );
            assert_eq!(
                rule.purpose.is_some(),
                rule.class == Class::OptOutCategory,
                "{}: a purpose belongs to opt_out_category only",
                rule.id
            );
        }
    }

    #[test]
    fn every_category_and_red_flag_has_a_rule() {
        let rules = &lexicon().rules;
        for category in Category::ALL {
            assert!(
                rules.iter().any(|r| r.category == Some(category)),
                "{}",
                category.code()
            );
        }
        for class in Class::ALL.iter().filter(|class| class.is_red_flag()) {
            assert!(rules.iter().any(|rule| rule.class == *class), "{class}");
        }
    }

    #[test]
    fn faulty_rules_are_refused_by_name() {
        let rule = |rest: &str| format!("[[rule]]\nid = \"x\"\n{rest}\n");
        for (text, message) in [
            (rule("class = \"nope\""), "rule x: unknown class"),
            (
                rule("class = \"red_flag_E\""),
                "rule x: a red flag, and only a red flag, has a category",
            ),
            (
                rule("class = \"late\"\nprompts = [\"dinner\"]"),
                "rule x: unknown prompt",
            ),
            (
                rule("class = \"late\"\npurpose = \"P9\""),
                "rule x: unknown purpose",
            ),
            (
                rule("class = \"late\"\nphrases = [\"(late\"]"),
                "compiling rule x",
            ),
            (rule("class = \"late\"").repeat(2), "rule x: id used twice"),
            (
                rule("class = \"late\"\ncolour = 1"),
                "reading lexicon file test",
            ),
        ] {
            assert_eq!(read(&text).map(|_| ()), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_digits_and_words() {
        assert_eq!(number("7"), Some(7));
        assert_eq!(number("diez"), Some(10));
        assert_eq!(number("one"), None);
        assert_eq!(number("70000"), None);
    }
}
