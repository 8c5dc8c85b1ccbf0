//! Those who speak for a patient.

use jiff::ToSpan;
use tendon_care::access::Access;
use tendon_care::contact::Owner;
use tendon_care::id::{PatientId, PracticeId, ProxyId};
use tendon_care::patient::{AGE_OF_MAJORITY_YEARS, Authority, Proxy, Relation};
use tendon_care::person::PersonName;
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::Fact;
use tendon_store::Action;

use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;

/// One who is to speak for a patient; not verified at first.
#[derive(Clone, Debug)]
pub struct NewProxy {
    /// The name.
    pub name: PersonName,
    /// How they are related.
    pub relation: Relation,
}

/// What staff decide about one who speaks for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyAct {
    /// Identity and authority were seen.
    Verify,
    /// Not for now.
    Suspend,
    /// A court or the practice forbids contact.
    ForbidContact,
    /// The prohibition ended; the authority must be verified anew.
    AllowContact,
}

impl ProxyAct {
    const fn words(self) -> &'static str {
        match self {
            Self::Verify => "representative verified",
            Self::Suspend => "representative suspended",
            Self::ForbidContact => "no contact",
            Self::AllowContact => "contact allowed again",
        }
    }
}

impl Desk {
    /// Names one who speaks for a patient.
    pub async fn add_proxy(
        &self,
        access: &Access,
        patient: PatientId,
        new: &NewProxy,
    ) -> Result<ProxyId, DeskError> {
        let id = self.mint().id();
        self.edit(access, patient, "representative added", |change| {
            let mut after = change.chart.patient.value.clone();
            after.proxies.push(Proxy {
                id,
                name: new.name.clone(),
                relation: new.relation,
                authority: Authority::Unverified,
            });
            Ok(after)
        })
        .await?;
        Ok(id)
    }

    /// Decides what one who speaks for a patient may do. A forbidden contact beats
    /// everything: it is lifted by its own act, and not by verifying.
    pub async fn on_proxy(
        &self,
        access: &Access,
        patient: PatientId,
        proxy: ProxyId,
        act: ProxyAct,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, act.words(), |change| {
            let at = change.now();
            let mut after = change.chart.patient.value.clone();
            let known = after
                .proxies
                .iter_mut()
                .find(|known| known.id == proxy)
                .ok_or(DeskError::NotFound("representative"))?;
            known.authority = match (act, known.authority) {
                (ProxyAct::AllowContact, Authority::NoContact) => Authority::Unverified,
                (ProxyAct::AllowContact, _) => {
                    return Err(DeskError::Stale("contact is not forbidden"));
                }
                (ProxyAct::Verify | ProxyAct::Suspend, Authority::NoContact) => {
                    return Err(DeskError::Stale("contact is forbidden"));
                }
                (ProxyAct::Verify, _) => Authority::Verified { at },
                (ProxyAct::Suspend, _) => Authority::Suspended { at },
                (ProxyAct::ForbidContact, _) => Authority::NoContact,
            };
            if act != ProxyAct::Verify {
                withdraw_to(change, proxy);
            }
            Ok(after)
        })
        .await
    }

    /// Suspends the representatives of everybody who has turned 18 since they were
    /// verified, and asks staff to settle the patient's own address and consent.
    /// One whose authority was verified after that day speaks for an adult and
    /// stays. Returns how many patients.
    pub async fn come_of_age(&self, practice: PracticeId) -> Result<usize, DeskError> {
        let access = Access::system(practice, "birthdays");
        let house = self.house(practice).await?;
        let zone = house.practice.time_zone.clone();
        let today = self.now().to_zoned(zone).date();
        let born_by = today.saturating_sub(AGE_OF_MAJORITY_YEARS.years());
        let wards = self.reader(&access).wards_born_by(born_by).await?;
        let mut patients: Vec<PatientId> = wards
            .iter()
            .filter(|ward| {
                let day = ward.verified_at.to_zoned(house.practice.time_zone.clone());
                day.date() < majority(ward.birth_date)
            })
            .map(|ward| ward.patient)
            .collect();
        patients.dedup();
        for patient in &patients {
            self.change(&access, *patient, Origin::Live, |change| {
                suspend_grown(change);
                Ok(())
            })
            .await?;
        }
        Ok(patients.len())
    }
}

/// Returns the day on which somebody decides alone; for one born on 29 February
/// that is 28 February, as [`tendon_care::patient::Patient::is_minor`] counts.
fn majority(birth_date: jiff::civil::Date) -> jiff::civil::Date {
    birth_date.saturating_add(AGE_OF_MAJORITY_YEARS.years())
}

fn suspend_grown(change: &mut Change<'_>) {
    let (now, zone) = (change.now(), change.house().practice.time_zone.clone());
    let mut after = change.chart.patient.value.clone();
    let Some(day) = after.birth_date.map(majority) else {
        return;
    };
    let mut suspended = Vec::new();
    for proxy in &mut after.proxies {
        if let Authority::Verified { at } = proxy.authority
            && at.to_zoned(zone.clone()).date() < day
        {
            proxy.authority = Authority::Suspended { at: now };
            suspended.push(proxy.id);
        }
    }
    if suspended.is_empty() || after.is_minor(now.to_zoned(zone).date()) {
        return;
    }
    change.set_patient(after);
    for proxy in suspended {
        withdraw_to(change, proxy);
    }
    change.happened(Fact::PatientChanged {});
    change.audit(Action::Update, "patient", "representatives suspended at 18");
    let due_at = now + jiff::SignedDuration::from_hours(7 * 24);
    change.open_task(TaskKind::Call, About::default(), due_at);
}

/// Takes back what is bound for a representative's own address.
fn withdraw_to(change: &mut Change<'_>, proxy: ProxyId) {
    let theirs: Vec<_> = change
        .chart
        .patient
        .contact_points
        .iter()
        .filter(|point| point.owner == Owner::Proxy(proxy))
        .map(|point| point.id)
        .collect();
    for pending in change.chart.pending.clone() {
        let bound_for = pending.message.contact_point;
        if bound_for.is_some_and(|point| theirs.contains(&point)) {
            change.withdraw(&pending, "no_recipient");
        }
    }
}
