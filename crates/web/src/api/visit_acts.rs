//! What is done with a visit. One address each, so that a log line, a permission
//! and a key say which.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use tendon_care::access::Access;
use tendon_care::appointment::CancelledBy;
use tendon_care::id::AppointmentId;
use tendon_care::touchpoint::Via;
use tendon_desk::VisitAct;
use utoipa::ToSchema;

use super::answers::WriteRefusals;
use super::appointment_wire::Appointment;
use super::appointments::shown;
use super::caller::{EditVisits, May};
use super::input::{At, Body};
use super::once::Acting;
use super::patient_wire::code_schemas;
use super::problem::{Kind, Problem};
use super::text::{AppointmentRef, CancelledByCode, Moment};
use crate::server::App;

/// How the practice learnt of it.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LearntBy {
    /// A member of staff was told.
    Staff,
    /// Another system reported it.
    #[default]
    Feed,
}

impl From<LearntBy> for Via {
    fn from(by: LearntBy) -> Self {
        match by {
            LearntBy::Staff => Self::Staff,
            LearntBy::Feed => Self::Feed,
        }
    }
}

/// Particulars that every act may have.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActOnVisit {
    /// How the practice learnt of it; `feed` where nothing is said.
    #[serde(default)]
    via: LearntBy,
}

/// Another time for a visit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveVisit {
    /// When it begins now.
    starts_at: Moment,
    /// How the practice learnt of it; `feed` where nothing is said.
    #[serde(default)]
    via: LearntBy,
}

/// Calling a visit off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelVisit {
    /// Who called it off.
    #[schema(value_type = Canceller)]
    by: CancelledByCode,
    /// How the practice learnt of it; `feed` where nothing is said.
    #[serde(default)]
    via: LearntBy,
}

code_schemas! {
    /// Who calls a visit off. By the clinic, it is not counted against the patient.
    Canceller [Patient, Clinic]
}

/// Does one thing with a visit and shows how it stands.
async fn done(
    app: &App,
    by: &Access,
    acting: &Acting,
    id: AppointmentId,
    (act, via): (VisitAct, LearntBy),
) -> Result<Json<Appointment>, Problem> {
    acting
        .act(async |desk| desk.on_visit(by, id, act, via.into()).await)
        .await?;
    Ok(Json(shown(app, by, id).await?))
}

macro_rules! acts {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $path:literal $body:ty = $example:tt, $wire:ident => $act:expr;
    )*) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            post,
            path = $path,
            tag = "appointments",
            request_body(content = $body, example = json!($example)),
            params(
                ("id" = AppointmentRef, Path, description = "The visit."),
                ("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again."),
            ),
            responses((status = 200, description = "The visit as it stands now.", body = Appointment), WriteRefusals),
            security(("bearer" = ["EditVisits"]))
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            by: May<EditVisits>,
            At(id): At<AppointmentId>,
            acting: Acting,
            Body($wire): Body<$body>,
        ) -> Result<Json<Appointment>, Problem> {
            done(&app, &by, &acting, id, ($act, $wire.via)).await
        }
    )*};
}

acts! {
    /// Confirms a visit
    ///
    /// The patient said that they come.
    confirm_appointment "/appointments/{id}/confirm" ActOnVisit = {}, wire => VisitAct::Confirm;
    /// Gives a visit another time
    ///
    /// Pending reminders follow it in the same transaction.
    move_appointment "/appointments/{id}/move" MoveVisit = {"starts_at": "2026-11-25T14:40:00Z"}, wire =>
        VisitAct::Move { starts_at: wire.starts_at.0 };
    /// Calls a visit off
    ///
    /// Pending reminders are withdrawn. By the patient, it opens a task to find another time.
    cancel_appointment "/appointments/{id}/cancel" CancelVisit = {"by": "patient"}, wire =>
        match wire.by.0 {
            CancelledBy::Patient => VisitAct::CannotCome,
            CancelledBy::Clinic => VisitAct::CancelByClinic,
            CancelledBy::Unknown => {
                let why = "must be one of patient, clinic";
                return Err(Problem::field(Kind::InvalidBody, "by", why));
            }
        };
    /// Checks the patient in
    arrive_appointment "/appointments/{id}/arrive" ActOnVisit = {}, wire => VisitAct::Arrive;
    /// Closes a visit as done
    complete_appointment "/appointments/{id}/complete" ActOnVisit = {}, wire => VisitAct::Complete;
    /// Records that nobody came
    miss_appointment "/appointments/{id}/miss" ActOnVisit = {}, wire =>
        VisitAct::Miss { inferred: false };
    /// Puts a visit back on the book
    reinstate_appointment "/appointments/{id}/reinstate" ActOnVisit = {}, wire => VisitAct::Reinstate;
}
