//! Answers that cost much and change slowly, kept for a while for each practice.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::PracticeId;

/// The last answer for each practice.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    /// How long an answer is good.
    good: SignedDuration,
    answers: Mutex<HashMap<PracticeId, (Timestamp, T)>>,
}

impl<T: Clone> Kept<T> {
    /// Keeps nothing yet.
    pub(crate) fn new(good: SignedDuration) -> Self {
        Self {
            good,
            answers: Mutex::default(),
        }
    }

    /// Returns the last answer with the moment at which it was found, however old.
    pub(crate) fn last(&self, practice: PracticeId) -> Option<(Timestamp, T)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&practice).cloned()
    }

    /// Returns the last answer while it is good.
    pub(crate) fn fresh(&self, practice: PracticeId, now: Timestamp) -> Option<(Timestamp, T)> {
        self.last(practice)
            .filter(|(at, _)| now.duration_since(*at) < self.good)
    }

    /// Keeps an answer in place of the one before.
    pub(crate) fn keep(&self, practice: PracticeId, at: Timestamp, answer: T) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(practice, (at, answer));
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::id::Id as _;

    use super::*;

    #[test]
    fn an_answer_is_good_for_a_while_and_for_its_practice() {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let practice = |n| PracticeId::from_parts(at(0), [n; 10]);
        let kept = Kept::new(SignedDuration::from_mins(10));
        assert_eq!(kept.last(practice(1)), None);
        kept.keep(practice(1), at(5), "old");
        kept.keep(practice(1), at(6), "new");
        assert_eq!(kept.fresh(practice(1), at(15)), Some((at(6), "new")));
        assert_eq!(kept.fresh(practice(1), at(16)), None);
        assert_eq!(kept.last(practice(1)), Some((at(6), "new")));
        assert_eq!(kept.fresh(practice(2), at(6)), None);
    }
}
