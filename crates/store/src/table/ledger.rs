//! The list of all messages with what became of each, and its tally.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::{ConversationId, Id, MessageId, PatientId};
use tendon_care::purpose::Purpose;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

/// What became of a message, as people sort it: a message that waits is `held`,
/// and `moved` where a member of staff gave it its time.
macro_rules! fate {
    () => {
        "case when m.state in ('sent', 'sending', 'unknown') then 'sent' \
         when m.state = 'queued' and (select x.outcome from decision x where x.practice_id = m.practice_id \
         and x.message_id = m.message_id order by x.decided_at desc, x.decision_id desc limit 1) = 'move' \
         then 'moved' when m.state = 'queued' then 'held' else m.state end"
    };
}

statements! {
    /// The page is found in the index alone; `cross join` keeps SQLite from beginning
    /// with all messages of the practice.
    LIST = concat!("with page as materialized (select m.message_id, m.created_at, ", fate!(), " as fate \
        from message m where m.practice_id = $1 and m.direction = 'out' \
        and m.created_at >= $2 and m.created_at < $3 \
        and m.created_at <= $4 and (m.created_at < $4 or m.message_id < $5) \
        and ($6 = '' or m.channel = $6) and ($7 = '' or m.purpose = $7) and ($8 = '' or m.journey = $8) \
        and ($9 = '' or ", fate!(), " = $9) order by m.created_at desc, m.message_id desc limit $10) \
        select m.message_id, m.patient_id, m.channel, m.purpose, m.journey, m.step, m.template, m.cause, \
        m.state_at, m.created_at, p.given, p.family, p.preferred, g.fate, d.reason, d.until_at, m.failure_code \
        from page g cross join message m cross join patient p left join decision d \
        on d.practice_id = m.practice_id and d.message_id = m.message_id \
        and d.decision_id = (select x.decision_id from decision x where x.practice_id = m.practice_id \
        and x.message_id = m.message_id order by x.decided_at desc, x.decision_id desc limit 1) \
        where m.practice_id = $1 and m.message_id = g.message_id \
        and p.practice_id = $1 and p.patient_id = m.patient_id \
        order by g.created_at desc, g.message_id desc");
    TALLY = concat!("select ", fate!(), ", count(*) from message m \
        where m.practice_id = $1 and m.direction = 'out' and m.created_at >= $2 and m.created_at < $3 \
        and ($4 = '' or m.channel = $4) and ($5 = '' or m.purpose = $5) and ($6 = '' or m.journey = $6) \
        group by 1");
    BY_JOURNEY = "select journey, count(*) from message where practice_id = $1 and direction = 'out' \
        and created_at >= $2 and journey is not null and handed_over_at is not null group by 1";
    CARRIED = "select c.conversation_id, c.patient_id from conversation c \
        where c.practice_id = $1 and c.channel = $2 and exists (select 1 from message m \
        where m.practice_id = c.practice_id and m.conversation_id = c.conversation_id and m.carrier = $3) \
        order by c.last_at desc, c.conversation_id limit $4";
    CARRIED_MAILS = "select message_id from message where practice_id = $1 and channel = 'email' \
        and carrier = $2 and handed_over_at is not null order by created_at desc, message_id desc limit $3";
}

/// Which messages to list. An empty text matches all.
#[derive(Clone, Debug)]
pub struct LedgerFilter {
    /// Made from this moment on.
    pub from: Timestamp,
    /// Made before this moment.
    pub until: Timestamp,
    /// One channel.
    pub channel: Option<Channel>,
    /// One purpose.
    pub purpose: Option<Purpose>,
    /// One journey's name.
    pub journey: String,
    /// One fate: `delivered`, `sent`, `held`, `moved`, `dropped`, `failed`, `parked`.
    pub fate: String,
}

/// A message in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// Which.
    pub id: MessageId,
    /// To whom.
    pub patient: PatientId,
    /// The patient's name for staff pages.
    pub name: String,
    /// How.
    pub channel: Channel,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The journey and its step.
    pub journey: Option<(String, String)>,
    /// The name of its wording.
    pub template: Option<String>,
    /// The code of its cause: `journey`, `staff` or `reply`.
    pub cause: String,
    /// What became of it.
    pub fate: String,
    /// Since when.
    pub state_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The code of the last decision's reason.
    pub reason: Option<String>,
    /// Until when it is held.
    pub until: Option<Timestamp>,
    /// The carrier's code, where it failed.
    pub failure: Option<String>,
}

impl Reader<'_> {
    /// Returns messages with what became of them, newest first, before a cursor.
    pub async fn message_ledger(
        &self,
        filter: &LedgerFilter,
        before: Option<(Timestamp, MessageId)>,
        limit: u16,
    ) -> Result<Vec<LedgerLine>, StoreError> {
        let (at, last) = before.map_or((Timestamp::MAX, uuid::Uuid::max()), |(at, id)| {
            (at, id.uuid())
        });
        let values = params![
            self.tenant_id(),
            filter.from,
            filter.until,
            at,
            last,
            filter.channel.map_or("", Channel::code),
            filter.purpose.map_or("", Purpose::code),
            &filter.journey,
            &filter.fate,
            limit
        ];
        let rows = self.rows(&LIST, values).await?;
        Ok(rows.iter().map(line).collect::<Result<_, _>>()?)
    }

    /// Counts messages by what became of them; the filter's own fate does not count.
    pub async fn message_tally(
        &self,
        filter: &LedgerFilter,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let values = params![
            self.tenant_id(),
            filter.from,
            filter.until,
            filter.channel.map_or("", Channel::code),
            filter.purpose.map_or("", Purpose::code),
            &filter.journey
        ];
        self.counts(&TALLY, values).await
    }

    /// Counts what each journey sent since a moment.
    pub async fn sends_by_journey(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.counts(&BY_JOURNEY, params![self.tenant_id(), since])
            .await
    }

    /// Returns the threads of a channel in which a carrier took a message, the
    /// last one that rang first.
    pub async fn threads_carried(
        &self,
        channel: Channel,
        carrier: &str,
        limit: u16,
    ) -> Result<Vec<(ConversationId, PatientId)>, StoreError> {
        let rows = self
            .rows(
                &CARRIED,
                params![self.tenant_id(), channel.code(), carrier, limit],
            )
            .await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.id(0)?, row.id(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Returns the e-mails that a carrier took, newest first.
    pub async fn mails_carried(
        &self,
        carrier: &str,
        limit: u16,
    ) -> Result<Vec<MessageId>, StoreError> {
        let rows = self
            .rows(&CARRIED_MAILS, params![self.tenant_id(), carrier, limit])
            .await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?)
    }

    async fn counts(
        &self,
        sql: &'static crate::sql::Sql,
        values: Vec<crate::sql::Val>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self.rows(sql, values).await?;
        let read = |row: &Row| Ok::<_, BadRow>((row.text(0)?.to_owned(), row.small(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn line(row: &Row) -> Result<LedgerLine, BadRow> {
    let given = row.opt_text(12)?.map_or(row.text(10), Ok)?;
    let journey = row.opt_text(4)?.zip(row.opt_text(5)?);
    Ok(LedgerLine {
        id: row.id(0)?,
        patient: row.id(1)?,
        name: format!("{given} {}", row.text(11)?).trim().to_owned(),
        channel: row.parsed(2, "a channel", Channel::from_code)?,
        purpose: row.parsed(3, "a purpose", |code| code.parse().ok())?,
        journey: journey.map(|(journey, step)| (journey.to_owned(), step.to_owned())),
        template: row.opt_text(6)?.map(str::to_owned),
        cause: row.text(7)?.to_owned(),
        fate: row.text(13)?.to_owned(),
        state_at: row.time(8)?,
        created_at: row.time(9)?,
        reason: row.opt_text(14)?.map(str::to_owned),
        until: row.opt_time(15)?,
        failure: row.opt_text(16)?.map(str::to_owned),
    })
}
