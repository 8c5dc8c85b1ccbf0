//! Operations: is it alive, can it work, how is it doing.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;

/// Writes the metrics of the process.
pub trait Gauge: Send + Sync + std::fmt::Debug {
    /// Returns them in Prometheus' text format.
    fn render(&self) -> String;
}

/// Answers while the process runs, whatever the database does.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 while the database answers.
pub(super) async fn readyz(State(app): State<App>) -> Response {
    match app.desk().db().practices().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}

/// Writes the metrics, the backlog measured at this moment among them.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    if let Ok((timers, messages)) = app.desk().db().backlog(app.desk().now()).await {
        metrics::gauge!("tendon_backlog", "work" => "timers").set(timers as f64);
        metrics::gauge!("tendon_backlog", "work" => "messages").set(messages as f64);
    }
    let text = app.surface().metrics.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
