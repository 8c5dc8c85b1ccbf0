//! Where and by whom patients are seen.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tendon_care::contact::Phone;
use utoipa::ToSchema;

use super::answers::Refusals;
use super::caller::{May, ReadPatients};
use super::page::Page;
use super::problem::Problem;
use super::text::{As, ClinicianRef, LocationRef};
use crate::server::App;

/// A place where visits happen.
#[derive(Serialize, ToSchema)]
pub(crate) struct Location {
    id: LocationRef,
    name: String,
    /// IANA name.
    #[schema(example = "America/Chicago")]
    time_zone: String,
    /// E.164.
    phone: Option<String>,
    street: Option<String>,
    /// Opening hours, Monday first; `null` for a day on which it is closed.
    hours: Vec<Option<Hours>>,
}

/// Hours of a day, in the location's zone.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hours {
    #[schema(example = "07:00:00")]
    from: String,
    #[schema(example = "19:00:00")]
    until: String,
}

/// Somebody who sees patients.
#[derive(Serialize, ToSchema)]
pub(crate) struct Clinician {
    id: ClinicianRef,
    name: String,
}

impl From<tendon_care::practice::Location> for Location {
    fn from(location: tendon_care::practice::Location) -> Self {
        let hours = location.hours.map(|hours| {
            hours.map(|hours| Hours {
                from: hours.from.to_string(),
                until: hours.until.to_string(),
            })
        });
        let zone = location.time_zone.iana_name();
        Self {
            id: As(location.id),
            name: location.name,
            time_zone: zone.unwrap_or("UTC").to_owned(),
            phone: location
                .phone
                .as_ref()
                .map(Phone::expose)
                .map(str::to_owned),
            street: location.street,
            hours: hours.into(),
        }
    }
}

/// Lists the locations
#[utoipa::path(
    get,
    path = "/locations",
    tag = "practice",
    responses((status = 200, description = "Every location, by name.", body = Page<Location>), Refusals),
    security(("bearer" = ["ReadPatients"]))
)]
pub(crate) async fn list_locations(
    State(app): State<App>,
    by: May<ReadPatients>,
) -> Result<Json<Page<Location>>, Problem> {
    let rows = app.desk().db().reader(&by).locations().await?;
    Ok(Json(Page::whole(rows.into_iter().map(Into::into))))
}

/// Lists the clinicians
#[utoipa::path(
    get,
    path = "/clinicians",
    tag = "practice",
    responses((status = 200, description = "Every clinician, by name.", body = Page<Clinician>), Refusals),
    security(("bearer" = ["ReadPatients"]))
)]
pub(crate) async fn list_clinicians(
    State(app): State<App>,
    by: May<ReadPatients>,
) -> Result<Json<Page<Clinician>>, Problem> {
    let rows = app.desk().db().reader(&by).clinicians().await?;
    let item = |clinician: tendon_care::practice::Clinician| Clinician {
        id: As(clinician.id),
        name: clinician.display_name,
    };
    Ok(Json(Page::whole(rows.into_iter().map(item))))
}
