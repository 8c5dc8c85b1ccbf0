//! A reminder follows its appointment: going back when a date has moved.

use super::Run;
use crate::definition::{Next, Pending, StepId};
use crate::enrolment::{Basis, State};
use crate::event::{Effect, WithdrawReason};

impl Run<'_> {
    /// Goes back to the first step whose date has moved, if one has.
    pub(super) fn follow_anchors(&mut self) -> bool {
        let trail = &self.enrolment.trail;
        let behind = trail.iter().position(|passed| self.has_moved(passed.basis));
        let here = match &self.enrolment.state {
            State::Waiting { step, basis, .. } | State::Awaiting { step, basis, .. } => {
                basis.filter(|basis| self.has_moved(*basis)).map(|_| step)
            }
            _ => None,
        };
        let step = match (behind, here) {
            (Some(place), _) => trail.get(place).map(|passed| passed.step.clone()),
            (None, Some(step)) => Some(step.clone()),
            (None, None) => return self.find_anchor(),
        };
        self.enrolment.trail.truncate(behind.unwrap_or(trail.len()));
        // What staff decided, they decided about the old date.
        self.enrolment.orders.clear();
        self.enrolment.previous = self.now;
        self.effects.push(Effect::Withdraw {
            pending: Pending::All,
            reason: WithdrawReason::Moved,
        });
        self.plan_from(step.as_ref());
        true
    }

    /// Goes on with a step that waited for its anchor to be known.
    fn find_anchor(&mut self) -> bool {
        let State::Unanchored { step } = self.enrolment.state.clone() else {
            return false;
        };
        self.plan_from(Some(&step));
        !matches!(&self.enrolment.state, State::Unanchored { step: still } if *still == step)
    }

    fn plan_from(&mut self, step: Option<&StepId>) {
        let index = step
            .and_then(|id| self.definition.find(id))
            .map(|(index, _)| index);
        self.plan(index.map_or(Next::End, Next::Step), self.now);
    }

    fn has_moved(&self, basis: Basis) -> bool {
        self.facts.instant(basis.fact.index) != Some(basis.at)
    }
}
