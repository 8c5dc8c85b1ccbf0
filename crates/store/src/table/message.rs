//! Messages out and in, and the decisions about them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tendon_care::contact::Channel;
use tendon_care::id::{
    AppointmentId, ContactPointId, ConversationId, DecisionId, EnrolmentId, Id, MessageId,
    PatientId, TaskId, UserId,
};
use tendon_care::language::Language;
use tendon_care::message::{Body, Cause, Content, Failure, FailureClass, Message, MessageState};
use tendon_care::purpose::Purpose;
use uuid::Uuid;

use super::outbox;
use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::{Cell, PracticeKeys};
use crate::sql::{BadRow, Bound, Row, Val, id, params, statements};

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
    PENDING_OF_VISIT = concat!("select ", columns!(), " from outbox o join message m \
           on m.practice_id = o.practice_id and m.message_id = o.message_id \
           where m.practice_id = $1 and m.appointment_id = $2 and m.state = 'queued'");
    PENDING_OF_PATIENT = concat!("select ", columns!(), " from outbox o join message m \
           on m.practice_id = o.practice_id and m.message_id = o.message_id \
           where m.practice_id = $1 and m.patient_id = $2 and m.state = 'queued'");
    RECENT_SENDS = "select handed_over_at, purpose, cause from message where practice_id = $1 \
                    and patient_id = $2 and handed_over_at >= $3 order by handed_over_at";
    RECENT_SENDS_TO = "select m.handed_over_at, m.purpose, m.cause from message m join contact_point c \
                    on c.practice_id = m.practice_id and c.contact_point_id = m.contact_point_id \
                    where m.practice_id = $1 and c.address_blind = $2 and m.handed_over_at >= $3 \
                    order by m.handed_over_at";
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
    DECIDE = "insert into decision (practice_id, message_id, decided_at, decision_id, outcome, reason, \
              until_at, chain, decided_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DECISIONS = "select decision_id, message_id, decided_at, outcome, reason, until_at, chain, decided_by from decision \
                 where practice_id = $1 and message_id = $2 order by decided_at, decision_id";
    THREAD = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
              template, appointment_id, content_sealed, state, state_at, intent, created_at, segments \
              from message where practice_id = $1 and conversation_id = $2 order by created_at, message_id";
    LINE = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
            template, appointment_id, content_sealed, state, state_at, intent, created_at, segments \
            from message where practice_id = $1 and message_id = $2";
    PAGE = "select message_id, patient_id, direction, channel, purpose, journey, journey_version, step, \
            template, appointment_id, content_sealed, state, state_at, intent, created_at, segments \
            from message where practice_id = $1 and (cast($2 as uuid) is null or patient_id = $2) \
            and ($3 = '' or state = $3) and created_at >= $4 \
            and (created_at < $5 or (created_at = $5 and message_id < $6)) \
            order by created_at desc, message_id desc limit $7";
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

/// Why a message was sent, held, moved or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The id.
    pub id: DecisionId,
    /// About which message.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
    /// `send`, `hold`, `move` or `drop`.
    pub outcome: String,
    /// The code of the reason.
    pub reason: String,
    /// Until when it is held.
    pub until: Option<Timestamp>,
    /// Every check with its outcome, as JSON.
    pub chain: String,
    /// The member of staff who decided; `None` for the rules.
    pub by: Option<UserId>,
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

    /// Returns when and why messages were handed over to a patient's carriers since a
    /// moment; the flag tells a reply, which no cap counts.
    pub async fn sends_to_patient(
        &self,
        patient: PatientId,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, Purpose, bool)>, StoreError> {
        let rows = self
            .rows(
                &RECENT_SENDS,
                params![self.tenant_id(), patient.uuid(), since],
            )
            .await?;
        Ok(rows.iter().map(send).collect::<Result<_, _>>()?)
    }

    /// The same for an address, whoever has it.
    pub async fn sends_to_address(
        &self,
        address: &tendon_care::contact::Address,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, Purpose, bool)>, StoreError> {
        let blind = self.keys()?.blind(&address.comparable());
        let rows = self
            .rows(&RECENT_SENDS_TO, params![self.tenant_id(), blind, since])
            .await?;
        Ok(rows.iter().map(send).collect::<Result<_, _>>()?)
    }

    /// Returns the decisions about a message, oldest first.
    pub async fn decisions(&self, message: MessageId) -> Result<Vec<DecisionRow>, StoreError> {
        let rows = self
            .rows(&DECISIONS, vec![self.tenant(), id(message)])
            .await?;
        let read = |row: &Row| -> Result<DecisionRow, BadRow> {
            Ok(DecisionRow {
                id: row.id(0)?,
                message: row.id(1)?,
                at: row.time(2)?,
                outcome: row.text(3)?.to_owned(),
                reason: row.text(4)?.to_owned(),
                until: row.opt_time(5)?,
                chain: row.text(6)?.to_owned(),
                by: row.opt_id(7)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

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
    out.push(outbox::put(binder, message.id, due_at, row.priority));
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

pub(crate) fn decision(binder: Binder<'_>, row: &DecisionRow) -> Bound {
    Bound::one(
        &DECIDE,
        params![
            binder.practice.uuid(),
            row.message.uuid(),
            row.at,
            row.id.uuid(),
            &row.outcome,
            &row.reason,
            row.until,
            &row.chain,
            row.by.map(Id::uuid)
        ],
    )
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

fn content(keys: &PracticeKeys, message: MessageId, sealed: &[u8]) -> Result<Content, StoreError> {
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

fn send(row: &Row) -> Result<(Timestamp, Purpose, bool), BadRow> {
    let purpose = row.parsed(1, "a purpose", |code| code.parse().ok())?;
    Ok((row.time(0)?, purpose, row.text(2)? == "reply"))
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
    })
}
