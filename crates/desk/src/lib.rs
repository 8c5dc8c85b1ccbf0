//! The use cases and the background workers: one function per thing a person, a feed or a timer does.

mod care_path;
mod carriers;
mod chain;
mod change;
mod chart;
mod desk;
mod dispatch;
mod error;
mod house;
mod inbound;
mod letter;
pub mod link;
mod outcome;
mod people;
mod receipts;
mod setup;
mod staff;
mod timers;
mod visits;
pub mod wording;
mod workers;

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
pub use people::{Given, NewContact, NewProxy, PatientEdit, Proof, ProxyAct, TakenBack};
pub use receipts::{Report, Reported};
pub use setup::Intake;
pub use staff::{
    ABSOLUTE_LIFE, BearerInfo, CODE_LIFE, CodeAnswer, Enrolling, IDLE_LIFE, MAX_LINK_LIFE,
    NewBearer, NewUser, Secret, SessionInfo, SignInAnswer, UserInfo,
};
pub use visits::{NewVisit, VisitAct};
pub use workers::Workers;
