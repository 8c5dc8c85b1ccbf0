//! The stream of changed topics. A listener is told which topics changed and
//! nothing else; the page then asks for itself again, as who reads it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use tendon_care::id::PracticeId;
use tendon_store::{Change, Topic, Topics};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::App;
use super::cookie::Cookie;
use super::refusal::Refusal;
use super::session::Staff;
use super::sign;

/// How often a quiet stream says that it lives, and asks whether its session does.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Changes that come this close together are told as one.
const GATHER: Duration = Duration::from_millis(250);

/// Tells which topics change, until the session ends.
pub(crate) async fn events(
    State(app): State<App>,
    staff: Staff,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let token = Cookie::Session
        .read(&headers, app.surface().secure)
        .ok_or(Refusal::NotFound)?;
    let listener = Listener {
        changes: app.desk().db().changes(),
        practice: staff.access().practice,
        token: token.to_owned(),
        app,
        over: false,
    };
    Ok(Sse::new(futures_util::stream::unfold(
        listener,
        Listener::next,
    )))
}

struct Listener {
    app: App,
    changes: Receiver<Change>,
    practice: PracticeId,
    token: String,
    over: bool,
}

impl Listener {
    /// Waits for what to say next; ends once it has said that the session is gone, and
    /// when the server stops: the page then asks anew, of the server that comes after.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.over {
            return None;
        }
        let topics = self.gathered().await?;
        let event = if !sign::stands(&self.app, &self.token).await {
            self.over = true;
            Event::default().event("gone").data("session")
        } else if topics.is_empty() {
            Event::default().comment("alive")
        } else {
            Event::default().event("changed").data(words(topics))
        };
        Some((Ok(event), self))
    }

    /// Gathers what changes within a moment; nothing where all is quiet for a
    /// heartbeat; `None` when the server stops.
    async fn gathered(&mut self) -> Option<Topics> {
        let mut topics = Topics::default();
        let quiet = tokio::time::sleep(HEARTBEAT);
        tokio::pin!(quiet);
        let stopping = self.app.surface().stopping.clone();
        loop {
            let pause = if topics.is_empty() { HEARTBEAT } else { GATHER };
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(change) if change.practice == self.practice => topics.extend(change.topics),
                    Ok(_) => {}
                    // Too much at once: all of it is looked at again.
                    Err(RecvError::Lagged(_)) => topics.extend(Topics::all()),
                    Err(RecvError::Closed) => return None,
                },
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep(pause), if !topics.is_empty() => return Some(topics),
                () = &mut quiet => return Some(topics),
            }
        }
    }
}

fn words(topics: Topics) -> String {
    let shown = topics.iter().filter(|topic| *topic != Topic::Sessions);
    shown.map(Topic::word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_out_is_not_told_to_others() {
        let topics = [Topic::Sessions, Topic::Visits, Topic::Audit]
            .into_iter()
            .collect();
        assert_eq!(words(topics), "visits audit");
        assert_eq!(words(Topics::default()), "");
    }
}
