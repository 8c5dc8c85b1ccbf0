//! Requests for care.

use jiff::Timestamp;

use crate::id::{PatientId, ReferralId};

/// A request for care and who sent it (FHIR ServiceRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// The id.
    pub id: ReferralId,
    /// For whom.
    pub patient: PatientId,
    /// The referrer's name as written.
    pub referrer: Option<String>,
    /// When it reached the practice.
    pub received_at: Timestamp,
    /// When somebody of the practice first called.
    pub called_at: Option<Timestamp>,
}
