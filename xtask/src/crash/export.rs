//! What the product itself says when all is quiet, read through its API.

use std::collections::HashMap;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::client::Client;

/// A message in either direction.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) patient: String,
    pub(super) direction: String,
    pub(super) journey: Option<Journey>,
    pub(super) template: Option<String>,
    pub(super) appointment: Option<String>,
    pub(super) text: String,
    pub(super) state: String,
    pub(super) state_since: String,
}

/// Which step of which journey asked for a message.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Journey {
    pub(super) name: String,
    pub(super) step: String,
}

/// A visit.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Visit {
    pub(super) id: String,
    pub(super) patient: String,
    #[serde(deserialize_with = "moment")]
    pub(super) starts_at: Timestamp,
    #[serde(deserialize_with = "moment")]
    pub(super) booked_at: Timestamp,
    pub(super) state: String,
}

/// Work for a person.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Task {
    pub(super) kind: String,
    pub(super) message: Option<String>,
    pub(super) done_at: Option<String>,
}

/// Somebody in the practice.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Patient {
    pub(super) id: String,
    pub(super) name: String,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Export {
    pub(super) patients: Vec<Patient>,
    pub(super) visits: Vec<Visit>,
    pub(super) messages: Vec<Message>,
    pub(super) tasks: Vec<Task>,
    /// Messages about which there is a decision, of those that did not leave.
    pub(super) decided: HashMap<String, String>,
}

impl Export {
    /// Reads it all.
    pub(super) async fn read(client: &Client) -> anyhow::Result<Self> {
        let mut export = Self {
            patients: list(client, "/api/v1/patients?").await?,
            visits: list(client, "/api/v1/appointments?").await?,
            messages: list(client, "/api/v1/messages?").await?,
            tasks: list(client, "/api/v1/tasks?state=all").await?,
            decided: HashMap::new(),
        };
        for message in &export.messages {
            if matches!(message.state.as_str(), "dropped" | "queued" | "failed") {
                let detail = client
                    .thing(&format!("/api/v1/messages/{}", message.id))
                    .await?;
                let reason = detail.pointer("/decisions").and_then(last_reason);
                export
                    .decided
                    .extend(reason.map(|reason| (message.id.clone(), reason)));
            }
        }
        Ok(export)
    }
}

async fn list<T: DeserializeOwned>(client: &Client, path: &str) -> anyhow::Result<Vec<T>> {
    let items = client.list(path).await?.into_iter();
    let read = items.map(serde_json::from_value).collect::<Result<_, _>>();
    read.with_context(|| format!("reading {path}"))
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(D::Error::custom)
}

fn last_reason(decisions: &Value) -> Option<String> {
    let last = decisions.as_array()?.last()?;
    let outcome = last.get("outcome")?.as_str()?;
    let reason = last.get("reason")?.as_str().unwrap_or_default();
    Some(format!("{outcome} {reason}"))
}
