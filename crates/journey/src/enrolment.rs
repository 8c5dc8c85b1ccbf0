//! One subject inside one journey, and where it stands.

pub mod v1;

use std::sync::Arc;

use jiff::Timestamp;
use tendon_care::id::{AppointmentId, EpisodeId, PatientId, ReferralId};

use crate::definition::{Definition, Reach, StepId, SubjectKind};
use crate::variable::Key;

/// The things that an enrolment, or a fact, is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refs {
    /// Whose.
    pub patient: PatientId,
    /// The course of care.
    pub episode: Option<EpisodeId>,
    /// The visit.
    pub appointment: Option<AppointmentId>,
    /// The request for care.
    pub referral: Option<ReferralId>,
}

impl Refs {
    /// Is about the patient as a whole.
    pub const fn patient(patient: PatientId) -> Self {
        Self {
            patient,
            episode: None,
            appointment: None,
            referral: None,
        }
    }

    /// Tells whether a fact about `fact` concerns a subject that `self` names.
    ///
    /// A fact about the patient as a whole concerns everything of theirs; a
    /// fact about another visit does not concern this one.
    pub(crate) fn concerned_by(&self, fact: &Self, kind: SubjectKind, reach: Reach) -> bool {
        /// Nothing said, or the same said.
        fn agrees<T: Copy + PartialEq>(mine: Option<T>, theirs: Option<T>) -> bool {
            mine.zip(theirs).is_none_or(|(mine, theirs)| mine == theirs)
        }
        let same_part = match kind {
            SubjectKind::Patient => true,
            SubjectKind::Episode => agrees(self.episode, fact.episode),
            SubjectKind::Appointment => {
                agrees(self.appointment, fact.appointment) && agrees(self.episode, fact.episode)
            }
            SubjectKind::Referral => agrees(self.referral, fact.referral),
        };
        self.patient == fact.patient && (reach == Reach::Patient || same_part)
    }
}

/// One subject inside one journey, on the version that it entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    pub(crate) journey: Arc<str>,
    pub(crate) version: u32,
    pub(crate) about: Refs,
    pub(crate) entered_at: Timestamp,
    pub(crate) state: State,
    /// When the latest step was passed; the entry before the first one.
    pub(crate) previous: Timestamp,
    /// The steps passed that hang on a fact which may still move, in order.
    pub(crate) trail: Vec<Passed>,
    /// What has been done for which date; a move back does not do it again.
    pub(crate) done: Vec<(StepId, Timestamp)>,
    /// What staff decided about steps ahead.
    pub(crate) orders: Vec<(StepId, Order)>,
}

impl Enrolment {
    /// Begins an enrolment; [`Event::Entered`](crate::event::Event::Entered) sets it going.
    pub fn begin(definition: &Definition, about: Refs, now: Timestamp) -> Self {
        Self {
            journey: definition.name().into(),
            version: definition.version(),
            about,
            entered_at: now,
            state: State::Fresh,
            previous: now,
            trail: Vec::new(),
            done: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Returns the journey's name.
    pub fn journey(&self) -> &str {
        &self.journey
    }

    /// Returns the version of the definition that it runs on.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns what it is about.
    pub const fn about(&self) -> &Refs {
        &self.about
    }

    /// Returns when it began.
    pub const fn entered_at(&self) -> Timestamp {
        self.entered_at
    }

    /// Returns where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Returns the step it stands at and when that must be looked at next.
    pub fn wake(&self) -> Option<(&StepId, Timestamp)> {
        match &self.state {
            State::Waiting { step, due_at, .. } => Some((step, *due_at)),
            State::Awaiting { step, until, .. } | State::Following { step, until } => {
                Some((step, *until))
            }
            State::Fresh | State::Unanchored { .. } | State::Ended { .. } => None,
        }
    }

    /// Returns what staff decided about a step ahead.
    pub(crate) fn order(&self, step: &StepId) -> Option<Order> {
        self.orders
            .iter()
            .find(|(ordered, _)| ordered == step)
            .map(|(_, order)| *order)
    }
}

/// Where an enrolment stands; each state holds exactly what exists in it. The
/// table of its moves is at [`crate::engine::step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Made, and not yet set going.
    Fresh,
    /// A step is ahead.
    Waiting {
        /// The step.
        step: StepId,
        /// When it is due.
        due_at: Timestamp,
        /// The fact on which its date hangs.
        basis: Option<Basis>,
    },
    /// A step is ahead, and what it hangs on has no date yet.
    Unanchored {
        /// The step.
        step: StepId,
    },
    /// Waits for something to happen.
    Awaiting {
        /// The step that waits.
        step: StepId,
        /// When it stops waiting.
        until: Timestamp,
        /// The fact on which its date hangs.
        basis: Option<Basis>,
    },
    /// All steps are passed, and the date that they hang on is still ahead: if
    /// it moves, they begin anew.
    Following {
        /// The last step passed.
        step: StepId,
        /// The date that may still move.
        until: Timestamp,
    },
    /// Over.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
}

/// A fact that gave a step its date, with the instant it had then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The fact.
    pub fact: Key<Timestamp>,
    /// The instant it had.
    pub at: Timestamp,
}

/// A step passed whose date may still move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) step: StepId,
    pub(crate) basis: Basis,
}

/// What staff decided about a step ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Leave it out.
    Skip,
    /// Do it then.
    At(Timestamp),
}

/// Why an enrolment ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Every step is passed.
    Completed,
    /// A `stop` step was reached; its code.
    Stopped(String),
    /// An exit rule applied; its code.
    Exited(String),
    /// Staff ended it.
    ByStaff,
}

impl EndReason {
    /// Returns the code under which the end is recorded.
    pub fn code(&self) -> &str {
        match self {
            Self::Completed => "completed",
            Self::Stopped(code) | Self::Exited(code) => code,
            Self::ByStaff => "by-staff",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::id::Id;

    fn refs(patient: u8, episode: Option<u8>, appointment: Option<u8>) -> Refs {
        let at = Timestamp::UNIX_EPOCH;
        Refs {
            patient: PatientId::from_parts(at, [patient; 10]),
            episode: episode.map(|byte| EpisodeId::from_parts(at, [byte; 10])),
            appointment: appointment.map(|byte| AppointmentId::from_parts(at, [byte; 10])),
            referral: None,
        }
    }

    #[test]
    fn a_fact_concerns_the_subject_that_it_names_or_does_not_tell_apart() {
        let visit = refs(1, Some(1), Some(1));
        for (fact, concerns) in [
            (refs(1, None, None), true),
            (refs(1, Some(1), None), true),
            (refs(1, Some(1), Some(1)), true),
            (refs(1, None, Some(1)), true),
            (refs(1, Some(1), Some(2)), false),
            (refs(1, Some(2), None), false),
            (refs(2, None, None), false),
        ] {
            let kind = SubjectKind::Appointment;
            assert_eq!(
                visit.concerned_by(&fact, kind, Reach::Subject),
                concerns,
                "{fact:?}"
            );
            let same_patient = fact.patient == visit.patient;
            assert_eq!(
                visit.concerned_by(&fact, kind, Reach::Patient),
                same_patient
            );
        }
    }
}
