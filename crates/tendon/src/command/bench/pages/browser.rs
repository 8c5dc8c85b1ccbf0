//! A browser without eyes: keeps its cookies, asks over a real connection and
//! measures until the last byte. It speaks to the benchmark's own server on
//! loopback and to nobody else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::super::figures::now;

/// One who asks: a member of staff, a program with a token, or a patient.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
    /// A header that says who asks.
    who: Option<(hyper::header::HeaderName, String)>,
}

impl Browser {
    /// Opens one that comes from the loopback address `127.0.0.host`: limits hold
    /// for each client, and every patient has a phone of their own.
    pub(super) fn new(server: SocketAddr, host: u8) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_local_address(Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host.max(1)))));
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            server,
            who: None,
        }
    }

    /// The same one with a bearer token.
    pub(super) fn with_token(mut self, token: &str) -> Self {
        self.who = Some((AUTHORIZATION, format!("Bearer {token}")));
        self
    }

    /// The same one after the birthday was given in it.
    pub(super) fn with_birthday(mut self, proof: &str) -> Self {
        self.who = Some((COOKIE, format!("tendon-birthday={proof}")));
        self
    }

    /// Opens a one-time link to sign in, and keeps the session.
    pub(super) async fn sign_in(mut self, token: &str) -> anyhow::Result<Self> {
        let response = self
            .send(Method::GET, &format!("/sign-in/link/{token}"), "")
            .await?;
        let cookies = response.headers().get_all(SET_COOKIE).into_iter();
        let pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let session = pairs.collect::<Vec<_>>().join("; ");
        ensure!(session.contains("tendon="), "the link did not sign in");
        self.who = Some((COOKIE, session));
        Ok(self)
    }

    /// Asks for a page, reads it to its end and returns how long that took.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Duration> {
        self.timed(Method::GET, path, "").await
    }

    /// Sends a form; the answer is read to its end.
    pub(super) async fn post(&self, path: &str, form: &str) -> anyhow::Result<Duration> {
        self.timed(Method::POST, path, form).await
    }

    /// Asks for a page that is to be read.
    pub(super) async fn read(&self, path: &str) -> anyhow::Result<String> {
        let mut request = self.request(Method::GET, path, "")?;
        request.headers_mut().remove(ACCEPT_ENCODING);
        let response = self.client.request(request).await?;
        ensure!(
            response.status() == StatusCode::OK,
            "{path}: {}",
            response.status()
        );
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn timed(&self, method: Method, path: &str, form: &str) -> anyhow::Result<Duration> {
        let began: Instant = now();
        let response = self.send(method, path, form).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        let took = began.elapsed();
        ensure!(
            status == StatusCode::OK && !bytes.is_empty(),
            "{path}: {status}"
        );
        Ok(took)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        form: &str,
    ) -> anyhow::Result<Response<hyper::body::Incoming>> {
        let request = self.request(method, path, form)?;
        let response = self.client.request(request).await;
        response.with_context(|| format!("asking for {path}"))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        form: &str,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server))
            .header(ACCEPT_ENCODING, "gzip, deflate, br, zstd");
        if let Some((header, value)) = &self.who {
            request = request.header(header, value);
        }
        if !form.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        Ok(request.body(Full::new(Bytes::copy_from_slice(form.as_bytes())))?)
    }
}
