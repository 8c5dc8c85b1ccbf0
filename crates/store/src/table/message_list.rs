//! Lists and threads of messages, in both directions.

use std::collections::HashMap;

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::{AppointmentId, ConversationId, Id, MessageId, PatientId, UserId};
use tendon_care::message::Body;
use tendon_care::purpose::Purpose;
use uuid::Uuid;

use super::card::filled_up;
use super::message::content;
use super::source::MOST_AT_ONCE;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::PracticeKeys;
use crate::sql::{Row, id, params, statements};

/// The columns of a line, in the order that [`line()`] reads.
macro_rules! columns {
    () => {
        "m.message_id, m.patient_id, m.direction, m.channel, m.purpose, m.journey, m.journey_version, m.step, \
         m.template, m.appointment_id, m.content_sealed, m.state, m.state_at, m.intent, m.created_at, m.segments, \
         m.sender"
    };
}

/// A page before a cursor, newest first.
macro_rules! page {
    () => {
        "m.practice_id = $1 and ($2 = '' or m.state = $2) and m.created_at >= $3 \
         and m.created_at <= $4 and (m.created_at < $4 or m.message_id < $5) \
         order by m.created_at desc, m.message_id desc limit $6"
    };
}

statements! {
    THREAD = concat!("select ", columns!(), " from message m \
              where m.practice_id = $1 and m.conversation_id = $2 order by m.created_at, m.message_id");
    LINE = concat!("select ", columns!(), " from message m where m.practice_id = $1 and m.message_id = $2");
    PAGE = concat!("select ", columns!(), " from message m where ", page!());
    /// A statement of its own: one that serves all patients or one of them is planned
    /// for all of them.
    PAGE_OF_PATIENT = concat!("select ", columns!(), " from message m where m.patient_id = $7 and ", page!());
    /// What a person wrote last in each of these threads.
    LAST_WORDS = "select m.message_id, m.content_sealed, m.intent, c.conversation_id \
              from conversation c join message m on m.practice_id = c.practice_id and m.message_id = \
              (select x.message_id from message x where x.practice_id = c.practice_id \
              and x.conversation_id = c.conversation_id and x.direction = 'in' \
              order by x.created_at desc, x.message_id desc limit 1) \
              where c.practice_id = $1 and c.conversation_id in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
              $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, \
              $33)";
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

/// What a person wrote last in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// The words.
    pub text: Body,
    /// What the parser understood.
    pub intent: Option<String>,
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
        let mut values = params![
            self.tenant_id(),
            &filter.state,
            filter.since,
            at,
            before,
            filter.limit
        ];
        let page = match filter.patient {
            None => &PAGE,
            Some(patient) => {
                values.push(id(patient));
                &PAGE_OF_PATIENT
            }
        };
        let rows = self.rows(page, values).await?;
        let keys = self.keys()?;
        rows.iter().map(|row| line(row, &keys)).collect()
    }

    /// Returns what a person wrote last in each of these threads; a thread in which
    /// nobody wrote is left out.
    pub async fn last_words(
        &self,
        threads: &[ConversationId],
    ) -> Result<HashMap<ConversationId, LastWords>, StoreError> {
        let keys = self.keys()?;
        let mut found = HashMap::with_capacity(threads.len());
        for some in threads.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id()];
            bound.extend(filled_up(some));
            for row in self.rows(&LAST_WORDS, bound).await? {
                let words = LastWords {
                    text: content(&keys, row.id(0)?, row.bytes(1)?)?.text,
                    intent: row.opt_text(2)?.map(str::to_owned),
                };
                found.insert(row.id(3)?, words);
            }
        }
        Ok(found)
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
