//! Names, birthdays and record numbers of people.
//!
//! None of these types implements `Display`, and `Debug` prints no letter of
//! them: a person cannot reach a log line by accident.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest name part that is kept; longer ones are refused, not cut.
pub const MAX_NAME_CHARS: usize = 120;

/// What is wrong with a text about a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPerson {
    /// Neither a family nor a given name was there.
    #[error("name must have a family or a given part")]
    EmptyName,
    /// A part is longer than [`MAX_NAME_CHARS`].
    #[error("name part is longer than {MAX_NAME_CHARS} characters")]
    LongName,
    /// A record number is empty or longer than 64 characters.
    #[error("record number must have 1 to 64 characters")]
    BadMrn,
}

/// A person's name as given, trimmed and with control characters removed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName {
    family: String,
    given: String,
    preferred: Option<String>,
}

impl PersonName {
    /// Parses the parts of a name. One of the two may be empty, not both.
    pub fn parse(family: &str, given: &str) -> Result<Self, InvalidPerson> {
        let family = tidy(family)?;
        let given = tidy(given)?;
        if family.is_empty() && given.is_empty() {
            return Err(InvalidPerson::EmptyName);
        }
        Ok(Self {
            family,
            given,
            preferred: None,
        })
    }

    /// Sets the name by which the person wants to be called.
    pub fn with_preferred(mut self, preferred: &str) -> Result<Self, InvalidPerson> {
        self.preferred = Some(tidy(preferred)?).filter(|p| !p.is_empty());
        Ok(self)
    }

    /// Returns the family name; empty when the person has only a given one.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// Returns all given names, separated by spaces.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Returns the preferred name, where one is known.
    pub fn preferred(&self) -> Option<&str> {
        self.preferred.as_deref()
    }

    /// Returns the one name to use in a message: preferred, first given or family.
    pub fn first(&self) -> &str {
        self.preferred
            .as_deref()
            .or_else(|| self.given.split_whitespace().next())
            .unwrap_or(&self.family)
    }

    /// Returns "Given Family" for staff pages.
    pub fn full(&self) -> String {
        [self.given.as_str(), self.family.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Returns the folded words of the name for search, without accents and case.
    pub fn search_words(&self) -> Vec<String> {
        let mut words: Vec<String> = [&self.family, &self.given]
            .into_iter()
            .chain(self.preferred.as_ref())
            .flat_map(|part| search_words(part))
            .collect();
        words.sort();
        words.dedup();
        words
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// Splits a text into folded words: NFKD, no accents, lower case, letters and
/// digits only. `"O'Brien-Núñez"` gives `obrien` and `nunez`.
pub fn search_words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '`' | '.'))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    folded.split_whitespace().map(str::to_owned).collect()
}

fn tidy(text: &str) -> Result<String, InvalidPerson> {
    let clean: String = text.nfc().filter(|c| !c.is_control()).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() > MAX_NAME_CHARS {
        return Err(InvalidPerson::LongName);
    }
    Ok(clean)
}

/// A medical record number as one practice's EHR writes it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mrn(String);

impl Mrn {
    /// Parses a record number: trimmed, 1 to 64 characters. Leading zeros stay.
    pub fn parse(text: &str) -> Result<Self, InvalidPerson> {
        let trimmed = text.trim();
        if trimmed.is_empty()
            || trimmed.chars().count() > 64
            || trimmed.chars().any(char::is_control)
        {
            return Err(InvalidPerson::BadMrn);
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// Returns the text for storing and comparing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Mrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mrn(…)")
    }
}

/// Sex as recorded for matching and statistics (FHIR AdministrativeGender).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Recorded as female.
    Female,
    /// Recorded as male.
    Male,
    /// Recorded as another value.
    Other,
    /// Not recorded.
    #[default]
    Unknown,
}

impl Sex {
    /// Returns FHIR's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    /// Reads FHIR codes and HL7 v2 table 0001 letters; anything else is unknown.
    pub fn from_foreign(text: &str) -> Self {
        match text.trim().to_lowercase().as_str() {
            "female" | "f" | "w" | "woman" => Self::Female,
            "male" | "m" | "man" => Self::Male,
            "other" | "o" | "a" | "x" => Self::Other,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tidied_and_hidden_from_debug() {
        let name = PersonName::parse("  O'Brien-Núñez ", "María\u{0} José").unwrap();
        assert_eq!(name.full(), "María José O'Brien-Núñez");
        assert_eq!(name.first(), "María");
        assert_eq!(name.search_words(), ["jose", "maria", "nunez", "obrien"]);
        assert_eq!(format!("{name:?}"), "PersonName(…)");
        assert_eq!(PersonName::parse(" ", "\t"), Err(InvalidPerson::EmptyName));
        assert_eq!(
            PersonName::parse(&"x".repeat(121), ""),
            Err(InvalidPerson::LongName)
        );
    }

    #[test]
    fn preferred_name_is_the_one_in_messages() {
        let name = PersonName::parse("Okafor", "Samuel")
            .unwrap()
            .with_preferred("Sam")
            .unwrap();
        assert_eq!(name.first(), "Sam");
    }

    #[test]
    fn mrn_keeps_leading_zeros() {
        assert_eq!(Mrn::parse(" 00123 ").unwrap().expose(), "00123");
        assert!(Mrn::parse("").is_err());
    }
}
