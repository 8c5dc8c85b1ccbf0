//! From facts to the lines of a timeline.

use std::collections::HashMap;

use jiff::Timestamp;
use tendon_care::appointment::{Appointment, CancelledBy};
use tendon_care::contact::Channel;
use tendon_care::decision::Reason;
use tendon_care::id::{AppointmentId, MessageId, PatientId};
use tendon_care::touchpoint::{Fact, Touchpoint, Via};
use tendon_store::{MessageFilter, MessageLine, Reader, Versioned};

use crate::pages::messages::channel_words;
use crate::pages::moment;
use crate::pages::parts::{Chip, Tone, count, dotted};
use crate::pages::patient::{Event, Mark, Show, Why};
use crate::server::refusal::Refusal;
use crate::staff::view::{View, intent, spaced};

/// Messages whose words a page can show.
const MESSAGES: u16 = 300;

/// What facts point at.
pub(super) struct Source<'a> {
    view: &'a View,
    visits: HashMap<AppointmentId, &'a Appointment>,
    messages: HashMap<MessageId, MessageLine>,
}

impl<'a> Source<'a> {
    /// Reads what the facts of a patient point at; words only for who may read them.
    pub(super) async fn read(
        reader: Reader<'_>,
        patient: PatientId,
        visits: &'a [Versioned<Appointment>],
        view: &'a View,
        words: bool,
    ) -> Result<Self, Refusal> {
        let filter = MessageFilter {
            patient: Some(patient),
            state: String::new(),
            since: Timestamp::UNIX_EPOCH,
            before: None,
            limit: MESSAGES,
        };
        let lines = if words {
            reader.messages(&filter).await?
        } else {
            vec![]
        };
        Ok(Self {
            view,
            visits: visits
                .iter()
                .map(|visit| (visit.id, &visit.value))
                .collect(),
            messages: lines.into_iter().map(|line| (line.id, line)).collect(),
        })
    }

    /// Makes the line of a fact; none where the part shown has none for it.
    pub(super) fn event(&self, told: &Touchpoint, show: Show) -> Option<Event> {
        let part = part(&told.fact);
        let shown = match show {
            Show::Everything => part != Part::Inner,
            Show::Messages => part == Part::Messages,
            Show::Visits => part == Part::Visits,
            Show::Record => matches!(part, Part::Record | Part::Inner),
        };
        let mut event = shown.then(|| self.line(told)).flatten()?;
        if told.backfilled {
            event.detail = dotted([event.detail.as_str(), "from the records"]);
        }
        Some(event)
    }

    // tidy-allow(function-length): one arm for each kind of fact.
    fn line(&self, told: &Touchpoint) -> Option<Event> {
        let plain = |mark, title: &str, detail: String| Event {
            at: self.view.at(told.happened_at),
            mark,
            title: title.to_owned(),
            quote: None,
            detail,
            chip: None,
            why: None,
        };
        let done = |title, detail| Some(plain(Mark::Done, title, detail));
        let bad = |title, detail| Some(plain(Mark::Bad, title, detail));
        let noted = |title, detail| Some(plain(Mark::Noted, title, detail));
        let of = |visit: &AppointmentId| self.visit(*visit);
        match &told.fact {
            Fact::VisitBooked {
                appointment,
                starts_at,
            } => done(
                "Booked",
                dotted([self.moment(*starts_at), self.with(*appointment)]),
            ),
            Fact::VisitMoved { from, to, .. } => done(
                "Visit moved",
                format!("from {} to {}", self.moment(*from), self.moment(*to)),
            ),
            Fact::VisitConfirmed { appointment, via } => {
                done("Confirmed", dotted([of(appointment), by(*via).to_owned()]))
            }
            Fact::VisitMoveAsked { appointment, via } => Some(plain(
                Mark::Heard,
                "Asked for another time",
                dotted([of(appointment), by(*via).to_owned()]),
            )),
            Fact::VisitCancelled {
                appointment,
                by,
                late,
            } => bad(
                cancelled(*by),
                dotted([
                    of(appointment),
                    if *late {
                        "less than a day before".to_owned()
                    } else {
                        String::new()
                    },
                ]),
            ),
            Fact::VisitReinstated { appointment } => done("Put back on the book", of(appointment)),
            Fact::VisitArrived { appointment } => done("Arrived", of(appointment)),
            Fact::VisitCompleted { appointment } => done("Came to the visit", of(appointment)),
            Fact::VisitMissed {
                appointment,
                inferred,
            } => {
                let how = if *inferred {
                    "nobody was checked in"
                } else {
                    ""
                };
                bad(
                    "Missed the visit",
                    dotted([of(appointment), how.to_owned()]),
                )
            }
            Fact::VisitVoided { appointment } => noted("Was never a visit", of(appointment)),
            Fact::MessageSent { message, channel } => {
                Some(self.sent(plain(Mark::Wrote, "", String::new()), *message, *channel))
            }
            // The line of the sending says that it arrived.
            Fact::MessageDelivered { .. } => None,
            Fact::MessageFailed { message, class } => Some(because(
                plain(Mark::Bad, "Message failed", spaced(class)),
                *message,
                "The carrier could not bring it.",
            )),
            Fact::MessageHeld { message, reason } => {
                Some(self.kept(plain(Mark::Held, "held", String::new()), *message, reason))
            }
            Fact::MessageDropped { message, reason } => Some(self.kept(
                plain(Mark::Held, "dropped", String::new()),
                *message,
                reason,
            )),
            Fact::MessageParked { message } => Some(because(
                plain(
                    Mark::Bad,
                    "Nobody knows whether a message went out",
                    String::new(),
                ),
                *message,
                "A crash hid the carrier’s answer. It is never sent again by itself; a task is open.",
            )),
            Fact::MessageReceived {
                message,
                channel,
                intent: code,
            } => Some(self.heard(
                plain(Mark::Heard, "", format!("by {}", channel_words(*channel))),
                *message,
                code,
            )),
            Fact::RedFlagRaised { level, .. } => {
                bad("Words that may mean danger", format!("level {level}"))
            }
            Fact::ConsentGranted { purpose, .. } => {
                noted("Agreed", format!("to messages about {}", purpose.words()))
            }
            Fact::ConsentRevoked { purpose, .. } => bad(
                "Wants no more",
                purpose.map_or("messages of any kind".to_owned(), |purpose| {
                    format!("messages about {}", purpose.words())
                }),
            ),
            Fact::AddressWrong { .. } => {
                bad("Wrong person at an address", "never used again".to_owned())
            }
            Fact::PatientRegistered {} => noted("Became known", String::new()),
            Fact::PatientChanged {} => noted("Record changed", String::new()),
            Fact::PatientDeceased {} => {
                noted("Death recorded", "nothing is sent any more".to_owned())
            }
            Fact::PatientMerged { .. } => {
                noted("Another record merged into this one", String::new())
            }
            Fact::PatientUnmerged { .. } => noted("A merge was taken back", String::new()),
            Fact::ReferralReceived { .. } => noted("Referred", String::new()),
            Fact::EpisodeOpened { .. } => noted("Course of care opened", String::new()),
            Fact::EpisodeMoved { to, .. } => noted("Course of care", spaced(to)),
            Fact::PlanSet { visits, .. } => {
                noted("Plan set", count(u32::from(*visits), "visit", "visits"))
            }
            Fact::TaskOpened { kind, .. } => noted("Task opened", spaced(kind)),
            Fact::TaskDone { .. } => noted("Task done", String::new()),
            Fact::LinkOpened { .. } => {
                Some(plain(Mark::Heard, "Opened the patient page", String::new()))
            }
            Fact::JourneyEntered { journey, .. } => {
                noted("Journey began", self.view.journey_title(journey))
            }
            Fact::JourneyEnded { reason, .. } => noted("Journey ended", spaced(reason)),
            Fact::AutomationPaused { paused } => noted(
                if *paused {
                    "Automation paused"
                } else {
                    "Automation goes on"
                },
                String::new(),
            ),
        }
    }

    fn visit(&self, visit: AppointmentId) -> String {
        let visit = self.visits.get(&visit);
        visit.map_or_else(String::new, |visit| {
            dotted([
                self.moment(visit.starts_at),
                self.view.with_and_where(visit),
            ])
        })
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

    /// Says what a message was for: its journey, or who wrote it.
    fn purpose(&self, message: MessageId) -> String {
        let Some(line) = self.messages.get(&message) else {
            return "Message".to_owned();
        };
        line.journey.as_ref().map_or_else(
            || "Message".to_owned(),
            |(journey, ..)| self.view.journey_title(journey),
        )
    }

    fn sent(&self, mut event: Event, message: MessageId, channel: Channel) -> Event {
        event.title = format!("{}, by {}", self.purpose(message), channel_words(channel));
        if let Some(line) = self.messages.get(&message) {
            event.detail = excerpt(line.text.expose());
            event.chip = Some(state(&line.state));
        }
        let journey = self
            .messages
            .get(&message)
            .and_then(|line| line.journey.as_ref());
        let words = journey.map_or_else(
            || "Written by staff, or as an answer to what was just written.".to_owned(),
            |(_, version, step)| {
                format!(
                    "{}, version {version}, step “{step}”.",
                    self.purpose(message)
                )
            },
        );
        because(event, message, &words)
    }

    fn kept(&self, mut event: Event, message: MessageId, reason: &str) -> Event {
        event.title = format!("{} {}", self.purpose(message), event.title);
        let words = Reason::from_code(reason)
            .map_or_else(|| spaced(reason), |reason| reason.words().to_owned());
        event.detail.clone_from(&words);
        because(event, message, &format!("{words}."))
    }

    fn heard(&self, mut event: Event, message: MessageId, code: &str) -> Event {
        event.chip = Some(intent(code));
        match self.messages.get(&message) {
            Some(line) => event.quote = Some(line.text.expose().to_owned()),
            None => "Wrote".clone_into(&mut event.title),
        }
        event
    }
}

fn because(mut event: Event, message: MessageId, because: &str) -> Event {
    event.why = Some(Why {
        because: because.to_owned(),
        message: Some(message),
    });
    event
}

/// Orders facts of one moment as cause and effect: what was written, what it did,
/// and what was answered.
pub(super) fn rank(fact: &Fact) -> u8 {
    match fact {
        Fact::MessageReceived { .. } => 0,
        Fact::MessageSent { .. } | Fact::MessageDelivered { .. } => 3,
        Fact::EpisodeMoved { .. } | Fact::JourneyEnded { .. } => 2,
        _ => 1,
    }
}

/// The part of the timeline that a fact belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Messages,
    Visits,
    Record,
    /// How Tendon works inside: told only to who looks at the record.
    Inner,
}

fn part(fact: &Fact) -> Part {
    let code = fact.code();
    match code.split_once('.').map_or(code, |(area, _)| area) {
        "message" | "safety" => Part::Messages,
        "visit" | "plan" | "episode" | "referral" => Part::Visits,
        "journey" | "task" => Part::Inner,
        _ => Part::Record,
    }
}

const fn by(via: Via) -> &'static str {
    match via {
        Via::Text => "by text",
        Via::Page => "on the patient page",
        Via::Staff => "told to staff",
        Via::Feed => "from the EHR",
    }
}

const fn cancelled(by: CancelledBy) -> &'static str {
    match by {
        CancelledBy::Patient => "Called off by the patient",
        CancelledBy::Clinic => "Called off by us",
        CancelledBy::Unknown => "Called off",
    }
}

/// Returns the state of a message of ours.
pub(crate) fn state(code: &str) -> Chip {
    let tone = match code {
        "delivered" => Tone::Good,
        "sent" | "sending" => Tone::Info,
        "queued" => Tone::Warn,
        "failed" | "parked" | "unknown" => Tone::Bad,
        _ => Tone::Plain,
    };
    Chip::new(tone, if code == "queued" { "waits" } else { code })
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

    #[test]
    fn every_fact_has_a_part_and_messages_are_found_together() {
        for code in Fact::CODES {
            let area = code.split_once('.').unwrap().0;
            assert!(
                [
                    "patient",
                    "referral",
                    "episode",
                    "plan",
                    "visit",
                    "message",
                    "consent",
                    "contact",
                    "safety",
                    "task",
                    "link",
                    "journey",
                    "automation"
                ]
                .contains(&area),
                "{code}"
            );
        }
        let message = Fact::RedFlagRaised {
            message: tendon_care::id::Id::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
            level: "E".to_owned(),
        };
        assert_eq!(part(&message), Part::Messages);
        assert_eq!(part(&Fact::PatientChanged {}), Part::Record);
        assert_eq!(part(&Fact::AutomationPaused { paused: true }), Part::Record);
    }
}
