//! Twilio's side of a webhook: the signature and the POST.
//!
//! Written apart from the verification in `channel`, so that the two check
//! each other.

use std::collections::BTreeSet;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use sha1::Sha1;
use tokio::net::TcpStream;

/// Signs a form request as Twilio does: base64 of HMAC-SHA1, keyed with the
/// token, over the URL and the sorted names and values.
pub fn sign(auth_token: &str, url: &str, parameters: &[(&str, &str)]) -> String {
    let sorted: BTreeSet<_> = parameters.iter().collect();
    let signed = sorted
        .iter()
        .fold(url.to_owned(), |text, (name, value)| text + name + value);
    // HMAC takes keys of every length.
    Hmac::<Sha1>::new_from_slice(auth_token.as_bytes())
        .map(|mac| mac.chain_update(signed).finalize().into_bytes())
        .map(|digest| STANDARD.encode(digest))
        .unwrap_or_default()
}

/// Signs and posts a form to an `http` URL; returns the HTTP status.
pub async fn post_form(
    url: &str,
    auth_token: &str,
    parameters: &[(&str, &str)],
) -> io::Result<u16> {
    let uri: Uri = url.parse().map_err(io::Error::other)?;
    let authority = uri
        .authority()
        .ok_or_else(|| io::Error::other("the URL names no host"))?;
    let address = (authority.host(), authority.port_u16().unwrap_or(80));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", sign(auth_token, url, parameters))
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;

    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    driving.abort();
    answer
        .map(|response| response.status().as_u16())
        .map_err(io::Error::other)
}
