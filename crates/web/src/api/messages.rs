//! Messages: list, and read with everything that explains one.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use tendon_care::access::Access;
use tendon_care::id::{Id as _, MessageId};
use tendon_store::{MessageFilter, MessageLine};
use utoipa::IntoParams;

use super::answers::Refusals;
use super::caller::{May, ReadMessages};
use super::input::{At, Query};
use super::message_wire::{Message, MessageDetail, STATES};
use super::page::{Cursor, Limit, LimitNumber, Page};
use super::patients::root;
use super::problem::{Kind, Problem};
use super::text::{As, MessageRef, Moment, PatientRef};
use crate::server::App;

/// Which messages to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// To and from this patient only.
    #[serde(default)]
    #[param(inline)]
    patient: Option<PatientRef>,
    /// In this state only.
    #[serde(default)]
    #[param(example = "sent")]
    state: Option<String>,
    /// Made at or after this moment.
    #[serde(default)]
    #[param(inline)]
    since: Option<Moment>,
    /// How many messages a page may have.
    #[serde(default)]
    #[param(inline)]
    limit: Option<LimitNumber>,
    /// Where to go on: the `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists messages of both directions, newest first
#[utoipa::path(
    get,
    path = "/messages",
    tag = "messages",
    params(MessagesQuery),
    responses((status = 200, description = "A page of messages.", body = Page<Message>), Refusals),
    security(("bearer" = ["ReadMessages"]))
)]
pub(crate) async fn list_messages(
    State(app): State<App>,
    by: May<ReadMessages>,
    Query(asked): Query<MessagesQuery>,
) -> Result<Json<Page<Message>>, Problem> {
    let reader = app.desk().db().reader(&by);
    let state = asked.state.unwrap_or_default();
    if !state.is_empty() {
        Problem::unless_one_of("state", &state, &STATES)?;
    }
    let patient = match asked.patient {
        Some(As(patient)) => Some(root(reader, patient).await?),
        None => None,
    };
    let list = format!("messages {patient:?} {state} {:?}", asked.since);
    let (limit, cursor) = (
        Limit::of(asked.limit),
        Cursor::read(asked.cursor.as_deref(), &list)?,
    );
    let filter = MessageFilter {
        patient,
        state,
        since: asked.since.map_or(Timestamp::MIN, |As(since)| since),
        before: cursor.map(|cursor| (cursor.at, MessageId::from_uuid(cursor.id))),
        limit: limit + 1,
    };
    let rows = reader.messages(&filter).await?;
    let place = |row: &MessageLine| Cursor::after(row.created_at, row.id);
    let page = Page::of(rows, limit, &list, place, Into::into);
    page.shown(&app, &by, "messages", patient).await
}

/// Reads a message with its cause, its decisions and its receipt
#[utoipa::path(
    get,
    path = "/messages/{id}",
    tag = "messages",
    params(("id" = MessageRef, Path, description = "The message.")),
    responses((status = 200, description = "The message.", body = MessageDetail), Refusals),
    security(("bearer" = ["ReadMessages"]))
)]
pub(crate) async fn get_message(
    State(app): State<App>,
    by: May<ReadMessages>,
    At(id): At<MessageId>,
) -> Result<Json<MessageDetail>, Problem> {
    Ok(Json(shown(&app, &by, id).await?))
}

/// Reads a message with all that explains it, and notes the look.
pub(super) async fn shown(app: &App, by: &Access, id: MessageId) -> Result<MessageDetail, Problem> {
    let reader = app.desk().db().reader(by);
    let line = reader.message_line(id).await?;
    let line =
        line.ok_or_else(|| Problem::new(Kind::NotFound).with("There is no such message."))?;
    let row = reader.message(id).await?;
    let decisions = reader.decisions(id).await?;
    reader
        .looked_at(app.desk().now(), "message", Some(line.patient), "")
        .await?;
    Ok(MessageDetail::of(line, row.as_deref(), decisions))
}
