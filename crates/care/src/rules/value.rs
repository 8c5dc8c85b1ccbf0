//! What a rule can say.

use super::holiday::HolidayRule;
use super::hours::Week;
use super::keyword::Keyword;
use crate::consent::{Basis, ScopeMode};
use crate::purpose::{Purpose, Purposes};

/// What a rule says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// When messages may arrive.
    Windows(Windows),
    /// How many may arrive.
    Cap(Cap),
    /// A day off.
    Holiday(HolidayRule),
    /// Words with a fixed meaning.
    Keywords(Keyword, Vec<String>),
    /// The weakest consent that a purpose accepts.
    Consent(Purpose, Basis),
    /// What an unqualified STOP covers, as chosen or as the law demands.
    Scope(ScopeMode),
    /// A number.
    Number(Number, i64),
    /// A fixed text.
    Words(Words, String),
}

/// When messages of some purposes may arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// For which purposes.
    pub purposes: Purposes,
    /// On which hours.
    pub week: Week,
}

/// How many messages may arrive in a running period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Which purposes count together.
    pub purposes: Purposes,
    /// How many.
    pub max: u16,
    /// In which running period.
    pub per: Period,
    /// Sent to whom.
    pub counts: Counts,
}

/// A running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Local calendar days, today included.
    Days(u16),
    /// Elapsed hours.
    Hours(u16),
}

/// Whose messages a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Those about one patient.
    Person,
    /// Those to one address, whoever in the household they are about.
    Address,
    /// Each of the two by itself.
    Both,
}

macro_rules! coded {
    ($(#[$doc:meta])* $type:ident { $($(#[$item_doc:meta])* $name:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$item_doc])* $name,)* }

        impl $type {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the rule id.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Reads the rule id.
            pub fn from_code(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.code() == text)
            }
        }
    };
}

coded! {
    /// A rule that is one whole number; the unit is in its id.
    Number {
        /// Business days within which any revocation must be honoured.
        RevocationBusinessDays = "revocation.max_business_days",
        /// Seconds within which a machine-readable revocation is honoured.
        RevocationMachineSecs = "revocation.machine_secs",
        /// Business days within which staff record a revocation that they heard.
        RevocationStaffBusinessDays = "revocation.staff_business_days",
        /// Business days after which an open revocation pages an admin.
        RevocationPageBusinessDays = "revocation.page_admin_business_days",
        /// Minutes within which the one confirmation of a STOP may go out.
        RevocationConfirmMinutes = "revocation.confirm_minutes",
        /// Days for which a signed link works.
        LinkLifetimeDays = "link.lifetime_days",
        /// Bits of randomness in a signed link.
        LinkTokenBits = "link.token_bits",
        /// Parts beyond which a text is refused.
        SegmentMaxParts = "segment.max_parts",
        /// Septets beyond which a P1 text is refused.
        SegmentCareMaxUnits = "segment.care_max_units",
        /// A cancellation with less notice than these hours is late.
        LateCancelHours = "visit.late_cancel_hours",
        /// The age at which a patient decides alone.
        MajorityYears = "patient.majority_years",
        /// Days that a message may wait for an open hour.
        HoldHorizonDays = "hold.horizon_days",
        /// Days of silence after which a number is verified again.
        NumberRecheckDays = "number.recheck_days",
        /// Days within which an e-mail unsubscription is honoured.
        EmailUnsubscribeDays = "email.unsubscribe_days",
        /// Seconds within which a red flag pages somebody.
        SafetyPageSecs = "safety.page_secs",
        /// Minutes within which the page is acknowledged.
        SafetyAckMinutes = "safety.ack_minutes",
        /// Business hours within which an urgent patient is called.
        SafetyCallBusinessHours = "safety.call_business_hours",
        /// Years for which policies, consents and the audit trail are kept.
        RetentionHipaaYears = "retention.hipaa_years",
        /// Years after the last message for which proof of consent is kept.
        RetentionConsentYears = "retention.consent_proof_years",
        /// Years for which the clinical record is kept.
        RetentionChartYears = "retention.chart_years",
        /// Days for which raw audio and transcripts are kept.
        RetentionTranscriptDays = "retention.transcript_days",
        /// Years for which the record of a deceased person stays protected.
        RetentionDeceasedYears = "retention.deceased_years",
    }
}

coded! {
    /// A rule that is a fixed text.
    Words {
        /// The number for emergencies.
        EmergencyNumber = "safety.emergency_number",
        /// The number for a crisis of the mind.
        CrisisNumber = "safety.crisis_number",
    }
}
