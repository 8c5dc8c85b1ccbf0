//! From everything that a message may mean to what it means.

use std::ops::Range;

use tendon_care::language::Language;

use super::find::{Found, overlap};
use crate::class::Class;
use crate::flag::RedFlag;
use crate::lexicon::Lexicon;
use crate::phrase::Token;
use crate::text::{Break, Heard};
use crate::understanding::{Confidence, Context, Matched, OptOutScope, Understanding};

/// The rule of the words that may mean the visit or all messages.
const CANCEL_OR_ALL: &str = "visit-cancel-or-all";

/// Puts what was found into the order of its urgency and says what it comes to.
pub(super) fn conclude(
    lexicon: &Lexicon,
    tokens: &[Token],
    heard: &Heard,
    context: Context,
    found: &[Found<'static>],
    flags: &[(RedFlag, Range<usize>)],
) -> Understanding {
    // "No chest pain" is no report of pain either.
    let denied = |hit: &Found<'_>| {
        hit.class == Class::PainReport
            && flags
                .iter()
                .any(|(flag, at)| !flag.acts() && overlap(at, &hit.at))
    };
    let narrowed = |hit: &Found<'_>| is_narrowed(lexicon, tokens, hit, found);
    let mut meanings: Vec<&Found<'_>> = found
        .iter()
        .filter(|hit| !hit.class.is_red_flag() && !denied(hit) && !narrowed(hit))
        .collect();
    meanings.sort_by_key(|hit| {
        (
            rank(hit.class),
            std::cmp::Reverse(hit.weight),
            hit.class,
            hit.at.start,
        )
    });
    let acting = flags.iter().filter(|(flag, _)| flag.acts());
    let mut classes: Vec<Class> = acting.map(|(flag, _)| flag.level.class()).collect();
    classes.extend(meanings.iter().map(|hit| hit.class));
    let mut seen = Vec::with_capacity(classes.len());
    classes.retain(|class| {
        let new = !seen.contains(class);
        seen.push(*class);
        new
    });
    drop_chatter(&mut classes);
    let class = classes.first().copied().unwrap_or(Class::UnknownHuman);
    let decided = deciding(class, flags, &meanings);
    let score = matches!(
        class,
        Class::SurveyScore | Class::PainReport | Class::HepLog
    );
    Understanding {
        class,
        also: classes.into_iter().skip(1).collect(),
        red_flag: flags.first().map(|(flag, _)| *flag),
        opt_out: scope(&meanings),
        unclear_cancel: is_unclear_cancel(&meanings),
        confidence: decided
            .as_ref()
            .map_or(Confidence::None, |d| confidence(lexicon, heard, d)),
        matched: decided.and_then(|d| {
            Some(Matched {
                rule: d.rule?,
                span: bytes(heard, tokens, &d.at),
            })
        }),
        value: if score { value(tokens) } else { None },
        language: language(lexicon, tokens, context.language),
        wants_language: wanted(class, &meanings, context.language),
        unreadable: heard.foreign_script,
    }
}

/// "Stop texting me about my bill" stops one kind; the wider reading of the
/// same words is given up, unless they speak of everything as well.
fn is_narrowed(lexicon: &Lexicon, tokens: &[Token], hit: &Found<'_>, found: &[Found<'_>]) -> bool {
    if hit.class != Class::OptOutAll || hit.whole {
        return false;
    }
    let everything = lexicon.turns.everything.find(tokens, Break::None);
    found.iter().any(|other| {
        other.class == Class::OptOutCategory
            && overlap(&other.at, &hit.at)
            && !everything.iter().any(|word| overlap(word, &other.at))
    })
}

/// Meanings with legal force come before all others, whatever their weight.
fn rank(class: Class) -> u8 {
    match class {
        Class::OptOutAll | Class::OptOutCategory => 0,
        Class::OptIn | Class::Help | Class::TapbackPositive | Class::TapbackNegative => 1,
        Class::Deceased | Class::WrongParty => 2,
        _ => 3,
    }
}

/// Greetings and thanks are no second meaning beside a real one.
fn drop_chatter(classes: &mut Vec<Class>) {
    let chatter = |class: &Class| matches!(class, Class::Smalltalk | Class::Thanks);
    if classes.iter().any(|class| !chatter(class)) {
        classes.retain(|class| !chatter(class));
    }
}

struct Decided {
    rule: Option<&'static str>,
    at: Range<usize>,
    whole: bool,
}

fn deciding(
    class: Class,
    flags: &[(RedFlag, Range<usize>)],
    meanings: &[&Found<'static>],
) -> Option<Decided> {
    if class.is_red_flag() {
        let (flag, at) = flags.first()?;
        return Some(Decided {
            rule: Some(flag.rule),
            at: at.clone(),
            whole: false,
        });
    }
    let hit = meanings.iter().find(|hit| hit.class == class)?;
    Some(Decided {
        rule: hit.rule.map(|rule| rule.id.as_str()),
        at: hit.at.clone(),
        whole: hit.whole,
    })
}

fn confidence(lexicon: &Lexicon, heard: &Heard, decided: &Decided) -> Confidence {
    let words = heard.words.get(decided.at.clone()).unwrap_or_default();
    if words.iter().any(|word| lexicon.is_corrected(word)) {
        Confidence::Typo
    } else if decided.whole {
        Confidence::Exact
    } else {
        Confidence::Phrase
    }
}

fn bytes(heard: &Heard, tokens: &[Token], at: &Range<usize>) -> Range<usize> {
    let span = |index: usize| {
        let word = tokens.get(index)?.word;
        heard.words.get(word).map(|word| word.span.clone())
    };
    let start = span(at.start).map_or(0, |span| span.start);
    let end = span(at.end.saturating_sub(1)).map_or(start, |span| span.end);
    start..end
}

/// Stopping everything wins over stopping one kind.
fn scope(meanings: &[&Found<'_>]) -> Option<OptOutScope> {
    if meanings.iter().any(|hit| hit.class == Class::OptOutAll) {
        return Some(OptOutScope::Everything);
    }
    let category = meanings
        .iter()
        .find(|hit| hit.class == Class::OptOutCategory)?;
    Some(match category.rule.and_then(|rule| rule.purpose) {
        Some(purpose) => OptOutScope::Purpose(purpose),
        None => OptOutScope::Everything,
    })
}

/// Tells whether the word that opts out is also the one that cancels. Beside it
/// "3 STOP" and "cancel my visit and stop texting" say both, and are clear.
fn is_unclear_cancel(meanings: &[&Found<'_>]) -> bool {
    let by = |id: &str| {
        let mut rules = meanings.iter().filter_map(|hit| hit.rule);
        rules.any(|rule| rule.id == id)
    };
    by(CANCEL_OR_ALL) && scope(meanings).is_some()
}

/// Returns the first number from 0 to 10.
fn value(tokens: &[Token]) -> Option<u8> {
    let number = tokens
        .iter()
        .find_map(|token| token.number.filter(|n| *n <= 10))?;
    u8::try_from(number).ok()
}

fn language(lexicon: &Lexicon, tokens: &[Token], on_file: Language) -> Language {
    let spanish = lexicon.turns.spanish.find(tokens, Break::None).len();
    let english = lexicon.turns.english.find(tokens, Break::None).len();
    match spanish.cmp(&english) {
        std::cmp::Ordering::Greater => Language::Spanish,
        std::cmp::Ordering::Less => Language::English,
        std::cmp::Ordering::Equal => on_file,
    }
}

/// A rule's id ends in the language that it asks for.
fn wanted(class: Class, meanings: &[&Found<'_>], on_file: Language) -> Option<Language> {
    if class != Class::LanguageSwitch {
        return None;
    }
    let rule = meanings.iter().find(|hit| hit.class == class)?.rule?;
    match rule.id.rsplit('-').next() {
        Some("spanish") => Some(Language::Spanish),
        Some("english") => Some(Language::English),
        Some("either") => Language::ALL
            .into_iter()
            .find(|language| *language != on_file),
        _ => None,
    }
}
