//! An answer that many pages show and that holds until something changes: with a
//! hundred pages open on Today, one change asks once and not a hundred times.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::PracticeId;
use tendon_store::{Change, Topics};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// How long an answer is good at most: another node may have changed something.
const GOOD: SignedDuration = SignedDuration::from_secs(15);

/// The last answer for each practice, until one of some topics changes.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    topics: Topics,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    changes: Receiver<Change>,
    /// Changes seen so far.
    seen: u64,
    answers: HashMap<PracticeId, (Timestamp, T)>,
}

/// What was known when somebody went to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked(u64);

impl<T: Clone> Watched<T> {
    /// Watches the changes of a node.
    pub(crate) fn new(changes: Receiver<Change>, topics: Topics) -> Self {
        Self {
            topics,
            state: Mutex::new(State {
                changes,
                seen: 0,
                answers: HashMap::new(),
            }),
        }
    }

    /// Returns the answer where it still holds; else what to hand to [`Watched::keep`].
    pub(crate) fn get(&self, practice: PracticeId, now: Timestamp) -> Result<T, Asked> {
        let state = self.caught_up();
        match state.answers.get(&practice) {
            Some((at, answer)) if now.duration_since(*at) < GOOD => Ok(answer.clone()),
            _ => Err(Asked(state.seen)),
        }
    }

    /// Keeps an answer, unless something changed since it was asked for: it may be
    /// of before or of after.
    pub(crate) fn keep(&self, practice: PracticeId, asked: Asked, at: Timestamp, answer: T) {
        let mut state = self.caught_up();
        if asked == Asked(state.seen) {
            state.answers.insert(practice, (at, answer));
        }
    }

    /// Forgets what no longer holds.
    fn caught_up(&self) -> MutexGuard<'_, State<T>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match state.changes.try_recv() {
                Ok(change)
                    if self
                        .topics
                        .iter()
                        .any(|topic| change.topics.contains(topic)) =>
                {
                    state.seen += 1;
                    state.answers.remove(&change.practice);
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => {
                    state.seen += 1;
                    state.answers.clear();
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return state,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::id::Id as _;
    use tendon_store::Topic;
    use tokio::sync::broadcast;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn practice(n: u8) -> PracticeId {
        PracticeId::from_parts(at(0), [n; 10])
    }

    fn change(practice: PracticeId, topic: Topic) -> Change {
        Change {
            practice,
            topics: [topic].into_iter().collect(),
        }
    }

    fn watched() -> (broadcast::Sender<Change>, Watched<&'static str>) {
        let (sender, changes) = broadcast::channel(4);
        let watched = Watched::new(changes, [Topic::Visits].into_iter().collect());
        (sender, watched)
    }

    #[test]
    fn an_answer_holds_until_its_practice_changes_or_it_is_old() {
        let (sender, watched) = watched();
        for n in [1, 2] {
            let asked = watched.get(practice(n), at(0)).unwrap_err();
            watched.keep(practice(n), asked, at(0), "kept");
        }
        sender.send(change(practice(1), Topic::Audit)).unwrap();
        assert_eq!(watched.get(practice(1), at(14)), Ok("kept"));
        sender.send(change(practice(1), Topic::Visits)).unwrap();
        assert!(watched.get(practice(1), at(14)).is_err());
        assert_eq!(watched.get(practice(2), at(14)), Ok("kept"));
        assert!(watched.get(practice(2), at(15)).is_err());
    }

    #[test]
    fn an_answer_that_was_overtaken_is_not_kept() {
        let (sender, watched) = watched();
        let early = watched.get(practice(1), at(0)).unwrap_err();
        sender.send(change(practice(1), Topic::Visits)).unwrap();
        let late = watched.get(practice(1), at(0)).unwrap_err();
        watched.keep(practice(1), late, at(0), "new");
        watched.keep(practice(1), early, at(0), "old");
        assert_eq!(watched.get(practice(1), at(1)), Ok("new"));
    }

    #[test]
    fn who_missed_changes_asks_anew() {
        let (sender, watched) = watched();
        let asked = watched.get(practice(1), at(0)).unwrap_err();
        watched.keep(practice(1), asked, at(0), "kept");
        for _ in 0..9 {
            sender.send(change(practice(2), Topic::Audit)).unwrap();
        }
        assert!(watched.get(practice(1), at(1)).is_err());
    }
}
