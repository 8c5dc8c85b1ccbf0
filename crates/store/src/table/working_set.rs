//! Everything about a patient that a decision may need, read in one go, for one
//! patient or for many.

use std::collections::BTreeMap;

use tendon_care::appointment::Appointment;
use tendon_care::episode::Episode;
use tendon_care::id::{Id as _, PatientId};
use tendon_care::patient::Patient;
use tendon_care::plan::Plan;
use tendon_care::referral::Referral;

use super::enrolment::{EnrolmentRow, enrolment_row};
use super::message::{MessageRow, message_row};
use super::source::{MOST_AT_ONCE, padded};
use super::{appointment, contact, enrolment, episode, message, patient, referral};
use crate::commit::Versioned;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::PracticeKeys;
use crate::sql::{BadRow, Row, Sql, id};

/// What a working set is read from, for one patient.
static ONE: [&Sql; 11] = [
    &patient::GET,
    &patient::IDENTIFIERS,
    &patient::PROXIES,
    &contact::OF_PATIENT,
    &appointment::OF_PATIENT,
    &episode::OF_PATIENT,
    &episode::PLANS,
    &referral::OF_PATIENT,
    &enrolment::OF_PATIENT,
    &message::PENDING_OF_PATIENT,
    &patient::IS_SURVIVOR,
];

/// The same for up to [`MOST_AT_ONCE`], with the same columns.
static SOME: [&Sql; 11] = [
    &patient::GET_SOME,
    &patient::NUMBERS_OF_SOME,
    &patient::PROXIES_OF_SOME,
    &contact::OF_SOME,
    &appointment::OF_SOME,
    &episode::OF_SOME,
    &episode::PLANS_OF_SOME,
    &referral::OF_SOME,
    &enrolment::OF_SOME,
    &message::PENDING_OF_SOME,
    &patient::SURVIVORS_OF_SOME,
];

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

/// The rows of one statement, by the patient whose they are, in their order.
struct Theirs<'a>(BTreeMap<PatientId, Vec<&'a Row>>);

impl Reader<'_> {
    /// Returns a patient's working set; follows merges to the survivor.
    pub async fn working_set(&self, patient: PatientId) -> Result<Option<WorkingSet>, StoreError> {
        let mut sets = self.working_sets(&[patient]).await?;
        Ok(sets.pop().flatten())
    }

    /// Returns the working sets of patients, in their order; follows merges to the
    /// survivors. `None` stands for a patient who is not there.
    pub async fn working_sets(
        &self,
        patients: &[PatientId],
    ) -> Result<Vec<Option<WorkingSet>>, StoreError> {
        let mut found = BTreeMap::new();
        for some in patients.chunks(MOST_AT_ONCE) {
            found.extend(self.sets_of(some).await?);
        }
        let mut sets = Vec::with_capacity(patients.len());
        for patient in patients {
            let mut set = found.get(patient).cloned();
            if let Some((Some(_), _)) = set {
                let root = self.root_of(*patient).await?;
                set = self.sets_of(&[root]).await?.remove(&root);
            }
            sets.push(set.map(|(_, set)| set));
        }
        Ok(sets)
    }

    /// Reads the working sets of at most [`MOST_AT_ONCE`] patients, each with the
    /// record that it was merged into.
    async fn sets_of(
        &self,
        some: &[PatientId],
    ) -> Result<BTreeMap<PatientId, (Option<PatientId>, WorkingSet)>, StoreError> {
        let (statements, wanted): (_, Vec<_>) = match some {
            [one] => (&ONE, vec![id(*one)]),
            _ => (&SOME, padded(some.iter().map(|one| one.uuid())).collect()),
        };
        let bound = || [&[self.tenant()], wanted.as_slice()].concat();
        let asked: Vec<_> = statements.iter().map(|sql| (*sql, bound())).collect();
        let answers = self.together(&asked).await?;
        let answers = answers.try_into().map_err(|_| StoreError::Stopped)?;
        sets(&answers, &*self.keys()?)
    }
}

fn sets(
    answers: &[Vec<Row>; 11],
    keys: &PracticeKeys,
) -> Result<BTreeMap<PatientId, (Option<PatientId>, WorkingSet)>, StoreError> {
    let [
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
        survivors,
    ] = answers;
    let numbers = Theirs::group(numbers, 2)?;
    let proxies = Theirs::group(proxies, 6)?;
    let points = Theirs::group(points, 9)?;
    let visits = Theirs::group(visits, 1)?;
    let episodes = Theirs::group(episodes, 1)?;
    let plans = Theirs::group(plans, 7)?;
    let referrals = Theirs::group(referrals, 1)?;
    let enrolments = Theirs::group(enrolments, 4)?;
    let pending = Theirs::group(pending, 2)?;
    let survivors = Theirs::group(survivors, 0)?;
    let mut sets = BTreeMap::new();
    for head in heads {
        let of: PatientId = head.id(0)?;
        let patient = Patient {
            identifiers: numbers.read(of, patient::identifier)?,
            proxies: proxies.read(of, patient::proxy)?,
            contact_points: points.read(of, |row| contact::contact_point(row, keys))?,
            ..patient::patient_row(head)?
        };
        let set = WorkingSet {
            patient: Versioned {
                value: patient,
                version: head.int(12)?,
            },
            visits: visits.read(of, appointment::appointment)?,
            episodes: episodes.read(of, episode::episode)?,
            plans: plans.read(of, episode::plan_row)?,
            referrals: referrals.read(of, referral::referral)?,
            enrolments: enrolments.read(of, |row| enrolment_row(row, 0))?,
            pending: pending.read(of, |row| message_row(row, 0, keys))?,
            merged: survivors.0.contains_key(&of),
        };
        sets.insert(of, (head.opt_id(13)?, set));
    }
    Ok(sets)
}

impl<'a> Theirs<'a> {
    /// Groups rows by the patient whose id stands in a column.
    fn group(rows: &'a [Row], column: usize) -> Result<Self, BadRow> {
        let mut groups = BTreeMap::<PatientId, Vec<&Row>>::new();
        for row in rows {
            groups.entry(row.id(column)?).or_default().push(row);
        }
        Ok(Self(groups))
    }

    /// Reads the rows of one patient.
    fn read<T, E: Into<StoreError>>(
        &self,
        of: PatientId,
        read: impl Fn(&Row) -> Result<T, E>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.0.get(&of).into_iter().flatten();
        rows.map(|row| read(row).map_err(Into::into)).collect()
    }
}
