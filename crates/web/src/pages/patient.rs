//! Patient: one timeline of what happened and what will, with the reason beside
//! everything that Tendon did or did not do.

use askama::Template;
use jiff::Zoned;
use jiff::civil::Date;
use tendon_care::access::Permission;
use tendon_care::id::{ContactPointId, MessageId, PatientId};

use super::frame::Frame;
use super::icon::Icon;
use super::moment::{self, When};
use super::parts::{Act, Advice, Chip, Choice, Tab, Tone, dotted};
use super::urls::{Link, PlannedId, Url};
use crate::chart::{Segment, Segments};

mod samples;

/// The page.
#[derive(Debug, Template)]
#[template(path = "patient.html")]
pub struct Patient {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// Who.
    pub id: PatientId,
    /// The name.
    pub name: String,
    /// What stands beside the name: age, language, clinician, record number.
    pub about: Vec<String>,
    /// What must be known before anything is done.
    pub flags: Vec<Chip>,
    /// All automation is paused.
    pub paused: bool,
    /// Which part of the timeline is shown.
    pub show: Show,
    /// What will happen in the next 30 days, soonest first.
    pub planned: Vec<Planned>,
    /// What happened, newest first.
    pub past: Vec<Event>,
    /// Where older events are.
    pub older: Option<Link>,
    /// The plan of care.
    pub plan: Option<PlanFacts>,
    /// Visits on the book, soonest first.
    pub visits: Vec<VisitFacts>,
    /// Addresses.
    pub contacts: Vec<ContactFacts>,
    /// What may be sent, one line per purpose.
    pub consents: Vec<ConsentFacts>,
    /// Who speaks for the patient.
    pub proxies: Vec<ProxyFacts>,
    /// Addresses for which a change of consent can be recorded: (id, end).
    pub reachable: Vec<(ContactPointId, String)>,
    /// Other records may be the same person, or were.
    pub doubles: Doubles,
    /// Words that were not taken, and why.
    pub draft: Draft,
}

/// What is known of other records of the same person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doubles {
    /// Nothing.
    #[default]
    None,
    /// Some were merged.
    Merged,
    /// Some may be, and somebody should look.
    Doubted,
}

/// Words that were begun, or refused.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The name of the form, so that it is done once.
    pub once: String,
    /// The words.
    pub words: String,
    /// By e-mail rather than by text.
    pub by_mail: bool,
    /// What is wrong with them.
    pub advice: Advice,
}

/// Which part of the timeline is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Everything.
    #[default]
    Everything,
    /// Messages in both directions.
    Messages,
    /// Visits.
    Visits,
    /// Consents, addresses, records.
    Record,
}

impl Show {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Everything, Self::Messages, Self::Visits, Self::Record];

    /// Returns the word in the address and on the page.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Messages => "messages",
            Self::Visits => "visits",
            Self::Record => "record",
        }
    }

    /// Reads [`Show::word`]; anything else shows everything.
    pub fn from_word(text: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == text)
            .unwrap_or_default()
    }
}

/// What a dot on the line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Something took place as it should.
    Done,
    /// The practice wrote.
    Wrote,
    /// The person wrote.
    Heard,
    /// Missed, failed, in danger.
    Bad,
    /// Held, dropped: Tendon did not do something.
    Held,
    /// Will happen.
    Planned,
    /// A change of the record.
    Noted,
}

impl Mark {
    /// Returns the style's class: a full dot for what happened, an open one for
    /// what did not, or not yet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Done | Self::Wrote => "dot",
            Self::Heard => "dot i",
            Self::Bad => "dot b",
            Self::Held => "dot o",
            Self::Planned => "dot o i",
            Self::Noted => "dot n",
        }
    }
}

/// Why something was or was not done, in a sentence, and where all of it stands.
#[derive(Clone, Debug)]
pub struct Why {
    /// The sentence.
    pub because: String,
    /// The message whose chain tells everything.
    pub message: Option<MessageId>,
}

impl Why {
    /// Returns where the chain stands.
    pub fn url(&self) -> Option<Url> {
        self.message.map(Url::Message)
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Zoned,
    /// What the dot means.
    pub mark: Mark,
    /// What happened, first words in bold.
    pub title: String,
    /// What the person wrote.
    pub quote: Option<String>,
    /// The rest in one line.
    pub detail: String,
    /// The state.
    pub chip: Option<Chip>,
    /// Why.
    pub why: Option<Why>,
}

impl Event {
    /// Returns the time of day.
    pub fn time(&self) -> When {
        When::clock(&self.at)
    }
}

/// One thing that will happen unless somebody changes it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Which.
    pub id: PlannedId,
    /// When.
    pub at: Zoned,
    /// What.
    pub title: String,
    /// The rest in one line.
    pub detail: String,
    /// Why it will happen, and what could stop it.
    pub because: String,
    /// Held for now, with the reason.
    pub held: Option<String>,
}

impl Planned {
    /// Returns weekday, day and time.
    pub fn time(&self) -> When {
        When::ahead(&self.at)
    }

    /// Returns the state.
    pub fn chip(&self) -> Chip {
        self.held.as_ref().map_or_else(
            || Chip::new(Tone::Plain, "planned"),
            |reason| Chip::new(Tone::Warn, format!("held: {reason}")).icon(Icon::Clock),
        )
    }

    /// Returns the value of a field for date and time.
    pub fn value(&self) -> String {
        self.at.strftime("%Y-%m-%dT%H:%M").to_string()
    }
}

/// One day of the timeline.
#[derive(Debug)]
pub struct Day<'a> {
    /// The heading.
    pub heading: String,
    /// What happened, newest first.
    pub events: Vec<&'a Event>,
}

/// The plan of care.
#[derive(Clone, Debug)]
pub struct PlanFacts {
    /// What became of each visit, in order, and what is left of the plan.
    pub visits: Vec<Segment>,
    /// Visits prescribed in all.
    pub planned: u16,
    /// How often.
    pub per_week: u8,
    /// Until when.
    pub ends: Date,
    /// Visits that the payer still allows.
    pub authorised_left: Option<u16>,
}

impl PlanFacts {
    /// Returns the drawing.
    pub fn chart(&self) -> Segments {
        Segments::new(self.visits.clone())
    }

    /// Returns the drawing in words.
    pub fn words(&self) -> String {
        format!("{} of {} planned", self.chart().words(), self.planned)
    }
}

/// A visit on the book.
#[derive(Clone, Debug)]
pub struct VisitFacts {
    /// When.
    pub at: Zoned,
    /// With whom and where.
    pub with: String,
    /// The state.
    pub chip: Chip,
    /// What can be done.
    pub acts: Vec<Act>,
}

impl VisitFacts {
    /// Returns weekday, day and time.
    pub fn time(&self) -> String {
        let at = &self.at;
        format!("{}, {}", at.strftime("%a, %b %-d"), moment::clock(at))
    }
}

/// An address.
#[derive(Clone, Debug)]
pub struct ContactFacts {
    /// How messages travel there.
    pub icon: Icon,
    /// The address, for who may see it.
    pub address: String,
    /// The link that calls or writes.
    pub link: Option<Link>,
    /// Whose it is and what is known about it.
    pub detail: String,
    /// Its standing.
    pub chip: Chip,
}

/// What may be sent for one purpose.
#[derive(Clone, Debug)]
pub struct ConsentFacts {
    /// The purpose in words.
    pub purpose: &'static str,
    /// Yes, no, or never asked.
    pub chip: Chip,
    /// How and when that was learnt.
    pub detail: String,
}

/// Who speaks for the patient.
#[derive(Clone, Debug)]
pub struct ProxyFacts {
    /// The name.
    pub name: String,
    /// How they are related.
    pub relation: String,
    /// What they may do.
    pub chip: Chip,
}

impl Patient {
    /// Returns what stands beside the name.
    pub fn about_words(&self) -> String {
        dotted(&self.about)
    }

    /// Returns the choices of what the timeline shows.
    pub fn tabs(&self) -> Vec<Tab> {
        Show::ALL
            .into_iter()
            .map(|show| Tab {
                label: show.word().to_owned(),
                url: match show {
                    Show::Everything => Url::Patient(self.id).into(),
                    other => Url::Patient(self.id).with("show", other.word()),
                },
                here: show == self.show,
            })
            .collect()
    }

    /// Returns the past by day, newest day first.
    pub fn days(&self) -> Vec<Day<'_>> {
        let today = self.now.date();
        let mut days: Vec<Day<'_>> = vec![];
        for event in &self.past {
            let heading = moment::heading(event.at.date(), today);
            match days.last_mut() {
                Some(day) if day.heading == heading => day.events.push(event),
                _ => days.push(Day {
                    heading,
                    events: vec![event],
                }),
            }
        }
        days
    }

    /// Tells whether the reader may write to the patient.
    pub fn may_write(&self) -> bool {
        self.frame.may(Permission::WriteMessages)
    }

    /// Returns what can be done about the patient.
    pub fn acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        let compare = match self.doubles {
            Doubles::None => None,
            Doubles::Merged => Some("Merged records"),
            Doubles::Doubted => Some("Compare records"),
        };
        acts.extend(compare.map(|label| Act::go(label, Url::PatientSame(self.id))));
        if !self.may_write() {
            return acts;
        }
        let pause = if self.paused {
            Act::post("Let automation go on", Url::PatientPause(self.id)).field("paused", "no")
        } else {
            Act::post("Pause automation", Url::PatientPause(self.id)).field("paused", "yes")
        };
        let unbooked = self
            .plan
            .as_ref()
            .is_some_and(|plan| plan.visits.contains(&Segment::Left));
        acts.push(pause);
        if unbooked {
            acts.push(Act::post("Propose times", Url::PatientPropose(self.id)).key('b'));
        }
        acts
    }

    /// Returns what can be done about something planned.
    pub fn planned_acts(&self, planned: &Planned) -> Vec<Act> {
        if !self.may_write() {
            return vec![];
        }
        vec![
            Act::post("skip", Url::PlannedSkip(self.id, planned.id.clone()))
                .quiet()
                .key('s')
                .about(&planned.title),
            Act::post("send now", Url::PlannedSend(self.id, planned.id.clone()))
                .quiet()
                .key('n')
                .about(&planned.title),
        ]
    }

    /// Returns where a planned message is moved.
    pub fn move_url(&self, planned: &Planned) -> Url {
        Url::PlannedMove(self.id, planned.id.clone())
    }

    /// Returns where a message is written.
    pub const fn write_url(&self) -> Url {
        Url::PatientWrite(self.id)
    }

    /// Returns where a consent is recorded.
    pub const fn consent_url(&self) -> Url {
        Url::PatientConsent(self.id)
    }

    /// Returns the day on which the plan ends.
    pub fn plan_end(&self, plan: &PlanFacts) -> String {
        moment::short(plan.ends, self.now.date())
    }

    /// Returns the channels on which a member of staff can write.
    pub fn channels(&self) -> Vec<Choice> {
        let chosen = if self.draft.by_mail { "email" } else { "sms" };
        Choice::list([("sms", "Text"), ("email", "E-mail")], chosen)
    }

    /// Returns the addresses for which a consent can be recorded.
    pub fn addresses(&self) -> Vec<Choice> {
        Choice::list(self.reachable.clone(), "")
    }

    /// Returns the purposes for which a consent can be recorded.
    pub fn purposes(&self) -> Vec<Choice> {
        let pairs = tendon_care::purpose::Purpose::ALL.map(|p| (p.code(), p.words()));
        Choice::list(pairs, "P1")
    }

    /// Returns the sign of an empty timeline.
    pub const fn empty_icon(&self) -> Icon {
        Icon::Path
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::access::Role;

    use super::*;

    #[test]
    fn the_past_is_grouped_by_day_in_its_order() {
        let page = Patient::typical();
        let days = page.days();
        let headings: Vec<_> = days.iter().map(|d| d.heading.as_str()).collect();
        assert_eq!(headings[0], "Today");
        let mut unique = headings.clone();
        unique.dedup();
        assert_eq!(unique, headings);
        let events: usize = days.iter().map(|d| d.events.len()).sum();
        assert_eq!(events, page.past.len());
    }

    #[test]
    fn who_may_not_write_is_offered_nothing_to_send() {
        let mut page = Patient::typical();
        assert!(!page.planned_acts(&page.planned[0]).is_empty());
        page.frame.role = Role::Biller;
        assert!(page.acts().is_empty());
        assert!(page.planned_acts(&page.planned[0]).is_empty());
        let html = page.render().unwrap();
        assert!(!html.contains("/write\"") && !html.contains("/move\""));
    }

    #[test]
    fn a_paused_patient_is_offered_to_go_on() {
        let mut page = Patient::typical();
        page.paused = true;
        assert!(page.acts()[0].to_string().contains("go on"));
        page.paused = false;
        assert!(page.acts()[0].to_string().contains("Pause"));
    }

    #[test]
    fn a_held_message_says_why() {
        let mut planned = Patient::typical().planned.swap_remove(0);
        planned.held = Some("quiet hours".to_owned());
        assert_eq!(planned.chip().text, "held: quiet hours");
        assert_eq!(planned.chip().tone, Tone::Warn);
    }

    #[test]
    fn a_part_of_the_timeline_is_read_back_from_the_address() {
        for show in Show::ALL {
            assert_eq!(Show::from_word(show.word()), show);
        }
        assert_eq!(Show::from_word("<x>"), Show::Everything);
    }
}
