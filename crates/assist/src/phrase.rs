//! The small language in which lexicon phrases are written, and its matcher.
//!
//! | written | matches |
//! |---|---|
//! | `chest` | that word, or one typo from it where it is long enough |
//! | `breath*` | any word that begins so |
//! | `@pain` | any member of the set `pain` in `words.toml` |
//! | `(can not\|cant)` | one of the alternatives |
//! | `your?` | the word or nothing |
//! | `..3` | up to three words |
//! | `^` `$` | the beginning and the end of the text |
//! | `<` `>` | the beginning and the end of a part between commas or stops |
//! | `<n>` `<name>` | a number; a capitalised word that no rule knows |

mod compile;

use std::ops::Range;

pub(crate) use self::compile::Compiler;
pub use self::compile::PhraseError;
use crate::text::Break;
use crate::vocabulary::Symbol;

/// One word of a message as rules see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Token {
    /// What it stands for.
    pub symbols: Vec<Symbol>,
    /// What separates it from the word before.
    pub before: Break,
    /// Could be a person's name.
    pub name: bool,
    /// Is a whole number.
    pub number: Option<u16>,
    /// Which word of the message it is.
    pub word: usize,
}

/// For each symbol: is it in the message.
pub(crate) struct Present(pub Vec<bool>);

/// A phrase, ready to be looked for.
#[derive(Clone, Debug)]
pub(crate) struct Phrase {
    items: Vec<Item>,
    /// One of these must be in the message; empty where that cannot be said.
    keys: Vec<Symbol>,
}

#[derive(Clone, Debug)]
enum Item {
    One(Symbol),
    Alternatives(Vec<Vec<Item>>),
    Gap(usize),
    Start,
    End,
    PartStart,
    PartEnd,
    Name,
    Number,
}

impl Phrase {
    /// Returns the symbols of which the message must have one; empty for "always try".
    pub(crate) fn keys(&self) -> &[Symbol] {
        &self.keys
    }

    /// Tells whether the message has a word that the phrase cannot do without.
    pub(crate) fn is_possible(&self, present: &Present) -> bool {
        self.keys.is_empty()
            || self.keys.iter().any(|symbol| {
                present
                    .0
                    .get(usize::from(*symbol))
                    .copied()
                    .unwrap_or(false)
            })
    }

    /// Finds every place: for each start, the shortest match.
    ///
    /// `across` is the strongest separation that may lie inside a match.
    pub(crate) fn places(&self, tokens: &[Token], across: Break) -> Vec<Place> {
        (0..tokens.len())
            .filter_map(|start| {
                let mut place = None;
                let view = View {
                    tokens,
                    across,
                    start,
                };
                view.run(&self.items, start, 0, &mut |end, skipped| {
                    place = Some(Place {
                        at: start..end,
                        skipped,
                    });
                    end > start
                });
                place.filter(|place| !place.at.is_empty())
            })
            .collect()
    }

    /// Finds, for each start, how far the phrase can reach: for masks, whose
    /// closing gap says how much they cover.
    pub(crate) fn reach(&self, tokens: &[Token], across: Break) -> Vec<Range<usize>> {
        (0..tokens.len())
            .filter_map(|start| {
                let mut furthest = start;
                let view = View {
                    tokens,
                    across,
                    start,
                };
                view.run(&self.items, start, 0, &mut |end, _| {
                    furthest = furthest.max(end);
                    false
                });
                (furthest > start).then_some(start..furthest)
            })
            .collect()
    }

    /// Finds every place, without saying which words gaps skipped.
    pub(crate) fn find(&self, tokens: &[Token], across: Break) -> Vec<Range<usize>> {
        let places = self.places(tokens, across);
        places.into_iter().map(|place| place.at).collect()
    }

    /// Tells whether the phrase is the whole message.
    pub(crate) fn is_all(&self, tokens: &[Token]) -> bool {
        let view = View {
            tokens,
            across: Break::Clause,
            start: 0,
        };
        !tokens.is_empty() && view.run(&self.items, 0, 0, &mut |at, _| at == tokens.len())
    }
}

/// Where a phrase stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The tokens from its first to its last word.
    pub at: Range<usize>,
    /// A bit for each of these tokens that a gap of the phrase skipped.
    skipped: u64,
}

impl Place {
    /// Tells whether the token lies in a gap of the phrase.
    pub(crate) fn skips(&self, token: usize) -> bool {
        self.at.contains(&token) && self.skipped & bit(token - self.at.start) != 0
    }
}

/// The bit of the word that stands `offset` after the start; none beyond 63.
fn bit(offset: usize) -> u64 {
    u32::try_from(offset)
        .ok()
        .and_then(|offset| 1_u64.checked_shl(offset))
        .unwrap_or(0)
}

#[derive(Clone, Copy)]
struct View<'a> {
    tokens: &'a [Token],
    across: Break,
    start: usize,
}

impl View<'_> {
    /// Matches `items` from `at`, handing each end to `accept` until it says yes.
    ///
    /// `skipped` has a bit for each word, counted from the start, that a gap ate.
    fn run(
        self,
        items: &[Item],
        at: usize,
        skipped: u64,
        accept: &mut dyn FnMut(usize, u64) -> bool,
    ) -> bool {
        let Some((item, rest)) = items.split_first() else {
            return accept(at, skipped);
        };
        match item {
            Item::One(symbol) => {
                self.step(at, |t| t.symbols.contains(symbol))
                    && self.run(rest, at + 1, skipped, accept)
            }
            Item::Name => self.step(at, |t| t.name) && self.run(rest, at + 1, skipped, accept),
            Item::Number => {
                self.step(at, |t| t.number.is_some()) && self.run(rest, at + 1, skipped, accept)
            }
            Item::Start => at == 0 && self.run(rest, at, skipped, accept),
            Item::End => at == self.tokens.len() && self.run(rest, at, skipped, accept),
            Item::PartStart => {
                (at == 0 || self.is_parted(at)) && self.run(rest, at, skipped, accept)
            }
            Item::PartEnd => self.is_parted(at) && self.run(rest, at, skipped, accept),
            Item::Gap(most) => {
                let (mut next, mut skipped) = (at, skipped);
                loop {
                    if self.run(rest, next, skipped, accept) {
                        return true;
                    }
                    if next - at == *most || !self.step(next, |_| true) {
                        return false;
                    }
                    skipped |= bit(next - self.start);
                    next += 1;
                }
            }
            Item::Alternatives(branches) => branches.iter().any(|branch| {
                self.run(branch, at, skipped, &mut |next, skipped| {
                    self.run(rest, next, skipped, accept)
                })
            }),
        }
    }

    /// Tells whether the text ends here or goes on after a comma or a stop.
    fn is_parted(self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_none_or(|token| token.before > Break::None)
    }

    fn step(self, at: usize, fits: impl Fn(&Token) -> bool) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| (at == self.start || token.before <= self.across) && fits(token))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::text::hear;
    use crate::vocabulary::Vocabulary;

    fn compile(text: &str) -> Result<(Phrase, Vocabulary), PhraseError> {
        let sets = HashMap::from([
            ("hurt".to_owned(), "pain|hurt*|is killing".to_owned()),
            ("loop".to_owned(), "a b|@loop c".to_owned()),
        ]);
        let mut vocabulary = Vocabulary::default();
        let phrase = Compiler {
            vocabulary: &mut vocabulary,
            sets: &sets,
        }
        .compile(text)?;
        vocabulary.finish();
        Ok((phrase, vocabulary))
    }

    fn tokens(vocabulary: &Vocabulary, raw: &str) -> Vec<Token> {
        let words = hear(raw).words;
        words
            .iter()
            .enumerate()
            .map(|(word, w)| {
                let symbols = vocabulary.read(&w.text).symbols;
                let name = w.capitalised && symbols.is_empty();
                Token {
                    symbols,
                    before: w.before,
                    name,
                    number: w.text.parse().ok(),
                    word,
                }
            })
            .collect()
    }

    fn finds(phrase: &str, raw: &str) -> Vec<Range<usize>> {
        let (phrase, vocabulary) = compile(phrase).unwrap();
        phrase.find(&tokens(&vocabulary, raw), Break::Comma)
    }

    #[test]
    fn matches_words_stems_sets_gaps_and_options() {
        assert_eq!(
            finds("chest ..2 @hurt", "my chest really hurts"),
            vec![1..4]
        );
        assert!(finds("chest ..2 @hurt", "chest and back and leg pain").is_empty());
        assert_eq!(finds("chest @hurt", "my chest is killing me"), vec![1..4]);
        assert_eq!(
            finds("stop (the|your)? text*", "please stop texting"),
            vec![1..3]
        );
        assert_eq!(
            finds("stop (the|your)? text*", "stop your texts"),
            vec![0..3]
        );
        assert_eq!(finds("(can not|cant) come", "I can not come"), vec![1..4]);
    }

    #[test]
    fn does_not_cross_a_full_stop_unless_allowed() {
        assert!(finds("dont text", "I don't. Text me").is_empty());
        let (phrase, vocabulary) = compile("chest ..2 hurts").unwrap();
        let spread = tokens(&vocabulary, "My chest. It hurts");
        assert_eq!(phrase.find(&spread, Break::Clause), vec![1..4]);
    }

    #[test]
    fn anchors_names_and_numbers() {
        assert_eq!(finds("^ <n> $", "7"), vec![0..1]);
        assert!(finds("^ <n> $", "at 7").is_empty());
        assert_eq!(finds("im not <name>", "I'm not Maria"), vec![0..3]);
        assert!(finds("im not <name>", "I'm not coming").is_empty());
        assert_eq!(finds("< stop >", "Too many texts, stop. Bye"), vec![3..4]);
        assert!(finds("< stop >", "Too many texts, stop by").is_empty());
    }

    #[test]
    fn whole_messages() {
        let (phrase, vocabulary) = compile("stop all?").unwrap();
        assert!(phrase.is_all(&tokens(&vocabulary, "Stop all!")));
        assert!(phrase.is_all(&tokens(&vocabulary, "STOP")));
        assert!(!phrase.is_all(&tokens(&vocabulary, "the bus stop")));
        assert!(!phrase.is_all(&[]));
    }

    #[test]
    fn bad_phrases_are_refused_by_name() {
        for (text, error) in [
            ("(a", PhraseError::Parenthesis("(a".into())),
            ("a)", PhraseError::Parenthesis("a)".into())),
            ("@nope", PhraseError::UnknownSet("nope".into())),
            ("@loop", PhraseError::Cycle("loop".into())),
            ("a ..x", PhraseError::Gap("..x".into())),
            ("can't", PhraseError::Unfolded("can't".into())),
            ("Über", PhraseError::Unfolded("Über".into())),
            ("", PhraseError::Empty),
        ] {
            assert_eq!(compile(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn keys_are_the_rarest_required_symbols() {
        let (phrase, vocabulary) = compile("(a|b c) ..2 pain x?").unwrap();
        assert_eq!(phrase.keys(), vocabulary.read("pain").symbols);
        let (anything, _) = compile("<n> x?").unwrap();
        assert!(anything.keys().is_empty());
    }
}
