//! The visits themselves: kept or missed, and what follows.

use jiff::{SignedDuration, ToSpan};
use rand::RngExt;
use tendon_care::episode::Discharge;
use tendon_care::id::{AppointmentId, EpisodeId};
use tendon_care::touchpoint::Via;
use tendon_desk::{NewPlan, VisitAct};

use super::{Act, SimulateError, Year, failed, ignore_settled};
use crate::behaviour;
use crate::calendar::SLOT_MINUTES;
use crate::person::{Fate, Person, Stage};
use crate::words;

/// No-shows that nobody writes down; the clock finds them a day later.
const UNNOTICED: f64 = 0.1;

/// No-shows in a row after which the practice takes the rest off the book.
const GIVEN_UP_AFTER: u8 = 3;

impl Year {
    pub(super) async fn start(
        &mut self,
        index: usize,
        visit: AppointmentId,
    ) -> Result<(), SimulateError> {
        let Some(person) = self.people.get(index).cloned() else {
            return Ok(());
        };
        // A visit that was moved starts at its new time only.
        let now = self.now();
        let Some(planned) = person.visit(visit).filter(|v| v.starts_at == now) else {
            return Ok(());
        };
        let weekday = self.calendar.day(planned.starts_at).weekday();
        let comes = person.stage == Stage::Coming
            && !behaviour::stays_away(&mut self.dice, &person, &planned, weekday);
        if !comes {
            return self.miss(index, visit).await;
        }
        let done = self
            .desk
            .on_visit(&self.access, visit, VisitAct::Arrive, Via::Staff)
            .await;
        if !ignore_settled(done, "check a patient in")? {
            self.settle(index, visit, Fate::TakenOff);
            return Ok(());
        }
        let at = now + SignedDuration::from_mins(i64::from(SLOT_MINUTES));
        self.plan(
            at,
            Act::Finish {
                person: index,
                visit,
            },
        );
        Ok(())
    }

    async fn miss(&mut self, index: usize, visit: AppointmentId) -> Result<(), SimulateError> {
        if !self.dice.random_bool(UNNOTICED) {
            let act = VisitAct::Miss { inferred: false };
            let done = self
                .desk
                .on_visit(&self.access, visit, act, Via::Staff)
                .await;
            if !ignore_settled(done, "record a missed visit")? {
                self.settle(index, visit, Fate::TakenOff);
                return Ok(());
            }
        }
        self.settle(index, visit, Fate::Missed);
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.missed += 1;
        person.missed_last += 1;
        // A practice does not go on with who stays away three times running.
        if person.missed_last >= GIVEN_UP_AFTER && person.stage == Stage::Coming {
            person.stage = Stage::Left;
        }
        let stage = person.stage;
        if stage == Stage::Left {
            // The desk hears nothing and gives the other times to somebody else.
            let at = self.later(20.0..130.0);
            self.plan(at, Act::ClearBook { person: index });
        } else if self.dice.random_bool(0.7) {
            // Whoever missed is won back by a message or a call, or not at all.
            let at = self.later(3.0..70.0);
            self.plan(at, Act::Rebook { person: index });
        }
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
        self.settle(index, visit, Fate::Kept);
        let now = self.now();
        let better = self.dice.random_range(-0.1..0.9);
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.completed += 1;
        person.missed_last = 0;
        person.first_seen.get_or_insert(now);
        person.last_seen = Some(now);
        person.pain = (person.pain - better).max(0.0);
        let person = person.clone();
        let Some(episode) = person.episode else {
            return Ok(());
        };
        if person.completed == 1 {
            self.prescribe(&person, episode).await?;
        }
        if person.completed >= person.plan_visits {
            return self.complete_plan(index, &person, episode).await;
        }
        if behaviour::leaves(&mut self.dice, &person) {
            self.leave(index);
            return Ok(());
        }
        self.wonder(index, &person);
        // Some leave the desk without the next visit, and are reminded of it.
        if person.books_ahead == 1 && self.dice.random_bool(0.15) {
            let at = self.later(30.0..150.0);
            self.plan(at, Act::Rebook { person: index });
            return Ok(());
        }
        self.book_on(index).await
    }

    /// Lets one in six ask something in the day after a visit.
    fn wonder(&mut self, index: usize, person: &Person) {
        if self.dice.random_bool(0.16)
            && let Some(text) = words::question(&mut self.dice, person.language)
        {
            let at = self.later(0.5..28.0);
            let at = self.waking(at);
            self.plan(
                at,
                Act::Write {
                    person: index,
                    text,
                },
            );
        }
    }

    async fn complete_plan(
        &mut self,
        index: usize,
        person: &Person,
        episode: EpisodeId,
    ) -> Result<(), SimulateError> {
        if let Some(person) = self.people.get_mut(index) {
            person.stage = Stage::Finished;
        }
        let how = if person.pain <= 3.0 {
            Discharge::Met
        } else {
            Discharge::Plateau
        };
        self.clear_book(index).await?;
        self.desk
            .discharge(&self.access, person.id, episode, how)
            .await
            .map_err(failed("discharge a patient"))
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
}
