//! The path of care: referral, evaluation, plan, discharge.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Permission};
use tendon_care::episode::{Discharge, Episode, EpisodeEvent, EpisodeState};
use tendon_care::id::{ClinicianId, EpisodeId, PatientId, PlanId, PracticeId, ReferralId};
use tendon_care::plan::Plan;
use tendon_care::referral::Referral;
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, Silence, Write};

use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;

/// Without a visit for so long, or twice the planned interval where that is longer,
/// a course of care is at risk.
const SILENT_DAYS: i64 = 10;

/// Without one for so long it has ended, or never began.
const GIVEN_UP_DAYS: i64 = 30;

/// What a therapist prescribes.
#[derive(Clone, Copy, Debug)]
pub struct NewPlan {
    /// Visits in all, the evaluation included.
    pub visits: u16,
    /// Visits per week.
    pub visits_per_week: u8,
    /// The first day.
    pub starts_on: Date,
    /// The last day.
    pub ends_on: Date,
    /// Visits authorised by the payer.
    pub authorised_visits: Option<u16>,
}

impl Desk {
    /// Takes a referral in and opens the episode that it asks for. An episode
    /// after an earlier one names it.
    pub async fn refer(
        &self,
        access: &Access,
        patient: PatientId,
        referrer: Option<&str>,
        clinician: Option<ClinicianId>,
    ) -> Result<(ReferralId, EpisodeId), DeskError> {
        access.require(Permission::EditVisits)?;
        self.change(access, patient, Origin::Live, |change| {
            let now = change.now();
            let referral = Referral {
                id: change.desk().mint().id(),
                patient: change.chart.patient.id,
                referrer: referrer.map(str::to_owned),
                received_at: now,
                called_at: None,
            };
            let earlier = change.chart.episodes.last().map(|episode| episode.id);
            let episode = Episode {
                id: change.desk().mint().id(),
                patient: change.chart.patient.id,
                clinician,
                state: EpisodeState::Referred { at: now },
                reactivates: earlier,
            };
            let ids = (referral.id, episode.id);
            change.chart.referrals.push(referral.clone());
            change.write(Write::Referral(referral));
            change.happened(Fact::ReferralReceived { referral: ids.0 });
            change.add_episode(episode);
            change.audit(Action::Create, "referral", "");
            Ok(ids)
        })
        .await
    }

    /// Records that somebody called about a referral and spoke with the patient.
    pub async fn called(
        &self,
        access: &Access,
        patient: PatientId,
        referral: ReferralId,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditVisits)?;
        self.change(access, patient, Origin::Live, |change| {
            let now = change.now();
            let known = change
                .chart
                .referrals
                .iter_mut()
                .find(|known| known.id == referral);
            let known = known.ok_or(DeskError::NotFound("referral"))?;
            known.called_at.get_or_insert(now);
            let written = known.clone();
            change.write(Write::Referral(written));
            if let Some(episode) = change.chart.current_episode().map(|episode| episode.id) {
                change.move_episode(episode, EpisodeEvent::Contact);
            }
            change.audit(Action::Update, "referral", "called");
            Ok(())
        })
        .await
    }

    /// Sets the plan of care of an episode.
    pub async fn set_plan(
        &self,
        access: &Access,
        patient: PatientId,
        episode: EpisodeId,
        new: &NewPlan,
    ) -> Result<PlanId, DeskError> {
        access.require(Permission::EditVisits)?;
        if new.visits == 0 || new.visits > 200 {
            return Err(DeskError::invalid("visits", "must be between 1 and 200"));
        }
        if new.visits_per_week == 0 || new.visits_per_week > 7 {
            return Err(DeskError::invalid(
                "visits_per_week",
                "must be between 1 and 7",
            ));
        }
        if new.ends_on < new.starts_on {
            return Err(DeskError::invalid(
                "ends_on",
                "must not be before starts_on",
            ));
        }
        self.change(access, patient, Origin::Live, |change| {
            change
                .chart
                .episode(episode)
                .ok_or(DeskError::NotFound("episode"))?;
            let known = change.chart.plan(episode).map(|plan| plan.id);
            let plan = Plan {
                id: known.unwrap_or_else(|| change.desk().mint().id()),
                episode,
                visits: new.visits,
                visits_per_week: new.visits_per_week,
                starts_on: new.starts_on,
                ends_on: new.ends_on,
                authorised_visits: new.authorised_visits,
            };
            let id = plan.id;
            change.chart.plans.retain(|known| known.id != id);
            change.chart.plans.push(plan.clone());
            let patient = change.chart.patient.id;
            change.write(Write::Plan(plan, patient));
            change.happened(Fact::PlanSet {
                plan: id,
                visits: new.visits,
            });
            change.audit(Action::Update, "plan", "");
            Ok(id)
        })
        .await
    }

    /// Ends an episode.
    pub async fn discharge(
        &self,
        access: &Access,
        patient: PatientId,
        episode: EpisodeId,
        how: Discharge,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditVisits)?;
        self.change(access, patient, Origin::Live, |change| {
            change
                .chart
                .episode(episode)
                .ok_or(DeskError::NotFound("episode"))?;
            change.move_episode(episode, EpisodeEvent::Discharge { how });
            change.audit(Action::Update, "episode", "discharge");
            Ok(())
        })
        .await
    }

    /// Looks at every course of care that has fallen silent; see
    /// [`Desk::watch_episode`]. Returns how many moved.
    pub async fn watch_episodes(&self, practice: PracticeId) -> Result<usize, DeskError> {
        let access = Access::system(practice, "clock");
        let silence = Silence {
            frequent: days(SILENT_DAYS),
            weekly: days(2 * 7),
            given_up: days(GIVEN_UP_DAYS),
        };
        let silent = self
            .reader(&access)
            .episodes_silent(self.now(), silence)
            .await?;
        let mut moved = 0;
        for (patient, episode) in silent {
            moved += usize::from(self.watch_episode(&access, patient, episode).await?);
        }
        Ok(moved)
    }

    /// Marks a course of care at risk when nobody was seen for twice the planned
    /// interval, at least ten days, and nothing is on the book. After thirty days
    /// the patient has discharged themselves, and who never began is lost. Returns
    /// whether it moved.
    pub async fn watch_episode(
        &self,
        access: &Access,
        patient: PatientId,
        episode: EpisodeId,
    ) -> Result<bool, DeskError> {
        self.change(access, patient, Origin::Live, |change| {
            let now = change.now();
            let Some(known) = change.chart.episode(episode) else {
                return Ok(false);
            };
            let (before, since) = (known.state.code(), known.state.at());
            let interval = change.chart.plan(episode).map_or(7, Plan::interval_days);
            let silent_days = i64::from(interval * 2).max(SILENT_DAYS);
            let last = last_sign(change, episode).unwrap_or(since);
            let silent_for = |length| now.duration_since(last) >= days(length);
            let booked = change.chart.progress(episode, now).booked > 0;
            let event = match before {
                "evaluated" | "active" if silent_for(silent_days) => EpisodeEvent::FallSilent,
                "at_risk" if silent_for(GIVEN_UP_DAYS) => EpisodeEvent::Discharge {
                    how: Discharge::Self_,
                },
                "referred" | "contacted" | "eval_scheduled"
                    if silent_for(GIVEN_UP_DAYS)
                        && now.duration_since(since) >= days(GIVEN_UP_DAYS) =>
                {
                    EpisodeEvent::Lose
                }
                _ => return Ok(false),
            };
            if !booked {
                change.move_episode(episode, event);
            }
            Ok(!booked)
        })
        .await
    }
}

const fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

/// When the patient was last seen or was to be seen.
fn last_sign(change: &crate::change::Change<'_>, episode: EpisodeId) -> Option<Timestamp> {
    change
        .chart
        .visits
        .iter()
        .filter(|visit| visit.episode == Some(episode) && visit.starts_at <= change.now())
        .map(|visit| visit.starts_at)
        .max()
}
