//! The timeline: immutable facts about what happened between practice and patient.
//!
//! Journeys, key figures and the patient page all read the same facts. A fact
//! names the things it is about by id and holds no words of a person.

use jiff::Timestamp;

use crate::appointment::CancelledBy;
use crate::contact::Channel;
use crate::id::{
    AppointmentId, ConsentId, ContactPointId, EnrolmentId, EpisodeId, LinkId, MergeId, MessageId,
    PatientId, PlanId, ReferralId, TaskId, TouchpointId,
};
use crate::purpose::Purpose;

/// One fact on a patient's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touchpoint {
    /// The id.
    pub id: TouchpointId,
    /// Whose timeline.
    pub patient: PatientId,
    /// When it happened in the world.
    pub happened_at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// True for history that was loaded: it changes state and never sends.
    pub backfilled: bool,
}

/// How a patient said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// By answering a text.
    Text,
    /// On the page behind a signed link.
    Page,
    /// To a member of staff.
    Staff,
    /// It came from the EHR.
    Feed,
}

impl Via {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Text, Self::Page, Self::Staff, Self::Feed];

    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Page => "page",
            Self::Staff => "staff",
            Self::Feed => "feed",
        }
    }

    /// Reads [`Via::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|via| via.code() == text)
    }
}

/// What a field of a fact can be: something with one text form.
trait FactField: Sized {
    fn to_text(&self) -> String;
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! fields_by_parsing {
    ($($type:ty),* $(,)?) => {$(
        impl FactField for $type {
            fn to_text(&self) -> String { self.to_string() }
            fn from_text(text: &str) -> Option<Self> { text.parse().ok() }
        }
    )*};
}

fields_by_parsing!(
    AppointmentId,
    ConsentId,
    ContactPointId,
    EnrolmentId,
    EpisodeId,
    LinkId,
    MergeId,
    MessageId,
    PatientId,
    PlanId,
    ReferralId,
    TaskId,
    Timestamp,
    String,
    bool,
    u16,
);

macro_rules! fields_by_code {
    ($($type:ty => $read:expr),* $(,)?) => {$(
        impl FactField for $type {
            fn to_text(&self) -> String { self.code().to_owned() }
            fn from_text(text: &str) -> Option<Self> { $read(text) }
        }
    )*};
}

fields_by_code!(
    Via => Via::from_code,
    Channel => Channel::from_code,
    CancelledBy => CancelledBy::from_code,
    Purpose => |text: &str| text.parse().ok(),
);

impl FactField for Option<Purpose> {
    fn to_text(&self) -> String {
        self.map_or("all", Purpose::code).to_owned()
    }
    fn from_text(text: &str) -> Option<Self> {
        if text == "all" {
            Some(None)
        } else {
            text.parse().ok().map(Some)
        }
    }
}

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident $code:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty),* })*) => {
        /// What happened. The code is what journeys name in `on = [...]`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Fact {$(
            $(#[$doc])*
            $name { $($(#[$field_doc])* $field: $type),* },
        )*}

        impl Fact {
            /// The code of every fact, for checking journey definitions.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// Returns the fields as names and texts, for storing.
            pub fn fields(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$name { $($field),* } => vec![$((stringify!($field), $field.to_text())),*],)*
                }
            }

            /// Reads what [`Fact::code`] and [`Fact::fields`] gave. `None` where the
            /// code is unknown or a field is missing or makes no sense.
            pub fn from_fields<'a>(code: &str, get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
                let _ = &get;
                match code {
                    $($code => Some(Self::$name {
                        $($field: <$type as FactField>::from_text(get(stringify!($field))?)?),*
                    }),)*
                    _ => None,
                }
            }

            /// Returns the code, such as `visit.booked`.
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code),* }
            }
        }
    };
}

facts! {
    /// The patient became known.
    PatientRegistered "patient.registered" {}
    /// Name, birthday, address, language or contact points changed.
    PatientChanged "patient.changed" {}
    /// The practice learnt of the death.
    PatientDeceased "patient.deceased" {}
    /// Another record was merged into this one.
    PatientMerged "patient.merged" {
        /// The record that was absorbed.
        retired: PatientId,
        /// The reversible merge.
        merge: MergeId
    }
    /// A merge was taken back.
    PatientUnmerged "patient.unmerged" {
        /// The merge that was taken back.
        merge: MergeId
    }
    /// A request for care came in.
    ReferralReceived "referral.received" {
        /// The referral.
        referral: ReferralId
    }
    /// A course of care began to be tracked.
    EpisodeOpened "episode.opened" {
        /// The episode.
        episode: EpisodeId
    }
    /// A course of care moved to another state.
    EpisodeMoved "episode.moved" {
        /// The episode.
        episode: EpisodeId,
        /// The code of the state it is now in.
        to: String
    }
    /// A plan of care was set or changed.
    PlanSet "plan.set" {
        /// The plan.
        plan: PlanId,
        /// Visits in all.
        visits: u16
    }
    /// A visit was put on the book.
    VisitBooked "visit.booked" {
        /// The visit.
        appointment: AppointmentId,
        /// When it begins.
        starts_at: Timestamp
    }
    /// A visit got another time.
    VisitMoved "visit.moved" {
        /// The visit.
        appointment: AppointmentId,
        /// When it was to begin.
        from: Timestamp,
        /// When it begins now.
        to: Timestamp
    }
    /// The patient said yes.
    VisitConfirmed "visit.confirmed" {
        /// The visit.
        appointment: AppointmentId,
        /// How they said it.
        via: Via
    }
    /// The patient asked for another time.
    VisitMoveAsked "visit.move_asked" {
        /// The visit.
        appointment: AppointmentId,
        /// How they asked.
        via: Via
    }
    /// A visit was called off.
    VisitCancelled "visit.cancelled" {
        /// The visit.
        appointment: AppointmentId,
        /// By whom.
        by: CancelledBy,
        /// With less than a day's notice.
        late: bool
    }
    /// A visit was put back on the book.
    VisitReinstated "visit.reinstated" {
        /// The visit.
        appointment: AppointmentId
    }
    /// The patient arrived.
    VisitArrived "visit.arrived" {
        /// The visit.
        appointment: AppointmentId
    }
    /// A visit took place.
    VisitCompleted "visit.completed" {
        /// The visit.
        appointment: AppointmentId
    }
    /// Nobody came.
    VisitMissed "visit.missed" {
        /// The visit.
        appointment: AppointmentId,
        /// Inferred from a missing check-in.
        inferred: bool
    }
    /// A visit turned out never to have been one.
    VisitVoided "visit.voided" {
        /// The visit.
        appointment: AppointmentId
    }
    /// A carrier took a message.
    MessageSent "message.sent" {
        /// The message.
        message: MessageId,
        /// How it travels.
        channel: Channel
    }
    /// A message arrived.
    MessageDelivered "message.delivered" {
        /// The message.
        message: MessageId
    }
    /// A message will not arrive.
    MessageFailed "message.failed" {
        /// The message.
        message: MessageId,
        /// The class of the failure.
        class: String
    }
    /// A message was held for later.
    MessageHeld "message.held" {
        /// The message.
        message: MessageId,
        /// The code of the reason.
        reason: String
    }
    /// A message was dropped.
    MessageDropped "message.dropped" {
        /// The message.
        message: MessageId,
        /// The code of the reason.
        reason: String
    }
    /// A crash hid whether a message went out; a person looks.
    MessageParked "message.parked" {
        /// The message.
        message: MessageId
    }
    /// The person wrote.
    MessageReceived "message.received" {
        /// The inbound message.
        message: MessageId,
        /// How it came.
        channel: Channel,
        /// The class that the parser gave it, such as `confirm`.
        intent: String
    }
    /// A consent was given.
    ConsentGranted "consent.granted" {
        /// The ledger entry.
        consent: ConsentId,
        /// For which purpose.
        purpose: Purpose
    }
    /// A consent was taken back.
    ConsentRevoked "consent.revoked" {
        /// The ledger entry.
        consent: ConsentId,
        /// For which purpose; all of them where none is named.
        purpose: Option<Purpose>
    }
    /// Somebody else answered from this address.
    AddressWrong "contact.wrong_party" {
        /// The address.
        contact_point: ContactPointId
    }
    /// The person wrote words that may mean danger.
    RedFlagRaised "safety.red_flag" {
        /// The inbound message.
        message: MessageId,
        /// The level: `E`, `S`, `A` or `U`.
        level: String
    }
    /// Work for a person was opened.
    TaskOpened "task.opened" {
        /// The task.
        task: TaskId,
        /// Its kind.
        kind: String
    }
    /// Work for a person was done.
    TaskDone "task.done" {
        /// The task.
        task: TaskId
    }
    /// The patient opened a signed link.
    LinkOpened "link.opened" {
        /// The link.
        link: LinkId
    }
    /// A journey took the patient in.
    JourneyEntered "journey.entered" {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The journey's name.
        journey: String
    }
    /// A journey ended for the patient.
    JourneyEnded "journey.ended" {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The code of the reason.
        reason: String
    }
    /// Staff paused all automation for the patient, or let it go on.
    AutomationPaused "automation.paused" {
        /// Paused now.
        paused: bool
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn codes_are_unique() {
        let mut codes = Fact::CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Fact::CODES.len());
    }

    #[test]
    fn fields_round_trip() {
        let facts = [
            Fact::PatientRegistered {},
            Fact::VisitMoved {
                appointment: AppointmentId::from_parts(Timestamp::UNIX_EPOCH, [3; 10]),
                from: Timestamp::from_millisecond(1_234).unwrap(),
                to: Timestamp::from_millisecond(5_678).unwrap(),
            },
            Fact::ConsentRevoked {
                consent: ConsentId::from_parts(Timestamp::UNIX_EPOCH, [4; 10]),
                purpose: None,
            },
        ];
        for fact in facts {
            let fields = fact.fields();
            let get = |name: &str| {
                fields
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, text)| text.as_str())
            };
            assert_eq!(Fact::from_fields(fact.code(), get), Some(fact.clone()));
        }
        assert_eq!(Fact::from_fields("visit.moved", |_| None), None);
        assert_eq!(Fact::from_fields("no.such", |_| Some("")), None);
    }
}
