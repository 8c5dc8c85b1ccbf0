//! What staff decide about steps ahead.

use super::Run;
use crate::definition::{Act, Next, StepId};
use crate::enrolment::{Order, State};

impl Run<'_> {
    /// Notes what staff decided about a step that is still ahead.
    pub(super) fn order(&mut self, state: &State, id: &StepId, order: Order) {
        let Some((index, step)) = self.definition.find(id) else {
            return;
        };
        // What was left out or done now does not come back.
        let settled = self.enrolment.order(id) == Some(Order::Skip);
        let is_deed = matches!(step.act, Act::Send(_) | Act::Task { .. });
        if settled || !is_deed || !self.is_ahead(state, index) {
            return;
        }
        self.enrolment.orders.retain(|(ordered, _)| ordered != id);
        self.enrolment.orders.push((id.clone(), order));
        let here = match state {
            State::Waiting { step, .. } | State::Unanchored { step } => step == id,
            _ => false,
        };
        if here {
            self.plan(Next::Step(index), self.now);
        }
    }

    /// Does the message or task of a step ahead now; its own turn is skipped.
    pub(super) fn do_now(&mut self, state: &State, id: &StepId) {
        let Some((index, step)) = self.definition.find(id) else {
            return;
        };
        let asked_before = self.enrolment.order(id) == Some(Order::Skip);
        if asked_before || !self.is_ahead(state, index) {
            return;
        }
        if self.act(step, self.now).is_ok() {
            self.enrolment.orders.retain(|(ordered, _)| ordered != id);
            self.enrolment.orders.push((id.clone(), Order::Skip));
        }
    }

    /// Tells whether a step is the one waited for, or comes after it in order.
    fn is_ahead(&self, state: &State, index: usize) -> bool {
        let place = |id| self.definition.find(id).map(|(place, _)| place);
        match state {
            State::Waiting { step, .. } | State::Unanchored { step } => {
                place(step).is_some_and(|place| index >= place)
            }
            State::Awaiting { step, .. } => place(step).is_some_and(|place| index > place),
            State::Fresh | State::Following { .. } | State::Ended { .. } => false,
        }
    }
}
