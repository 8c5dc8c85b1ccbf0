//! Claiming work in batches: due timers and due messages.
//!
//! A claim writes a lease and commits at once. A node that dies leaves its leases to
//! run out. The two engines differ here alone: PostgreSQL skips rows that another node
//! holds and answers what it took in the same statement; SQLite reads what was taken by
//! its lease.

use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Channel;
use tendon_care::id::{Id, MessageId, PracticeId};
use uuid::Uuid;

use crate::commit::Versioned;
use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{Bound, Row, Sql, Val, params, statements};
use crate::table::enrolment::{EnrolmentRow, enrolment_row};
use crate::table::message::{MessageRow, columns, message_row};

/// What a claimed timer says, from the timer and its enrolment.
macro_rules! timer_columns {
    () => {
        "t.practice_id, e.enrolment_id, t.due_at, e.enrolment_id, e.journey, e.journey_version, \
         e.subject, e.patient_id, e.appointment_id, e.episode_id, e.state, e.ended_at, e.end_reason, \
         e.entered_at, e.version, t.step, t.due_at"
    };
}

statements! {
    CLAIM_TIMERS = "update timer set lease = $1, lease_until = $2 where (practice_id, enrolment_id) in \
        (select practice_id, enrolment_id from timer where due_at <= $3 and lease_until <= $3 \
         order by due_at limit $4)";
    TIMERS = concat!("select ", timer_columns!(), " from timer t join enrolment e \
        on e.practice_id = t.practice_id and e.enrolment_id = t.enrolment_id \
        where t.lease = $1 order by t.due_at, t.enrolment_id");
    TIMERS_POSTGRES = concat!("with t as (update timer set lease = $1, lease_until = $2 \
        where (practice_id, enrolment_id) in \
        (select practice_id, enrolment_id from timer where due_at <= $3 and lease_until <= $3 \
         order by due_at limit $4 for update skip locked) \
        returning practice_id, enrolment_id, due_at, step) \
        select ", timer_columns!(), " from t join enrolment e \
        on e.practice_id = t.practice_id and e.enrolment_id = t.enrolment_id \
        order by t.due_at, t.enrolment_id");
    CLAIM_MESSAGES = "update outbox set lease = $1, lease_until = $2 where (practice_id, message_id) in \
        (select practice_id, message_id from outbox where channel = $5 and due_at <= $3 \
         and lease_until <= $3 order by priority, due_at limit $4)";
    MESSAGES = concat!("select o.practice_id, o.message_id, o.started, ", columns!(), " from outbox o \
        join message m on m.practice_id = o.practice_id and m.message_id = o.message_id \
        where o.lease = $1 order by o.priority, o.due_at, o.message_id");
    MESSAGES_POSTGRES = concat!("with o as (update outbox set lease = $1, lease_until = $2 \
        where (practice_id, message_id) in \
        (select practice_id, message_id from outbox where channel = $5 and due_at <= $3 \
         and lease_until <= $3 order by priority, due_at limit $4 for update skip locked) \
        returning practice_id, message_id, started, due_at, priority) \
        select o.practice_id, o.message_id, o.started, ", columns!(), " from o \
        join message m on m.practice_id = o.practice_id and m.message_id = o.message_id \
        order by o.priority, o.due_at, o.message_id");
    /// Whether anything is there to be claimed: asking costs no write.
    ANY_TIMER = "select 1 from timer where due_at <= $1 and lease_until <= $1 limit 1";
    ANY_MESSAGE = "select 1 from outbox where channel = $2 and due_at <= $1 and lease_until <= $1 limit 1";
    RELEASE_TIMERS = "update timer set lease = null, lease_until = 0 where lease = $1";
    /// Messages whose carrier is being called stay leased until that is settled.
    RELEASE_MESSAGES = "update outbox set lease = null, lease_until = 0 where lease = $1 and not started";
    /// What cannot be read is looked at again after a while: somebody may have mended it.
    TIMER_ASIDE = "update timer set due_at = $3, lease = null, lease_until = 0 \
                   where practice_id = $1 and enrolment_id = $2";
    MESSAGE_ASIDE = "update outbox set due_at = $3, lease = null, lease_until = 0 \
                     where practice_id = $1 and message_id = $2";
    NEXT_TIMER = "select min(due_at) from timer";
    NEXT_MESSAGE = "select min(due_at) from outbox where channel = $1";
    BACKLOG = "select (select count(*) from timer where due_at <= $1), \
               (select count(*) from outbox where due_at <= $1)";
}

/// How long work that cannot be read is set aside.
const ASIDE: SignedDuration = SignedDuration::from_hours(1);

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

/// What a claim brought.
#[derive(Debug)]
pub struct Claims<T> {
    /// Work that can be done.
    pub ready: Vec<T>,
    /// Work that cannot be read, such as words that no key opens. It is set aside for
    /// an hour, since it must not hold up what is due at the same moment.
    pub unreadable: Vec<Unreadable>,
}

/// A row that cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The enrolment or the message.
    pub id: Uuid,
    /// Why not.
    pub error: StoreError,
}

impl Db {
    /// Claims timers that are due, the oldest first.
    pub async fn claim_timers(&self, lease: &Lease) -> Result<Claims<ClaimedTimer>, StoreError> {
        if self.read(&ANY_TIMER, params![lease.now]).await?.is_empty() {
            return Ok(Claims::none());
        }
        let values = params![lease.id, lease.until, lease.now, lease.limit];
        let rows = if self.is_postgres() {
            self.returning(Bound::any(&TIMERS_POSTGRES, values)).await?
        } else {
            self.take(&CLAIM_TIMERS, values, &TIMERS, lease).await?
        };
        let read = |row: &Row| -> Result<ClaimedTimer, StoreError> {
            Ok(Claimed {
                practice: row.id(0)?,
                due_at: row.time(2)?,
                work: enrolment_row(row, 3)?,
            })
        };
        self.claims(&rows, &TIMER_ASIDE, lease, read).await
    }

    /// Claims messages that are due in the line of a channel: the most urgent first,
    /// and the oldest of those.
    pub async fn claim_messages(
        &self,
        lease: &Lease,
        line: Channel,
    ) -> Result<Claims<ClaimedMessage>, StoreError> {
        let any = params![lease.now, line.code()];
        if self.read(&ANY_MESSAGE, any).await?.is_empty() {
            return Ok(Claims::none());
        }
        let values = params![lease.id, lease.until, lease.now, lease.limit, line.code()];
        let rows = if self.is_postgres() {
            let claim = Bound::any(&MESSAGES_POSTGRES, values);
            self.returning(claim).await?
        } else {
            self.take(&CLAIM_MESSAGES, values, &MESSAGES, lease).await?
        };
        let read = |row: &Row| -> Result<ClaimedMessage, StoreError> {
            let practice: PracticeId = row.id(0)?;
            let keys = self.vault().keys(practice)?;
            Ok(ClaimedMessage {
                practice,
                started: row.bool(2)?,
                row: message_row(row, 3, &keys)?,
            })
        };
        self.claims(&rows, &MESSAGE_ASIDE, lease, read).await
    }

    /// Takes a lease, and reads what it holds.
    async fn take(
        &self,
        claim: &'static Sql,
        values: Vec<Val>,
        held: &'static Sql,
        lease: &Lease,
    ) -> Result<Vec<Row>, StoreError> {
        self.returning(Bound::any(claim, values)).await?;
        self.read(held, params![lease.id]).await
    }

    /// Reads rows that begin with their practice and their id, each for itself.
    async fn claims<T>(
        &self,
        rows: &[Row],
        aside: &'static Sql,
        lease: &Lease,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Claims<T>, StoreError> {
        let mut claims = Claims::none();
        for row in rows {
            // Any id is read alike.
            let (practice, id): (PracticeId, MessageId) = (row.id(0)?, row.id(1)?);
            self.meet(practice).await?;
            match read(row) {
                Ok(work) => claims.ready.push(work),
                Err(error) => {
                    let later = lease.now.saturating_add(ASIDE).unwrap_or(Timestamp::MAX);
                    let values = params![practice.uuid(), id.uuid(), later];
                    self.returning(Bound::any(aside, values)).await?;
                    let id = id.uuid();
                    claims.unreadable.push(Unreadable { id, error });
                }
            }
        }
        Ok(claims)
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
        let mut next = self.next_timer().await?;
        for line in Channel::ALL {
            next = [next, self.next_message(line).await?]
                .into_iter()
                .flatten()
                .min();
        }
        Ok(next)
    }

    /// Returns when the next timer is due.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.read(&NEXT_TIMER, params![]).await?;
        Ok(rows
            .first()
            .map(|row| row.opt_time(0))
            .transpose()?
            .flatten())
    }

    /// Returns when the next message in the line of a channel is due.
    pub async fn next_message(&self, line: Channel) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.read(&NEXT_MESSAGE, params![line.code()]).await?;
        Ok(rows
            .first()
            .map(|row| row.opt_time(0))
            .transpose()?
            .flatten())
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

impl<T> Claims<T> {
    const fn none() -> Self {
        Self {
            ready: Vec::new(),
            unreadable: Vec::new(),
        }
    }
}
