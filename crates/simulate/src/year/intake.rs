//! How people come to the practice.

use rand::RngExt;
use tendon_care::appointment::VisitKind;
use tendon_care::consent::Basis;
use tendon_care::contact::{Address, Line, Owner};
use tendon_care::id::PatientId;
use tendon_care::patient::Patient;
use tendon_care::purpose::Purpose;
use tendon_desk::{Given, Intake, NewContact, Proof};

use super::{Act, SimulateError, Year, failed};
use crate::calendar::{PLACES, SLOTS_A_DAY};
use crate::names;
use crate::person::{self, Kin, Person, Staffing, Stage};

/// Two in a hundred share the phone of somebody who is known already.
const SHARES_A_PHONE: f64 = 0.02;

/// Calls after which the front desk gives up a referral.
const CALLS: u8 = 4;

impl Year {
    pub(super) async fn refer(&mut self) -> Result<(), SimulateError> {
        let (mut person, patient) = self.draw()?;
        self.register(patient).await?;
        let referrer = names::REFERRERS
            .get(self.dice.random_range(0..names::REFERRERS.len()))
            .copied();
        let clinician = self.clinicians.get(person.clinician).copied();
        let ids = self
            .desk
            .refer(&self.access, person.id, referrer, clinician)
            .await
            .map_err(failed("take a referral in"))?;
        person.referral = Some(ids.0);
        person.episode = Some(ids.1);
        let index = self.people.len();
        self.by_patient.insert(person.id, index);
        self.people.push(person);
        // Four in a thousand die within the months after; staff learn of it.
        if self.dice.random_bool(0.004) {
            let at = self.later(24.0..24.0 * 120.0);
            self.plan(at, Act::Die { person: index });
        }
        // Some are called within the hour, some the day after.
        let at = self.later(0.3..22.0);
        self.plan(at, Act::Call { person: index });
        Ok(())
    }

    fn draw(&mut self) -> Result<(Person, Patient), SimulateError> {
        let today = self.calendar.day(self.now());
        let kin = self.kin();
        let staffing = Staffing {
            clinicians: self.clinicians.len(),
            slots_a_day: SLOTS_A_DAY,
        };
        let drawn = person::draw(
            &mut self.dice,
            &self.desk.mint(),
            self.numbers,
            today,
            staffing,
            kin.as_ref(),
        );
        self.numbers += 1;
        let (mut person, patient) = drawn.ok_or(SimulateError::Settings)?;
        // Of the two places one is easier to reach.
        person.traits.clinic = if person.clinician % PLACES == 0 {
            -0.25
        } else {
            0.25
        };
        for point in &patient.contact_points {
            let known = self.by_address.entry(point.address.comparable());
            known.or_default().push(self.people.len());
        }
        Ok((person, patient))
    }

    /// Chooses somebody who is known to share a phone with who comes next.
    fn kin(&mut self) -> Option<Kin> {
        if !self.dice.random_bool(SHARES_A_PHONE) || self.people.is_empty() {
            return None;
        }
        let one = self
            .people
            .get(self.dice.random_range(0..self.people.len()))?;
        (!one.wrong_phone && one.stage != Stage::Dead).then(|| Kin {
            phone: one.phone.clone(),
            family: one.family.clone(),
            language: one.language,
        })
    }

    async fn register(&mut self, patient: Patient) -> Result<(), SimulateError> {
        let mut agreed = vec![Purpose::Care];
        if self.dice.random_bool(0.9) {
            agreed.extend([Purpose::CareOther, Purpose::Feedback]);
        }
        let intake = Intake {
            agreed,
            form: "intake form".into(),
            wording_version: "2025-1".into(),
        };
        self.desk
            .register(&self.access, patient, &intake)
            .await
            .map(drop)
            .map_err(failed("register a patient"))
    }

    /// Calls about a referral. Two in three are reached at a time.
    pub(super) async fn call(&mut self, index: usize) -> Result<(), SimulateError> {
        let reached = self.dice.random_bool(0.66);
        let Some(person) = self
            .people
            .get_mut(index)
            .filter(|person| person.stage == Stage::Waiting)
        else {
            return Ok(());
        };
        person.calls += 1;
        if !reached {
            if person.calls < CALLS {
                let at = self.later(20.0..50.0);
                self.plan(at, Act::Call { person: index });
            }
            return Ok(());
        }
        person.stage = Stage::Coming;
        let (id, referral) = (person.id, person.referral);
        let Some(referral) = referral else {
            return Ok(());
        };
        self.desk
            .called(&self.access, id, referral)
            .await
            .map_err(failed("call a patient"))?;
        // One in twelve declines.
        if self.dice.random_bool(0.08) {
            if let Some(person) = self.people.get_mut(index) {
                person.stage = Stage::Left;
            }
            return Ok(());
        }
        let wait = 1 + self.dice.random_range(0..10);
        let from = self.day_after(wait);
        self.book(index, VisitKind::Evaluation, from)
            .await
            .map(drop)
    }

    /// Writes down the right phone of somebody whose number was another's.
    pub(super) async fn correct_phone(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some(id) = self
            .people
            .get(index)
            .filter(|person| person.wrong_phone && person.stage == Stage::Coming)
            .map(|person| person.id)
        else {
            return Ok(());
        };
        let phone = person::phone(self.numbers).ok_or(SimulateError::Settings)?;
        self.numbers += 1;
        let address = Address::Phone(phone.clone());
        self.desk
            .add_contact(&self.access, id, &mobile(address.clone()))
            .await
            .map_err(failed("write down a phone"))?;
        self.agree_to_texts(id, &address).await?;
        self.by_address
            .entry(address.comparable())
            .or_default()
            .push(index);
        if let Some(person) = self.people.get_mut(index) {
            person.wrong_phone = false;
            person.phone = phone;
        }
        Ok(())
    }

    /// Writes down the yes that goes with a new number.
    async fn agree_to_texts(&self, id: PatientId, address: &Address) -> Result<(), SimulateError> {
        let doing = "write down a consent";
        let known = self
            .desk
            .db()
            .reader(&self.access)
            .patient(id)
            .await
            .map_err(|error| failed(doing)(error.into()))?;
        let points = known.map(|known| known.value.contact_points);
        let point = points
            .unwrap_or_default()
            .into_iter()
            .find(|point| point.address == *address);
        let Some(point) = point else {
            return Ok(());
        };
        let given = Given {
            purpose: Purpose::Care,
            channel: None,
            basis: Basis::Spoken,
            wording_version: "2025-1".into(),
            warning_version: None,
            proof: Proof::Note("asked at the visit".into()),
        };
        self.desk
            .grant_consent(&self.access, id, point.id, &given)
            .await
            .map(drop)
            .map_err(failed(doing))
    }
}

fn mobile(address: Address) -> NewContact {
    NewContact {
        address,
        line: Line::Mobile,
        owner: Owner::Patient,
    }
}
