//! One thing that was said about consent, and what proves it.

use std::fmt;

use jiff::Timestamp;

use super::{Basis, ScopeMode};
use crate::access::Actor;
use crate::contact::{Address, Channel, Owner};
use crate::id::{ConsentId, LinkId, MessageId};
use crate::language::Language;
use crate::purpose::{Purpose, Purposes};

/// A pointer to a piece of evidence outside the ledger; it may hold an IP address
/// or a file name, so `Debug` prints none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceRef(String);

impl EvidenceRef {
    /// Wraps a pointer.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the pointer for storing and for who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EvidenceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EvidenceRef(…)")
    }
}

/// What proves an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The raw inbound message.
    Message(MessageId),
    /// The page behind a signed link.
    Page(LinkId),
    /// A form, on paper or on a page, with the address it came from.
    Form(EvidenceRef),
    /// A recording.
    Recording(EvidenceRef),
    /// The record of the EHR that carried it.
    Feed(EvidenceRef),
    /// What a member of staff wrote down.
    Note(EvidenceRef),
}

/// How somebody said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevokedVia {
    /// By a text.
    Text,
    /// By an e-mail or its unsubscribe link.
    Email,
    /// On a call, by key or by word.
    Call,
    /// On a page.
    Page,
    /// To a member of staff.
    Staff,
    /// It came from the EHR.
    Feed,
}

impl RevokedVia {
    /// Every way.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Email,
        Self::Call,
        Self::Page,
        Self::Staff,
        Self::Feed,
    ];

    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Call => "call",
            Self::Page => "page",
            Self::Staff => "staff",
            Self::Feed => "feed",
        }
    }

    /// Reads [`RevokedVia::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|via| via.code() == text)
    }
}

/// How much a revocation takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// STOP and its kin: the mode decides.
    Unqualified {
        /// The purpose of the message that was answered, where one was.
        topic: Option<Purpose>,
        /// The mode in force when it was said. A looser mode later does not
        /// loosen what was said under a stricter one.
        mode: ScopeMode,
    },
    /// The person named what shall stop; holds for this address only. An
    /// unsubscribe link of an e-mail is one of these, lest a click in a newsletter
    /// stop the reminders by text.
    Narrowed {
        /// These purposes.
        purposes: Purposes,
        /// By this channel; by all of them where `None`.
        channel: Option<Channel>,
    },
    /// STOP ALL: everything, everywhere.
    Everything,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A yes.
    Granted {
        /// For which purpose.
        purpose: Purpose,
        /// By which channel; by every channel of the address where `None`.
        channel: Option<Channel>,
        /// On what it rests.
        basis: Basis,
        /// The version of the words that the person read or heard.
        wording_version: String,
        /// The language of those words.
        language: Language,
        /// The version of the warning that texts and mails can be read by others,
        /// where it was given.
        unencrypted_warning_version: Option<String>,
    },
    /// A no.
    Revoked {
        /// How much it takes back.
        extent: Extent,
        /// How it was said.
        via: RevokedVia,
    },
    /// The carrier refuses the address; overrides every consent.
    CarrierBlocked,
    /// The carrier takes the address again; gives no consent by itself.
    CarrierLifted,
}

/// One entry of the ledger. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id.
    pub id: ConsentId,
    /// Who spoke: the patient, or a proxy with consents of their own.
    pub person: Owner,
    /// From or about which address.
    pub address: Address,
    /// When it was said.
    pub captured_at: Timestamp,
    /// Who recorded it.
    pub captured_by: Actor,
    /// What proves it.
    pub evidence: Evidence,
    /// What was said.
    pub act: Act,
}
