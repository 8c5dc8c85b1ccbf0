//! What the front desk does twice a day: tasks, and answers to who waits.

use jiff::ToSpan;
use jiff::civil::Weekday;
use rand::RngExt;
use tendon_care::task::TaskKind;
use tendon_desk::TaskAct;

use super::{Act, SimulateError, Year, failed};

/// Tasks and threads that one shift looks at.
const MOST: u16 = 200;

impl Year {
    /// Puts two shifts into every working day.
    pub(super) fn plan_shifts(&mut self) {
        let last = self.calendar.day(self.settings.until);
        let mut day = self.calendar.day(self.settings.from);
        while day <= last {
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                for (hour, minute) in [(12, 5), (16, 40)] {
                    if let Some(at) = self.calendar.at(day, hour, minute) {
                        self.plan(at.max(self.settings.from), Act::Shift);
                    }
                }
            }
            let Ok(next) = day.checked_add(1.day()) else {
                break;
            };
            day = next;
        }
    }

    /// Works off what is due; nine things in ten get done before the next shift.
    pub(super) async fn shift(&mut self) -> Result<(), SimulateError> {
        let tasks = self
            .desk
            .db()
            .reader(&self.access)
            .tasks_open(MOST)
            .await
            .map_err(|error| failed("read its tasks")(error.into()))?;
        for task in tasks {
            if !self.dice.random_bool(0.9) {
                continue;
            }
            let done = self
                .desk
                .on_task(&self.access, task.id, TaskAct::Done)
                .await;
            done.map_err(failed("close a task"))?;
            if let Some(patient) = task.about.patient {
                if task.kind == TaskKind::RedFlag {
                    let resumed = self.desk.pause(&self.access, patient, false).await;
                    resumed.map_err(failed("let automation go on"))?;
                }
                let calls = matches!(
                    task.kind,
                    TaskKind::Call | TaskKind::MoveVisit | TaskKind::RebookVisit
                );
                // A call finds two in three, and half of those take a time.
                if calls
                    && self.dice.random_bool(0.35)
                    && let Some(person) = self.by_patient.get(&patient).copied()
                {
                    let at = self.later(0.1..2.0);
                    self.plan(at, Act::Rebook { person });
                }
            }
        }
        self.answer_threads().await
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
            if self.dice.random_bool(0.93) {
                let done = self.desk.thread_done(&self.access, line.thread.id).await;
                done.map_err(failed("close a thread"))?;
            }
        }
        Ok(())
    }
}
