//! Staff pages, portal, REST, provider webhooks and operations.

pub mod chart;
pub mod pages;
pub mod words;
