//! A death, and what stops with it; and a pause of everything automatic.

use tendon_care::access::{Access, Permission};
use tendon_care::appointment::{CancelledBy, VisitEvent};
use tendon_care::id::PatientId;
use tendon_care::patient::Life;
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, Write};

use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;

impl Desk {
    /// Records a death. In the same commit every message, journey and task ends and
    /// the visits to come leave the book, so that nobody calls to remind.
    pub async fn record_death(&self, access: &Access, patient: PatientId) -> Result<(), DeskError> {
        access.require(Permission::EditPatient)?;
        self.change(access, patient, Origin::Live, |change| {
            if change.chart.patient.life != Life::Living {
                return Ok(());
            }
            let learnt_at = change.now();
            let mut after = change.chart.patient.value.clone();
            after.life = Life::Deceased { learnt_at };
            change.set_patient(after);
            change.stop_everything("deceased");
            clear_the_book(change)?;
            let id = change.chart.patient.id;
            change.write(Write::TasksOfPatientDone(id, learnt_at));
            change.happened(Fact::PatientDeceased {});
            change.audit(Action::Update, "patient", "deceased");
            Ok(())
        })
        .await
    }

    /// Takes a death back that was recorded by mistake. Visits are put back on the
    /// book one by one, and journeys begin anew with them: nobody can know which of
    /// what was stopped would still be right.
    pub async fn undo_death(&self, access: &Access, patient: PatientId) -> Result<(), DeskError> {
        self.edit(access, patient, "not deceased", |change| {
            let mut after = change.chart.patient.value.clone();
            if after.life == Life::Living {
                return Err(DeskError::Stale("no death is recorded"));
            }
            after.life = Life::Living;
            Ok(after)
        })
        .await
    }

    /// Pauses everything automatic for a patient, or lets it go on. What waits is
    /// decided at its time: while it is paused nothing but staff's own words goes.
    pub async fn pause(
        &self,
        access: &Access,
        patient: PatientId,
        paused: bool,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        self.change(access, patient, Origin::Live, |change| {
            if change.chart.patient.paused == paused {
                return Ok(());
            }
            let mut after = change.chart.patient.value.clone();
            after.paused = paused;
            change.set_patient(after);
            change.happened(Fact::AutomationPaused { paused });
            let words = if paused { "paused" } else { "resumed" };
            change.audit(Action::Update, "patient", words);
            Ok(())
        })
        .await
    }
}

fn clear_the_book(change: &mut Change<'_>) -> Result<(), DeskError> {
    let now = change.now();
    let ahead: Vec<_> = change.chart.upcoming(now).map(|visit| visit.id).collect();
    for appointment in ahead {
        let by = CancelledBy::Clinic;
        change.move_visit(appointment, VisitEvent::Cancel { by })?;
        change.happened(Fact::VisitCancelled {
            appointment,
            by,
            late: false,
        });
    }
    Ok(())
}
