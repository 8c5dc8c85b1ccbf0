//! What patients write, and what they learn from the answer.

use tendon_care::contact::{Address, Channel};
use tendon_care::message::Body;
use tendon_desk::Inbound;

use super::{Act, SimulateError, Year, failed};

impl Year {
    pub(super) async fn write(
        &mut self,
        index: usize,
        words: &'static str,
    ) -> Result<(), SimulateError> {
        let Some(phone) = self.people.get(index).map(|person| person.phone.clone()) else {
            return Ok(());
        };
        self.texts += 1;
        self.report.replies += 1;
        let inbound = Inbound {
            practice: self.access.practice,
            from: Address::Phone(phone),
            channel: Channel::Sms,
            body: Body::new(words),
            carrier: "sandbox".into(),
            carrier_ref: format!("in-{}", self.texts),
        };
        self.desk
            .hear(&inbound)
            .await
            .map_err(failed("read a text"))?;
        self.sync(index).await
    }

    /// Lets the patient know what became of visits after writing.
    pub(super) async fn sync(&mut self, index: usize) -> Result<(), SimulateError> {
        let Some(person) = self.people.get(index).cloned() else {
            return Ok(());
        };
        let now = self.now();
        let Some(next) = person
            .visits
            .iter()
            .find(|visit| visit.open && visit.starts_at > now)
        else {
            return Ok(());
        };
        let still = self
            .desk
            .is_open(&self.access, next.id)
            .await
            .map_err(failed("look at a visit"))?;
        if !still {
            if let Some(planned) = self.visit_mut(index, next.id) {
                planned.open = false;
            }
            self.report.cancelled += 1;
            self.calendar.free(next.starts_at, next.clinician);
            let at = self.later(2.0..60.0);
            self.plan(at, Act::Rebook { person: index });
        }
        Ok(())
    }
}
