//! Setting a practice up: places, people who work there, and new patients.

use jiff::Timestamp;
use tendon_care::access::{Access, Permission};
use tendon_care::consent::{Act, Basis, Entry, Evidence, EvidenceRef};
use tendon_care::patient::Patient;
use tendon_care::practice::{Clinician, Location};
use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_store::{
    Action, AddressKey, AuditEntry, Commit, ConsentRow, LinkRow, VisitFilter, Write,
};

use crate::desk::Desk;
use crate::error::DeskError;
use crate::{link, people, settings};

/// What a new patient agreed to on the intake form.
#[derive(Clone, Debug)]
pub struct Intake {
    /// The purposes ticked.
    pub agreed: Vec<Purpose>,
    /// Which form, for whoever asks later.
    pub form: String,
    /// The version of its wording.
    pub wording_version: String,
}

impl Desk {
    /// Adds or changes a place.
    pub async fn put_location(&self, access: &Access, location: Location) -> Result<(), DeskError> {
        access.require(Permission::EditSettings)?;
        let location = Location {
            name: settings::shown_name(&location.name)?,
            ..location
        };
        let mut commit = Commit::new(access);
        commit
            .audit(AuditEntry::new(access, self.now(), Action::Update, "location").of(location.id));
        commit.push(Write::Location(location));
        self.db().commit(commit).await?;
        self.refresh();
        Ok(())
    }

    /// Adds or changes a clinician.
    pub async fn put_clinician(
        &self,
        access: &Access,
        clinician: Clinician,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditSettings)?;
        let mut commit = Commit::new(access);
        commit.audit(
            AuditEntry::new(access, self.now(), Action::Update, "clinician").of(clinician.id),
        );
        commit.push(Write::Clinician(clinician));
        self.db().commit(commit).await?;
        self.refresh();
        Ok(())
    }

    /// Takes a new patient in, with what the intake form says.
    pub async fn register(
        &self,
        access: &Access,
        patient: Patient,
        intake: &Intake,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditPatient)?;
        let patient = Patient {
            region: people::checked(&patient.region)?,
            ..patient
        };
        let now = self.now();
        let mut commit = Commit::new(access);
        commit.push(Write::Touchpoint(Touchpoint {
            id: self.mint().id(),
            patient: patient.id,
            happened_at: now,
            fact: Fact::PatientRegistered {},
            backfilled: false,
        }));
        for entry in self.intake_entries(access, &patient, intake, now) {
            let Act::Granted { purpose, .. } = entry.act else {
                continue;
            };
            let strand = Some(patient.id);
            commit.push(Write::Touchpoint(Touchpoint {
                id: self.mint().id(),
                patient: patient.id,
                happened_at: now,
                fact: Fact::ConsentGranted {
                    consent: entry.id,
                    purpose,
                },
                backfilled: false,
            }));
            commit.push(Write::Consent(Box::new(ConsentRow {
                patient: patient.id,
                strand,
                entry,
            })));
        }
        commit.audit(
            AuditEntry::new(access, now, Action::Create, "patient")
                .of(patient.id)
                .about(patient.id),
        );
        let addresses: Vec<AddressKey> = patient
            .contact_points
            .iter()
            .map(|point| AddressKey::new(&point.address))
            .collect();
        commit.push(Write::PatientNew(Box::new(patient), now));
        commit.extend(addresses.into_iter().map(Write::AddressShared));
        self.db().commit(commit).await?;
        Ok(())
    }

    fn intake_entries(
        &self,
        access: &Access,
        patient: &Patient,
        intake: &Intake,
        now: Timestamp,
    ) -> Vec<Entry> {
        let each = patient
            .contact_points
            .iter()
            .flat_map(|point| intake.agreed.iter().map(move |purpose| (point, *purpose)));
        each.map(|(point, purpose)| Entry {
            id: self.mint().id(),
            person: point.owner,
            address: point.address.clone(),
            captured_at: now,
            captured_by: access.actor,
            evidence: Evidence::Form(EvidenceRef::new(intake.form.clone())),
            act: Act::Granted {
                purpose,
                channel: None,
                basis: Basis::Form,
                wording_version: intake.wording_version.clone(),
                language: patient.language,
                unencrypted_warning_version: Some("1".to_owned()),
            },
        })
        .collect()
    }

    /// Returns when the next timer or message is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, DeskError> {
        Ok(self.db().next_due().await?)
    }
}

impl Desk {
    /// Makes a link for the patient whose visit is next, with the birthday that
    /// it will ask for: for a demonstration on invented people, never elsewhere.
    pub async fn demo_link(
        &self,
        access: &Access,
    ) -> Result<Option<(String, jiff::civil::Date)>, DeskError> {
        let now = self.now();
        let filter = VisitFilter {
            from: now,
            until: now + jiff::SignedDuration::from_hours(24 * 30),
            after: None,
            limit: 50,
        };
        let house = self.house(access.practice).await?;
        for visit in self.reader(access).appointments(&filter).await? {
            let patient = self.reader(access).patient(visit.patient).await?;
            let Some(born) = patient.and_then(|patient| patient.birth_date) else {
                continue;
            };
            let (token, token_hash) = link::new_token(&self.mint());
            let mut commit = Commit::new(access);
            commit.push(Write::LinkNew(LinkRow {
                id: self.mint().id(),
                token_hash,
                patient: visit.patient,
                appointment: Some(visit.id),
                contact_point: None,
                created_at: now,
                expires_at: link::expiry(&house, now),
                verified_until: Timestamp::UNIX_EPOCH,
                proof_hash: None,
                failures: 0,
            }));
            self.db().commit(commit).await?;
            return Ok(Some((link::url(self.public_url(), &token), born)));
        }
        Ok(None)
    }
}
