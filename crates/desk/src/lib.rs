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
mod receipts;
mod setup;
mod timers;
mod visits;
pub mod wording;

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
pub use receipts::{Report, Reported};
pub use setup::Intake;
pub use visits::{NewVisit, VisitAct};
