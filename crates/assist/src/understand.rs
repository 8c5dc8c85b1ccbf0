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

mod conclude;
mod find;

use std::ops::Range;

use self::conclude::conclude;
use self::find::{Found, find, tapback};
use crate::class::Class;
use crate::flag::{Level, Meaning, RedFlag};
use crate::lexicon::{Lexicon, lexicon};
use crate::phrase::Token;
use crate::text::{Break, Heard, hear};
use crate::understanding::{Context, Understanding};

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
        None => find(lexicon, &tokens, &heard, *context),
    };
    if context.opted_out {
        prefer_opt_in(&mut found);
    }
    let flags = flags(lexicon, &tokens, &heard, &found);
    conclude(lexicon, &tokens, &heard, *context, &found, &flags)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understanding::Prompt;

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
            (Prompt::None, Class::UnknownHuman),
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
