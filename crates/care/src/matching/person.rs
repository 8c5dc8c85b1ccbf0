//! A person as far as matching looks at them, and where to look for others.

use std::fmt;

use jiff::civil::Date;

use crate::contact::Address;
use crate::matching::names::{Parts, is_test, soundex};
use crate::patient::Identifier;
use crate::person::{PersonName, Sex};

/// What is known of a person, from a feed or from the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name, then former names and aliases.
    pub names: Vec<PersonName>,
    /// The birthday.
    pub birth_date: Option<Date>,
    /// Sex as recorded.
    pub sex: Sex,
    /// Phones and e-mails.
    pub contacts: Vec<Contact>,
    /// The ZIP; its first five digits count.
    pub zip: Option<String>,
    /// Numbers with the authority that gave them.
    pub identifiers: Vec<Identifier>,
}

/// An address, and whether it is known to belong to more than one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The address.
    pub address: Address,
    /// Two or more people have it, so it proves a household and no person.
    pub shared: bool,
}

impl Person {
    pub(super) fn parts(&self) -> Vec<Parts> {
        self.names.iter().map(Parts::of).collect()
    }

    /// Tells whether somebody made this record up to try a system out.
    pub fn is_test(&self) -> bool {
        self.names.iter().any(is_test)
    }

    pub(super) fn zip5(&self) -> Option<&str> {
        let five = self.zip.as_deref()?.trim().get(..5)?;
        five.bytes().all(|b| b.is_ascii_digit()).then_some(five)
    }

    /// Returns the birthday unless it is one that systems fill in.
    pub(super) fn known_birth_date(&self) -> Option<Date> {
        const FILLERS: [(i16, i8, i8); 2] = [(1900, 1, 1), (1901, 1, 1)];
        self.birth_date.filter(|d| {
            (1890..2200).contains(&d.year()) && !FILLERS.contains(&(d.year(), d.month(), d.day()))
        })
    }

    pub(super) fn known_identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.identifiers
            .iter()
            .filter(|id| !id.system.is_empty() && !is_filler_number(id.value.expose()))
    }
}

/// Record numbers that mean "none".
fn is_filler_number(value: &str) -> bool {
    let mut bytes = value.bytes();
    let first = bytes.next();
    let repeated = value.len() >= 4 && bytes.all(|b| Some(b) == first);
    repeated
        || matches!(
            value.to_lowercase().as_str(),
            "0" | "n/a" | "na" | "none" | "null" | "unknown" | "tbd"
        )
}

/// A key under which a store finds the people that somebody could be. It holds
/// personal data, so `Debug` tells its kind only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockKey {
    /// A number within its authority.
    Identifier {
        /// The authority.
        system: String,
        /// The number.
        value: String,
    },
    /// A birthday; a day that could be a month is looked for both ways.
    BirthDate(Date),
    /// A phone number, E.164.
    Phone(String),
    /// A mailbox in its comparable form.
    Email(String),
    /// The sound of a surname with the year of birth.
    Sound {
        /// American Soundex, lower case.
        code: String,
        /// The year.
        year: i16,
    },
}

impl BlockKey {
    /// Returns the kind, for naming an index.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Identifier { .. } => "identifier",
            Self::BirthDate(_) => "birth_date",
            Self::Phone(_) => "phone",
            Self::Email(_) => "email",
            Self::Sound { .. } => "sound",
        }
    }

    /// Returns one text, unique over all kinds, for an index or a keyed hash.
    pub fn expose(&self) -> String {
        match self {
            Self::Identifier { system, value } => format!("identifier:{system}|{value}"),
            Self::BirthDate(date) => format!("birth_date:{date}"),
            Self::Phone(number) => format!("phone:{number}"),
            Self::Email(mailbox) => format!("email:{mailbox}"),
            Self::Sound { code, year } => format!("sound:{code}|{year}"),
        }
    }
}

impl fmt::Debug for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockKey({}, …)", self.kind())
    }
}

/// Returns the keys of a person, sorted and without repeats.
///
/// Two records of one person share a key unless birthday, year, surname, phone,
/// e-mail and numbers all went wrong. Two surnames give two sounds, so that
/// `García López` is found as `López`.
pub fn blocks(person: &Person) -> Vec<BlockKey> {
    let mut keys: Vec<BlockKey> = person
        .known_identifiers()
        .map(|id| BlockKey::Identifier {
            system: id.system.clone(),
            value: without_leading_zeros(id.value.expose()).to_owned(),
        })
        .collect();
    keys.extend(person.contacts.iter().map(|c| match &c.address {
        Address::Phone(phone) => BlockKey::Phone(phone.expose().to_owned()),
        Address::Email(email) => BlockKey::Email(email.comparable()),
    }));
    if let Some(born) = person.known_birth_date() {
        keys.push(BlockKey::BirthDate(born));
        keys.extend(day_month_swapped(born).map(BlockKey::BirthDate));
        keys.extend(sounds(person).map(|code| BlockKey::Sound {
            code,
            year: born.year(),
        }));
    }
    keys.sort();
    keys.dedup();
    keys
}

fn sounds(person: &Person) -> impl Iterator<Item = String> {
    person
        .parts()
        .into_iter()
        .flat_map(|parts| parts.family)
        .filter_map(|surname| soundex(&surname))
}

pub(super) fn day_month_swapped(date: Date) -> Option<Date> {
    Date::new(date.year(), date.day(), date.month()).ok()
}

pub(super) fn without_leading_zeros(number: &str) -> &str {
    let bare = number.trim_start_matches('0');
    if bare.is_empty() { number } else { bare }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Email, Phone};
    use crate::person::Mrn;
    use jiff::civil::date;

    #[test]
    fn every_way_to_find_a_person_is_a_key() {
        let person = Person {
            names: vec![PersonName::parse("García López", "Ana").unwrap()],
            birth_date: Some(date(1961, 3, 4)),
            contacts: vec![
                Contact {
                    address: Address::Phone(Phone::parse("312-555-0142").unwrap()),
                    shared: false,
                },
                Contact {
                    address: Address::Email(Email::parse("Ana@example.org").unwrap()),
                    shared: false,
                },
            ],
            identifiers: vec![
                Identifier {
                    system: "hill".to_owned(),
                    value: Mrn::parse("00042").unwrap(),
                },
                Identifier {
                    system: String::new(),
                    value: Mrn::parse("77").unwrap(),
                },
            ],
            ..Person::default()
        };
        let keys: Vec<String> = blocks(&person).iter().map(BlockKey::expose).collect();
        assert_eq!(
            keys,
            [
                "identifier:hill|42",
                "birth_date:1961-03-04",
                "birth_date:1961-04-03",
                "phone:+13125550142",
                "email:ana@example.org",
                "sound:g620|1961",
                "sound:l120|1961",
            ]
        );
        let shown = format!("{:?}", blocks(&person));
        assert!(!shown.contains("1961") && !shown.contains("42"), "{shown}");
    }

    #[test]
    fn fillers_find_nobody() {
        for born in [date(1900, 1, 1), date(1800, 5, 5), date(9999, 12, 31)] {
            let person = Person {
                birth_date: Some(born),
                ..Person::default()
            };
            assert!(blocks(&person).is_empty(), "{born}");
        }
        for (value, filler) in [
            ("0000", true),
            ("none", true),
            ("0042", false),
            ("7", false),
        ] {
            assert_eq!(is_filler_number(value), filler, "{value}");
        }
    }
}
