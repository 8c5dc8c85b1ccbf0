//! Our own style, modules and icon.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::pages::urls::Asset;

/// Sends a file, or says that the browser's copy is still right.
pub(super) async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    let Some(file) = Asset::from_name(&name).and_then(Asset::file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|etag| etag.as_bytes() == file.etag.as_bytes());
    // Asked again at every visit, answered without a body while nothing changed:
    // no page is ever shown with the style of another version.
    let headers = [
        (header::ETAG, file.etag),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (
        headers,
        [(header::CONTENT_TYPE, file.media_type)],
        file.bytes.into_owned(),
    )
        .into_response()
}
