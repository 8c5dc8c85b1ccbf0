//! The server: routes, security headers, limits and operations.

mod assets;
pub(crate) mod back;
pub(crate) mod cause;
mod client;
pub(crate) mod cookie;
pub(crate) mod forgery;
mod headers;
pub(crate) mod kept;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod look;
mod looks;
pub(crate) mod once;
mod ops;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod plain;
pub(crate) mod refusal;
mod route;
pub(crate) mod said;
pub(crate) mod session;
pub(crate) mod sign;
mod trail;
pub(crate) mod watched;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use jiff::SignedDuration;
use secrecy::SecretString;
use tendon_desk::Desk;
use tendon_store::{Topic, UnbookedPlan};
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

pub use client::{BadProxy, TrustedProxies};
use kept::Kept;
pub use ops::Gauge;
use watched::Watched;

use crate::{api, hooks, portal, staff};

/// What every handler is given. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    desk: Desk,
    surface: Surface,
    limits: limits::Limits,
    looks: looks::Looks,
    trail: trail::Trail,
    arrivals: Kept<Vec<f64>>,
    unbooked: Watched<Unbooked>,
}

/// The first plans with visits left and nothing booked, and how many there are.
pub(crate) type Unbooked = (Vec<UnbookedPlan>, u64);

/// How this server is reached and watched.
#[derive(Debug)]
pub struct Surface {
    /// Cookies go over TLS alone: the public address begins with `https:`.
    pub secure: bool,
    /// Everybody sets up codes before anything opens: a password alone opens no
    /// health record. A demo and a rehearsal hold none, and go without.
    pub second_factor: bool,
    /// The server is to stop: open streams end.
    pub stopping: CancellationToken,
    /// Who may say for whom a request comes.
    pub trusted_proxies: TrustedProxies,
    /// All messages stay on this machine, and the sandbox page shows them.
    pub sandbox: bool,
    /// Signs the webhooks of the text carrier; without it none is taken.
    pub twilio_auth_token: Option<SecretString>,
    /// Writes the metrics of the process in Prometheus' text format.
    pub metrics: Box<dyn Gauge>,
}

impl App {
    /// Makes the state of a server.
    pub fn new(desk: Desk, surface: Surface) -> Self {
        let limits = limits::Limits::new(&desk);
        let (looks, trail) = (looks::Looks::default(), trail::Trail::default());
        let arrivals = Kept::new(SignedDuration::from_mins(10));
        let topics = [Topic::Visits, Topic::Plans, Topic::Patient];
        let unbooked = Watched::new(desk.db().changes(), topics.into_iter().collect());
        Self {
            inner: Arc::new(Inner {
                desk,
                surface,
                limits,
                looks,
                trail,
                arrivals,
                unbooked,
            }),
        }
    }

    /// Returns the use cases.
    pub fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// Returns how the server is reached.
    pub fn surface(&self) -> &Surface {
        &self.inner.surface
    }

    /// Returns how often things may be tried.
    pub(crate) fn limits(&self) -> &limits::Limits {
        &self.inner.limits
    }

    /// Returns whether the audit trail holds.
    pub(crate) fn trail(&self) -> &trail::Trail {
        &self.inner.trail
    }

    /// Returns the arrival rates of the last weeks, reckoned a while ago.
    pub(crate) fn arrivals(&self) -> &Kept<Vec<f64>> {
        &self.inner.arrivals
    }

    /// Returns the first plans with nothing booked, until something changes.
    pub(crate) fn unbooked(&self) -> &Watched<Unbooked> {
        &self.inner.unbooked
    }

    /// Returns which looks were recorded a moment ago.
    pub(crate) fn looks(&self) -> &looks::Looks {
        &self.inner.looks
    }
}

/// Answers for an address at which nothing is.
async fn nowhere() -> refusal::Refusal {
    refusal::Refusal::NotFound
}

/// Returns every route of the server.
pub fn router(app: App) -> Router {
    let pages = staff::router(&app)
        .merge(portal::router(&app))
        .fallback(nowhere)
        .layer(from_fn_with_state(app.clone(), refusal::draw));
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/assets/{name}", get(assets::asset))
        .merge(pages)
        .merge(api::router(&app))
        .merge(hooks::router())
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .with_state(app)
}
