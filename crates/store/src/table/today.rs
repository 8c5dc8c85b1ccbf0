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
    /// The book of a span with names, what was written about each visit and how
    /// the last four before it went.
    BOOK = "select a.appointment_id, a.patient_id, a.episode_id, a.location_id, a.clinician_id, a.kind, \
            a.starts_at, a.minutes, a.booked_at, a.state, a.state_at, a.cancelled_by, a.late, a.inferred, \
            a.version, p.given, p.family, p.preferred, p.language, c.display_name, \
            (select count(*) from message m where m.practice_id = a.practice_id \
             and m.appointment_id = a.appointment_id and m.handed_over_at is not null), \
            (select count(*) from appointment b where b.practice_id = a.practice_id \
             and b.patient_id = a.patient_id and b.starts_at < a.starts_at and b.state = 'completed'), \
            (select count(*) from appointment b where b.practice_id = a.practice_id \
             and b.patient_id = a.patient_id and b.starts_at < a.starts_at and b.state = 'noshow') \
            from appointment a \
            join patient p on p.practice_id = a.practice_id and p.patient_id = a.patient_id \
            left join clinician c on c.practice_id = a.practice_id and c.clinician_id = a.clinician_id \
            where a.practice_id = $1 and a.starts_at >= $2 and a.starts_at < $3 and a.state <> 'void' \
            order by a.starts_at, a.appointment_id";
    /// Plans of running episodes with visits left and none on the book.
    UNBOOKED = "select p.patient_id, p.given, p.family, p.preferred, n.plan_id, n.episode_id, n.visits, \
            n.visits_per_week, n.starts_on, n.ends_on, n.authorised_visits, v.completed, v.last_at \
            from episode e \
            join plan n on n.practice_id = e.practice_id and n.episode_id = e.episode_id \
            join patient p on p.practice_id = e.practice_id and p.patient_id = e.patient_id \
            join (select practice_id, episode_id, \
                  sum(case when state = 'completed' then 1 else 0 end) as completed, \
                  sum(case when state in ('booked', 'confirmed') and starts_at >= $2 then 1 else 0 end) as booked, \
                  max(case when state in ('completed', 'noshow', 'cancelled') then starts_at end) as last_at \
                  from appointment where practice_id = $1 and episode_id is not null \
                  group by practice_id, episode_id) v \
            on v.practice_id = e.practice_id and v.episode_id = e.episode_id \
            where e.practice_id = $1 and e.state in ('evaluated', 'active', 'at_risk') \
            and p.deceased_at is null and v.booked = 0 and v.completed < n.visits \
            order by v.last_at desc, p.patient_id limit $3";
    /// One row a clinic-local day: its number since `$2`, visits kept and visits that count.
    ARRIVALS = "select (starts_at - $2) / 86400000, \
            sum(case when state = 'completed' then 1 else 0 end), count(*) \
            from appointment where practice_id = $1 and starts_at >= $2 and starts_at < $3 \
            and state <> 'void' and not (state = 'cancelled' and cancelled_by = 'clinic') \
            group by 1 order by 1";
}

/// A visit with what the desk needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TodayVisit {
    /// The visit.
    pub visit: Versioned<Appointment>,
    /// The patient's name for staff pages.
    pub name: String,
    /// The language tag.
    pub language: String,
    /// Who sees the patient.
    pub clinician: Option<String>,
    /// Messages about it that went out.
    pub messages_sent: u64,
    /// Visits completed before it.
    pub completed_before: u64,
    /// Visits missed before it.
    pub missed_before: u64,
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
    ) -> Result<Vec<TodayVisit>, StoreError> {
        let rows = self
            .rows(&BOOK, params![self.tenant_id(), from, until])
            .await?;
        Ok(rows.iter().map(today_visit).collect::<Result<_, _>>()?)
    }

    /// Returns plans with visits left and nothing booked, the latest seen first.
    pub async fn plans_unbooked(
        &self,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<UnbookedPlan>, StoreError> {
        let rows = self
            .rows(&UNBOOKED, params![self.tenant_id(), now, limit])
            .await?;
        Ok(rows.iter().map(unbooked).collect::<Result<_, _>>()?)
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

fn today_visit(row: &Row) -> Result<TodayVisit, BadRow> {
    Ok(TodayVisit {
        visit: appointment(row)?,
        name: name(row, 15)?,
        language: row.text(18)?.to_owned(),
        clinician: row.opt_text(19)?.map(str::to_owned),
        messages_sent: row.small(20)?,
        completed_before: row.small(21)?,
        missed_before: row.small(22)?,
    })
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
