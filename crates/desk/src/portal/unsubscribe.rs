//! The one-click way out of a kind of e-mail.
//!
//! A mailbox provider presses the button in the reader's place, without a cookie
//! and perhaps years later; so the token is all that is asked for, taking it twice
//! is no error, and looking at the page changes nothing.
//!
//! *Source*: RFC 8058; CAN-SPAM, 16 CFR 316.5 (no login, no fee, no more than one page).

use tendon_care::consent::{Act, Evidence, Extent, RevokedVia};
use tendon_care::contact::{Address, Channel, ContactPoint};
use tendon_care::language::Language;
use tendon_care::purpose::{Purpose, Purposes};
use tendon_store::{Action, Write};

use super::{PortalError, patient_access};
use crate::change::Origin;
use crate::desk::Desk;
use crate::link;
use crate::people::{withdraw_meant, write_entry};

/// What a way out leads out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// The clinic's name.
    pub clinic: String,
    /// The kind of e-mail.
    pub purpose: Purpose,
    /// The language of the page.
    pub language: Language,
    /// It was taken before.
    pub taken: bool,
}

impl Desk {
    /// Returns what a way out leads out of; changes nothing.
    pub async fn way_out(&self, token: &str) -> Result<WayOut, PortalError> {
        let found = self.db().way_out(&link::hash(token)).await?;
        let (practice, row) = found.ok_or(PortalError::Unknown)?;
        let access = patient_access(practice, row.patient);
        let reader = self.reader(&access);
        let patient = reader.patient(reader.root_of(row.patient).await?).await?;
        let house = self.house(practice).await?;
        Ok(WayOut {
            clinic: house.practice.name.clone(),
            purpose: row.purpose,
            language: patient.map_or(Language::English, |patient| patient.language),
            taken: row.used_at.is_some(),
        })
    }

    /// Takes a way out: this kind of message comes by e-mail no more, at once.
    pub async fn unsubscribe(&self, token: &str) -> Result<(), PortalError> {
        let found = self.db().way_out(&link::hash(token)).await?;
        let (practice, row) = found.ok_or(PortalError::Unknown)?;
        if row.used_at.is_some() {
            return Ok(());
        }
        let access = patient_access(practice, row.patient);
        self.change(&access, row.patient, Origin::Live, |change| {
            let patient = change.chart.patient.value.clone();
            let mails = |point: &&ContactPoint| matches!(point.address, Address::Email(_));
            let mut points: Vec<_> = patient.contact_points.iter().filter(mails).collect();
            // The address may be gone from the record; then no mailbox of theirs is meant.
            if points.iter().any(|point| point.id == row.contact_point) {
                points.retain(|point| point.id == row.contact_point);
            }
            for point in points {
                let extent = Extent::Narrowed {
                    purposes: Purposes::default().with(row.purpose),
                    channel: Some(Channel::Email),
                };
                let via = RevokedVia::Email;
                let act = Act::Revoked { extent, via };
                let evidence = Evidence::Page(row.id);
                write_entry(change, point, evidence, act, Some(row.purpose));
            }
            let one = Purposes::default().with(row.purpose);
            withdraw_meant(change, one, Some(Channel::Email));
            change.write(Write::WayOutTaken(row.id, change.now()));
            change.audit(Action::Create, "consent", "unsubscribed");
            Ok(())
        })
        .await?;
        Ok(())
    }
}
