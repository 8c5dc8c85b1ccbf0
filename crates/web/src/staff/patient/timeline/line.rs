//! One fact as a line: how it is marked, what it is called, what stands beside it,
//! and, for a message, why it went or stayed.
//!
//! Each question is a `match` over every kind of fact, so that a new one has to be
//! answered everywhere.

use jiff::Timestamp;
use tendon_care::appointment::CancelledBy;
use tendon_care::decision::Reason;
use tendon_care::id::{AppointmentId, MessageId};
use tendon_care::touchpoint::{Fact, Touchpoint, Via};

use super::{Source, state};
use crate::pages::messages::channel_words;
use crate::pages::moment;
use crate::pages::parts::{count, dotted};
use crate::pages::patient::{Event, Mark, Why};
use crate::staff::view::{intent, spaced};

impl Source<'_> {
    /// Makes the line of a fact; none where another fact's line tells it as well.
    pub(super) fn line(&self, told: &Touchpoint) -> Option<Event> {
        let fact = &told.fact;
        let event = Event {
            at: self.view.at(told.happened_at),
            mark: mark(fact)?,
            title: self.title(fact),
            quote: None,
            detail: self.detail(fact),
            chip: None,
            why: None,
        };
        Some(self.explained(fact, event))
    }

    /// Returns what the line of a fact is called.
    fn title(&self, fact: &Fact) -> String {
        let title = match fact {
            Fact::VisitBooked { .. } => "Booked",
            Fact::VisitMoved { .. } => "Visit moved",
            Fact::VisitConfirmed { .. } => "Confirmed",
            Fact::VisitMoveAsked { .. } => "Asked for another time",
            Fact::VisitCancelled { by, .. } => match by {
                CancelledBy::Patient => "Called off by the patient",
                CancelledBy::Clinic => "Called off by us",
                CancelledBy::Unknown => "Called off",
            },
            Fact::VisitReinstated { .. } => "Put back on the book",
            Fact::VisitArrived { .. } => "Arrived",
            Fact::VisitCompleted { .. } => "Came to the visit",
            Fact::VisitMissed { .. } => "Missed the visit",
            Fact::VisitVoided { .. } => "Was never a visit",
            Fact::MessageSent { message, channel } => {
                let by = channel_words(*channel);
                return format!("{}, by {by}", self.purpose(*message));
            }
            Fact::MessageHeld { message, .. } => return format!("{} held", self.purpose(*message)),
            Fact::MessageDropped { message, .. } => {
                return format!("{} dropped", self.purpose(*message));
            }
            Fact::MessageDelivered { .. } => "Message arrived",
            Fact::MessageFailed { .. } => "Message failed",
            Fact::MessageParked { .. } => "Nobody knows whether a message went out",
            // What was written stands there itself, where it may be read.
            Fact::MessageReceived { message, .. } if self.messages.contains_key(message) => "",
            Fact::MessageReceived { .. } => "Wrote",
            Fact::RedFlagRaised { .. } => "Words that may mean danger",
            Fact::ConsentGranted { .. } => "Agreed",
            Fact::ConsentRevoked { .. } => "Wants no more",
            Fact::AddressWrong { .. } => "Wrong person at an address",
            Fact::PatientRegistered {} => "Became known",
            Fact::PatientChanged {} => "Record changed",
            Fact::PatientDeceased {} => "Death recorded",
            Fact::PatientMerged { .. } => "Another record merged into this one",
            Fact::PatientUnmerged { .. } => "A merge was taken back",
            Fact::ReferralReceived { .. } => "Referred",
            Fact::EpisodeOpened { .. } => "Course of care opened",
            Fact::EpisodeMoved { .. } => "Course of care",
            Fact::PlanSet { .. } => "Plan set",
            Fact::TaskOpened { .. } => "Task opened",
            Fact::TaskDone { .. } => "Task done",
            Fact::LinkOpened { .. } => "Opened the patient page",
            Fact::JourneyEntered { .. } => "Journey began",
            Fact::JourneyEnded { .. } => "Journey ended",
            Fact::AutomationPaused { paused: true } => "Automation paused",
            Fact::AutomationPaused { paused: false } => "Automation goes on",
        };
        title.to_owned()
    }

    /// Returns what stands beside the title: when, with whom, how.
    fn detail(&self, fact: &Fact) -> String {
        match fact {
            Fact::VisitBooked {
                appointment,
                starts_at,
            } => dotted([self.moment(*starts_at), self.with(*appointment)]),
            Fact::VisitMoved { from, to, .. } => {
                format!("from {} to {}", self.moment(*from), self.moment(*to))
            }
            Fact::VisitConfirmed { appointment, via }
            | Fact::VisitMoveAsked { appointment, via } => {
                dotted([self.visit(*appointment), by(*via).to_owned()])
            }
            Fact::VisitCancelled {
                appointment, late, ..
            } => self.visit_and(*appointment, late.then_some("less than a day before")),
            Fact::VisitMissed {
                appointment,
                inferred,
            } => self.visit_and(*appointment, inferred.then_some("nobody was checked in")),
            Fact::VisitReinstated { appointment }
            | Fact::VisitArrived { appointment }
            | Fact::VisitCompleted { appointment }
            | Fact::VisitVoided { appointment } => self.visit(*appointment),
            Fact::MessageSent { message, .. } => {
                let line = self.messages.get(message);
                line.map_or_else(String::new, |line| excerpt(line.text.expose()))
            }
            Fact::MessageHeld { reason, .. } | Fact::MessageDropped { reason, .. } => {
                reason_words(reason)
            }
            Fact::MessageFailed { class, .. } => spaced(class),
            Fact::MessageReceived { channel, .. } => format!("by {}", channel_words(*channel)),
            Fact::RedFlagRaised { level, .. } => format!("level {level}"),
            Fact::ConsentGranted { purpose, .. } => {
                format!("to messages about {}", purpose.words())
            }
            Fact::ConsentRevoked { purpose, .. } => purpose
                .map_or("messages of any kind".to_owned(), |purpose| {
                    format!("messages about {}", purpose.words())
                }),
            Fact::AddressWrong { .. } => "never used again".to_owned(),
            Fact::PatientDeceased {} => "nothing is sent any more".to_owned(),
            Fact::EpisodeMoved { to, .. } => spaced(to),
            Fact::PlanSet { visits, .. } => count(u32::from(*visits), "visit", "visits"),
            Fact::TaskOpened { kind, .. } => spaced(kind),
            Fact::JourneyEntered { journey, .. } => self.view.journey_title(journey),
            Fact::JourneyEnded { reason, .. } => spaced(reason),
            Fact::MessageDelivered { .. }
            | Fact::MessageParked { .. }
            | Fact::PatientRegistered {}
            | Fact::PatientChanged {}
            | Fact::PatientMerged { .. }
            | Fact::PatientUnmerged { .. }
            | Fact::ReferralReceived { .. }
            | Fact::EpisodeOpened { .. }
            | Fact::TaskDone { .. }
            | Fact::LinkOpened { .. }
            | Fact::AutomationPaused { .. } => String::new(),
        }
    }

    /// Adds what only messages have: the words, where it stands, and why.
    fn explained(&self, fact: &Fact, mut event: Event) -> Event {
        let (message, because) = match fact {
            Fact::MessageSent { message, .. } => {
                let line = self.messages.get(message);
                event.chip = line.map(|line| state(&line.state));
                (message, self.cause(*message))
            }
            Fact::MessageHeld { message, reason } | Fact::MessageDropped { message, reason } => {
                (message, format!("{}.", reason_words(reason)))
            }
            Fact::MessageFailed { message, .. } => {
                (message, "The carrier could not bring it.".to_owned())
            }
            Fact::MessageParked { message } => (
                message,
                "A crash hid the carrier’s answer. It is never sent again by itself; a task is open."
                    .to_owned(),
            ),
            Fact::MessageReceived {
                message,
                intent: code,
                ..
            } => {
                let line = self.messages.get(message);
                event.quote = line.map(|line| line.text.expose().to_owned());
                event.chip = Some(intent(code));
                return event;
            }
            _ => return event,
        };
        event.why = Some(Why {
            because,
            message: Some(*message),
        });
        event
    }

    /// Says what a message was for: its journey, or who wrote it.
    fn purpose(&self, message: MessageId) -> String {
        let line = self.messages.get(&message);
        let journey = line.and_then(|line| line.journey.as_ref());
        journey.map_or_else(
            || "Message".to_owned(),
            |(journey, ..)| self.view.journey_title(journey),
        )
    }

    /// Says what sent a message: a step of a journey, or a person.
    fn cause(&self, message: MessageId) -> String {
        let line = self.messages.get(&message);
        let Some((_, version, step)) = line.and_then(|line| line.journey.as_ref()) else {
            return "Written by staff, or as an answer to what was just written.".to_owned();
        };
        let title = self.purpose(message);
        format!("{title}, version {version}, step “{step}”.")
    }

    fn visit(&self, visit: AppointmentId) -> String {
        self.visit_and(visit, None)
    }

    fn visit_and(&self, visit: AppointmentId, more: Option<&str>) -> String {
        let known = self.visits.get(&visit);
        let starts_at = known.map_or_else(String::new, |visit| self.moment(visit.starts_at));
        dotted([
            starts_at,
            self.with(visit),
            more.unwrap_or_default().to_owned(),
        ])
    }

    fn with(&self, visit: AppointmentId) -> String {
        self.visits
            .get(&visit)
            .map_or_else(String::new, |visit| self.view.with_and_where(visit))
    }

    fn moment(&self, at: Timestamp) -> String {
        let at = self.view.at(at);
        let day = moment::short(at.date(), self.view.now.date());
        format!("{} {day}, {}", at.strftime("%a"), moment::clock(&at))
    }
}

/// Returns how the line of a fact is marked; none where it has no line.
const fn mark(fact: &Fact) -> Option<Mark> {
    Some(match fact {
        // The line of the sending says that it arrived.
        Fact::MessageDelivered { .. } => return None,
        Fact::VisitBooked { .. }
        | Fact::VisitMoved { .. }
        | Fact::VisitConfirmed { .. }
        | Fact::VisitReinstated { .. }
        | Fact::VisitArrived { .. }
        | Fact::VisitCompleted { .. } => Mark::Done,
        Fact::VisitCancelled { .. }
        | Fact::VisitMissed { .. }
        | Fact::MessageFailed { .. }
        | Fact::MessageParked { .. }
        | Fact::RedFlagRaised { .. }
        | Fact::ConsentRevoked { .. }
        | Fact::AddressWrong { .. } => Mark::Bad,
        Fact::MessageSent { .. } => Mark::Wrote,
        Fact::MessageHeld { .. } | Fact::MessageDropped { .. } => Mark::Held,
        Fact::VisitMoveAsked { .. } | Fact::MessageReceived { .. } | Fact::LinkOpened { .. } => {
            Mark::Heard
        }
        Fact::VisitVoided { .. }
        | Fact::ConsentGranted { .. }
        | Fact::PatientRegistered {}
        | Fact::PatientChanged {}
        | Fact::PatientDeceased {}
        | Fact::PatientMerged { .. }
        | Fact::PatientUnmerged { .. }
        | Fact::ReferralReceived { .. }
        | Fact::EpisodeOpened { .. }
        | Fact::EpisodeMoved { .. }
        | Fact::PlanSet { .. }
        | Fact::TaskOpened { .. }
        | Fact::TaskDone { .. }
        | Fact::JourneyEntered { .. }
        | Fact::JourneyEnded { .. }
        | Fact::AutomationPaused { .. } => Mark::Noted,
    })
}

fn reason_words(code: &str) -> String {
    Reason::from_code(code).map_or_else(|| spaced(code), |reason| reason.words().to_owned())
}

const fn by(via: Via) -> &'static str {
    match via {
        Via::Text => "by text",
        Via::Page => "on the patient page",
        Via::Staff => "told to staff",
        Via::Feed => "from the EHR",
    }
}

/// Returns the beginning of a text, cut between words.
fn excerpt(text: &str) -> String {
    const LONG: usize = 110;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONG {
        return line;
    }
    let head: String = line.chars().take(LONG).collect();
    let cut = head
        .rsplit_once(' ')
        .map_or(head.as_str(), |(kept, _)| kept);
    format!("{cut} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(excerpt("a  b\nc"), "a b c");
        let cut = excerpt(&"word ".repeat(60));
        assert!(cut.ends_with("word …"), "{cut}");
        assert!(cut.chars().count() < 115);
    }
}
