//! Referrals.

use tendon_care::id::{Id, PatientId, ReferralId};
use tendon_care::referral::Referral;

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, id, one_of_some, params, statements};

statements! {
    OF_PATIENT = "select referral_id, patient_id, referrer, received_at, called_at from referral \
                  where practice_id = $1 and patient_id = $2 order by received_at, referral_id";
    OF_SOME = concat!("select referral_id, patient_id, referrer, received_at, called_at from referral \
               where practice_id = $1 and patient_id ", one_of_some!(), " order by received_at, referral_id");
    GET = "select referral_id, patient_id, referrer, received_at, called_at from referral \
           where practice_id = $1 and referral_id = $2";
    UNCALLED = "select referral_id, patient_id, referrer, received_at, called_at from referral \
                where practice_id = $1 and called_at is null and received_at >= $2 \
                order by received_at, referral_id limit 200";
    PUT = "insert into referral (practice_id, referral_id, patient_id, referrer, received_at, called_at) \
           values ($1, $2, $3, $4, $5, $6) \
           on conflict (practice_id, referral_id) do update set patient_id = excluded.patient_id, \
           referrer = excluded.referrer, received_at = excluded.received_at, called_at = excluded.called_at";
}

impl Reader<'_> {
    /// Returns a patient's referrals, oldest first.
    pub async fn referrals(&self, patient: PatientId) -> Result<Vec<Referral>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        Ok(rows.iter().map(referral).collect::<Result<_, _>>()?)
    }

    /// Returns one referral.
    pub async fn referral(&self, referral_id: ReferralId) -> Result<Option<Referral>, StoreError> {
        let row = self
            .first(&GET, vec![self.tenant(), id(referral_id)])
            .await?;
        Ok(row.as_ref().map(referral).transpose()?)
    }

    /// Returns referrals that nobody has called since a moment, oldest first, at most 200.
    pub async fn referrals_uncalled(
        &self,
        since: jiff::Timestamp,
    ) -> Result<Vec<Referral>, StoreError> {
        let rows = self
            .rows(&UNCALLED, params![self.tenant_id(), since])
            .await?;
        Ok(rows.iter().map(referral).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn upsert(binder: Binder<'_>, referral: &Referral) -> Bound {
    Bound::one(
        &PUT,
        params![
            binder.practice.uuid(),
            referral.id.uuid(),
            referral.patient.uuid(),
            referral.referrer.clone(),
            referral.received_at,
            referral.called_at
        ],
    )
}

pub(crate) fn referral(row: &Row) -> Result<Referral, BadRow> {
    Ok(Referral {
        id: row.id(0)?,
        patient: row.id(1)?,
        referrer: row.opt_text(2)?.map(str::to_owned),
        received_at: row.time(3)?,
        called_at: row.opt_time(4)?,
    })
}
