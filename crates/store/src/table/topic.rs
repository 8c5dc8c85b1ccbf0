//! What a commit touched, in the words that live pages watch.
//!
//! No data travels in a change: whoever watches asks again, with their own
//! access, for what they may see.

use tendon_care::id::PracticeId;

use crate::commit::{Commit, Write};

macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A part of the data that pages watch.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the word that pages name in `data-topics`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

topics! {
    /// Visits on the book.
    Visits = "visits",
    /// Messages out and the decisions about them.
    Messages = "messages",
    /// Threads and what people wrote.
    Inbox = "inbox",
    /// Work for people.
    Tasks = "tasks",
    /// Episodes, plans and referrals.
    Plans = "plans",
    /// Who a patient is, how they are reached and what they agreed to.
    Patient = "patient",
    /// Journeys and what is planned in them.
    Journeys = "journeys",
    /// Members of staff and tokens.
    Users = "users",
    /// The practice, its places and its words.
    Settings = "settings",
    /// Sign-ins and sign-outs.
    Sessions = "sessions",
    /// The audit trail.
    Audit = "audit",
}

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topics(u16);

impl Topics {
    /// Adds one.
    pub const fn insert(&mut self, topic: Topic) {
        self.0 |= 1 << topic as u16;
    }

    /// Adds all of another set.
    pub const fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Tells whether it has a topic.
    pub const fn contains(self, topic: Topic) -> bool {
        self.0 & (1 << topic as u16) != 0
    }

    /// Tells whether it has none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns all there are: for who missed some changes.
    pub fn all() -> Self {
        Topic::ALL.iter().copied().collect()
    }

    /// Lists them in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Topic> {
        Topic::ALL
            .iter()
            .copied()
            .filter(move |topic| self.contains(*topic))
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        topics.into_iter().fold(Self::default(), |mut all, topic| {
            all.insert(topic);
            all
        })
    }
}

/// Something was committed by this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// In which practice.
    pub practice: PracticeId,
    /// What it touched; nothing where only the machinery moved.
    pub topics: Topics,
}

impl Commit {
    /// Returns what the commit touches. A read that is only recorded touches the
    /// audit trail alone: looking at a page must not reload it.
    pub fn topics(&self) -> Topics {
        let mut topics: Topics = self.writes().iter().flat_map(of).copied().collect();
        if self.is_audited() {
            topics.insert(Topic::Audit);
        }
        topics
    }
}

/// Returns what a write touches.
const fn of(write: &Write) -> &'static [Topic] {
    use Topic::{
        Inbox, Journeys, Messages, Patient, Plans, Sessions, Settings, Tasks, Users, Visits,
    };
    match write {
        Write::PracticeNew(_)
        | Write::Practice(_)
        | Write::Location(_)
        | Write::Clinician(_)
        | Write::Wording(_)
        | Write::Setting(..) => &[Settings],
        Write::PatientNew(..)
        | Write::Patient(_)
        | Write::ContactStanding(..)
        | Write::AddressStanding(..)
        | Write::AddressShared(_)
        | Write::Consent(_)
        | Write::Restrand(_)
        | Write::Touchpoint(_)
        | Write::LinkChecked(..)
        | Write::WayOutTaken(..)
        | Write::MatchReview(_)
        | Write::MatchReviewSettled(..)
        // What is planned for a patient stands on the patient's page.
        | Write::EnrolmentNew(_)
        | Write::Enrolment(_)
        | Write::TimerGone(_) => &[Patient],
        Write::PatientRetired(_) | Write::Repoint(_) | Write::Merge(_) => {
            &[Patient, Visits, Inbox, Plans, Tasks]
        }
        Write::Referral(_) | Write::EpisodeNew(_) | Write::Episode(_) | Write::Plan(..) => {
            &[Plans, Patient]
        }
        Write::AppointmentNew(_) | Write::Appointment(_) => &[Visits, Plans],
        Write::JourneyDefinition(_) | Write::JourneySwitch(..) => &[Journeys],
        Write::MessageNew(_)
        | Write::MessageState(_)
        | Write::Decision(_)
        | Write::OutboxLater(..) => &[Messages],
        Write::InboundNew(_) | Write::Stray(_) => &[Inbox, Messages],
        Write::Conversation(_)
        | Write::ConversationSpoken(_)
        | Write::ConversationWaiting(..)
        | Write::Rethread(_) => &[Inbox],
        Write::TaskNew(..)
        | Write::TaskState(..)
        | Write::TaskOwner(..)
        | Write::TaskSettled(..)
        | Write::TasksAboutVisitDone(_)
        | Write::TasksOfPatientDone(..) => &[Tasks],
        Write::User(_) | Write::UserChange(..) | Write::TokenNew(_) | Write::TokenRevoked(..) => {
            &[Users]
        }
        Write::SessionGone(_) | Write::SessionsOfUserGone(_) => &[Sessions],
        // Seen by nobody: the machinery of sending, signing in and importing.
        Write::OutboxGone(_)
        | Write::OutboxAgain(..)
        | Write::OutboxStarted(..)
        | Write::OutboxLine(..)
        | Write::AttentionTaken(_)
        | Write::OutboxReconcile(..)
        | Write::LinkNew(_)
        | Write::WayOutNew(_)
        | Write::SignIn(..)
        | Write::SessionNew(_)
        | Write::KeyShown(_)
        | Write::Session(_)
        | Write::SignInLinkNew(_)
        | Write::SignInLinkUsed(..)
        | Write::Source(_)
        | Write::Parked(_)
        | Write::ParkedGone(_)
        | Write::Idempotency(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tendon_care::access::Access;
    use tendon_care::id::{Id, PracticeId, TaskId};

    use super::*;
    use crate::audit::{Action, AuditEntry};

    fn access() -> Access {
        Access::system(
            PracticeId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
            "test",
        )
    }

    #[test]
    fn words_are_unique_and_sets_keep_what_they_are_given() {
        let mut words: Vec<&str> = Topic::ALL.iter().map(|topic| topic.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Topic::ALL.len());
        let set: Topics = [Topic::Inbox, Topic::Visits].into_iter().collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Topic::Visits, Topic::Inbox]
        );
        assert!(!set.contains(Topic::Tasks));
        assert_eq!(Topics::all().iter().count(), Topic::ALL.len());
    }

    #[test]
    fn a_look_touches_the_trail_alone() {
        let mut commit = Commit::new(&access());
        assert!(commit.topics().is_empty());
        commit.audit(AuditEntry::new(
            &access(),
            Timestamp::UNIX_EPOCH,
            Action::Read,
            "chart",
        ));
        assert_eq!(commit.topics().iter().collect::<Vec<_>>(), [Topic::Audit]);
        let task = TaskId::from_parts(Timestamp::UNIX_EPOCH, [2; 10]);
        commit.push(Write::TaskOwner(task, None));
        assert!(commit.topics().contains(Topic::Tasks));
    }
}
