//! What was handed to carriers: for the caps, and for whoever checks what was done.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::{AppointmentId, ContactPointId, Id, MessageId, PatientId};
use tendon_care::purpose::Purpose;
use uuid::Uuid;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

statements! {
    /// Everything that was handed to a carrier, for whoever checks what was done.
    HANDED_OVER = "select m.message_id, m.patient_id, m.contact_point_id, m.channel, m.purpose, m.cause, \
              m.template, m.appointment_id, m.appointment_start, m.handed_over_at, m.prompt is not null \
              from message m where m.practice_id = $1 and m.direction = 'out' \
              and m.handed_over_at is not null and (m.handed_over_at > $2 \
              or (m.handed_over_at = $2 and m.message_id > $3)) \
              order by m.handed_over_at, m.message_id limit $4";
    RECENT_SENDS = "select handed_over_at, purpose, cause from message where practice_id = $1 \
                    and patient_id = $2 and handed_over_at >= $3 order by handed_over_at";
    RECENT_SENDS_TO = "select m.handed_over_at, m.purpose, m.cause from message m join contact_point c \
                    on c.practice_id = m.practice_id and c.contact_point_id = m.contact_point_id \
                    where m.practice_id = $1 and c.address_blind = $2 and m.handed_over_at >= $3 \
                    order by m.handed_over_at";
}

/// A message that was handed to a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The message.
    pub message: MessageId,
    /// About whom.
    pub patient: PatientId,
    /// Where it went.
    pub contact_point: Option<ContactPointId>,
    /// How.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// It answered what the person had just written.
    pub reply: bool,
    /// It asked for an answer.
    pub asks: bool,
    /// The name of its wording.
    pub template: Option<String>,
    /// The visit it was about, and when that began when it was written.
    pub visit: Option<(AppointmentId, Timestamp)>,
    /// When it was handed over.
    pub at: Timestamp,
}

impl Reader<'_> {
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

    /// Returns messages in the order in which they were handed to carriers, after one.
    pub async fn handed_over(
        &self,
        after: Option<(Timestamp, MessageId)>,
        limit: u16,
    ) -> Result<Vec<HandedOver>, StoreError> {
        let (at, last) = after.map_or((Timestamp::MIN, Uuid::nil()), |(at, id)| (at, id.uuid()));
        let rows = self
            .rows(&HANDED_OVER, params![self.tenant_id(), at, last, limit])
            .await?;
        let read = |row: &Row| -> Result<HandedOver, BadRow> {
            let visit = row.opt_id(7)?.zip(row.opt_time(8)?);
            Ok(HandedOver {
                message: row.id(0)?,
                patient: row.id(1)?,
                contact_point: row.opt_id(2)?,
                channel: row.parsed(3, "a channel", Channel::from_code)?,
                purpose: row.parsed(4, "a purpose", |code| code.parse().ok())?,
                reply: row.text(5)? == "reply",
                template: row.opt_text(6)?.map(str::to_owned),
                visit,
                at: row.time(9)?,
                asks: row.bool(10)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn send(row: &Row) -> Result<(Timestamp, Purpose, bool), BadRow> {
    let purpose = row.parsed(1, "a purpose", |code| code.parse().ok())?;
    Ok((row.time(0)?, purpose, row.text(2)? == "reply"))
}
