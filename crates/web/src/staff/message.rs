//! Message: the cause chain of one of them, station by station.

use axum::extract::State;
use tendon_care::contact::{Address, Channel};
use tendon_care::decision::{Check, Finding, Step};
use tendon_care::id::MessageId;
use tendon_care::message::{Cause, MessageState};
use tendon_care::patient::Patient;
use tendon_desk::read_chain;
use tendon_store::{DecisionRow, MessageRow};

use super::messages::reason_words;
use super::view::{View, spaced, staff_names};
use super::words::measure;
use crate::pages::frame::Section;
use crate::pages::message::{ChainLink, Message, Passed, Station};
use crate::pages::messages::{Outcome, channel_words};
use crate::pages::moment;
use crate::pages::parts::dotted;
use crate::server::App;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

/// Shows why a message was sent, held, moved or dropped.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Of(message): Of<MessageId>,
) -> Result<Page<Message>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let reader = staff.reader(&app);
    let row = reader
        .message(message)
        .await?
        .ok_or(Refusal::NotFound)?
        .value;
    let patient = reader.root_of(row.message.patient).await?;
    let person = reader
        .patient(patient)
        .await?
        .ok_or(Refusal::NotFound)?
        .value;
    staff.looked_at(&app, "message", Some(patient)).await?;
    let decisions = reader.decisions(message).await?;
    let names = staff_names(&app, &staff).await?;
    let sender = row.sender.and_then(|user| names.get(&user).cloned());
    let chain = Chain {
        view: &view,
        row: &row,
        person: &person,
        decisions: &decisions,
        sender,
    };
    Ok(Page(Message {
        frame: staff.frame(&app, Section::Messages).await?,
        id: message,
        patient: (patient, person.name.full()),
        channel: row.message.channel,
        outcome: chain.outcome(),
        because: chain.because(),
        links: chain.links(),
        words: row.message.content.text.expose().to_owned(),
        subject: row
            .message
            .content
            .subject
            .as_ref()
            .map(|subject| subject.expose().to_owned()),
        facts: chain.facts(),
    }))
}

/// A message with everything that was decided about it.
struct Chain<'a> {
    view: &'a View,
    row: &'a MessageRow,
    person: &'a Patient,
    decisions: &'a [DecisionRow],
    sender: Option<String>,
}

impl Chain<'_> {
    /// Returns the last decision of the rules, with its checks.
    fn judged(&self) -> Option<(&DecisionRow, Vec<Check>)> {
        let last = self
            .decisions
            .iter()
            .rev()
            .find(|decision| decision.by.is_none() && decision.chain.len() > 2)?;
        Some((last, read_chain(&last.chain)))
    }

    fn outcome(&self) -> Outcome {
        let moved = self
            .decisions
            .last()
            .is_some_and(|last| last.outcome == "move");
        match &self.row.message.state {
            MessageState::Delivered { .. } => Outcome::Delivered,
            MessageState::Sent { .. }
            | MessageState::Sending { .. }
            | MessageState::Unknown { .. } => Outcome::Sent,
            MessageState::Queued { .. } if moved => Outcome::Moved,
            MessageState::Queued { .. } => Outcome::Held,
            MessageState::Dropped { .. } => Outcome::Dropped,
            MessageState::Failed { .. } => Outcome::Failed,
            MessageState::Parked { .. } => Outcome::Parked,
        }
    }

    /// Says what became of it, in a sentence.
    fn because(&self) -> String {
        let last = self.decisions.last();
        let reason = last
            .map(|last| reason_words(&last.reason))
            .filter(|words| !words.is_empty());
        let at = |at| {
            let at = self.view.at(at);
            format!(
                "{}, {}",
                moment::short(at.date(), self.view.now.date()),
                moment::clock(&at)
            )
        };
        match &self.row.message.state {
            MessageState::Delivered { at: when, .. } => format!("It arrived: {}.", at(*when)),
            MessageState::Sent { at: when, .. } => format!("The carrier has it since {}; no receipt has come yet.", at(*when)),
            MessageState::Sending { .. } => "It is being handed to the carrier.".to_owned(),
            MessageState::Unknown { .. } => "A crash hid the carrier’s answer; the carrier is being asked.".to_owned(),
            MessageState::Parked { .. } => "Nobody knows whether it went out. It is never sent again by itself; a task is open.".to_owned(),
            MessageState::Failed { failure, .. } => format!("It could not arrive: {} (code {}).", spaced(failure.class.code()), failure.code),
            MessageState::Dropped { .. } => reason.map_or_else(|| "Not sent, by decision.".to_owned(), |reason| format!("Not sent. {reason}.")),
            MessageState::Queued { due_at } => match reason {
                Some(reason) => format!("It waits until {}. {reason}.", at(*due_at)),
                None => format!("Its turn comes {}; the rules are asked then.", at(*due_at)),
            },
        }
    }

    fn links(&self) -> Vec<ChainLink> {
        let mut links = vec![self.event(), self.rule()];
        let judged = self.judged();
        let checks = judged
            .as_ref()
            .map(|(_, checks)| checks.as_slice())
            .unwrap_or_default();
        let at = judged
            .as_ref()
            .map(|(decision, _)| self.view.at(decision.at));
        for (station, steps) in STATIONS {
            let found: Vec<&Check> = checks
                .iter()
                .filter(|check| steps.contains(&check.step))
                .collect();
            links.push(ChainLink {
                station,
                passed: passed(&found),
                words: self.found(station, &found),
                at: at.clone().filter(|_| station == Station::Recipient),
            });
        }
        let open = links.iter().all(|link| link.passed == Passed::Yes);
        links.push(self.way(open));
        links.push(self.receipt());
        links
    }

    /// Says what the message is about.
    fn event(&self) -> ChainLink {
        let message = &self.row.message;
        let words = match (&message.cause, self.row.appointment_start) {
            (Cause::Staff, _) => self.sender.as_ref().map_or_else(
                || "A member of staff wrote it.".to_owned(),
                |name| format!("{name} wrote it."),
            ),
            (Cause::Reply, _) => "The patient had just written; this answers it.".to_owned(),
            (Cause::Journey { .. }, Some(start)) => {
                let at = self.view.at(start);
                format!(
                    "It is about a visit: {}, {}.",
                    moment::heading(at.date(), self.view.now.date()),
                    moment::clock(&at)
                )
            }
            (Cause::Journey { .. }, None) => {
                "It is about the course of care and no single visit.".to_owned()
            }
        };
        ChainLink {
            station: Station::Event,
            passed: Passed::Yes,
            words,
            at: Some(self.view.at(self.row.created_at)),
        }
    }

    /// Says which rule asked for it.
    fn rule(&self) -> ChainLink {
        let words = match &self.row.message.cause {
            Cause::Journey { journey, version, step, .. } => {
                let title = self.view.journey_title(journey);
                let known = self.view.house.journeys().version(journey, *version);
                let about = known.map_or("", |definition| definition.description());
                format!("{title}, version {version}, step “{step}”. {about}").trim_end().to_owned()
            }
            Cause::Staff => "None: staff’s own words, which pass the same checks.".to_owned(),
            Cause::Reply => "The answer that belongs to what was understood. Answers are not counted against the budget.".to_owned(),
        };
        ChainLink {
            station: Station::Journey,
            passed: Passed::Yes,
            words,
            at: None,
        }
    }

    fn found(&self, station: Station, checks: &[&Check]) -> String {
        let mut parts: Vec<String> = checks
            .iter()
            .map(|check| self.sentence(check))
            .filter(|words| !words.is_empty())
            .collect();
        if parts.is_empty() && !checks.is_empty() {
            parts.push("Does not apply to such a message.".to_owned());
        }
        if station == Station::Recipient && !checks.is_empty() {
            parts.insert(0, format!("{}.", self.person.name.full()));
        }
        parts.join(" ")
    }

    /// Says what a check found, with the values that it saw; nothing where it does
    /// not apply to such a message. What stopped the message, or holds it, is said
    /// as the reason of the decision.
    fn sentence(&self, check: &Check) -> String {
        let detail = check.detail.split_whitespace();
        let detail = detail.map(|word| readable(word, self.view));
        let detail = detail.collect::<Vec<_>>().join(" ");
        let detail = if detail.is_empty() {
            String::new()
        } else {
            format!(" ({detail})")
        };
        let reason = self
            .judged()
            .map(|(decision, _)| reason_words(&decision.reason));
        match check.finding {
            Finding::Passed => format!("{}{detail}.", check.step.words()),
            Finding::Exempt => String::new(),
            Finding::Held | Finding::Failed => {
                format!("{}{detail}.", reason.unwrap_or_default())
            }
        }
    }

    /// Says which way it took.
    fn way(&self, open: bool) -> ChainLink {
        let message = &self.row.message;
        let point = message.contact_point;
        let address = self
            .person
            .contact_points
            .iter()
            .find(|known| Some(known.id) == point);
        let hint = address
            .map(|point| Address::hint(&point.address))
            .unwrap_or_default();
        let carrier = self
            .row
            .carrier
            .as_ref()
            .map(|name| format!("by the carrier “{name}”"))
            .unwrap_or_default();
        let words = if self.row.carrier.is_some() {
            dotted([channel_words(message.channel), &hint, &carrier])
        } else {
            String::new()
        };
        let passed = if words.is_empty() || !open {
            Passed::NotReached
        } else {
            Passed::Yes
        };
        let passed = if self.row.carrier.is_some() {
            Passed::Yes
        } else {
            passed
        };
        ChainLink {
            station: Station::Channel,
            passed,
            words,
            at: None,
        }
    }

    fn receipt(&self) -> ChainLink {
        let (passed, words, at) = match &self.row.message.state {
            MessageState::Delivered { at, .. } => {
                (Passed::Yes, "The carrier says that it arrived.", Some(*at))
            }
            MessageState::Sent { at, .. } => (
                Passed::Yes,
                "The carrier took it. Whether it arrived is not said yet.",
                Some(*at),
            ),
            MessageState::Failed { at, .. } => (
                Passed::Stopped,
                "The carrier says that it will not arrive.",
                Some(*at),
            ),
            MessageState::Unknown { at } => (
                Passed::Waits,
                "The answer was lost in a crash; the carrier is being asked.",
                Some(*at),
            ),
            MessageState::Parked { at, .. } => (
                Passed::Waits,
                "The carrier cannot say. A person decides.",
                Some(*at),
            ),
            MessageState::Sending { at, .. } => (Passed::Waits, "Being handed over.", Some(*at)),
            MessageState::Queued { .. } | MessageState::Dropped { .. } => {
                (Passed::NotReached, "", None)
            }
        };
        ChainLink {
            station: Station::Receipt,
            passed,
            words: words.to_owned(),
            at: at.map(|at| self.view.at(at)),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let message = &self.row.message;
        let mut facts = vec![(
            "Purpose",
            dotted([message.purpose.code(), message.purpose.words()]),
        )];
        if let Some(template) = &self.row.template {
            facts.push((
                "Template",
                dotted([template.as_str(), message.language.own_name()]),
            ));
        }
        if message.channel == Channel::Sms {
            facts.push(("Length", measure(message.content.text.expose()).words()));
        }
        facts.push(("Written", written(self.view, self.row.created_at)));
        facts.push(("Stale after", written(self.view, message.expires_at)));
        let times = self.decisions.len();
        facts.push((
            "Decided",
            if times == 1 {
                "once".to_owned()
            } else {
                format!("{times} times")
            },
        ));
        facts
    }
}

fn written(view: &View, at: jiff::Timestamp) -> String {
    let at = view.at(at);
    format!(
        "{}, {}",
        moment::short(at.date(), view.now.date()),
        moment::clock(&at)
    )
}

/// Which checks make which station.
const STATIONS: [(Station, &[Step]); 4] = [
    (
        Station::Recipient,
        &[
            Step::Alive,
            Step::NotPaused,
            Step::Subject,
            Step::Recipient,
            Step::ContactPoint,
        ],
    ),
    (Station::Consent, &[Step::Consent]),
    (Station::QuietHours, &[Step::Expiry, Step::QuietHours]),
    (Station::Budget, &[Step::Caps]),
];

fn passed(checks: &[&Check]) -> Passed {
    let any = |finding| checks.iter().any(|check| check.finding == finding);
    if checks.is_empty() {
        Passed::NotReached
    } else if any(Finding::Failed) {
        Passed::Stopped
    } else if any(Finding::Held) {
        Passed::Waits
    } else {
        Passed::Yes
    }
}

/// Writes a moment on the practice's clock, and an id by its end.
fn readable(word: &str, view: &View) -> String {
    if let Ok(at) = word.parse::<jiff::Timestamp>() {
        return written(view, at);
    }
    match word.split_once('_') {
        Some((kind, hex)) if kind.len() == 3 && hex.len() >= 32 => {
            let digits = hex.get(26..32).unwrap_or(hex);
            format!("entry …{digits}")
        }
        _ => word.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(step: Step, finding: Finding) -> Check {
        Check {
            step,
            finding,
            detail: "".into(),
        }
    }

    #[test]
    fn every_check_belongs_to_one_station() {
        for step in Step::ALL {
            let stations = STATIONS
                .iter()
                .filter(|(_, steps)| steps.contains(step))
                .count();
            assert_eq!(stations, 1, "{step:?}");
        }
    }

    #[test]
    fn the_worst_finding_decides_a_station() {
        let (yes, exempt) = (
            check(Step::Alive, Finding::Passed),
            check(Step::Caps, Finding::Exempt),
        );
        let (held, no) = (
            check(Step::QuietHours, Finding::Held),
            check(Step::Consent, Finding::Failed),
        );
        assert_eq!(passed(&[]), Passed::NotReached);
        assert_eq!(passed(&[&yes, &exempt]), Passed::Yes);
        assert_eq!(passed(&[&yes, &held]), Passed::Waits);
        assert_eq!(passed(&[&held, &no]), Passed::Stopped);
    }
}
