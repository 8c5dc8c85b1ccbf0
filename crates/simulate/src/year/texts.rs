//! What patients read and write, and what they learn from the answer.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use tendon_care::contact::{Address, Channel};
use tendon_care::id::MessageId;
use tendon_care::message::{Body, Failure, FailureClass};
use tendon_channel::carrier::Receipt;
use tendon_desk::{Inbound, Report};

use super::{Act, SimulateError, Year, failed};
use crate::behaviour::Intent;
use crate::person::{Fate, Person, Stage};
use crate::words::{self, Text};

/// Receipts come for the last two months. Nobody looks at older ones, and each of
/// them is a commit.
const RECEIPTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 60);

impl Year {
    pub(super) fn read_messages(&mut self) {
        let messages =
            std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        for heard in messages {
            let reader = self.who_reads(&heard.address);
            if heard.by_text {
                self.plan_receipt(reader, heard.message);
            }
            if let Some(index) = reader {
                self.read(index, &heard.address, heard.asks);
            }
        }
    }

    /// Lets the carrier find out, within seconds, what became of a text. One in three
    /// hundred finds the phone switched off, and it stays so.
    fn plan_receipt(&mut self, reader: Option<usize>, message: MessageId) {
        if self.now() + RECEIPTS_KEPT < self.settings.until {
            return;
        }
        let switched_off = self.dice.random_bool(1.0 / 300.0);
        let person = reader.and_then(|index| self.people.get_mut(index));
        let delivered = person.is_none_or(|person| {
            person.phone_off |= switched_off;
            !person.phone_off
        });
        let at = self.now() + SignedDuration::from_secs(self.dice.random_range(2..40));
        self.plan(at, Act::Receipt { message, delivered });
    }

    /// Lets the carrier report what became of a text.
    pub(super) async fn receive(
        &mut self,
        message: MessageId,
        delivered: bool,
    ) -> Result<(), SimulateError> {
        let receipt = if delivered {
            Receipt::Delivered
        } else {
            Receipt::Failed(Failure {
                class: FailureClass::InvalidAddress,
                code: "30005".into(),
            })
        };
        let report = Report {
            practice: self.access.practice,
            carrier: "sandbox".into(),
            carrier_ref: format!("sandbox:{message}"),
            message: Some(message),
            receipt,
        };
        self.desk
            .report(&report)
            .await
            .map(drop)
            .map_err(failed("take a receipt"))
    }

    /// Of those who share an address, the one with the next visit thinks it is theirs.
    fn who_reads(&self, address: &str) -> Option<usize> {
        let now = self.now();
        let known = self.by_address.get(address)?;
        let next = |index: &&usize| {
            let person = self.people.get(**index)?;
            person.next(now).map(|visit| visit.starts_at)
        };
        known
            .iter()
            .min_by_key(|index| next(index).unwrap_or(Timestamp::MAX))
            .copied()
    }

    fn read(&mut self, index: usize, address: &str, asks: bool) {
        let Some(person) = self.people.get(index).cloned() else {
            return;
        };
        let by_phone = Address::Phone(person.phone.clone()).comparable() == address;
        if by_phone && person.phone_off {
            return;
        }
        if by_phone && person.wrong_phone {
            if self.dice.random_bool(0.5) {
                self.write_soon(index, words::stranger);
            }
            return;
        }
        let now = self.now();
        let Some(next) = person.next(now) else {
            return self.remembered(index, &person);
        };
        if asks && let Some(visit) = self.visit_mut(index, next.id) {
            visit.reminders += 1;
        }
        let answers = asks && by_phone && person.stage == Stage::Coming;
        if !answers || !self.dice.random_bool(person.traits.answers) {
            return;
        }
        let language = person.language;
        match next.intent {
            Intent::CallOff { .. } => {
                self.write_soon(index, move |dice| words::not_coming(dice, language));
            }
            Intent::Move { .. } => self.write_soon(index, words::another_time),
            Intent::Come => self.write_soon(index, move |dice| words::coming(dice, language)),
        }
    }

    /// Lets one in three who have nothing on the book call when they are written to.
    fn remembered(&mut self, index: usize, person: &Person) {
        if person.stage == Stage::Coming
            && person.open().next().is_none()
            && self.dice.random_bool(0.35)
        {
            let at = self.later(0.5..30.0);
            self.plan(at, Act::Rebook { person: index });
        }
    }

    /// Most answer within minutes, some in the evening, nobody at night.
    fn write_soon(
        &mut self,
        index: usize,
        draw: impl FnOnce(&mut rand_chacha::ChaCha8Rng) -> Option<Text>,
    ) {
        let Some(text) = draw(&mut self.dice) else {
            return;
        };
        let hours = 0.02 + 5.0 * self.chance().powi(3);
        let at = self.waking(self.now() + super::span(hours));
        self.plan(
            at,
            Act::Write {
                person: index,
                text,
            },
        );
    }

    pub(super) async fn write(&mut self, index: usize, text: Text) -> Result<(), SimulateError> {
        let Some(person) = self.people.get_mut(index) else {
            return Ok(());
        };
        // Who has left does not answer any more, and the dead do not write.
        if person.phone_off || matches!(person.stage, Stage::Left | Stage::Dead) {
            return Ok(());
        }
        person.owed = text.answer.or(person.owed);
        let phone = person.phone.clone();
        self.texts += 1;
        let inbound = Inbound {
            practice: self.access.practice,
            from: Address::Phone(phone),
            channel: Channel::Sms,
            body: Body::new(text.words),
            carrier: "sandbox".into(),
            carrier_ref: format!("in-{}", self.texts),
        };
        self.desk
            .hear(&inbound)
            .await
            .map_err(failed("read a text"))?;
        self.sync(index).await
    }

    /// Lets the patient know what became of the next visit after writing.
    async fn sync(&mut self, index: usize) -> Result<(), SimulateError> {
        let now = self.now();
        let Some(next) = self.people.get(index).and_then(|person| person.next(now)) else {
            return Ok(());
        };
        let still = self
            .desk
            .is_open(&self.access, next.id)
            .await
            .map_err(failed("look at a visit"))?;
        if still {
            return Ok(());
        }
        self.settle(index, next.id, Fate::CalledOff { at: now });
        self.after_call_off(index);
        Ok(())
    }
}
