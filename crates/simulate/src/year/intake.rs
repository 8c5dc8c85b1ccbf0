//! How people come to the practice, and how they go.

use rand::RngExt;
use tendon_care::appointment::VisitKind;
use tendon_care::purpose::Purpose;
use tendon_desk::Intake;

use super::{Act, CLINICIANS, SimulateError, Year, failed};
use crate::{names, person};

impl Year {
    pub(super) async fn refer(&mut self) -> Result<(), SimulateError> {
        let today = self.calendar.day(self.now());
        let number = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        let drawn = person::draw(
            &mut self.dice,
            &self.desk.mint(),
            number,
            today,
            CLINICIANS.len(),
        );
        let (mut person, patient) = drawn.ok_or(SimulateError::Settings)?;
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
            .map_err(failed("register a patient"))?;
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
        self.by_phone
            .insert(person.phone.expose().to_owned(), self.people.len());
        self.by_patient.insert(person.id, self.people.len());
        self.people.push(person);
        self.report.patients += 1;
        // Four in a thousand die within the months after; staff learn of it.
        if self.dice.random_bool(0.004) {
            let at = self.later(24.0..24.0 * 120.0);
            self.plan(
                at,
                Act::Die {
                    person: self.people.len() - 1,
                },
            );
        }
        // Some are called within the hour, some the day after.
        let at = self.later(0.3..22.0);
        self.plan(
            at,
            Act::Call {
                person: self.people.len() - 1,
            },
        );
        Ok(())
    }

    pub(super) async fn call(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some((id, referral)) = self.people.get(index).map(|p| (p.id, p.referral)) else {
            return Ok(());
        };
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
                person.gone = true;
            }
            return Ok(());
        }
        let wait = 1 + self.dice.random_range(0..12);
        self.book(index, VisitKind::Evaluation, wait).await
    }

    pub(super) async fn watch(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some((id, Some(episode))) = self.people.get(index).map(|p| (p.id, p.episode)) else {
            return Ok(());
        };
        let moved = self.desk.watch_episode(&self.access, id, episode).await;
        if moved.map_err(failed("watch an episode"))? {
            let at = self.later(24.0 * 21.0..24.0 * 22.0);
            self.plan(at, Act::Watch { person: index });
        }
        Ok(())
    }

    pub(super) async fn die(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        person.gone = true;
        person.traits.answers = 0.0;
        let id = person.id;
        self.desk
            .record_death(&self.access, id)
            .await
            .map_err(failed("record a death"))
    }
}
