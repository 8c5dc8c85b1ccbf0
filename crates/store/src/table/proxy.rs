//! Those who speak for patients, across patients.

use jiff::Timestamp;
use jiff::civil::Date;
use tendon_care::id::PatientId;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

statements! {
    OF_GROWN = "select x.patient_id, p.birth_date, x.authority_at from proxy x join patient p \
                on p.practice_id = x.practice_id and p.patient_id = x.patient_id \
                where x.practice_id = $1 and x.authority = 'verified' and x.authority_at is not null \
                and p.birth_date <= $2 and p.merged_into is null order by x.patient_id, x.proxy_id";
}

/// A verified representative of somebody born on or before a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrownWard {
    /// The patient.
    pub patient: PatientId,
    /// The patient's birthday.
    pub birth_date: Date,
    /// Since when the representative is verified.
    pub verified_at: Timestamp,
}

impl Reader<'_> {
    /// Returns the verified representatives of everybody born on or before a day.
    pub async fn wards_born_by(&self, day: Date) -> Result<Vec<GrownWard>, StoreError> {
        let rows = self.rows(&OF_GROWN, params![self.tenant_id(), day]).await?;
        let read = |row: &Row| -> Result<GrownWard, BadRow> {
            Ok(GrownWard {
                patient: row.id(0)?,
                birth_date: row
                    .opt_date(1)?
                    .ok_or_else(|| row.nonsense(1, "a birthday"))?,
                verified_at: row.time(2)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
