//! Changing who a patient is.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tendon_care::id::PatientId;
use tendon_care::patient::{Patient, Region};
use tendon_desk::PatientEdit;
use utoipa::ToSchema;

use super::answers::WriteRefusals;
use super::caller::{EditPatient, May};
use super::input::{At, Body, Patched};
use super::patient_wire::Patient as Shown;
use super::patient_write::{NAME, NewName, Wrong};
use super::patients::{known, shown};
use super::problem::{Kind, Problem};
use super::text::{Day, LanguageTag, PatientRef, SexCode};
use crate::server::App;

/// A change of who a patient is, as a merge patch (RFC 7396): what is left out
/// stays, `null` empties.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatientPatch {
    /// The `version` that the change was made on; a newer record is refused.
    #[serde(default)]
    version: Option<i64>,
    /// Replaces the whole name.
    #[serde(default)]
    name: Option<NewName>,
    #[serde(default)]
    #[schema(value_type = Option<Day>)]
    birth_date: Patched<Day>,
    #[serde(default)]
    sex: Option<SexCode>,
    #[serde(default)]
    language: Option<LanguageTag>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    time_zone: Patched<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    state: Patched<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    zip: Patched<String>,
}

/// Changes who a patient is
///
/// Addresses, consents and representatives are not part of it.
#[utoipa::path(
    patch,
    path = "/patients/{id}",
    tag = "patients",
    params(("id" = PatientRef, Path, description = "The patient.")),
    request_body(content = PatientPatch, example = json!({"language": "es", "zip": null})),
    responses((status = 200, description = "The patient.", body = Shown), WriteRefusals),
    security(("bearer" = ["EditPatient"]))
)]
pub(crate) async fn change_patient(
    State(app): State<App>,
    by: May<EditPatient>,
    At(id): At<PatientId>,
    Body(patch): Body<PatientPatch>,
) -> Result<Response, Problem> {
    let desk = app.desk();
    let reader = desk.db().reader(&by);
    let before = known(reader, id).await?;
    let edit = patch.checked(&before)?;
    desk.edit_patient(&by, before.id, &edit).await?;
    let after = known(reader, id).await?;
    reader
        .looked_at(desk.now(), "patient", Some(after.id), "")
        .await?;
    Ok(shown(&after))
}

impl PatientPatch {
    fn checked(self, before: &tendon_store::Versioned<Patient>) -> Result<PatientEdit, Problem> {
        let mut wrong = Wrong::default();
        let name = self
            .name
            .and_then(|name| wrong.or_none("name", NAME, name.parse()));
        // State and ZIP are one value to the use case: the part that is not named
        // stays as it was, and with it the version that it was read in.
        let old = &before.region;
        let (state, zip) = (self.state.change(|text| text), self.zip.change(|text| text));
        let moved = state.is_some() || zip.is_some();
        let region = Region {
            state: state.unwrap_or_else(|| old.state.clone()),
            zip: zip.unwrap_or_else(|| old.zip.clone()),
        };
        if !wrong.0.is_empty() {
            return Err(Problem::fields(Kind::InvalidBody, wrong.0));
        }
        Ok(PatientEdit {
            seen: self.version.or_else(|| moved.then_some(before.version)),
            name,
            birth_date: self.birth_date.change(|day| day.0),
            sex: self.sex.map(|sex| sex.0),
            language: self.language.map(|tag| tag.0),
            time_zone: self.time_zone.change(|name| name),
            region: moved.then_some(region),
        })
    }
}
