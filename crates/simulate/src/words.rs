//! What patients write, and what the front desk writes back.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tendon_care::language::Language;

/// A text by a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    /// The words.
    pub(crate) words: &'static str,
    /// What a person at the desk answers; nothing where a nod is enough.
    pub(crate) answer: Option<&'static str>,
}

const fn plain(words: &'static str) -> Text {
    Text {
        words,
        answer: None,
    }
}

const fn asked(words: &'static str, answer: &'static str) -> Text {
    Text {
        words,
        answer: Some(answer),
    }
}

const COMING_EN: &[Text] = &[
    plain("1"),
    plain("1"),
    plain("1"),
    plain("1"),
    plain("C"),
    plain("Yes"),
    plain("ok see you then"),
    plain("confirm"),
    plain("👍"),
];
const COMING_ES: &[Text] = &[
    plain("1"),
    plain("1"),
    plain("1"),
    plain("Si"),
    plain("sí, ahí estaré"),
    plain("confirmo"),
    plain("C"),
];
const NOT_COMING_EN: &[Text] = &[plain("3"), plain("X"), plain("can't make it sorry")];
const NOT_COMING_ES: &[Text] = &[plain("3"), plain("no puedo ir")];
const ANOTHER_TIME: &[Text] = &[plain("2"), plain("R"), plain("2")];
const THANKS_EN: &[Text] = &[plain("Thanks!"), plain("thank you so much")];
const THANKS_ES: &[Text] = &[plain("gracias"), plain("muchas gracias")];
const STOPS: &[Text] = &[plain("STOP"), plain("stop texting me"), plain("STOP")];
const ALARMS: &[Text] = &[plain("I have chest pain and can't breathe well")];
const STRANGERS: &[Text] = &[plain("wrong number"), plain("wrong number, who is this?")];

/// Questions that need a person, and what one answers.
const QUESTIONS_EN: &[Text] = &[
    asked(
        "do I need to bring anything?",
        "Just comfortable clothes and your insurance card. See you then!",
    ),
    asked(
        "Where do I park?",
        "There is free parking behind the building, entrance on the left.",
    ),
    asked(
        "how much is my copay",
        "Happy to check that for you. We will call you this afternoon.",
    ),
    asked(
        "running 10 minutes late",
        "No problem, we will let your therapist know.",
    ),
    asked(
        "Is Dr. Chen in on Friday?",
        "Yes, all day on Friday. Would you like a time that day?",
    ),
    asked(
        "my knee is sore after the new exercise, should I still do it?",
        "Please rest it today. Your therapist will call you this afternoon.",
    ),
    asked(
        "Can my daughter come in with me?",
        "Of course, she is welcome to sit in.",
    ),
    asked(
        "do you have anything earlier in the morning?",
        "We open at 8:00. We will call you with what is free.",
    ),
    asked(
        "Could you send my visit notes to Dr. Abbott?",
        "Yes. Please sign the release form at your next visit and we will send them.",
    ),
    asked(
        "which exercises should I do over the weekend",
        "Your therapist will go over that with you. We will call you today.",
    ),
];
const QUESTIONS_ES: &[Text] = &[
    asked(
        "¿Dónde puedo estacionar?",
        "Hay estacionamiento gratis detrás del edificio.",
    ),
    asked(
        "¿tengo que llevar algo?",
        "Solo ropa cómoda y su tarjeta de seguro. ¡Nos vemos!",
    ),
    asked(
        "llego 10 minutos tarde",
        "No hay problema, le avisamos a su terapeuta.",
    ),
    asked(
        "¿Hay alguien que hable español?",
        "Sí, con gusto. Le llamamos hoy por la tarde.",
    ),
];

fn one(dice: &mut ChaCha8Rng, from: &[Text]) -> Option<Text> {
    from.get(dice.random_range(0..from.len().max(1))).copied()
}

fn spoken(
    language: Language,
    english: &'static [Text],
    spanish: &'static [Text],
) -> &'static [Text] {
    if language == Language::Spanish {
        spanish
    } else {
        english
    }
}

/// Draws what who means to come writes back to a text that asks.
pub(crate) fn coming(dice: &mut ChaCha8Rng, language: Language) -> Option<Text> {
    let from = match dice.random_range(0.0..1.0) {
        draw if draw < 0.84 => spoken(language, COMING_EN, COMING_ES),
        draw if draw < 0.95 => spoken(language, QUESTIONS_EN, QUESTIONS_ES),
        draw if draw < 0.991 => spoken(language, THANKS_EN, THANKS_ES),
        // Four opt-outs in a thousand messages, as the answering half writes them.
        draw if draw < 0.998 => STOPS,
        _ => ALARMS,
    };
    one(dice, from)
}

/// Draws what who will not come writes back.
pub(crate) fn not_coming(dice: &mut ChaCha8Rng, language: Language) -> Option<Text> {
    one(dice, spoken(language, NOT_COMING_EN, NOT_COMING_ES))
}

/// Draws what who wants another time writes back.
pub(crate) fn another_time(dice: &mut ChaCha8Rng) -> Option<Text> {
    one(dice, ANOTHER_TIME)
}

/// Draws a question that nobody asked for.
pub(crate) fn question(dice: &mut ChaCha8Rng, language: Language) -> Option<Text> {
    one(dice, spoken(language, QUESTIONS_EN, QUESTIONS_ES))
}

/// Draws what somebody writes back who has the number instead of the patient.
pub(crate) fn stranger(dice: &mut ChaCha8Rng) -> Option<Text> {
    one(dice, STRANGERS)
}
