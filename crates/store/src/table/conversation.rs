//! Threads: one per patient, channel and address.

use jiff::Timestamp;
use tendon_care::contact::{Address, Channel};
use tendon_care::id::{AppointmentId, ConversationId, Id, PatientId};

use super::AddressKey;
use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    GET = "select conversation_id, patient_id, channel, prompt, prompt_appointment, last_at, last_inbound_at, \
           waiting_since from conversation where practice_id = $1 and conversation_id = $2";
    AT = "select conversation_id, patient_id, channel, prompt, prompt_appointment, last_at, last_inbound_at, \
          waiting_since from conversation where practice_id = $1 and channel = $2 and address_blind = $3 \
          order by last_at desc, conversation_id";
    NEWEST = "select c.conversation_id, c.patient_id, c.channel, c.prompt, c.prompt_appointment, c.last_at, \
          c.last_inbound_at, c.waiting_since, p.given, p.family, p.preferred from conversation c join patient p \
          on p.practice_id = c.practice_id and p.patient_id = c.patient_id \
          where c.practice_id = $1 and c.last_inbound_at is not null order by c.last_at desc, c.conversation_id limit $2";
    WAITING = "select c.conversation_id, c.patient_id, c.channel, c.prompt, c.prompt_appointment, c.last_at, \
          c.last_inbound_at, c.waiting_since, p.given, p.family, p.preferred from conversation c join patient p \
          on p.practice_id = c.practice_id and p.patient_id = c.patient_id \
          where c.practice_id = $1 and c.waiting_since is not null \
          order by c.waiting_since, c.conversation_id limit $2";
    PUT = "insert into conversation (practice_id, conversation_id, patient_id, channel, address_blind, prompt, \
           prompt_appointment, last_at, last_inbound_at, waiting_since) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
           on conflict (practice_id, conversation_id) do update set prompt = excluded.prompt, \
           prompt_appointment = excluded.prompt_appointment, last_at = excluded.last_at, \
           last_inbound_at = excluded.last_inbound_at, waiting_since = excluded.waiting_since";
    /// What the practice says: a message that asks nothing leaves an open question open.
    SPOKEN = "insert into conversation (practice_id, conversation_id, patient_id, channel, address_blind, \
              prompt, prompt_appointment, last_at) values ($1, $2, $3, $4, $5, $6, $7, $8) \
              on conflict (practice_id, conversation_id) do update set last_at = excluded.last_at, \
              prompt = coalesce(excluded.prompt, conversation.prompt), prompt_appointment = \
              case when excluded.prompt is null then conversation.prompt_appointment \
              else excluded.prompt_appointment end";
    WITH = "select conversation_id from conversation \
            where practice_id = $1 and patient_id = $2 and channel = $3 and address_blind = $4";
    WAIT = "update conversation set waiting_since = $3 where practice_id = $1 and conversation_id = $2";
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// The id.
    pub id: ConversationId,
    /// With whom.
    pub patient: PatientId,
    /// How.
    pub channel: Channel,
    /// With which address; `None` when read, as it is not needed and stays sealed.
    pub address: Option<AddressKey>,
    /// What the next reply answers, such as `visit`, and about which visit.
    pub prompt: Option<(String, Option<AppointmentId>)>,
    /// When anything was last said.
    pub last_at: Timestamp,
    /// When the person last wrote.
    pub last_inbound_at: Option<Timestamp>,
    /// Since when the person waits for an answer by staff.
    pub waiting_since: Option<Timestamp>,
}

/// A line of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLine {
    /// The thread.
    pub thread: ConversationRow,
    /// The patient's name for staff pages.
    pub name: String,
}

impl Reader<'_> {
    /// Returns one thread.
    pub async fn conversation(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<ConversationRow>, StoreError> {
        let row = self
            .first(&GET, vec![self.tenant(), id(conversation)])
            .await?;
        Ok(row.as_ref().map(thread).transpose()?)
    }

    /// Finds the threads with an address, the latest first; a shared phone has several.
    pub async fn conversations_at(
        &self,
        channel: Channel,
        address: &Address,
    ) -> Result<Vec<ConversationRow>, StoreError> {
        let blind = self.keys()?.blind(&address.comparable());
        let rows = self
            .rows(&AT, params![self.tenant_id(), channel.code(), blind])
            .await?;
        Ok(rows.iter().map(thread).collect::<Result<_, _>>()?)
    }

    /// Finds the thread with a patient at an address.
    pub async fn conversation_with(
        &self,
        patient: PatientId,
        channel: Channel,
        address: &Address,
    ) -> Result<Option<ConversationId>, StoreError> {
        let blind = self.keys()?.blind(&address.comparable());
        let values = params![self.tenant_id(), patient.uuid(), channel.code(), blind];
        let row = self.first(&WITH, values).await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }

    /// Returns the threads in which a person wrote, the latest first.
    pub async fn threads(&self, limit: u16) -> Result<Vec<ThreadLine>, StoreError> {
        let rows = self.rows(&NEWEST, params![self.tenant_id(), limit]).await?;
        Ok(rows.iter().map(thread_line).collect::<Result<_, _>>()?)
    }

    /// Returns the threads in which a person waits for an answer, the longest first.
    pub async fn threads_waiting(&self, limit: u16) -> Result<Vec<ThreadLine>, StoreError> {
        let rows = self
            .rows(&WAITING, params![self.tenant_id(), limit])
            .await?;
        Ok(rows.iter().map(thread_line).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn upsert(binder: Binder<'_>, row: &ConversationRow) -> Bound {
    let (prompt, visit) = match &row.prompt {
        Some((prompt, visit)) => (Some(prompt.as_str()), visit.map(Id::uuid)),
        None => (None, None),
    };
    // The address decides a new row only; an existing one keeps its own.
    let blind = row
        .address
        .as_ref()
        .map_or_else(Vec::new, |key| binder.keys.blind(key.comparable()));
    Bound::one(
        &PUT,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            row.patient.uuid(),
            row.channel.code(),
            blind,
            prompt,
            visit,
            row.last_at,
            row.last_inbound_at,
            row.waiting_since
        ],
    )
}

pub(crate) fn spoken(binder: Binder<'_>, row: &ConversationRow) -> Bound {
    // The first eight columns are the same.
    let Bound { mut params, .. } = upsert(binder, row);
    params.truncate(8);
    Bound::one(&SPOKEN, params)
}

pub(crate) fn waiting(
    binder: Binder<'_>,
    conversation: ConversationId,
    since: Option<Timestamp>,
) -> Bound {
    Bound::one(
        &WAIT,
        params![binder.practice.uuid(), conversation.uuid(), since],
    )
}

fn thread(row: &Row) -> Result<ConversationRow, BadRow> {
    let prompt = row.opt_text(3)?.map(str::to_owned);
    let visit = row.opt_id(4)?;
    Ok(ConversationRow {
        id: row.id(0)?,
        patient: row.id(1)?,
        channel: row.parsed(2, "a channel", Channel::from_code)?,
        address: None,
        prompt: prompt.map(|prompt| (prompt, visit)),
        last_at: row.time(5)?,
        last_inbound_at: row.opt_time(6)?,
        waiting_since: row.opt_time(7)?,
    })
}

fn thread_line(row: &Row) -> Result<ThreadLine, BadRow> {
    let given = row.opt_text(10)?.map_or(row.text(8), Ok)?;
    Ok(ThreadLine {
        thread: thread(row)?,
        name: format!("{given} {}", row.text(9)?).trim().to_owned(),
    })
}
