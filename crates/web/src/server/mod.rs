//! The server: routes, security headers, limits and operations.

mod assets;
mod headers;
mod ops;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tendon_desk::Desk;

pub use ops::Gauge;

/// What every handler is given. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    desk: Desk,
    surface: Surface,
}

/// How this server is reached and watched.
#[derive(Debug)]
pub struct Surface {
    /// Cookies go over TLS alone: the public address begins with `https:`.
    pub secure: bool,
    /// All messages stay on this machine, and the sandbox page shows them.
    pub sandbox: bool,
    /// Writes the metrics of the process in Prometheus' text format.
    pub metrics: Box<dyn Gauge>,
}

impl App {
    /// Makes the state of a server.
    pub fn new(desk: Desk, surface: Surface) -> Self {
        Self { inner: Arc::new(Inner { desk, surface }) }
    }

    /// Returns the use cases.
    pub fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// Returns how the server is reached.
    pub fn surface(&self) -> &Surface {
        &self.inner.surface
    }
}

/// Returns every route of the server.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/assets/{name}", get(assets::asset))
        .layer(axum::middleware::from_fn(headers::secure))
        .with_state(app)
}
