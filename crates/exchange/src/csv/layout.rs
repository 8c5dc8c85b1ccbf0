//! Layouts as data: which columns of a table fill which fields of which records.
//!
//! A layout is a TOML file. Those of this crate lie in `layouts/` and are
//! compiled in; a user's mapping has the same form and is read at run time. A
//! field names its column, or several of which the first that is filled counts:
//!
//! ```
//! let layout = tendon_exchange::csv::Layout::parse(r#"
//!     name = "our_book"
//!     title = "The book of our front desk"
//!     system = "desk"
//!     dates = "month-first"
//!
//!     [patient]
//!     key = "Chart"
//!     full_name = ["Legal Name", "Patient"]
//!
//!     [appointment]
//!     starts = "Day"
//!     starts_time = "Hour"
//!     status = [{ column = "State", values = { gone = "cancelled" }, common = true }]
//! "#).unwrap();
//! assert_eq!(layout.name(), "our_book");
//! ```
//!
//! Columns are compared without case, blanks and punctuation, and their order
//! does not matter.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{
    AppointmentMap, Column, DocumentMap, EpisodeMap, Field, NamedMap, PatientMap, PlanMap,
};
use super::status::Condition;
use super::time::DateOrder;
use crate::field::Field as About;

/// Why a mapping cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLayout {
    /// Not TOML, or with a field that no layout has; the text says where.
    #[error("mapping cannot be read: {0}")]
    Form(String),
    /// No table of records.
    #[error("mapping fills none of patient, appointment, plan, document")]
    Empty,
    /// A record that nothing identifies.
    #[error("mapping names no column for {0}")]
    Lacks(&'static str),
}

/// A layout of tables; see the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub(super) name: String,
    pub(super) title: String,
    /// Where its facts come from.
    #[serde(default, rename = "source")]
    pub(super) _source: String,
    /// In front of every namespace of keys. Layouts of one vendor share it, so
    /// that a visit of one report finds the patient of another.
    pub(super) system: String,
    /// Every column of the real table, by which it is recognised.
    #[serde(default)]
    pub(super) headers: Vec<String>,
    /// The real table has columns that are not known.
    #[serde(default)]
    pub(super) partial: bool,
    /// Recognised by its fields alone, where no other layout is.
    #[serde(default)]
    pub(super) generic: bool,
    /// The custom where a column does not show it.
    #[serde(default = "month_first")]
    pub(super) dates: DateOrder,
    /// Rows that are no record, such as breaks in a calendar.
    #[serde(default)]
    pub(super) skip: Vec<Condition>,
    /// Rows that take back what an earlier file said.
    #[serde(default)]
    pub(super) removed: Vec<Condition>,
    pub(super) patient: Option<PatientMap>,
    pub(super) clinician: Option<NamedMap>,
    pub(super) location: Option<NamedMap>,
    pub(super) episode: Option<EpisodeMap>,
    pub(super) appointment: Option<AppointmentMap>,
    pub(super) plan: Option<PlanMap>,
    pub(super) document: Option<DocumentMap>,
}

const fn month_first() -> DateOrder {
    DateOrder::MonthFirst
}

/// Folds a column name or a code: letters and digits only, in lower case, with
/// `#` spelt out, since `Patient #` is another column than `Patient`.
pub fn fold(text: &str) -> String {
    text.replace('#', "number")
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Says what a text is not, and where.
fn form(text: &str, error: &toml::de::Error) -> BadLayout {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    BadLayout::Form(format!("{place}{}", error.message()))
}

impl Layout {
    /// Reads a mapping; see the module for an example.
    pub fn parse(text: &str) -> Result<Self, BadLayout> {
        let layout: Self = toml::from_str(text).map_err(|error| form(text, &error))?;
        layout.check()?;
        Ok(layout)
    }

    /// Returns the name by which it is asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what it is, for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns the columns of the real table, where they are known.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(String::as_str)
    }

    fn check(&self) -> Result<(), BadLayout> {
        let lacks = |missing: bool, what| {
            if missing {
                Err(BadLayout::Lacks(what))
            } else {
                Ok(())
            }
        };
        let named = |column: &Column| !column.names.is_empty();
        if let Some(patient) = &self.patient {
            let identified = named(&patient.key) || patient.is_named(named);
            lacks(!identified, "the patient's number or name")?;
        }
        let about = self.appointment.is_some() || self.plan.is_some() || self.document.is_some();
        if self.patient.is_none() && !about {
            return Err(BadLayout::Empty);
        }
        lacks(self.patient.is_none(), "the patient's number or name")?;
        if let Some(visit) = &self.appointment {
            lacks(!named(&visit.starts), "the start of a visit")?;
        }
        if let Some(plan) = &self.plan {
            lacks(!named(&plan.key), "the number of a plan")?;
        }
        if let Some(document) = &self.document {
            lacks(document.key.is_empty(), "the number of a document")?;
        }
        Ok(())
    }

    /// Finds every field in a header.
    pub(super) fn resolve(&mut self, folded_header: &[String]) {
        self.for_each(&mut |_, column| column.resolve(folded_header));
    }

    /// Tells whether the table at hand has what the records need.
    pub(super) fn is_usable(&self) -> bool {
        let patient = self
            .patient
            .as_ref()
            .is_some_and(|patient| patient.key.is_there() || patient.is_named(Column::is_there));
        let visit = self.appointment.as_ref();
        let plan = self.plan.as_ref();
        let document = self.document.as_ref();
        patient
            && visit.is_none_or(|visit| visit.starts.is_there())
            && plan.is_none_or(|plan| plan.key.is_there())
            && document.is_none_or(|document| document.key.iter().all(Column::is_there))
    }

    /// Lists the fields that a table must have and this one lacks, each with the
    /// columns that may fill it.
    pub(super) fn lacking(&self) -> Vec<String> {
        let mut lacking = Vec::new();
        let mut need = |field: &str, columns: &[&Column]| {
            if columns.iter().any(|column| column.is_there()) {
                return;
            }
            let names: Vec<String> = columns
                .iter()
                .flat_map(|column| &column.names)
                .map(|name| format!("\"{name}\""))
                .collect();
            lacking.push(format!("{field} (column {})", names.join(" or ")));
        };
        if let Some(patient) = &self.patient {
            let who = [
                &patient.key,
                &patient.full_name,
                &patient.family,
                &patient.given,
            ];
            need("patient.key", &who);
        }
        if let Some(visit) = &self.appointment {
            need("appointment.starts", &[&visit.starts]);
        }
        if let Some(plan) = &self.plan {
            need("plan.key", &[&plan.key]);
        }
        for key in self.document.iter().flat_map(|document| &document.key) {
            need("document.key", &[key]);
        }
        lacking
    }

    /// Returns what the table at hand calls the fields that may be found wrong
    /// later.
    pub(super) fn columns_of_fields(&self, header: &[String]) -> BTreeMap<About, String> {
        let mut columns = BTreeMap::new();
        let mut note = |field, column: &Column| {
            let name = column.at.first().and_then(|at| header.get(*at));
            if let Some(name) = name {
                columns.entry(field).or_insert_with(|| name.clone());
            }
        };
        if let Some(visit) = &self.appointment {
            note(About::Start, &visit.starts);
            note(About::ChangedAt, &visit.changed_at);
        }
        if let Some(plan) = &self.plan {
            note(About::Visits, &plan.visits);
            note(About::PlanStart, &plan.starts_on);
            note(About::PlanEnd, &plan.ends_on);
        }
        if let Some(patient) = &self.patient {
            for name in [&patient.full_name, &patient.family, &patient.given] {
                note(About::Name, name);
            }
            for who in [&patient.key, &patient.full_name, &patient.family] {
                note(About::Patient, who);
            }
            note(About::BirthDate, &patient.birth_date);
            note(About::ChangedAt, &patient.changed_at);
            for condition in &patient.deceased {
                note(About::Deceased, &condition.column);
            }
            for number in patient.numbers.values() {
                note(About::Identifier, number);
            }
        }
        columns
    }

    /// Returns the folded names of all columns that it knows.
    pub(super) fn vocabulary(&self) -> Vec<String> {
        let mut words: Vec<String> = self.headers.iter().map(|name| fold(name)).collect();
        let mut copy = self.clone();
        copy.for_each(&mut |_, column| words.extend(column.names.iter().map(|name| fold(name))));
        words.sort();
        words.dedup();
        words
    }

    /// Returns where the fields stand that hold dates.
    pub(super) fn date_columns(&self) -> Vec<usize> {
        let mut places = Vec::new();
        let mut copy = self.clone();
        copy.for_each(&mut |field, column| {
            if field == Field::Date {
                places.extend(column.at.iter().copied());
            }
        });
        places.sort_unstable();
        places.dedup();
        places
    }

    fn for_each(&mut self, visit: &mut dyn FnMut(Field, &mut Column)) {
        for condition in self.skip.iter_mut().chain(&mut self.removed) {
            visit(Field::Word, &mut condition.column);
        }
        if let Some(patient) = &mut self.patient {
            patient.for_each(visit);
        }
        for named in [&mut self.clinician, &mut self.location]
            .into_iter()
            .flatten()
        {
            named.for_each(visit);
        }
        if let Some(episode) = &mut self.episode {
            visit(Field::Word, &mut episode.key);
        }
        if let Some(appointment) = &mut self.appointment {
            appointment.for_each(visit);
        }
        if let Some(plan) = &mut self.plan {
            plan.for_each(visit);
        }
        if let Some(document) = &mut self.document {
            for column in &mut document.key {
                visit(Field::Word, column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Layout::parse(text).unwrap_err().to_string()
    }

    const HEAD: &str = "name = \"x\"\ntitle = \"X\"\nsystem = \"x\"\n";

    #[test]
    fn a_mapping_that_cannot_work_says_why() {
        assert!(
            problem("name = 3")
                .starts_with("mapping cannot be read: line 1, column 8: invalid type: integer")
        );
        assert!(
            problem(&format!("{HEAD}[patient]\nkez = \"a\""))
                .contains("line 5, column 1: unknown field `kez`")
        );
        assert!(problem(&format!("{HEAD}[patient\nkey = \"a\"")).contains("line 4, column "));
        assert_eq!(
            problem(HEAD),
            "mapping fills none of patient, appointment, plan, document"
        );
        assert_eq!(
            problem(&format!("{HEAD}[appointment]\nstarts = \"a\"")),
            "mapping names no column for the patient's number or name"
        );
        assert_eq!(
            problem(&format!("{HEAD}[patient]\nkey = \"a\"\n[appointment]")),
            "mapping names no column for the start of a visit"
        );
        assert!(
            problem(&format!(
                "{HEAD}[patient]\nkey = \"a\"\n[appointment]\nstarts = \"b\"\notherwise = \"maybe\""
            ))
            .contains("maybe")
        );
    }

    #[test]
    fn columns_are_found_in_any_order_and_spelling() {
        let text = format!(
            "{HEAD}[patient]\nkey = [\"Patient Guid\", \"number\"]\nbirth_date = \"D.O.B.\""
        );
        let mut layout = Layout::parse(&text).unwrap();
        assert!(!layout.is_usable());
        let header: Vec<String> = ["DOB", "Number", "patient_guid"].map(fold).to_vec();
        layout.resolve(&header);
        let patient = layout.patient.as_ref().unwrap();
        assert_eq!(patient.key.at, [2, 1]);
        assert_eq!(layout.date_columns(), [0]);
        assert!(layout.is_usable());
    }

    #[test]
    fn names_fold_to_letters_and_digits() {
        assert_eq!(fold("Invoice #"), "invoicenumber");
        assert_eq!(fold(" Patient_Guid "), fold("patientGUID"));
        assert_eq!(fold("sched.Type1"), "schedtype1");
    }
}
