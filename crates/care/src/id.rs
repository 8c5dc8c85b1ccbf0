//! Ids: one private UUIDv7 per kind of thing, with the kind written in front.
//!
//! The text form is `pat_` and 32 hex digits. A patient's id cannot be passed
//! where an appointment's is wanted, and a pasted id says what it is. Version 7
//! begins with the time (RFC 9562 §5.7), so new rows stay together on disk.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// An id that was expected but not found in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}<32 hex digits>")]
pub struct InvalidId {
    /// The prefix of the kind that was wanted, such as `pat_`.
    pub prefix: &'static str,
}

/// What every id can do.
pub trait Id:
    Copy + Eq + Ord + Hash + Debug + Display + FromStr<Err = InvalidId> + Send + Sync + 'static
{
    /// The prefix of the text form, such as `pat_`.
    const PREFIX: &'static str;

    /// Wraps the UUID of a stored row.
    fn from_uuid(uuid: Uuid) -> Self;

    /// Returns the UUID for a stored row.
    fn uuid(self) -> Uuid;

    /// Makes an id from a moment and ten random bytes (UUIDv7).
    fn from_parts(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }
    )*};
}

ids! {
    /// The tenant.
    PracticeId = "pra_";
    /// A place where visits happen.
    LocationId = "loc_";
    /// A therapist or assistant who sees patients.
    ClinicianId = "cln_";
    /// A person cared for.
    PatientId = "pat_";
    /// A phone, e-mail or push address.
    ContactPointId = "con_";
    /// One who speaks for a patient.
    ProxyId = "prx_";
    /// One dated entry of the consent ledger.
    ConsentId = "cns_";
    /// One course of care.
    EpisodeId = "epi_";
    /// The plan of care of an episode.
    PlanId = "pln_";
    /// A request for care.
    ReferralId = "ref_";
    /// A visit on the book.
    AppointmentId = "apt_";
    /// One immutable fact on the timeline.
    TouchpointId = "tch_";
    /// One subject inside one journey.
    EnrolmentId = "enr_";
    /// A wake-up of an enrolment.
    TimerId = "tmr_";
    /// One text, e-mail or call.
    MessageId = "msg_";
    /// The recorded reason for what became of a message.
    DecisionId = "dec_";
    /// A thread with one address.
    ConversationId = "cnv_";
    /// Work for a person.
    TaskId = "tsk_";
    /// A member of staff who signs in.
    UserId = "usr_";
    /// A signed-in browser.
    SessionId = "ses_";
    /// A bearer token of the API.
    TokenId = "tok_";
    /// A signed link sent to a patient.
    LinkId = "lnk_";
    /// One row of the audit trail.
    AuditId = "aud_";
    /// One run of an import.
    ImportId = "imp_";
    /// A reversible merge of two patients.
    MergeId = "mrg_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_names_its_kind() {
        let id = PatientId::from_parts(
            Timestamp::from_millisecond(1_700_000_000_000).unwrap(),
            [7; 10],
        );
        let text = id.to_string();
        assert!(text.starts_with("pat_"));
        assert_eq!(text.parse::<PatientId>(), Ok(id));
        assert_eq!(text.parse::<EpisodeId>(), Err(InvalidId { prefix: "epi_" }));
        assert!("pat_123".parse::<PatientId>().is_err());
    }

    #[test]
    fn later_ids_sort_later() {
        let at = |ms| MessageId::from_parts(Timestamp::from_millisecond(ms).unwrap(), [255; 10]);
        assert!(at(1_000) < at(1_001));
    }
}
