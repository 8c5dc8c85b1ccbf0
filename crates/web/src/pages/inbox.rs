//! Inbox: every thread on the left, one of them on the right, with what the
//! parser understood under each thing that a patient wrote.

use askama::Template;
use jiff::Zoned;
use tendon_care::access::Permission;
use tendon_care::id::{ConversationId, MessageId, PatientId};

use super::frame::Frame;
use super::icon::Icon;
use super::moment::{self, When};
use super::parts::{Act, Advice, Chip, Tab};
use super::urls::Url;

pub mod count;
mod samples;

pub use count::Count;

/// The page.
#[derive(Debug, Template)]
#[template(path = "inbox.html")]
pub struct Inbox {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// Which threads are shown.
    pub folder: Folder,
    /// The threads: possible emergencies first, then those who wait longest.
    pub threads: Vec<ThreadLine>,
    /// The open one.
    pub open: Option<Thread>,
}

/// Which threads are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Folder {
    /// Those that wait for an answer.
    #[default]
    Waiting,
    /// All, newest first.
    All,
}

/// One thread in the list.
#[derive(Clone, Debug)]
pub struct ThreadLine {
    /// Which.
    pub id: ConversationId,
    /// The patient's name, or the end of an unknown number.
    pub name: String,
    /// The last thing said.
    pub words: String,
    /// When.
    pub at: Zoned,
    /// Nobody has looked at it.
    pub unread: bool,
    /// What the parser took it for.
    pub intent: Option<Chip>,
    /// Who deals with it.
    pub owner: Option<String>,
}

/// The open thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Which.
    pub id: ConversationId,
    /// Who; `None` for a number that belongs to nobody known.
    pub patient: Option<PatientId>,
    /// The name, or the end of the number.
    pub name: String,
    /// The address and language: `•••0142 · Spanish · text`.
    pub detail: String,
    /// A possible emergency: what is to be done at once.
    pub alarm: Option<String>,
    /// What was said, oldest first.
    pub said: Vec<Said>,
    /// Why nothing can be sent, where that is so: `Replied STOP on Nov 2`.
    pub closed: Option<String>,
    /// What was begun and not sent.
    pub draft: String,
    /// The name of the form, so that it is done once.
    pub once: String,
    /// How the draft would travel.
    pub measure: Measure,
    /// What is wrong with it.
    pub advice: Advice,
}

/// One thing said.
#[derive(Clone, Debug)]
pub struct Said {
    /// When.
    pub at: Zoned,
    /// By whom.
    pub by: By,
    /// The words.
    pub words: String,
    /// The state of what we wrote, or what the parser understood.
    pub chip: Option<Chip>,
    /// What Tendon did on its own: `visit confirmed, reminder dropped`.
    pub did: String,
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The person.
    Patient,
    /// A member of staff.
    Staff {
        /// The name.
        name: String,
        /// The message.
        message: MessageId,
        /// It never went out.
        unsent: bool,
    },
    /// A journey.
    Journey {
        /// The name in words.
        name: String,
        /// The message.
        message: MessageId,
        /// It never went out.
        unsent: bool,
    },
}

impl Said {
    /// Returns the style's class.
    pub const fn class(&self) -> &'static str {
        match self.by {
            By::Patient => "said",
            By::Staff { unsent, .. } | By::Journey { unsent, .. } => {
                if unsent {
                    "said out no"
                } else {
                    "said out"
                }
            }
        }
    }

    /// Returns who said it, for the line under the words.
    pub fn who(&self) -> &str {
        match &self.by {
            By::Patient => "",
            By::Staff { name, .. } | By::Journey { name, .. } => name,
        }
    }

    /// Returns where the reason stands, for what we wrote.
    pub const fn chain(&self) -> Option<Url> {
        match self.by {
            By::Patient => None,
            By::Staff { message, .. } | By::Journey { message, .. } => Some(Url::Message(message)),
        }
    }

    /// Returns the time of day.
    pub fn time(&self) -> When {
        When::clock(&self.at)
    }
}

/// How a draft would travel as a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Characters.
    pub characters: u32,
    /// Texts that it makes.
    pub segments: u32,
    /// It holds a character that GSM 03.38 lacks, so that fewer fit into each.
    pub wide: bool,
}

impl Measure {
    /// Says it: `43 characters · 1 text`.
    pub fn words(self) -> String {
        use super::parts::{count, dotted};
        let wide = if self.wide {
            "uses letters that make texts shorter"
        } else {
            ""
        };
        dotted([
            count(self.characters, "character", "characters").as_str(),
            count(self.segments, "text", "texts").as_str(),
            wide,
        ])
    }
}

/// One day of a thread.
#[derive(Debug)]
pub struct TalkDay<'a> {
    /// The heading.
    pub heading: String,
    /// What was said.
    pub said: Vec<&'a Said>,
}

impl Thread {
    /// Returns where a reply is sent.
    pub const fn reply_url(&self) -> Url {
        Url::ThreadReply(self.id)
    }

    /// Returns where a draft is measured.
    pub const fn measure_url(&self) -> Url {
        Url::ThreadMeasure(self.id)
    }
}

impl Inbox {
    /// Returns the choices of what is listed.
    pub fn tabs(&self) -> Vec<Tab> {
        let tab = |folder, label: &str, url| Tab {
            label: label.to_owned(),
            url,
            here: folder == self.folder,
        };
        vec![
            tab(Folder::Waiting, "waiting", Url::Inbox.into()),
            tab(Folder::All, "all", Url::Inbox.with("show", "all")),
        ]
    }

    /// Returns where a thread opens.
    pub const fn thread_url(&self, line: &ThreadLine) -> Url {
        Url::Thread(line.id)
    }

    /// Tells whether a line is the open thread.
    pub fn is_open(&self, line: &ThreadLine) -> bool {
        self.open.as_ref().is_some_and(|open| open.id == line.id)
    }

    /// Returns how long ago a thread moved.
    pub fn age(&self, line: &ThreadLine) -> String {
        moment::relative(&line.at, &self.now)
    }

    /// Returns what was said by day.
    pub fn days<'a>(&self, thread: &'a Thread) -> Vec<TalkDay<'a>> {
        let today = self.now.date();
        let mut days: Vec<TalkDay<'a>> = vec![];
        for said in &thread.said {
            let heading = moment::heading(said.at.date(), today);
            match days.last_mut() {
                Some(day) if day.heading == heading => day.said.push(said),
                _ => days.push(TalkDay {
                    heading,
                    said: vec![said],
                }),
            }
        }
        days
    }

    /// Returns what can be done about the open thread.
    pub fn acts(&self, thread: &Thread) -> Vec<Act> {
        let mut acts = vec![];
        if let Some(patient) = thread.patient {
            acts.push(Act::go("Open patient", Url::Patient(patient)).key('o'));
        }
        if self.frame.may(Permission::WriteMessages) {
            acts.push(Act::post("Done", Url::ThreadDone(thread.id)).key('e'));
        }
        acts
    }

    /// Tells whether the reader may answer.
    pub fn may_write(&self) -> bool {
        self.frame.may(Permission::WriteMessages)
    }

    /// Returns the list's address, for the way back on a phone.
    pub const fn list_url(&self) -> Url {
        Url::Inbox
    }

    /// Returns the signs of an empty list, of an alarm and of a closed thread.
    pub const fn icons(&self) -> (Icon, Icon, Icon) {
        (Icon::Inbox, Icon::Warn, Icon::Lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_what_it_costs() {
        let measure = |characters, segments, wide| Measure {
            characters,
            segments,
            wide,
        };
        assert_eq!(measure(1, 1, false).words(), "1 character · 1 text");
        assert_eq!(
            measure(80, 2, true).words(),
            "80 characters · 2 texts · uses letters that make texts shorter"
        );
    }

    #[test]
    fn what_never_went_out_does_not_look_sent() {
        let mut said = Inbox::typical().open.unwrap().said.swap_remove(0);
        said.by = By::Journey {
            name: "Visit reminders".to_owned(),
            message: super::super::sample::id(1),
            unsent: true,
        };
        assert_eq!(said.class(), "said out no");
        said.by = By::Patient;
        assert_eq!(said.class(), "said");
        assert!(said.chain().is_none());
    }

    #[test]
    fn a_thread_that_said_stop_has_no_form() {
        let mut page = Inbox::typical();
        assert!(page.render().unwrap().contains("<textarea"));
        page.open.as_mut().unwrap().closed = Some("Replied STOP on Nov 2".to_owned());
        assert!(!page.render().unwrap().contains("<textarea"));
    }

    #[test]
    fn an_unknown_number_has_no_patient_to_open() {
        let page = Inbox::typical();
        let mut thread = page.open.clone().unwrap();
        assert_eq!(page.acts(&thread).len(), 2);
        thread.patient = None;
        assert_eq!(page.acts(&thread).len(), 1);
    }
}
