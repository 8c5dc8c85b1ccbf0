//! What is merged into a message.

use std::fmt;

use jiff::Zoned;
use minijinja::Value;
use tendon_care::language::Language;
use tendon_care::segment::without_acute;

use super::meta::{Meta, Variable};
use super::part::Part;
use super::time::{spoken_clock, spoken_date, spoken_time};

/// The values of one message. Times are values, not words: the catalogue says
/// them in the language in which it then writes.
#[derive(Clone)]
pub struct Values {
    /// The clinic's display name.
    pub clinic: String,
    /// The number to call, as the clinic writes it.
    pub phone: String,
    /// The patient's first name; `None` at an address that several people read.
    pub first_name: Option<String>,
    /// When the visit is, in the zone of its place.
    pub visit: Option<Zoned>,
    /// The private link.
    pub link: Option<String>,
    /// The number for emergencies in the patient's region.
    pub emergency: String,
    /// The number for people in a crisis in the patient's region.
    pub crisis_line: String,
    /// The present, for saying days.
    pub now: Zoned,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values(…)")
    }
}

impl Values {
    /// Begins with what every message has, and the numbers of the United States.
    pub fn new(clinic: impl Into<String>, phone: impl Into<String>, now: Zoned) -> Self {
        Self {
            clinic: clinic.into(),
            phone: phone.into(),
            first_name: None,
            visit: None,
            link: None,
            emergency: "911".to_owned(),
            crisis_line: "988".to_owned(),
            now,
        }
    }

    /// Returns a variable that the message needs and these values lack. Names and
    /// links are optional unless the message says otherwise; a visit is not.
    pub(super) fn lacks(&self, meta: &Meta) -> Option<Variable> {
        let has = |variable: &Variable| match variable {
            Variable::When | Variable::Date | Variable::Time => self.visit.is_some(),
            Variable::FirstName => self.first_name.is_some() || !meta.needs.contains(variable),
            Variable::Link => self.link.is_some() || !meta.needs.contains(variable),
            Variable::Clinic | Variable::Phone | Variable::Emergency | Variable::CrisisLine => true,
        };
        meta.variables
            .iter()
            .find(|variable| !has(variable))
            .copied()
    }

    /// Builds what a template sees: the allowed variables, without those left out.
    pub(super) fn for_template(
        &self,
        allowed: &[Variable],
        left_out: &[Variable],
        part: Part,
        language: Language,
    ) -> Value {
        let said = |variable: &Variable| {
            let text = self.say(*variable, part, language)?;
            Some((variable.name(), Value::from(text)))
        };
        Value::from_pairs(
            allowed
                .iter()
                .filter(|variable| !left_out.contains(variable))
                .filter_map(said),
        )
    }

    fn say(&self, variable: Variable, part: Part, language: Language) -> Option<String> {
        let visit = self.visit.as_ref();
        let text = match variable {
            Variable::Clinic => Some(self.clinic.clone()),
            Variable::FirstName => self.first_name.clone(),
            Variable::When => visit.map(|at| spoken_time(at, language, &self.now)),
            Variable::Date => visit.map(|at| spoken_date(at, language, &self.now)),
            Variable::Time => visit.map(|at| spoken_clock(at, language)),
            Variable::Phone => Some(self.phone.clone()),
            Variable::Link => self.link.clone(),
            Variable::Emergency => Some(self.emergency.clone()),
            Variable::CrisisLine => Some(self.crisis_line.clone()),
        }?;
        // `sáb` would triple the price of a text, and `Clínica` that of every text.
        // A person's name keeps its accents: it is theirs.
        let text = if part == Part::Sms && variable != Variable::FirstName {
            without_acute(&text)
        } else {
            text
        };
        Some(one_line(&text))
    }
}

/// A line break in a value would end a mail header or start another message.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}
