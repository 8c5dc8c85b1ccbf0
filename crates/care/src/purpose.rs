//! Purpose classes: why a message is sent decides what it needs (domain law,
//! 47 CFR 64.1200; the table is in docs/consent.md).

use std::str::FromStr;

/// Why a message is sent. Every template carries exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// P0: red-flag reply, legally required reply, building closed today.
    Safety,
    /// P1: visit confirmations and reminders, care follow-up.
    Care,
    /// P2: home-exercise nudges, outcome measures, waitlist offers, recall.
    CareOther,
    /// P3: balances and co-payments; never under the healthcare exemption.
    Financial,
    /// P4: satisfaction surveys and review invitations.
    Feedback,
    /// P5: promotion; needs prior express written consent.
    Marketing,
}

impl Purpose {
    /// Every class, from safety to marketing.
    pub const ALL: [Self; 6] = [
        Self::Safety,
        Self::Care,
        Self::CareOther,
        Self::Financial,
        Self::Feedback,
        Self::Marketing,
    ];

    /// Returns the short code used in definitions and rule packs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Safety => "P0",
            Self::Care => "P1",
            Self::CareOther => "P2",
            Self::Financial => "P3",
            Self::Feedback => "P4",
            Self::Marketing => "P5",
        }
    }

    /// Returns the words for staff pages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Care => "visits and care",
            Self::CareOther => "exercise, measures and offers",
            Self::Financial => "payments",
            Self::Feedback => "feedback",
            Self::Marketing => "news and promotion",
        }
    }
}

/// A code that is no purpose class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("purpose must be one of P0 to P5")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;
    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL
            .into_iter()
            .find(|p| p.code() == text)
            .ok_or(UnknownPurpose)
    }
}

/// A set of purpose classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Purposes(u8);

impl Purposes {
    /// Every class.
    pub const ALL: Self = Self(0b11_1111);

    /// Returns the set with one more class in it.
    #[must_use]
    pub const fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | (1 << purpose as u8))
    }

    /// Tells whether the class is in the set.
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & (1 << purpose as u8) != 0
    }

    /// Tells whether no class is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Lists the classes from safety to marketing.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Purpose> for Purposes {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: Purposes = [Purpose::Care, Purpose::Marketing].into_iter().collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Purpose::Care, Purpose::Marketing]
        );
        assert!(!set.contains(Purpose::Safety) && !set.is_empty());
        assert_eq!(Purposes::ALL.iter().count(), Purpose::ALL.len());
    }
}
