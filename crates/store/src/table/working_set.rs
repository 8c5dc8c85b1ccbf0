//! Everything about one patient that a decision may need, read in one go.

use tendon_care::appointment::Appointment;
use tendon_care::episode::Episode;
use tendon_care::id::PatientId;
use tendon_care::patient::Patient;
use tendon_care::plan::Plan;
use tendon_care::referral::Referral;

use super::enrolment::{EnrolmentRow, enrolment_row};
use super::message::{MessageRow, message_row};
use super::{appointment, contact, enrolment, episode, message, patient, referral};
use crate::commit::Versioned;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::id;

/// A patient's working set.
#[derive(Clone, Debug)]
pub struct WorkingSet {
    /// The patient.
    pub patient: Versioned<Patient>,
    /// Every visit, earliest first.
    pub visits: Vec<Versioned<Appointment>>,
    /// Every episode, oldest first.
    pub episodes: Vec<Versioned<Episode>>,
    /// Every plan of care, oldest first.
    pub plans: Vec<Plan>,
    /// Every referral, oldest first.
    pub referrals: Vec<Referral>,
    /// Every enrolment, ended ones included, oldest first.
    pub enrolments: Vec<Versioned<EnrolmentRow>>,
    /// Messages that wait in the outbox.
    pub pending: Vec<Versioned<MessageRow>>,
    /// Another record was merged into this one.
    pub merged: bool,
}

impl Reader<'_> {
    /// Returns a patient's working set; follows merges to the survivor.
    pub async fn working_set(&self, patient: PatientId) -> Result<Option<WorkingSet>, StoreError> {
        let set = self.working_set_of(patient).await?;
        let Some((survivor, set)) = set else {
            return Ok(None);
        };
        if survivor.is_none() {
            return Ok(Some(set));
        }
        let root = self.root_of(patient).await?;
        Ok(self.working_set_of(root).await?.map(|(_, set)| set))
    }

    // tidy-allow(function-length): one line for each table, asked and read in the same order.
    async fn working_set_of(
        &self,
        of: PatientId,
    ) -> Result<Option<(Option<PatientId>, WorkingSet)>, StoreError> {
        let key = || vec![self.tenant(), id(of)];
        let answers = self
            .together(&[
                (&patient::GET, key()),
                (&patient::IDENTIFIERS, key()),
                (&patient::PROXIES, key()),
                (&contact::OF_PATIENT, key()),
                (&appointment::OF_PATIENT, key()),
                (&episode::OF_PATIENT, key()),
                (&episode::PLANS, key()),
                (&referral::OF_PATIENT, key()),
                (&enrolment::OF_PATIENT, key()),
                (&message::PENDING_OF_PATIENT, key()),
                (&patient::IS_SURVIVOR, key()),
                (&patient::SURVIVOR, key()),
            ])
            .await?;
        let Ok(
            [
                heads,
                numbers,
                proxies,
                points,
                visits,
                episodes,
                plans,
                referrals,
                enrolments,
                pending,
                merged,
                survivor,
            ],
        ) = <[_; 12]>::try_from(answers)
        else {
            return Err(StoreError::Stopped);
        };
        let Some(head) = heads.first() else {
            return Ok(None);
        };
        let keys = self.keys()?;
        let mut value = patient::patient_row(head)?;
        value.identifiers = numbers
            .iter()
            .map(patient::identifier)
            .collect::<Result<_, _>>()?;
        value.proxies = proxies
            .iter()
            .map(patient::proxy)
            .collect::<Result<_, _>>()?;
        let read = |row| contact::contact_point(row, &keys);
        value.contact_points = points.iter().map(read).collect::<Result<_, _>>()?;
        let set = WorkingSet {
            patient: Versioned {
                value,
                version: head.int(12)?,
            },
            visits: visits
                .iter()
                .map(appointment::appointment)
                .collect::<Result<_, _>>()?,
            episodes: episodes
                .iter()
                .map(episode::episode)
                .collect::<Result<_, _>>()?,
            plans: plans
                .iter()
                .map(episode::plan_row)
                .collect::<Result<_, _>>()?,
            referrals: referrals
                .iter()
                .map(referral::referral)
                .collect::<Result<_, _>>()?,
            enrolments: enrolments
                .iter()
                .map(|row| enrolment_row(row, 0))
                .collect::<Result<_, _>>()?,
            pending: pending
                .iter()
                .map(|row| message_row(row, 0, &keys))
                .collect::<Result<_, _>>()?,
            merged: !merged.is_empty(),
        };
        let survivor = survivor
            .first()
            .map(|row| row.opt_id(0))
            .transpose()?
            .flatten();
        Ok(Some((survivor, set)))
    }
}
