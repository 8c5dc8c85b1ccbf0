//! Visits on the book.

use jiff::Timestamp;
use tendon_care::appointment::{Appointment, CancelledBy, VisitKind, VisitState};
use tendon_care::id::{AppointmentId, Id, PatientId};

use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, Val, id, one_of_some, params, statements};

statements! {
    GET = "select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, minutes, \
           booked_at, state, state_at, cancelled_by, late, inferred, version \
           from appointment where practice_id = $1 and appointment_id = $2";
    OF_PATIENT = "select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, \
                  minutes, booked_at, state, state_at, cancelled_by, late, inferred, version \
                  from appointment where practice_id = $1 and patient_id = $2 \
                  order by starts_at, appointment_id";
    OF_SOME = concat!("select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, \
               minutes, booked_at, state, state_at, cancelled_by, late, inferred, version \
               from appointment where practice_id = $1 and patient_id ", one_of_some!(), " \
               order by starts_at, appointment_id");
    BETWEEN = "select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, \
               minutes, booked_at, state, state_at, cancelled_by, late, inferred, version \
               from appointment where practice_id = $1 and starts_at >= $2 and starts_at < $3 \
               and (cast($4 as uuid) is null or starts_at > $2 or appointment_id > $4) \
               order by starts_at, appointment_id limit $5";
    /// Visits that should have begun and that nobody has checked in, cancelled or missed.
    OVERDUE = "select appointment_id, patient_id, episode_id, location_id, clinician_id, kind, starts_at, \
               minutes, booked_at, state, state_at, cancelled_by, late, inferred, version \
               from appointment where practice_id = $1 and state in ('booked', 'confirmed') \
               and starts_at < $2 order by starts_at, appointment_id limit 500";
    INSERT = "insert into appointment (practice_id, appointment_id, patient_id, episode_id, location_id, \
              clinician_id, kind, starts_at, minutes, booked_at, state, state_at, cancelled_by, late, inferred) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    UPDATE = "update appointment set patient_id = $3, episode_id = $4, location_id = $5, clinician_id = $6, \
              kind = $7, starts_at = $8, minutes = $9, booked_at = $10, state = $11, state_at = $12, \
              cancelled_by = $13, late = $14, inferred = $15, version = version + 1 \
              where practice_id = $1 and appointment_id = $2 and version = $16";
}

/// Which visits to list.
#[derive(Clone, Copy, Debug)]
pub struct VisitFilter {
    /// From this start on.
    pub from: Timestamp,
    /// Before this start.
    pub until: Timestamp,
    /// Of those that begin at `from`, only the ones after this visit: a page that
    /// goes on begins where the last one ended.
    pub after: Option<AppointmentId>,
    /// At most so many.
    pub limit: u16,
}

impl Reader<'_> {
    /// Returns one visit.
    pub async fn appointment(
        &self,
        visit: AppointmentId,
    ) -> Result<Option<Versioned<Appointment>>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(visit)]).await?;
        Ok(row.as_ref().map(appointment).transpose()?)
    }

    /// Returns a patient's visits, earliest first.
    pub async fn appointments_of(
        &self,
        patient: PatientId,
    ) -> Result<Vec<Versioned<Appointment>>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        Ok(rows.iter().map(appointment).collect::<Result<_, _>>()?)
    }

    /// Returns the visits of a span of the book, earliest first.
    pub async fn appointments(
        &self,
        filter: &VisitFilter,
    ) -> Result<Vec<Versioned<Appointment>>, StoreError> {
        let values = params![
            self.tenant_id(),
            filter.from,
            filter.until,
            filter.after.map(Id::uuid),
            filter.limit
        ];
        let rows = self.rows(&BETWEEN, values).await?;
        Ok(rows.iter().map(appointment).collect::<Result<_, _>>()?)
    }

    /// Returns open visits that began before a moment, earliest first, at most 500.
    pub async fn appointments_overdue(
        &self,
        before: Timestamp,
    ) -> Result<Vec<Versioned<Appointment>>, StoreError> {
        let rows = self
            .rows(&OVERDUE, params![self.tenant_id(), before])
            .await?;
        Ok(rows.iter().map(appointment).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn insert(binder: Binder<'_>, visit: &Appointment) -> Bound {
    Bound::one(&INSERT, columns(binder, visit))
}

pub(crate) fn update(binder: Binder<'_>, visit: &Versioned<Appointment>) -> Bound {
    let mut values = columns(binder, visit);
    values.push(visit.version.into());
    Bound::one(&UPDATE, values)
}

fn columns(binder: Binder<'_>, visit: &Appointment) -> Vec<Val> {
    let (at, by, late, inferred) = match visit.state {
        VisitState::Booked => (None, None, None, None),
        VisitState::Confirmed { at }
        | VisitState::Arrived { at }
        | VisitState::InProgress { at }
        | VisitState::Completed { at }
        | VisitState::Void { at } => (Some(at), None, None, None),
        VisitState::Cancelled { at, by, late } => (Some(at), Some(by.code()), Some(late), None),
        VisitState::NoShow { at, inferred } => (Some(at), None, None, Some(inferred)),
    };
    params![
        binder.practice.uuid(),
        visit.id.uuid(),
        visit.patient.uuid(),
        visit.episode.map(Id::uuid),
        visit.location.uuid(),
        visit.clinician.map(Id::uuid),
        visit.kind.code(),
        visit.starts_at,
        visit.minutes,
        visit.booked_at,
        visit.state.code(),
        at,
        by,
        late,
        inferred
    ]
}

/// Reads the fifteen columns that every select of this file has.
pub(crate) fn appointment(row: &Row) -> Result<Versioned<Appointment>, BadRow> {
    let value = Appointment {
        id: row.id(0)?,
        patient: row.id(1)?,
        episode: row.opt_id(2)?,
        location: row.id(3)?,
        clinician: row.opt_id(4)?,
        kind: row.parsed(5, "a kind of visit", VisitKind::from_code)?,
        starts_at: row.time(6)?,
        minutes: row.small(7)?,
        booked_at: row.time(8)?,
        state: state(row)?,
    };
    Ok(Versioned {
        value,
        version: row.int(14)?,
    })
}

fn state(row: &Row) -> Result<VisitState, BadRow> {
    let at = || row.time(10);
    Ok(match row.text(9)? {
        "booked" => VisitState::Booked,
        "confirmed" => VisitState::Confirmed { at: at()? },
        "arrived" => VisitState::Arrived { at: at()? },
        "in_progress" => VisitState::InProgress { at: at()? },
        "completed" => VisitState::Completed { at: at()? },
        "cancelled" => VisitState::Cancelled {
            at: at()?,
            by: row.parsed(11, "who cancelled", CancelledBy::from_code)?,
            late: row.bool(12)?,
        },
        "noshow" => VisitState::NoShow {
            at: at()?,
            inferred: row.bool(13)?,
        },
        "void" => VisitState::Void { at: at()? },
        _ => return Err(row.nonsense(9, "a state of a visit")),
    })
}
