//! Red flags: how dangerous, of which kind, and how it is meant.
//!
//! Policy (domain: clinical safety for text): tuned for recall, never a
//! diagnosis. A denied or long-past sign is kept for a clinician to see and
//! does not page; a question about a sign pages like the sign.

use std::ops::Range;

use crate::class::Class;
use crate::lexicon::Turns;
use crate::phrase::{Phrase, Place, Token};
use crate::text::Break;

/// What has to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// E: 911, page at once.
    Emergency,
    /// S: crisis line, page at once.
    Crisis,
    /// A: private contact by a person, no detail in the reply.
    Abuse,
    /// U: a clinician calls today.
    Urgent,
}

impl Level {
    /// Returns the letter that clinicians use.
    pub const fn letter(self) -> char {
        match self {
            Self::Emergency => 'E',
            Self::Crisis => 'S',
            Self::Abuse => 'A',
            Self::Urgent => 'U',
        }
    }

    /// Returns the class of a message with such a flag.
    pub const fn class(self) -> Class {
        match self {
            Self::Emergency => Class::RedFlagE,
            Self::Crisis => Class::RedFlagS,
            Self::Abuse => Class::RedFlagA,
            Self::Urgent => Class::RedFlagU,
        }
    }

    /// Reads the class of a rule.
    pub const fn of(class: Class) -> Option<Self> {
        match class {
            Class::RedFlagE => Some(Self::Emergency),
            Class::RedFlagS => Some(Self::Crisis),
            Class::RedFlagA => Some(Self::Abuse),
            Class::RedFlagU => Some(Self::Urgent),
            _ => None,
        }
    }
}

macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident $code:literal $words:literal),* $(,)?) => {
        /// Which kind of danger. Words for staff, never for the patient.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Category {$($(#[$doc])* $name,)*}

        impl Category {
            /// Every category.
            pub const ALL: [Self; 14] = [$(Self::$name),*];

            /// Returns the code used in the lexicon and in storage.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Returns the words for staff.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

categories! {
    /// Heart, lungs.
    Cardiac "cardiac" "chest, breathing or consciousness",
    /// Brain.
    Stroke "stroke" "face, speech, sight or one side",
    /// Spinal cord and cauda equina.
    Cord "cord" "saddle numbness, bladder, bowel or both legs",
    /// Injury, bleeding, anaphylaxis, seizure.
    Trauma "trauma" "injury, bleeding or severe reaction",
    /// Harm to oneself.
    SelfHarm "self_harm" "may harm themself",
    /// Harm to others.
    HarmOthers "harm_others" "may harm somebody",
    /// Violence, neglect, trafficking.
    Abuse "abuse" "may be abused or neglected",
    /// Clot in a vein.
    Clot "clot" "swollen, warm or red leg",
    /// Infection.
    Infection "infection" "fever or a wound that looks infected",
    /// Fracture.
    Fracture "fracture" "fall or pop and no weight-bearing",
    /// Cancer, general illness.
    Systemic "systemic" "weight loss, night pain or cancer history",
    /// Blood supply.
    Vascular "vascular" "cold, blue or pulseless limb",
    /// Nerves.
    Neuro "neuro" "worsening weakness, dropped foot, dizziness with double vision",
    /// Medicines.
    Medication "medication" "reaction, dose or supply of a medicine",
}

impl Category {
    /// Reads [`Category::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.code() == text)
    }
}

/// A sign of danger in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedFlag {
    /// What has to happen if it is meant.
    pub level: Level,
    /// Which kind.
    pub category: Category,
    /// The rule that found it.
    pub rule: &'static str,
    /// Denied ("no chest pain"): logged, a clinician sees it. Never for a crisis.
    pub negated: bool,
    /// Long past, or somebody's history ("my father had a stroke"): a person reads it.
    pub past: bool,
    /// About somebody else; if it is happening now it pages all the same.
    pub other_person: bool,
    /// Asked rather than said: the fixed safety text, and a person.
    pub question: bool,
}

impl RedFlag {
    /// Tells whether the message is answered as a red flag now.
    pub const fn acts(&self) -> bool {
        !self.negated && !self.past
    }
}

/// How far before a sign a negation reaches, in words.
const NEGATION_REACH: usize = 6;
/// The same inside a list ("no fever, chills, night sweats or chest pain").
const LIST_REACH: usize = 14;
/// How near the words for "years ago" or "my father" must stand.
const PAST_REACH: usize = 8;

/// Where the words that change the meaning of a sign stand in one message.
pub(crate) struct Meaning<'a> {
    tokens: &'a [Token],
    negators: Vec<Range<usize>>,
    pseudo: Vec<Range<usize>>,
    ends: Vec<Range<usize>>,
    subjects: Vec<Range<usize>>,
    thinks: Vec<Range<usize>>,
    joiners: Vec<Range<usize>>,
    symptoms: Vec<Range<usize>>,
    denials: Vec<Range<usize>>,
    others: Vec<Range<usize>>,
    event_past: Vec<Range<usize>>,
    before: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
    recent: bool,
}

impl<'a> Meaning<'a> {
    /// Looks for the words once per message.
    pub(crate) fn of(tokens: &'a [Token], turns: &Turns) -> Self {
        let find = |phrase: &Phrase| phrase.find(tokens, Break::None);
        Self {
            tokens,
            negators: find(&turns.negator),
            pseudo: find(&turns.pseudo_negation),
            ends: find(&turns.negation_end),
            subjects: find(&turns.subject),
            thinks: find(&turns.thinks),
            joiners: find(&turns.joiner),
            symptoms: find(&turns.symptom),
            denials: find(&turns.negative_answer),
            others: find(&turns.other_person),
            event_past: find(&turns.event_past),
            before: find(&turns.long_ago_before),
            after: find(&turns.long_ago_after),
            recent: !find(&turns.recent).is_empty(),
        }
    }

    /// Tells whether one of the words that make up a sign is denied: by an odd
    /// number of negations before it, by one in a gap of its phrase ("speech
    /// is not slurred"), or by a "no" behind it.
    pub(crate) fn is_negated(&self, parts: &[Place]) -> bool {
        parts.iter().any(|part| {
            self.denied_after(&part.at)
                || self.denied_inside(part)
                || self.negations_before(part.at.start) % 2 == 1
        })
    }

    fn denied_inside(&self, part: &Place) -> bool {
        self.negators
            .iter()
            .any(|negator| part.skips(negator.start) && !covers(&self.pseudo, negator.start))
    }

    /// "Chest pain: no", "fever none", "pus from the wound? no".
    fn denied_after(&self, hit: &Range<usize>) -> bool {
        self.denials.iter().any(|denial| {
            let answers = self
                .break_before(denial.end)
                .is_none_or(|b| b > Break::None);
            let near = denial.start >= hit.end && denial.start - hit.end <= NEGATION_REACH;
            let set_off =
                denial.start == hit.end || self.break_before(denial.start) > Some(Break::None);
            let same =
                (hit.end..denial.start).all(|at| self.break_before(at) != Some(Break::Clause));
            answers && near && set_off && same
        })
    }

    fn negations_before(&self, start: usize) -> usize {
        let mut nearest: Option<Range<usize>> = None;
        let mut in_list = false;
        let mut at = start;
        while at > 0 && start - at < LIST_REACH {
            match self.break_before(at) {
                Some(Break::Clause) => break,
                Some(Break::Comma) => in_list = true,
                _ => {}
            }
            at -= 1;
            if covers(&self.pseudo, at) || covers(&self.ends, at) || self.begins_anew(at) {
                break;
            }
            let negator = self.negators.iter().find(|n| n.end == at + 1);
            match (&nearest, negator) {
                (None, Some(negator)) if self.spans(negator, start, in_list) => {
                    at = negator.start;
                    nearest = Some(negator.clone());
                }
                (None, Some(_)) => break,
                // "dont have no pain" is two; "no fever no pain" is one and one.
                (Some(near), Some(far))
                    if near.start - far.end <= 2
                        && !in_list
                        && !covers(&self.joiners, near.start) =>
                {
                    return 2;
                }
                (Some(_), _) if covers(&self.symptoms, at) => break,
                _ => {}
            }
        }
        usize::from(nearest.is_some())
    }

    /// Tells whether a negation reaches a sign: over six words, or along a list.
    fn spans(&self, negator: &Range<usize>, start: usize, in_list: bool) -> bool {
        let joined = self
            .joiners
            .iter()
            .any(|j| j.start >= negator.end && j.end <= start);
        if in_list {
            self.is_list(negator, start)
        } else {
            joined || start - negator.end < NEGATION_REACH
        }
    }

    /// "not good, i have chest pain" begins anew at `i`; "i dont think i have" does not.
    fn begins_anew(&self, at: usize) -> bool {
        covers(&self.subjects, at) && !covers(&self.thinks, at.wrapping_sub(1))
    }

    /// A comma is passed only inside a list: the negator stands directly
    /// before a sign, and an "or" or "and" closes the list.
    fn is_list(&self, negator: &Range<usize>, start: usize) -> bool {
        let opens = (negator.end..negator.end + 3).any(|at| covers(&self.symptoms, at))
            && self.break_before(negator.end) == Some(Break::None);
        let closes = self
            .joiners
            .iter()
            .any(|joiner| joiner.start >= negator.end && joiner.start <= start + 5);
        opens && closes
    }

    /// Tells whether the sign is about somebody else.
    pub(crate) fn is_other(&self, hit: &Range<usize>) -> bool {
        self.others
            .iter()
            .any(|other| self.reaches(other.end, hit.start) || contains(hit, other))
    }

    /// Tells whether the sign is long past, or somebody's finished story.
    pub(crate) fn is_past(&self, hit: &Range<usize>) -> bool {
        if self.recent {
            return false;
        }
        let long_ago = self
            .before
            .iter()
            .any(|b| self.reaches(b.end, hit.start) || contains(hit, b))
            || self
                .after
                .iter()
                .any(|a| self.reaches(hit.end, a.start) || contains(hit, a));
        let story = self.is_other(hit)
            && self.event_past.iter().any(|p| {
                contains(hit, p)
                    || self.reaches(p.end, hit.start)
                    || (p.start == hit.end && self.break_before(p.start) != Some(Break::Clause))
            });
        long_ago || story
    }

    /// From `end` of one thing to `start` of another: near, and in one clause.
    fn reaches(&self, end: usize, start: usize) -> bool {
        end <= start
            && start - end <= PAST_REACH
            && (end..=start)
                .skip(1)
                .all(|at| self.break_before(at) != Some(Break::Clause))
    }

    fn break_before(&self, at: usize) -> Option<Break> {
        self.tokens.get(at).map(|token| token.before)
    }
}

fn covers(ranges: &[Range<usize>], at: usize) -> bool {
    ranges.iter().any(|range| range.contains(&at))
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand;
    use crate::understanding::Context;

    fn flag(text: &str) -> RedFlag {
        understand(text, &Context::default())
            .red_flag
            .unwrap_or_else(|| panic!("no red flag in {text:?}"))
    }

    #[test]
    fn levels_and_categories_read_back() {
        for category in Category::ALL {
            assert_eq!(Category::from_code(category.code()), Some(category));
            assert!(!category.words().is_empty());
        }
        for level in [Level::Emergency, Level::Crisis, Level::Abuse, Level::Urgent] {
            assert_eq!(Level::of(level.class()), Some(level));
            assert!(level.class().code().ends_with(level.letter()));
        }
        assert_eq!(Level::of(Class::Late), None);
    }

    #[test]
    fn a_negation_reaches_through_its_clause_and_no_further() {
        for (text, negated) in [
            ("no chest pain", true),
            ("I don't have any chest pain", true),
            ("never had chest pain", true),
            ("no tengo dolor de pecho", true),
            ("sin dolor de pecho", true),
            ("chest pain: no", true),
            ("No fever, chills, or chest pain", true),
            ("I'm not having chest pain or trouble breathing", true),
            ("I don't think I have chest pain", true),
            ("no, I have chest pain", false),
            ("not good. chest pain since this morning", false),
            ("not feeling well my chest hurts", false),
            ("no dizziness but my chest hurts", false),
            ("not sure if this is chest pain", false),
            ("the ice does not help my chest pain", false),
            ("I can't breathe", false),
            ("no control of my bladder", false),
            ("no feeling in my groin", false),
        ] {
            assert_eq!(flag(text).negated, negated, "{text}");
        }
    }

    #[test]
    fn two_negations_are_none_and_a_crisis_is_never_denied() {
        assert!(!flag("I don't have no chest pain").negated);
        assert!(!flag("not without chest pain").negated);
        assert!(flag("no fever no chest pain").negated);
        assert!(!flag("I am not suicidal").negated);
        assert!(!flag("I don't want to kill myself").negated);
    }

    #[test]
    fn past_and_other_people_are_told_apart_from_now() {
        for (text, past) in [
            ("my father had a heart attack", true),
            ("I had a heart attack 5 years ago", true),
            ("history of chest pain", true),
            ("I passed out last night", false),
            ("my husband has chest pain right now", false),
            ("my wife can't breathe", false),
            ("I had chest pain last year and now again", false),
        ] {
            assert_eq!(flag(text).past, past, "{text}");
        }
        assert!(flag("my wife can't breathe").other_person);
        assert!(!flag("I can't breathe").other_person);
        assert!(flag("is chest pain normal?").question);
    }
}
