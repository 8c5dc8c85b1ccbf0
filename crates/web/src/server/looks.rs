//! Which looks were recorded a moment ago. A page that reloads itself ten times
//! an hour is one look and not ten, or the trail would tell nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::{PatientId, UserId};

/// A page that stays open is recorded anew after so long.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Looks beyond which old ones are forgotten.
const MOST: usize = 10_000;

/// Who sees what of whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    /// Who.
    pub(crate) user: UserId,
    /// What.
    pub(crate) entity: &'static str,
    /// Of whom; of many where `None`.
    pub(crate) patient: Option<PatientId>,
    /// On which page: its path and query, which say what of a list is shown.
    pub(crate) page: String,
}

/// The looks that this node recorded last.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<HashMap<Look, Timestamp>>);

impl Looks {
    /// Tells whether a look was recorded a moment ago.
    pub(crate) fn is_fresh(&self, look: &Look, now: Timestamp) -> bool {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks
            .get(look)
            .is_some_and(|at| now.duration_since(*at) < FRESH)
    }

    /// Notes that a look was recorded.
    pub(crate) fn keep(&self, look: Look, now: Timestamp) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= MOST {
            looks.retain(|_, at| now.duration_since(*at) < FRESH);
        }
        looks.insert(look, now);
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::id::Id as _;

    use super::*;

    #[test]
    fn a_look_is_fresh_for_ten_minutes_and_for_its_patient_alone() {
        let looks = Looks::default();
        let start = Timestamp::UNIX_EPOCH;
        let user = UserId::from_parts(start, [1; 10]);
        let of = |n| Look {
            user,
            entity: "chart",
            patient: Some(PatientId::from_parts(start, [n; 10])),
            page: "/".to_owned(),
        };
        assert!(!looks.is_fresh(&of(1), start));
        looks.keep(of(1), start);
        assert!(looks.is_fresh(&of(1), start + SignedDuration::from_mins(9)));
        assert!(!looks.is_fresh(&of(1), start + SignedDuration::from_mins(10)));
        assert!(!looks.is_fresh(&of(2), start));
        let elsewhere = Look {
            page: "/messages?from=30".to_owned(),
            ..of(1)
        };
        assert!(!looks.is_fresh(&elsewhere, start));
    }
}
