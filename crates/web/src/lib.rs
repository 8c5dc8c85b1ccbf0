//! Staff pages, portal, REST, provider webhooks and operations.
//!
//! So far the look: [`pages`] holds one struct per page with its template and
//! samples, [`chart`] draws SVG, [`words`] speaks to patients in their language.
//! To look at every page, write the samples into a folder and serve it:
//! `cargo run -p tendon-web --example preview -- FOLDER`.

pub mod api;
pub mod chart;
pub mod hooks;
pub mod pages;
mod portal;
pub mod server;
mod staff;
pub mod words;
