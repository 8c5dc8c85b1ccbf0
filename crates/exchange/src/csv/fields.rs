//! The fields of a layout: what may be filled from which columns.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::layout::fold;
use super::status::{Condition, StatusRule, Word};

/// A field: the columns that may fill it, by name, and where they stand in the
/// table at hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Names")]
pub struct Column {
    pub(super) names: Vec<String>,
    pub(super) at: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl From<Names> for Column {
    fn from(names: Names) -> Self {
        let names = match names {
            Names::One(name) => vec![name],
            Names::Many(names) => names,
        };
        Self {
            names,
            at: Vec::new(),
        }
    }
}

impl Column {
    /// Tells whether the table at hand has such a column.
    pub(super) fn is_there(&self) -> bool {
        !self.at.is_empty()
    }

    pub(super) fn resolve(&mut self, folded_header: &[String]) {
        self.at.clear();
        for name in &self.names {
            let name = fold(name);
            for (at, header) in folded_header.iter().enumerate() {
                if *header == name && !self.at.contains(&at) {
                    self.at.push(at);
                }
            }
        }
    }
}

/// The fields of a person. Without a `key`, or where it is empty, a person is
/// known by name and birthday.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatientMap {
    pub(super) key: Column,
    /// A row without a number is known by its name.
    pub(super) or_by_name: bool,
    pub(super) full_name: Column,
    pub(super) family: Column,
    pub(super) given: Column,
    pub(super) middle: Column,
    pub(super) preferred: Column,
    pub(super) birth_date: Column,
    pub(super) sex: Column,
    pub(super) language: Column,
    pub(super) state: Column,
    pub(super) zip: Column,
    pub(super) country: Column,
    pub(super) mobile: Column,
    pub(super) phone: Column,
    pub(super) work_phone: Column,
    pub(super) email: Column,
    pub(super) proxy_name: Column,
    pub(super) proxy_relation: Column,
    pub(super) proxy_phone: Column,
    pub(super) proxy_email: Column,
    pub(super) changed_at: Column,
    /// Further numbers, by the name of their namespace.
    pub(super) numbers: BTreeMap<String, Column>,
    pub(super) deceased: Vec<Condition>,
    pub(super) inactive: Vec<Condition>,
}

/// The fields of a clinician or a place. Without a `key` it is known by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamedMap {
    pub(super) key: Column,
    pub(super) name: Column,
    /// The name alone names nobody: calendars are called after rooms, too.
    pub(super) key_needed: bool,
    pub(super) state: Column,
    pub(super) zip: Column,
}

/// The fields of a course of care.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EpisodeMap {
    pub(super) key: Column,
}

/// The fields of a visit. Without a `key` it is known by patient, start and
/// clinician.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppointmentMap {
    pub(super) key: Column,
    /// The sign of the number says where the visit stands; number and patient
    /// together are its key.
    pub(super) sign_is_state: bool,
    pub(super) starts: Column,
    pub(super) starts_time: Column,
    pub(super) ends: Column,
    pub(super) ends_time: Column,
    pub(super) minutes: Column,
    pub(super) seconds: Column,
    /// The report names days only, of visits that are over.
    pub(super) days_only: bool,
    pub(super) kind: Column,
    /// Yes for the first visit of a course of care.
    pub(super) first_visit: Column,
    pub(super) status: Vec<StatusRule>,
    pub(super) otherwise: Option<Word>,
    /// Why it was called off, which tells by whom.
    pub(super) reason: Column,
    pub(super) booked_at: Column,
    pub(super) changed_at: Column,
}

/// The fields of a plan of care or an authorisation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlanMap {
    pub(super) key: Column,
    pub(super) visits: Column,
    pub(super) visits_per_week: Column,
    pub(super) authorised_visits: Column,
    pub(super) starts_on: Column,
    pub(super) ends_on: Column,
}

/// A row that is kept as it came.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentMap {
    pub(super) resource_type: String,
    /// The columns that together tell one row from all others.
    pub(super) key: Vec<Column>,
}

/// What kind of text a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A date or a point in time.
    Date,
    /// Anything else.
    Word,
}

// Each `for_each` takes its struct apart without `..`, so that a new field that
// is forgotten here does not compile.

impl PatientMap {
    pub(super) fn is_named(&self, has: impl Fn(&Column) -> bool) -> bool {
        has(&self.full_name) || has(&self.family) || has(&self.given)
    }

    pub(super) fn for_each(&mut self, visit: &mut dyn FnMut(Field, &mut Column)) {
        let Self {
            key,
            or_by_name: _,
            full_name,
            family,
            given,
            middle,
            preferred,
            birth_date,
            sex,
            language,
            state,
            zip,
            country,
            mobile,
            phone,
            work_phone,
            email,
            proxy_name,
            proxy_relation,
            proxy_phone,
            proxy_email,
            changed_at,
            numbers,
            deceased,
            inactive,
        } = self;
        for column in [birth_date, changed_at] {
            visit(Field::Date, column);
        }
        for column in [
            key,
            full_name,
            family,
            given,
            middle,
            preferred,
            sex,
            language,
            state,
            zip,
            country,
            mobile,
            phone,
            work_phone,
            email,
            proxy_name,
            proxy_relation,
            proxy_phone,
            proxy_email,
        ] {
            visit(Field::Word, column);
        }
        for column in numbers.values_mut() {
            visit(Field::Word, column);
        }
        for condition in deceased.iter_mut().chain(inactive) {
            visit(Field::Word, &mut condition.column);
        }
    }
}

impl NamedMap {
    pub(super) fn for_each(&mut self, visit: &mut dyn FnMut(Field, &mut Column)) {
        let Self {
            key,
            name,
            key_needed: _,
            state,
            zip,
        } = self;
        for column in [key, name, state, zip] {
            visit(Field::Word, column);
        }
    }
}

impl AppointmentMap {
    pub(super) fn for_each(&mut self, visit: &mut dyn FnMut(Field, &mut Column)) {
        let Self {
            key,
            sign_is_state: _,
            starts,
            starts_time,
            ends,
            ends_time,
            minutes,
            seconds,
            days_only: _,
            kind,
            first_visit,
            status,
            otherwise: _,
            reason,
            booked_at,
            changed_at,
        } = self;
        for column in [starts, ends, booked_at, changed_at] {
            visit(Field::Date, column);
        }
        for column in [
            key,
            starts_time,
            ends_time,
            minutes,
            seconds,
            kind,
            first_visit,
            reason,
        ] {
            visit(Field::Word, column);
        }
        for rule in status {
            visit(rule.field(), &mut rule.column);
        }
    }
}

impl PlanMap {
    pub(super) fn for_each(&mut self, visit: &mut dyn FnMut(Field, &mut Column)) {
        let Self {
            key,
            visits,
            visits_per_week,
            authorised_visits,
            starts_on,
            ends_on,
        } = self;
        for column in [starts_on, ends_on] {
            visit(Field::Date, column);
        }
        for column in [key, visits, visits_per_week, authorised_visits] {
            visit(Field::Word, column);
        }
    }
}
