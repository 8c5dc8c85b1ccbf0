//! What came from addresses that nobody here has: kept, sealed, until staff know
//! whose it is.

use jiff::Timestamp;
use tendon_care::contact::{Address, Channel, Email, Phone};
use tendon_care::id::{ContactPointId, Id, MessageId, PatientId};
use tendon_care::message::Body;

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    GET = "select stray_id, channel, address_sealed, hint, body_sealed, intent, came_at from stray_message \
           where practice_id = $1 and stray_id = $2";
    LIST = "select stray_id, channel, address_sealed, hint, body_sealed, intent, came_at from stray_message \
            where practice_id = $1 order by came_at desc, stray_id limit $2";
    INSERT = "insert into stray_message (practice_id, stray_id, channel, address_sealed, address_blind, hint, \
              body_sealed, intent, opts_out, carrier, carrier_ref, came_at) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// A no from an address counts for whoever turns out to have it, unless a later
    /// word from there took it back.
    STOPS = "select s.stray_id, c.contact_point_id, s.came_at from contact_point c join stray_message s \
             on s.practice_id = c.practice_id and s.address_blind = c.address_blind and s.opts_out \
             where c.practice_id = $1 and c.patient_id = $2 and not exists (select 1 from stray_message l \
             where l.practice_id = s.practice_id and l.address_blind = s.address_blind \
             and l.came_at > s.came_at and l.intent = 'opt_in') order by s.came_at, s.stray_id";
}

/// Something that came from an address that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayRow {
    /// The id; the task about it names it as its message.
    pub id: MessageId,
    /// How it came.
    pub channel: Channel,
    /// From where.
    pub from: Address,
    /// The words.
    pub body: Body,
    /// The class that the parser gave it.
    pub intent: String,
    /// It asks for no more messages.
    pub opts_out: bool,
    /// Which carrier brought it.
    pub carrier: String,
    /// The carrier's id: the same one twice is a repeat.
    pub carrier_ref: String,
    /// When it came.
    pub at: Timestamp,
}

/// The same for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayLine {
    /// The id.
    pub id: MessageId,
    /// How it came.
    pub channel: Channel,
    /// From where.
    pub from: Address,
    /// The end of the address, for lists.
    pub hint: String,
    /// The words.
    pub body: Body,
    /// The class that the parser gave it.
    pub intent: String,
    /// When it came.
    pub at: Timestamp,
}

impl Reader<'_> {
    /// Returns one stray message.
    pub async fn stray(&self, stray: MessageId) -> Result<Option<StrayLine>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(stray)]).await?;
        row.map(|row| self.stray_line(&row)).transpose()
    }

    /// Returns stray messages, newest first.
    pub async fn strays(&self, limit: u16) -> Result<Vec<StrayLine>, StoreError> {
        let rows = self.rows(&LIST, params![self.tenant_id(), limit]).await?;
        rows.iter().map(|row| self.stray_line(row)).collect()
    }

    /// Returns what asked for no more messages from an address that this patient
    /// has now: the stray message, the contact point, and when it came.
    pub async fn stray_stops(
        &self,
        patient: PatientId,
    ) -> Result<Vec<(MessageId, ContactPointId, Timestamp)>, StoreError> {
        let rows = self.rows(&STOPS, vec![self.tenant(), id(patient)]).await?;
        let read = |row: &Row| -> Result<_, BadRow> { Ok((row.id(0)?, row.id(1)?, row.time(2)?)) };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    fn stray_line(&self, row: &Row) -> Result<StrayLine, StoreError> {
        let keys = self.keys()?;
        let stray: MessageId = row.id(0)?;
        let channel = row.parsed(1, "a channel", Channel::from_code)?;
        let text = keys.open_text(cell(stray, "address_sealed"), row.bytes(2)?)?;
        let from = match channel {
            Channel::Email => Email::parse(&text).map(Address::Email),
            Channel::Sms | Channel::Voice => Phone::from_e164(&text).map(Address::Phone),
        };
        Ok(StrayLine {
            id: stray,
            channel,
            from: from.map_err(|_| row.nonsense(2, "an address"))?,
            hint: row.text(3)?.to_owned(),
            body: Body::new(keys.open_text(cell(stray, "body_sealed"), row.bytes(4)?)?),
            intent: row.text(5)?.to_owned(),
            at: row.time(6)?,
        })
    }
}

pub(crate) fn insert(binder: Binder<'_>, row: &StrayRow) -> Result<Bound, StoreError> {
    let exact = match &row.from {
        Address::Phone(phone) => phone.expose(),
        Address::Email(email) => email.expose(),
    };
    let seal = |column, text: &str| binder.keys.seal(cell(row.id, column), text.as_bytes());
    Ok(Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            row.id.uuid(),
            row.channel.code(),
            seal("address_sealed", exact)?,
            binder.keys.blind(&row.from.comparable()),
            row.from.hint(),
            seal("body_sealed", row.body.expose())?,
            &row.intent,
            row.opts_out,
            &row.carrier,
            &row.carrier_ref,
            row.at
        ],
    ))
}

fn cell(stray: MessageId, column: &'static str) -> Cell {
    Cell {
        table: "stray_message",
        column,
        row: stray.uuid(),
    }
}
