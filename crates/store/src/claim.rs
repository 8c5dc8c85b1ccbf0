//! Claiming work in batches: due timers and due messages.
//!
//! A claim writes a lease and commits at once; what was claimed is read by the
//! lease. A node that dies leaves its leases to run out. The two engines differ
//! here alone: PostgreSQL skips rows that another node holds.

use jiff::Timestamp;
use tendon_care::id::PracticeId;
use uuid::Uuid;

use crate::commit::Versioned;
use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{Bound, Row, Sql, params, statements};
use crate::table::enrolment::{EnrolmentRow, enrolment_row};
use crate::table::message::{MessageRow, columns, message_row};

statements! {
    TIMERS_SQLITE = "update timer set lease = $1, lease_until = $2 where (practice_id, enrolment_id) in \
        (select practice_id, enrolment_id from timer where due_at <= $3 and lease_until <= $3 \
         order by due_at limit $4)";
    TIMERS_POSTGRES = "update timer set lease = $1, lease_until = $2 where (practice_id, enrolment_id) in \
        (select practice_id, enrolment_id from timer where due_at <= $3 and lease_until <= $3 \
         order by due_at limit $4 for update skip locked)";
    TIMERS = "select t.practice_id, t.due_at, e.enrolment_id, e.journey, e.journey_version, e.subject, \
        e.patient_id, e.appointment_id, e.episode_id, e.state, e.ended_at, e.end_reason, e.entered_at, \
        e.version, t.step, t.due_at from timer t join enrolment e \
        on e.practice_id = t.practice_id and e.enrolment_id = t.enrolment_id \
        where t.lease = $1 order by t.due_at, t.enrolment_id";
    MESSAGES_SQLITE = "update outbox set lease = $1, lease_until = $2 where (practice_id, message_id) in \
        (select practice_id, message_id from outbox where due_at <= $3 and lease_until <= $3 \
         order by due_at, priority limit $4)";
    MESSAGES_POSTGRES = "update outbox set lease = $1, lease_until = $2 where (practice_id, message_id) in \
        (select practice_id, message_id from outbox where due_at <= $3 and lease_until <= $3 \
         order by due_at, priority limit $4 for update skip locked)";
    MESSAGES = concat!("select o.practice_id, o.started, ", columns!(), " from outbox o join message m \
        on m.practice_id = o.practice_id and m.message_id = o.message_id \
        where o.lease = $1 order by o.due_at, o.priority, o.message_id");
    /// Whether anything is there to be claimed: asking costs no write.
    ANY_TIMER = "select 1 from timer where due_at <= $1 and lease_until <= $1 limit 1";
    ANY_MESSAGE = "select 1 from outbox where due_at <= $1 and lease_until <= $1 limit 1";
    RELEASE_TIMERS = "update timer set lease = null, lease_until = 0 where lease = $1";
    /// Messages whose carrier is being called stay leased until that is settled.
    RELEASE_MESSAGES = "update outbox set lease = null, lease_until = 0 where lease = $1 and not started";
    NEXT_TIMER = "select min(due_at) from timer";
    NEXT_MESSAGE = "select min(due_at) from outbox";
    BACKLOG = "select (select count(*) from timer where due_at <= $1), \
               (select count(*) from outbox where due_at <= $1)";
}

/// A claim in the making: who claims, until when, and how much at most.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// A random number of this one claim.
    pub id: Uuid,
    /// Work that is due by then.
    pub now: Timestamp,
    /// Work that is not done by then may be claimed by others.
    pub until: Timestamp,
    /// At most so many.
    pub limit: u16,
}

/// Something that was claimed.
#[derive(Clone, Debug)]
pub struct Claimed<T> {
    /// Whose it is.
    pub practice: PracticeId,
    /// When it was due.
    pub due_at: Timestamp,
    /// The thing.
    pub work: T,
}

/// A timer that was claimed: its enrolment.
pub type ClaimedTimer = Claimed<Versioned<EnrolmentRow>>;

/// A message that was claimed.
#[derive(Clone, Debug)]
pub struct ClaimedMessage {
    /// Whose it is.
    pub practice: PracticeId,
    /// The carrier was being called when the node that held it went away.
    pub started: bool,
    /// The message.
    pub row: Versioned<MessageRow>,
}

impl Db {
    /// Claims timers that are due, the oldest first.
    pub async fn claim_timers(&self, lease: &Lease) -> Result<Vec<ClaimedTimer>, StoreError> {
        if self.read(&ANY_TIMER, params![lease.now]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let claim = if self.is_postgres() {
            &TIMERS_POSTGRES
        } else {
            &TIMERS_SQLITE
        };
        self.claim(claim, lease).await?;
        let rows = self.read(&TIMERS, params![lease.id]).await?;
        let read = |row: &Row| -> Result<ClaimedTimer, StoreError> {
            Ok(Claimed {
                practice: row.id(0)?,
                due_at: row.time(1)?,
                work: enrolment_row(row, 2)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Claims messages that are due, the oldest first.
    pub async fn claim_messages(&self, lease: &Lease) -> Result<Vec<ClaimedMessage>, StoreError> {
        if self
            .read(&ANY_MESSAGE, params![lease.now])
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let claim = if self.is_postgres() {
            &MESSAGES_POSTGRES
        } else {
            &MESSAGES_SQLITE
        };
        self.claim(claim, lease).await?;
        let rows = self.read(&MESSAGES, params![lease.id]).await?;
        let read = |row: &Row| -> Result<ClaimedMessage, StoreError> {
            let practice: PracticeId = row.id(0)?;
            let keys = self.vault().keys(practice)?;
            Ok(ClaimedMessage {
                practice,
                started: row.bool(1)?,
                row: message_row(row, 2, &keys)?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn claim(&self, sql: &'static Sql, lease: &Lease) -> Result<(), StoreError> {
        let values = params![lease.id, lease.until, lease.now, lease.limit];
        self.returning(Bound::any(sql, values)).await.map(drop)
    }

    /// Gives back what a lease still holds, for a graceful shutdown.
    pub async fn release(&self, lease: Uuid) -> Result<(), StoreError> {
        for sql in [&RELEASE_TIMERS, &RELEASE_MESSAGES] {
            self.returning(Bound::any(sql, params![lease])).await?;
        }
        Ok(())
    }

    /// Returns when the next timer or message is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<Timestamp> = None;
        for sql in [&NEXT_TIMER, &NEXT_MESSAGE] {
            if let Some(row) = self.read(sql, params![]).await?.first() {
                next = [next, row.opt_time(0)?].into_iter().flatten().min();
            }
        }
        Ok(next)
    }

    /// Counts timers and messages that are due: the backlog, for metrics.
    pub async fn backlog(&self, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let rows = self.read(&BACKLOG, params![now]).await?;
        let Some(row) = rows.first() else {
            return Ok((0, 0));
        };
        Ok((row.small(0)?, row.small(1)?))
    }
}
