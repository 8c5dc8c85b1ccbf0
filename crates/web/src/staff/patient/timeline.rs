//! From facts to the lines of a timeline.

mod line;

use std::collections::HashMap;

use jiff::Timestamp;
use tendon_care::appointment::Appointment;
use tendon_care::id::{AppointmentId, MessageId, PatientId};
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_store::{MessageFilter, MessageLine, Reader, Versioned};

use crate::pages::parts::{Chip, Tone, dotted};
use crate::pages::patient::{Event, Show};
use crate::server::refusal::Refusal;
use crate::staff::view::View;

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

#[cfg(test)]
mod tests {
    use super::*;

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
