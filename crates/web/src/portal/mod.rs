//! The portal: what a patient does behind a signed link. The link is the access;
//! the birthday comes before anything about a visit.

mod acts;
mod gate;
mod open;
mod preferences;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::pages::urls::at;
use crate::server::App;

/// Returns the pages behind a patient's link.
pub(crate) fn router(app: &App) -> Router<App> {
    Router::new()
        .route(at::Portal, get(open::page))
        .route(at::PortalCheck, get(open::again).post(open::check))
        .route(at::PortalConfirm, get(open::again).post(acts::confirm))
        .route(at::PortalMove, get(acts::move_form).post(acts::ask_to_move))
        .route(at::PortalCancel, get(acts::cancel_form).post(acts::cancel))
        .route(at::PortalCalendar, get(acts::calendar))
        .route(at::PortalLanguage, post(open::language))
        .route(
            at::PortalPreferences,
            get(preferences::page).post(preferences::save),
        )
        .route(
            at::PortalStop,
            get(preferences::stop_form).post(preferences::stop),
        )
        .route(
            at::Unsubscribe,
            get(preferences::way_out_form).post(preferences::way_out),
        )
        .route(at::PortalRenew, get(open::again).post(open::renew))
        .route_layer(from_fn_with_state(app.clone(), gate::guard))
}
