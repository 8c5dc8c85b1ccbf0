//! The tenant, its places and its clinicians.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::contact::Phone;
use crate::id::{ClinicianId, LocationId, PracticeId};

/// A practice: owns all data below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Practice {
    /// The id.
    pub id: PracticeId,
    /// The display name that patients read.
    pub name: String,
    /// The zone of its book.
    pub time_zone: TimeZone,
    /// Two-letter state whose law applies where a patient's is unknown.
    pub state: Option<String>,
    /// The number that patients call.
    pub phone: Option<Phone>,
}

/// A place where visits happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// The id.
    pub id: LocationId,
    /// The name that patients read.
    pub name: String,
    /// The zone in which its visits are said.
    pub time_zone: TimeZone,
    /// The number that patients call about visits there.
    pub phone: Option<Phone>,
    /// The street address that the patient page shows.
    pub street: Option<String>,
    /// Opening hours, Monday first; `None` on closed days.
    pub hours: [Option<OpenHours>; 7],
}

/// Opening hours of one weekday, in the location's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHours {
    /// The door opens.
    pub from: Time,
    /// The door closes.
    pub until: Time,
}

/// One who sees patients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinician {
    /// The id.
    pub id: ClinicianId,
    /// The name as shown to patients, such as "Dr. Chen".
    pub display_name: String,
}
