//! Asking coded elements what they mean.

use super::element::{Field, Many};
use super::shape::{CodeableConcept, Coding, Extension};

/// Returns the usable elements of a list without noting anything.
pub(super) fn all<T>(list: &Many<T>) -> impl Iterator<Item = &T> {
    list.get().into_iter().flatten().filter_map(Field::get)
}

/// Returns the codes of a list of codings.
pub(super) fn codes(codings: &Many<Coding>) -> impl Iterator<Item = &str> {
    all(codings).filter_map(|coding| coding.code.get().map(|code| code.trim()))
}

/// Returns every word that a concept uses for itself, in lower case.
pub(super) fn words(concept: &CodeableConcept) -> impl Iterator<Item = String> {
    let displays = all(&concept.coding).filter_map(|coding| coding.display.get());
    concept
        .text
        .get()
        .into_iter()
        .chain(displays)
        .map(|text| text.to_lowercase())
}

/// Finds an extension by its URL.
pub(super) fn extension<'e>(list: &'e Many<Extension>, url: &str) -> Option<&'e Extension> {
    all(list).find(|extension| extension.url.get().is_some_and(|own| own == url))
}

/// The URLs of extensions that are read and written.
pub(super) mod url {
    /// HL7's: the episode that a request or visit belongs to.
    pub(in crate::fhir) const EPISODE: &str =
        "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare";
    /// HL7's: the patient is an animal.
    pub(in crate::fhir) const ANIMAL: &str =
        "http://hl7.org/fhir/StructureDefinition/patient-animal";
    /// Ours, since R4 cannot say it: the patient confirmed the visit.
    pub(in crate::fhir) const CONFIRMED: &str = "urn:tendon:fhir:confirmed";
    /// Ours: when a visit reached its status.
    pub(in crate::fhir) const STATUS_AT: &str = "urn:tendon:fhir:status-at";
    /// Ours: the visit was moved to this time.
    pub(in crate::fhir) const MOVED: &str = "urn:tendon:fhir:moved";
    /// Ours: how an episode ended.
    pub(in crate::fhir) const DISCHARGE: &str = "urn:tendon:fhir:discharge";
    /// Ours: the visits that a payer authorised.
    pub(in crate::fhir) const AUTHORISED: &str = "urn:tendon:fhir:authorised-visits";
    /// Ours: a phone is a landline.
    pub(in crate::fhir) const LANDLINE: &str = "urn:tendon:fhir:landline";
}
