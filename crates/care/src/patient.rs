//! The person cared for, and those who speak for them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::contact::ContactPoint;
use crate::id::{PatientId, ProxyId};
use crate::language::Language;
use crate::person::{Mrn, PersonName, Sex};

/// The age at which a patient decides alone, unless the rule pack says otherwise.
pub const AGE_OF_MAJORITY_YEARS: i16 = 18;

/// A number or code under which another system knows the patient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// Who assigned it (HL7 CX-4, FHIR `identifier.system`); empty when unsaid.
    pub system: String,
    /// The value itself.
    pub value: Mrn,
}

/// A patient, with everything that decides whether and how to write to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The id.
    pub id: PatientId,
    /// The name.
    pub name: PersonName,
    /// The birthday, where known.
    pub birth_date: Option<Date>,
    /// Sex as recorded.
    pub sex: Sex,
    /// The language to write in.
    pub language: Language,
    /// Their own time zone (IANA name), where the address tells one.
    pub time_zone: Option<String>,
    /// Two-letter state and five-digit ZIP, for quiet hours.
    pub region: Region,
    /// Alive or not.
    pub life: Life,
    /// Numbers in other systems.
    pub identifiers: Vec<Identifier>,
    /// Addresses, best first.
    pub contact_points: Vec<ContactPoint>,
    /// Those who speak for them.
    pub proxies: Vec<Proxy>,
    /// A privacy officer or a safety reply stopped all automation.
    pub paused: bool,
}

/// The parts of an address that decide law and zone. Streets are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// Two-letter state, upper case.
    pub state: Option<String>,
    /// Five-digit ZIP.
    pub zip: Option<String>,
}

/// Alive, or dead since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Nothing says otherwise.
    #[default]
    Living,
    /// Dead: nothing is ever sent again.
    Deceased {
        /// When Tendon learnt of it.
        learnt_at: Timestamp,
    },
}

/// One who speaks for a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The id.
    pub id: ProxyId,
    /// The name.
    pub name: PersonName,
    /// How they are related.
    pub relation: Relation,
    /// What they may do.
    pub authority: Authority,
}

/// How a proxy is related to the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Mother, father or legal guardian.
    Guardian,
    /// Husband, wife or partner.
    Partner,
    /// Holds a power of attorney for health care.
    HealthAgent,
    /// Any other carer.
    Carer,
}

/// What a proxy may do. Custody and no-contact flags beat everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Named, not verified: never written to.
    Unverified,
    /// Verified personal representative.
    Verified {
        /// Since when.
        at: Timestamp,
    },
    /// Suspended, by an 18th birthday or by staff.
    Suspended {
        /// Since when.
        at: Timestamp,
    },
    /// A court or the practice forbids contact.
    NoContact,
}

/// Who is to be written to about a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The patient.
    Patient,
    /// The verified representative of a minor.
    Proxy(ProxyId),
    /// Nobody: a minor without a verified representative, or a death.
    Nobody,
}

impl Patient {
    /// Tells whether the patient is a minor on the given day; an unknown
    /// birthday counts as adult, as EHRs require one for children.
    pub fn is_minor(&self, today: Date) -> bool {
        self.birth_date
            .and_then(|born| born.checked_add(AGE_OF_MAJORITY_YEARS.years()).ok())
            .is_some_and(|majority| today < majority)
    }

    /// Returns the age in whole years on the given day.
    pub fn age(&self, today: Date) -> Option<i16> {
        let born = self.birth_date?;
        let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
        Some(today.year() - born.year() - i16::from(!had_birthday))
    }

    /// Decides who is written to. A minor's representative must be verified.
    pub fn recipient(&self, today: Date) -> Recipient {
        if matches!(self.life, Life::Deceased { .. }) {
            return Recipient::Nobody;
        }
        if !self.is_minor(today) {
            return Recipient::Patient;
        }
        self.proxies
            .iter()
            .find(|proxy| matches!(proxy.authority, Authority::Verified { .. }))
            .map_or(Recipient::Nobody, |proxy| Recipient::Proxy(proxy.id))
    }

    /// Returns the patient's own zone, or the clinic's where none is known.
    pub fn zone(&self, clinic: &TimeZone) -> TimeZone {
        self.time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| clinic.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use jiff::civil::date;

    fn child(proxies: Vec<Proxy>) -> Patient {
        Patient {
            id: PatientId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
            name: PersonName::parse("Reed", "Sam").unwrap(),
            birth_date: Some(date(2008, 2, 29)),
            sex: Sex::Unknown,
            language: Language::English,
            time_zone: None,
            region: Region::default(),
            life: Life::Living,
            identifiers: vec![],
            contact_points: vec![],
            proxies,
            paused: false,
        }
    }

    #[test]
    fn a_minor_is_reached_through_a_verified_representative_only() {
        let proxy = |authority| Proxy {
            id: ProxyId::from_parts(Timestamp::UNIX_EPOCH, [2; 10]),
            name: PersonName::parse("Reed", "Ann").unwrap(),
            relation: Relation::Guardian,
            authority,
        };
        let day = date(2026, 2, 27);
        assert_eq!(child(vec![]).recipient(day), Recipient::Nobody);
        assert_eq!(
            child(vec![proxy(Authority::Unverified)]).recipient(day),
            Recipient::Nobody
        );
        let verified = proxy(Authority::Verified {
            at: Timestamp::UNIX_EPOCH,
        });
        let id = verified.id;
        assert_eq!(child(vec![verified]).recipient(day), Recipient::Proxy(id));
    }

    #[test]
    fn born_on_29_february_comes_of_age_on_the_28th() {
        assert!(child(vec![]).is_minor(date(2026, 2, 27)));
        assert!(!child(vec![]).is_minor(date(2026, 2, 28)));
        assert_eq!(child(vec![]).age(date(2026, 2, 28)), Some(17));
        assert_eq!(child(vec![]).age(date(2026, 3, 1)), Some(18));
    }

    #[test]
    fn nobody_writes_to_the_dead() {
        let mut patient = child(vec![]);
        patient.birth_date = Some(date(1950, 1, 1));
        patient.life = Life::Deceased {
            learnt_at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(patient.recipient(date(2026, 1, 1)), Recipient::Nobody);
    }
}
