//! Asks the server over HTTP, one connection a request: it may be gone at any time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// No answer of a server on this machine takes so long, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Speaks to one server in the name of one token.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) token: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Tells whether asking again is what the status asks for.
    pub(super) fn is_for_now(&self) -> bool {
        matches!(self.status, 429 | 500..=599)
    }

    /// Reads a text field of a JSON body.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }
}

impl Client {
    /// Posts JSON under an idempotency key.
    pub(super) async fn post(&self, path: &str, key: &str, body: &Value) -> io::Result<Answer> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("Idempotency-Key", key)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(HOST, self.address.to_string())
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(io::Error::other)?;
        self.send(request).await
    }

    /// Gets a page.
    pub(super) async fn get(&self, path: &str) -> io::Result<Answer> {
        let request = Request::builder()
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(HOST, self.address.to_string())
            .body(Full::default())
            .map_err(io::Error::other)?;
        self.send(request).await
    }

    /// Gets a thing that must be there.
    pub(super) async fn thing(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.get(path).await.with_context(|| path.to_owned())?;
        ensure!(answer.is_success(), "{path}: status {}", answer.status);
        serde_json::from_slice(&answer.body).with_context(|| path.to_owned())
    }

    /// Gets a list to its end. The path has its first parameter already.
    pub(super) async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let mut page = self.thing(&format!("{path}&limit=200{next}")).await?;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return Ok(items),
            }
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> io::Result<Answer> {
        let answered = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        answered.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> io::Result<Answer> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let driving = tokio::spawn(connection);
        let answer = async {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok(Answer { status, body })
        };
        let answer = answer
            .await
            .map_err(|error: hyper::Error| io::Error::other(error));
        driving.abort();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Answer { status, body }
    }

    #[test]
    fn an_answer_says_whether_to_ask_again() {
        for (status, success, for_now) in [
            (200, true, false),
            (201, true, false),
            (409, false, false),
            (429, false, true),
            (500, false, true),
            (503, false, true),
        ] {
            let answer = answer(status, "");
            let seen = (answer.is_success(), answer.is_for_now());
            assert_eq!(seen, (success, for_now), "{status}");
        }
    }

    #[test]
    fn fields_are_read_where_they_are_texts() {
        let answer = answer(200, r#"{"id":"pat_1","n":3}"#);
        assert_eq!(answer.field("id").as_deref(), Some("pat_1"));
        assert_eq!(answer.field("n"), None);
        assert_eq!(answer.field("x"), None);
    }
}
