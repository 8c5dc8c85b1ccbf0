//! Phones and mailboxes.

use tendon_care::access::Access;
use tendon_care::contact::{Address, ContactPoint, Line, Owner, Standing};
use tendon_care::id::{ContactPointId, PatientId};
use tendon_care::patient::Patient;
use tendon_store::{AddressKey, Write};

use crate::change::Change;
use crate::desk::Desk;
use crate::error::DeskError;

/// More would be a mistake of a machine.
const MOST_CONTACTS: usize = 12;

/// A phone or mailbox to be added.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// The address.
    pub address: Address,
    /// What kind of line, for phones.
    pub line: Line,
    /// Whose it is.
    pub owner: Owner,
}

impl Desk {
    /// Adds an address, after those of the same owner. The consents for it are
    /// entries of their own.
    pub async fn add_contact(
        &self,
        access: &Access,
        patient: PatientId,
        new: &NewContact,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, "contact added", |change| {
            let mut after = change.chart.patient.value.clone();
            let twice = after.contact_points.iter().any(|known| {
                known.owner == new.owner && known.address.comparable() == new.address.comparable()
            });
            if twice {
                return Err(DeskError::Stale("the address is on file already"));
            }
            if after.contact_points.len() >= MOST_CONTACTS {
                return Err(DeskError::invalid("address", "there are too many on file"));
            }
            if let Owner::Proxy(proxy) = new.owner
                && after.proxies.iter().all(|known| known.id != proxy)
            {
                return Err(DeskError::NotFound("representative"));
            }
            after.contact_points.push(ContactPoint {
                id: change.desk().mint().id(),
                owner: new.owner,
                address: new.address.clone(),
                line: new.line,
                standing: Standing::Unverified,
                shared: false,
                rank: next_rank(&after),
            });
            share(change, &new.address);
            Ok(after)
        })
        .await
    }

    /// Removes an address. What was said about it stays in the ledger, so that a
    /// no outlives the address.
    pub async fn remove_contact(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, "contact removed", |change| {
            let mut after = change.chart.patient.value.clone();
            let known = found(&after, point)?.address.clone();
            after.contact_points.retain(|known| known.id != point);
            share(change, &known);
            Ok(after)
        })
        .await
    }

    /// Makes an address the first one that is tried.
    pub async fn prefer_contact(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, "contact preferred", |change| {
            let mut after = change.chart.patient.value.clone();
            found(&after, point)?;
            after
                .contact_points
                .sort_by_key(|known| (known.id != point, known.rank));
            for (rank, known) in (0_u16..).zip(&mut after.contact_points) {
                known.rank = rank;
            }
            Ok(after)
        })
        .await
    }

    /// Records that the person proved the address: they answered from it, or said
    /// so to staff. Also mends a wrong number that has come to the right person; a
    /// block of the carrier's only the carrier lifts.
    pub async fn verify_contact(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, "contact verified", |change| {
            let mut after = change.chart.patient.value.clone();
            let at = change.now();
            let known = after
                .contact_points
                .iter_mut()
                .find(|known| known.id == point)
                .ok_or(DeskError::NotFound("contact"))?;
            if matches!(known.standing, Standing::Blocked { .. }) {
                return Err(DeskError::Stale("the carrier blocks this address"));
            }
            known.standing = Standing::Verified { at };
            Ok(after)
        })
        .await
    }
}

fn found(patient: &Patient, point: ContactPointId) -> Result<&ContactPoint, DeskError> {
    let known = patient
        .contact_points
        .iter()
        .find(|known| known.id == point);
    known.ok_or(DeskError::NotFound("contact"))
}

fn next_rank(patient: &Patient) -> u16 {
    let ranks = patient.contact_points.iter().map(|point| point.rank);
    ranks.max().map_or(0, |rank| rank.saturating_add(1))
}

/// Works out anew who else has the address, once the patient is written.
fn share(change: &mut Change<'_>, address: &Address) {
    change.write_last(Write::AddressShared(AddressKey::new(address)));
}
