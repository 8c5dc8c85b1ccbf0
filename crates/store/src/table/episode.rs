//! Episodes and their plans of care.

use jiff::Timestamp;
use tendon_care::episode::{Discharge, Episode, EpisodeState, HoldReason};
use tendon_care::id::{EpisodeId, Id, PatientId};
use tendon_care::plan::{Plan, Progress};

use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, Val, id, one_of_some, params, statements};

statements! {
    OF_PATIENT = "select episode_id, patient_id, clinician_id, state, state_at, hold_reason, review_on, \
                  discharge, reactivates, version from episode where practice_id = $1 and patient_id = $2 \
                  order by episode_id";
    OF_SOME = concat!("select episode_id, patient_id, clinician_id, state, state_at, hold_reason, review_on, \
               discharge, reactivates, version from episode where practice_id = $1 \
               and patient_id ", one_of_some!(), " order by episode_id");
    GET = "select episode_id, patient_id, clinician_id, state, state_at, hold_reason, review_on, discharge, \
           reactivates, version from episode where practice_id = $1 and episode_id = $2";
    INSERT = "insert into episode (practice_id, episode_id, patient_id, clinician_id, state, state_at, \
              hold_reason, review_on, discharge, reactivates) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "update episode set patient_id = $3, clinician_id = $4, state = $5, state_at = $6, \
              hold_reason = $7, review_on = $8, discharge = $9, reactivates = $10, version = version + 1 \
              where practice_id = $1 and episode_id = $2 and version = $11";
    PLANS = "select plan_id, episode_id, visits, visits_per_week, starts_on, ends_on, authorised_visits, \
             patient_id from plan where practice_id = $1 and patient_id = $2 order by starts_on, plan_id";
    PLANS_OF_SOME = concat!("select plan_id, episode_id, visits, visits_per_week, starts_on, ends_on, \
                     authorised_visits, patient_id from plan where practice_id = $1 \
                     and patient_id ", one_of_some!(), " order by starts_on, plan_id");
    PUT_PLAN = "insert into plan (practice_id, plan_id, episode_id, patient_id, visits, visits_per_week, \
                starts_on, ends_on, authorised_visits) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                on conflict (practice_id, plan_id) do update set visits = excluded.visits, \
                visits_per_week = excluded.visits_per_week, starts_on = excluded.starts_on, \
                ends_on = excluded.ends_on, authorised_visits = excluded.authorised_visits";
    /// Counts an episode's visits; a late cancellation counts as missed, a clinic's does not.
    PROGRESS = "select \
        coalesce(sum(case when state = 'completed' then 1 else 0 end), 0), \
        coalesce(sum(case when state = 'noshow' or (state = 'cancelled' and late and cancelled_by <> 'clinic') \
            then 1 else 0 end), 0), \
        coalesce(sum(case when state in ('booked', 'confirmed') and starts_at >= $3 then 1 else 0 end), 0) \
        from appointment where practice_id = $1 and episode_id = $2";
}

impl Reader<'_> {
    /// Returns a patient's episodes, oldest first.
    pub async fn episodes(
        &self,
        patient: PatientId,
    ) -> Result<Vec<Versioned<Episode>>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        Ok(rows.iter().map(episode).collect::<Result<_, _>>()?)
    }

    /// Returns one episode.
    pub async fn episode(
        &self,
        episode_id: EpisodeId,
    ) -> Result<Option<Versioned<Episode>>, StoreError> {
        let row = self
            .first(&GET, vec![self.tenant(), id(episode_id)])
            .await?;
        Ok(row.as_ref().map(episode).transpose()?)
    }

    /// Returns a patient's plans of care, oldest first.
    pub async fn plans(&self, patient: PatientId) -> Result<Vec<Plan>, StoreError> {
        let rows = self.rows(&PLANS, vec![self.tenant(), id(patient)]).await?;
        Ok(rows.iter().map(plan_row).collect::<Result<_, _>>()?)
    }

    /// Counts an episode's visits as of now.
    pub async fn progress(
        &self,
        episode: EpisodeId,
        now: Timestamp,
    ) -> Result<Progress, StoreError> {
        let row = self
            .first(&PROGRESS, params![self.tenant_id(), episode.uuid(), now])
            .await?;
        let Some(row) = row else {
            return Ok(Progress::default());
        };
        Ok(Progress {
            completed: row.small(0)?,
            missed: row.small(1)?,
            booked: row.small(2)?,
        })
    }
}

pub(crate) fn insert(binder: Binder<'_>, episode: &Episode) -> Bound {
    Bound::one(&INSERT, columns(binder, episode))
}

pub(crate) fn update(binder: Binder<'_>, episode: &Versioned<Episode>) -> Bound {
    let mut values = columns(binder, episode);
    values.push(episode.version.into());
    Bound::one(&UPDATE, values)
}

pub(crate) fn plan(binder: Binder<'_>, plan: &Plan, patient: PatientId) -> Bound {
    Bound::one(
        &PUT_PLAN,
        params![
            binder.practice.uuid(),
            plan.id.uuid(),
            plan.episode.uuid(),
            patient.uuid(),
            plan.visits,
            i64::from(plan.visits_per_week),
            plan.starts_on,
            plan.ends_on,
            plan.authorised_visits
        ],
    )
}

fn columns(binder: Binder<'_>, episode: &Episode) -> Vec<Val> {
    let (at, hold, review, discharge) = match &episode.state {
        EpisodeState::Referred { at }
        | EpisodeState::Contacted { at }
        | EpisodeState::EvalScheduled { at }
        | EpisodeState::Evaluated { at }
        | EpisodeState::Active { at }
        | EpisodeState::AtRisk { at }
        | EpisodeState::Lost { at }
        | EpisodeState::Maintenance { at } => (*at, None, None, None),
        EpisodeState::OnHold {
            at,
            reason,
            review_on,
        } => (*at, Some(reason.code()), Some(*review_on), None),
        EpisodeState::Discharged { at, how } => (*at, None, None, Some(how.code())),
    };
    params![
        binder.practice.uuid(),
        episode.id.uuid(),
        episode.patient.uuid(),
        episode.clinician.map(Id::uuid),
        episode.state.code(),
        at,
        hold,
        review,
        discharge,
        episode.reactivates.map(Id::uuid)
    ]
}

pub(crate) fn episode(row: &Row) -> Result<Versioned<Episode>, BadRow> {
    let at = row.time(4)?;
    let state = match row.text(3)? {
        "referred" => EpisodeState::Referred { at },
        "contacted" => EpisodeState::Contacted { at },
        "eval_scheduled" => EpisodeState::EvalScheduled { at },
        "evaluated" => EpisodeState::Evaluated { at },
        "active" => EpisodeState::Active { at },
        "at_risk" => EpisodeState::AtRisk { at },
        "lost" => EpisodeState::Lost { at },
        "maintenance" => EpisodeState::Maintenance { at },
        "on_hold" => EpisodeState::OnHold {
            at,
            reason: row.parsed(5, "a reason", HoldReason::from_code)?,
            review_on: row.opt_date(6)?.ok_or_else(|| row.nonsense(6, "a day"))?,
        },
        "discharged" => EpisodeState::Discharged {
            at,
            how: row.parsed(7, "a discharge", Discharge::from_code)?,
        },
        _ => return Err(row.nonsense(3, "a state of an episode")),
    };
    let value = Episode {
        id: row.id(0)?,
        patient: row.id(1)?,
        clinician: row.opt_id(2)?,
        state,
        reactivates: row.opt_id(8)?,
    };
    Ok(Versioned {
        value,
        version: row.int(9)?,
    })
}

pub(crate) fn plan_row(row: &Row) -> Result<Plan, BadRow> {
    let day = |column| {
        row.opt_date(column)?
            .ok_or_else(|| row.nonsense(column, "a day"))
    };
    Ok(Plan {
        id: row.id(0)?,
        episode: row.id(1)?,
        visits: row.small(2)?,
        visits_per_week: row.small(3)?,
        starts_on: day(4)?,
        ends_on: day(5)?,
        authorised_visits: row
            .opt_int(6)?
            .and_then(|visits| u16::try_from(visits).ok()),
    })
}
