//! A journey as data: who enters, which steps follow and when, and what ends it.
//!
//! A [`Definition`] can only be made by [`Definition::parse`], so every one
//! that exists has been checked: its ids resolve, its conditions are typed, and
//! no path through it runs in a circle without time passing.

use std::fmt;
use std::sync::Arc;

use tendon_care::contact::Channel;
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskKind;

use crate::condition::Condition;
use crate::length::Length;
use crate::moment::Moment;
use crate::schedule::Due;

/// The id of a step, unique within its journey. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

impl StepId {
    /// Wraps an id as a definition writes it.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Returns the id as the definition writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What goes through a journey, one enrolment each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A person cared for.
    Patient,
    /// A course of care.
    Episode,
    /// A visit on the book.
    Appointment,
    /// A request for care.
    Referral,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Patient,
        Self::Episode,
        Self::Appointment,
        Self::Referral,
    ];

    /// Returns the code used in definitions, storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Episode => "episode",
            Self::Appointment => "appointment",
            Self::Referral => "referral",
        }
    }

    /// Reads [`SubjectKind::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == text)
    }
}

/// A checked journey.
#[derive(Debug)]
pub struct Definition {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) subject: SubjectKind,
    pub(crate) purpose: Purpose,
    pub(crate) priority: u8,
    pub(crate) holdout_per_mille: u16,
    pub(crate) enter: Trigger,
    pub(crate) reentry: Reentry,
    pub(crate) exits: Vec<Exit>,
    pub(crate) withdrawals: Vec<Withdrawal>,
    pub(crate) steps: Vec<Step>,
}

impl Definition {
    /// Returns the name, such as `visit-reminder`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the version; an enrolment stays on the one it entered.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns the title for staff.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns what the journey is for, in a sentence or two.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns what goes through it.
    pub const fn subject(&self) -> SubjectKind {
        self.subject
    }

    /// Returns the purpose class of all its messages.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Returns how its messages rank where several compete; 100 wins over 0.
    pub const fn priority(&self) -> u8 {
        self.priority
    }

    /// Returns how many of a thousand subjects are left alone, to measure the effect.
    pub const fn holdout_per_mille(&self) -> u16 {
        self.holdout_per_mille
    }

    /// Returns what lets a subject in.
    pub const fn enter(&self) -> &Trigger {
        &self.enter
    }

    /// Returns when a subject may come back.
    pub const fn reentry(&self) -> Reentry {
        self.reentry
    }

    /// Returns what ends an enrolment early.
    pub fn exits(&self) -> &[Exit] {
        &self.exits
    }

    /// Returns what takes pending messages back without ending the enrolment.
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    /// Returns the steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Finds a step by id.
    pub fn find(&self, id: &StepId) -> Option<(usize, &Step)> {
        self.steps
            .iter()
            .enumerate()
            .find(|(_, step)| step.id == *id)
    }

    /// Returns the names of all templates that its steps send.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.act {
            Act::Send(send) => Some(send.template.as_str()),
            _ => None,
        })
    }
}

/// Facts that set something off, under a condition.
#[derive(Debug)]
pub struct Trigger {
    /// The codes of the facts ([`tendon_care::touchpoint::Fact::CODES`]).
    pub on: Vec<&'static str>,
    /// Whose facts count.
    pub of: Reach,
    /// What must hold besides.
    pub when: Option<Condition>,
}

/// Whose facts a rule listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Facts about the subject itself: this visit, not another one.
    Subject,
    /// Facts about anything of the same patient.
    Patient,
}

/// When a subject that has been through may enter again. Nobody is in the
/// same journey twice at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reentry {
    /// Never again.
    Never,
    /// As soon as the earlier enrolment has ended.
    AfterEnd,
    /// This long after the earlier enrolment has ended.
    LaterThan(Length),
}

/// A rule that ends an enrolment.
#[derive(Debug)]
pub struct Exit {
    /// What sets it off.
    pub trigger: Trigger,
    /// The code under which the end is recorded.
    pub reason: String,
}

/// A rule that takes pending messages back.
#[derive(Debug)]
pub struct Withdrawal {
    /// What sets it off.
    pub trigger: Trigger,
    /// The steps whose messages are taken back.
    pub pending: Pending,
}

/// Which pending messages of an enrolment are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// All of them.
    All,
    /// Those that these steps asked for.
    Of(Vec<StepId>),
}

/// One thing that a journey does.
#[derive(Debug)]
pub struct Step {
    /// The id, unique within the journey.
    pub id: StepId,
    /// When it is due.
    pub due: Due,
    /// What must hold when it is due; it is left out otherwise.
    pub when: Option<Condition>,
    /// What it does.
    pub act: Act,
    /// Where it goes on when it is done or left out.
    pub next: Next,
}

/// Where a journey goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// With the step at this place.
    Step(usize),
    /// Nowhere: all is done.
    End,
}

/// What a step does.
#[derive(Debug)]
pub enum Act {
    /// Sends a message.
    Send(Send),
    /// Opens work for a person.
    Task {
        /// What the work is.
        kind: TaskKind,
        /// By when it must be done.
        within: Length,
    },
    /// Waits until something happens.
    Wait(Wait),
    /// Goes on with the first case that holds.
    Branch {
        /// The cases in order.
        cases: Vec<(Condition, Next)>,
        /// Where to go when none holds.
        otherwise: Next,
    },
    /// Ends the journey.
    Stop {
        /// The code under which the end is recorded.
        reason: String,
    },
}

/// A message to send.
#[derive(Debug)]
pub struct Send {
    /// The name of the message template.
    pub template: String,
    /// The channels to try, best first.
    pub channels: Vec<Channel>,
    /// Sent after this it would be stale.
    pub expires: Moment,
    /// The answer that is expected.
    pub prompt: Option<Prompt>,
}

/// The answer that a message expects, which decides how a reply is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Confirm, move or cannot come.
    Visit,
}

impl Prompt {
    /// Returns the code used in definitions, storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Visit => "visit",
        }
    }

    /// Reads [`Prompt::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        (text == Self::Visit.code()).then_some(Self::Visit)
    }
}

/// A wait for facts, with a time-out.
#[derive(Debug)]
pub struct Wait {
    /// What is waited for.
    pub until: Trigger,
    /// For how long.
    pub within: Length,
    /// Where to go when it happens.
    pub then: Next,
    /// Where to go when the time is over.
    pub otherwise: Next,
}
