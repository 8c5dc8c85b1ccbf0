//! Runs a server: listens, works, and stops without losing anything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tendon_desk::{Desk, Workers};
use tendon_web::server::{App, Gauge, Surface, TrustedProxies, router};
use tokio_util::sync::CancellationToken;

/// How long requests that are under way may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Where and how to listen.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    /// Certificate chain and private key, in PEM.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
}

/// The process's metrics.
#[derive(Debug)]
struct Exporter(Option<PrometheusHandle>);

impl Gauge for Exporter {
    fn render(&self) -> String {
        self.0
            .as_ref()
            .map(PrometheusHandle::render)
            .unwrap_or_default()
    }
}

/// Describes the surface of a server.
pub(crate) fn surface(
    secure: bool,
    sandbox: bool,
    twilio_auth_token: Option<SecretString>,
) -> Surface {
    // A second recorder in one process is refused; the first keeps counting.
    let exporter = Exporter(PrometheusBuilder::new().install_recorder().ok());
    Surface {
        secure,
        second_factor: true,
        stopping: CancellationToken::new(),
        trusted_proxies: TrustedProxies::default(),
        sandbox,
        twilio_auth_token,
        metrics: Box::new(exporter),
    }
}

/// Serves until the process is told to stop. `ready` is called once it listens.
pub(crate) async fn run(
    desk: Desk,
    surface: Surface,
    listening: &Listening,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let stop = surface.stopping.clone();
    let workers = Workers::start(&desk, &stop);
    let service =
        router(App::new(desk, surface)).into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    tokio::spawn(shut_down_on_signal(handle.clone(), stop.clone()));
    let listening_on = handle.clone();
    let address = listening.address;
    let serving = async {
        match &listening.tls {
            None => {
                axum_server::bind(address)
                    .handle(handle)
                    .serve(service)
                    .await
            }
            Some((cert, key)) => {
                let config = RustlsConfig::from_pem_file(cert, key).await?;
                axum_server::bind_rustls(address, config)
                    .handle(handle)
                    .serve(service)
                    .await
            }
        }
    };
    let announce = async {
        if let Some(address) = listening_on.listening().await {
            ready(address);
        }
    };
    let (served, ()) = tokio::join!(serving, announce);
    stop.cancel();
    workers.stopped().await;
    served.with_context(|| format!("listening on {address}"))
}

/// Waits for ctrl-c or SIGTERM; then takes no new requests and no new work.
async fn shut_down_on_signal(handle: Handle<SocketAddr>, stop: CancellationToken) {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("stopping: what was begun is finished");
    stop.cancel();
    handle.graceful_shutdown(Some(GRACE));
}
