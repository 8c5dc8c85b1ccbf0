//! What Tendon does with a message, in words for staff and operators.

use crate::class::Class;
use crate::flag::{Level, RedFlag};
use crate::understanding::{OptOutScope, Understanding};

/// Says in sentences what follows from a message. Contains no words of the person.
///
/// The promises about time are those of the safety policy (domain: clinical
/// safety), which the desk keeps; nothing here reaches the patient.
pub fn action_in_words(understanding: &Understanding) -> String {
    let mut sentences = Vec::new();
    if let Some(flag) = &understanding.red_flag {
        sentences.push(flag_in_words(flag));
    }
    if let Some(scope) = understanding.opt_out {
        sentences.push(opt_out_in_words(scope, understanding));
        if understanding.unclear_cancel {
            sentences.push(
                "Ask once whether the visit is meant as well, and open a task for it.".to_owned(),
            );
        }
    }
    let rest = std::iter::once(understanding.class).chain(understanding.also.iter().copied());
    let covered = |class: &Class| {
        class.is_red_flag()
            || matches!(class, Class::OptOutAll | Class::OptOutCategory)
            || (*class == Class::UnknownHuman && understanding.red_flag.is_some())
            || (*class == Class::CancelVisit && understanding.unclear_cancel)
    };
    sentences.extend(
        rest.filter(|class| !covered(class))
            .map(|class| routine(class).to_owned()),
    );
    if understanding.unreadable {
        sentences.push("Send the bilingual 911 line: the script cannot be read.".to_owned());
    }
    sentences.join(" ")
}

fn flag_in_words(flag: &RedFlag) -> String {
    let kind = flag.category.words();
    if flag.past {
        return format!("A person reads it: past or somebody's history ({kind}).");
    }
    if flag.negated {
        return format!("Log it and show it to a clinician: denied ({kind}).");
    }
    let mut words = match flag.level {
        Level::Emergency => format!(
            "Answer with the 911 text, page the on-call now and hold all other messages ({kind})."
        ),
        Level::Crisis => format!(
            "Answer with the 988 text, page the on-call now and hold all other messages ({kind})."
        ),
        Level::Abuse => {
            format!("Answer only that somebody will call; a person calls in private ({kind}).")
        }
        Level::Urgent => format!("A clinician calls today ({kind})."),
    };
    if flag.other_person {
        words.push_str(" It is about somebody else: a person reads it at once.");
    }
    if flag.question {
        words.push_str(" It is a question: safety text only, a person answers.");
    }
    words
}

fn opt_out_in_words(scope: OptOutScope, understanding: &Understanding) -> String {
    if understanding.says(Class::Deceased) {
        return "Stop all messages without an answer.".to_owned();
    }
    if understanding.says(Class::WrongParty) {
        return "Stop all messages to this number and say goodbye once.".to_owned();
    }
    match scope {
        OptOutScope::Everything => "Stop all messages and confirm that once.".to_owned(),
        OptOutScope::Purpose(purpose) => {
            format!(
                "Stop messages about {} and confirm that once.",
                purpose.words()
            )
        }
    }
}

/// Returns what a single routine class leads to.
const fn routine(class: Class) -> &'static str {
    match class {
        Class::OptIn => "Record the fresh consent and confirm that texts are on.",
        Class::Help => "Answer with the help text.",
        Class::Deceased => "Hold all messages; a person verifies and answers the family.",
        Class::WrongParty => "Stop messages to this number for every patient and open a task.",
        Class::TapbackPositive => "Note the reaction; nothing to answer.",
        Class::TapbackNegative => "Note the reaction; a person looks at it.",
        Class::AutoReply => "Note it; a machine wrote it and gets no answer.",
        Class::WaitlistAccept => "Book the offered opening if it is still free.",
        Class::WaitlistDecline => "Offer the opening to the next person.",
        Class::SurveyScore => "Record the score.",
        Class::Reschedule => "Offer other times and open a task to move the visit.",
        Class::CancelVisit => "Take the visit off the book and open a task to rebook.",
        Class::Late => "Tell the front desk that the patient is late.",
        Class::Confirm => "Confirm the visit.",
        Class::HepLog => "Log the home exercises.",
        Class::RefillOrMedication => "Hand to a clinician; medicines are never answered here.",
        Class::ClinicalQuestion => "Hand to the treating therapist.",
        Class::PainReport => "Log it for the treating therapist, who sees it today.",
        Class::DocumentRequest => "Open a task for the document.",
        Class::BillingQuestion => "Hand to billing.",
        Class::LocationQuestion => "Answer with the address and the map.",
        Class::AppointmentQuestion => "Answer with the visit, or hand to the front desk.",
        Class::LanguageSwitch => "Change the language on file and confirm it in both.",
        Class::Thanks | Class::Smalltalk => "Nothing to do.",
        Class::Spam => "Put it aside; no answer.",
        Class::UnknownHuman => "A person reads and answers it.",
        Class::RedFlagE
        | Class::RedFlagS
        | Class::RedFlagA
        | Class::RedFlagU
        | Class::OptOutAll
        | Class::OptOutCategory => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand;
    use crate::understanding::{Context, Prompt};

    fn words(text: &str, prompt: Prompt) -> String {
        let context = Context {
            prompt,
            ..Context::default()
        };
        action_in_words(&understand(text, &context))
    }

    #[test]
    fn says_what_follows() {
        for (text, prompt, expected) in [
            (
                "STOP",
                Prompt::None,
                "Stop all messages and confirm that once.",
            ),
            (
                "CANCEL",
                Prompt::Visit,
                "Stop all messages and confirm that once. Ask once whether the visit is meant as well, and open a task for it.",
            ),
            ("1", Prompt::Visit, "Confirm the visit."),
            (
                "3 STOP",
                Prompt::Visit,
                "Stop all messages and confirm that once. Take the visit off the book and open a task to rebook.",
            ),
            (
                "Wrong number, please stop texting me",
                Prompt::None,
                "Stop all messages to this number and say goodbye once. Stop messages to this number for every patient and open a task.",
            ),
            (
                "My wife died last week, stop texting",
                Prompt::None,
                "Stop all messages without an answer. Hold all messages; a person verifies and answers the family.",
            ),
            (
                "no chest pain",
                Prompt::None,
                "Log it and show it to a clinician: denied (chest, breathing or consciousness).",
            ),
            (
                "qwerty zxcv",
                Prompt::None,
                "A person reads and answers it.",
            ),
        ] {
            assert_eq!(words(text, prompt), expected, "{text}");
        }
    }

    #[test]
    fn every_class_but_those_said_elsewhere_has_a_sentence() {
        for class in Class::ALL.iter().copied() {
            let elsewhere =
                class.is_red_flag() || matches!(class, Class::OptOutAll | Class::OptOutCategory);
            assert_eq!(routine(class).is_empty(), elsewhere, "{class}");
        }
    }

    #[test]
    fn never_repeats_what_the_person_wrote() {
        let said = words("My name is Zebulon and I have chest pain", Prompt::None);
        assert!(said.contains("911") && !said.contains("Zebulon"));
    }
}
