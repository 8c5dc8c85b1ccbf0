//! Law and billing numbers as dated data.
//!
//! A rule pack is a TOML file of rows `{rule_id, jurisdiction, value,
//! effective_from, effective_to, source, verified_on}`. Packs lie in layers: the
//! defaults compiled in here, then an operator's own files. On each day and for
//! each (rule, jurisdiction) the topmost layer that has a row in force wins.
//!
//! [`Rules`] cuts time where any row begins or ends and works out once what holds
//! between two cuts, so that a look-up at dispatch is a short search.

mod book;
mod holiday;
mod hours;
mod keyword;
mod parse;
mod read;
mod value;

use std::fmt;

use jiff::civil::Date;

use crate::zone::State;

pub use book::{DayRules, Rules};
pub use holiday::HolidayRule;
pub use hours::{Hours, Week};
pub use keyword::{Keyword, Keywords, bare};
pub use value::{Cap, Counts, Number, Period, Value, Windows, Words};

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Jurisdiction {
    /// A choice of the product or of the practice, stricter than any law.
    Product,
    /// The United States.
    Federal,
    /// A state.
    State(State),
}

impl Jurisdiction {
    /// Returns the code used in packs: `product`, `US` or a state's two letters.
    pub fn code(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Federal => "US",
            Self::State(state) => state.code(),
        }
    }

    /// Reads [`Jurisdiction::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        match text {
            "product" => Some(Self::Product),
            "US" => Some(Self::Federal),
            state => State::from_code(state).map(Self::State),
        }
    }
}

/// One row of a pack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which rule, such as `window.P4` or `cap.all.week`.
    pub id: String,
    /// Whose.
    pub jurisdiction: Jurisdiction,
    /// What it says.
    pub value: Value,
    /// The first day on which it holds.
    pub effective_from: Date,
    /// The last day on which it holds; open where `None`.
    pub effective_to: Option<Date>,
    /// Where it is written.
    pub source: String,
    /// When somebody last looked there.
    pub verified_on: Date,
    /// The line of the file, for problems found later.
    pub line: usize,
}

impl Rule {
    /// Tells whether the rule holds on the day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|last| day <= last)
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// The pack.
    pub pack: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The rule, where the row says which.
    pub rule_id: Option<String>,
    /// The field.
    pub field: String,
    /// What is wrong, in words.
    pub reason: String,
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule_id.as_deref().unwrap_or("a row without a name");
        write!(
            f,
            "{}:{}: {rule}: {}: {}",
            self.pack, self.line, self.field, self.reason
        )
    }
}

/// A checked file of rules.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePack {
    name: String,
    rules: Vec<Rule>,
}

/// The packs compiled in, lowest first: names and texts.
const DEFAULTS: [(&str, &str); 3] = [
    ("product", include_str!("../../rules/product.toml")),
    ("us", include_str!("../../rules/us.toml")),
    ("states", include_str!("../../rules/states.toml")),
];

impl RulePack {
    /// Parses and checks a pack: every row complete and typed, no two rows of one
    /// rule and jurisdiction in force on the same day, and no hole between them.
    ///
    /// *Errors*: every problem of the file, in the order of its lines.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<RuleProblem>> {
        parse::pack(name, text).map(|rules| Self {
            name: name.to_owned(),
            rules,
        })
    }

    /// Parses the packs that are compiled in, lowest layer first.
    pub fn defaults() -> Result<Vec<Self>, Vec<RuleProblem>> {
        DEFAULTS
            .into_iter()
            .map(|(name, text)| Self::parse(name, text))
            .collect()
    }

    /// Returns the name of the pack.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the rows in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
