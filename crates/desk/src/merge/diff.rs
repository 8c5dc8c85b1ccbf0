//! What a merge changed, as it is stored: JSON, version 1, sealed at rest.
//!
//! It holds what the retired record had and the survivor took over, so that
//! taking the merge back gives every record its own.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tendon_care::contact::{Address, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::patient::{Authority, Identifier, Patient, Proxy, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_store::{MatchReviewRow, MatchVerdict};
use uuid::Uuid;

/// A merge's changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DiffV1 {
    /// What belonged to the retired record, by kind and id.
    pub(super) things: Vec<(String, String)>,
    /// Messages that went into another thread: message, its thread before.
    pub(super) threads: Vec<(String, String)>,
    /// Consents that spoke for all records of a patient: whose, and which.
    pub(super) strands: Vec<(String, String)>,
    /// Messages of the retired record that were taken back as repeats: message,
    /// when it was due, and how soon among others.
    pub(super) withdrawn: Vec<(String, Timestamp, i64)>,
    /// Journeys of the retired record that the survivor was in as well, with
    /// the step and moment that they waited for.
    pub(super) ended: Vec<(String, Option<(String, Timestamp)>)>,
    /// Doubts about who is who that the merge settled.
    #[serde(default)]
    pub(super) doubts: Vec<DoubtV1>,
    /// What the retired record said of the person.
    pub(super) had: HadV1,
    /// What the survivor did not know and took over.
    pub(super) filled: FilledV1,
}

/// What a record says of how a person is known and reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HadV1 {
    identifiers: Vec<(String, String)>,
    proxies: Vec<ProxyV1>,
    contact_points: Vec<ContactV1>,
}

/// Fields that a survivor took over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilledV1 {
    pub(super) birth_date: Option<Date>,
    pub(super) sex: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) state: Option<String>,
    pub(super) zip: Option<String>,
    pub(super) died: bool,
    pub(super) paused: bool,
}

/// A pair of records that looked like one person; why, without any value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct DoubtV1 {
    a: String,
    b: String,
    posterior: f64,
    evidence: String,
    found_at: Timestamp,
}

impl DoubtV1 {
    /// Writes a doubt down.
    pub(super) fn of(review: &MatchReviewRow) -> Self {
        Self {
            a: review.a.to_string(),
            b: review.b.to_string(),
            posterior: review.posterior,
            evidence: review.evidence.clone(),
            found_at: review.found_at,
        }
    }

    /// Returns the doubt, settled: they are two. `None` where it cannot be read.
    pub(super) fn dispelled(&self, at: Timestamp) -> Option<MatchReviewRow> {
        Some(MatchReviewRow {
            a: self.a.parse().ok()?,
            b: self.b.parse().ok()?,
            posterior: self.posterior,
            evidence: self.evidence.clone(),
            found_at: self.found_at,
            settled: Some((at, MatchVerdict::Different)),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ProxyV1 {
    id: String,
    family: String,
    given: String,
    relation: String,
    authority: String,
    at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ContactV1 {
    id: String,
    proxy: Option<String>,
    address: String,
    line: String,
    standing: String,
    at: Option<Timestamp>,
    rank: u16,
}

impl DiffV1 {
    /// Notes what belonged to the retired record.
    pub(super) fn set_things(&mut self, things: &[(String, Uuid)]) {
        let things = things.iter();
        self.things = things
            .map(|(kind, id)| (kind.clone(), id.simple().to_string()))
            .collect();
    }

    /// Returns what belonged to the retired record; what cannot be read is left out.
    pub(super) fn things(&self) -> Vec<(String, Uuid)> {
        let things = self.things.iter();
        things
            .filter_map(|(kind, id)| Some((kind.clone(), Uuid::try_parse(id).ok()?)))
            .collect()
    }
}

impl HadV1 {
    /// Writes down what a record has.
    pub(super) fn of(patient: &Patient) -> Self {
        let identifiers = patient.identifiers.iter();
        Self {
            identifiers: identifiers
                .map(|number| (number.system.clone(), number.value.expose().to_owned()))
                .collect(),
            proxies: patient.proxies.iter().map(proxy_v1).collect(),
            contact_points: patient.contact_points.iter().map(contact_v1).collect(),
        }
    }

    /// Gives a record back what it had; `None` where a newer program wrote it.
    pub(super) fn give_back(&self, patient: &mut Patient) -> Option<()> {
        patient.identifiers = self
            .identifiers
            .iter()
            .map(identifier)
            .collect::<Option<_>>()?;
        patient.proxies = self.proxies.iter().map(proxy).collect::<Option<_>>()?;
        patient.contact_points = self
            .contact_points
            .iter()
            .map(contact)
            .collect::<Option<_>>()?;
        Some(())
    }
}

fn identifier((system, value): &(String, String)) -> Option<Identifier> {
    Some(Identifier {
        system: system.clone(),
        value: Mrn::parse(value).ok()?,
    })
}

const RELATIONS: [(Relation, &str); 4] = [
    (Relation::Guardian, "guardian"),
    (Relation::Partner, "partner"),
    (Relation::HealthAgent, "health_agent"),
    (Relation::Carer, "carer"),
];

const LINES: [(Line, &str); 3] = [
    (Line::Mobile, "mobile"),
    (Line::Landline, "landline"),
    (Line::Unknown, "unknown"),
];

fn code<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> String {
    let found = table.iter().find(|(known, _)| known == value);
    found.map_or("", |(_, code)| code).to_owned()
}

fn from_code<T: Copy>(table: &[(T, &'static str)], text: &str) -> Option<T> {
    let mut found = table.iter().filter(|(_, code)| *code == text);
    found.next().map(|(value, _)| *value)
}

fn proxy_v1(proxy: &Proxy) -> ProxyV1 {
    let (authority, at) = match proxy.authority {
        Authority::Unverified => ("unverified", None),
        Authority::Verified { at } => ("verified", Some(at)),
        Authority::Suspended { at } => ("suspended", Some(at)),
        Authority::NoContact => ("no_contact", None),
    };
    ProxyV1 {
        id: proxy.id.to_string(),
        family: proxy.name.family().to_owned(),
        given: proxy.name.given().to_owned(),
        relation: code(&RELATIONS, &proxy.relation),
        authority: authority.to_owned(),
        at,
    }
}

fn proxy(stored: &ProxyV1) -> Option<Proxy> {
    let authority = match (stored.authority.as_str(), stored.at) {
        ("unverified", _) => Authority::Unverified,
        ("verified", Some(at)) => Authority::Verified { at },
        ("suspended", Some(at)) => Authority::Suspended { at },
        ("no_contact", _) => Authority::NoContact,
        _ => return None,
    };
    Some(Proxy {
        id: stored.id.parse().ok()?,
        name: PersonName::parse(&stored.family, &stored.given).ok()?,
        relation: from_code(&RELATIONS, &stored.relation)?,
        authority,
    })
}

fn contact_v1(point: &ContactPoint) -> ContactV1 {
    let (standing, at) = match point.standing {
        Standing::Unverified => ("unverified", None),
        Standing::Verified { at } => ("verified", Some(at)),
        Standing::WrongParty { at } => ("wrong_party", Some(at)),
        Standing::Invalid { at } => ("invalid", Some(at)),
        Standing::Blocked { at } => ("blocked", Some(at)),
    };
    ContactV1 {
        id: point.id.to_string(),
        proxy: match point.owner {
            Owner::Patient => None,
            Owner::Proxy(proxy) => Some(proxy.to_string()),
        },
        address: match &point.address {
            Address::Phone(phone) => phone.expose().to_owned(),
            Address::Email(email) => email.expose().to_owned(),
        },
        line: code(&LINES, &point.line),
        standing: standing.to_owned(),
        at,
        rank: point.rank,
    }
}

fn contact(stored: &ContactV1) -> Option<ContactPoint> {
    let standing = match (stored.standing.as_str(), stored.at) {
        ("unverified", _) => Standing::Unverified,
        ("verified", Some(at)) => Standing::Verified { at },
        ("wrong_party", Some(at)) => Standing::WrongParty { at },
        ("invalid", Some(at)) => Standing::Invalid { at },
        ("blocked", Some(at)) => Standing::Blocked { at },
        _ => return None,
    };
    let owner = match &stored.proxy {
        Some(proxy) => Owner::Proxy(proxy.parse().ok()?),
        None => Owner::Patient,
    };
    let address = if stored.address.starts_with('+') {
        Address::Phone(Phone::from_e164(&stored.address).ok()?)
    } else {
        Address::Email(Email::parse(&stored.address).ok()?)
    };
    Some(ContactPoint {
        id: stored.id.parse().ok()?,
        owner,
        address,
        line: from_code(&LINES, &stored.line)?,
        standing,
        // The store counts anew who shares an address.
        shared: false,
        rank: stored.rank,
    })
}

impl FilledV1 {
    /// Takes over what the survivor does not know, and a pause that holds for both,
    /// and notes it.
    pub(super) fn fill(survivor: &mut Patient, retired: &Patient, paused: bool) -> Self {
        let mut filled = Self::default();
        if survivor.birth_date.is_none() && retired.birth_date.is_some() {
            survivor.birth_date = retired.birth_date;
            filled.birth_date = retired.birth_date;
        }
        if survivor.sex == Sex::Unknown && retired.sex != Sex::Unknown {
            survivor.sex = retired.sex;
            filled.sex = Some(retired.sex.code().to_owned());
        }
        let take = |mine: &mut Option<String>, theirs: &Option<String>| {
            let taken = theirs.clone().filter(|_| mine.is_none());
            if taken.is_some() {
                mine.clone_from(&taken);
            }
            taken
        };
        filled.time_zone = take(&mut survivor.time_zone, &retired.time_zone);
        filled.state = take(&mut survivor.region.state, &retired.region.state);
        filled.zip = take(&mut survivor.region.zip, &retired.region.zip);
        // The stricter of the two wins.
        if paused && !survivor.paused {
            survivor.paused = true;
            filled.paused = true;
        }
        filled
    }

    /// Takes away what was taken over, unless it was changed meanwhile.
    pub(super) fn empty(&self, survivor: &mut Patient) {
        if self.birth_date.is_some() && survivor.birth_date == self.birth_date {
            survivor.birth_date = None;
        }
        if self.sex.as_deref() == Some(survivor.sex.code()) {
            survivor.sex = Sex::Unknown;
        }
        let take_away = |mine: &mut Option<String>, taken: &Option<String>| {
            if taken.is_some() && mine == taken {
                *mine = None;
            }
        };
        take_away(&mut survivor.time_zone, &self.time_zone);
        take_away(&mut survivor.region.state, &self.state);
        take_away(&mut survivor.region.zip, &self.zip);
        survivor.paused &= !self.paused;
        if self.died {
            survivor.life = tendon_care::patient::Life::Living;
        }
    }
}
