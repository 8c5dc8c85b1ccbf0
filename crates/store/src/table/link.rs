//! Signed links and one-click ways out of e-mail: only the hash of a token is kept.

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::{AppointmentId, ContactPointId, Id, LinkId, PatientId, PracticeId};
use tendon_care::purpose::Purpose;

use crate::commit::Binder;
use crate::db::Db;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    BY_HASH = "select practice_id, link_id, patient_id, appointment_id, created_at, expires_at, verified_until, \
               failures, token_hash, contact_point_id, proof_hash from patient_link where token_hash = $1";
    INSERT = "insert into patient_link (token_hash, practice_id, link_id, patient_id, appointment_id, \
              contact_point_id, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// However many guess at once, no more guesses count than are allowed.
    RIGHT = "update patient_link set verified_until = $4, proof_hash = $5, failures = 0 \
             where practice_id = $1 and link_id = $2 and failures < $3";
    WRONG = "update patient_link set failures = failures + 1 \
             where practice_id = $1 and link_id = $2 and failures < $3";
    GUESSES = "select failures from birthday_guess where practice_id = $1 and patient_id = $2 and since > $3";
    /// A day after the first of them, they are forgotten.
    GUESSED_WRONG = "insert into birthday_guess (practice_id, patient_id, failures, since) values ($1, $2, 1, $4) \
        on conflict (practice_id, patient_id) do update set \
        failures = case when birthday_guess.since > $3 then birthday_guess.failures + 1 else 1 end, \
        since = case when birthday_guess.since > $3 then birthday_guess.since else excluded.since end \
        where birthday_guess.since <= $3 or birthday_guess.failures < $5";
    GUESSED_RIGHT = "insert into birthday_guess (practice_id, patient_id, failures, since) values ($1, $2, 0, $4) \
        on conflict (practice_id, patient_id) do update set failures = 0, since = excluded.since \
        where birthday_guess.since <= $3 or birthday_guess.failures < $5";
    WAY_OUT = "select practice_id, link_id, patient_id, contact_point_id, purpose, created_at, used_at, token_hash \
               from unsubscribe_link where token_hash = $1";
    ADD_WAY_OUT = "insert into unsubscribe_link (token_hash, practice_id, link_id, patient_id, contact_point_id, \
                   purpose, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    TAKE_WAY_OUT = "update unsubscribe_link set used_at = $3 where practice_id = $1 and link_id = $2 \
                    and used_at is null";
}

/// A link that was sent to a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// The id.
    pub id: LinkId,
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// For whom.
    pub patient: PatientId,
    /// About which visit.
    pub appointment: Option<AppointmentId>,
    /// The address that it was sent to.
    pub contact_point: Option<ContactPointId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Until when the birthday given counts; the epoch while none was.
    pub verified_until: Timestamp,
    /// SHA-256 of what the browser was given that gave it.
    pub proof_hash: Option<Vec<u8>>,
    /// Wrong birthdays in a row.
    pub failures: u16,
}

/// Wrong birthdays after which a link is dead.
pub const LINK_TRIES: u16 = 5;

/// Wrong birthdays for one patient after which no link of theirs takes another one
/// for a day. Who reads the phone and knows the year needs five weeks for all days.
pub const PATIENT_TRIES: u16 = 10;

/// How long wrong birthdays are counted together.
const TRIES_DAY: SignedDuration = SignedDuration::from_hours(24);

/// A birthday given on a link. It is a conflict where the link is dead, or where
/// the patient's tries are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkChecked {
    /// Which link.
    pub link: LinkId,
    /// Whose birthday was asked.
    pub patient: PatientId,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub answer: LinkCheck,
}

/// The outcome of a birthday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkCheck {
    /// Right: it counts until then, where the proof is shown.
    Right {
        /// Until when.
        until: Timestamp,
        /// SHA-256 of the proof.
        proof_hash: Vec<u8>,
    },
    /// Wrong.
    Wrong,
}

/// The one-click way out of a kind of e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOutRow {
    /// The id.
    pub id: LinkId,
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// About whom the e-mail was.
    pub patient: PatientId,
    /// The address that it went to.
    pub contact_point: ContactPointId,
    /// The kind of e-mail.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken.
    pub used_at: Option<Timestamp>,
}

impl Db {
    /// Finds a link by the hash of its token, with the practice that it belongs
    /// to: the token itself is the access.
    pub async fn link(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, LinkRow)>, StoreError> {
        let rows = self.read(&BY_HASH, params![token_hash.to_vec()]).await?;
        Ok(self.led_to(rows).await?.as_ref().map(link).transpose()?)
    }

    /// Finds the way out by the hash of its token.
    pub async fn way_out(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, WayOutRow)>, StoreError> {
        let rows = self.read(&WAY_OUT, params![token_hash.to_vec()]).await?;
        Ok(self.led_to(rows).await?.as_ref().map(way_out).transpose()?)
    }
}

impl Reader<'_> {
    /// Counts the wrong birthdays given for a patient within a day, behind whatever
    /// link.
    pub async fn wrong_birthdays(
        &self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<u16, StoreError> {
        let values = params![self.tenant_id(), patient.uuid(), now - TRIES_DAY];
        let rows = self.rows(&GUESSES, values).await?;
        let failures = rows.first().map(|row| row.small(0)).transpose()?;
        Ok(failures.unwrap_or_default())
    }
}

pub(crate) fn way_out_new(binder: Binder<'_>, row: &WayOutRow) -> Bound {
    Bound::one(
        &ADD_WAY_OUT,
        params![
            row.token_hash.clone(),
            binder.practice.uuid(),
            row.id.uuid(),
            row.patient.uuid(),
            row.contact_point.uuid(),
            row.purpose.code(),
            row.created_at
        ],
    )
}

pub(crate) fn way_out_taken(binder: Binder<'_>, link: LinkId, at: Timestamp) -> Bound {
    Bound::any(
        &TAKE_WAY_OUT,
        params![binder.practice.uuid(), link.uuid(), at],
    )
}

pub(crate) fn insert(binder: Binder<'_>, row: &LinkRow) -> Bound {
    Bound::one(
        &INSERT,
        params![
            row.token_hash.clone(),
            binder.practice.uuid(),
            row.id.uuid(),
            row.patient.uuid(),
            row.appointment.map(Id::uuid),
            row.contact_point.map(Id::uuid),
            row.created_at,
            row.expires_at
        ],
    )
}

pub(crate) fn checked(binder: Binder<'_>, checked: &LinkChecked, out: &mut Vec<Bound>) {
    let practice = binder.practice.uuid();
    let link = params![practice, checked.link.uuid(), LINK_TRIES];
    let (on_link, for_patient) = match &checked.answer {
        LinkCheck::Wrong => (Bound::one(&WRONG, link), &GUESSED_WRONG),
        LinkCheck::Right { until, proof_hash } => {
            let given = params![*until, proof_hash.clone()];
            let values = [link, given].concat();
            (Bound::one(&RIGHT, values), &GUESSED_RIGHT)
        }
    };
    let day_ago = checked.at - TRIES_DAY;
    let whose = params![
        practice,
        checked.patient.uuid(),
        day_ago,
        checked.at,
        PATIENT_TRIES
    ];
    out.extend([on_link, Bound::one(for_patient, whose)]);
}

fn link(row: &Row) -> Result<(PracticeId, LinkRow), BadRow> {
    let value = LinkRow {
        id: row.id(1)?,
        patient: row.id(2)?,
        appointment: row.opt_id(3)?,
        created_at: row.time(4)?,
        expires_at: row.time(5)?,
        verified_until: row.time(6)?,
        failures: row.small(7)?,
        token_hash: row.bytes(8)?.to_vec(),
        contact_point: row.opt_id(9)?,
        proof_hash: (!row.is_null(10))
            .then(|| row.bytes(10).map(<[u8]>::to_vec))
            .transpose()?,
    };
    Ok((row.id(0)?, value))
}

fn way_out(row: &Row) -> Result<(PracticeId, WayOutRow), BadRow> {
    let value = WayOutRow {
        id: row.id(1)?,
        patient: row.id(2)?,
        contact_point: row.id(3)?,
        purpose: row.parsed(4, "a purpose", |code| code.parse().ok())?,
        created_at: row.time(5)?,
        used_at: row.opt_time(6)?,
        token_hash: row.bytes(7)?.to_vec(),
    };
    Ok((row.id(0)?, value))
}
