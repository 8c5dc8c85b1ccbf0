//! Who carries what.

use std::sync::Arc;

use tendon_care::contact::Channel;
use tendon_channel::carrier::Carrier;

/// The carrier of each channel.
#[derive(Clone, Debug)]
pub struct Carriers {
    sms: Arc<dyn Carrier>,
    email: Arc<dyn Carrier>,
}

impl Carriers {
    /// Sets the carriers of texts and of e-mail.
    pub fn new(sms: Arc<dyn Carrier>, email: Arc<dyn Carrier>) -> Self {
        Self { sms, email }
    }

    /// Lets one carrier take everything: the sandbox, or a simulated one.
    pub fn all(carrier: Arc<dyn Carrier>) -> Self {
        Self {
            sms: Arc::clone(&carrier),
            email: carrier,
        }
    }

    /// Returns who carries a channel; calls are not carried yet.
    pub fn of(&self, channel: Channel) -> Option<&Arc<dyn Carrier>> {
        match channel {
            Channel::Sms => Some(&self.sms),
            Channel::Email => Some(&self.email),
            Channel::Voice => None,
        }
    }

    /// Finds a carrier by the name under which messages remember it.
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Carrier>> {
        [&self.sms, &self.email]
            .into_iter()
            .find(|carrier| carrier.name() == name)
    }
}
