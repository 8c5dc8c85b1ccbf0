//! The order in which a message is understood.
//!
//! 1. Words: folded, without quote and signature ([`crate::text`]).
//! 2. Red flags, always and before everything.
//! 3. Opt-outs: keywords alone, then patterns in longer sentences.
//! 4. HELP, START, deceased, wrong person.
//! 5. The visit grammar and other answers to the open prompt.
//! 6. Questions and chat, by the weight of the rule.
//! 7. A person.
//!
//! A later step never takes away what an earlier one found: it is added in
//! `also`. *Source*: 47 CFR 64.1200(a)(10) (any reasonable wording revokes).

use std::ops::Range;

use tendon_care::language::Language;

use crate::class::Class;
use crate::flag::{Level, Meaning, RedFlag};
use crate::lexicon::{Lexicon, Rule, lexicon};
use crate::phrase::{Phrase, Place, Present, Token};
use crate::text::{Break, Heard, Tapback, hear};
use crate::understanding::{Confidence, Context, Matched, OptOutScope, Prompt, Understanding};

/// Understands one inbound text. Pure; the same text and context give the same answer.
///
/// *Missing*: an empty text, or one without any known word, is
/// [`Class::UnknownHuman`].
pub fn understand(text: &str, context: &Context) -> Understanding {
    let lexicon = lexicon();
    let heard = hear(text);
    let tokens = lexicon.tokens(&heard.words);
    let mut found = match heard.tapback {
        Some(kind) => vec![tapback(kind)],
        None => find(lexicon, &tokens, &heard, context.prompt),
    };
    if context.opted_out {
        prefer_opt_in(&mut found);
    }
    let flags = flags(lexicon, &tokens, &heard, &found);
    conclude(lexicon, &tokens, &heard, *context, &found, &flags)
}

/// A rule that matched, and where.
struct Found<'a> {
    class: Class,
    weight: u8,
    rule: Option<&'a Rule>,
    /// Tokens of the message.
    at: Range<usize>,
    /// Where each phrase of it stands.
    parts: Vec<Place>,
    whole: bool,
}

fn tapback(kind: Tapback) -> Found<'static> {
    let class = match kind {
        Tapback::Positive => Class::TapbackPositive,
        Tapback::Negative => Class::TapbackNegative,
    };
    Found {
        class,
        weight: u8::MAX,
        rule: None,
        at: 0..0,
        parts: Vec::new(),
        whole: true,
    }
}

/// Finds every rule that matches.
fn find<'a>(
    lexicon: &'a Lexicon,
    tokens: &[Token],
    heard: &Heard,
    prompt: Prompt,
) -> Vec<Found<'a>> {
    let core = core(&lexicon.turns.filler, tokens);
    let mut found = Vec::new();
    let present = lexicon.present(tokens);
    for rule in lexicon.candidates(tokens) {
        let fits = (rule.prompts.is_empty() || rule.prompts.contains(&prompt))
            && rule.asks.is_none_or(|asks| asks == heard.asks);
        if !fits {
            continue;
        }
        let hits = if rule.whole {
            whole_hit(rule, tokens, &core, &present)
        } else {
            hits(rule, tokens, &present)
        };
        found.extend(hits.into_iter().map(|(at, parts)| Found {
            class: rule.class,
            weight: rule.weight,
            rule: Some(rule),
            at,
            parts,
            whole: rule.whole,
        }));
    }
    found
}

/// The message without "please", "hi", "thanks" and repeated words.
fn core(filler: &Phrase, tokens: &[Token]) -> Vec<Token> {
    let fill = filler.find(tokens, Break::None);
    let mut core: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut strongest = Break::None;
    for (at, token) in tokens.iter().enumerate() {
        strongest = strongest.max(token.before);
        let repeated = core
            .last()
            .is_some_and(|last| !token.symbols.is_empty() && last.symbols == token.symbols);
        if repeated || fill.iter().any(|range| range.contains(&at)) {
            continue;
        }
        core.push(Token {
            before: strongest,
            ..token.clone()
        });
        strongest = Break::None;
    }
    core
}

/// The tokens from first to last, and where each phrase of the rule stands.
type Hit = (Range<usize>, Vec<Place>);

fn whole_hit(rule: &Rule, tokens: &[Token], core: &[Token], present: &Present) -> Vec<Hit> {
    let all = |phrase: &Phrase| {
        phrase.is_possible(present) && (phrase.is_all(tokens) || phrase.is_all(core))
    };
    if rule.phrases.iter().any(all) {
        vec![(0..tokens.len(), Vec::new())]
    } else {
        Vec::new()
    }
}

fn hits(rule: &Rule, tokens: &[Token], present: &Present) -> Vec<Hit> {
    let single = rule
        .phrases
        .iter()
        .filter(|phrase| phrase.is_possible(present))
        .flat_map(|phrase| phrase.places(tokens, rule.across))
        .map(|place| (place.at.clone(), vec![place]));
    let mut hits: Vec<Hit> = single
        .chain(
            rule.near
                .iter()
                .filter(|group| group.iter().all(|phrase| phrase.is_possible(present)))
                .flat_map(|group| together(group, rule, tokens)),
        )
        .collect();
    if hits.is_empty() {
        return hits;
    }
    for mask in rule.unless.iter().filter(|mask| mask.is_possible(present)) {
        for masked in mask.reach(tokens, rule.across.min(Break::Comma)) {
            hits.retain(|(_, parts)| !parts.iter().any(|part| touches(&masked, &part.at)));
        }
    }
    hits
}

/// Finds where all phrases of a group stand within the rule's window, in any order.
fn together(group: &[Phrase], rule: &Rule, tokens: &[Token]) -> Vec<Hit> {
    let mut places = Vec::with_capacity(group.len());
    for phrase in group {
        let found = phrase.places(tokens, rule.across);
        if found.is_empty() {
            return Vec::new();
        }
        places.push(found);
    }
    let Some((first, rest)) = places.split_first() else {
        return Vec::new();
    };
    let hits = first.iter().filter_map(|anchor| {
        let mut span = anchor.at.clone();
        let mut parts = vec![anchor.clone()];
        for others in rest {
            let nearest = others.iter().min_by_key(|other| gap(&span, &other.at))?;
            span = span.start.min(nearest.at.start)..span.end.max(nearest.at.end);
            parts.push(nearest.clone());
        }
        (span.len() <= rule.within).then_some((span, parts))
    });
    hits.collect()
}

/// Tells whether a mask lies over the first or the last word of a phrase.
fn touches(mask: &Range<usize>, part: &Range<usize>) -> bool {
    mask.contains(&part.start) || mask.contains(&part.end.saturating_sub(1))
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn gap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.start
        .saturating_sub(b.end)
        .max(b.start.saturating_sub(a.end))
}

/// To somebody who opted out, a bare YES means "texts again" and nothing about visits.
fn prefer_opt_in(found: &mut Vec<Found<'_>>) {
    if found.iter().any(|hit| hit.class == Class::OptIn) {
        found.retain(|hit| hit.class != Class::Confirm);
    }
}

/// Turns the red-flag hits into flags, the ones that act first.
fn flags(
    lexicon: &'static Lexicon,
    tokens: &[Token],
    heard: &Heard,
    found: &[Found<'static>],
) -> Vec<(RedFlag, Range<usize>)> {
    if !found.iter().any(|hit| hit.class.is_red_flag()) {
        return Vec::new();
    }
    let meaning = Meaning::of(tokens, &lexicon.turns);
    let question = heard.asks
        || lexicon
            .turns
            .question_word
            .find(tokens, Break::None)
            .first()
            .is_some_and(|q| q.start == 0);
    let mut flags: Vec<(RedFlag, Range<usize>)> = found
        .iter()
        .filter_map(|hit| {
            let rule = hit.rule?;
            let (level, category) = (Level::of(hit.class)?, rule.category?);
            let crisis = level == Level::Crisis;
            let flag = RedFlag {
                level,
                category,
                rule: &rule.id,
                negated: !crisis && meaning.is_negated(&hit.parts),
                past: !crisis && meaning.is_past(&hit.at),
                other_person: meaning.is_other(&hit.at),
                question,
            };
            Some((flag, hit.at.clone()))
        })
        .collect();
    flags.sort_by_key(|(flag, at)| (!flag.acts(), flag.level, at.start));
    flags
}

fn conclude(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(text: &str, prompt: Prompt) -> (Class, Vec<Class>) {
        let heard = understand(
            text,
            &Context {
                prompt,
                ..Context::default()
            },
        );
        (heard.class, heard.also)
    }

    #[test]
    fn a_red_flag_comes_first_and_takes_nothing_away() {
        let (class, also) = classes(
            "chest pain, cancel my visit and stop texting me",
            Prompt::Visit,
        );
        assert_eq!(class, Class::RedFlagE);
        assert!(
            also.contains(&Class::OptOutAll) && also.contains(&Class::CancelVisit),
            "{also:?}"
        );
    }

    #[test]
    fn a_visit_word_never_beats_an_opt_out() {
        for text in [
            "yes I'll be there but stop texting me",
            "CANCEL",
            "confirm. unsubscribe",
        ] {
            assert_eq!(classes(text, Prompt::Visit).0, Class::OptOutAll, "{text}");
        }
    }

    #[test]
    fn the_same_words_mean_what_the_prompt_asked() {
        for (prompt, class) in [
            (Prompt::Visit, Class::Confirm),
            (Prompt::Waitlist, Class::WaitlistAccept),
            (Prompt::Exercise, Class::HepLog),
            (Prompt::StopClarification, Class::OptOutAll),
            (Prompt::None, Class::OptIn),
        ] {
            assert_eq!(classes("yes", prompt).0, class, "{}", prompt.code());
        }
    }

    #[test]
    fn chatter_is_no_second_meaning() {
        assert_eq!(
            classes("Hi! Where do I park? Thanks", Prompt::None),
            (Class::LocationQuestion, vec![])
        );
        assert_eq!(classes("thanks", Prompt::None).0, Class::Thanks);
    }

    #[test]
    fn a_denied_sign_is_no_report_of_pain() {
        let (class, also) = classes("no chest pain", Prompt::None);
        assert_eq!((class, also), (Class::UnknownHuman, vec![]));
    }

    #[test]
    fn empty_texts_go_to_a_person() {
        for text in ["", "   ", "?!", "🎉"] {
            assert_eq!(
                classes(text, Prompt::None),
                (Class::UnknownHuman, vec![]),
                "{text:?}"
            );
        }
    }
}
