//! Visits: booked, called off, missed, done.

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use rand::RngExt;
use tendon_care::appointment::VisitKind;
use tendon_care::episode::Discharge;
use tendon_care::id::{AppointmentId, EpisodeId};
use tendon_care::touchpoint::Via;
use tendon_desk::{NewPlan, NewVisit, VisitAct};

use super::{Act, SimulateError, Year, failed, ignore_settled, span};
use crate::behaviour;
use crate::calendar::SLOT_MINUTES;
use crate::person::{Person, Planned};

impl Year {
    /// Books a visit so many days from now or later.
    pub(super) async fn book(
        &mut self,
        index: usize,
        kind: VisitKind,
        days: i32,
    ) -> Result<(), SimulateError> {
        let Some(person) = self.people.get(index).cloned() else {
            return Ok(());
        };
        let mut from = self.day_after(days);
        // Nobody comes twice on one day, nor more often than the plan says.
        if let Some(last) = person
            .visits
            .iter()
            .filter(|visit| visit.open)
            .map(|visit| visit.starts_at)
            .max()
        {
            let rest = if person.per_week == 2 { 3 } else { 7 };
            let after = self.calendar.day(last).checked_add(rest.days());
            from = from.max(after.unwrap_or(from));
        }
        let Some((starts_at, clinician)) =
            self.calendar.take(&mut self.dice, from, person.clinician)
        else {
            return Ok(());
        };
        let visit = NewVisit {
            patient: person.id,
            episode: person.episode,
            location: self
                .places
                .get(person.location)
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
        self.report.booked += 1;
        let booked_at = self.now();
        let planned = Planned {
            id,
            starts_at,
            booked_at,
            clinician,
            reminders: 0,
            open: true,
        };
        let weekday = self.calendar.day(starts_at).weekday();
        if let Some(hours) = behaviour::calls_off(&mut self.dice, &person, &planned, weekday) {
            let at = starts_at - span(hours);
            self.plan(
                at.max(booked_at),
                Act::CallOff {
                    person: index,
                    visit: id,
                },
            );
        }
        self.plan(
            starts_at,
            Act::Start {
                person: index,
                visit: id,
            },
        );
        if let Some(person) = self.people.get_mut(index) {
            person.visits.push(planned);
        }
        Ok(())
    }

    pub(super) fn day_after(&self, days: i32) -> Date {
        let today = self.calendar.day(self.now());
        today.checked_add(days.days()).unwrap_or(today)
    }

    /// Books the next visits of the plan, spaced as it wants.
    pub(super) async fn book_next(
        &mut self,
        index: usize,
        ahead: i32,
    ) -> Result<(), SimulateError> {
        for number in 0..ahead {
            let Some(person) = self.people.get(index) else {
                return Ok(());
            };
            let open = person.visits.iter().filter(|visit| visit.open).count();
            let left = usize::from(person.plan_visits.saturating_sub(person.completed));
            if person.gone || open >= left.min(3) {
                return Ok(());
            }
            let interval = if person.per_week == 2 { 3 } else { 7 };
            self.book(index, VisitKind::Recurring, interval * (number + 1))
                .await?;
        }
        Ok(())
    }

    pub(super) fn visit_mut(&mut self, index: usize, visit: AppointmentId) -> Option<&mut Planned> {
        self.people
            .get_mut(index)?
            .visits
            .iter_mut()
            .find(|planned| planned.id == visit)
    }

    pub(super) async fn call_off(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let Some(planned) = self.visit_mut(index, visit).filter(|planned| planned.open) else {
            return Ok(());
        };
        planned.open = false;
        let (start, clinician) = (planned.starts_at, planned.clinician);
        let done = self
            .desk
            .on_visit(&self.access, visit, VisitAct::CannotCome, Via::Staff)
            .await;
        ignore_settled(done, "cancel a visit")?;
        self.calendar.free(start, clinician);
        self.report.cancelled += 1;
        if self.people.get(index).is_some_and(|person| person.gone) {
            return Ok(());
        }
        // Most take another time at once, some when somebody asks, some never.
        match self.dice.random_range(0.0..1.0) {
            draw if draw < 0.70 => self.book_next(index, 1).await,
            draw if draw < 0.92 => {
                let at = self.later(24.0..120.0);
                self.plan(at, Act::Rebook { person: index });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn start(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let Some(person) = self.people.get(index).cloned() else {
            return Ok(());
        };
        let Some(planned) = person
            .visits
            .iter()
            .find(|v| v.id == visit && v.open)
            .copied()
        else {
            return Ok(());
        };
        let weekday = self.calendar.day(planned.starts_at).weekday();
        if person.gone || behaviour::stays_away(&mut self.dice, &person, &planned, weekday) {
            return self.miss(index, visit).await;
        }
        let done = self
            .desk
            .on_visit(&self.access, visit, VisitAct::Arrive, Via::Staff)
            .await;
        if ignore_settled(done, "check a patient in")? {
            let at = self.now() + SignedDuration::from_mins(i64::from(SLOT_MINUTES));
            self.plan(
                at,
                Act::Finish {
                    person: index,
                    visit,
                },
            );
        }
        Ok(())
    }

    pub(super) async fn miss(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let done = self
            .desk
            .on_visit(
                &self.access,
                visit,
                VisitAct::Miss { inferred: false },
                Via::Staff,
            )
            .await;
        if !ignore_settled(done, "record a missed visit")? {
            return Ok(());
        }
        self.report.missed += 1;
        if let Some(planned) = self.visit_mut(index, visit) {
            planned.open = false;
        }
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.missed += 1;
        person.missed_last = true;
        // Whoever missed is won back by a message or a call, or not at all.
        if self.dice.random_bool(0.62) {
            let at = self.later(3.0..70.0);
            self.plan(at, Act::Rebook { person: index });
        }
        let at = self.later(260.0..300.0);
        self.plan(at, Act::Watch { person: index });
        Ok(())
    }

    pub(super) async fn finish(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let done = self
            .desk
            .on_visit(&self.access, visit, VisitAct::Complete, Via::Staff)
            .await;
        if !ignore_settled(done, "complete a visit")? {
            return Ok(());
        }
        self.report.completed += 1;
        if let Some(planned) = self.visit_mut(index, visit) {
            planned.open = false;
        }
        let now = self.now();
        let better = self.dice.random_range(-0.1..0.9);
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.completed += 1;
        person.missed_last = false;
        person.last_seen = Some(now);
        person.pain = (person.pain - better).max(0.0);
        let (id, first, done) = (
            person.id,
            person.completed == 1,
            person.completed >= person.plan_visits,
        );
        let episode = person.episode;
        let person = person.clone();
        let Some(episode) = episode else {
            return Ok(());
        };
        if first {
            self.prescribe(&person, episode).await?;
        }
        if done {
            let how = if person.pain <= 3.0 {
                Discharge::Met
            } else {
                Discharge::Plateau
            };
            return self
                .desk
                .discharge(&self.access, id, episode, how)
                .await
                .map_err(failed("discharge a patient"));
        }
        if behaviour::leaves(&mut self.dice, &person) {
            if let Some(person) = self.people.get_mut(index) {
                person.gone = true;
            }
            self.let_go(index).await?;
            // One in five comes back when somebody asks.
            if self.dice.random_bool(0.2) {
                let at = self.later(50.0..200.0);
                self.plan(at, Act::Rebook { person: index });
            }
            let at = self.later(260.0..300.0);
            self.plan(at, Act::Watch { person: index });
            return Ok(());
        }
        // Some leave the desk without the next visit, and are reminded of it.
        let ahead = if first {
            3
        } else {
            i32::from(self.dice.random_bool(0.93))
        };
        if ahead == 0 {
            let at = self.later(30.0..150.0);
            self.plan(at, Act::Rebook { person: index });
        }
        self.book_next(index, ahead).await
    }

    /// Lets the therapist set the plan of care after the evaluation.
    async fn prescribe(&self, person: &Person, episode: EpisodeId) -> Result<(), SimulateError> {
        let today = self.calendar.day(self.now());
        let (visits, per_week) = (person.plan_visits, person.per_week);
        let weeks = i32::from(visits) / i32::from(per_week) + 3;
        let plan = NewPlan {
            visits,
            visits_per_week: per_week,
            starts_on: today,
            ends_on: today.checked_add(weeks.weeks()).unwrap_or(today),
            authorised_visits: None,
        };
        self.desk
            .set_plan(&self.access, person.id, episode, &plan)
            .await
            .map(drop)
            .map_err(failed("set a plan"))
    }

    /// Calls off half of what is left on the book; the rest will simply be missed.
    async fn let_go(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some(person) = self.people.get(index) else {
            return Ok(());
        };
        let open: Vec<AppointmentId> = person
            .visits
            .iter()
            .filter(|visit| visit.open)
            .map(|visit| visit.id)
            .collect();
        for visit in open {
            if self.dice.random_bool(0.6) {
                self.call_off(index, visit).await?;
            }
        }
        Ok(())
    }
}
