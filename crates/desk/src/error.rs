//! Why a use case did not happen.

use tendon_care::access::Denied;
use tendon_care::appointment::VisitRefusal;
use tendon_care::episode::EpisodeRefusal;
use tendon_store::{CommitError, StoreError};

/// Why a use case did not happen. Nothing of it did.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such thing, or not for who asks.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The role does not permit it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The visit cannot do that from where it stands.
    #[error(transparent)]
    Visit(#[from] VisitRefusal),
    /// The episode cannot do that from where it stands.
    #[error(transparent)]
    Episode(#[from] EpisodeRefusal),
    /// A field makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as the form or the API names it.
        field: &'static str,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// It has been done or undone meanwhile.
    #[error("{0}")]
    Stale(&'static str),
    /// Others kept changing the same record; trying again may work.
    #[error("the record is being changed by others")]
    Busy,
    /// A stored definition, enrolment or wording cannot be read.
    #[error("reading {0} from the store")]
    Corrupt(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    /// Refuses a field.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }
}

impl From<CommitError> for DeskError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::Busy,
            CommitError::Duplicate { .. } => Self::Stale("this exists already"),
            CommitError::Store(error) => Self::Store(error),
        }
    }
}
