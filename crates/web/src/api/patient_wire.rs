//! A patient on the wire, version 1 of the API.

use serde::Serialize;
use tendon_care::contact::{Address, ContactPoint, Line, Owner, Standing};
use tendon_care::patient::{Authority, Life, Relation};
use tendon_care::person::PersonName;
use tendon_store::{PatientHit, Versioned};
use utoipa::ToSchema;

use super::text::{As, ContactPointRef, Day, LanguageTag, Moment, PatientRef, ProxyRef, SexCode};

/// A patient, with everything that decides whether and how to write to them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Patient {
    id: PatientRef,
    /// Grows with every change; name it in a change to have a newer record refused.
    version: i64,
    name: Name,
    birth_date: Option<Day>,
    sex: SexCode,
    /// The language to write in.
    language: LanguageTag,
    /// Their own time zone (IANA), where it is known; else the clinic's counts.
    #[schema(example = "America/Chicago")]
    time_zone: Option<String>,
    /// Two-letter state.
    #[schema(example = "IL")]
    state: Option<String>,
    /// Five-digit ZIP.
    #[schema(example = "60601")]
    zip: Option<String>,
    /// When the practice learnt of the death.
    deceased_learnt_at: Option<Moment>,
    /// Automatic messages are stopped.
    paused: bool,
    /// Numbers in other systems.
    identifiers: Vec<Identifier>,
    /// Phones and mailboxes, best first.
    contact_points: Vec<Contact>,
    /// Those who speak for the patient.
    proxies: Vec<Proxy>,
}

/// The parts of a name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Name {
    #[schema(example = "Morales")]
    family: String,
    #[schema(example = "Ana")]
    given: String,
    /// By what the person wants to be called.
    preferred: Option<String>,
}

/// A number or code under which another system knows the patient.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identifier {
    /// Who assigned it; empty where that was not said.
    system: String,
    value: String,
}

/// A phone or mailbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct Contact {
    id: ContactPointRef,
    #[schema(value_type = ContactKind)]
    kind: &'static str,
    /// E.164 for a phone, the address for a mailbox.
    #[schema(example = "+13125550142")]
    value: String,
    /// Whose it is, where it is a proxy's.
    proxy: Option<ProxyRef>,
    /// What kind of line, for phones.
    #[schema(value_type = Option<LineKind>)]
    line: Option<&'static str>,
    #[schema(value_type = ContactStanding)]
    standing: &'static str,
    /// Two or more patients have it: no names are written there.
    shared: bool,
    /// The order in which addresses of one person are tried, 0 first.
    rank: u16,
}

macro_rules! code_schemas {
    ($($(#[$doc:meta])* $name:ident [$($variant:ident),* $(,)?])*) => {$(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        #[expect(dead_code, reason = "only describes the codes in the document")]
        pub(crate) enum $name { $($variant),* }
    )*};
}
pub(crate) use code_schemas;

code_schemas! {
    /// A phone or a mailbox.
    ContactKind [Phone, Email]
    /// What kind of line a phone is.
    LineKind [Mobile, Landline, Unknown]
    /// What is known about whether an address works and whose it is.
    ContactStanding [Unverified, Verified, WrongParty, Invalid, Blocked]
    /// How a proxy is related to the patient.
    ProxyRelation [Guardian, Partner, HealthAgent, Carer]
    /// What a proxy may do.
    ProxyAuthority [Unverified, Verified, Suspended, NoContact]
}

/// One who speaks for a patient.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proxy {
    id: ProxyRef,
    name: Name,
    #[schema(value_type = ProxyRelation)]
    relation: &'static str,
    #[schema(value_type = ProxyAuthority)]
    authority: &'static str,
}

/// A patient in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PatientSummary {
    id: PatientRef,
    /// The preferred or given name, and the family name.
    #[schema(example = "Ana Morales")]
    name: String,
    birth_date: Option<Day>,
    deceased: bool,
}

impl From<PatientHit> for PatientSummary {
    fn from(hit: PatientHit) -> Self {
        Self {
            id: As(hit.id),
            name: hit.name,
            birth_date: hit.birth_date.map(As),
            deceased: hit.deceased,
        }
    }
}

impl From<&Versioned<tendon_care::patient::Patient>> for Patient {
    fn from(patient: &Versioned<tendon_care::patient::Patient>) -> Self {
        Self {
            id: As(patient.id),
            version: patient.version,
            name: (&patient.name).into(),
            birth_date: patient.birth_date.map(As),
            sex: As(patient.sex),
            language: As(patient.language),
            time_zone: patient.time_zone.clone(),
            state: patient.region.state.clone(),
            zip: patient.region.zip.clone(),
            deceased_learnt_at: match patient.life {
                Life::Living => None,
                Life::Deceased { learnt_at } => Some(As(learnt_at)),
            },
            paused: patient.paused,
            identifiers: patient.identifiers.iter().map(Into::into).collect(),
            contact_points: patient.contact_points.iter().map(Into::into).collect(),
            proxies: patient.proxies.iter().map(Into::into).collect(),
        }
    }
}

impl From<&PersonName> for Name {
    fn from(name: &PersonName) -> Self {
        Self {
            family: name.family().to_owned(),
            given: name.given().to_owned(),
            preferred: name.preferred().map(str::to_owned),
        }
    }
}

impl From<&tendon_care::patient::Identifier> for Identifier {
    fn from(identifier: &tendon_care::patient::Identifier) -> Self {
        Self {
            system: identifier.system.clone(),
            value: identifier.value.expose().to_owned(),
        }
    }
}

impl From<&ContactPoint> for Contact {
    fn from(point: &ContactPoint) -> Self {
        let (kind, value, line) = match &point.address {
            Address::Phone(phone) => ("phone", phone.expose(), Some(line_code(point.line))),
            Address::Email(email) => ("email", email.expose(), None),
        };
        Self {
            id: As(point.id),
            kind,
            value: value.to_owned(),
            proxy: match point.owner {
                Owner::Patient => None,
                Owner::Proxy(proxy) => Some(As(proxy)),
            },
            line,
            standing: standing_code(point.standing),
            shared: point.shared,
            rank: point.rank,
        }
    }
}

impl From<&tendon_care::patient::Proxy> for Proxy {
    fn from(proxy: &tendon_care::patient::Proxy) -> Self {
        Self {
            id: As(proxy.id),
            name: (&proxy.name).into(),
            relation: match proxy.relation {
                Relation::Guardian => "guardian",
                Relation::Partner => "partner",
                Relation::HealthAgent => "health_agent",
                Relation::Carer => "carer",
            },
            authority: match proxy.authority {
                Authority::Unverified => "unverified",
                Authority::Verified { .. } => "verified",
                Authority::Suspended { .. } => "suspended",
                Authority::NoContact => "no_contact",
            },
        }
    }
}

const fn line_code(line: Line) -> &'static str {
    match line {
        Line::Mobile => "mobile",
        Line::Landline => "landline",
        Line::Unknown => "unknown",
    }
}

const fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Unverified => "unverified",
        Standing::Verified { .. } => "verified",
        Standing::WrongParty { .. } => "wrong_party",
        Standing::Invalid { .. } => "invalid",
        Standing::Blocked { .. } => "blocked",
    }
}
