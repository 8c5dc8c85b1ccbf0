//! Messages out and in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tendon_care::contact::Channel;
use tendon_care::id::{
    AppointmentId, ContactPointId, ConversationId, EnrolmentId, Id, MessageId, PatientId, TaskId,
    UserId,
};
use tendon_care::language::Language;
use tendon_care::message::{Body, Cause, Content, Failure, FailureClass, Message, MessageState};

use super::outbox;
use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::{Cell, PracticeKeys};
use crate::sql::{BadRow, Bound, Row, Val, id, one_of_some, params, statements};

/// The columns of one outgoing message, in the order that [`message_row`] reads.
macro_rules! columns {
    () => {
        "m.message_id, m.conversation_id, m.patient_id, m.contact_point_id, m.channel, m.purpose, m.language, \
         m.cause, m.enrolment_id, m.journey, m.journey_version, m.step, m.template, m.prompt, m.appointment_id, \
         m.appointment_start, m.sender, m.content_sealed, m.segments, m.expires_at, m.state, m.state_at, \
         m.attempt, m.carrier, m.carrier_ref, m.failure_class, m.failure_code, m.task_id, m.created_at, \
         m.version, o.due_at, o.priority"
    };
}
pub(crate) use columns;

statements! {
    GET = concat!("select ", columns!(), " from message m left join outbox o \
           on o.practice_id = m.practice_id and o.message_id = m.message_id \
           where m.practice_id = $1 and m.message_id = $2 and m.direction = 'out'");
    BY_REF = concat!("select ", columns!(), " from message m left join outbox o \
           on o.practice_id = m.practice_id and o.message_id = m.message_id \
           where m.practice_id = $1 and m.carrier = $2 and m.carrier_ref = $3 and m.direction = 'out'");
    /// Messages that wait in the outbox for a visit or an enrolment.
    PENDING_OF_VISIT = concat!("select ", columns!(), " from message m left join outbox o \
           on o.practice_id = m.practice_id and o.message_id = m.message_id \
           where m.practice_id = $1 and m.appointment_id = $2 and m.state = 'queued'");
    /// A queued message is in the outbox; the outer join has them looked up there one by
    /// one, however many wait for other patients.
    PENDING_OF_PATIENT = concat!("select ", columns!(), " from message m left join outbox o \
           on o.practice_id = m.practice_id and o.message_id = m.message_id \
           where m.practice_id = $1 and m.patient_id = $2 and m.state = 'queued'");
    PENDING_OF_SOME = concat!("select ", columns!(), " from message m left join outbox o \
           on o.practice_id = m.practice_id and o.message_id = m.message_id \
           where m.practice_id = $1 and m.state = 'queued' and m.patient_id ", one_of_some!());
    INSERT = "insert into message (practice_id, message_id, conversation_id, patient_id, direction, \
              contact_point_id, channel, purpose, language, cause, enrolment_id, journey, journey_version, \
              step, template, prompt, appointment_id, appointment_start, sender, content_sealed, segments, \
              expires_at, state, state_at, created_at) values ($1, $2, $3, $4, 'out', $5, $6, $7, $8, $9, $10, \
              $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)";
    INSERT_INBOUND = "insert into message (practice_id, message_id, conversation_id, patient_id, direction, \
              contact_point_id, channel, purpose, language, cause, appointment_id, content_sealed, segments, \
              expires_at, state, state_at, carrier, carrier_ref, intent, created_at) \
              values ($1, $2, $3, $4, 'in', $5, $6, 'P1', $7, 'person', $8, $9, 0, $10, 'received', $10, $11, \
              $12, $13, $10)";
    /// A message that another commit has moved meanwhile is not touched.
    MOVE = "update message set state = $3, state_at = $4, attempt = $5, contact_point_id = \
            coalesce($6, contact_point_id), channel = coalesce($7, channel), conversation_id = \
            coalesce($8, conversation_id), carrier = coalesce($9, carrier), carrier_ref = \
            coalesce($10, carrier_ref), failure_class = $11, failure_code = $12, task_id = \
            coalesce($13, task_id), handed_over_at = \
            case when $3 = 'queued' or ($3 = 'failed' and carrier_ref is null) then null \
            else coalesce($14, handed_over_at) end, version = version + 1 \
            where practice_id = $1 and message_id = $2 and version = $15";
    REWORD = "update message set content_sealed = $3, segments = $4 \
              where practice_id = $1 and message_id = $2";
    SEEN_INBOUND = "select message_id from message where practice_id = $1 and carrier = $2 and carrier_ref = $3 \
                    union all select stray_id from stray_message \
                    where practice_id = $1 and carrier = $2 and carrier_ref = $3";
}

/// An outgoing message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The message.
    pub message: Message,
    /// The name of its wording.
    pub template: Option<String>,
    /// What a reply to it answers, such as `visit`.
    pub prompt: Option<String>,
    /// When the visit was to begin when this was written: a moved visit makes it stale.
    pub appointment_start: Option<Timestamp>,
    /// Who wrote it, for messages by staff.
    pub sender: Option<UserId>,
    /// SMS parts; 0 for e-mail.
    pub segments: u16,
    /// Lower goes first.
    pub priority: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// The carrier that took it.
    pub carrier: Option<String>,
}

/// A message that somebody wrote to the practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// The id.
    pub id: MessageId,
    /// The thread.
    pub conversation: ConversationId,
    /// Who is thought to have written.
    pub patient: PatientId,
    /// From which address.
    pub contact_point: Option<ContactPointId>,
    /// How it came.
    pub channel: Channel,
    /// The language it was read in.
    pub language: Language,
    /// The visit that it answers.
    pub appointment: Option<AppointmentId>,
    /// The words.
    pub body: Body,
    /// Which carrier brought it, and its id there: the same one twice is a repeat.
    pub carrier: String,
    /// The carrier's id.
    pub carrier_ref: String,
    /// The class that the parser gave it.
    pub intent: String,
    /// When it came.
    pub at: Timestamp,
}

/// A message moving from the state that was read to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageMove {
    /// Which.
    pub id: MessageId,
    /// The version that was read.
    pub version: i64,
    /// Where it stands now.
    pub to: MessageState,
    /// Where it goes, once chosen.
    pub contact_point: Option<ContactPointId>,
    /// How it travels, once chosen.
    pub channel: Option<Channel>,
    /// The thread, once known.
    pub conversation: Option<ConversationId>,
    /// The carrier, once chosen.
    pub carrier: Option<String>,
    /// What is said, once worded for the channel, with its SMS parts.
    pub content: Option<(Content, u16)>,
}

impl MessageMove {
    /// Moves a message to a state and leaves all else.
    pub const fn to(id: MessageId, version: i64, to: MessageState) -> Self {
        Self {
            id,
            version,
            to,
            contact_point: None,
            channel: None,
            conversation: None,
            carrier: None,
            content: None,
        }
    }
}

/// The sealed shape of what is said, version 1.
#[derive(Serialize, Deserialize)]
struct ContentV1<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    subject: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    html: Option<std::borrow::Cow<'a, str>>,
}

impl Reader<'_> {
    /// Returns one outgoing message.
    pub async fn message(
        &self,
        message: MessageId,
    ) -> Result<Option<Versioned<MessageRow>>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(message)]).await?;
        let keys = self.keys()?;
        row.as_ref()
            .map(|row| message_row(row, 0, &keys))
            .transpose()
    }

    /// Finds an outgoing message by the carrier's id.
    pub async fn message_by_ref(
        &self,
        carrier: &str,
        carrier_ref: &str,
    ) -> Result<Option<Versioned<MessageRow>>, StoreError> {
        let row = self
            .first(&BY_REF, params![self.tenant_id(), carrier, carrier_ref])
            .await?;
        let keys = self.keys()?;
        row.as_ref()
            .map(|row| message_row(row, 0, &keys))
            .transpose()
    }

    /// Tells whether a carrier brought this message before.
    pub async fn inbound_known(
        &self,
        carrier: &str,
        carrier_ref: &str,
    ) -> Result<bool, StoreError> {
        let row = self
            .first(
                &SEEN_INBOUND,
                params![self.tenant_id(), carrier, carrier_ref],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Returns the queued messages about a visit.
    pub async fn messages_pending_for_visit(
        &self,
        visit: AppointmentId,
    ) -> Result<Vec<Versioned<MessageRow>>, StoreError> {
        self.message_rows(&PENDING_OF_VISIT, vec![self.tenant(), id(visit)])
            .await
    }

    /// Returns the queued messages of a patient.
    pub async fn messages_pending_for(
        &self,
        patient: PatientId,
    ) -> Result<Vec<Versioned<MessageRow>>, StoreError> {
        self.message_rows(&PENDING_OF_PATIENT, vec![self.tenant(), id(patient)])
            .await
    }

    async fn message_rows(
        &self,
        sql: &'static crate::sql::Sql,
        values: Vec<Val>,
    ) -> Result<Vec<Versioned<MessageRow>>, StoreError> {
        let rows = self.rows(sql, values).await?;
        let keys = self.keys()?;
        rows.iter().map(|row| message_row(row, 0, &keys)).collect()
    }
}

pub(crate) fn insert(
    binder: Binder<'_>,
    row: &MessageRow,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    let message = &row.message;
    let MessageState::Queued { due_at } = message.state else {
        // Only a queued message may be new; anything else would never be sent.
        return Err(StoreError::Schema("a new message must be queued".into()));
    };
    let (cause, enrolment, journey, version, step) = match &message.cause {
        Cause::Journey {
            enrolment,
            journey,
            version,
            step,
        } => (
            "journey",
            Some(enrolment.uuid()),
            Some(journey.as_str()),
            Some(*version),
            Some(step.as_str()),
        ),
        Cause::Staff => ("staff", None, None, None, None),
        Cause::Reply => ("reply", None, None, None, None),
    };
    out.push(Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            message.id.uuid(),
            message.conversation.map(Id::uuid),
            message.patient.uuid(),
            message.contact_point.map(Id::uuid),
            message.channel.code(),
            message.purpose.code(),
            message.language.tag(),
            cause,
            enrolment,
            journey,
            version,
            step,
            row.template.clone(),
            row.prompt.clone(),
            message.appointment.map(Id::uuid),
            row.appointment_start,
            row.sender.map(Id::uuid),
            seal(binder.keys, message.id, &message.content)?,
            row.segments,
            message.expires_at,
            message.state.code(),
            row.created_at,
            row.created_at
        ],
    ));
    out.push(outbox::put(
        binder,
        message.id,
        due_at,
        row.priority,
        message.channel,
    ));
    Ok(())
}

pub(crate) fn inbound(binder: Binder<'_>, row: &InboundRow) -> Result<Bound, StoreError> {
    let content = Content {
        subject: None,
        text: row.body.clone(),
        html: None,
    };
    Ok(Bound::one(
        &INSERT_INBOUND,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            row.conversation.uuid(),
            row.patient.uuid(),
            row.contact_point.map(Id::uuid),
            row.channel.code(),
            row.language.tag(),
            row.appointment.map(Id::uuid),
            seal(binder.keys, row.id, &content)?,
            row.at,
            &row.carrier,
            &row.carrier_ref,
            &row.intent
        ],
    ))
}

pub(crate) fn change(binder: Binder<'_>, change: &MessageMove) -> Bound {
    let mut attempt = 0;
    let (mut carrier_ref, mut class, mut code, mut task, mut handed_over) =
        (None, None, None, None, None);
    let at = match &change.to {
        MessageState::Queued { due_at } => *due_at,
        MessageState::Sending { at, attempt: n } => {
            attempt = *n;
            // Counted from here on: a cap must hold even if the answer is lost.
            handed_over = Some(*at);
            *at
        }
        MessageState::Sent { at, carrier_ref: r }
        | MessageState::Delivered { at, carrier_ref: r } => {
            carrier_ref = Some(r.clone());
            *at
        }
        MessageState::Failed { at, failure } => {
            class = Some(failure.class.code());
            code = Some(failure.code.clone());
            *at
        }
        MessageState::Dropped { at } | MessageState::Unknown { at } => *at,
        MessageState::Parked { at, task: t } => {
            task = Some(t.uuid());
            *at
        }
    };
    Bound::one(
        &MOVE,
        params![
            binder.practice.uuid(),
            change.id.uuid(),
            change.to.code(),
            at,
            i64::from(attempt),
            change.contact_point.map(Id::uuid),
            change.channel.map(Channel::code),
            change.conversation.map(Id::uuid),
            change.carrier.clone(),
            carrier_ref,
            class,
            code,
            task,
            handed_over,
            change.version
        ],
    )
}

/// Stores the words of a message that was worded for its channel.
pub(crate) fn reword(
    binder: Binder<'_>,
    change: &MessageMove,
) -> Result<Option<Bound>, StoreError> {
    let Some((content, segments)) = &change.content else {
        return Ok(None);
    };
    let sealed = seal(binder.keys, change.id, content)?;
    let values = params![binder.practice.uuid(), change.id.uuid(), sealed, *segments];
    Ok(Some(Bound::one(&REWORD, values)))
}

fn cell(message: MessageId) -> Cell {
    Cell {
        table: "message",
        column: "content_sealed",
        row: message.uuid(),
    }
}

fn seal(keys: &PracticeKeys, message: MessageId, content: &Content) -> Result<Vec<u8>, StoreError> {
    let stored = ContentV1 {
        subject: content.subject.as_ref().map(|body| body.expose().into()),
        text: content.text.expose().into(),
        html: content.html.as_ref().map(|body| body.expose().into()),
    };
    let plain = serde_json::to_vec(&stored).unwrap_or_default();
    Ok(keys.seal(cell(message), &plain)?)
}

pub(super) fn content(
    keys: &PracticeKeys,
    message: MessageId,
    sealed: &[u8],
) -> Result<Content, StoreError> {
    let plain = keys.open(cell(message), sealed)?;
    let stored: ContentV1<'_> =
        serde_json::from_slice(&plain).map_err(|_| crate::seal::SealError::DoesNotOpen)?;
    Ok(Content {
        subject: stored.subject.map(Body::new),
        text: Body::new(stored.text),
        html: stored.html.map(Body::new),
    })
}

/// Reads the columns of [`columns!`] from `first` on.
pub(crate) fn message_row(
    row: &Row,
    first: usize,
    keys: &PracticeKeys,
) -> Result<Versioned<MessageRow>, StoreError> {
    let at = |offset: usize| first + offset;
    let message: MessageId = row.id(at(0))?;
    let value = MessageRow {
        message: Message {
            id: message,
            conversation: row.opt_id(at(1))?,
            patient: row.id(at(2))?,
            contact_point: row.opt_id(at(3))?,
            channel: row.parsed(at(4), "a channel", Channel::from_code)?,
            purpose: row.parsed(at(5), "a purpose", |code| code.parse().ok())?,
            language: row.parsed(at(6), "a language", |tag| tag.parse().ok())?,
            cause: cause(row, first)?,
            appointment: row.opt_id(at(14))?,
            content: content(keys, message, row.bytes(at(17))?)?,
            expires_at: row.time(at(19))?,
            state: state(row, first)?,
        },
        template: row.opt_text(at(12))?.map(str::to_owned),
        prompt: row.opt_text(at(13))?.map(str::to_owned),
        appointment_start: row.opt_time(at(15))?,
        sender: row.opt_id(at(16))?,
        segments: row.small(at(18))?,
        priority: row.opt_int(at(31))?.unwrap_or(100),
        created_at: row.time(at(28))?,
        carrier: row.opt_text(at(23))?.map(str::to_owned),
    };
    Ok(Versioned {
        value,
        version: row.int(at(29))?,
    })
}

fn cause(row: &Row, first: usize) -> Result<Cause, BadRow> {
    let at = |offset: usize| first + offset;
    Ok(match row.text(at(7))? {
        "journey" => Cause::Journey {
            enrolment: row.id::<EnrolmentId>(at(8))?,
            journey: row.text(at(9))?.to_owned(),
            version: row.small(at(10))?,
            step: row.text(at(11))?.to_owned(),
        },
        "staff" => Cause::Staff,
        "reply" => Cause::Reply,
        _ => return Err(row.nonsense(at(7), "a cause")),
    })
}

fn state(row: &Row, first: usize) -> Result<MessageState, BadRow> {
    let column = |offset: usize| first + offset;
    let at = row.time(column(21))?;
    let carrier_ref = || Ok::<_, BadRow>(row.text(column(24))?.to_owned());
    Ok(match row.text(column(20))? {
        "queued" => MessageState::Queued {
            due_at: row.opt_time(column(30))?.unwrap_or(at),
        },
        "sending" => MessageState::Sending {
            at,
            attempt: row.small(column(22))?,
        },
        "sent" => MessageState::Sent {
            at,
            carrier_ref: carrier_ref()?,
        },
        "delivered" => MessageState::Delivered {
            at,
            carrier_ref: carrier_ref()?,
        },
        "failed" => MessageState::Failed {
            at,
            failure: Failure {
                class: row.parsed(column(25), "a class of failure", FailureClass::from_code)?,
                code: row.opt_text(column(26))?.unwrap_or_default().to_owned(),
            },
        },
        "dropped" => MessageState::Dropped { at },
        "unknown" => MessageState::Unknown { at },
        "parked" => MessageState::Parked {
            at,
            task: row.id::<TaskId>(column(27))?,
        },
        _ => return Err(row.nonsense(column(20), "a state of a message")),
    })
}
