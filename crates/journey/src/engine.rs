//! The one function that moves an enrolment.
//!
//! It reads a definition, an enrolment, an event and the facts, and answers
//! with the next enrolment and what follows. It keeps no clock and sends
//! nothing, so the same call forecasts, replays and runs.

mod follow;
mod staff;

use jiff::Timestamp;

use crate::condition::{Condition, Verdict};
use crate::definition::{Act, Definition, Next, Pending, Send, Step, StepId, Trigger, Wait};
use crate::enrolment::{Basis, EndReason, Enrolment, Order, Passed, Refs, State};
use crate::event::{Effect, Event, LeftOut, WithdrawReason};
use crate::facts::{Facts, Scope};
use crate::moment::{Anchor, Anchors, Moment};
use crate::schedule::Past;

/// The fact after which nothing is ever sent again, whatever a journey says.
const DEATH: &str = "patient.deceased";

/// A step was asked of a definition that the enrolment does not run on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the enrolment runs on {journey} version {version}, which is not the definition given")]
pub struct WrongDefinition {
    /// The journey of the enrolment.
    pub journey: String,
    /// The version of the enrolment.
    pub version: u32,
}

/// Moves an enrolment by one event.
///
/// | from \ event | entered | due | happened | anchors changed | skip, move | do now | stop |
/// |---|---|---|---|---|---|---|---|
/// | fresh | plan | – | exit? | – | – | – | ended |
/// | waiting | – | act, plan | exit? moved? withdraw? | moved? | note, plan | act | ended |
/// | unanchored | – | – | exit? moved? withdraw? | moved? | note, plan | act | ended |
/// | awaiting | – | plan otherwise | exit? moved? withdraw? plan then | moved? | note | act | ended |
/// | following | – | ended | exit? moved? withdraw? | moved? | – | – | ended |
/// | ended | – | – | – | – | – | – | – |
///
/// *plan* goes on to the next step: it waits for its time, for its anchor to
/// be known, or for a fact; passes steps that are left out; follows the last
/// date; or ends. *act* first asks the step's condition. *moved?* goes back to
/// the first step whose date was reckoned from a fact that has another instant
/// now, withdraws what is pending and plans in the new calendar. A wake-up
/// that comes early, late, twice or for another step does no harm.
///
/// *Errors*: the definition has another name or version than the enrolment.
pub fn step(
    definition: &Definition,
    enrolment: &Enrolment,
    event: &Event,
    facts: &Facts,
    now: Timestamp,
) -> Result<(Enrolment, Vec<Effect>), WrongDefinition> {
    if *enrolment.journey != *definition.name || enrolment.version != definition.version {
        return Err(WrongDefinition {
            journey: enrolment.journey.to_string(),
            version: enrolment.version,
        });
    }
    let mut run = Run {
        definition,
        facts,
        now,
        enrolment: enrolment.clone(),
        effects: Vec::new(),
    };
    run.hear(event);
    run.set_wake(enrolment, matches!(event, Event::Due { .. }));
    Ok((run.enrolment, run.effects))
}

/// One move in the making.
struct Run<'a> {
    definition: &'a Definition,
    facts: &'a Facts,
    now: Timestamp,
    enrolment: Enrolment,
    effects: Vec<Effect>,
}

impl<'a> Run<'a> {
    /// The table of [`step`].
    fn hear(&mut self, event: &Event) {
        match (self.enrolment.state.clone(), event) {
            (State::Ended { .. }, _) => {}
            (_, Event::Stop) => self.end_early(EndReason::ByStaff),
            (State::Fresh, Event::Entered) => self.plan(Next::Step(0), self.now),
            (_, Event::Happened { fact, about }) => self.happened(fact, about),
            (State::Fresh, _) | (_, Event::Entered) => {}
            (_, Event::AnchorsChanged) => {
                self.follow_anchors();
            }
            (state, Event::Due { step }) => self.due(&state, step),
            (State::Following { .. }, _) => {}
            (state, Event::Skip { step }) => self.order(&state, step, Order::Skip),
            (state, Event::Move { step, to }) => {
                self.order(&state, step, Order::At((*to).max(self.now)));
            }
            (state, Event::DoNow { step }) => self.do_now(&state, step),
        }
    }

    fn due(&mut self, state: &State, step: &StepId) {
        // A date that moved without a word must not be acted upon.
        if self.follow_anchors() {
            return;
        }
        match state {
            State::Waiting {
                step: waiting,
                due_at,
                ..
            } if waiting == step && *due_at <= self.now => {
                if let Some((_, step)) = self.definition.find(step)
                    && let Some(next) = self.run(step, *due_at)
                {
                    self.plan(next, *due_at);
                }
            }
            State::Awaiting {
                step: waiting,
                until,
                ..
            } if waiting == step && *until <= self.now => {
                if let Some((step, wait)) = self.waiting_step(step) {
                    self.pass(step);
                    self.plan(wait.otherwise, *until);
                }
            }
            State::Following {
                step: last, until, ..
            } if last == step && *until <= self.now => self.end(EndReason::Completed),
            _ => {}
        }
    }

    fn happened(&mut self, fact: &'static str, about: &Refs) {
        if fact == DEATH && about.patient == self.enrolment.about.patient {
            return self.end_early(EndReason::Exited("deceased".to_owned()));
        }
        let definition = self.definition;
        let exit = definition
            .exits
            .iter()
            .find(|exit| self.fires(&exit.trigger, fact, about));
        if let Some(exit) = exit {
            return self.end_early(EndReason::Exited(exit.reason.clone()));
        }
        if matches!(self.enrolment.state, State::Fresh) {
            return;
        }
        let moved = self.follow_anchors();
        for withdrawal in &definition.withdrawals {
            if self.fires(&withdrawal.trigger, fact, about) {
                self.effects.push(Effect::Withdraw {
                    pending: withdrawal.pending.clone(),
                    reason: WithdrawReason::Fact(fact),
                });
            }
        }
        if let State::Awaiting { step, .. } = self.enrolment.state.clone()
            && !moved
            && let Some((step, wait)) = self.waiting_step(&step)
            && self.fires(&wait.until, fact, about)
        {
            self.pass(step);
            self.plan(wait.then, self.now);
        }
    }

    /// Goes on from a step until something has to be waited for.
    ///
    /// `floor` is the instant from which "in the past" is judged: the time at
    /// which the step before was due rather than the time at which a late
    /// wake-up arrived, so that a slow minute does not skip a reminder.
    fn plan(&mut self, mut next: Next, floor: Timestamp) {
        // A round trip takes time, as the definition's checks made sure; so no
        // step is met twice here, and the bound is never what ends the loop.
        for _ in 0..=self.definition.steps.len() {
            let Next::Step(index) = next else { break };
            let Some(step) = self.definition.steps.get(index) else {
                break;
            };
            match self.reach(step, floor) {
                Some(further) => next = further,
                None => return,
            }
        }
        self.finish();
    }

    /// Comes to a step; returns where to go on if it is passed at once.
    fn reach(&mut self, step: &Step, floor: Timestamp) -> Option<Next> {
        let ordered = match self.enrolment.order(&step.id) {
            Some(Order::At(at)) => Some(at),
            _ => None,
        };
        let Some(due) = ordered.or_else(|| step.due.instant(&self.anchors())) else {
            self.enrolment.state = State::Unanchored {
                step: step.id.clone(),
            };
            return None;
        };
        if due > self.now {
            self.enrolment.state = State::Waiting {
                step: step.id.clone(),
                due_at: due,
                basis: self.basis(step),
            };
            return None;
        }
        let too_late = ordered.is_none()
            && due < floor
            && match step.due.past {
                Past::Skip => true,
                Past::RunWithin(grace) => grace.after(due, self.facts.zone()) < floor,
                Past::Run => false,
            };
        if too_late {
            return Some(self.leave_out(step, LeftOut::TooLate));
        }
        self.run(step, due)
    }

    /// Carries a step out whose time has come; returns where to go on unless
    /// it waits or ends.
    fn run(&mut self, step: &Step, due: Timestamp) -> Option<Next> {
        if self.enrolment.order(&step.id) == Some(Order::Skip) {
            return Some(self.leave_out(step, LeftOut::ByStaff));
        }
        match step.when.as_ref().map_or(Verdict::Yes, |c| self.ask(c)) {
            Verdict::Yes => {}
            Verdict::No => return Some(self.leave_out(step, LeftOut::ConditionNo)),
            Verdict::Unknown => return Some(self.leave_out(step, LeftOut::ConditionUnknown)),
        }
        match &step.act {
            Act::Send(_) | Act::Task { .. } => {
                if let Err(why) = self.act(step, due) {
                    return Some(self.leave_out(step, why));
                }
                self.pass(step);
                Some(step.next)
            }
            Act::Wait(wait) => {
                self.enrolment.state = State::Awaiting {
                    step: step.id.clone(),
                    until: wait.within.after(self.now, self.facts.zone()),
                    basis: self.basis(step),
                };
                None
            }
            Act::Branch { cases, otherwise } => {
                let case = cases
                    .iter()
                    .find(|(when, _)| self.ask(when) == Verdict::Yes);
                let target = case.map_or(*otherwise, |(_, target)| *target);
                self.pass(step);
                Some(target)
            }
            Act::Stop { reason } => {
                self.end(EndReason::Stopped(reason.clone()));
                None
            }
        }
    }

    /// Asks for the message or the task of a step, once for each date.
    fn act(&mut self, step: &Step, due: Timestamp) -> Result<(), LeftOut> {
        let date = step
            .due
            .moment
            .fact()
            .and_then(|fact| self.facts.instant(fact.index))
            .map(|at| (step.id.clone(), at));
        if date
            .as_ref()
            .is_some_and(|date| self.enrolment.done.contains(date))
        {
            return Err(LeftOut::DoneBefore);
        }
        let effect = match &step.act {
            Act::Send(send) => self.message(&step.id, send, due)?,
            Act::Task { kind, within } => Effect::Task {
                step: step.id.clone(),
                kind: *kind,
                due_at: within.after(self.now, self.facts.zone()),
            },
            Act::Wait(_) | Act::Branch { .. } | Act::Stop { .. } => {
                return Err(LeftOut::ConditionNo);
            }
        };
        self.effects.push(effect);
        self.enrolment.done.extend(date);
        Ok(())
    }

    fn message(&self, id: &StepId, send: &Send, due: Timestamp) -> Result<Effect, LeftOut> {
        // A message whose limit is not known has no date to speak of any more.
        let expires_at = self
            .instant(send.expires, due)
            .filter(|expires_at| *expires_at > self.now)
            .ok_or(LeftOut::Stale)?;
        Ok(Effect::Send {
            step: id.clone(),
            template: send.template.clone(),
            channels: send.channels.clone(),
            expires_at,
            purpose: self.definition.purpose,
            priority: self.definition.priority,
            prompt: send.prompt,
        })
    }

    fn leave_out(&mut self, step: &Step, why: LeftOut) -> Next {
        self.effects.push(Effect::LeftOut {
            step: step.id.clone(),
            why,
        });
        self.pass(step);
        step.next
    }

    /// Notes that a step lies behind, and on which date it hung.
    fn pass(&mut self, step: &Step) {
        let basis = self.basis(step);
        let trail = &mut self.enrolment.trail;
        // On the second round of a circle the first one no longer counts.
        if let Some(place) = trail.iter().position(|passed| passed.step == step.id) {
            trail.truncate(place);
        }
        match basis {
            Some(basis) => trail.push(Passed {
                step: step.id.clone(),
                basis,
            }),
            // What came before a step without a date is settled.
            None => trail.clear(),
        }
        self.enrolment.previous = self.now;
        self.enrolment
            .orders
            .retain(|(ordered, _)| *ordered != step.id);
    }

    /// All steps are passed: follow the last date that may still move, or end.
    fn finish(&mut self) {
        let last = self
            .enrolment
            .trail
            .last()
            .map(|passed| passed.step.clone());
        let ahead = self
            .enrolment
            .trail
            .iter()
            .map(|passed| passed.basis.at)
            .max()
            .filter(|at| *at > self.now);
        match (last, ahead) {
            (Some(step), Some(until)) => self.enrolment.state = State::Following { step, until },
            _ => self.end(EndReason::Completed),
        }
    }

    /// Ends before the last step: what is pending must not go out any more.
    fn end_early(&mut self, reason: EndReason) {
        self.effects.push(Effect::Withdraw {
            pending: Pending::All,
            reason: WithdrawReason::Ended(reason.code().to_owned()),
        });
        self.end(reason);
    }

    fn end(&mut self, reason: EndReason) {
        self.enrolment.state = State::Ended {
            reason,
            at: self.now,
        };
        self.enrolment.trail.clear();
        self.enrolment.orders.clear();
    }

    /// Sets or removes the wake-up where it differs from before. A wake-up
    /// that has just arrived is used up, so it is set again if it came early.
    fn set_wake(&mut self, before: &Enrolment, used_up: bool) {
        let wake = self.enrolment.wake();
        if let Some((step, at)) = wake {
            if used_up || wake != before.wake() {
                self.effects.push(Effect::Wake {
                    step: step.clone(),
                    at: at.max(self.now),
                });
            }
        } else if before.wake().is_some() {
            self.effects.push(Effect::Unwake);
        }
        let ended_before = matches!(before.state, State::Ended { .. });
        if let State::Ended { reason, .. } = &self.enrolment.state
            && !ended_before
        {
            self.effects.push(Effect::End {
                reason: reason.clone(),
            });
        }
    }

    fn waiting_step(&self, id: &StepId) -> Option<(&'a Step, &'a Wait)> {
        let (_, step) = self.definition.find(id)?;
        match &step.act {
            Act::Wait(wait) => Some((step, wait)),
            _ => None,
        }
    }

    fn fires(&self, trigger: &Trigger, fact: &str, about: &Refs) -> bool {
        trigger.on.contains(&fact)
            && self
                .enrolment
                .about
                .concerned_by(about, self.definition.subject, trigger.of)
            && trigger
                .when
                .as_ref()
                .is_none_or(|when| self.ask(when) == Verdict::Yes)
    }

    fn ask(&self, condition: &Condition) -> Verdict {
        condition.ask(&Scope {
            facts: self.facts,
            entered: Some(self.enrolment.entered_at),
            now: self.now,
        })
    }

    const fn anchors(&self) -> Anchors<'a> {
        Anchors {
            facts: self.facts,
            entered: self.enrolment.entered_at,
            previous: self.enrolment.previous,
        }
    }

    fn instant(&self, moment: Moment, due: Timestamp) -> Option<Timestamp> {
        let anchor = match moment.anchor {
            Anchor::Due => Some(due),
            other => self.anchors().instant(other),
        };
        anchor.map(|anchor| moment.from(anchor, self.facts.zone()))
    }

    /// Returns the fact that gives a step its date: its own anchor, or that of
    /// the step before for one that is reckoned from it.
    fn basis(&self, step: &Step) -> Option<Basis> {
        match step.due.moment.anchor {
            Anchor::Fact(fact) => self.facts.instant(fact.index).map(|at| Basis { fact, at }),
            Anchor::Previous => self.enrolment.trail.last().map(|passed| passed.basis),
            Anchor::Entered | Anchor::Due => None,
        }
    }
}

#[cfg(test)]
mod tests;
