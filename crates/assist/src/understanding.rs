//! What goes into understanding a message, and what comes out.

use std::ops::Range;

use tendon_care::language::Language;
use tendon_care::purpose::Purpose;

use crate::class::Class;
use crate::flag::RedFlag;

/// What Tendon last asked this person and has no answer to yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Nothing.
    #[default]
    None,
    /// A visit: 1/C confirm, 2/R another time, 3/X cannot come.
    Visit,
    /// Home exercises: done?
    Exercise,
    /// A survey or outcome measure with a score.
    Survey,
    /// An opening from the waitlist.
    Waitlist,
    /// The one text after CANCEL: the visit, or all messages?
    StopClarification,
}

impl Prompt {
    /// Every prompt.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Visit,
        Self::Exercise,
        Self::Survey,
        Self::Waitlist,
        Self::StopClarification,
    ];

    /// Returns the code used in lexicons and `tendon understand`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Visit => "visit_prompt_open",
            Self::Exercise => "exercise_prompt_open",
            Self::Survey => "survey_prompt_open",
            Self::Waitlist => "waitlist_offer_open",
            Self::StopClarification => "stop_clarification_open",
        }
    }

    /// Reads [`Prompt::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|prompt| prompt.code() == text)
    }
}

/// What is known before the message is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The open prompt.
    pub prompt: Prompt,
    /// The person's language on file, for texts too short to tell.
    pub language: Language,
    /// This address has opted out, so a bare YES can only mean "again".
    pub opted_out: bool,
}

/// How sure the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// The whole message is a keyword or a reply that was offered.
    Exact,
    /// A phrase of the lexicon is in it.
    Phrase,
    /// A phrase is in it once a typo is allowed for.
    Typo,
    /// Nothing matched.
    None,
}

/// Which rule decided, and on which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The rule's id in the lexicon.
    pub rule: &'static str,
    /// Bytes of the raw text.
    pub span: Range<usize>,
}

/// What a person no longer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptOutScope {
    /// Everything, by every channel that the rule pack says.
    Everything,
    /// One purpose.
    Purpose(Purpose),
}

/// What a message means. Holds no words of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understanding {
    /// The most pressing meaning.
    pub class: Class,
    /// What else it means. An opt-out here counts as much as in `class`.
    pub also: Vec<Class>,
    /// The red flag found, also where it is denied, long past or a question.
    pub red_flag: Option<RedFlag>,
    /// How far an opt-out goes, where there is one.
    pub opt_out: Option<OptOutScope>,
    /// The opt-out is a CANCEL, END or QUIT that may mean the visit that is asked
    /// about instead, or both.
    pub unclear_cancel: bool,
    /// The rule that decided `class`.
    pub matched: Option<Matched>,
    /// How sure that is.
    pub confidence: Confidence,
    /// The score or the pain said, 0–10, where the class is about one.
    pub value: Option<u8>,
    /// The language it is written in; the one on file where it does not show.
    pub language: Language,
    /// For a language switch: which one, where it is one of ours.
    pub wants_language: Option<Language>,
    /// Written in a script that no rule can read: a person and the bilingual
    /// emergency line, never "nothing found".
    pub unreadable: bool,
}

impl Understanding {
    /// Tells whether the message means this, first or among other things.
    pub fn says(&self, class: Class) -> bool {
        self.class == class || self.also.contains(&class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_read_back() {
        for prompt in Prompt::ALL {
            assert_eq!(Prompt::from_code(prompt.code()), Some(prompt));
        }
        assert_eq!(Prompt::from_code("visit"), None);
    }
}
