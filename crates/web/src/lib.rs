//! Staff pages, portal, REST, provider webhooks and operations.
//!
//! [`server::router`] is everything. A staff page is a file of `staff` (what is
//! read and done) and one of [`pages`] (what is shown): the first fills the second,
//! whose template only loops and prints. One layer, `server::session`, stands
//! before all staff pages: it finds the session, asks the table of `server::route`
//! whether the role may go there and holds every form to its token. `portal` is
//! what a patient does behind a link, [`api`] what other programs do, [`hooks`]
//! what carriers tell.
//!
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
