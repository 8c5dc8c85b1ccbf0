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
use crate::desk::Desk;
use crate::dispatch::Round;
use crate::error::DeskError;

/// How long a worker may hold a timer.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

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
        let claimed = self.db().claim_timers(&lease).await?;
        let mut round = Round {
            claimed: claimed.len(),
            failed: 0,
        };
        let mut by_patient: BTreeMap<(PracticeId, PatientId), Vec<(EnrolmentId, String)>> =
            BTreeMap::new();
        for timer in claimed {
            let row = &timer.work;
            let step = row
                .wake
                .as_ref()
                .map(|wake| wake.step.clone())
                .unwrap_or_default();
            by_patient
                .entry((timer.practice, row.patient))
                .or_default()
                .push((row.id, step));
        }
        let work = by_patient.into_iter().collect();
        let each = |desk: Self, ((practice, patient), due): (_, Vec<_>)| {
            let stop = stop.clone();
            async move {
                if stop.is_cancelled() {
                    return 0;
                }
                desk.step_patient(practice, patient, &due).await
            }
        };
        round.failed = self.for_each_patient(work, each).await;
        if stop.is_cancelled() {
            self.db().release(lease.id).await?;
        }
        Ok(round)
    }

    async fn step_patient(
        &self,
        practice: PracticeId,
        patient: PatientId,
        due: &[(EnrolmentId, String)],
    ) -> usize {
        let access = Access::system(practice, "timers");
        let done = self
            .change(&access, patient, Origin::Live, |change| {
                for (enrolment, step) in due {
                    change.wake(
                        *enrolment,
                        &Event::Due {
                            step: StepId::new(step),
                        },
                    )?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = done {
            // The lease runs out and the step is tried again.
            tracing::warn!(patient = %patient, error = %error, "journey step not taken; it is tried again");
            return due.len();
        }
        0
    }
}
