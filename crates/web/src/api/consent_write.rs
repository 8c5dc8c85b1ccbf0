//! What a patient said about messages, written into the ledger.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tendon_care::id::{ConsentId, PatientId};
use tendon_care::purpose::Purposes;
use tendon_desk::{Given, Proof, TakenBack};
use utoipa::ToSchema;

use super::answers::WriteRefusals;
use super::caller::{EditPatient, May};
use super::consents::Consent;
use super::input::{At, Body};
use super::once::Acting;
use super::patients::root;
use super::problem::{Kind, Problem};
use super::text::{BasisCode, ChannelCode, ContactPointRef, PatientRef, PurposeCode};
use crate::server::App;

/// What a patient said, and what proves it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsent {
    /// About which phone or mailbox. Taking everything back counts everywhere.
    contact_point: ContactPointRef,
    act: YesOrNo,
    /// A yes is for one purpose. A no is for these; without any, for everything,
    /// everywhere.
    #[serde(default)]
    purposes: Vec<PurposeCode>,
    /// By which channel; by every one of the address where nothing is said.
    #[serde(default)]
    channel: Option<ChannelCode>,
    /// On what a yes rests; `keyword` is the patient's own and not taken here.
    #[serde(default)]
    basis: Option<BasisCode>,
    /// The version of the words that the person read or heard, for a yes.
    #[serde(default)]
    wording_version: Option<String>,
    /// The version of the warning that others can read texts and mails, where it
    /// was given.
    #[serde(default)]
    warning_version: Option<String>,
    evidence: NewEvidence,
}

/// The longest name of a version, in characters: a name, and not the wording itself.
const MOST_OF_A_VERSION: usize = 200;

/// A yes or a no.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum YesOrNo {
    /// A yes.
    Granted,
    /// A no.
    Revoked,
}

/// What proves it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvidence {
    kind: ProofKind,
    /// Where the form or recording is kept, or what was written down.
    reference: String,
}

/// What kind of proof.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProofKind {
    /// A form, on paper or on a page.
    Form,
    /// A recording.
    Recording,
    /// What somebody wrote down.
    Note,
}

/// Records what a patient said about messages
///
/// The ledger only grows. A no withdraws what waits and is meant, in the same
/// transaction.
#[utoipa::path(
    post,
    path = "/patients/{id}/consents",
    tag = "patients",
    params(
        ("id" = PatientRef, Path, description = "The patient."),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again."),
    ),
    request_body(content = NewConsent, example = json!({
        "contact_point": "con_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "act": "granted",
        "purposes": ["P2"],
        "basis": "form",
        "wording_version": "3",
        "evidence": {"kind": "form", "reference": "intake-2026, page 4"}
    })),
    responses((status = 201, description = "The entry.", body = Consent), WriteRefusals),
    security(("bearer" = ["EditPatient"]))
)]
pub(crate) async fn record_consent(
    State(app): State<App>,
    by: May<EditPatient>,
    At(id): At<PatientId>,
    acting: Acting,
    Body(new): Body<NewConsent>,
) -> Result<Response, Problem> {
    let reader = app.desk().db().reader(&by);
    let patient = root(reader, id).await?;
    let point = new.contact_point.0;
    let said = Said::of(new)?;
    let entry: ConsentId = acting
        .make(async |desk| match &said {
            Said::Yes(given) => desk.grant_consent(&by, patient, point, given).await,
            Said::No(taken) => desk.revoke_consent(&by, patient, point, taken).await,
        })
        .await?;
    let rows = reader.consents(patient).await?;
    let row = rows.iter().find(|row| row.entry.id == entry);
    let row = row.ok_or_else(|| Problem::new(Kind::NotFound).with("There is no such entry."))?;
    reader
        .looked_at(app.desk().now(), "consents", Some(patient), "")
        .await?;
    Ok((StatusCode::CREATED, Json(Consent::from(&row.entry))).into_response())
}

/// A yes or a no, as the use cases take them.
enum Said {
    Yes(Given),
    No(TakenBack),
}

impl Said {
    fn of(new: NewConsent) -> Result<Self, Problem> {
        let refused = |field: &str, why: &str| Err(Problem::field(Kind::InvalidBody, field, why));
        let proof = new.evidence.proof()?;
        for (field, version) in [
            ("wording_version", &new.wording_version),
            ("warning_version", &new.warning_version),
        ] {
            let chars = version
                .as_ref()
                .map_or(0, |version| version.chars().count());
            if chars > MOST_OF_A_VERSION {
                let why = format!("must have at most {MOST_OF_A_VERSION} characters");
                return refused(field, &why);
            }
        }
        let channel = new.channel.map(|channel| channel.0);
        let purposes: Purposes = new.purposes.iter().map(|purpose| purpose.0).collect();
        let Some(basis) = new.basis else {
            return match new.act {
                YesOrNo::Granted => refused("basis", "is required for a yes"),
                YesOrNo::Revoked if new.wording_version.is_some() => {
                    refused("wording_version", "belongs to a yes")
                }
                YesOrNo::Revoked if new.warning_version.is_some() => {
                    refused("warning_version", "belongs to a yes")
                }
                YesOrNo::Revoked => Ok(Self::No(TakenBack {
                    purposes: Some(purposes).filter(|purposes| !purposes.is_empty()),
                    channel,
                    proof,
                })),
            };
        };
        let mut each = purposes.iter();
        match (new.act, each.next(), each.next()) {
            (YesOrNo::Revoked, ..) => refused("basis", "belongs to a yes"),
            (YesOrNo::Granted, Some(purpose), None) => Ok(Self::Yes(Given {
                purpose,
                channel,
                basis: basis.0,
                wording_version: new.wording_version.unwrap_or_default(),
                warning_version: new.warning_version,
                proof,
            })),
            (YesOrNo::Granted, ..) => refused("purposes", "must name one purpose for a yes"),
        }
    }
}

impl NewEvidence {
    fn proof(self) -> Result<Proof, Problem> {
        let chars = self.reference.chars().count();
        if self.reference.trim().is_empty() || chars > 500 {
            let why = "must have 1 to 500 characters";
            return Err(Problem::field(Kind::InvalidBody, "evidence.reference", why));
        }
        Ok(match self.kind {
            ProofKind::Form => Proof::Form(self.reference),
            ProofKind::Recording => Proof::Recording(self.reference),
            ProofKind::Note => Proof::Note(self.reference),
        })
    }
}
