//! What the document says besides the operations.

use axum::body::Bytes;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    Server, Tag,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::{FieldError, ProblemBody};

/// Returns the document without operations.
pub(super) fn frame() -> OpenApi {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "`Authorization: Bearer tok_…`, made with `tendon tokens add --role ROLE`. The names \
         under `security` are the permission that the token's role must hold."
            .to_owned(),
    );
    let components = ComponentsBuilder::new()
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(FieldError::name(), FieldError::schema())
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/api/v1")]))
        .tags(Some(tags()))
        .components(Some(components))
        .build()
}

fn info() -> utoipa::openapi::Info {
    InfoBuilder::new()
        .title("Tendon")
        .version("1")
        .description(Some(
            "Patient relationship management for outpatient physical therapy. Times are RFC 3339 \
             in UTC; ids are texts with a prefix; lists answer `{\"items\": […], \"next\": …}`; \
             refusals are problem details (RFC 9457). Unknown fields and parameters are refused.",
        ))
        .contact(Some(ContactBuilder::new().name(Some("Tendon")).build()))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build()
}

fn tags() -> Vec<Tag> {
    [
        (
            "patients",
            "The people cared for, their timeline and consents.",
        ),
        ("appointments", "Visits on the book."),
        ("messages", "What was written to and by patients, and why."),
        ("tasks", "Work for people."),
        ("practice", "Places and clinicians."),
    ]
    .into_iter()
    .map(|(name, words)| {
        let mut tag = Tag::new(name);
        tag.description = Some(words.to_owned());
        tag
    })
    .collect()
}

/// Writes the document.
pub(super) fn write(document: &OpenApi) -> Bytes {
    // Texts, numbers and maps of them: writing cannot fail.
    serde_json::to_vec(document).unwrap_or_default().into()
}
