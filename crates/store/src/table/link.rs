//! Signed links: only the hash of a token is kept.

use jiff::Timestamp;
use tendon_care::id::{AppointmentId, Id, LinkId, PatientId, PracticeId};

use crate::commit::Binder;
use crate::db::Db;
use crate::error::StoreError;
use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    BY_HASH = "select practice_id, link_id, patient_id, appointment_id, created_at, expires_at, verified_until, \
               failures, token_hash from patient_link where token_hash = $1";
    INSERT = "insert into patient_link (token_hash, practice_id, link_id, patient_id, appointment_id, \
              created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    RIGHT = "update patient_link set verified_until = $3, failures = 0 \
             where practice_id = $1 and link_id = $2";
    WRONG = "update patient_link set failures = failures + 1 where practice_id = $1 and link_id = $2";
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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Until when the birthday given counts; the epoch while none was.
    pub verified_until: Timestamp,
    /// Wrong birthdays in a row.
    pub failures: u16,
}

/// The outcome of a birthday given on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkCheck {
    /// Right: it counts until then.
    Right {
        /// Until when.
        until: Timestamp,
    },
    /// Wrong.
    Wrong,
}

impl Db {
    /// Finds a link by the hash of its token, with the practice that it belongs
    /// to: the token itself is the access.
    pub async fn link(
        &self,
        token_hash: &[u8],
    ) -> Result<Option<(PracticeId, LinkRow)>, StoreError> {
        let rows = self.read(&BY_HASH, params![token_hash.to_vec()]).await?;
        Ok(rows.first().map(link).transpose()?)
    }
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
            row.created_at,
            row.expires_at
        ],
    )
}

pub(crate) fn checked(binder: Binder<'_>, link: LinkId, check: LinkCheck) -> Bound {
    let key = || params![binder.practice.uuid(), link.uuid()];
    match check {
        LinkCheck::Wrong => Bound::one(&WRONG, key()),
        LinkCheck::Right { until } => {
            let mut values = key();
            values.push(until.into());
            Bound::one(&RIGHT, values)
        }
    }
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
    };
    Ok((row.id(0)?, value))
}
