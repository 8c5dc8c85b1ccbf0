//! Patients: list, find, read.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use tendon_care::contact::{Address, Email, Phone};
use tendon_care::id::{Id as _, PatientId};
use tendon_care::person::{Mrn, search_words};
use tendon_store::{PatientHit, Reader, Versioned};
use utoipa::IntoParams;

use super::answers::Refusals;
use super::caller::{May, ReadPatients};
use super::input::{At, Query};
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::patient_wire::{Patient, PatientSummary};
use super::problem::{Kind, Problem};
use super::text::{As, Day, PatientRef};
use crate::server::App;

/// Which patients to list. At most one of the filters may be given.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PatientsQuery {
    /// The beginnings of words of a name or number, in any order.
    #[serde(default)]
    #[param(example = "ana mor")]
    q: Option<String>,
    /// The birthday.
    #[serde(default)]
    #[param(inline)]
    birth_date: Option<Day>,
    /// A whole phone number.
    #[serde(default)]
    phone: Option<String>,
    /// A whole e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// A number of another system, as `system|value`; without a system `|value`.
    #[serde(default)]
    identifier: Option<String>,
    /// How many patients a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// What is looked for.
enum Wanted {
    All,
    Words(Vec<String>),
    Born(Date),
    At(Address),
    Numbered(String, Mrn),
}

/// Lists patients
///
/// Without a filter all of them, page by page. With one, those who fit, by name
/// and without a cursor: narrow the search where there are more than `limit`.
#[utoipa::path(
    get,
    path = "/patients",
    tag = "patients",
    params(PatientsQuery),
    responses((status = 200, description = "A page of patients.", body = Page<PatientSummary>), Refusals),
    security(("bearer" = ["ReadPatients"]))
)]
pub(crate) async fn list_patients(
    State(app): State<App>,
    by: May<ReadPatients>,
    Query(asked): Query<PatientsQuery>,
) -> Result<Json<Page<PatientSummary>>, Problem> {
    let limit = Limit::of(asked.limit);
    let wanted = wanted(&asked)?;
    let cursor = Cursor::read(asked.cursor.as_deref(), "patients")?;
    let reader = app.desk().db().reader(&by);
    let searched = !matches!(wanted, Wanted::All);
    if searched && cursor.is_some() {
        let why = "goes with no filter";
        return Err(Problem::field(Kind::InvalidQuery, "cursor", why));
    }
    let rows = find(
        reader,
        wanted,
        cursor,
        if searched { limit } else { limit + 1 },
    )
    .await?;
    let place = |hit: &PatientHit| Cursor::after(Timestamp::UNIX_EPOCH, hit.id);
    let page = Page::of(rows, limit, "patients", place, Into::into);
    page.shown(&app, &by, "patients", None).await
}

fn wanted(asked: &PatientsQuery) -> Result<Wanted, Problem> {
    let refused = |field: &str, why: &str| Problem::field(Kind::InvalidQuery, field, why);
    let given = [
        asked.q.is_some(),
        asked.birth_date.is_some(),
        asked.phone.is_some(),
        asked.email.is_some(),
        asked.identifier.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() > 1 {
        let why = "q, birth_date, phone, email and identifier cannot be combined";
        return Err(refused("q", why));
    }
    if let Some(text) = &asked.q {
        let words = search_words(text);
        if words.is_empty() || text.chars().count() > 200 {
            return Err(refused(
                "q",
                "must have a letter or digit and at most 200 characters",
            ));
        }
        return Ok(Wanted::Words(words));
    }
    if let Some(As(day)) = asked.birth_date {
        return Ok(Wanted::Born(day));
    }
    if let Some(text) = &asked.phone {
        let phone = Phone::parse(text).map_err(|_| refused("phone", "must be a phone number"))?;
        return Ok(Wanted::At(Address::Phone(phone)));
    }
    if let Some(text) = &asked.email {
        let email =
            Email::parse(text).map_err(|_| refused("email", "must be an e-mail address"))?;
        return Ok(Wanted::At(Address::Email(email)));
    }
    if let Some(text) = &asked.identifier {
        let parts = text.split_once('|');
        let read = |(system, value): (&str, &str)| {
            Some(Wanted::Numbered(system.to_owned(), Mrn::parse(value).ok()?))
        };
        let number = parts.and_then(read);
        return number.ok_or_else(|| refused("identifier", "must be of the form system|value"));
    }
    Ok(Wanted::All)
}

async fn find(
    reader: Reader<'_>,
    wanted: Wanted,
    cursor: Option<Cursor>,
    limit: u16,
) -> Result<Vec<PatientHit>, Problem> {
    Ok(match wanted {
        Wanted::All => {
            let after = cursor.map(|cursor| PatientId::from_uuid(cursor.id));
            reader.patients_page(after, limit).await?
        }
        Wanted::Words(words) => reader.search_words(&words, limit).await?,
        Wanted::Born(day) => reader.search_birth_date(day, limit).await?,
        Wanted::At(address) => reader.search_address(&address, limit).await?,
        Wanted::Numbered(system, value) => {
            let Some(found) = reader.patient_by_identifier(&system, &value).await? else {
                return Ok(Vec::new());
            };
            let root = reader.root_of(found).await?;
            let patient = reader.patient(root).await?;
            patient.iter().map(|patient| hit(patient)).collect()
        }
    })
}

fn hit(patient: &tendon_care::patient::Patient) -> PatientHit {
    PatientHit {
        id: patient.id,
        name: format!("{} {}", patient.name.first(), patient.name.family())
            .trim()
            .to_owned(),
        birth_date: patient.birth_date,
        deceased: matches!(patient.life, tendon_care::patient::Life::Deceased { .. }),
    }
}

/// Reads a patient
///
/// A record that was merged into another answers with that other one, and
/// `Content-Location` names it.
#[utoipa::path(
    get,
    path = "/patients/{id}",
    tag = "patients",
    params(("id" = PatientRef, Path, description = "The patient.")),
    responses((status = 200, description = "The patient.", body = Patient), Refusals),
    security(("bearer" = ["ReadPatients"]))
)]
pub(crate) async fn get_patient(
    State(app): State<App>,
    by: May<ReadPatients>,
    At(id): At<PatientId>,
) -> Result<Response, Problem> {
    let reader = app.desk().db().reader(&by);
    let patient = known(reader, id).await?;
    let id = patient.id;
    reader
        .looked_at(app.desk().now(), "patient", Some(id), "")
        .await?;
    Ok(shown(&patient))
}

/// Draws a patient, with the address of the record.
pub(super) fn shown(patient: &Versioned<tendon_care::patient::Patient>) -> Response {
    let address = format!("/api/v1/patients/{}", patient.id);
    let mut response = Json(Patient::from(patient)).into_response();
    if let Ok(address) = HeaderValue::from_str(&address) {
        response
            .headers_mut()
            .insert(header::CONTENT_LOCATION, address);
    }
    response
}

/// Returns the patient that an id stands for today.
pub(super) async fn known(
    reader: Reader<'_>,
    id: PatientId,
) -> Result<Versioned<tendon_care::patient::Patient>, Problem> {
    let root = reader.root_of(id).await?;
    let patient = reader.patient(root).await?;
    patient.ok_or_else(|| Problem::new(Kind::NotFound).with("There is no such patient."))
}

/// Returns the id under which a patient's things are kept today.
pub(super) async fn root(reader: Reader<'_>, id: PatientId) -> Result<PatientId, Problem> {
    Ok(known(reader, id).await?.id)
}
