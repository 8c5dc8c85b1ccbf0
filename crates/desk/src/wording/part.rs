//! The pieces of a message, one file each.

use tendon_care::lint::Place;

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The text message.
    Sms,
    /// The subject line of an e-mail.
    Subject,
    /// The plain part of an e-mail.
    Text,
    /// The HTML part of an e-mail, without its frame.
    Html,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Sms, Self::Subject, Self::Text, Self::Html];

    /// Returns the file extension, which is also the code in storage.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// Reads [`Part::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == text)
    }

    /// Returns the place whose limits apply.
    pub const fn place(self) -> Place {
        match self {
            Self::Sms => Place::Text,
            Self::Subject => Place::Subject,
            Self::Text | Self::Html => Place::MailBody,
        }
    }
}
