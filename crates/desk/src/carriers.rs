//! Who carries what.

use std::sync::Arc;

use tendon_care::contact::Channel;
use tendon_channel::carrier::Carrier;

/// The carrier of each channel. What has none is not sent: the gate drops it with a
/// reason that people can read.
#[derive(Clone, Debug)]
pub struct Carriers {
    sms: Option<Arc<dyn Carrier>>,
    email: Option<Arc<dyn Carrier>>,
}

impl Carriers {
    /// Sets the carriers of texts and of e-mail, where there are any.
    pub fn new(sms: Option<Arc<dyn Carrier>>, email: Option<Arc<dyn Carrier>>) -> Self {
        Self { sms, email }
    }

    /// Lets one carrier take everything: the sandbox, or a simulated one.
    pub fn all(carrier: Arc<dyn Carrier>) -> Self {
        Self {
            sms: Some(Arc::clone(&carrier)),
            email: Some(carrier),
        }
    }

    /// Returns who carries a channel; calls are not carried yet.
    pub fn of(&self, channel: Channel) -> Option<&Arc<dyn Carrier>> {
        match channel {
            Channel::Sms => self.sms.as_ref(),
            Channel::Email => self.email.as_ref(),
            Channel::Voice => None,
        }
    }

    /// Lists the channels that somebody carries.
    pub fn carried(&self) -> Vec<Channel> {
        let mut channels = Channel::ALL.to_vec();
        channels.retain(|channel| self.of(*channel).is_some());
        channels
    }

    /// Finds a carrier by the name under which messages remember it.
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Carrier>> {
        [&self.sms, &self.email]
            .into_iter()
            .flatten()
            .find(|carrier| carrier.name() == name)
    }
}
