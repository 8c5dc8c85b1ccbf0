//! Work for people.

use jiff::Timestamp;
use tendon_care::id::{AppointmentId, Id, PatientId, TaskId, UserId};
use tendon_care::task::{About, Task, TaskKind, TaskState};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    GET = "select task_id, kind, patient_id, appointment_id, message_id, due_at, owner, done_at, done_by \
           from task where practice_id = $1 and task_id = $2";
    OPEN = "select task_id, kind, patient_id, appointment_id, message_id, due_at, owner, done_at, done_by \
            from task where practice_id = $1 and done_at is null order by due_at, task_id limit $2";
    OF_PATIENT = "select task_id, kind, patient_id, appointment_id, message_id, due_at, owner, done_at, done_by \
            from task where practice_id = $1 and patient_id = $2 order by due_at, task_id";
    PAGE = "select task_id, kind, patient_id, appointment_id, message_id, due_at, owner, done_at, done_by \
            from task where practice_id = $1 and ($2 = 'all' or ($2 = 'open') = (done_at is null)) \
            and (due_at > $3 or (due_at = $3 and task_id > $4)) order by due_at, task_id limit $5";
    INSERT = "insert into task (practice_id, task_id, kind, patient_id, appointment_id, message_id, due_at, \
              owner, opened_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DONE = "update task set done_at = $3, done_by = $4, version = version + 1 \
            where practice_id = $1 and task_id = $2 and done_at is null";
    /// Closed by what happened; one that a person closed before stays as it is.
    SETTLE = "update task set done_at = $3, version = version + 1 \
              where practice_id = $1 and task_id = $2 and done_at is null";
    REOPEN = "update task set done_at = null, done_by = null, version = version + 1 \
              where practice_id = $1 and task_id = $2";
    OWN = "update task set owner = $3, version = version + 1 \
           where practice_id = $1 and task_id = $2 and done_at is null";
    ABOUT_VISIT_DONE = "update task set done_at = $4, version = version + 1 \
              where practice_id = $1 and appointment_id = $2 and kind = $3 and done_at is null";
    OF_PATIENT_DONE = "update task set done_at = $3, version = version + 1 \
              where practice_id = $1 and patient_id = $2 and done_at is null";
}

/// The open tasks of one kind about one visit, closed by what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TasksAboutVisit {
    /// The visit.
    pub visit: AppointmentId,
    /// The kind.
    pub kind: TaskKind,
    /// When.
    pub at: Timestamp,
}

impl Reader<'_> {
    /// Returns one task.
    pub async fn task(&self, task_id: TaskId) -> Result<Option<Task>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(task_id)]).await?;
        Ok(row.as_ref().map(task).transpose()?)
    }

    /// Returns open tasks, the most urgent first.
    pub async fn tasks_open(&self, limit: u16) -> Result<Vec<Task>, StoreError> {
        let rows = self.rows(&OPEN, params![self.tenant_id(), limit]).await?;
        Ok(rows.iter().map(task).collect::<Result<_, _>>()?)
    }

    /// Returns a patient's tasks, the most urgent first.
    pub async fn tasks_of(&self, patient: PatientId) -> Result<Vec<Task>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        Ok(rows.iter().map(task).collect::<Result<_, _>>()?)
    }

    /// Returns a page of tasks in order of due time; `which` is `open`, `done` or `all`.
    pub async fn tasks(
        &self,
        which: &str,
        after: Option<(Timestamp, TaskId)>,
        limit: u16,
    ) -> Result<Vec<Task>, StoreError> {
        let (at, last) = after.map_or((Timestamp::MIN, uuid::Uuid::nil()), |(at, task)| {
            (at, task.uuid())
        });
        let rows = self
            .rows(&PAGE, params![self.tenant_id(), which, at, last, limit])
            .await?;
        Ok(rows.iter().map(task).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn insert(binder: Binder<'_>, task: &Task, now: Timestamp) -> Bound {
    Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            task.id.uuid(),
            task.kind.code(),
            task.about.patient.map(Id::uuid),
            task.about.appointment.map(Id::uuid),
            task.about.message.map(Id::uuid),
            task.due_at,
            task.owner.map(Id::uuid),
            now
        ],
    )
}

pub(crate) fn change(binder: Binder<'_>, task: TaskId, state: TaskState) -> Bound {
    match state {
        TaskState::Open => Bound::one(&REOPEN, params![binder.practice.uuid(), task.uuid()]),
        TaskState::Done { at, by } => Bound::one(
            &DONE,
            params![binder.practice.uuid(), task.uuid(), at, by.map(Id::uuid)],
        ),
    }
}

pub(crate) fn settled(binder: Binder<'_>, task: TaskId, at: Timestamp) -> Bound {
    Bound::any(&SETTLE, params![binder.practice.uuid(), task.uuid(), at])
}

pub(crate) fn own(binder: Binder<'_>, task: TaskId, owner: Option<UserId>) -> Bound {
    Bound::one(
        &OWN,
        params![binder.practice.uuid(), task.uuid(), owner.map(Id::uuid)],
    )
}

pub(crate) fn about_visit_done(binder: Binder<'_>, about: &TasksAboutVisit) -> Bound {
    Bound::any(
        &ABOUT_VISIT_DONE,
        params![
            binder.practice.uuid(),
            about.visit.uuid(),
            about.kind.code(),
            about.at
        ],
    )
}

pub(crate) fn of_patient_done(binder: Binder<'_>, patient: PatientId, at: Timestamp) -> Bound {
    Bound::any(
        &OF_PATIENT_DONE,
        params![binder.practice.uuid(), patient.uuid(), at],
    )
}

fn task(row: &Row) -> Result<Task, BadRow> {
    let state = match row.opt_time(7)? {
        None => TaskState::Open,
        Some(at) => TaskState::Done {
            at,
            by: row.opt_id(8)?,
        },
    };
    Ok(Task {
        id: row.id(0)?,
        kind: row.parsed(1, "a kind of task", TaskKind::from_code)?,
        about: About {
            patient: row.opt_id(2)?,
            appointment: row.opt_id(3)?,
            message: row.opt_id(4)?,
        },
        due_at: row.time(5)?,
        owner: row.opt_id(6)?,
        state,
    })
}
