//! Which rules match a message, and where.

use std::ops::Range;

use crate::class::Class;
use crate::lexicon::{Lexicon, Rule};
use crate::phrase::{Phrase, Place, Present, Token};
use crate::text::{Break, Heard, Tapback};
use crate::understanding::Context;

/// A rule that matched, and where.
pub(super) struct Found<'a> {
    pub(super) class: Class,
    pub(super) weight: u8,
    pub(super) rule: Option<&'a Rule>,
    /// Tokens of the message.
    pub(super) at: Range<usize>,
    /// Where each phrase of it stands.
    pub(super) parts: Vec<Place>,
    pub(super) whole: bool,
}

/// Takes a reaction to a message of ours for what it means.
pub(super) fn tapback(kind: Tapback) -> Found<'static> {
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
pub(super) fn find<'a>(
    lexicon: &'a Lexicon,
    tokens: &[Token],
    heard: &Heard,
    context: Context,
) -> Vec<Found<'a>> {
    let core = core(&lexicon.turns.filler, tokens);
    let mut found = Vec::new();
    let present = lexicon.present(tokens);
    for rule in lexicon.candidates(tokens) {
        let fits = (rule.prompts.is_empty() || rule.prompts.contains(&context.prompt))
            && rule.asks.is_none_or(|asks| asks == heard.asks)
            && (context.opted_out || !rule.opted_out);
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

pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn gap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.start
        .saturating_sub(b.end)
        .max(b.start.saturating_sub(a.end))
}
