//! What a journey will do if nothing happens, by running the engine ahead.

use jiff::Timestamp;

use crate::condition::Condition;
use crate::definition::{Act, Definition, Step, StepId};
use crate::engine::{WrongDefinition, step};
use crate::enrolment::{Enrolment, State};
use crate::event::{Effect, Event};
use crate::facts::Facts;

/// More wake-ups than this lie beyond any horizon that a page shows.
const MOST_WAKES: usize = 500;

/// Something that will be done unless something happens first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// The step that asks for it.
    pub step: StepId,
    /// The message or the task.
    pub act: Effect,
    /// Whether it also hangs on something that may be different by then: a
    /// condition on a changing fact, or nobody answering.
    pub conditional: bool,
}

/// Forecasts the messages and tasks of an enrolment from `now` up to and with
/// `until`, as if every wait timed out and no fact changed.
///
/// *Errors*: the definition has another name or version than the enrolment.
pub fn forecast(
    definition: &Definition,
    enrolment: &Enrolment,
    facts: &Facts,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Planned>, WrongDefinition> {
    let mut planned = Vec::new();
    let mut ahead = enrolment.clone();
    let mut now = now;
    let mut guessed = false;
    let mut event = if matches!(ahead.state(), State::Fresh) {
        Event::Entered
    } else {
        // Facts may have moved since the last event was heard.
        Event::AnchorsChanged
    };
    for _ in 0..MOST_WAKES {
        guessed |= guesses(definition, &ahead, &event);
        let (next, effects) = step(definition, &ahead, &event, facts, now)?;
        for effect in effects {
            if let Effect::Send { step, .. } | Effect::Task { step, .. } = &effect {
                let conditional = guessed
                    || definition
                        .find(step)
                        .is_some_and(|(_, step)| is_conditional(step));
                planned.push(Planned {
                    at: now,
                    step: step.clone(),
                    act: effect,
                    conditional,
                });
            }
        }
        ahead = next;
        let Some((step, at)) = ahead.wake() else {
            break;
        };
        now = now.max(at);
        if now > until {
            break;
        }
        event = Event::Due { step: step.clone() };
    }
    Ok(planned)
}

/// Tells whether going on from here supposes an answer to something open: that
/// a wait times out, or which way a branch goes.
fn guesses(definition: &Definition, enrolment: &Enrolment, event: &Event) -> bool {
    if !matches!(event, Event::Due { .. }) {
        return false;
    }
    match enrolment.state() {
        State::Awaiting { .. } => true,
        State::Waiting { step, .. } => definition.find(step).is_some_and(|(_, step)| {
            matches!(&step.act, Act::Branch { cases, .. }
                if cases.iter().any(|(when, _)| when.can_change()))
        }),
        _ => false,
    }
}

fn is_conditional(step: &Step) -> bool {
    step.when.as_ref().is_some_and(Condition::can_change)
}
