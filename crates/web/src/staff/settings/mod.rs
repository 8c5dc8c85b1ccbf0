//! Settings: one file a topic.

pub(crate) mod account;
pub(crate) mod carriers;
pub(crate) mod journeys;
pub(crate) mod locations;
pub(crate) mod practice;
pub(crate) mod templates;
pub(crate) mod users;
