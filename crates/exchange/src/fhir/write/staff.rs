//! Clinicians and places.

use serde_json::json;
use tendon_care::patient::Region;

use super::person::address;
use super::{Resource, WriteError, aliases, begin, put};
use crate::record::{ClinicianRecord, LocationRecord};

pub(super) fn practitioner(clinician: &ClinicianRecord) -> Result<Resource, WriteError> {
    let mut out = begin("Practitioner", &clinician.key, None)?;
    put(&mut out, "identifier", aliases(&clinician.aliases));
    put(
        &mut out,
        "name",
        json!([{ "text": clinician.display_name }]),
    );
    Ok(out)
}

pub(super) fn location(place: &LocationRecord) -> Result<Resource, WriteError> {
    let mut out = begin("Location", &place.key, None)?;
    put(&mut out, "identifier", aliases(&place.aliases));
    put(&mut out, "name", place.name.as_str());
    if place.region != Region::default() {
        put(&mut out, "address", address(&place.region));
    }
    Ok(out)
}
