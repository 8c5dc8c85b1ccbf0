//! The timeline of a patient.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tendon_care::id::{Id as _, PatientId, TouchpointId};
use tendon_care::touchpoint::Touchpoint;
use utoipa::{IntoParams, ToSchema};

use super::answers::Refusals;
use super::caller::{May, ReadChart};
use super::input::{At, Query};
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::patients::root;
use super::problem::Problem;
use super::text::{As, Moment, PatientRef, TouchpointRef};
use crate::server::App;

/// Which part of the timeline to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineQuery {
    /// How many facts a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// One immutable fact: something happened between practice and patient.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineFact {
    id: TouchpointRef,
    /// When it happened in the world.
    happened_at: Moment,
    /// What happened.
    #[schema(example = "visit.booked")]
    fact: &'static str,
    /// What it is about: ids, moments and codes, no words of a person.
    #[schema(example = json!({"appointment": "apt_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b"}))]
    fields: BTreeMap<&'static str, String>,
    /// History that was loaded: nothing was ever sent because of it.
    backfilled: bool,
}

impl From<Touchpoint> for TimelineFact {
    fn from(touchpoint: Touchpoint) -> Self {
        Self {
            id: As(touchpoint.id),
            happened_at: As(touchpoint.happened_at),
            fact: touchpoint.fact.code(),
            fields: touchpoint.fact.fields().into_iter().collect(),
            backfilled: touchpoint.backfilled,
        }
    }
}

/// Lists a patient's timeline, newest first
#[utoipa::path(
    get,
    path = "/patients/{id}/timeline",
    tag = "patients",
    params(("id" = PatientRef, Path, description = "The patient."), TimelineQuery),
    responses((status = 200, description = "A page of the timeline.", body = Page<TimelineFact>), Refusals),
    security(("bearer" = ["ReadChart"]))
)]
pub(crate) async fn list_timeline(
    State(app): State<App>,
    by: May<ReadChart>,
    At(id): At<PatientId>,
    Query(asked): Query<TimelineQuery>,
) -> Result<Json<Page<TimelineFact>>, Problem> {
    let reader = app.desk().db().reader(&by);
    let patient = root(reader, id).await?;
    let (list, limit) = (format!("timeline {patient}"), Limit::of(asked.limit));
    let before = Cursor::read(asked.cursor.as_deref(), &list)?;
    let before = before.map(|cursor| (cursor.at, TouchpointId::from_uuid(cursor.id)));
    let rows = reader.timeline(patient, before, limit + 1).await?;
    let place = |row: &Touchpoint| Cursor::after(row.happened_at, row.id);
    let page = Page::of(rows, limit, &list, place, Into::into);
    page.shown(&app, &by, "timeline", Some(patient)).await
}
