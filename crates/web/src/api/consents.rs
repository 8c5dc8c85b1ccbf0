//! The consent ledger of a patient.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tendon_care::consent::{Act, Entry, Evidence, Extent};
use tendon_care::contact::{Address, Owner};
use tendon_care::id::{Id as _, PatientId};
use tendon_care::purpose::Purposes;
use utoipa::{IntoParams, ToSchema};

use super::answers::Refusals;
use super::caller::{May, ReadPatients};
use super::input::{At, Query};
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::patient_wire::code_schemas;
use super::patients::root;
use super::problem::Problem;
use super::text::{
    As, BasisCode, ChannelCode, ConsentKey, LanguageTag, Moment, PatientRef, ProxyRef, PurposeCode,
    ViaCode,
};
use crate::server::App;

/// Which entries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsentsQuery {
    /// How many entries a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

code_schemas! {
    /// What an entry records.
    ConsentAct [Granted, Revoked, CarrierBlocked, CarrierLifted]
    /// How much a revocation takes back: STOP and its kin (the rules of the day
    /// decide), what was named, or everything everywhere.
    ConsentExtent [Unqualified, Narrowed, Everything]
    /// What proves an entry.
    EvidenceKind [Message, Page, Form, Recording, Feed, Note]
}

/// One dated entry of the ledger. Never changed, never removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Consent {
    id: ConsentKey,
    /// When it was said.
    captured_at: Moment,
    /// Who spoke, where it was a proxy.
    proxy: Option<ProxyRef>,
    /// From or about which phone (E.164) or mailbox.
    #[schema(example = "+13125550142")]
    address: String,
    #[schema(value_type = ConsentAct)]
    act: &'static str,
    /// For which purposes; empty where it is about all of them.
    purposes: Vec<PurposeCode>,
    /// By which channel; `null` for every one of the address.
    channel: Option<ChannelCode>,
    /// On what a yes rests.
    basis: Option<BasisCode>,
    /// The version of the words that the person read or heard, for a yes.
    wording_version: Option<String>,
    /// The language of those words.
    language: Option<LanguageTag>,
    /// How much a no takes back.
    #[schema(value_type = Option<ConsentExtent>)]
    extent: Option<&'static str>,
    /// How a no was said.
    via: Option<ViaCode>,
    evidence: EvidenceOf,
}

/// What proves an entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct EvidenceOf {
    #[schema(value_type = EvidenceKind)]
    kind: &'static str,
    /// The id of the message or link, or where the document is.
    reference: String,
}

impl From<&Entry> for Consent {
    fn from(entry: &Entry) -> Self {
        let mut consent = Self {
            id: As(entry.id),
            captured_at: As(entry.captured_at),
            proxy: match entry.person {
                Owner::Patient => None,
                Owner::Proxy(proxy) => Some(As(proxy)),
            },
            address: match &entry.address {
                Address::Phone(phone) => phone.expose().to_owned(),
                Address::Email(email) => email.expose().to_owned(),
            },
            act: "carrier_blocked",
            purposes: Vec::new(),
            channel: None,
            basis: None,
            wording_version: None,
            language: None,
            extent: None,
            via: None,
            evidence: (&entry.evidence).into(),
        };
        consent.tell(&entry.act);
        consent
    }
}

impl Consent {
    fn tell(&mut self, act: &Act) {
        match act {
            Act::Granted {
                purpose,
                channel,
                basis,
                wording_version,
                language,
                ..
            } => {
                self.act = "granted";
                self.purposes = vec![As(*purpose)];
                self.channel = channel.map(As);
                self.basis = Some(As(*basis));
                self.wording_version = Some(wording_version.clone());
                self.language = Some(As(*language));
            }
            Act::Revoked { extent, via } => {
                self.act = "revoked";
                self.via = Some(As(*via));
                self.limit_to(*extent);
            }
            Act::CarrierBlocked => self.act = "carrier_blocked",
            Act::CarrierLifted => self.act = "carrier_lifted",
        }
    }

    fn limit_to(&mut self, extent: Extent) {
        let listed = |purposes: Purposes| purposes.iter().map(As).collect();
        match extent {
            Extent::Unqualified { topic, .. } => {
                self.extent = Some("unqualified");
                self.purposes = topic.into_iter().map(As).collect();
            }
            Extent::Narrowed { purposes, channel } => {
                self.extent = Some("narrowed");
                self.purposes = listed(purposes);
                self.channel = channel.map(As);
            }
            Extent::Everything => self.extent = Some("everything"),
        }
    }
}

impl From<&Evidence> for EvidenceOf {
    fn from(evidence: &Evidence) -> Self {
        let (kind, reference) = match evidence {
            Evidence::Message(id) => ("message", id.to_string()),
            Evidence::Page(id) => ("page", id.to_string()),
            Evidence::Form(at) => ("form", at.expose().to_owned()),
            Evidence::Recording(at) => ("recording", at.expose().to_owned()),
            Evidence::Feed(at) => ("feed", at.expose().to_owned()),
            Evidence::Note(at) => ("note", at.expose().to_owned()),
        };
        Self { kind, reference }
    }
}

/// Lists what was said about consent, oldest first
#[utoipa::path(
    get,
    path = "/patients/{id}/consents",
    tag = "patients",
    params(("id" = PatientRef, Path, description = "The patient."), ConsentsQuery),
    responses((status = 200, description = "A page of the ledger.", body = Page<Consent>), Refusals),
    security(("bearer" = ["ReadPatients"]))
)]
pub(crate) async fn list_consents(
    State(app): State<App>,
    by: May<ReadPatients>,
    At(id): At<PatientId>,
    Query(asked): Query<ConsentsQuery>,
) -> Result<Json<Page<Consent>>, Problem> {
    let reader = app.desk().db().reader(&by);
    let patient = root(reader, id).await?;
    let (list, limit) = (format!("consents {patient}"), Limit::of(asked.limit));
    let cursor = Cursor::read(asked.cursor.as_deref(), &list)?;
    let mut entries: Vec<Entry> = reader
        .consents(patient)
        .await?
        .into_iter()
        .map(|row| row.entry)
        .collect();
    entries.retain(|entry| {
        cursor.is_none_or(|last| (entry.captured_at, entry.id.uuid()) > (last.at, last.id))
    });
    let place = |entry: &Entry| Cursor::after(entry.captured_at, entry.id);
    let page = Page::of(entries, limit, &list, place, |entry| (&entry).into());
    page.shown(&app, &by, "consents", Some(patient)).await
}
