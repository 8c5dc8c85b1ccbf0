//! A page as an answer.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::refusal::Refusal;

/// Draws a page when it is sent.
#[derive(Debug)]
pub(crate) struct Page<T>(pub(crate) T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => Refusal::from(error).into_response(),
        }
    }
}
