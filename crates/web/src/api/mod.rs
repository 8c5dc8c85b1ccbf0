//! REST, version 1: `/api/v1`, described at `/api/openapi.json`.
//!
//! A request passes, in this order: who calls ([`caller`]), whether it was done
//! before ([`once`]), the handler. Router and document are made of the same
//! handlers, so neither can tell of a route that the other does not have.

mod answers;
mod appointment_wire;
mod appointments;
mod caller;
mod consent_write;
mod consents;
mod document;
mod input;
mod message_wire;
mod message_write;
mod messages;
mod once;
mod page;
mod patient_patch;
mod patient_wire;
mod patient_write;
mod patients;
mod places;
mod problem;
mod reason;
mod tasks;
mod text;
mod timeline;
mod visit_acts;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use once::fingerprint;

use crate::server::App;
use caller::Door;
use problem::{Kind, Problem};

/// Returns every route of the API, and the document.
pub fn router(app: &App) -> Router<App> {
    let (routes, document) = operations().split_for_parts();
    let text = document::write(&document);
    let describe = move || {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        std::future::ready((headers, text.clone()))
    };
    let v1 = routes
        .fallback(async || Problem::new(Kind::NotFound))
        .method_not_allowed_fallback(async || Problem::new(Kind::MethodNotAllowed))
        .layer(from_fn_with_state(app.clone(), once::keep))
        .layer(from_fn_with_state(Door::new(app.clone()), caller::admit));
    let api = Router::new()
        .nest("/v1", v1)
        .route("/openapi.json", get(describe))
        .fallback(async || Problem::new(Kind::NotFound));
    Router::new().nest("/api", api)
}

/// Every operation, in the order of the document.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(
            patients::list_patients,
            patient_write::register_patient
        ))
        .routes(routes!(
            patients::get_patient,
            patient_patch::change_patient
        ))
        .routes(routes!(timeline::list_timeline))
        .routes(routes!(
            consents::list_consents,
            consent_write::record_consent
        ))
        .routes(routes!(
            appointments::list_appointments,
            appointments::book_appointment
        ))
        .routes(routes!(appointments::get_appointment))
        .routes(routes!(visit_acts::confirm_appointment))
        .routes(routes!(visit_acts::move_appointment))
        .routes(routes!(visit_acts::cancel_appointment))
        .routes(routes!(visit_acts::arrive_appointment))
        .routes(routes!(visit_acts::complete_appointment))
        .routes(routes!(visit_acts::miss_appointment))
        .routes(routes!(visit_acts::reinstate_appointment))
        .routes(routes!(messages::list_messages))
        .routes(routes!(messages::get_message))
        .routes(routes!(message_write::write_message))
        .routes(routes!(tasks::list_tasks))
        .routes(routes!(tasks::finish_task))
        .routes(routes!(places::list_locations))
        .routes(routes!(places::list_clinicians))
}
