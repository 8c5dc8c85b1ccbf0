//! Journeys and their decisions in words.

use jiff::Timestamp;

use crate::condition::Seen;
use crate::definition::{
    Act, Definition, Next, Pending, Prompt, Reach, Reentry, Send, Step, StepId, SubjectKind,
    Trigger,
};
use crate::enrolment::{Enrolment, State};
use crate::facts::{Facts, Scope};
use crate::moment::Anchors;
use crate::schedule::Past;
use crate::variable::Key;

/// One sentence of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The step that it is about; `None` for the journey as a whole.
    pub step: Option<StepId>,
    /// The sentence.
    pub text: String,
}

/// Says what a journey does, in the order in which it happens.
pub fn explain(definition: &Definition) -> Vec<Sentence> {
    let whole = |text: String| Sentence { step: None, text };
    let mut sentences = vec![
        whole(definition.description.clone()),
        whole(format!(
            "It begins for {} {}.",
            subject(definition),
            trigger(&definition.enter)
        )),
    ];
    sentences.extend(definition.steps.iter().map(|step| Sentence {
        step: Some(step.id.clone()),
        text: sentence(definition, step),
    }));
    sentences.extend(definition.withdrawals.iter().map(|rule| {
        let which = match &rule.pending {
            Pending::All => "Messages not yet sent are".to_owned(),
            Pending::Of(steps) => {
                let names: Vec<_> = steps.iter().map(StepId::as_str).collect();
                format!("Messages of {} not yet sent are", names.join(", "))
            }
        };
        whole(format!("{which} taken back {}.", trigger(&rule.trigger)))
    }));
    sentences.extend(definition.exits.iter().map(|exit| {
        whole(format!(
            "It ends early, and takes back what is not yet sent, {}.",
            trigger(&exit.trigger)
        ))
    }));
    if let Some(text) = follows(definition) {
        sentences.push(whole(text));
    }
    sentences.push(whole(reentry(definition)));
    sentences
}

/// A step's decision with everything that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The journey and its version.
    pub journey: String,
    /// The version of the definition.
    pub version: u32,
    /// The step.
    pub step: StepId,
    /// What it does, in a sentence.
    pub words: String,
    /// When it is due by the rule; `None` while its anchor is not known.
    pub due_at: Option<Timestamp>,
    /// Its condition with the values that it sees; `None` if it has none.
    pub condition: Option<Seen>,
}

/// Explains what a step of an enrolment decides with these facts at this
/// instant. `None` if there is no such step.
pub fn explain_step(
    definition: &Definition,
    enrolment: &Enrolment,
    step: &StepId,
    facts: &Facts,
    now: Timestamp,
) -> Option<Explanation> {
    let (_, step) = definition.find(step)?;
    let planned = match &enrolment.state {
        State::Waiting {
            step: waiting,
            due_at,
            ..
        } if *waiting == step.id => Some(*due_at),
        _ => step.due.instant(&Anchors {
            facts,
            entered: enrolment.entered_at,
            previous: enrolment.previous,
        }),
    };
    Some(Explanation {
        journey: definition.name.clone(),
        version: definition.version,
        step: step.id.clone(),
        words: sentence(definition, step),
        due_at: planned,
        condition: step.when.as_ref().map(|when| {
            when.see(&Scope {
                facts,
                entered: Some(enrolment.entered_at),
                now,
            })
        }),
    })
}

fn subject(definition: &Definition) -> &'static str {
    match definition.subject {
        SubjectKind::Patient => "a patient",
        SubjectKind::Episode => "a course of care",
        SubjectKind::Appointment => "a visit",
        SubjectKind::Referral => "a referral",
    }
}

fn trigger(trigger: &Trigger) -> String {
    let facts: Vec<_> = trigger.on.iter().map(|code| fact_words(code)).collect();
    let whose = match trigger.of {
        Reach::Subject => "",
        Reach::Patient => " (any of the patient's)",
    };
    let condition = trigger
        .when
        .as_ref()
        .map(|when| format!(", provided that {}", when.words()))
        .unwrap_or_default();
    format!("when {}{whose}{condition}", any_of(&facts))
}

/// Says a fact as a clause. A fact without words of its own is said by its
/// code, which is readable enough: "when plan.set".
fn fact_words(code: &str) -> String {
    match code {
        "patient.registered" => "the patient is registered",
        "referral.received" => "a referral comes in",
        "episode.opened" => "a course of care begins",
        "episode.moved" => "the course of care changes its state",
        "plan.set" => "the plan of care is set or changed",
        "visit.booked" => "a visit is booked",
        "visit.moved" => "the visit is moved",
        "visit.confirmed" => "the patient confirms",
        "visit.move_asked" => "the patient asks for another time",
        "visit.cancelled" => "the visit is cancelled",
        "visit.reinstated" => "the visit is put back on the book",
        "visit.arrived" => "the patient checks in",
        "visit.completed" => "a visit is completed",
        "visit.missed" => "a visit is missed",
        "visit.voided" => "the visit turns out to be entered in error",
        "message.received" => "the patient writes",
        "safety.red_flag" => "the patient writes something that may mean danger",
        other => other,
    }
    .to_owned()
}

fn any_of(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn sentence(definition: &Definition, step: &Step) -> String {
    let when = step
        .when
        .as_ref()
        .map(|when| format!(", if {}", when.words()))
        .unwrap_or_default();
    let past = match step.due.past {
        Past::RunWithin(grace) => format!(
            " If that has passed by no more than {}, it is done at once.",
            grace.words()
        ),
        Past::Skip | Past::Run => String::new(),
    };
    let onward = match &step.act {
        Act::Send(_) | Act::Task { .. } => onward(definition, step),
        _ => String::new(),
    };
    format!(
        "{}{when}: {}.{past}{onward}",
        capital(&step.due.words()),
        act(definition, &step.act)
    )
}

fn act(definition: &Definition, act: &Act) -> String {
    match act {
        Act::Send(send) => message(send),
        Act::Task { kind, within } => format!(
            "open a task ({}) for staff, to be done within {}",
            kind.code().replace('_', " "),
            within.words()
        ),
        Act::Wait(wait) => format!(
            "wait for up to {}; {}, {}; otherwise {}",
            wait.within.words(),
            trigger(&wait.until),
            target(definition, wait.then),
            target(definition, wait.otherwise)
        ),
        Act::Branch { cases, otherwise } => {
            let cases: Vec<_> = cases
                .iter()
                .map(|(when, to)| format!("if {}, {}", when.words(), target(definition, *to)))
                .collect();
            format!(
                "{}; otherwise {}",
                cases.join("; "),
                target(definition, *otherwise)
            )
        }
        Act::Stop { reason } => format!("end the journey ({reason})"),
    }
}

fn message(send: &Send) -> String {
    let channels: Vec<_> = send
        .channels
        .iter()
        .map(|channel| match channel.code() {
            "sms" => "text",
            "email" => "e-mail",
            _ => "call",
        })
        .collect();
    let asks = match send.prompt {
        Some(Prompt::Visit) => " and ask for an answer about the visit",
        None => "",
    };
    format!(
        "send \"{}\" by {}{asks}; it is dropped if it cannot go out until {}",
        send.template,
        channels.join(" or else "),
        send.expires.words()
    )
}

fn target(definition: &Definition, next: Next) -> String {
    match next {
        Next::Step(index) => definition
            .steps
            .get(index)
            .map_or_else(String::new, |step| format!("go on with {}", step.id)),
        Next::End => "end".to_owned(),
    }
}

/// Says where a step goes on, unless it is simply the next one.
fn onward(definition: &Definition, step: &Step) -> String {
    let following = definition
        .find(&step.id)
        .map(|(index, _)| index + 1)
        .filter(|index| *index < definition.steps.len())
        .map_or(Next::End, Next::Step);
    if step.next == following {
        String::new()
    } else {
        format!(" Then {}.", target(definition, step.next))
    }
}

/// Names the dates that the steps follow when they move.
fn follows(definition: &Definition) -> Option<String> {
    let mut dates: Vec<&str> = Vec::new();
    for step in &definition.steps {
        let words = step.due.moment.fact().and_then(Key::variable);
        dates.extend(words.map(|variable| variable.words));
    }
    dates.sort_unstable();
    dates.dedup();
    (!dates.is_empty()).then(|| {
        format!(
            "If the time of {} changes, messages not yet sent are taken back and planned anew.",
            dates.join(" or ")
        )
    })
}

fn reentry(definition: &Definition) -> String {
    match definition.reentry {
        Reentry::Never => format!("It happens at most once for {}.", subject(definition)),
        Reentry::AfterEnd => "It can begin again as soon as it has ended.".to_owned(),
        Reentry::LaterThan(length) => {
            format!("It can begin again {} after it has ended.", length.words())
        }
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
