//! Enrolments, their timers, and the journeys that they are in.

use jiff::Timestamp;
use tendon_care::id::{AppointmentId, EnrolmentId, EpisodeId, Id, PatientId};
use uuid::Uuid;

use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, Val, id, one_of_some, params, statements};

statements! {
    GET = "select e.enrolment_id, e.journey, e.journey_version, e.subject, e.patient_id, e.appointment_id, \
           e.episode_id, e.state, e.ended_at, e.end_reason, e.entered_at, e.version, t.step, t.due_at \
           from enrolment e left join timer t on t.practice_id = e.practice_id and t.enrolment_id = e.enrolment_id \
           where e.practice_id = $1 and e.enrolment_id = $2";
    OF_SUBJECT = "select e.enrolment_id, e.journey, e.journey_version, e.subject, e.patient_id, \
           e.appointment_id, e.episode_id, e.state, e.ended_at, e.end_reason, e.entered_at, e.version, \
           t.step, t.due_at \
           from enrolment e left join timer t on t.practice_id = e.practice_id and t.enrolment_id = e.enrolment_id \
           where e.practice_id = $1 and e.subject = $2 order by e.entered_at, e.enrolment_id";
    OF_PATIENT = "select e.enrolment_id, e.journey, e.journey_version, e.subject, e.patient_id, \
           e.appointment_id, e.episode_id, e.state, e.ended_at, e.end_reason, e.entered_at, e.version, \
           t.step, t.due_at \
           from enrolment e left join timer t on t.practice_id = e.practice_id and t.enrolment_id = e.enrolment_id \
           where e.practice_id = $1 and e.patient_id = $2 \
           order by e.entered_at, e.enrolment_id";
    OF_SOME = concat!("select e.enrolment_id, e.journey, e.journey_version, e.subject, e.patient_id, \
               e.appointment_id, e.episode_id, e.state, e.ended_at, e.end_reason, e.entered_at, e.version, \
               t.step, t.due_at \
               from enrolment e left join timer t on t.practice_id = e.practice_id and t.enrolment_id = e.enrolment_id \
               where e.practice_id = $1 and e.patient_id ", one_of_some!(), " \
               order by e.entered_at, e.enrolment_id");
    INSERT = "insert into enrolment (practice_id, enrolment_id, journey, journey_version, subject, patient_id, \
              appointment_id, episode_id, state, ended_at, end_reason, entered_at) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "update enrolment set state = $3, ended_at = $4, end_reason = $5, version = version + 1 \
              where practice_id = $1 and enrolment_id = $2 and version = $6";
    /// Setting a timer frees it: the next claim may be any node's.
    SET_TIMER = "insert into timer (practice_id, enrolment_id, step, due_at) values ($1, $2, $3, $4) \
                 on conflict (practice_id, enrolment_id) do update set step = excluded.step, \
                 due_at = excluded.due_at, lease = null, lease_until = 0";
    CLEAR_TIMER = "delete from timer where practice_id = $1 and enrolment_id = $2";
    DEFINITIONS = "select name, version, source, created_at from journey_definition where practice_id = $1 \
                   order by name, version";
    ADD_DEFINITION = "insert into journey_definition (practice_id, name, version, source, created_at) \
                      values ($1, $2, $3, $4, $5)";
    SWITCHES = "select name, enabled from journey_switch where practice_id = $1";
    SWITCH = "insert into journey_switch (practice_id, name, enabled) values ($1, $2, $3) \
              on conflict (practice_id, name) do update set enabled = excluded.enabled";
    COUNTS = "select journey, count(*) from enrolment where practice_id = $1 and ended_at is null \
              group by journey order by journey";
}

/// When an enrolment wants to be woken, and for which step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WakeAt {
    /// The step.
    pub step: String,
    /// When.
    pub at: Timestamp,
}

/// One subject inside one journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// The id.
    pub id: EnrolmentId,
    /// The journey's name.
    pub journey: String,
    /// The version that it entered.
    pub journey_version: u32,
    /// What it is about: the id of the patient, episode, appointment or referral.
    pub subject: Uuid,
    /// Whose it is.
    pub patient: PatientId,
    /// The visit, where it is about one.
    pub appointment: Option<AppointmentId>,
    /// The episode, where it is about one.
    pub episode: Option<EpisodeId>,
    /// The engine's state in its stored form.
    pub state: String,
    /// The timer; none while nothing is planned.
    pub wake: Option<WakeAt>,
    /// When it began.
    pub entered_at: Timestamp,
    /// When and why it ended.
    pub ended: Option<(Timestamp, String)>,
}

/// A version of a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JourneyRow {
    /// The name.
    pub name: String,
    /// The version, from 1.
    pub version: u32,
    /// The definition as text.
    pub source: String,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Reader<'_> {
    /// Returns one enrolment.
    pub async fn enrolment(
        &self,
        enrolment: EnrolmentId,
    ) -> Result<Option<Versioned<EnrolmentRow>>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(enrolment)]).await?;
        Ok(row.as_ref().map(|row| enrolment_row(row, 0)).transpose()?)
    }

    /// Returns every enrolment of a subject, ended ones included, oldest first.
    pub async fn enrolments_of(
        &self,
        subject: Uuid,
    ) -> Result<Vec<Versioned<EnrolmentRow>>, StoreError> {
        let rows = self
            .rows(&OF_SUBJECT, params![self.tenant_id(), subject])
            .await?;
        Ok(rows
            .iter()
            .map(|row| enrolment_row(row, 0))
            .collect::<Result<_, _>>()?)
    }

    /// Returns a patient's enrolments, ended ones included, oldest first.
    pub async fn enrolments_of_patient(
        &self,
        patient: PatientId,
    ) -> Result<Vec<Versioned<EnrolmentRow>>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        Ok(rows
            .iter()
            .map(|row| enrolment_row(row, 0))
            .collect::<Result<_, _>>()?)
    }

    /// Returns every version of every journey of the practice's own.
    pub async fn journey_definitions(&self) -> Result<Vec<JourneyRow>, StoreError> {
        let rows = self.rows(&DEFINITIONS, vec![self.tenant()]).await?;
        let read = |row: &Row| -> Result<JourneyRow, BadRow> {
            Ok(JourneyRow {
                name: row.text(0)?.to_owned(),
                version: row.small(1)?,
                source: row.text(2)?.to_owned(),
                created_at: row.time(3)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Returns which journeys were switched on or off by the practice.
    pub async fn journey_switches(&self) -> Result<Vec<(String, bool)>, StoreError> {
        let rows = self.rows(&SWITCHES, vec![self.tenant()]).await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.text(0)?.to_owned(), row.bool(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Counts running enrolments by journey.
    pub async fn journey_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self.rows(&COUNTS, vec![self.tenant()]).await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.text(0)?.to_owned(), row.small(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn insert(binder: Binder<'_>, row: &EnrolmentRow, out: &mut Vec<Bound>) {
    let (ended_at, reason) = ended(row);
    out.push(Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            &row.journey,
            row.journey_version,
            row.subject,
            row.patient.uuid(),
            row.appointment.map(Id::uuid),
            row.episode.map(Id::uuid),
            &row.state,
            ended_at,
            reason,
            row.entered_at
        ],
    ));
    // A new enrolment has no timer that would have to be removed.
    out.extend(
        row.wake
            .as_ref()
            .map(|wake| set_timer(binder, row.id, wake)),
    );
}

pub(crate) fn update(binder: Binder<'_>, row: &Versioned<EnrolmentRow>, out: &mut Vec<Bound>) {
    let (ended_at, reason) = ended(row);
    out.push(Bound::one(
        &UPDATE,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            &row.state,
            ended_at,
            reason,
            row.version
        ],
    ));
    out.push(match &row.wake {
        Some(wake) => set_timer(binder, row.id, wake),
        None => timer_gone(binder, row.id),
    });
}

fn set_timer(binder: Binder<'_>, enrolment: EnrolmentId, wake: &WakeAt) -> Bound {
    Bound::one(
        &SET_TIMER,
        params![
            binder.practice.uuid(),
            enrolment.uuid(),
            &wake.step,
            wake.at
        ],
    )
}

pub(crate) fn timer_gone(binder: Binder<'_>, enrolment: EnrolmentId) -> Bound {
    Bound::any(
        &CLEAR_TIMER,
        params![binder.practice.uuid(), enrolment.uuid()],
    )
}

pub(crate) fn definition(binder: Binder<'_>, row: &JourneyRow) -> Bound {
    Bound::one(
        &ADD_DEFINITION,
        params![
            binder.practice.uuid(),
            &row.name,
            row.version,
            &row.source,
            row.created_at
        ],
    )
}

pub(crate) fn switch(binder: Binder<'_>, name: &str, enabled: bool) -> Bound {
    Bound::one(&SWITCH, params![binder.practice.uuid(), name, enabled])
}

fn ended(row: &EnrolmentRow) -> (Val, Val) {
    match &row.ended {
        Some((at, reason)) => ((*at).into(), reason.into()),
        None => (Val::Null, Val::Null),
    }
}

/// Reads the fourteen columns of an enrolment with its timer, from `first` on.
pub(crate) fn enrolment_row(row: &Row, first: usize) -> Result<Versioned<EnrolmentRow>, BadRow> {
    let at = |offset: usize| first + offset;
    let ended_at = row.opt_time(at(8))?;
    let wake = row
        .opt_text(at(12))?
        .map(str::to_owned)
        .zip(row.opt_time(at(13))?);
    let value = EnrolmentRow {
        id: row.id(at(0))?,
        journey: row.text(at(1))?.to_owned(),
        journey_version: row.small(at(2))?,
        // The kind of id depends on the journey; any id's bytes are read alike.
        subject: row.id::<PatientId>(at(3))?.uuid(),
        patient: row.id(at(4))?,
        appointment: row.opt_id(at(5))?,
        episode: row.opt_id(at(6))?,
        state: row.text(at(7))?.to_owned(),
        wake: wake.map(|(step, at)| WakeAt { step, at }),
        entered_at: row.time(at(10))?,
        ended: ended_at.map(|at_time| {
            (
                at_time,
                row.opt_text(at(9))
                    .ok()
                    .flatten()
                    .unwrap_or_default()
                    .to_owned(),
            )
        }),
    };
    Ok(Versioned {
        value,
        version: row.int(at(11))?,
    })
}
