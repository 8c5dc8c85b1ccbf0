//! Writing to a patient.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::id::{MessageId, PatientId};
use tendon_care::purpose::Purpose;
use tendon_desk::{DeskError, Draft, Measured, Posted};
use utoipa::ToSchema;

use super::answers::WriteRefusals;
use super::caller::{May, WriteMessages};
use super::input::{At, Body};
use super::message_wire::MessageDetail;
use super::messages::shown;
use super::once::Acting;
use super::patients::root;
use super::problem::{FieldError, Kind, Problem};
use super::text::{ChannelCode, Moment, PatientRef, PurposeCode};
use crate::server::App;

/// Words to a patient.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// `sms` or `email`.
    channel: ChannelCode,
    /// The words. A text begins with the clinic's name; it is added where it is missing.
    text: String,
    /// The subject, for e-mail; the clinic's name where none is given.
    #[serde(default)]
    subject: Option<String>,
    /// Why it is sent, `P1` to `P5`; `P1` (visits and care) where nothing is said.
    #[serde(default)]
    purpose: Option<PurposeCode>,
    /// Not before this, within 90 days; at once where nothing is said.
    #[serde(default)]
    send_at: Option<Moment>,
    /// Sends it although the words go against advice. What carriers block, and what
    /// proves who somebody is, is refused in any case.
    #[serde(default)]
    despite_advice: bool,
}

/// Writes to a patient
///
/// The message is queued; consent, quiet hours and caps are looked at when it is
/// due, and what they say is a decision of the message. Nothing in the answer
/// promises that it leaves.
#[utoipa::path(
    post,
    path = "/patients/{id}/messages",
    tag = "messages",
    params(
        ("id" = PatientRef, Path, description = "The patient."),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again."),
    ),
    request_body(content = NewMessage, example = json!({
        "channel": "sms",
        "text": "Please bring comfortable shoes. Questions? Reply to this text."
    })),
    responses((status = 201, description = "The message, queued.", body = MessageDetail), WriteRefusals),
    security(("bearer" = ["WriteMessages"]))
)]
pub(crate) async fn write_message(
    State(app): State<App>,
    by: May<WriteMessages>,
    At(id): At<PatientId>,
    acting: Acting,
    Body(new): Body<NewMessage>,
) -> Result<Response, Problem> {
    let patient = root(app.desk().db().reader(&by), id).await?;
    let draft = Draft::from(new);
    let message: MessageId = acting
        .make(
            async |desk| match desk.write_to(&by, patient, &draft).await.map_err(named)? {
                Posted::Queued { message, .. } => Ok(message),
                Posted::Refused(measured) => Err(refused(&measured)),
            },
        )
        .await?;
    let body = Json(shown(&app, &by, message).await?);
    let headers = [(header::LOCATION, format!("/api/v1/messages/{message}"))];
    Ok((StatusCode::CREATED, headers, body).into_response())
}

impl From<NewMessage> for Draft {
    fn from(new: NewMessage) -> Self {
        Self {
            channel: new.channel.0,
            subject: new.subject.filter(|_| new.channel.0 == Channel::Email),
            words: new.text,
            purpose: new.purpose.map_or(Purpose::Care, |purpose| purpose.0),
            send_at: new.send_at.map(|at| at.0),
            despite_advice: new.despite_advice,
        }
    }
}

/// Refuses under the name that the field has on the wire.
fn named(error: DeskError) -> Problem {
    match error {
        DeskError::Invalid {
            field: "words",
            reason,
        } => Problem::field(Kind::InvalidBody, "text", reason),
        other => other.into(),
    }
}

/// Names what is wrong with the words, by the codes of the lint.
fn refused(measured: &Measured) -> Problem {
    let errors = measured.findings.iter().map(|finding| FieldError {
        field: "text".to_owned(),
        reason: format!("{}: {}", finding.code.code(), finding.code.words()),
    });
    let way = if measured.must_change {
        "The words have to be changed."
    } else {
        "The words go against advice; despite_advice sends them as they are."
    };
    Problem::fields(Kind::InvalidBody, errors.collect()).with(way)
}
