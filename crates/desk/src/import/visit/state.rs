//! Where a visit stands, by what its source says.

use jiff::{SignedDuration, Timestamp};
use tendon_care::appointment::{Appointment, CancelledBy, LATE_CANCEL, VisitEvent, VisitState};
use tendon_care::id::AppointmentId;
use tendon_care::touchpoint::{Fact, Via};
use tendon_exchange::record::{AppointmentRecord, VisitStatus};

/// Without a check-in for so long a visit counts as missed.
const OPEN_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// What a record says about time and state, resolved.
pub(super) struct Said<'a> {
    pub(super) record: &'a AppointmentRecord,
    pub(super) starts_at: Option<Timestamp>,
    pub(super) status: Option<VisitStatus>,
    pub(super) status_at: Option<Timestamp>,
    /// When the source said it, as far as it tells.
    pub(super) told_at: Option<Timestamp>,
}

/// Returns the state of a visit that comes in as it is, history included.
pub(super) fn state_at_source(
    said: &Said<'_>,
    starts_at: Timestamp,
    minutes: u16,
    now: Timestamp,
) -> VisitState {
    let length = SignedDuration::from_mins(i64::from(minutes));
    let ended_at = starts_at.checked_add(length).unwrap_or(starts_at);
    let left_open = now.duration_since(starts_at) > OPEN_AT_MOST;
    let at = said.status_at;
    match said.status {
        None | Some(VisitStatus::Booked | VisitStatus::Confirmed) if left_open => {
            VisitState::NoShow {
                at: starts_at + OPEN_AT_MOST,
                inferred: true,
            }
        }
        Some(VisitStatus::Arrived | VisitStatus::InProgress) if left_open => {
            VisitState::Completed { at: ended_at }
        }
        None | Some(VisitStatus::Booked) => VisitState::Booked,
        Some(VisitStatus::Confirmed) => VisitState::Confirmed {
            at: at.or(said.told_at).unwrap_or(now).min(now),
        },
        Some(VisitStatus::Arrived) => VisitState::Arrived {
            at: at.unwrap_or(starts_at),
        },
        Some(VisitStatus::InProgress) => VisitState::InProgress {
            at: at.unwrap_or(starts_at),
        },
        Some(VisitStatus::Completed) => VisitState::Completed {
            at: at.unwrap_or(ended_at),
        },
        Some(VisitStatus::Cancelled(by)) => cancelled(
            at.or(said.told_at).unwrap_or(now.min(starts_at)),
            by,
            starts_at,
        ),
        Some(VisitStatus::NoShow) => VisitState::NoShow {
            at: at.unwrap_or(starts_at),
            inferred: false,
        },
        Some(VisitStatus::Void) => VisitState::Void {
            at: at.unwrap_or(now),
        },
    }
}

fn cancelled(at: Timestamp, by: CancelledBy, starts_at: Timestamp) -> VisitState {
    VisitState::Cancelled {
        at,
        by,
        late: starts_at.duration_since(at) < LATE_CANCEL,
    }
}

/// Returns where a known visit stands after the source said another status: by
/// the table of [`VisitState`] where it permits, else as the source says, since
/// desks correct the past.
pub(super) fn next_state(
    visit: &Appointment,
    said: &Said<'_>,
    at: Timestamp,
    now: Timestamp,
) -> VisitState {
    let event = match said.status {
        None => return visit.state.clone(),
        // On the book at the source: what is open here stays as the patient left it.
        Some(VisitStatus::Booked) if visit.is_open() => return visit.state.clone(),
        Some(VisitStatus::Booked) => VisitEvent::Reinstate,
        Some(VisitStatus::Confirmed) => VisitEvent::Confirm,
        Some(VisitStatus::Arrived) => VisitEvent::Arrive,
        Some(VisitStatus::InProgress) => VisitEvent::Begin,
        Some(VisitStatus::Completed) => VisitEvent::Complete,
        Some(VisitStatus::Cancelled(by)) => VisitEvent::Cancel { by },
        Some(VisitStatus::NoShow) => VisitEvent::Miss { inferred: false },
        Some(VisitStatus::Void) => VisitEvent::Void,
    };
    let permitted = visit.state.clone().on(event, visit.starts_at, at);
    permitted.unwrap_or_else(|_| state_at_source(said, visit.starts_at, visit.minutes, now))
}

/// Returns the fact by which a state was reached, and when that was.
pub(super) fn fact_of(appointment: AppointmentId, state: &VisitState) -> Option<(Fact, Timestamp)> {
    Some(match state {
        VisitState::Booked | VisitState::InProgress { .. } => return None,
        VisitState::Confirmed { at } => {
            let via = Via::Feed;
            (Fact::VisitConfirmed { appointment, via }, *at)
        }
        VisitState::Arrived { at } => (Fact::VisitArrived { appointment }, *at),
        VisitState::Completed { at } => (Fact::VisitCompleted { appointment }, *at),
        VisitState::Cancelled { at, by, late } => {
            let (by, late) = (*by, *late);
            (
                Fact::VisitCancelled {
                    appointment,
                    by,
                    late,
                },
                *at,
            )
        }
        VisitState::NoShow { at, inferred } => {
            let inferred = *inferred;
            (
                Fact::VisitMissed {
                    appointment,
                    inferred,
                },
                *at,
            )
        }
        VisitState::Void { at } => (Fact::VisitVoided { appointment }, *at),
    })
}

#[cfg(test)]
mod tests;
