//! Work for people.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tendon_care::id::{Id as _, TaskId};
use tendon_care::task::TaskState;
use tendon_desk::TaskAct;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Refusals, WriteRefusals};
use super::caller::{May, WorkTasks};
use super::input::{At, Body, Query};
use super::once::Acting;
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::problem::{Kind, Problem};
use super::text::{
    AppointmentRef, As, MessageRef, Moment, PatientRef, TaskKindCode, TaskRef, UserRef,
};
use crate::server::App;

/// Work for a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Task {
    id: TaskRef,
    kind: TaskKindCode,
    /// About whom.
    patient: Option<PatientRef>,
    /// About which visit.
    appointment: Option<AppointmentRef>,
    /// About which message.
    message: Option<MessageRef>,
    due_at: Moment,
    /// Who has taken it.
    owner: Option<UserRef>,
    /// When it was done; `null` while it is open.
    done_at: Option<Moment>,
    /// By whom; `null` for what was settled by itself or by a token.
    done_by: Option<UserRef>,
}

impl From<tendon_care::task::Task> for Task {
    fn from(task: tendon_care::task::Task) -> Self {
        let (done_at, done_by) = match task.state {
            TaskState::Open => (None, None),
            TaskState::Done { at, by } => (Some(As(at)), by.map(As)),
        };
        Self {
            id: As(task.id),
            kind: As(task.kind),
            patient: task.about.patient.map(As),
            appointment: task.about.appointment.map(As),
            message: task.about.message.map(As),
            due_at: As(task.due_at),
            owner: task.owner.map(As),
            done_at,
            done_by,
        }
    }
}

/// Which tasks to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TasksQuery {
    /// `open` (where nothing is said), `done` or `all`.
    #[serde(default)]
    #[param(example = "open")]
    state: Option<String>,
    /// How many tasks a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists tasks, the most urgent first
#[utoipa::path(
    get,
    path = "/tasks",
    tag = "tasks",
    params(TasksQuery),
    responses((status = 200, description = "A page of tasks.", body = Page<Task>), Refusals),
    security(("bearer" = ["WorkTasks"]))
)]
pub(crate) async fn list_tasks(
    State(app): State<App>,
    by: May<WorkTasks>,
    Query(asked): Query<TasksQuery>,
) -> Result<Json<Page<Task>>, Problem> {
    let state = asked.state.as_deref().unwrap_or("open");
    Problem::unless_one_of("state", state, &["open", "done", "all"])?;
    let (list, limit) = (format!("tasks {state}"), Limit::of(asked.limit));
    let cursor = Cursor::read(asked.cursor.as_deref(), &list)?;
    let after = cursor.map(|cursor| (cursor.at, TaskId::from_uuid(cursor.id)));
    let reader = app.desk().db().reader(&by);
    let rows = reader.tasks(state, after, limit + 1).await?;
    let place = |task: &tendon_care::task::Task| Cursor::after(task.due_at, task.id);
    let page = Page::of(rows, limit, &list, place, Into::into);
    page.shown(&app, &by, "tasks", None).await
}

/// Marks a task as done
#[utoipa::path(
    post,
    path = "/tasks/{id}/done",
    tag = "tasks",
    params(
        ("id" = TaskRef, Path, description = "The task."),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again."),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "The task.", body = Task), WriteRefusals),
    security(("bearer" = ["WorkTasks"]))
)]
pub(crate) async fn finish_task(
    State(app): State<App>,
    by: May<WorkTasks>,
    At(id): At<TaskId>,
    acting: Acting,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<Task>, Problem> {
    acting
        .act(async |desk| desk.on_task(&by, id, TaskAct::Done).await)
        .await?;
    let reader = app.desk().db().reader(&by);
    let task = reader.task(id).await?;
    let task = task.ok_or_else(|| Problem::new(Kind::NotFound).with("There is no such task."))?;
    reader
        .looked_at(app.desk().now(), "task", task.about.patient, "")
        .await?;
    Ok(Json(task.into()))
}

/// An act without particulars: no body, or an empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}
