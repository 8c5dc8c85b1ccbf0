//! Phone numbers, e-mail addresses and what is known about each.

use std::fmt;

use jiff::Timestamp;

use crate::id::{ContactPointId, ProxyId};

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not a phone number of any country, or one that nobody can own.
    #[error("phone is not a valid number")]
    Phone,
    /// Not an e-mail address.
    #[error("email is not a valid address")]
    Email,
    /// A filler such as 999-999-9999 or none@none.com.
    #[error("address is a placeholder")]
    Placeholder,
}

/// A phone number in E.164 form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

impl Phone {
    /// Parses a number as people type it; without `+` it is read as North American.
    ///
    /// Refuses what libphonenumber calls invalid and fillers whose digits are
    /// all the same. *Source*: ITU-T E.164; libphonenumber's metadata.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let number = phonenumber::parse(Some(phonenumber::country::US), text.trim())
            .map_err(|_| InvalidAddress::Phone)?;
        let national = number.national().to_string();
        if is_filler(&national) {
            return Err(InvalidAddress::Placeholder);
        }
        if !number.is_valid() {
            return Err(InvalidAddress::Phone);
        }
        Ok(Self(
            number.format().mode(phonenumber::Mode::E164).to_string(),
        ))
    }

    /// Reads the stored E.164 form.
    pub fn from_e164(text: &str) -> Result<Self, InvalidAddress> {
        let digits = text.strip_prefix('+').ok_or(InvalidAddress::Phone)?;
        let plausible =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plausible
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidAddress::Phone)
    }

    /// Returns the E.164 text for storing, sending and comparing.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the North American area code, where the number has one.
    pub fn area_code(&self) -> Option<&str> {
        self.0.strip_prefix("+1").and_then(|rest| rest.get(..3))
    }
}

fn is_filler(national: &str) -> bool {
    let mut digits = national.bytes();
    let first = digits.next();
    digits.all(|digit| Some(digit) == first) || matches!(national, "1234567890" | "0123456789")
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// An e-mail address, its domain in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    /// Parses an address: one `@`, a local part of at most 64 and a dotted domain.
    ///
    /// Refuses fillers (`none@none.com`, `noemail@…`). *Source*: RFC 5321 §4.1.2,
    /// without quoted local parts and address literals, which no patient has.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress::Email)?;
        let domain = domain.to_lowercase();
        if !is_local_part(local) || !is_domain(&domain) {
            return Err(InvalidAddress::Email);
        }
        if is_filler_mail(&local.to_lowercase(), &domain) {
            return Err(InvalidAddress::Placeholder);
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// Returns the text for storing and sending.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the form under which two spellings are the same mailbox.
    pub fn comparable(&self) -> String {
        self.0.to_lowercase()
    }
}

fn is_local_part(local: &str) -> bool {
    !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

fn is_filler_mail(local: &str, domain: &str) -> bool {
    const LOCALS: [&str; 7] = ["none", "noemail", "no", "na", "n/a", "declined", "refused"];
    const DOMAINS: [&str; 5] = ["none.com", "noemail.com", "na.com", "no.com", "none.none"];
    DOMAINS.contains(&domain) || LOCALS.contains(&local)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Where a message can go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A phone, for texts and calls.
    Phone(Phone),
    /// A mailbox.
    Email(Email),
}

impl Address {
    /// Returns the text under which equal addresses compare equal.
    pub fn comparable(&self) -> String {
        match self {
            Self::Phone(phone) => phone.expose().to_owned(),
            Self::Email(email) => email.comparable(),
        }
    }

    /// Returns the last characters, enough for staff to tell two addresses
    /// apart and too few to use: `•••0123`, `a•••@example.org`.
    pub fn hint(&self) -> String {
        match self {
            Self::Phone(phone) => {
                let digits = phone.expose();
                let tail = digits
                    .get(digits.len().saturating_sub(4)..)
                    .unwrap_or_default();
                format!("•••{tail}")
            }
            Self::Email(email) => {
                let (local, domain) = email.expose().rsplit_once('@').unwrap_or_default();
                let first: String = local.chars().take(1).collect();
                format!("{first}•••@{domain}")
            }
        }
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// A phone call.
    Voice,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Email, Self::Voice];

    /// Returns the code used in definitions, storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Voice => "voice",
        }
    }

    /// Reads [`Channel::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == text)
    }

    /// Tells whether this channel can reach the address.
    pub const fn reaches(self, address: &Address) -> bool {
        matches!(
            (self, address),
            (Self::Sms | Self::Voice, Address::Phone(_)) | (Self::Email, Address::Email(_))
        )
    }
}

/// What kind of line a phone number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Line {
    /// A mobile: texts and calls.
    Mobile,
    /// A landline: calls only.
    Landline,
    /// Not known; a text is tried and the carrier's answer is believed.
    #[default]
    Unknown,
}

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The patient's own.
    Patient,
    /// A proxy's, who has consents of their own.
    Proxy(ProxyId),
}

/// What is known about whether an address works and whose it is.
///
/// | from | event | to |
/// |---|---|---|
/// | any but blocked | verified | verified |
/// | any | wrong party | wrong party |
/// | any | carrier says invalid | invalid |
/// | any | carrier blocks | blocked |
/// | blocked | carrier lifts | unverified |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Given by the EHR or the patient, not tried.
    Unverified,
    /// The person answered from it or opened a link sent to it.
    Verified {
        /// When.
        at: Timestamp,
    },
    /// Somebody else answered. Never used again for any patient who has it.
    WrongParty {
        /// When that was learnt.
        at: Timestamp,
    },
    /// The carrier says that it cannot exist or cannot take this channel.
    Invalid {
        /// When the carrier said so.
        at: Timestamp,
    },
    /// The carrier refuses it (its own opt-out list); overrides consent here.
    Blocked {
        /// When the carrier said so.
        at: Timestamp,
    },
}

impl Standing {
    /// Tells whether anything may be sent there.
    pub const fn usable(self) -> bool {
        matches!(self, Self::Unverified | Self::Verified { .. })
    }
}

/// A phone, e-mail or push address of a patient or of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPoint {
    /// Its id.
    pub id: ContactPointId,
    /// Whose it is.
    pub owner: Owner,
    /// The address itself.
    pub address: Address,
    /// What kind of line, for phones.
    pub line: Line,
    /// What is known about it.
    pub standing: Standing,
    /// Two or more patients of the practice have it: no name-bearing content.
    pub shared: bool,
    /// The order in which addresses of one person are tried, 0 first.
    pub rank: u16,
}

impl ContactPoint {
    /// Tells whether the channel can use this address now.
    pub fn takes(&self, channel: Channel) -> bool {
        let line_ok = channel != Channel::Sms || self.line != Line::Landline;
        self.standing.usable() && channel.reaches(&self.address) && line_ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_as_people_type_them() {
        for text in [
            "(312) 555-0142",
            "312.555.0142",
            "+1 312 555 0142",
            "1-312-555-0142",
        ] {
            assert_eq!(
                Phone::parse(text).unwrap().expose(),
                "+13125550142",
                "{text}"
            );
        }
        assert_eq!(
            Phone::parse("999-999-9999"),
            Err(InvalidAddress::Placeholder)
        );
        assert_eq!(Phone::parse("12"), Err(InvalidAddress::Phone));
        assert_eq!(
            Phone::parse("312-555-0142").unwrap().area_code(),
            Some("312")
        );
    }

    #[test]
    fn emails_are_checked_and_fillers_refused() {
        assert_eq!(
            Email::parse(" Ana.M@Example.ORG ").unwrap().expose(),
            "Ana.M@example.org"
        );
        assert_eq!(
            Email::parse("none@none.com"),
            Err(InvalidAddress::Placeholder)
        );
        for bad in ["", "a@b", "a b@c.org", "@c.org", "a@-c.org", "a..b@c.org"] {
            assert_eq!(Email::parse(bad), Err(InvalidAddress::Email), "{bad}");
        }
    }

    #[test]
    fn hints_do_not_reveal() {
        assert_eq!(
            Address::Phone(Phone::parse("312-555-0142").unwrap()).hint(),
            "•••0142"
        );
        assert_eq!(
            Address::Email(Email::parse("ana@example.org").unwrap()).hint(),
            "a•••@example.org"
        );
        assert_eq!(
            format!("{:?}", Phone::parse("312-555-0142").unwrap()),
            "Phone(…)"
        );
    }
}
