//! The elements of R4 that Tendon reads, as they stand on the wire.
//!
//! Only what is mapped is named here; serde passes over the rest. Names follow
//! the specification (<https://hl7.org/fhir/R4/>), R5's spelling stands beside
//! R4's where they differ. These types hold people's data: none has `Debug`.

use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::element::{Element, Field, Many, complex};

/// Declares wire structs; every member is a [`Field`] and may be absent.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $member:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        #[allow(clippy::struct_field_names, reason = "FHIR's own names; most have no such field")]
        pub(super) struct $name { $($(#[$attr])* pub(super) $member: $type,)* }

        impl Element for $name {
            const NOUN: &'static str = "an object";

            fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                complex(map)
            }
        }
    )*};
}

/// A text that may stand anywhere.
pub(super) type Text = Field<String>;

shapes! {
    Meta { last_updated: Text, tag: Many<Coding>, security: Many<Coding>, }
    Coding { system: Text, code: Text, display: Text, }
    CodeableConcept { coding: Many<Coding>, text: Text, }
    /// R4's `Encounter.class` is a Coding, R5's a CodeableConcept: both fit.
    ClassCode { code: Text, coding: Many<Coding>, }
    Period { start: Text, end: Text, }
    Identifier {
        r#use: Text,
        r#type: Field<CodeableConcept>,
        system: Text,
        value: Text,
    }
    Reference {
        reference: Text,
        r#type: Text,
        identifier: Field<Identifier>,
        display: Text,
    }
    HumanName {
        r#use: Text,
        text: Text,
        family: Text,
        given: Many<String>,
        prefix: Many<String>,
        suffix: Many<String>,
        period: Field<Period>,
    }
    ContactPoint {
        system: Text,
        value: Text,
        r#use: Text,
        rank: Field<f64>,
        period: Field<Period>,
        extension: Many<Extension>,
    }
    Address {
        r#use: Text,
        r#type: Text,
        state: Text,
        postal_code: Text,
        country: Text,
    }
    /// The few kinds of value that the extensions we read have.
    Extension {
        url: Text,
        value_boolean: Field<bool>,
        value_code: Text,
        value_date_time: Text,
        value_unsigned_int: Field<f64>,
        value_reference: Field<Reference>,
    }

    /// What every resource has: enough to say which one it is.
    Head { resource_type: Text, id: Text, }

    Patient {
        id: Text,
        meta: Field<Meta>,
        extension: Many<Extension>,
        identifier: Many<Identifier>,
        active: Field<bool>,
        name: Many<HumanName>,
        telecom: Many<ContactPoint>,
        gender: Text,
        birth_date: Text,
        deceased_boolean: Field<bool>,
        deceased_date_time: Text,
        address: Many<Address>,
        contact: Many<PatientContact>,
        communication: Many<Communication>,
        link: Many<PatientLink>,
    }
    PatientContact {
        relationship: Many<CodeableConcept>,
        name: Field<HumanName>,
        telecom: Many<ContactPoint>,
        organization: Field<Reference>,
    }
    Communication { language: Field<CodeableConcept>, preferred: Field<bool>, }
    PatientLink { other: Field<Reference>, r#type: Text, }
    RelatedPerson {
        id: Text,
        active: Field<bool>,
        patient: Field<Reference>,
        relationship: Many<CodeableConcept>,
        name: Many<HumanName>,
        telecom: Many<ContactPoint>,
    }
    Practitioner { id: Text, identifier: Many<Identifier>, name: Many<HumanName>, }
    PractitionerRole { id: Text, identifier: Many<Identifier>, practitioner: Field<Reference>, }
    Location {
        id: Text,
        identifier: Many<Identifier>,
        name: Text,
        description: Text,
        address: Field<Address>,
    }

    Encounter {
        id: Text,
        meta: Field<Meta>,
        identifier: Many<Identifier>,
        status: Text,
        class: Many<ClassCode>,
        r#type: Many<CodeableConcept>,
        subject: Field<Reference>,
        episode_of_care: Many<Reference>,
        participant: Many<EncounterParticipant>,
        appointment: Many<Reference>,
        period: Field<Period>,
        actual_period: Field<Period>,
        location: Many<EncounterLocation>,
    }
    EncounterParticipant {
        r#type: Many<CodeableConcept>,
        individual: Field<Reference>,
        actor: Field<Reference>,
    }
    EncounterLocation { location: Field<Reference>, }
    Appointment {
        id: Text,
        meta: Field<Meta>,
        extension: Many<Extension>,
        identifier: Many<Identifier>,
        status: Text,
        cancelation_reason: Field<CodeableConcept>,
        cancellation_reason: Field<CodeableConcept>,
        cancellation_date: Text,
        service_type: Many<ServiceType>,
        appointment_type: Field<CodeableConcept>,
        start: Text,
        end: Text,
        minutes_duration: Field<f64>,
        created: Text,
        subject: Field<Reference>,
        participant: Many<Participant>,
    }
    /// R4's `serviceType` is a CodeableConcept, R5's a CodeableReference.
    ServiceType { coding: Many<Coding>, text: Text, concept: Field<CodeableConcept>, }
    Participant { actor: Field<Reference>, status: Text, }

    EpisodeOfCare {
        id: Text,
        meta: Field<Meta>,
        extension: Many<Extension>,
        identifier: Many<Identifier>,
        status: Text,
        status_history: Many<StatusHistory>,
        patient: Field<Reference>,
        period: Field<Period>,
    }
    StatusHistory { status: Text, period: Field<Period>, }
    CarePlan {
        id: Text,
        extension: Many<Extension>,
        identifier: Many<Identifier>,
        status: Text,
        intent: Text,
        category: Many<CodeableConcept>,
        title: Text,
        subject: Field<Reference>,
        period: Field<Period>,
        activity: Many<Activity>,
    }
    Activity { detail: Field<ActivityDetail>, }
    ActivityDetail { code: Field<CodeableConcept>, scheduled_timing: Field<Timing>, }
    Timing { repeat: Field<Repeat>, }
    Repeat {
        count: Field<f64>,
        frequency: Field<f64>,
        period: Field<f64>,
        period_unit: Text,
    }
    ServiceRequest {
        id: Text,
        identifier: Many<Identifier>,
        status: Text,
        intent: Text,
        do_not_perform: Field<bool>,
        category: Many<CodeableConcept>,
        code: Field<ServiceType>,
        subject: Field<Reference>,
        authored_on: Text,
        requester: Field<Reference>,
    }

    /// A resource that is kept as it came: its key and whom it is about.
    Document {
        id: Text,
        identifier: Many<Identifier>,
        subject: Field<Reference>,
        patient: Field<Reference>,
        beneficiary: Field<Reference>,
    }
}

/// The resources inside a resource, cut out but not read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) contained: Vec<Box<RawValue>>,
}
