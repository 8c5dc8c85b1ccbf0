//! What a patient tells staff about messages, written into the ledger.

use tendon_care::access::{Access, Permission};
use tendon_care::consent::{Act, Basis, Entry, Evidence, EvidenceRef, Extent, RevokedVia};
use tendon_care::contact::{Channel, ContactPoint};
use tendon_care::id::{ConsentId, ContactPointId, PatientId};
use tendon_care::purpose::{Purpose, Purposes};
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, ConsentRow, Write};

use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;

/// What proves what staff write down.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A form; where it is kept.
    Form(String),
    /// A recording; where it is kept.
    Recording(String),
    /// Nothing but what staff wrote down.
    Note(String),
}

/// A yes that a patient gave to staff.
#[derive(Clone, Debug)]
pub struct Given {
    /// For what.
    pub purpose: Purpose,
    /// By which channel; all of the address where `None`.
    pub channel: Option<Channel>,
    /// On what it rests. A keyword is the person's own and not staff's to record.
    pub basis: Basis,
    /// The version of the words that were read to or by the person.
    pub wording_version: String,
    /// The version of the warning that others can read texts and mails, where given.
    pub warning_version: Option<String>,
    /// What proves it.
    pub proof: Proof,
}

/// A no that a patient gave to staff.
#[derive(Clone, Debug)]
pub struct TakenBack {
    /// What shall stop; everything everywhere where `None`.
    pub purposes: Option<Purposes>,
    /// By which channel; all where `None`. Means nothing where everything stops.
    pub channel: Option<Channel>,
    /// What proves it.
    pub proof: Proof,
}

impl Desk {
    /// Writes down that a patient said yes, for one of the addresses.
    pub async fn grant_consent(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
        given: &Given,
    ) -> Result<ConsentId, DeskError> {
        if given.basis == Basis::Keyword {
            return Err(DeskError::invalid(
                "basis",
                "a keyword is written by the patient",
            ));
        }
        if given.wording_version.trim().is_empty() {
            return Err(DeskError::invalid("wording_version", "must be given"));
        }
        let evidence = given.proof.evidence()?;
        self.enter(access, patient, point, &evidence, |change| {
            let act = Act::Granted {
                purpose: given.purpose,
                channel: given.channel,
                basis: given.basis,
                wording_version: given.wording_version.clone(),
                language: change.chart.patient.language,
                unencrypted_warning_version: given.warning_version.clone(),
            };
            (act, Some(given.purpose))
        })
        .await
    }

    /// Writes down that a patient said no. What waits and is meant is withdrawn in
    /// the same commit.
    pub async fn revoke_consent(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
        taken: &TakenBack,
    ) -> Result<ConsentId, DeskError> {
        if taken.purposes.is_some_and(Purposes::is_empty) {
            return Err(DeskError::invalid("purposes", "must name what shall stop"));
        }
        let evidence = taken.proof.evidence()?;
        let extent = taken.purposes.map_or(Extent::Everything, |purposes| {
            let channel = taken.channel;
            Extent::Narrowed { purposes, channel }
        });
        let via = RevokedVia::Staff;
        self.enter(access, patient, point, &evidence, |change| {
            withdraw_meant(
                change,
                taken.purposes.unwrap_or(Purposes::ALL),
                taken.channel,
            );
            let one = taken.purposes.and_then(|purposes| {
                let mut each = purposes.iter();
                each.next().filter(|_| each.next().is_none())
            });
            (Act::Revoked { extent, via }, one)
        })
        .await
    }

    async fn enter(
        &self,
        access: &Access,
        patient: PatientId,
        point: ContactPointId,
        evidence: &Evidence,
        act: impl Fn(&mut Change<'_>) -> (Act, Option<Purpose>),
    ) -> Result<ConsentId, DeskError> {
        access.require(Permission::EditPatient)?;
        self.change(access, patient, Origin::Live, |change| {
            let known = change.chart.patient.contact_points.iter();
            let point = known
                .clone()
                .find(|known| known.id == point)
                .ok_or(DeskError::NotFound("contact"))?
                .clone();
            let (act, purpose) = act(change);
            let words = if matches!(act, Act::Revoked { .. }) {
                "revoked"
            } else {
                "granted"
            };
            let consent = write_entry(change, &point, evidence.clone(), act, purpose);
            change.audit(Action::Create, "consent", words);
            Ok(consent)
        })
        .await
    }
}

impl Proof {
    fn evidence(&self) -> Result<Evidence, DeskError> {
        let (Self::Form(text) | Self::Recording(text) | Self::Note(text)) = self;
        let text = text.trim();
        if text.is_empty() {
            return Err(DeskError::invalid("evidence", "must say what proves it"));
        }
        let text = EvidenceRef::new(text);
        Ok(match self {
            Self::Form(_) => Evidence::Form(text),
            Self::Recording(_) => Evidence::Recording(text),
            Self::Note(_) => Evidence::Note(text),
        })
    }
}

/// Adds an entry about an address, with its fact.
pub(crate) fn write_entry(
    change: &mut Change<'_>,
    point: &ContactPoint,
    evidence: Evidence,
    act: Act,
    purpose: Option<Purpose>,
) -> ConsentId {
    let entry = Entry {
        id: change.desk().mint().id(),
        person: point.owner,
        address: point.address.clone(),
        captured_at: change.now(),
        captured_by: change.access().actor,
        evidence,
        act,
    };
    let consent = entry.id;
    let fact = match entry.act {
        Act::Granted { purpose, .. } => Fact::ConsentGranted { consent, purpose },
        _ => Fact::ConsentRevoked { consent, purpose },
    };
    let (patient, strand) = (change.chart.patient.id, change.strand());
    change.write(Write::Consent(Box::new(ConsentRow {
        patient,
        strand,
        entry,
    })));
    change.happened(fact);
    consent
}

/// Withdraws what waits for one of the purposes, by the channel where one is named.
pub(crate) fn withdraw_meant(
    change: &mut Change<'_>,
    purposes: Purposes,
    channel: Option<Channel>,
) {
    for pending in change.chart.pending.clone() {
        let meant = purposes.contains(pending.message.purpose)
            && channel.is_none_or(|channel| channel == pending.message.channel);
        if meant && pending.message.purpose != Purpose::Safety {
            change.withdraw(&pending, "consent_revoked");
        }
    }
}
