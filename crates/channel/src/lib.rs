//! Turns an approved message into carrier traffic and carrier callbacks into events.
//!
//! One file or folder per carrier behind the [`Carrier`] trait: [`sandbox`]
//! keeps everything on the machine, [`smtp`] speaks to a mail server and
//! [`twilio`] to Twilio or whoever is compatible with it. What goes out and
//! what comes back are plain values; consent, quiet hours and caps were decided
//! before a message arrives here.
//!
//! Errors and `Debug` outputs of this crate never hold an address, a body, a
//! credential or a link: a refusal is a class and a code.
//!
//! The binary must install a rustls crypto provider before it makes a carrier.

pub mod bucket;
pub mod carrier;
pub mod sandbox;
pub mod smtp;
pub mod twilio;

pub use bucket::Bucket;
pub use carrier::{
    Answer, Blind, Carrier, Found, InvalidSetting, Outcome, Outgoing, Receipt, Sender, Unsure,
    Window,
};
