//! Message: the cause chain of one of them, from the event that began it to the
//! carrier's receipt, so that nobody has to guess why a patient got a text.

use askama::Template;
use jiff::Zoned;
use tendon_care::contact::Channel;
use tendon_care::id::{MessageId, PatientId};

use super::frame::{Frame, Section};
use super::icon::Icon;
use super::messages::{Outcome, channel_icon, channel_words};
use super::moment::When;
use super::parts::Tone;
use super::sample::{HOSTILE, RTL, after, frame, id, on};
use super::urls::Url;

/// The page.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub struct Message {
    /// What surrounds it.
    pub frame: Frame,
    /// Which.
    pub id: MessageId,
    /// To whom.
    pub patient: (PatientId, String),
    /// How.
    pub channel: Channel,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub because: String,
    /// The chain, from the event to the receipt.
    pub links: Vec<ChainLink>,
    /// The words that were, or would have been, sent.
    pub words: String,
    /// The subject line of an e-mail.
    pub subject: Option<String>,
    /// Facts for who looks closer: (name, value).
    pub facts: Vec<(&'static str, String)>,
}

/// A station of the chain. The order is that of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    /// What happened.
    Event,
    /// Which journey reacted, in which version, at which step.
    Journey,
    /// Who is to be written to.
    Recipient,
    /// Whether they agreed.
    Consent,
    /// Whether the hour is right.
    QuietHours,
    /// Whether they have been written to enough.
    Budget,
    /// Which way it takes.
    Channel,
    /// What the carrier said.
    Receipt,
}

impl Station {
    const fn heading(self) -> (&'static str, Icon) {
        match self {
            Self::Event => ("What happened", Icon::Spark),
            Self::Journey => ("Which rule reacted", Icon::Path),
            Self::Recipient => ("Who is written to", Icon::Person),
            Self::Consent => ("Consent", Icon::Hand),
            Self::QuietHours => ("Quiet hours", Icon::Clock),
            Self::Budget => ("Attention budget", Icon::Gauge),
            Self::Channel => ("Channel", Icon::Messages),
            Self::Receipt => ("Receipt", Icon::Receipt),
        }
    }
}

/// How a station was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// On to the next.
    Yes,
    /// Wait here.
    Waits,
    /// The way ends here.
    Stopped,
    /// Not asked: the way ended, or waits, before it.
    NotReached,
}

/// One station with what was found there.
#[derive(Clone, Debug)]
pub struct ChainLink {
    /// Which.
    pub station: Station,
    /// How it was passed.
    pub passed: Passed,
    /// What was found, in a sentence.
    pub words: String,
    /// When.
    pub at: Option<Zoned>,
}

impl ChainLink {
    /// Returns the heading.
    pub const fn heading(&self) -> &'static str {
        self.station.heading().0
    }

    /// Returns the sign.
    pub const fn icon(&self) -> Icon {
        self.station.heading().1
    }

    /// Returns the style's class of the sign.
    pub const fn class(&self) -> &'static str {
        match self.passed {
            Passed::Yes => "at",
            Passed::Waits => "at w",
            Passed::Stopped => "at b",
            Passed::NotReached => "at n",
        }
    }

    /// Returns the state for who hears the page.
    pub const fn state(&self) -> &'static str {
        match self.passed {
            Passed::Yes => "passed",
            Passed::Waits => "waits here",
            Passed::Stopped => "stopped here",
            Passed::NotReached => "not reached",
        }
    }

    /// Returns the time.
    pub fn when(&self) -> Option<When> {
        self.at.as_ref().map(When::full)
    }
}

impl Message {
    /// Returns the outcome's sign.
    pub const fn outcome_icon(&self) -> Icon {
        match self.outcome.tone() {
            Tone::Good => Icon::Check,
            Tone::Warn => Icon::Clock,
            Tone::Bad => Icon::Warn,
            Tone::Plain => Icon::Cross,
            Tone::Info => Icon::Arrow,
        }
    }

    /// Returns the list.
    pub const fn list_url(&self) -> Url {
        Url::Messages
    }

    /// Returns the patient.
    pub const fn patient_url(&self) -> Url {
        Url::Patient(self.patient.0)
    }

    /// Returns the channel in words.
    pub const fn channel_words(&self) -> &'static str {
        channel_words(self.channel)
    }

    /// Returns the channel's sign.
    pub const fn channel_icon(&self) -> Icon {
        channel_icon(self.channel)
    }

    /// Tells whether the words ever left.
    pub const fn left(&self) -> bool {
        matches!(self.outcome, Outcome::Delivered | Outcome::Sent)
    }

    fn delivered() -> Self {
        Self {
            frame: frame(Section::Messages),
            id: id(7),
            patient: (id(1), "Ana Morales".to_owned()),
            channel: Channel::Sms,
            outcome: Outcome::Delivered,
            because: "Sent and delivered 31 minutes after the missed visit.".to_owned(),
            links: delivered_links(),
            words: "Riverside PT: We missed you today, Ana. Reply 1 for the same time on Wednesday, 2 for other times. Reply STOP to end.".to_owned(),
            subject: None,
            facts: vec![
                ("Purpose", "P1 · visits and care".to_owned()),
                ("Template", "missed-visit, version 4, Spanish".to_owned()),
                ("Length", "118 characters, 1 text".to_owned()),
                ("Rule pack", "us-federal 2026-11, us-il 2026-04".to_owned()),
            ],
        }
    }

    fn held() -> Self {
        let mut page = Self::delivered();
        page.outcome = Outcome::Held;
        "Held until tomorrow, 8:00 AM, when the attention budget is free again."
            .clone_into(&mut page.because);
        for link in &mut page.links {
            match link.station {
                Station::Budget => {
                    link.passed = Passed::Waits;
                    "Two texts went out since Saturday and one today: at most 1 in a day and 3 in 7 days for this purpose. Free again tomorrow, 8:00 AM.".clone_into(&mut link.words);
                }
                Station::Channel | Station::Receipt => not_reached(link),
                _ => {}
            }
        }
        page
    }

    fn dropped() -> Self {
        let mut page = Self::delivered();
        page.outcome = Outcome::Dropped;
        page.channel = Channel::Email;
        page.subject = Some("Your visit at Riverside".to_owned());
        "Dropped: she asked on Nov 2 to get no messages about news.".clone_into(&mut page.because);
        for link in &mut page.links {
            match link.station {
                Station::Event | Station::Journey | Station::Recipient => {}
                Station::Consent => {
                    link.passed = Passed::Stopped;
                    "“STOP” came by text on Nov 2, 4:10 PM. It covers every purpose and never expires; only a fresh yes lifts it.".clone_into(&mut link.words);
                }
                _ => not_reached(link),
            }
        }
        page
    }

    fn hostile() -> Self {
        let mut page = Self::delivered();
        HOSTILE.clone_into(&mut page.patient.1);
        HOSTILE.clone_into(&mut page.because);
        HOSTILE.clone_into(&mut page.words);
        page.subject = Some(RTL.to_owned());
        for link in &mut page.links {
            HOSTILE.clone_into(&mut link.words);
        }
        page.facts.push(("Carrier", HOSTILE.to_owned()));
        page
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("delivered", Self::delivered()),
            ("held", Self::held()),
            ("dropped", Self::dropped()),
            ("hostile", Self::hostile()),
        ]
    }
}

fn not_reached(link: &mut ChainLink) {
    link.passed = Passed::NotReached;
    link.words.clear();
    link.at = None;
}

fn delivered_links() -> Vec<ChainLink> {
    let link = |station, words: &str, at| ChainLink {
        station,
        passed: Passed::Yes,
        words: words.to_owned(),
        at,
    };
    vec![
        link(
            Station::Event,
            "Visit 4 of 12 was missed: nobody came by 3:25 PM and nobody said so.",
            Some(on(-3, 15, 25)),
        ),
        link(
            Station::Journey,
            "Missed-visit recovery, version 2, step “ask”: 30 minutes after a missed visit, once per visit.",
            Some(on(-3, 15, 40)),
        ),
        link(
            Station::Recipient,
            "Ana Morales herself, adult, at the mobile that she answered from on Nov 18. Zone America/Chicago by ZIP and number.",
            None,
        ),
        link(
            Station::Consent,
            "She agreed to texts about visits on Sep 14 on the intake form (wording 3, Spanish).",
            None,
        ),
        link(
            Station::QuietHours,
            "3:55 PM in her zone is inside 8:00 AM to 8:00 PM, the stricter of the federal rule and Illinois.",
            None,
        ),
        link(
            Station::Budget,
            "First text of the day and second of the week; at most 1 and 3.",
            None,
        ),
        link(
            Station::Channel,
            "Text, by the sandbox carrier. She prefers texts, and the number takes them.",
            Some(on(-3, 15, 55)),
        ),
        link(
            Station::Receipt,
            "Delivered 2 seconds after it was handed over.",
            Some(after(-4_315)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_after_the_end_of_the_way_is_said_to_have_passed() {
        for (name, page) in Message::samples() {
            let end = page.links.iter().position(|l| l.passed != Passed::Yes);
            let Some(end) = end else { continue };
            for link in &page.links[end + 1..] {
                assert_eq!(link.passed, Passed::NotReached, "{name}");
                assert!(link.when().is_none(), "{name}");
            }
        }
    }

    #[test]
    fn the_stations_stand_in_the_order_of_the_decision() {
        let stations: Vec<_> = Message::delivered()
            .links
            .iter()
            .map(|link| link.station)
            .collect();
        assert_eq!(stations.first(), Some(&Station::Event));
        assert_eq!(stations.last(), Some(&Station::Receipt));
        assert_eq!(stations.len(), 8);
    }

    #[test]
    fn words_that_never_left_are_marked() {
        assert!(Message::delivered().left());
        assert!(!Message::held().left());
        assert!(Message::held().render().unwrap().contains("said out no"));
    }
}
