//! How patients go: most say so or simply have nothing on the book, some stay away
//! without a word, a few die. Nobody who has gone comes back.

use rand::RngExt;
use tendon_care::episode::Discharge;
use tendon_desk::VisitAct;

use super::{Act, SimulateError, Year, failed};
use crate::person::{Fate, Stage};

/// Of those who leave with visits on the book, how many call.
const SAYS_SO: f64 = 0.65;

impl Year {
    /// Lets a patient decide not to come any more.
    pub(super) fn leave(&mut self, index: usize) {
        let now = self.now();
        let Some(person) = self.people.get_mut(index) else {
            return;
        };
        person.stage = Stage::Left;
        let next = person.next(now).map(|visit| visit.starts_at);
        if self.dice.random_bool(SAYS_SO) {
            // Before the next visit, as often without a day's notice as with it.
            let hours = next.map_or(96.0, |next| {
                next.duration_since(now).as_secs_f64() / 3_600.0 - 2.0
            });
            let soonest = if self.dice.random_bool(0.5) {
                (hours - 20.0).max(0.5)
            } else {
                0.5
            };
            let at = self.later(soonest..hours.max(1.0));
            self.plan(at, Act::Quit { person: index });
        }
    }

    /// Lets a patient call to say so: the next visit is called off, the practice takes
    /// the others off the book, and the course of care ends.
    pub(super) async fn quit(&mut self, index: usize) -> Result<(), SimulateError> {
        let now = self.now();
        let Some(person) = self.people.get(index) else {
            return Ok(());
        };
        let (id, episode, began) = (person.id, person.episode, person.first_seen.is_some());
        if let Some(next) = person.next(now) {
            self.take_off(index, next.id, VisitAct::CannotCome).await?;
        }
        self.clear_book(index).await?;
        let Some(episode) = episode.filter(|_| began) else {
            return Ok(());
        };
        self.desk
            .discharge(&self.access, id, episode, Discharge::Self_)
            .await
            .map_err(failed("end a course of care"))
    }

    /// Takes every visit still to come off the book, on the practice's side.
    pub(super) async fn clear_book(&mut self, index: usize) -> Result<(), SimulateError> {
        let now = self.now();
        let Some(person) = self.people.get(index) else {
            return Ok(());
        };
        let ahead = person.open().filter(|visit| visit.starts_at > now);
        let ahead: Vec<_> = ahead.map(|visit| visit.id).collect();
        for visit in ahead {
            self.take_off(index, visit, VisitAct::CancelByClinic)
                .await?;
        }
        Ok(())
    }

    /// Lets staff learn of a death; the product clears the book by itself.
    pub(super) async fn die(&mut self, index: usize) -> Result<(), SimulateError> {
        let now = self.now();
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.stage = Stage::Dead;
        let id = person.id;
        let ahead = person.open().filter(|visit| visit.starts_at > now);
        let ahead: Vec<_> = ahead.map(|visit| visit.id).collect();
        self.desk
            .record_death(&self.access, id)
            .await
            .map_err(failed("record a death"))?;
        for visit in ahead {
            self.settle(index, visit, Fate::TakenOff);
        }
        Ok(())
    }
}
