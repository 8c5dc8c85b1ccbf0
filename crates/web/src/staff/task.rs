//! Acts on a task: done, taken.

use axum::extract::State;
use axum::response::Redirect;
use tendon_care::id::TaskId;
use tendon_desk::TaskAct;

use crate::server::App;
use crate::server::back::Back;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::said::Said;
use crate::server::session::Staff;

/// Ticks a task off.
pub(crate) async fn done(
    State(app): State<App>,
    staff: Staff,
    Of(task): Of<TaskId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_task(staff.access(), task, TaskAct::Done)
        .await?;
    Ok(back.after(Said::TaskDone))
}

/// Gives a task to who asks.
pub(crate) async fn take(
    State(app): State<App>,
    staff: Staff,
    Of(task): Of<TaskId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_task(staff.access(), task, TaskAct::Take)
        .await?;
    Ok(back.after(Said::TaskTaken))
}
