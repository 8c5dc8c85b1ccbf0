//! What happens to visits, whoever says so: staff, the patient, a feed or the clock.

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Actor, Permission};
use tendon_care::appointment::{Appointment, CancelledBy, VisitEvent, VisitKind, VisitState};
use tendon_care::episode::EpisodeEvent;
use tendon_care::id::{AppointmentId, ClinicianId, EpisodeId, LocationId, PatientId, PracticeId};
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::{Fact, Via};
use tendon_store::{Action, TasksAboutVisit, Write};

use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;

/// Without a check-in for so long, a visit counts as missed, marked as inferred.
const INFER_MISS_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// A visit to be put on the book.
#[derive(Clone, Debug)]
pub struct NewVisit {
    /// Who comes.
    pub patient: PatientId,
    /// The course of care; the one under way where none is named.
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
}

/// What somebody does with a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitAct {
    /// Says that the patient comes.
    Confirm,
    /// Asks for another time; staff find one.
    AskToMove,
    /// Says that the patient cannot come.
    CannotCome,
    /// Calls it off on the practice's side.
    CancelByClinic,
    /// Gives it another time.
    Move {
        /// When it begins now.
        starts_at: Timestamp,
    },
    /// Checks the patient in.
    Arrive,
    /// Closes it as done.
    Complete,
    /// Records that nobody came.
    Miss {
        /// Inferred from a missing check-in.
        inferred: bool,
    },
    /// Puts it back on the book.
    Reinstate,
    /// Records that it never was one.
    Void,
}

impl Desk {
    /// Puts a visit on the book.
    pub async fn book(&self, access: &Access, new: &NewVisit) -> Result<AppointmentId, DeskError> {
        access.require(Permission::EditVisits)?;
        if new.minutes == 0 || new.minutes > 480 {
            return Err(DeskError::invalid("minutes", "must be between 1 and 480"));
        }
        self.change(access, new.patient, Origin::Live, |change| {
            Ok(book(change, new))
        })
        .await
    }

    /// Does something with a visit. Patients may confirm, ask to move or say that
    /// they cannot come, and with their own visits only.
    pub async fn on_visit(
        &self,
        access: &Access,
        visit: AppointmentId,
        act: VisitAct,
        via: Via,
    ) -> Result<(), DeskError> {
        let found = self
            .reader(access)
            .appointment(visit)
            .await?
            .ok_or(DeskError::NotFound("visit"))?;
        match access.actor {
            Actor::Patient { id } => {
                let own = id == found.patient;
                let theirs = matches!(
                    act,
                    VisitAct::Confirm | VisitAct::AskToMove | VisitAct::CannotCome
                );
                if !own || !theirs {
                    return Err(DeskError::NotFound("visit"));
                }
            }
            _ => access.require(Permission::EditVisits)?,
        }
        self.change(access, found.patient, Origin::Live, |change| {
            apply(change, visit, act, via)
        })
        .await
    }

    /// Tells whether a visit is still expected to happen.
    pub async fn is_open(&self, access: &Access, visit: AppointmentId) -> Result<bool, DeskError> {
        let found = self
            .reader(access)
            .appointment(visit)
            .await?
            .ok_or(DeskError::NotFound("visit"))?;
        Ok(found.is_open())
    }

    /// Records visits without a check-in for a day as missed. Returns how many.
    pub async fn infer_missed(&self, practice: PracticeId) -> Result<usize, DeskError> {
        let access = Access::system(practice, "clock");
        let overdue = self
            .reader(&access)
            .appointments_overdue(self.now() - INFER_MISS_AFTER)
            .await?;
        let mut missed = 0;
        for visit in &overdue {
            let act = VisitAct::Miss { inferred: true };
            match self.on_visit(&access, visit.id, act, Via::Feed).await {
                Ok(()) => missed += 1,
                // Somebody checked the patient in meanwhile.
                Err(DeskError::Visit(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(missed)
    }
}

pub(crate) fn book(change: &mut Change<'_>, new: &NewVisit) -> AppointmentId {
    let episode = new
        .episode
        .or_else(|| change.chart.current_episode().map(|episode| episode.id));
    let visit = Appointment {
        id: change.desk().mint().id(),
        patient: change.chart.patient.id,
        episode,
        location: new.location,
        clinician: new.clinician,
        kind: new.kind,
        starts_at: new.starts_at,
        minutes: new.minutes,
        booked_at: change.now(),
        state: VisitState::Booked,
    };
    let (id, starts_at) = (visit.id, visit.starts_at);
    change.add_visit(visit);
    change.happened(Fact::VisitBooked {
        appointment: id,
        starts_at,
    });
    change.audit(Action::Create, "appointment", "");
    if let Some(episode) = episode {
        let event = match new.kind {
            VisitKind::Evaluation => EpisodeEvent::Schedule,
            VisitKind::Recurring => EpisodeEvent::Treat,
        };
        change.move_episode(episode, event);
    }
    id
}

/// Applies an act to a visit, with everything that follows for its episode and tasks.
pub(crate) fn apply(
    change: &mut Change<'_>,
    visit: AppointmentId,
    act: VisitAct,
    via: Via,
) -> Result<(), DeskError> {
    let appointment = visit;
    let before = change
        .chart
        .visit(visit)
        .ok_or(DeskError::NotFound("visit"))?
        .value
        .clone();
    match act {
        VisitAct::AskToMove => {
            if !before.is_open() {
                return Err(DeskError::Stale("the visit is no longer on the book"));
            }
            change.happened(Fact::VisitMoveAsked { appointment, via });
            task_about(change, TaskKind::MoveVisit, &before);
        }
        VisitAct::Move { starts_at } => {
            let moved = change.move_visit(visit, VisitEvent::Move)?;
            change.set_visit(Appointment { starts_at, ..moved });
            change.happened(Fact::VisitMoved {
                appointment,
                from: before.starts_at,
                to: starts_at,
            });
            tasks_done(change, visit);
        }
        VisitAct::Confirm => {
            change.move_visit(visit, VisitEvent::Confirm)?;
            if !matches!(before.state, VisitState::Confirmed { .. }) {
                change.happened(Fact::VisitConfirmed { appointment, via });
            }
        }
        VisitAct::CannotCome => {
            cancel(change, &before, CancelledBy::Patient)?;
            task_about(change, TaskKind::RebookVisit, &before);
        }
        VisitAct::CancelByClinic => cancel(change, &before, CancelledBy::Clinic)?,
        VisitAct::Arrive => {
            change.move_visit(visit, VisitEvent::Arrive)?;
            change.happened(Fact::VisitArrived { appointment });
        }
        VisitAct::Complete => {
            change.move_visit(visit, VisitEvent::Complete)?;
            change.happened(Fact::VisitCompleted { appointment });
            if let Some(episode) = before.episode {
                change.move_episode(
                    episode,
                    match before.kind {
                        VisitKind::Evaluation => EpisodeEvent::Evaluate,
                        VisitKind::Recurring => EpisodeEvent::Treat,
                    },
                );
            }
        }
        VisitAct::Miss { inferred } => {
            change.move_visit(visit, VisitEvent::Miss { inferred })?;
            change.happened(Fact::VisitMissed {
                appointment,
                inferred,
            });
        }
        VisitAct::Reinstate => {
            change.move_visit(visit, VisitEvent::Reinstate)?;
            change.happened(Fact::VisitReinstated { appointment });
        }
        VisitAct::Void => {
            change.move_visit(visit, VisitEvent::Void)?;
            change.happened(Fact::VisitVoided { appointment });
        }
    }
    change.audit(Action::Update, "appointment", act.code());
    Ok(())
}

impl VisitAct {
    /// Returns the code used in the audit trail, forms and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::AskToMove => "ask_to_move",
            Self::CannotCome => "cannot_come",
            Self::CancelByClinic => "cancel",
            Self::Move { .. } => "move",
            Self::Arrive => "arrive",
            Self::Complete => "complete",
            Self::Miss { .. } => "miss",
            Self::Reinstate => "reinstate",
            Self::Void => "void",
        }
    }
}

fn cancel(change: &mut Change<'_>, before: &Appointment, by: CancelledBy) -> Result<(), DeskError> {
    let after = change.move_visit(before.id, VisitEvent::Cancel { by })?;
    if let VisitState::Cancelled { by, late, .. } = after.state
        && !matches!(before.state, VisitState::Cancelled { .. })
    {
        change.happened(Fact::VisitCancelled {
            appointment: before.id,
            by,
            late,
        });
    }
    tasks_done(change, before.id);
    Ok(())
}

/// Opens work about a visit, once.
fn task_about(change: &mut Change<'_>, kind: TaskKind, visit: &Appointment) {
    let about = About {
        appointment: Some(visit.id),
        ..About::default()
    };
    // Before the visit where it is near, else by the end of the next hours.
    let soon = change.now() + SignedDuration::from_hours(4);
    let due_at = if visit.starts_at > change.now() {
        soon.min(visit.starts_at)
    } else {
        soon
    };
    change.open_task(kind, about, due_at);
}

/// Closes what was open about a visit's time, since it has been settled.
fn tasks_done(change: &mut Change<'_>, visit: AppointmentId) {
    let at = change.now();
    change.write(Write::TasksAboutVisitDone(TasksAboutVisit {
        visit,
        kind: TaskKind::MoveVisit,
        at,
    }));
}
