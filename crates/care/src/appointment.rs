//! A visit on the book and its state machine.
//!
//! The status set is FHIR's (Appointment.status); the machine is finer, since
//! who cancelled, how late, and whether a no-show was seen or inferred decide
//! what the practice does next.

use jiff::{SignedDuration, Timestamp};

use crate::id::{AppointmentId, ClinicianId, EpisodeId, LocationId, PatientId};

/// A cancellation with less notice than this is late.
pub const LATE_CANCEL: SignedDuration = SignedDuration::from_hours(24);

/// What kind of visit, which decides its reminders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VisitKind {
    /// The first visit of an episode.
    Evaluation,
    /// A visit of a running plan.
    Recurring,
}

impl VisitKind {
    /// Returns the code used in storage, conditions and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Recurring => "recurring",
        }
    }

    /// Reads [`VisitKind::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        [Self::Evaluation, Self::Recurring]
            .into_iter()
            .find(|kind| kind.code() == text)
    }
}

/// A visit on the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// The id.
    pub id: AppointmentId,
    /// Who comes.
    pub patient: PatientId,
    /// The episode, where one is known.
    pub episode: Option<EpisodeId>,
    /// Where.
    pub location: LocationId,
    /// Who sees the patient.
    pub clinician: Option<ClinicianId>,
    /// What kind of visit.
    pub kind: VisitKind,
    /// When it begins.
    pub starts_at: Timestamp,
    /// How long it lasts.
    pub minutes: u16,
    /// When it was put on the book.
    pub booked_at: Timestamp,
    /// Where it stands.
    pub state: VisitState,
}

impl Appointment {
    /// Tells whether the visit is still expected to happen.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.state,
            VisitState::Booked | VisitState::Confirmed { .. }
        )
    }
}

/// Who cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelledBy {
    /// The patient or who speaks for them.
    Patient,
    /// The practice: not counted against the patient.
    Clinic,
    /// The feed did not say.
    Unknown,
}

impl CancelledBy {
    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Clinic => "clinic",
            Self::Unknown => "unknown",
        }
    }

    /// Reads [`CancelledBy::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        [Self::Patient, Self::Clinic, Self::Unknown]
            .into_iter()
            .find(|by| by.code() == text)
    }
}

/// Where a visit stands; each state holds exactly what exists in it.
///
/// | from \ event | confirm | arrive | begin | complete | cancel | miss | move | reinstate | void |
/// |---|---|---|---|---|---|---|---|---|---|
/// | booked | confirmed | arrived | in progress | completed | cancelled | no-show | booked | – | void |
/// | confirmed | confirmed | arrived | in progress | completed | cancelled | no-show | booked | – | void |
/// | arrived | – | arrived | in progress | completed | cancelled | – | – | – | void |
/// | in progress | – | – | in progress | completed | – | – | – | – | void |
/// | completed | – | – | – | completed | – | – | – | – | void |
/// | cancelled | – | – | – | – | cancelled | – | – | booked | void |
/// | no-show | – | arrived | in progress | completed | cancelled | no-show | – | booked | void |
/// | void | – | – | – | – | – | – | – | – | void |
///
/// A no-show can still turn into a visit, because desks check people in after
/// the fact. A repeated event keeps the first fact. A moved visit must be
/// confirmed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitState {
    /// On the book.
    Booked,
    /// The patient said yes.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// The patient is here.
    Arrived {
        /// When.
        at: Timestamp,
    },
    /// Being treated.
    InProgress {
        /// Since when.
        at: Timestamp,
    },
    /// Done.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// Called off.
    Cancelled {
        /// When.
        at: Timestamp,
        /// By whom.
        by: CancelledBy,
        /// With less than [`LATE_CANCEL`] notice.
        late: bool,
    },
    /// Nobody came and nobody said so.
    NoShow {
        /// When that was recorded.
        at: Timestamp,
        /// Inferred from a missing check-in rather than said by the desk.
        inferred: bool,
    },
    /// Never a visit: entered in error or deleted.
    Void {
        /// When.
        at: Timestamp,
    },
}

/// What can happen to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitEvent {
    /// The patient says yes.
    Confirm,
    /// The patient is checked in.
    Arrive,
    /// Treatment begins.
    Begin,
    /// Treatment ends.
    Complete,
    /// Called off.
    Cancel {
        /// By whom.
        by: CancelledBy,
    },
    /// Nobody came.
    Miss {
        /// Inferred from a missing check-in.
        inferred: bool,
    },
    /// Given another time.
    Move,
    /// Put back on the book.
    Reinstate,
    /// Entered in error.
    Void,
}

impl VisitEvent {
    /// Returns the verb for error messages.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Arrive => "check in",
            Self::Begin => "begin",
            Self::Complete => "complete",
            Self::Cancel { .. } => "cancel",
            Self::Miss { .. } => "mark as missed",
            Self::Move => "move",
            Self::Reinstate => "put back on the book",
            Self::Void => "void",
        }
    }
}

/// A move that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {event} a visit that is {state}")]
pub struct VisitRefusal {
    /// The state it is in.
    pub state: &'static str,
    /// What was asked.
    pub event: &'static str,
}

impl VisitState {
    /// Returns the code used in storage, conditions and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Confirmed { .. } => "confirmed",
            Self::Arrived { .. } => "arrived",
            Self::InProgress { .. } => "in_progress",
            Self::Completed { .. } => "completed",
            Self::Cancelled { .. } => "cancelled",
            Self::NoShow { .. } => "noshow",
            Self::Void { .. } => "void",
        }
    }

    /// Returns FHIR's Appointment.status.
    pub const fn fhir(&self) -> &'static str {
        match self {
            Self::Booked | Self::Confirmed { .. } => "booked",
            Self::Arrived { .. } => "arrived",
            Self::InProgress { .. } => "checked-in",
            Self::Completed { .. } => "fulfilled",
            Self::Cancelled { .. } => "cancelled",
            Self::NoShow { .. } => "noshow",
            Self::Void { .. } => "entered-in-error",
        }
    }

    /// Moves to the next state, or refuses. `starts_at` decides lateness.
    pub fn on(
        self,
        event: VisitEvent,
        starts_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, VisitRefusal> {
        use VisitEvent as E;
        use VisitState as S;
        let at = now;
        match (self, event) {
            (kept @ S::Confirmed { .. }, E::Confirm)
            | (kept @ S::Arrived { .. }, E::Arrive)
            | (kept @ S::InProgress { .. }, E::Begin)
            | (kept @ S::Completed { .. }, E::Complete)
            | (kept @ S::Cancelled { .. }, E::Cancel { .. })
            | (kept @ S::Void { .. }, E::Void) => Ok(kept),
            // A miss that the desk confirms is no longer inferred.
            (S::NoShow { at, inferred }, E::Miss { inferred: again }) => Ok(S::NoShow {
                at,
                inferred: inferred && again,
            }),
            (S::Booked, E::Confirm) => Ok(S::Confirmed { at }),
            (S::Booked | S::Confirmed { .. } | S::NoShow { .. }, E::Arrive) => {
                Ok(S::Arrived { at })
            }
            (S::Booked | S::Confirmed { .. } | S::Arrived { .. } | S::NoShow { .. }, E::Begin) => {
                Ok(S::InProgress { at })
            }
            (
                S::Booked
                | S::Confirmed { .. }
                | S::Arrived { .. }
                | S::InProgress { .. }
                | S::NoShow { .. },
                E::Complete,
            ) => Ok(S::Completed { at }),
            (
                S::Booked | S::Confirmed { .. } | S::Arrived { .. } | S::NoShow { .. },
                E::Cancel { by },
            ) => Ok(S::Cancelled {
                at,
                by,
                late: starts_at.duration_since(now) < LATE_CANCEL,
            }),
            (S::Booked | S::Confirmed { .. }, E::Miss { inferred }) => {
                Ok(S::NoShow { at, inferred })
            }
            (S::Booked | S::Confirmed { .. }, E::Move)
            | (S::Cancelled { .. } | S::NoShow { .. }, E::Reinstate) => Ok(S::Booked),
            (_, E::Void) => Ok(S::Void { at }),
            (state, event) => Err(VisitRefusal {
                state: state.code(),
                event: event.verb(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ts(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The table of [`VisitState`], read as data: one row a state, one column an event.
    const TABLE: &str = "
        booked      confirmed arrived in_progress completed cancelled noshow booked -      void
        confirmed   confirmed arrived in_progress completed cancelled noshow booked -      void
        arrived     -         arrived in_progress completed cancelled -      -      -      void
        in_progress -         -       in_progress completed -         -      -      -      void
        completed   -         -       -           completed -         -      -      -      void
        cancelled   -         -       -           -         cancelled -      -      booked void
        noshow      -         arrived in_progress completed cancelled noshow -      booked void
        void        -         -       -           -         -         -      -      -      void";

    #[test]
    fn every_transition_of_the_table_holds() {
        let at = ts(1);
        let states = [
            VisitState::Booked,
            VisitState::Confirmed { at },
            VisitState::Arrived { at },
            VisitState::InProgress { at },
            VisitState::Completed { at },
            VisitState::Cancelled {
                at,
                by: CancelledBy::Patient,
                late: false,
            },
            VisitState::NoShow { at, inferred: true },
            VisitState::Void { at },
        ];
        let events = [
            VisitEvent::Confirm,
            VisitEvent::Arrive,
            VisitEvent::Begin,
            VisitEvent::Complete,
            VisitEvent::Cancel {
                by: CancelledBy::Patient,
            },
            VisitEvent::Miss { inferred: false },
            VisitEvent::Move,
            VisitEvent::Reinstate,
            VisitEvent::Void,
        ];
        for (state, row) in states
            .iter()
            .zip(TABLE.lines().filter(|l| !l.trim().is_empty()))
        {
            let mut cells = row.split_whitespace();
            assert_eq!(cells.next(), Some(state.code()));
            for (event, expected) in events.iter().zip(cells) {
                let got = state.clone().on(*event, ts(1_000_000), ts(2));
                let code = got.as_ref().map_or("-", VisitState::code);
                assert_eq!(code, expected, "{} on {}", state.code(), event.verb());
            }
        }
    }

    #[test]
    fn notice_below_a_day_is_late() {
        let cancel = |now| {
            VisitState::Booked.on(
                VisitEvent::Cancel {
                    by: CancelledBy::Patient,
                },
                ts(200_000),
                ts(now),
            )
        };
        let late = |state| matches!(state, Ok(VisitState::Cancelled { late: true, .. }));
        assert!(!late(cancel(200_000 - 86_400)));
        assert!(late(cancel(200_000 - 86_399)));
    }

    #[test]
    fn the_first_fact_is_kept() {
        let confirmed = VisitState::Confirmed { at: ts(5) };
        assert_eq!(
            confirmed.clone().on(VisitEvent::Confirm, ts(100), ts(9)),
            Ok(confirmed)
        );
    }
}
