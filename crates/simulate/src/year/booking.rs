//! The book: visits put on it, given another time, taken off.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use tendon_care::appointment::VisitKind;
use tendon_care::id::AppointmentId;
use tendon_care::touchpoint::Via;
use tendon_desk::{NewVisit, VisitAct};

use super::{Act, SimulateError, Year, failed, ignore_settled, span};
use crate::behaviour::{self, Intent};
use crate::calendar::{PLACES, SLOT_MINUTES};
use crate::person::{Fate, Person, Planned, Stage};

impl Year {
    /// Books a visit so many days from now or later. Tells whether a time was free.
    pub(super) async fn book(
        &mut self,
        index: usize,
        kind: VisitKind,
        from: Date,
    ) -> Result<bool, SimulateError> {
        let Some(person) = self.people.get(index).cloned() else {
            return Ok(false);
        };
        let taken = self
            .calendar
            .take(self.now(), from, person.clinician, person.liked_slot);
        let Some((starts_at, clinician)) = taken else {
            return Ok(false);
        };
        let visit = NewVisit {
            patient: person.id,
            episode: person.episode,
            location: self
                .places
                .get(clinician % PLACES)
                .copied()
                .ok_or(SimulateError::Settings)?,
            clinician: self.clinicians.get(clinician).copied(),
            kind,
            starts_at,
            minutes: SLOT_MINUTES.unsigned_abs(),
        };
        let id = self
            .desk
            .book(&self.access, &visit)
            .await
            .map_err(failed("book a visit"))?;
        let mut planned = Planned {
            id,
            starts_at,
            booked_at: self.now(),
            clinician,
            reminders: 0,
            moves: 0,
            intent: Intent::Come,
            fate: None,
        };
        let weekday = self.calendar.day(starts_at).weekday();
        planned.intent = behaviour::intends(&mut self.dice, &person, &planned, weekday);
        self.plan_intent(index, &planned);
        if let Some(person) = self.people.get_mut(index) {
            person.visits.push(planned);
        }
        Ok(true)
    }

    /// Lets the patient do about a visit what they mean to.
    fn plan_intent(&mut self, index: usize, planned: &Planned) {
        let (person, visit) = (index, planned.id);
        match planned.intent {
            Intent::Come => {}
            Intent::CallOff { hours } => {
                let at = (planned.starts_at - span(hours)).max(planned.booked_at);
                self.plan(at, Act::CallOff { person, visit });
            }
            Intent::Move { hours } => {
                let at = (planned.starts_at - span(hours)).max(planned.booked_at);
                self.plan(at, Act::Move { person, visit });
            }
        }
        self.plan(planned.starts_at, Act::Start { person, visit });
    }

    pub(super) fn day_after(&self, days: i32) -> Date {
        let today = self.calendar.day(self.now());
        today.checked_add(days.days()).unwrap_or(today)
    }

    /// Books on: as many of the visits left as the patient has on the book at once,
    /// spaced as the plan wants. A first visit that fell through comes again.
    pub(super) async fn book_on(&mut self, index: usize) -> Result<(), SimulateError> {
        for _ in 0..8 {
            let Some(person) = self.people.get(index) else {
                return Ok(());
            };
            let open = person.open().count();
            let left = usize::from(person.plan_visits.saturating_sub(person.completed));
            let (kind, most) = if person.completed == 0 {
                (VisitKind::Evaluation, 1)
            } else {
                (VisitKind::Recurring, left.min(person.books_ahead))
            };
            if person.stage != Stage::Coming || open >= most {
                return Ok(());
            }
            let from = self.next_day(person);
            if !self.book(index, kind, from).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the first day that suits the patient after those on the book.
    fn next_day(&self, person: &Person) -> Date {
        let rest = if person.per_week == 2 { 2 } else { 5 };
        let last = person.open().map(|visit| visit.starts_at).max();
        let last = last.max(person.last_seen);
        let after = last.and_then(|last| self.calendar.day(last).checked_add(rest.days()).ok());
        let soonest = self.day_after(1);
        let from = after.map_or(soonest, |day| day.max(soonest));
        let suits = |day: &Date| {
            // Not the day for which the patient has just called off.
            let called_off = |visit: &Planned| {
                matches!(visit.fate, Some(Fate::CalledOff { .. }))
                    && self.calendar.day(visit.starts_at) == *day
            };
            person.weekdays.contains(&day.weekday()) && !person.visits.iter().any(called_off)
        };
        let mut days = (0..14).filter_map(|days: i32| from.checked_add(days.days()).ok());
        days.find(suits).unwrap_or(from)
    }

    pub(super) fn visit_mut(&mut self, index: usize, visit: AppointmentId) -> Option<&mut Planned> {
        self.people
            .get_mut(index)?
            .visits
            .iter_mut()
            .find(|planned| planned.id == visit && planned.fate.is_none())
    }

    /// Remembers what became of a visit; a slot that nobody used is free again.
    pub(super) fn settle(&mut self, index: usize, visit: AppointmentId, fate: Fate) {
        let now = self.now();
        let Some(planned) = self.visit_mut(index, visit) else {
            return;
        };
        planned.fate = Some(fate);
        let (start, clinician) = (planned.starts_at, planned.clinician);
        if start > now {
            self.calendar.free(start, clinician);
        }
    }

    /// Calls a visit off, in the name of the patient or of the practice. Tells
    /// whether it stood.
    pub(super) async fn take_off(
        &mut self,
        index: usize,
        visit: AppointmentId,
        act: VisitAct,
    ) -> Result<bool, SimulateError> {
        if self.visit_mut(index, visit).is_none() {
            return Ok(false);
        }
        let done = self
            .desk
            .on_visit(&self.access, visit, act, Via::Staff)
            .await;
        let done = ignore_settled(done, "cancel a visit")?;
        let fate = match act {
            VisitAct::CancelByClinic => Fate::TakenOff,
            _ => Fate::CalledOff { at: self.now() },
        };
        self.settle(index, visit, fate);
        Ok(done)
    }

    pub(super) async fn call_off(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        if self.take_off(index, visit, VisitAct::CannotCome).await? {
            self.after_call_off(index);
        }
        Ok(())
    }

    /// Most take another time within hours, some in the days after, some when asked.
    /// Nobody does at once: that would be a visit moved, and is read as one.
    pub(super) fn after_call_off(&mut self, index: usize) {
        let hours = match self.chance() {
            draw if draw < 0.60 => 0.4..3.0,
            draw if draw < 0.90 => 20.0..110.0,
            _ => return,
        };
        let at = self.later(hours);
        self.plan(at, Act::Rebook { person: index });
    }

    /// Gives a visit another time in the same days, where one is free.
    pub(super) async fn move_visit(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let Some((person, planned)) = self
            .people
            .get(index)
            .and_then(|person| Some((person.clone(), person.visit(visit)?)))
        else {
            return Ok(());
        };
        let day = self.calendar.day(planned.starts_at).max(self.day_after(1));
        let liked = (person.liked_slot + 5) % crate::calendar::SLOTS_A_DAY;
        let taken = self
            .calendar
            .take(self.now(), day, planned.clinician, liked);
        let Some((starts_at, clinician)) = taken else {
            return Ok(());
        };
        // A move keeps the clinician; another one's slot is no use for it.
        if clinician != planned.clinician || self.is_taken(&person, starts_at) {
            self.calendar.free(starts_at, clinician);
            return Ok(());
        }
        let act = VisitAct::Move { starts_at };
        let done = self
            .desk
            .on_visit(&self.access, visit, act, Via::Staff)
            .await;
        if !ignore_settled(done, "move a visit")? {
            self.calendar.free(starts_at, clinician);
            return Ok(());
        }
        self.calendar.free(planned.starts_at, planned.clinician);
        let now = self.now();
        if let Some(planned) = self.visit_mut(index, visit) {
            planned.starts_at = starts_at;
            planned.booked_at = now;
            planned.intent = Intent::Come;
            planned.moves += 1;
        }
        self.plan(
            starts_at,
            Act::Start {
                person: index,
                visit,
            },
        );
        Ok(())
    }

    /// Tells whether the patient has another visit on the same day.
    fn is_taken(&self, person: &Person, starts_at: Timestamp) -> bool {
        let day = self.calendar.day(starts_at);
        let others = person.open().filter(|visit| visit.starts_at != starts_at);
        others
            .filter(|visit| self.calendar.day(visit.starts_at) == day)
            .count()
            > 1
    }
}
