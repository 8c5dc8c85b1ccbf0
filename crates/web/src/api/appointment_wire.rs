//! A visit on the wire, version 1 of the API.

use serde::Serialize;
use tendon_care::appointment::VisitState;
use tendon_desk::House;
use utoipa::ToSchema;

use super::patient_wire::code_schemas;
use super::text::{
    AppointmentRef, As, CancelledByCode, ClinicianRef, EpisodeRef, LocationRef, Moment, PatientRef,
    VisitKindCode,
};

/// A visit on the book.
#[derive(Serialize, ToSchema)]
pub(crate) struct Appointment {
    id: AppointmentRef,
    patient: PatientRef,
    episode: Option<EpisodeRef>,
    location: LocationRef,
    clinician: Option<ClinicianRef>,
    kind: VisitKindCode,
    starts_at: Moment,
    /// The zone of the location (IANA): where `starts_at` is a local time.
    #[schema(example = "America/Chicago")]
    time_zone: String,
    #[schema(minimum = 1)]
    minutes: u16,
    booked_at: Moment,
    #[schema(value_type = AppointmentState)]
    state: &'static str,
    /// Since when it is in that state; `null` for `booked`.
    state_since: Option<Moment>,
    /// Who called it off, for `cancelled`.
    cancelled_by: Option<CancelledByCode>,
    /// Called off with less than a day's notice, for `cancelled`.
    late: Option<bool>,
    /// Nobody recorded the miss; it follows from a missing check-in, for `noshow`.
    inferred: Option<bool>,
}

code_schemas! {
    /// Where a visit stands (FHIR's codes, where it has one).
    AppointmentState [Booked, Confirmed, Arrived, InProgress, Completed, Cancelled, Noshow, Void]
}

/// The codes of [`AppointmentState`], for filters.
pub(crate) const STATES: [&str; 8] = [
    "booked",
    "confirmed",
    "arrived",
    "in_progress",
    "completed",
    "cancelled",
    "noshow",
    "void",
];

impl Appointment {
    /// Draws a visit as the practice's house knows its places.
    pub(crate) fn of(visit: &tendon_care::appointment::Appointment, house: &House) -> Self {
        let (mut cancelled_by, mut late, mut inferred) = (None, None, None);
        let since = match visit.state {
            VisitState::Booked => None,
            VisitState::Confirmed { at }
            | VisitState::Arrived { at }
            | VisitState::InProgress { at }
            | VisitState::Completed { at }
            | VisitState::Void { at } => Some(at),
            VisitState::Cancelled {
                at,
                by,
                late: short,
            } => {
                (cancelled_by, late) = (Some(As(by)), Some(short));
                Some(at)
            }
            VisitState::NoShow {
                at,
                inferred: guess,
            } => {
                inferred = Some(guess);
                Some(at)
            }
        };
        let zone = house.zone_of(visit.location).iana_name();
        Self {
            id: As(visit.id),
            patient: As(visit.patient),
            episode: visit.episode.map(As),
            location: As(visit.location),
            clinician: visit.clinician.map(As),
            kind: As(visit.kind),
            starts_at: As(visit.starts_at),
            time_zone: zone.unwrap_or("UTC").to_owned(),
            minutes: visit.minutes,
            booked_at: As(visit.booked_at),
            state: visit.state.code(),
            state_since: since.map(As),
            cancelled_by,
            late,
            inferred,
        }
    }
}
