//! What came out of a year, against what the evidence says should come out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tendon_care::purpose::Purpose;

use crate::person::{Fate, Person, Stage};

/// A course of care that began so long ago has ended, one way or the other, unless
/// its plan is among the longest.
const COURSE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// What happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Patients referred.
    pub patients: u64,
    /// Visits booked.
    pub booked: u64,
    /// Visits completed.
    pub completed: u64,
    /// Visits missed without a word.
    pub missed: u64,
    /// Visits called off by the patient, with a start before the end of the span.
    pub cancelled: u64,
    /// Of these, with less than a day's notice.
    pub cancelled_late: u64,
    /// Visits that the practice took off the book.
    pub cancelled_by_clinic: u64,
    /// Times that a visit was given another time.
    pub moved: u64,
    /// Visits on the book after the end of the span.
    pub ahead: u64,
    /// Patients whose first visit was due, and how many of them did not come.
    pub evaluations: Share,
    /// Courses of care long enough ago to be judged.
    pub courses: Courses,
    /// Messages that left, by purpose class.
    pub messages: BTreeMap<Purpose, u64>,
    /// Texts that patients wrote.
    pub replies: u64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many it is true of.
    pub of: u64,
    /// Out of how many.
    pub all: u64,
}

impl Share {
    fn count(&mut self, holds: bool) {
        self.of += u64::from(holds);
        self.all += 1;
    }

    /// Returns it as a number from 0 to 1; 0 out of nothing.
    pub fn value(self) -> f64 {
        self.of as f64 / self.all.max(1) as f64
    }
}

/// How courses of care went whose first visit was half a year before the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Courses {
    /// Ended with fewer than three visits of a longer plan.
    pub left_before_third: Share,
    /// Ended before their plan.
    pub left_early: Share,
    /// Did all planned visits, or four in five of them.
    pub completed_plan: Share,
    /// With a visit missed or called off.
    pub ever_missed: Share,
    /// Visits completed, out of courses.
    pub visits: Share,
}

/// A figure beside the one that it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// What it says.
    pub name: &'static str,
    /// What came out.
    pub value: f64,
    /// What should have.
    pub expected: f64,
    /// How far it may be off.
    pub tolerance: f64,
}

impl Check {
    /// Tells whether it is near enough.
    pub fn holds(&self) -> bool {
        (self.value - self.expected).abs() <= self.tolerance
    }
}

impl Report {
    /// Counts what the patients remember. Messages are counted elsewhere.
    pub(crate) fn of(people: &[Person], until: Timestamp) -> Self {
        let mut report = Self::default();
        for person in people {
            report.patients += 1;
            report.count_visits(person, until);
            report.courses.count(person, until);
        }
        report
    }

    fn count_visits(&mut self, person: &Person, until: Timestamp) {
        for visit in &person.visits {
            self.booked += 1;
            self.moved += u64::from(visit.moves);
            if visit.starts_at > until {
                self.ahead += u64::from(visit.fate.is_none());
                continue;
            }
            match visit.fate {
                None => {}
                Some(Fate::Kept) => self.completed += 1,
                Some(Fate::Missed) => self.missed += 1,
                Some(Fate::CalledOff { at }) => {
                    let late = visit.starts_at.duration_since(at) < SignedDuration::from_hours(24);
                    self.cancelled += 1;
                    self.cancelled_late += u64::from(late);
                }
                Some(Fate::TakenOff) => self.cancelled_by_clinic += 1,
            }
        }
        // The first time that each was expected; who missed it may be expected again.
        let mut first = person
            .visits
            .iter()
            .filter(|visit| visit.starts_at <= until);
        if let Some(fate @ (Fate::Kept | Fate::Missed)) = first.next().and_then(|one| one.fate) {
            self.evaluations.count(fate == Fate::Missed);
        }
    }

    /// Returns the visits that were the patients' to keep.
    pub fn due(&self) -> u64 {
        self.completed + self.missed + self.cancelled
    }

    /// Holds what came out against the simulator's defaults (docs/simulator.md).
    pub fn checks(&self) -> Vec<Check> {
        let due = |of: u64| Share {
            of,
            all: self.due(),
        };
        let late = Share {
            of: self.cancelled_late,
            all: self.cancelled,
        };
        let courses = &self.courses;
        vec![
            Check::of("kept", due(self.completed), 0.81, OF_VISITS),
            Check::of("no_show", due(self.missed), 0.08, OF_VISITS),
            Check::of("cancelled", due(self.cancelled), 0.11, OF_VISITS),
            Check::of("cancelled_late", late, 0.5, OF_VISITS),
            Check::of("evaluation_no_show", self.evaluations, 0.10, OF_PEOPLE),
            Check::of(
                "left_before_third",
                courses.left_before_third,
                0.17,
                OF_PEOPLE,
            ),
            Check::of("left_early", courses.left_early, 0.47, OF_PEOPLE),
            // Fewer than the 73 % of the largest study, whose episodes are longer.
            Check::of("ever_missed", courses.ever_missed, 0.62, OF_PEOPLE),
            // The spread of a course's length is about its mean less two.
            Check {
                name: "visits_per_course",
                value: courses.visits.value(),
                expected: 7.3,
                tolerance: 0.4 + 2.0 * 5.3 / (courses.visits.all.max(1) as f64).sqrt(),
            },
        ]
    }
}

/// How much more chance there is in shares of visits than if each stood alone: those
/// of one person go alike.
const OF_VISITS: f64 = 3.0;
const OF_PEOPLE: f64 = 1.0;

/// What the simulator itself may be off, beside chance.
const SLACK: f64 = 0.015;

impl Check {
    /// Allows for the slack and twice the standard error that so many would have.
    fn of(name: &'static str, found: Share, expected: f64, alike: f64) -> Self {
        let variance = expected * (1.0 - expected) * alike / found.all.max(1) as f64;
        Self {
            name,
            value: found.value(),
            expected,
            tolerance: SLACK + 2.0 * variance.sqrt(),
        }
    }
}

impl Courses {
    fn count(&mut self, person: &Person, until: Timestamp) {
        let began = person.first_seen.filter(|began| *began + COURSE <= until);
        if began.is_none() {
            return;
        }
        let finished = person.stage == Stage::Finished;
        let running = person.visits.iter().any(|visit| visit.fate.is_none());
        let left = !finished && !running;
        let slipped = |fate| matches!(fate, Some(Fate::Missed | Fate::CalledOff { .. }));
        let most = u32::from(person.completed) * 5 >= u32::from(person.plan_visits) * 4;
        self.left_before_third.count(left && person.completed < 3);
        self.left_early.count(left);
        self.completed_plan.count(finished || most);
        self.ever_missed
            .count(person.visits.iter().any(|visit| slipped(visit.fate)));
        self.visits.of += u64::from(person.completed);
        self.visits.all += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_out_of_line_does_not_hold() {
        let mut report = Report {
            completed: 8_100,
            missed: 800,
            cancelled: 1_100,
            ..Report::default()
        };
        let kept = |report: &Report| report.checks()[0];
        assert!(kept(&report).holds());
        report.missed += 600;
        assert!(!kept(&report).holds());
        assert!((kept(&report).value - 8_100.0 / 10_600.0).abs() < 1e-12);
        // Fewer visits say less.
        let few = Report {
            completed: 81,
            missed: 14,
            cancelled: 11,
            ..Report::default()
        };
        assert!(kept(&few).holds());
    }
}
