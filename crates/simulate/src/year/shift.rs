//! What the front desk does twice a day: tasks, and answers to who waits.

use jiff::Timestamp;
use rand::RngExt;
use tendon_care::task::{Task, TaskKind};
use tendon_desk::{DeskError, TaskAct};

use super::{Act, SimulateError, Year, failed};
use crate::person::Stage;

/// Tasks and threads that one shift looks at.
const MOST: u16 = 200;

/// Of what is open, how much a shift gets done.
const TASKS_DONE: f64 = 0.2;
const THREADS_DONE: f64 = 0.5;

impl Year {
    /// Works off what is due; one task in five gets done before the next shift.
    pub(super) async fn shift(&mut self) -> Result<(), SimulateError> {
        let tasks = self
            .desk
            .db()
            .reader(&self.access)
            .tasks_open(MOST)
            .await
            .map_err(|error| failed("read its tasks")(error.into()))?;
        for task in tasks {
            // An emergency waits for nobody.
            if task.kind == TaskKind::RedFlag || self.dice.random_bool(TASKS_DONE) {
                self.work(&task).await?;
            }
        }
        self.answer_threads().await
    }

    async fn work(&mut self, task: &Task) -> Result<(), SimulateError> {
        let done = self
            .desk
            .on_task(&self.access, task.id, TaskAct::Done)
            .await;
        match done {
            // What was done about another one has settled it.
            Err(DeskError::Stale(_)) => return Ok(()),
            done => done.map_err(failed("close a task"))?,
        }
        let Some(patient) = task.about.patient else {
            return Ok(());
        };
        if task.kind == TaskKind::RedFlag {
            let resumed = self.desk.pause(&self.access, patient, false).await;
            resumed.map_err(failed("let automation go on"))?;
        }
        let Some(index) = self.by_patient.get(&patient).copied() else {
            return Ok(());
        };
        match task.kind {
            TaskKind::MoveVisit => match task.about.appointment {
                Some(visit) => self.move_visit(index, visit).await,
                None => Ok(()),
            },
            TaskKind::WrongParty if self.dice.random_bool(0.7) => self.correct_phone(index).await,
            TaskKind::Call | TaskKind::RebookVisit | TaskKind::ClarifyCancel => {
                self.call_back(index);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A call finds two in three. Who still wants to come takes a time; who does not
    /// says so.
    fn call_back(&mut self, index: usize) {
        let Some(stage) = self.people.get(index).map(|person| person.stage) else {
            return;
        };
        if !self.dice.random_bool(0.66) {
            return;
        }
        let at = self.later(0.1..2.0);
        match stage {
            Stage::Coming => self.plan(at, Act::Rebook { person: index }),
            Stage::Left => self.plan(at, Act::Quit { person: index }),
            _ => {}
        }
    }

    async fn answer_threads(&mut self) -> Result<(), SimulateError> {
        let waiting = self
            .desk
            .db()
            .reader(&self.access)
            .threads_waiting(MOST)
            .await
            .map_err(|error| failed("read its inbox")(error.into()))?;
        for line in waiting {
            if !self.dice.random_bool(THREADS_DONE) {
                continue;
            }
            let thread = line.thread;
            let person = self.by_patient.get(&thread.patient).copied();
            let person = person.and_then(|index| self.people.get_mut(index));
            if let Some(words) = person.and_then(|person| person.owed.take()) {
                let posted = self.desk.reply(&self.access, thread.id, words, true).await;
                posted.map(drop).map_err(failed("answer a patient"))?;
            } else {
                let done = self.desk.thread_done(&self.access, thread.id).await;
                done.map_err(failed("close a thread"))?;
            }
        }
        Ok(())
    }

    /// Returns the moment itself, or the next morning where people sleep.
    pub(super) fn waking(&mut self, at: Timestamp) -> Timestamp {
        let (day, hour) = self.calendar.local(at);
        let minute = self.dice.random_range(0..59);
        match hour {
            0..7 => self.calendar.at(day, 7, minute).unwrap_or(at),
            23 => self
                .calendar
                .at(day, 22, minute)
                .map_or(at, |evening| evening.max(self.now())),
            _ => at,
        }
    }
}
