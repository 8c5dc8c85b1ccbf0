//! Courses of care that have fallen silent: nothing on the book, and nobody seen for long.

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::{EpisodeId, PatientId};

use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

statements! {
    /// `$2` is now. Silent since `$3` are those who come more than once a week, since
    /// `$4` who come once, since `$5` who are given up. Who has no visit at all is silent
    /// since the state was reached.
    SILENT = "select e.patient_id, e.episode_id from episode e \
              left join (select practice_id, episode_id, max(visits_per_week) as per_week from plan \
                  where practice_id = $1 group by practice_id, episode_id) n \
              on n.practice_id = e.practice_id and n.episode_id = e.episode_id \
              where e.practice_id = $1 \
              and e.state in ('referred', 'contacted', 'eval_scheduled', 'evaluated', 'active', 'at_risk') \
              and not exists (select 1 from appointment a where a.practice_id = e.practice_id \
                  and a.patient_id = e.patient_id and a.episode_id = e.episode_id \
                  and a.state in ('booked', 'confirmed') and a.starts_at > $2) \
              and coalesce((select max(a.starts_at) from appointment a \
                  where a.practice_id = e.practice_id and a.patient_id = e.patient_id \
                  and a.episode_id = e.episode_id and a.starts_at <= $2), e.state_at) \
                  <= case when e.state not in ('evaluated', 'active') then cast($5 as bigint) \
                     when coalesce(n.per_week, 1) > 1 then cast($3 as bigint) \
                     else cast($4 as bigint) end \
              and (e.state in ('evaluated', 'active', 'at_risk') or e.state_at <= $5) \
              order by e.patient_id, e.episode_id limit 500";
}

/// How long courses of care have been silent when something follows from it.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    /// Under way, and more than one visit a week.
    pub frequent: SignedDuration,
    /// Under way, and one visit a week.
    pub weekly: SignedDuration,
    /// At risk, or never begun.
    pub given_up: SignedDuration,
}

impl Reader<'_> {
    /// Returns courses of care without a visit ahead and without one within their
    /// silence, at most 500.
    pub async fn episodes_silent(
        &self,
        now: Timestamp,
        silence: Silence,
    ) -> Result<Vec<(PatientId, EpisodeId)>, StoreError> {
        let before = |length: SignedDuration| now.saturating_sub(length).unwrap_or(Timestamp::MIN);
        let Silence {
            frequent,
            weekly,
            given_up,
        } = silence;
        let rows = self
            .rows(
                &SILENT,
                params![
                    self.tenant_id(),
                    now,
                    before(frequent),
                    before(weekly),
                    before(given_up)
                ],
            )
            .await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.id(0)?, row.id(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
