//! The languages that Tendon speaks to patients.

use std::str::FromStr;

/// A language in which every patient-facing word exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English, and the fall-back for a language that Tendon has no words in.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Every language, in the order in which choices are shown.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Returns the BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// Returns the language's name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }

    /// Reads a BCP 47 tag, an ISO 639 code or an English name as sent by EHRs
    /// (`es-MX`, `spa`, `Spanish`). `None` for a language without words here.
    pub fn from_foreign(text: &str) -> Option<Self> {
        let lower = text.trim().to_lowercase();
        let primary = lower.split(['-', '_', '^']).next().unwrap_or_default();
        match primary {
            "en" | "eng" | "english" => Some(Self::English),
            "es" | "spa" | "spanish" | "español" | "espanol" => Some(Self::Spanish),
            _ => None,
        }
    }
}

/// A tag that is not one of Tendon's languages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("language must be en or es")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|l| l.tag() == text)
            .ok_or(UnknownLanguage)
    }
}
