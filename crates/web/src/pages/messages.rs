//! Messages: what became of every one of them, sent or not.

use askama::Template;
use jiff::Zoned;
use tendon_care::contact::Channel;
use tendon_care::id::{MessageId, PatientId};
use tendon_care::purpose::Purpose;

use super::frame::Frame;
use super::icon::Icon;
use super::moment;
use super::parts::{Chip, Choice, Pager, Tone, thousands};
use super::urls::{Link, Url};

mod samples;

/// The page.
#[derive(Debug, Template)]
#[template(path = "messages.html")]
pub struct Messages {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// What is shown.
    pub filter: Filter,
    /// The journeys that can be chosen: (name, words).
    pub journeys: Vec<(String, String)>,
    /// How many messages of the chosen days came to each end.
    pub tally: Vec<(Outcome, u64)>,
    /// The messages, newest first.
    pub lines: Vec<MessageLine>,
    /// The way to more.
    pub pager: Pager,
}

/// What is shown. No field holds a name or number: the filter travels in the
/// address.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One end only.
    pub outcome: Option<Outcome>,
    /// One channel only.
    pub channel: Option<Channel>,
    /// One purpose only.
    pub purpose: Option<Purpose>,
    /// One journey only; empty for all.
    pub journey: String,
    /// From this day, as `2026-11-23`; empty for no bound.
    pub from: String,
    /// Until this day.
    pub to: String,
}

/// What became of a message, as people sort it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// The carrier has it.
    Sent,
    /// It waits for a better time.
    Held,
    /// It was given another time by staff or with its visit.
    Moved,
    /// It was decided not to send it.
    Dropped,
    /// It could not arrive.
    Failed,
    /// A crash hid the answer; a person looks.
    Parked,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Sent,
        Self::Held,
        Self::Moved,
        Self::Dropped,
        Self::Failed,
        Self::Parked,
    ];

    /// Returns the word in the address and on the page.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Sent => "sent",
            Self::Held => "held",
            Self::Moved => "moved",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
            Self::Parked => "parked",
        }
    }

    /// Reads [`Outcome::word`].
    pub fn from_word(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.word() == text)
    }

    /// Returns what it means.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Delivered => Tone::Good,
            Self::Sent | Self::Moved => Tone::Info,
            Self::Held => Tone::Warn,
            Self::Dropped => Tone::Plain,
            Self::Failed | Self::Parked => Tone::Bad,
        }
    }

    /// Returns the chip.
    pub fn chip(self) -> Chip {
        Chip::new(self.tone(), self.word())
    }
}

/// One message in the list.
#[derive(Clone, Debug)]
pub struct MessageLine {
    /// Which.
    pub id: MessageId,
    /// When its fate was decided.
    pub at: Zoned,
    /// To whom.
    pub patient: (PatientId, String),
    /// How.
    pub channel: Channel,
    /// What for: `Visit reminders · day before`.
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in one line.
    pub reason: String,
}

/// Returns the sign of a channel.
pub const fn channel_icon(channel: Channel) -> Icon {
    match channel {
        Channel::Sms => Icon::Text,
        Channel::Email => Icon::Mail,
        Channel::Voice => Icon::Phone,
    }
}

/// Returns a channel in words.
pub const fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "text",
        Channel::Email => "e-mail",
        Channel::Voice => "call",
    }
}

impl MessageLine {
    /// Returns where the chain stands.
    pub const fn url(&self) -> Url {
        Url::Message(self.id)
    }

    /// Returns where the patient is.
    pub const fn patient_url(&self) -> Url {
        Url::Patient(self.patient.0)
    }

    /// Returns the channel's sign.
    pub const fn icon(&self) -> Icon {
        channel_icon(self.channel)
    }

    /// Returns the channel's name.
    pub const fn channel_words(&self) -> &'static str {
        channel_words(self.channel)
    }
}

/// One figure of the strip.
#[derive(Debug)]
pub struct Figure {
    /// How many.
    pub count: String,
    /// Of what.
    pub word: &'static str,
    /// Where only these are shown.
    pub url: Link,
    /// Shown now.
    pub here: bool,
}

impl Messages {
    /// Returns where the filter is sent.
    pub const fn url(&self) -> Url {
        Url::Messages
    }

    /// Returns the figures of the strip.
    pub fn figures(&self) -> Vec<Figure> {
        self.tally
            .iter()
            .map(|(outcome, count)| {
                let here = self.filter.outcome == Some(*outcome);
                Figure {
                    count: thousands(*count),
                    word: outcome.word(),
                    url: self.link(if here { None } else { Some(*outcome) }),
                    here,
                }
            })
            .collect()
    }

    /// Returns the address of this filter with another outcome.
    fn link(&self, outcome: Option<Outcome>) -> Link {
        let filter = &self.filter;
        Url::Messages
            .with("state", outcome.map_or("", Outcome::word))
            .with("channel", filter.channel.map_or("", Channel::code))
            .with("purpose", filter.purpose.map_or("", Purpose::code))
            .with("journey", &filter.journey)
            .with("from", &filter.from)
            .with("to", &filter.to)
    }

    /// Returns the choices of the outcome.
    pub fn outcomes(&self) -> Vec<Choice> {
        let all = [("", "any")].into_iter();
        let pairs = Outcome::ALL.map(|o| (o.word(), o.word()));
        let chosen = self.filter.outcome.map_or("", Outcome::word);
        Choice::list(all.chain(pairs), chosen)
    }

    /// Returns the choices of the channel.
    pub fn channels(&self) -> Vec<Choice> {
        let all = [("", "any")].into_iter();
        let pairs = Channel::ALL.map(|c| (c.code(), channel_words(c)));
        let chosen = self.filter.channel.map_or("", Channel::code);
        Choice::list(all.chain(pairs), chosen)
    }

    /// Returns the choices of the purpose.
    pub fn purposes(&self) -> Vec<Choice> {
        let all = [("", "any")].into_iter();
        let pairs = Purpose::ALL.map(|p| (p.code(), p.words()));
        let chosen = self.filter.purpose.map_or("", Purpose::code);
        Choice::list(all.chain(pairs), chosen)
    }

    /// Returns the choices of the journey.
    pub fn journey_choices(&self) -> Vec<Choice> {
        let all = [("", "any")].into_iter();
        let pairs = self.journeys.iter().map(|(n, w)| (n.as_str(), w.as_str()));
        Choice::list(all.chain(pairs), &self.filter.journey)
    }

    /// Returns day and time of a line.
    pub fn at(&self, line: &MessageLine) -> String {
        let day = moment::short(line.at.date(), self.now.date());
        format!("{day}, {}", moment::clock(&line.at))
    }

    /// Returns the sign of an empty list.
    pub const fn empty_icon(&self) -> Icon {
        Icon::Messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_filters_and_a_second_press_frees() {
        let mut page = Messages::typical();
        page.filter.channel = Some(Channel::Sms);
        let held = |page: &Messages| page.figures().swap_remove(2).url.to_string();
        assert_eq!(held(&page), "/messages?state=held&channel=sms");
        page.filter.outcome = Some(Outcome::Held);
        assert_eq!(held(&page), "/messages?channel=sms");
        assert!(page.figures()[2].here);
    }

    #[test]
    fn outcomes_are_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome.word()), Some(outcome));
        }
        assert_eq!(Outcome::from_word("x"), None);
    }

    #[test]
    fn one_choice_of_each_list_is_chosen() {
        let page = Messages::typical();
        for list in [
            page.outcomes(),
            page.channels(),
            page.purposes(),
            page.journey_choices(),
        ] {
            assert_eq!(list.iter().filter(|c| c.chosen).count(), 1);
        }
    }
}
