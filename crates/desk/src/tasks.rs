//! Work for people: taken, done, opened again.

use tendon_care::access::{Access, Actor, Permission};
use tendon_care::id::{TaskId, UserId};
use tendon_care::task::{Task, TaskState};
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, AuditEntry, Commit, CommitError, Write};

use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;

/// What somebody does with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskAct {
    /// Takes it.
    Take,
    /// Gives it to somebody, or back to whoever comes first.
    Assign {
        /// To whom.
        to: Option<UserId>,
    },
    /// Did it.
    Done,
    /// It is not done after all.
    Reopen,
}

impl TaskAct {
    /// Returns the code used in the audit trail, forms and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Assign { .. } => "assign",
            Self::Done => "done",
            Self::Reopen => "reopen",
        }
    }
}

impl Desk {
    /// Does something with a task.
    pub async fn on_task(
        &self,
        access: &Access,
        task: TaskId,
        act: TaskAct,
    ) -> Result<(), DeskError> {
        access.require(Permission::WorkTasks)?;
        let known = self.reader(access).task(task).await?;
        let known = known.ok_or(DeskError::NotFound("task"))?;
        let (me, at) = (user_of(access), self.now());
        let write = match (act, known.state) {
            (TaskAct::Take | TaskAct::Assign { .. } | TaskAct::Done, TaskState::Done { .. }) => {
                return Err(DeskError::Stale("the task is done"));
            }
            (TaskAct::Reopen, TaskState::Open) => {
                return Err(DeskError::Stale("the task is open"));
            }
            (TaskAct::Take, _) if me.is_none() => {
                return Err(DeskError::invalid("owner", "must be a member of staff"));
            }
            (TaskAct::Take, _) => Write::TaskOwner(task, me),
            (TaskAct::Assign { to }, _) => {
                self.check_owner(access, to).await?;
                Write::TaskOwner(task, to)
            }
            (TaskAct::Done, _) => Write::TaskState(task, TaskState::Done { at, by: me }),
            (TaskAct::Reopen, _) => Write::TaskState(task, TaskState::Open),
        };
        self.write_task(access, &known, act, write).await
    }

    async fn write_task(
        &self,
        access: &Access,
        known: &Task,
        act: TaskAct,
        write: Write,
    ) -> Result<(), DeskError> {
        let stale = Err(DeskError::Stale("the task was done by somebody else"));
        let Some(patient) = known.about.patient else {
            let mut commit = Commit::new(access);
            commit.push(write);
            let entry = AuditEntry::new(access, self.now(), Action::Update, "task");
            commit.audit(entry.of(known.id).with(act.code()));
            return match self.db().commit(commit).await {
                Err(CommitError::Conflict { .. }) => stale,
                other => Ok(other?),
            };
        };
        let done = self
            .change(access, patient, Origin::Live, |change| {
                change.write(write.clone());
                if act == TaskAct::Done {
                    change.happened(Fact::TaskDone { task: known.id });
                }
                change.audit(Action::Update, "task", act.code());
                Ok(())
            })
            .await;
        match done {
            Err(DeskError::Busy) => stale,
            other => other,
        }
    }

    async fn check_owner(&self, access: &Access, to: Option<UserId>) -> Result<(), DeskError> {
        let Some(to) = to else { return Ok(()) };
        let user = self.db().user(access.practice, to).await?;
        match user {
            Some(user) if !user.disabled && user.role.may(Permission::WorkTasks) => Ok(()),
            _ => Err(DeskError::invalid("owner", "cannot work on tasks")),
        }
    }
}

const fn user_of(access: &Access) -> Option<UserId> {
    match access.actor {
        Actor::User { id, .. } => Some(id),
        _ => None,
    }
}
