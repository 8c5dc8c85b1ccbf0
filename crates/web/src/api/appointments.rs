//! Visits: list, read, book.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use tendon_care::access::Access;
use tendon_care::appointment::Appointment as Visit;
use tendon_care::id::{AppointmentId, Id as _, PatientId};
use tendon_desk::NewVisit;
use tendon_store::{Reader, Versioned, VisitFilter};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Refusals, WriteRefusals};
use super::appointment_wire::{Appointment, STATES};
use super::caller::{EditVisits, May, ReadChart};
use super::input::{At, Body, Query};
use super::once::Acting;
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::patients::root;
use super::problem::{Kind, Problem};
use super::text::{
    AppointmentRef, As, ClinicianRef, EpisodeRef, LocationRef, Moment, PatientRef, VisitKindCode,
};
use crate::server::App;

/// Visits that one request looks through at most: a filter that fits few may
/// give a short page with a `next`.
const MOST_LOOKED_AT: usize = 2_000;

/// Which visits to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AppointmentsQuery {
    /// Of this patient only.
    #[serde(default)]
    #[param(inline)]
    patient: Option<PatientRef>,
    /// At this location only.
    #[serde(default)]
    #[param(inline)]
    location: Option<LocationRef>,
    /// With this clinician only.
    #[serde(default)]
    #[param(inline)]
    clinician: Option<ClinicianRef>,
    /// In this state only.
    #[serde(default)]
    #[param(example = "booked")]
    state: Option<String>,
    /// That begin at or after this moment.
    #[serde(default)]
    #[param(inline)]
    from: Option<Moment>,
    /// That begin before this moment.
    #[serde(default)]
    #[param(inline)]
    until: Option<Moment>,
    /// How many visits a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

impl AppointmentsQuery {
    fn checked(self) -> Result<Self, Problem> {
        if let Some(state) = &self.state {
            Problem::unless_one_of("state", state, &STATES)?;
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            let why = "must be after from";
            return Err(Problem::field(Kind::InvalidQuery, "until", why));
        }
        Ok(self)
    }

    fn fits(&self, visit: &Visit) -> bool {
        self.location
            .is_none_or(|As(place)| visit.location == place)
            && self
                .clinician
                .is_none_or(|As(who)| visit.clinician == Some(who))
            && self
                .state
                .as_ref()
                .is_none_or(|state| visit.state.code() == state)
            && self.from.is_none_or(|As(from)| visit.starts_at >= from)
            && self.until.is_none_or(|As(until)| visit.starts_at < until)
    }

    /// Names the list that a cursor belongs to.
    fn list(&self) -> String {
        format!(
            "appointments {:?} {:?} {:?} {:?} {:?} {:?}",
            self.patient, self.location, self.clinician, self.state, self.from, self.until
        )
    }
}

/// Lists visits, earliest first
///
/// A page may be shorter than `limit` and still have a `next`, where a filter
/// fits few of many visits.
#[utoipa::path(
    get,
    path = "/appointments",
    tag = "appointments",
    params(AppointmentsQuery),
    responses((status = 200, description = "A page of visits.", body = Page<Appointment>), Refusals),
    security(("bearer" = ["ReadChart"]))
)]
pub(crate) async fn list_appointments(
    State(app): State<App>,
    by: May<ReadChart>,
    Query(asked): Query<AppointmentsQuery>,
) -> Result<Json<Page<Appointment>>, Problem> {
    let asked = asked.checked()?;
    let (list, limit) = (asked.list(), Limit::of(asked.limit));
    let cursor = Cursor::read(asked.cursor.as_deref(), &list)?;
    let reader = app.desk().db().reader(&by);
    let patient = match asked.patient {
        Some(As(patient)) => Some(root(reader, patient).await?),
        None => None,
    };
    let found = match patient {
        Some(patient) => of_patient(reader, &asked, patient, cursor, limit).await?,
        None => of_book(reader, &asked, cursor, limit).await?,
    };
    let house = app.desk().house(by.practice).await?;
    let page = Page {
        items: found
            .visits
            .iter()
            .map(|visit| Appointment::of(visit, &house))
            .collect(),
        next: found.next.map(|cursor| cursor.write(&list)),
    };
    page.shown(&app, &by, "appointments", patient).await
}

/// What was found, and where to go on.
struct Found {
    visits: Vec<Versioned<Visit>>,
    next: Option<Cursor>,
}

fn place(visit: &Versioned<Visit>) -> Cursor {
    Cursor::after(visit.starts_at, visit.id)
}

async fn of_patient(
    reader: Reader<'_>,
    asked: &AppointmentsQuery,
    patient: PatientId,
    cursor: Option<Cursor>,
    limit: u16,
) -> Result<Found, Problem> {
    let past = |visit: &Versioned<Visit>| {
        cursor.is_none_or(|last| (visit.starts_at, visit.id.uuid()) > (last.at, last.id))
    };
    let all = reader.appointments_of(patient).await?;
    let fitting = all
        .into_iter()
        .filter(|visit| past(visit) && asked.fits(visit));
    let mut visits: Vec<_> = fitting.take(usize::from(limit) + 1).collect();
    let more = visits.len() > usize::from(limit);
    visits.truncate(limit.into());
    let next = visits.last().filter(|_| more).map(place);
    Ok(Found { visits, next })
}

async fn of_book(
    reader: Reader<'_>,
    asked: &AppointmentsQuery,
    mut cursor: Option<Cursor>,
    limit: u16,
) -> Result<Found, Problem> {
    const AT_ONCE: u16 = 500;
    let from = asked.from.map_or(Timestamp::MIN, |As(from)| from);
    let until = asked.until.map_or(Timestamp::MAX, |As(until)| until);
    let mut visits: Vec<Versioned<Visit>> = Vec::new();
    let mut looked_at = 0;
    while looked_at < MOST_LOOKED_AT {
        let rows = reader
            .appointments(&VisitFilter {
                from: cursor.map_or(from, |last| last.at),
                until,
                after: cursor.map(|last| AppointmentId::from_uuid(last.id)),
                limit: AT_ONCE,
            })
            .await?;
        let last_rows = rows.len() < usize::from(AT_ONCE);
        for visit in rows {
            looked_at += 1;
            if visits.len() == usize::from(limit) {
                return Ok(Found {
                    visits,
                    next: cursor,
                });
            }
            cursor = Some(place(&visit));
            if asked.fits(&visit) {
                visits.push(visit);
            }
        }
        if last_rows {
            return Ok(Found { visits, next: None });
        }
    }
    Ok(Found {
        visits,
        next: cursor,
    })
}

/// Reads a visit
#[utoipa::path(
    get,
    path = "/appointments/{id}",
    tag = "appointments",
    params(("id" = AppointmentRef, Path, description = "The visit.")),
    responses((status = 200, description = "The visit.", body = Appointment), Refusals),
    security(("bearer" = ["ReadChart"]))
)]
pub(crate) async fn get_appointment(
    State(app): State<App>,
    by: May<ReadChart>,
    At(id): At<AppointmentId>,
) -> Result<Json<Appointment>, Problem> {
    let visit = shown(&app, &by, id).await?;
    Ok(Json(visit))
}

/// Reads a visit as it stands, for whoever may see it, and notes the look.
pub(super) async fn shown(
    app: &App,
    by: &Access,
    id: AppointmentId,
) -> Result<Appointment, Problem> {
    let reader = app.desk().db().reader(by);
    let visit = reader.appointment(id).await?;
    let visit =
        visit.ok_or_else(|| Problem::new(Kind::NotFound).with("There is no such appointment."))?;
    let house = app.desk().house(by.practice).await?;
    reader
        .looked_at(app.desk().now(), "appointment", Some(visit.patient), "")
        .await?;
    Ok(Appointment::of(&visit, &house))
}

/// A visit to be put on the book.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAppointment {
    patient: PatientRef,
    location: LocationRef,
    kind: VisitKindCode,
    starts_at: Moment,
    #[schema(minimum = 1, maximum = 480)]
    minutes: u16,
    /// Who sees the patient.
    #[serde(default)]
    clinician: Option<ClinicianRef>,
    /// The course of care; the one under way where none is named.
    #[serde(default)]
    episode: Option<EpisodeRef>,
}

/// Books a visit
///
/// Journeys begin with it: reminders are planned, subject to consent.
#[utoipa::path(
    post,
    path = "/appointments",
    tag = "appointments",
    request_body(content = NewAppointment, example = json!({
        "patient": "pat_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "location": "loc_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "kind": "recurring",
        "starts_at": "2026-11-24T14:40:00Z",
        "minutes": 40
    })),
    params(("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again.")),
    responses((status = 201, description = "The visit.", body = Appointment), WriteRefusals),
    security(("bearer" = ["EditVisits"]))
)]
pub(crate) async fn book_appointment(
    State(app): State<App>,
    by: May<EditVisits>,
    acting: Acting,
    Body(new): Body<NewAppointment>,
) -> Result<Response, Problem> {
    let new = checked(&app, &by, &new).await?;
    let id: AppointmentId = acting.make(async |desk| desk.book(&by, &new).await).await?;
    let visit = shown(&app, &by, id).await?;
    let address = format!("/api/v1/appointments/{id}");
    let headers = [(header::LOCATION, address)];
    Ok((StatusCode::CREATED, headers, Json(visit)).into_response())
}

/// Refuses places and people that the practice does not have.
async fn checked(app: &App, by: &Access, new: &NewAppointment) -> Result<NewVisit, Problem> {
    let refused = |field: &str, why: &str| Problem::field(Kind::InvalidBody, field, why);
    // Asked of the database: what was set up a moment ago on another node counts.
    let reader = app.desk().db().reader(by);
    if reader.location(new.location.0).await?.is_none() {
        return Err(refused("location", "is not one of the practice's"));
    }
    if let Some(As(clinician)) = new.clinician {
        let all = reader.clinicians().await?;
        if !all.iter().any(|known| known.id == clinician) {
            return Err(refused("clinician", "is not one of the practice's"));
        }
    }
    let patient = reader.root_of(new.patient.0).await?;
    if reader.patient(patient).await?.is_none() {
        return Err(refused("patient", "is not one of the practice's"));
    }
    if let Some(As(episode)) = new.episode {
        let own = reader.episodes(patient).await?;
        if !own.iter().any(|known| known.id == episode) {
            return Err(refused("episode", "is not one of the patient's"));
        }
    }
    Ok(NewVisit {
        patient,
        episode: new.episode.map(|As(episode)| episode),
        location: new.location.0,
        clinician: new.clinician.map(|As(clinician)| clinician),
        kind: new.kind.0,
        starts_at: new.starts_at.0,
        minutes: new.minutes,
    })
}
