//! Refusals as `application/problem+json` (RFC 9457).
//!
//! A problem names what was wrong with which field and never repeats a value:
//! answers end up in the logs of other people's systems.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tendon_care::access::Denied;
use tendon_desk::DeskError;
use tendon_store::StoreError;
use utoipa::ToSchema;

use crate::server::cause::cause;

/// What kind of refusal, one for each `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    InvalidQuery,
    MalformedBody,
    InvalidBody,
    UnsupportedMediaType,
    TooLarge,
    Conflict,
    InvalidKey,
    KeyReused,
    TooManyRequests,
    Busy,
    Internal,
}

impl Kind {
    /// Returns the end of the `type`, the title and the status.
    const fn row(self) -> (&'static str, &'static str, StatusCode) {
        use StatusCode as S;
        match self {
            Self::Unauthenticated => (
                "unauthenticated",
                "A valid bearer token is needed",
                S::UNAUTHORIZED,
            ),
            Self::Forbidden => (
                "forbidden",
                "The token's role may not do this",
                S::FORBIDDEN,
            ),
            Self::NotFound => ("not-found", "There is no such thing", S::NOT_FOUND),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "This address does not take that method",
                S::METHOD_NOT_ALLOWED,
            ),
            Self::InvalidQuery => (
                "invalid-query",
                "A parameter of the query is not valid",
                S::BAD_REQUEST,
            ),
            Self::MalformedBody => (
                "malformed-body",
                "The body is not well-formed JSON",
                S::BAD_REQUEST,
            ),
            Self::InvalidBody => (
                "invalid-body",
                "A field of the body is not valid",
                S::UNPROCESSABLE_ENTITY,
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                "The body must be application/json",
                S::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::TooLarge => ("too-large", "The body is too large", S::PAYLOAD_TOO_LARGE),
            Self::Conflict => (
                "conflict",
                "This cannot be done as things stand now",
                S::CONFLICT,
            ),
            Self::InvalidKey => (
                "invalid-idempotency-key",
                "The Idempotency-Key header is not valid",
                S::BAD_REQUEST,
            ),
            Self::KeyReused => (
                "idempotency-key-reused",
                "The key was used for another request",
                S::UNPROCESSABLE_ENTITY,
            ),
            Self::TooManyRequests => (
                "too-many-requests",
                "The token makes too many requests",
                S::TOO_MANY_REQUESTS,
            ),
            Self::Busy => (
                "busy",
                "Others are changing the same record",
                S::SERVICE_UNAVAILABLE,
            ),
            Self::Internal => (
                "internal",
                "Something went wrong on our side",
                S::INTERNAL_SERVER_ERROR,
            ),
        }
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_secs: Option<u64>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The path of the field, such as `contact_points[0].phone`.
    pub(crate) field: String,
    /// What is wrong with it, without its value.
    pub(crate) reason: String,
}

/// The body of every refusal (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:tendon:problem:` and the kind; stable, made for programs.
    #[schema(example = "urn:tendon:problem:invalid-body")]
    r#type: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fields that are wrong, where fields are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl Problem {
    /// Refuses a filter that is none of the words that the list knows.
    pub(crate) fn unless_one_of(field: &str, said: &str, known: &[&str]) -> Result<(), Self> {
        if known.contains(&said) {
            return Ok(());
        }
        let why = format!("must be one of {}", known.join(", "));
        Err(Self::field(Kind::InvalidQuery, field, why))
    }

    /// Makes a refusal without further words.
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            retry_after_secs: None,
        }
    }

    /// Refuses one field.
    pub(crate) fn field(kind: Kind, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::fields(
            kind,
            vec![FieldError {
                field: field.into(),
                reason: reason.into(),
            }],
        )
    }

    /// Refuses several fields.
    pub(crate) fn fields(kind: Kind, errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(kind)
        }
    }

    /// Adds what was wrong this time; never personal data.
    #[must_use]
    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says when trying again is worth it.
    #[must_use]
    pub(crate) const fn retry_after_secs(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    /// Reports a failure of ours: into the log with its cause, out without it.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = cause(error);
        tracing::error!(error = %error, cause, "request failed");
        Self::new(Kind::Internal)
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match &error {
            DeskError::NotFound(what) => {
                Self::new(Kind::NotFound).with(format!("There is no such {what}."))
            }
            DeskError::Denied(denied) => (*denied).into(),
            DeskError::Visit(refusal) => Self::new(Kind::Conflict).with(refusal.to_string()),
            DeskError::Episode(refusal) => Self::new(Kind::Conflict).with(refusal.to_string()),
            DeskError::Invalid { field, reason } => {
                Self::field(Kind::InvalidBody, *field, reason.as_str())
            }
            DeskError::Stale(why) => Self::new(Kind::Conflict).with(*why),
            DeskError::Busy => Self::new(Kind::Busy).retry_after_secs(1),
            _ => Self::internal(&error),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(Kind::Forbidden).with(format!("The role lacks {:?}.", denied.permission))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (slug, title, status) = self.kind.row();
        let body = ProblemBody {
            r#type: format!("urn:tendon:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        // Texts and numbers alone: writing them cannot fail.
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        if self.kind == Kind::Unauthenticated {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::access::Permission;

    async fn body(problem: Problem) -> (StatusCode, serde_json::Value) {
        let response = problem.into_response();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_names_kind_status_and_fields() {
        let error = DeskError::invalid("minutes", "must be between 1 and 480");
        let (status, body) = self::body(error.into()).await;
        assert_eq!(status, 422);
        assert_eq!(body["type"], "urn:tendon:problem:invalid-body");
        assert_eq!(body["status"], 422);
        assert_eq!(body["errors"][0]["field"], "minutes");
        assert_eq!(body["errors"][0]["reason"], "must be between 1 and 480");
    }

    #[tokio::test]
    async fn use_cases_answer_with_the_status_that_clients_expect() {
        let denied = Denied {
            permission: Permission::ReadChart,
        };
        for (error, expected) in [
            (DeskError::NotFound("visit"), 404),
            (DeskError::Denied(denied), 403),
            (DeskError::Stale("it is done"), 409),
            (DeskError::Busy, 503),
            (DeskError::Corrupt("a journey"), 500),
            (DeskError::Store(StoreError::Stopped), 500),
        ] {
            assert_eq!(body(error.into()).await.0, expected);
        }
    }

    #[tokio::test]
    async fn our_own_failures_tell_nothing() {
        let (_, body) = body(Problem::from(StoreError::BadUrl)).await;
        assert!(!body.to_string().contains("sqlite"));
        assert_eq!(body.get("detail"), None);
    }

    #[test]
    fn headers_say_how_to_go_on() {
        let response = Problem::new(Kind::Unauthenticated).into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let response = Problem::from(DeskError::Busy).into_response();
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
