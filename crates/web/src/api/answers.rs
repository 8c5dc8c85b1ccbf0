//! The refusals that every operation shares, for the document.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema as _};

use super::problem::ProblemBody;

/// What a read may answer besides its page or thing.
pub(crate) struct Refusals;

/// What a write may answer besides.
pub(crate) struct WriteRefusals;

const READ: [(&str, &str); 6] = [
    ("400", "A parameter is not valid."),
    ("401", "The bearer token is missing, unknown or revoked."),
    ("403", "The token's role lacks the permission."),
    ("404", "There is no such thing, or not for this token."),
    (
        "429",
        "Too many requests; `Retry-After` says in how many seconds to come again.",
    ),
    (
        "500",
        "Something went wrong on our side; nothing was half done.",
    ),
];

const WRITE: [(&str, &str); 5] = [
    ("409", "It cannot be done as things stand now."),
    ("413", "The body is too large."),
    ("415", "The body is not `application/json`."),
    (
        "422",
        "A field is not valid, or the `Idempotency-Key` was used for another request.",
    ),
    (
        "503",
        "Others are changing the same record; trying again may work.",
    ),
];

fn refusals(rows: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let schema = Ref::from_schema_name(ProblemBody::name());
    let response = |words: &str| {
        ResponseBuilder::new()
            .description(words)
            .content(
                "application/problem+json",
                ContentBuilder::new().schema(Some(schema.clone())).build(),
            )
            .build()
    };
    rows.iter()
        .map(|(status, words)| ((*status).to_owned(), response(words).into()))
        .collect()
}

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&READ)
    }
}

impl IntoResponses for WriteRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[&READ[..], &WRITE[..]].concat())
    }
}
