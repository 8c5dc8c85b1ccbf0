//! Lists and threads of messages, in both directions.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::{AppointmentId, ConversationId, Id, MessageId, PatientId, UserId};
use tendon_care::message::Body;
use tendon_care::purpose::Purpose;
use uuid::Uuid;

use super::message::content;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::PracticeKeys;
use crate::sql::{Row, id, params, statements};

statements! {
    THREAD = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
              template, appointment_id, content_sealed, state, state_at, intent, created_at, segments, sender \
              from message where practice_id = $1 and conversation_id = $2 order by created_at, message_id";
    LINE = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
            template, appointment_id, content_sealed, state, state_at, intent, created_at, segments, sender \
            from message where practice_id = $1 and message_id = $2";
    PAGE = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
            template, appointment_id, content_sealed, state, state_at, intent, created_at, segments, sender \
            from message where practice_id = $1 and (cast($2 as uuid) is null or patient_id = $2) \
            and ($3 = '' or state = $3) and created_at >= $4 \
            and (created_at < $5 or (created_at = $5 and message_id < $6)) \
            order by created_at desc, message_id desc limit $7";
}

/// A line of a list or thread: either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLine {
    /// The id.
    pub id: MessageId,
    /// About whom.
    pub patient: PatientId,
    /// Written by the person.
    pub inbound: bool,
    /// How it travels.
    pub channel: Channel,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Journey, version and step, where one caused it.
    pub journey: Option<(String, u32, String)>,
    /// The name of its wording.
    pub template: Option<String>,
    /// The visit it is about.
    pub appointment: Option<AppointmentId>,
    /// The words.
    pub text: Body,
    /// The code of its state.
    pub state: String,
    /// Since when.
    pub state_at: Timestamp,
    /// What the parser understood.
    pub intent: Option<String>,
    /// When it was made or came.
    pub created_at: Timestamp,
    /// SMS parts.
    pub segments: u16,
    /// The member of staff who wrote it.
    pub sender: Option<UserId>,
}

/// Which messages to list, newest first.
#[derive(Clone, Debug)]
pub struct MessageFilter {
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// In this state only; empty for all.
    pub state: String,
    /// Made since.
    pub since: Timestamp,
    /// Before this one.
    pub before: Option<(Timestamp, MessageId)>,
    /// At most so many.
    pub limit: u16,
}

impl Reader<'_> {
    /// Returns a thread, oldest first.
    pub async fn thread(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<MessageLine>, StoreError> {
        let rows = self
            .rows(&THREAD, vec![self.tenant(), id(conversation)])
            .await?;
        let keys = self.keys()?;
        rows.iter().map(|row| line(row, &keys)).collect()
    }

    /// Returns one message of either direction.
    pub async fn message_line(
        &self,
        message: MessageId,
    ) -> Result<Option<MessageLine>, StoreError> {
        let row = self.first(&LINE, vec![self.tenant(), id(message)]).await?;
        let keys = self.keys()?;
        row.as_ref().map(|row| line(row, &keys)).transpose()
    }

    /// Returns a page of messages, newest first.
    pub async fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageLine>, StoreError> {
        let (at, before) = filter
            .before
            .map_or((Timestamp::MAX, Uuid::max()), |(at, message)| {
                (at, message.uuid())
            });
        let values = params![
            self.tenant_id(),
            filter.patient.map(Id::uuid),
            &filter.state,
            filter.since,
            at,
            before,
            filter.limit
        ];
        let rows = self.rows(&PAGE, values).await?;
        let keys = self.keys()?;
        rows.iter().map(|row| line(row, &keys)).collect()
    }
}

fn line(row: &Row, keys: &PracticeKeys) -> Result<MessageLine, StoreError> {
    let message: MessageId = row.id(0)?;
    let journey = match (row.opt_text(5)?, row.opt_int(6)?, row.opt_text(7)?) {
        (Some(name), Some(version), Some(step)) => Some((
            name.to_owned(),
            u32::try_from(version).unwrap_or(0),
            step.to_owned(),
        )),
        _ => None,
    };
    Ok(MessageLine {
        id: message,
        patient: row.id(1)?,
        inbound: row.text(2)? == "in",
        channel: row.parsed(3, "a channel", Channel::from_code)?,
        purpose: row.parsed(4, "a purpose", |code| code.parse().ok())?,
        journey,
        template: row.opt_text(8)?.map(str::to_owned),
        appointment: row.opt_id(9)?,
        text: content(keys, message, row.bytes(10)?)?.text,
        state: row.text(11)?.to_owned(),
        state_at: row.time(12)?,
        intent: row.opt_text(13)?.map(str::to_owned),
        created_at: row.time(14)?,
        segments: row.small(15)?,
        sender: row.opt_id(16)?,
    })
}
