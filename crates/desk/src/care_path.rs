//! The path of care: referral, evaluation, plan, discharge.

use jiff::Timestamp;
use jiff::civil::Date;
use tendon_care::access::{Access, Permission};
use tendon_care::episode::{Discharge, Episode, EpisodeEvent, EpisodeState};
use tendon_care::id::{ClinicianId, EpisodeId, PatientId, PlanId, ReferralId};
use tendon_care::plan::Plan;
use tendon_care::referral::Referral;
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, Write};

use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;

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

    /// Marks episodes without a completed visit for twice the planned interval,
    /// at least ten days, and with none on the book. After thirty days without
    /// one the patient has discharged themselves. Returns whether it moved.
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
            let before = known.state.code();
            let plan_interval = change.chart.plan(episode).map_or(7, Plan::interval_days);
            let silent_days = i64::from((plan_interval * 2).max(10));
            let last = last_sign(change, episode);
            let booked = change.chart.progress(episode, now).booked > 0;
            let days = last.map_or(0, |last| now.duration_since(last).as_hours() / 24);
            let before_at_risk = matches!(before, "evaluated" | "active");
            if !booked && before_at_risk && days >= silent_days {
                change.move_episode(episode, EpisodeEvent::FallSilent);
            } else if !booked && before == "at_risk" && days >= 30 {
                change.move_episode(
                    episode,
                    EpisodeEvent::Discharge {
                        how: Discharge::Self_,
                    },
                );
            }
            Ok(change
                .chart
                .episode(episode)
                .is_some_and(|known| known.state.code() != before))
        })
        .await
    }
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
