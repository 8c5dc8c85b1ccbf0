//! What a step may know about its subject: values by variable, and a calendar.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::variable::{self, COUNT, FactValue, Key, Value, Variable};

/// The values that conditions see and anchors hang on, with the calendar of
/// the practice. Missing values are allowed: a condition that needs one is
/// unknown, which counts as no, and a step anchored on one waits for it.
///
/// ```
/// use jiff::tz::TimeZone;
/// use tendon_journey::facts::Facts;
/// use tendon_journey::variable;
///
/// let facts = Facts::new(TimeZone::UTC)
///     .with(variable::VISIT_KIND, "evaluation")
///     .with(variable::VISIT_CONFIRMED, false);
/// assert_eq!(facts.get(variable::PLAN_VISITS), None);
/// ```
#[derive(Clone, Debug)]
pub struct Facts {
    values: [Option<Value>; COUNT],
    zone: TimeZone,
    closed: Arc<[Date]>,
}

impl Facts {
    /// Begins with no value but the zone in which the visit is said.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            values: [None; COUNT],
            zone,
            closed: Arc::default(),
        }
    }

    /// Sets one value.
    #[must_use]
    pub fn with<T: FactValue>(mut self, key: Key<T>, value: T) -> Self {
        self.set(key, Some(value));
        self
    }

    /// Sets the days besides Saturday and Sunday that are no business days.
    #[must_use]
    pub fn closed_on(mut self, days: Arc<[Date]>) -> Self {
        self.closed = days;
        self
    }

    /// Sets or removes one value.
    pub fn set<T: FactValue>(&mut self, key: Key<T>, value: Option<T>) {
        if let Some(slot) = self.values.get_mut(key.index) {
            *slot = value.map(FactValue::value);
        }
    }

    /// Returns one value.
    pub fn get<T: FactValue>(&self, key: Key<T>) -> Option<Value> {
        self.at(key.index)
    }

    /// Returns the zone in which local times are meant.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns the days besides weekends that are no business days.
    pub fn closed(&self) -> &[Date] {
        &self.closed
    }

    /// Returns the instant of an anchor by its place in the table.
    pub(crate) fn instant(&self, index: usize) -> Option<Timestamp> {
        match self.at(index) {
            Some(Value::Instant(at)) => Some(at),
            _ => None,
        }
    }

    fn at(&self, index: usize) -> Option<Value> {
        self.values.get(index).copied().flatten()
    }
}

/// The facts together with what the engine adds: the current instant and the
/// beginning of the enrolment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) entered: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

impl Scope<'_> {
    /// Returns the value of a variable by its place in the table.
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        if index == variable::NOW.index {
            Some(Value::Instant(self.now))
        } else if index == variable::ENTERED.index {
            self.entered.map(Value::Instant)
        } else if index == variable::VISIT_TIME_OF_DAY.index {
            let start = self.facts.instant(variable::VISIT_START.index)?;
            Some(Value::Clock(start.to_zoned(self.facts.zone.clone()).time()))
        } else {
            self.facts.at(index)
        }
    }

    /// Says a value the way a person reads it, in the facts' zone.
    pub(crate) fn say(&self, variable: &Variable, value: Option<Value>) -> String {
        match (value, variable.kind) {
            (None, _) => "not known".to_owned(),
            (Some(Value::Flag(flag)), _) => if flag { "yes" } else { "no" }.to_owned(),
            (Some(Value::Count(count)), _) => count.to_string(),
            (Some(Value::Code(code)), variable::Kind::Choice(choices)) => choices
                .iter()
                .find(|(known, _)| *known == code)
                .map_or(code, |(_, words)| words)
                .to_owned(),
            (Some(Value::Code(code)), _) => code.to_owned(),
            (Some(Value::Instant(at)), _) => at
                .to_zoned(self.facts.zone.clone())
                .strftime("%Y-%m-%d %H:%M %Z")
                .to_string(),
            (Some(Value::Clock(time)), _) => time.strftime("%H:%M").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_be_set_read_and_removed() {
        let mut facts = Facts::new(TimeZone::UTC).with(variable::PLAN_VISITS, 12);
        assert_eq!(facts.get(variable::PLAN_VISITS), Some(Value::Count(12)));
        facts.set(variable::PLAN_VISITS, None);
        assert_eq!(facts.get(variable::PLAN_VISITS), None);
    }

    #[test]
    fn the_time_of_day_is_local() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let facts = Facts::new(zone).with(
            variable::VISIT_START,
            "2026-11-24T14:40:00Z".parse::<Timestamp>().unwrap(),
        );
        let scope = Scope {
            facts: &facts,
            entered: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let (index, row) = variable::find("visit.time_of_day").unwrap();
        assert_eq!(scope.say(row, scope.value(index)), "08:40");
        let (index, row) = variable::find("visit.start").unwrap();
        assert_eq!(scope.say(row, scope.value(index)), "2026-11-24 08:40 CST");
    }
}
