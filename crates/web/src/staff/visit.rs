//! Acts on a visit: the patient said yes, or cannot come.

use axum::extract::State;
use axum::response::Redirect;
use tendon_care::id::AppointmentId;
use tendon_care::touchpoint::Via;
use tendon_desk::VisitAct;

use crate::server::App;
use crate::server::back::Back;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::said::Said;
use crate::server::session::Staff;

/// Confirms a visit for a patient who said yes.
pub(crate) async fn confirm(
    State(app): State<App>,
    staff: Staff,
    Of(visit): Of<AppointmentId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_visit(staff.access(), visit, VisitAct::Confirm, Via::Staff)
        .await?;
    Ok(back.after(Said::Confirmed))
}

/// Calls a visit off for a patient who cannot come.
pub(crate) async fn cancel(
    State(app): State<App>,
    staff: Staff,
    Of(visit): Of<AppointmentId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_visit(staff.access(), visit, VisitAct::CannotCome, Via::Staff)
        .await?;
    Ok(back.after(Said::Cancelled))
}
