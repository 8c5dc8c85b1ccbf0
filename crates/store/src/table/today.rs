//! The lists of the day.

use jiff::Timestamp;
use tendon_care::appointment::Appointment;
use tendon_care::id::{EpisodeId, PatientId};
use tendon_care::plan::Plan;

use super::appointment::appointment;
use crate::commit::Versioned;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

statements! {
    BOOK = "select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, minutes, \
            booked_at, state, state_at, cancelled_by, late, inferred, version from appointment \
            where practice_id = $1 and starts_at >= $2 and starts_at < $3 and state <> 'void' \
            order by starts_at, appointment_id";
    /// Plans of running episodes with visits left and none on the book, and how many
    /// there are. A practice has some thousand such episodes; each is asked about from
    /// the index of its visits, and only those that are shown are read.
    UNBOOKED = "with unbooked as materialized ( \
                select e.patient_id, n.plan_id, n.visits, \
                (select count(*) from appointment a where a.practice_id = e.practice_id \
                 and a.episode_id = e.episode_id and a.state = 'completed') as completed, \
                (select max(a.starts_at) from appointment a where a.practice_id = e.practice_id \
                 and a.episode_id = e.episode_id and a.state in ('completed', 'noshow', 'cancelled')) as last_at \
                from episode e join plan n on n.practice_id = e.practice_id and n.episode_id = e.episode_id \
                where e.practice_id = $1 and e.state in ('evaluated', 'active', 'at_risk') \
                and not exists (select 1 from appointment b where b.practice_id = e.practice_id \
                    and b.episode_id = e.episode_id and b.state in ('booked', 'confirmed') \
                    and b.starts_at >= $2) \
                and not exists (select 1 from patient d where d.practice_id = e.practice_id \
                    and d.patient_id = e.patient_id and d.deceased_at is not null)), \
            latest as (select u.patient_id, u.plan_id, u.completed, u.last_at, count(*) over () as total \
                from unbooked u where u.completed < u.visits \
                order by coalesce(u.last_at, 0) desc, u.patient_id limit $3) \
            select p.patient_id, p.given, p.family, p.preferred, n.plan_id, n.episode_id, n.visits, \
            n.visits_per_week, n.starts_on, n.ends_on, n.authorised_visits, v.completed, v.last_at, v.total \
            from latest v join plan n on n.practice_id = $1 and n.plan_id = v.plan_id \
            join patient p on p.practice_id = $1 and p.patient_id = v.patient_id \
            order by coalesce(v.last_at, 0) desc, p.patient_id";
    /// One row a clinic-local day: its number since `$2`, visits kept and visits that count.
    ARRIVALS = "select (starts_at - $2) / 86400000, \
            sum(case when state = 'completed' then 1 else 0 end), count(*) \
            from appointment where practice_id = $1 and starts_at >= $2 and starts_at < $3 \
            and state <> 'void' and not (state = 'cancelled' and cancelled_by = 'clinic') \
            group by 1 order by 1";
}

/// A plan with visits left and none on the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnbookedPlan {
    /// Whose.
    pub patient: PatientId,
    /// The patient's name for staff pages.
    pub name: String,
    /// The plan.
    pub plan: Plan,
    /// The course of care.
    pub episode: EpisodeId,
    /// Visits completed.
    pub completed: u16,
    /// The last visit that was done, missed or called off.
    pub last_at: Option<Timestamp>,
}

impl Reader<'_> {
    /// Returns the book of a span, earliest first, cancelled visits included.
    pub async fn book(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Versioned<Appointment>>, StoreError> {
        let rows = self
            .rows(&BOOK, params![self.tenant_id(), from, until])
            .await?;
        Ok(rows.iter().map(appointment).collect::<Result<_, _>>()?)
    }

    /// Returns the first plans with visits left and nothing booked, the latest seen
    /// first, and how many such plans there are.
    pub async fn plans_unbooked(
        &self,
        now: Timestamp,
        limit: u16,
    ) -> Result<(Vec<UnbookedPlan>, u64), StoreError> {
        let rows = self
            .rows(&UNBOOKED, params![self.tenant_id(), now, limit])
            .await?;
        let total = rows.first().map(|row| row.small(13)).transpose()?;
        let plans = rows.iter().map(unbooked).collect::<Result<_, _>>()?;
        Ok((plans, total.unwrap_or(0)))
    }

    /// Counts, for each day since `from`, visits kept and visits that count.
    pub async fn arrivals_by_day(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(i64, u32, u32)>, StoreError> {
        let rows = self
            .rows(&ARRIVALS, params![self.tenant_id(), from, until])
            .await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.int(0)?, row.small(1)?, row.small(2)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn name(row: &Row, given: usize) -> Result<String, BadRow> {
    let first = row.opt_text(given + 2)?.map_or(row.text(given), Ok)?;
    Ok(format!("{first} {}", row.text(given + 1)?)
        .trim()
        .to_owned())
}

fn unbooked(row: &Row) -> Result<UnbookedPlan, BadRow> {
    let day = |column| {
        row.opt_date(column)?
            .ok_or_else(|| row.nonsense(column, "a day"))
    };
    let episode = row.id(5)?;
    Ok(UnbookedPlan {
        patient: row.id(0)?,
        name: name(row, 1)?,
        plan: Plan {
            id: row.id(4)?,
            episode,
            visits: row.small(6)?,
            visits_per_week: row.small(7)?,
            starts_on: day(8)?,
            ends_on: day(9)?,
            authorised_visits: row
                .opt_int(10)?
                .and_then(|visits| u16::try_from(visits).ok()),
        },
        episode,
        completed: row.small(11)?,
        last_at: row.opt_time(12)?,
    })
}
