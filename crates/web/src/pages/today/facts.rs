//! The facts behind the rows of Today, and how each becomes a row.

use jiff::Zoned;
use tendon_care::id::{AppointmentId, ConversationId, PatientId, TaskId};
use tendon_care::language::Language;

use super::super::icon::Icon;
use super::super::moment::{self, When};
use super::super::parts::{Act, Chip, Tone, count, dotted};
use super::super::urls::{Link, Url};

/// A visit that nobody has confirmed.
#[derive(Clone, Debug)]
pub struct Unconfirmed {
    /// The visit.
    pub visit: AppointmentId,
    /// Who.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
    /// When it begins.
    pub at: Zoned,
    /// With whom.
    pub clinician: String,
    /// Which visit of how many; `None` for an evaluation.
    pub number: Option<(u16, u16)>,
    /// The patient's language.
    pub language: Language,
    /// Messages about this visit that were not answered.
    pub unanswered: u8,
    /// When the next one goes out.
    pub next_message: Option<Zoned>,
    /// Missed visits among the last ones: (missed, of how many).
    pub missed: (u8, u8),
    /// The number to call, E.164.
    pub phone: Option<String>,
}

/// A free time of today.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The visit that was there.
    pub visit: AppointmentId,
    /// When it begins.
    pub at: Zoned,
    /// With whom.
    pub clinician: String,
    /// How long.
    pub minutes: u16,
    /// Who called off, when, and how it came to be free.
    pub freed: String,
    /// Whose visit it was.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
}

/// A patient with visits left on the plan and none on the book.
#[derive(Clone, Debug)]
pub struct Unbooked {
    /// Who.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
    /// Visits done.
    pub done: u16,
    /// Visits planned.
    pub planned: u16,
    /// Visits that can still be booked.
    pub left: u16,
    /// The day of the last visit.
    pub last_visit: Option<Zoned>,
    /// Proposals sent since.
    pub proposals: u8,
    /// The number to call, E.164.
    pub phone: Option<String>,
}

/// A patient who waits for an answer.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The thread.
    pub thread: ConversationId,
    /// Their name.
    pub name: String,
    /// What they wrote.
    pub words: String,
    /// When.
    pub since: Zoned,
    /// What the parser took it for.
    pub intent: Chip,
}

/// Work for a person.
#[derive(Clone, Debug)]
pub struct Work {
    /// The task.
    pub task: TaskId,
    /// What is to be done.
    pub what: &'static str,
    /// About whom.
    pub patient: Option<(PatientId, String)>,
    /// What the patient wrote about it.
    pub words: Option<String>,
    /// When it must be done.
    pub due: Zoned,
    /// Whose it is.
    pub owner: Option<String>,
    /// The number to call, E.164.
    pub phone: Option<String>,
    /// A possible emergency.
    pub urgent: bool,
}
/// One row, ready to print.
#[derive(Debug)]
pub struct Row {
    /// The element's id, so that the place in the list survives a swap.
    pub id: String,
    /// What stands first: a time.
    pub lead: Option<When>,
    /// Whom or what it is about.
    pub title: String,
    /// Where it opens.
    pub open: Link,
    /// What stands under the title.
    pub sub: String,
    /// What stands beside it.
    pub aside: String,
    /// The state that brought it here.
    pub chip: Option<Chip>,
    /// The reason in words.
    pub note: String,
    /// What can be done.
    pub acts: Vec<Act>,
}
impl Unconfirmed {
    /// Makes the row.
    pub fn row(&self) -> Row {
        let kind = self.number.map_or_else(
            || "evaluation".to_owned(),
            |(number, of)| format!("visit {number} of {of}"),
        );
        let language = match self.language {
            Language::English => "",
            Language::Spanish => self.language.own_name(),
        };
        let mut acts = vec![
            Act::post("Said yes", Url::VisitConfirm(self.visit))
                .first()
                .key('y')
                .about(&self.name),
        ];
        acts.extend(call(self.phone.as_deref(), &self.name));
        acts.push(
            Act::post("Cannot come", Url::VisitCancel(self.visit))
                .key('x')
                .about(&self.name),
        );
        Row {
            id: self.visit.to_string(),
            lead: Some(When::clock(&self.at)),
            title: self.name.clone(),
            open: Url::Patient(self.patient).into(),
            sub: dotted([kind.as_str(), language]),
            aside: self.clinician.clone(),
            chip: Some(self.chip()),
            note: self.note(),
            acts,
        }
    }

    fn chip(&self) -> Chip {
        match (self.unanswered, self.missed.0) {
            (0, _) => Chip::new(Tone::Plain, "not asked yet"),
            (asked, 0) => Chip::new(Tone::Warn, no_reply(asked)),
            (asked, _) => Chip::new(Tone::Bad, no_reply(asked)),
        }
    }

    fn note(&self) -> String {
        let (missed, of) = self.missed;
        let history = if missed > 0 {
            format!("missed {missed} of the last {of}")
        } else {
            String::new()
        };
        let next = self.next_message.as_ref().map_or_else(String::new, |at| {
            format!("next message {}", moment::clock(at))
        });
        dotted([history, next])
    }
}

fn no_reply(asked: u8) -> String {
    format!(
        "no reply to {}",
        count(u32::from(asked), "message", "messages")
    )
}

/// Makes the act that calls, where there is a number.
fn call(phone: Option<&str>, name: &str) -> Option<Act> {
    phone.map(|phone| Act::go("Call", Link::call(phone)).key('c').about(name))
}

impl Opening {
    /// Makes the row.
    pub fn row(&self) -> Row {
        Row {
            id: format!("free-{}", self.visit),
            lead: Some(When::clock(&self.at)),
            title: self.clinician.clone(),
            open: Url::Patient(self.patient).into(),
            sub: format!("{} minutes", self.minutes),
            aside: String::new(),
            chip: Some(Chip::new(Tone::Info, "free")),
            note: dotted([self.freed.as_str(), self.name.as_str()]),
            acts: vec![Act::go("Open patient", Url::Patient(self.patient)).about(&self.name)],
        }
    }
}

impl Unbooked {
    /// Makes the row.
    pub fn row(&self, now: &Zoned) -> Row {
        let last = match &self.last_visit {
            Some(at) => format!("last visit {}", moment::relative(at, now)),
            None if self.done == 0 => "no visit yet".to_owned(),
            None => String::new(),
        };
        let sent = match self.proposals {
            0 => "nothing proposed yet".to_owned(),
            n => format!("{} sent", count(u32::from(n), "proposal", "proposals")),
        };
        let mut acts = vec![
            Act::post("Propose times", Url::PatientPropose(self.patient))
                .first()
                .key('b')
                .about(&self.name),
        ];
        acts.extend(call(self.phone.as_deref(), &self.name));
        Row {
            id: format!("plan-{}", self.patient),
            lead: None,
            title: self.name.clone(),
            open: Url::Patient(self.patient).into(),
            sub: String::new(),
            aside: format!("{} of {} done", self.done, self.planned),
            chip: Some(Chip::new(Tone::Warn, format!("{} to book", self.left))),
            note: dotted([last, sent]),
            acts,
        }
    }
}

impl Waiting {
    /// Makes the row.
    pub fn row(&self, now: &Zoned) -> Row {
        Row {
            id: self.thread.to_string(),
            lead: None,
            title: self.name.clone(),
            open: Url::Thread(self.thread).into(),
            sub: String::new(),
            aside: moment::relative(&self.since, now),
            chip: Some(self.intent.clone()),
            note: format!("“{}”", self.words),
            acts: vec![
                Act::go("Answer", Url::Thread(self.thread))
                    .first()
                    .about(&self.name),
                Act::post("Done", Url::ThreadDone(self.thread))
                    .key('e')
                    .about(&self.name),
            ],
        }
    }
}

impl Work {
    /// Makes the row.
    pub fn row(&self, now: &Zoned) -> Row {
        let late = self.due.timestamp() < now.timestamp();
        let due = format!("due {}", moment::relative(&self.due, now));
        let (title, open) = match &self.patient {
            Some((id, name)) => (name.clone(), Link::from(Url::Patient(*id))),
            None => (self.what.to_owned(), Url::Inbox.into()),
        };
        let about = title.clone();
        let chip = match (self.urgent, late) {
            (true, _) => Chip::new(Tone::Bad, "possible emergency").icon(Icon::Warn),
            (false, true) => Chip::new(Tone::Warn, "late"),
            (false, false) => Chip::new(Tone::Plain, "open"),
        };
        // Where words may mean danger, the call is the act and not the tick.
        let call = call(self.phone.as_deref(), &about);
        let done = Act::post("Done", Url::TaskDone(self.task))
            .key('d')
            .about(&about);
        let mut acts = match call {
            Some(call) if self.urgent => vec![call.first(), done],
            call => [Some(done.first()), call].into_iter().flatten().collect(),
        };
        if self.owner.is_none() {
            acts.push(
                Act::post("Take", Url::TaskTake(self.task))
                    .key('a')
                    .about(&about),
            );
        }
        Row {
            id: self.task.to_string(),
            lead: None,
            title,
            open,
            sub: self.owner.clone().unwrap_or_default(),
            aside: due,
            chip: Some(chip),
            note: dotted([
                self.what.to_owned(),
                self.words
                    .as_ref()
                    .map_or_else(String::new, |words| format!("“{words}”")),
            ]),
            acts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::Today;
    use super::*;

    fn unconfirmed() -> Unconfirmed {
        Today::typical().unconfirmed.first.swap_remove(0)
    }

    #[test]
    fn a_row_says_why_it_is_there() {
        let mut visit = unconfirmed();
        visit.unanswered = 0;
        assert_eq!(visit.chip().text, "not asked yet");
        visit.unanswered = 1;
        visit.missed = (0, 4);
        assert_eq!(visit.chip().text, "no reply to 1 message");
        assert_eq!(visit.chip().tone, Tone::Warn);
        visit.missed = (2, 4);
        assert_eq!(visit.chip().tone, Tone::Bad);
        assert!(visit.note().starts_with("missed 2 of the last 4"));
    }

    #[test]
    fn nobody_without_a_number_is_called() {
        let mut visit = unconfirmed();
        visit.phone = None;
        assert_eq!(visit.row().acts.len(), 2);
        visit.phone = Some("+13125550142".to_owned());
        assert_eq!(visit.row().acts.len(), 3);
    }

    #[test]
    fn an_emergency_is_called_before_it_is_ticked_off() {
        let mut work = Today::typical().tasks.first.swap_remove(0);
        work.phone = Some("+13125550142".to_owned());
        let first = |work: &Work| work.row(&sample::now()).acts[0].to_string();
        assert!(first(&work).starts_with("<button"));
        work.urgent = true;
        assert!(first(&work).contains("tel:+13125550142"));
    }

    #[test]
    fn work_is_late_when_its_time_has_passed() {
        let mut work = Today::typical().tasks.first.swap_remove(0);
        work.urgent = false;
        let now = sample::now();
        work.due = now.checked_sub(jiff::SignedDuration::from_mins(1)).unwrap();
        assert_eq!(work.row(&now).chip.unwrap().text, "late");
        work.due = now.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
        assert_eq!(work.row(&now).chip.unwrap().text, "open");
    }
}
