//! The use cases and the background workers: one function per thing a person, a feed or a timer does.

mod ahead;
mod care_path;
mod carriers;
mod chain;
mod change;
mod chart;
mod desk;
mod dispatch;
mod error;
mod house;
pub mod import;
mod inbound;
mod letter;
pub mod link;
mod merge;
mod messages;
mod outcome;
mod people;
mod portal;
mod receipts;
mod settings;
mod setup;
mod staff;
mod tasks;
mod timers;
mod turns;
mod visits;
pub mod wording;
mod workers;

pub use ahead::{Foreseen, PlannedAct, PlannedKey, PlannedLine, PlannedWhat};
pub use care_path::NewPlan;
pub use carriers::Carriers;
pub use chain::read as read_chain;
pub use change::{Change, Origin};
pub use chart::{Chart, Running};
pub use desk::{Desk, Parts};
pub use dispatch::Round;
pub use error::DeskError;
pub use house::{House, Journeys};
pub use inbound::{Heard, Inbound, Keyword};
pub use merge::Doubt;
pub use messages::{Draft, Measured, MessageAct, Posted, Resolution};
pub use people::{Given, NewContact, NewProxy, PatientEdit, Proof, ProxyAct, TakenBack};
pub use portal::{
    Checked, DayPart, Greeting, NOTE_LIMIT, Pass, PortalError, PortalVisit, Preferences,
    VERIFIED_LIFE, VisitStanding, Wanted, Way, WayOut, Wish,
};
pub use receipts::{Report, Reported};
pub use settings::{OwnWords, TEXT_NUMBERS, WordsSaved};
pub use setup::Intake;
pub use staff::{
    ABSOLUTE_LIFE, BearerInfo, CODE_LIFE, CodeAnswer, Enrolling, IDLE_LIFE, MAX_LINK_LIFE,
    NewBearer, NewUser, PasswordAnswer, Secret, SessionInfo, SignInAnswer, UserInfo,
};
pub use tasks::TaskAct;
pub use visits::{NewVisit, VisitAct};
pub use workers::Workers;

/// What a message from a patient can mean.
pub use tendon_assist::Class;

/// What arrives from the text carrier, for the webhooks.
pub use tendon_channel::twilio;
