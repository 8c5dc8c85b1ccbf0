//! The one table of everything that a condition may ask about.
//!
//! The checks of a definition, the words of its explanation and the reference
//! for its authors are all made from this table. A variable of kind
//! [`Kind::Instant`] is also an anchor: something a step can be due before or
//! after.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use jiff::civil::Time;

/// A value that a variable takes. Small and `Copy`: facts are built for every
/// step of every patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A number of things.
    Count(i64),
    /// One of the codes that the variable lists.
    Code(&'static str),
    /// A point in time.
    Instant(Timestamp),
    /// A local time of day.
    Clock(Time),
}

/// What kind of value a variable takes, with the words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no, and how each reads as a clause.
    Flag {
        /// The clause when it is so.
        yes: &'static str,
        /// The clause when it is not so.
        no: &'static str,
    },
    /// A number of things.
    Count,
    /// One of these codes, each with the words that end "… is …".
    Choice(&'static [(&'static str, &'static str)]),
    /// A point in time; also an anchor of steps.
    Instant,
    /// A local time of day.
    Clock,
}

/// Whether a variable can change while an enrolment runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steadiness {
    /// Decided when the subject came to be; a forecast can rely on it.
    Steady,
    /// May be different by the time a step is due.
    Changing,
}

/// A variable as authors, checks and explanations see it.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name in conditions, such as `visit.kind`.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The words for it, such as `the visit`.
    pub words: &'static str,
    /// Whether it can change while an enrolment runs.
    pub steadiness: Steadiness,
}

/// The handle that sets a variable, typed so that a count cannot become a flag.
pub struct Key<T> {
    pub(crate) index: usize,
    value: PhantomData<fn(T)>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Key<T> {}

impl<T> Key<T> {
    const fn at(index: usize) -> Self {
        Self {
            index,
            value: PhantomData,
        }
    }

    /// Returns the variable's row of the table.
    pub fn variable(self) -> Option<&'static Variable> {
        VARIABLES.get(self.index)
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.variable().map_or("?", |variable| variable.name))
    }
}

/// A Rust type whose values a variable can take.
pub trait FactValue: Copy {
    /// Wraps the value.
    fn value(self) -> Value;
}

macro_rules! fact_values {
    ($($type:ty => $variant:ident),*) => {$(
        impl FactValue for $type {
            fn value(self) -> Value { Value::$variant(self) }
        }
    )*};
}
fact_values!(bool => Flag, i64 => Count, &'static str => Code, Timestamp => Instant, Time => Clock);

/// Finds a variable and its place in the table by name.
pub fn find(name: &str) -> Option<(usize, &'static Variable)> {
    VARIABLES
        .iter()
        .enumerate()
        .find(|(_, variable)| variable.name == name)
}

/// Finds the anchor of a name: a variable that is a point in time, other than
/// the two that the engine sets itself.
pub(crate) fn find_anchor(name: &str) -> Option<Key<Timestamp>> {
    let (index, variable) = find(name)?;
    let given = index != NOW.index && index != ENTERED.index;
    (given && variable.kind == Kind::Instant).then_some(Key::at(index))
}

/// Writes the reference for authors: one Markdown row per variable.
pub fn reference() -> String {
    use std::fmt::Write as _;
    let mut text = String::from("| variable | kind | means |\n|---|---|---|\n");
    for variable in VARIABLES {
        let kind = match variable.kind {
            Kind::Flag { .. } => "yes or no".to_owned(),
            Kind::Count => "number".to_owned(),
            Kind::Choice(codes) => codes
                .iter()
                .map(|(code, _)| format!("`'{code}'`"))
                .collect::<Vec<_>>()
                .join(", "),
            Kind::Instant if variable.name == "now" => "point in time".to_owned(),
            Kind::Instant => "point in time, anchor".to_owned(),
            Kind::Clock => "time of day".to_owned(),
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {kind} | {} |",
            variable.name, variable.words
        );
    }
    text
}

const VISIT_KINDS: &[(&str, &str)] = &[
    ("evaluation", "an evaluation"),
    ("recurring", "a follow-up visit"),
];

const VISIT_STATES: &[(&str, &str)] = &[
    ("booked", "on the book"),
    ("confirmed", "confirmed"),
    ("arrived", "checked in"),
    ("in_progress", "in progress"),
    ("completed", "completed"),
    ("cancelled", "cancelled"),
    ("noshow", "missed"),
    ("void", "entered in error"),
];

const EPISODE_STATES: &[(&str, &str)] = &[
    ("referred", "referred"),
    ("contacted", "contacted"),
    ("eval_scheduled", "waiting for the evaluation"),
    ("evaluated", "evaluated"),
    ("active", "active"),
    ("on_hold", "on hold"),
    ("at_risk", "at risk"),
    ("lost", "lost"),
    ("discharged", "discharged"),
    ("maintenance", "in maintenance"),
];

const LANGUAGES: &[(&str, &str)] = &[("en", "English"), ("es", "Spanish")];

macro_rules! variables {
    ($($(#[$doc:meta])* $key:ident: $type:ty = $name:literal, $kind:expr, $words:literal, $steadiness:ident;)*) => {
        #[expect(non_camel_case_types, reason = "names the rows of the table below, for counting only")]
        #[expect(clippy::upper_case_acronyms, reason = "names the rows of the table below, for counting only")]
        enum Row { $($key),* }

        $($(#[$doc])* pub const $key: Key<$type> = Key::at(Row::$key as usize);)*

        /// Every variable, in the order of their keys.
        pub static VARIABLES: &[Variable] = &[$(Variable {
            name: $name,
            kind: $kind,
            words: $words,
            steadiness: Steadiness::$steadiness,
        }),*];

        /// How many variables there are.
        pub(crate) const COUNT: usize = [$(Row::$key as usize),*].len();

        #[cfg(test)]
        fn example_values() -> Vec<Value> {
            vec![$(<$type as tests::Example>::example().value()),*]
        }
    };
}

variables! {
    /// The current instant; the engine sets it.
    NOW: Timestamp = "now", Kind::Instant, "now", Changing;
    /// When the enrolment began; the engine sets it.
    ENTERED: Timestamp = "entered", Kind::Instant, "the start of the journey", Steady;
    /// What kind of visit (`VisitKind::code`).
    VISIT_KIND: &'static str = "visit.kind", Kind::Choice(VISIT_KINDS), "the visit", Steady;
    /// Where the visit stands (`VisitState::code`).
    VISIT_STATE: &'static str = "visit.state", Kind::Choice(VISIT_STATES), "the visit", Changing;
    /// When the visit begins.
    VISIT_START: Timestamp = "visit.start", Kind::Instant, "the visit", Changing;
    /// The local time of day at which the visit begins; derived from `visit.start`.
    VISIT_TIME_OF_DAY: Time = "visit.time_of_day", Kind::Clock, "the time of the visit", Changing;
    /// When the visit was put on the book.
    VISIT_BOOKED_AT: Timestamp = "visit.booked_at", Kind::Instant, "the booking", Steady;
    /// Which visit of the episode it is, the evaluation being 1.
    VISIT_NUMBER: i64 = "visit.number", Kind::Count, "the number of the visit", Changing;
    /// The patient said yes to this date.
    VISIT_CONFIRMED: bool = "visit.confirmed",
        Kind::Flag { yes: "the visit is confirmed", no: "the visit is not confirmed" },
        "the visit is confirmed", Changing;
    /// The language that the patient is written to in (`Language::tag`).
    PATIENT_LANGUAGE: &'static str = "patient.language", Kind::Choice(LANGUAGES),
        "the patient's language", Changing;
    /// The patient missed a visit before.
    PATIENT_MISSED_BEFORE: bool = "patient.missed_before",
        Kind::Flag {
            yes: "the patient has missed a visit before",
            no: "the patient has not missed a visit before",
        },
        "the patient has missed a visit before", Changing;
    /// Visits of the patient on the book from now on.
    PATIENT_UPCOMING: i64 = "patient.upcoming_visits", Kind::Count,
        "the number of visits on the book", Changing;
    /// Visits prescribed in all.
    PLAN_VISITS: i64 = "plan.visits", Kind::Count, "the number of visits on the plan", Changing;
    /// Visits neither done nor on the book.
    PLAN_UNBOOKED: i64 = "plan.unbooked", Kind::Count,
        "the number of plan visits not yet booked", Changing;
    /// Visits of the plan that took place.
    PLAN_COMPLETED: i64 = "plan.completed", Kind::Count,
        "the number of plan visits completed", Changing;
    /// The beginning of the plan's first day.
    PLAN_START: Timestamp = "plan.start", Kind::Instant, "the start of the plan", Changing;
    /// The beginning of the plan's last day.
    PLAN_END: Timestamp = "plan.end", Kind::Instant, "the end of the plan", Changing;
    /// Where the episode stands (`EpisodeState::code`).
    EPISODE_STATE: &'static str = "episode.state", Kind::Choice(EPISODE_STATES),
        "the episode", Changing;
    /// Visits of the episode that took place.
    EPISODE_VISITS_COMPLETED: i64 = "episode.visits_completed", Kind::Count,
        "the number of visits completed", Changing;
    /// When the episode began to be tracked.
    EPISODE_OPENED_AT: Timestamp = "episode.opened_at", Kind::Instant,
        "the opening of the episode", Steady;
    /// When the latest completed visit began.
    EPISODE_LAST_VISIT_AT: Timestamp = "episode.last_visit_at", Kind::Instant,
        "the last visit", Changing;
    /// When the next visit on the book begins.
    EPISODE_NEXT_VISIT_AT: Timestamp = "episode.next_visit_at", Kind::Instant,
        "the next visit", Changing;
    /// When the referral reached the practice.
    REFERRAL_RECEIVED_AT: Timestamp = "referral.received_at", Kind::Instant,
        "the referral", Steady;
    /// Somebody of the practice called about the referral.
    REFERRAL_CALLED: bool = "referral.called",
        Kind::Flag { yes: "somebody has called the patient", no: "nobody has called the patient" },
        "somebody has called the patient", Changing;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::appointment::{CancelledBy, VisitKind, VisitState};
    use tendon_care::language::Language;

    /// A value of each type, to compare a key's type with its row's kind.
    pub(super) trait Example: FactValue {
        fn example() -> Self;
    }
    macro_rules! examples {
        ($($type:ty = $value:expr),*) => {$(
            impl Example for $type { fn example() -> Self { $value } }
        )*};
    }
    examples!(
        bool = true,
        i64 = 1,
        &'static str = "",
        Timestamp = Timestamp::UNIX_EPOCH,
        Time = Time::midnight()
    );

    #[test]
    fn every_key_is_typed_as_its_row() {
        assert_eq!(VARIABLES.len(), COUNT);
        for (variable, value) in VARIABLES.iter().zip(example_values()) {
            let agrees = matches!(
                (variable.kind, value),
                (Kind::Flag { .. }, Value::Flag(_))
                    | (Kind::Count, Value::Count(_))
                    | (Kind::Choice(_), Value::Code(_))
                    | (Kind::Instant, Value::Instant(_))
                    | (Kind::Clock, Value::Clock(_))
            );
            assert!(agrees, "{}", variable.name);
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for (index, variable) in VARIABLES.iter().enumerate() {
            assert_eq!(find(variable.name), Some((index, variable)));
        }
        assert_eq!(find("visit.colour"), None);
    }

    #[test]
    fn the_choices_are_the_codes_of_the_domain() {
        let at = Timestamp::UNIX_EPOCH;
        let by = CancelledBy::Patient;
        let states = [
            VisitState::Booked,
            VisitState::Confirmed { at },
            VisitState::Arrived { at },
            VisitState::InProgress { at },
            VisitState::Completed { at },
            VisitState::Cancelled { at, by, late: true },
            VisitState::NoShow { at, inferred: true },
            VisitState::Void { at },
        ];
        let codes = |choices: &[(&'static str, &str)]| -> Vec<&'static str> {
            choices.iter().map(|(code, _)| *code).collect()
        };
        assert_eq!(codes(VISIT_STATES), states.map(|state| state.code()));
        assert_eq!(
            codes(VISIT_KINDS),
            [VisitKind::Evaluation, VisitKind::Recurring].map(VisitKind::code)
        );
        assert_eq!(codes(LANGUAGES), Language::ALL.map(Language::tag));
    }

    #[test]
    fn the_guide_for_authors_ends_with_the_reference() {
        let guide = include_str!("../journeys/README.md");
        let text = reference();
        assert!(guide.ends_with(&text), "put this at its end:\n{text}");
        assert!(text.contains("| `visit.kind` | `'evaluation'`, `'recurring'` | the visit |"));
    }
}
