//! The wake-ups of journeys.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tendon_care::access::Access;
use tendon_care::id::{EnrolmentId, PatientId, PracticeId};
use tendon_journey::Event;
use tendon_journey::definition::StepId;
use tendon_store::Lease;
use tokio_util::sync::CancellationToken;

use crate::change::Origin;
use crate::chart::Chart;
use crate::desk::Desk;
use crate::dispatch::Round;
use crate::error::DeskError;

/// How long a worker may hold a timer.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// An enrolment that is to be woken, and for which step.
type Due = (EnrolmentId, StepId);

/// Timers that one round takes.
const BATCH: u16 = 256;

impl Desk {
    /// Claims the timers that are due and lets each enrolment step; those of one
    /// patient together, so that they are one decision.
    pub async fn step_due(&self) -> Result<Round, DeskError> {
        self.step_until(&CancellationToken::new()).await
    }

    /// The same, but begins nothing more once `stop` is given; what is left is
    /// handed back for others to claim.
    pub(crate) async fn step_until(&self, stop: &CancellationToken) -> Result<Round, DeskError> {
        let now = self.now();
        let lease = Lease {
            id: self.lease_id(),
            now,
            until: now + LEASE,
            limit: BATCH,
        };
        let claims = self.db().claim_timers(&lease).await?;
        for broken in &claims.unreadable {
            tracing::error!(enrolment = %broken.id, error = %broken.error, "enrolment cannot be read; it is set aside");
        }
        let mut round = Round {
            claimed: claims.ready.len() + claims.unreadable.len(),
            failed: claims.unreadable.len(),
        };
        let mut by_practice: BTreeMap<PracticeId, BTreeMap<PatientId, Vec<Due>>> = BTreeMap::new();
        for timer in claims.ready {
            let row = timer.work.value;
            let step = row.wake.map(|wake| wake.step).unwrap_or_default();
            let of_practice = by_practice.entry(timer.practice).or_default();
            let of_patient = of_practice.entry(row.patient).or_default();
            of_patient.push((row.id, StepId::new(&step)));
        }
        for (practice, by_patient) in by_practice {
            if stop.is_cancelled() {
                continue;
            }
            let due = by_patient.values().map(Vec::len).sum::<usize>();
            // Trouble with one practice stays with it.
            round.failed += match self.step_patients(practice, by_patient, stop).await {
                Ok(failed) => failed,
                Err(error) => {
                    tracing::warn!(practice = %practice, error = %error, "journey steps not taken; they are tried again");
                    due
                }
            };
        }
        if stop.is_cancelled() {
            self.db().release(lease.id).await?;
        }
        Ok(round)
    }

    /// Lets patients of one practice step, side by side: their charts are read
    /// together, since most of a step's time would else be questions.
    async fn step_patients(
        &self,
        practice: PracticeId,
        by_patient: BTreeMap<PatientId, Vec<Due>>,
        stop: &CancellationToken,
    ) -> Result<usize, DeskError> {
        let access = Access::system(practice, "timers");
        let patients: Vec<PatientId> = by_patient.keys().copied().collect();
        let charts = match Chart::load_all(self.reader(&access), &patients).await {
            Ok(charts) => charts,
            Err(_) if patients.len() > 1 => {
                return self.step_each_alone(practice, by_patient, stop).await;
            }
            Err(error) => return Err(error),
        };
        let work = charts.into_iter().zip(by_patient).collect();
        let each = |desk: Self, (chart, (patient, due)): (Option<Chart>, (PatientId, Vec<Due>))| {
            let (stop, access) = (stop.clone(), access.clone());
            async move {
                if stop.is_cancelled() {
                    return 0;
                }
                let done = desk.step_patient(&access, chart, &due).await;
                let Err(error) = done else { return 0 };
                // The lease runs out and the step is tried again.
                tracing::warn!(patient = %patient, error = %error, "journey step not taken; it is tried again");
                due.len()
            }
        };
        Ok(self.for_all_patients(work, each).await)
    }

    /// The same for one after the other: a chart that cannot be read must not hold up
    /// those that can.
    async fn step_each_alone(
        &self,
        practice: PracticeId,
        by_patient: BTreeMap<PatientId, Vec<Due>>,
        stop: &CancellationToken,
    ) -> Result<usize, DeskError> {
        let mut failed = 0;
        for (patient, due) in by_patient {
            let many = due.len();
            let alone = BTreeMap::from([(patient, due)]);
            let done = Box::pin(self.step_patients(practice, alone, stop)).await;
            failed += done.unwrap_or_else(|error| {
                tracing::error!(patient = %patient, error = %error, "chart cannot be read; the others step");
                many
            });
        }
        Ok(failed)
    }

    async fn step_patient(
        &self,
        access: &Access,
        chart: Option<Chart>,
        due: &[Due],
    ) -> Result<(), DeskError> {
        let chart = chart.ok_or(DeskError::NotFound("patient"))?;
        self.change_read(access, chart, Origin::Live, |change| {
            for (enrolment, step) in due {
                change.wake(*enrolment, &Event::Due { step: step.clone() })?;
            }
            Ok(())
        })
        .await
    }
}
