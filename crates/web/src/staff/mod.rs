//! The staff pages: one file a page with its handlers.

mod audit;
mod entrance;
mod inbox;
mod message;
mod messages;
mod own;
pub(crate) mod patient;
mod patients;
mod same;
mod sandbox;
mod settings;
mod task;
mod today;
mod view;
mod visit;
mod words;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::pages::urls::at;
use crate::server::{App, live, session};

/// Returns the staff pages behind their guard, and the way in before it.
pub(crate) fn router(app: &App) -> Router<App> {
    day()
        .merge(people())
        .merge(set_up())
        .route_layer(from_fn_with_state(app.clone(), session::guard))
        .merge(entrance::router(app))
}

/// What the desk does all day.
fn day() -> Router<App> {
    Router::new()
        .route(at::SignOut, post(own::sign_out))
        .route(at::Look, post(own::look))
        .route(at::Events, get(live::events))
        .route(at::Today, get(today::page))
        .route(at::VisitConfirm, post(visit::confirm))
        .route(at::VisitCancel, post(visit::cancel))
        .route(at::TaskDone, post(task::done))
        .route(at::TaskTake, post(task::take))
        .route(at::Inbox, get(inbox::page))
        .route(at::Thread, get(inbox::thread))
        .route(at::ThreadReply, post(inbox::reply))
        .route(at::ThreadMeasure, post(inbox::count))
        .route(at::ThreadDone, post(inbox::done))
        .route(at::Messages, get(messages::page))
        .route(at::Message, get(message::page))
        .route(at::Sandbox, get(sandbox::page))
        .route(at::SandboxAnswer, post(sandbox::answer))
}

/// Patients.
fn people() -> Router<App> {
    Router::new()
        .route(at::Patients, get(patients::page).post(patients::search))
        .route(at::Patient, get(patient::page))
        .route(at::PatientWrite, post(patient::write))
        .route(at::PatientPause, post(patient::pause))
        .route(at::PatientPropose, post(patient::propose))
        .route(at::PatientConsent, post(patient::consent))
        .route(at::PatientSame, get(same::page).post(same::settle))
        .route(at::MergeUndo, post(same::undo))
        .route(at::PlannedSkip, post(patient::planned_skip))
        .route(at::PlannedMove, post(patient::planned_move))
        .route(at::PlannedSend, post(patient::planned_send))
}

/// What is set up, and what was done.
fn set_up() -> Router<App> {
    use settings::{account, carriers, journeys, locations, practice, templates, users};
    Router::new()
        .route(at::Settings, get(practice::page).post(practice::save))
        .route(at::Locations, get(locations::page).post(locations::add))
        .route(at::Location, post(locations::save))
        .route(at::Templates, get(templates::list))
        .route(at::Template, get(templates::page).post(templates::save))
        .route(at::TemplatePreview, post(templates::preview))
        .route(at::Journeys, get(journeys::page))
        .route(at::JourneySwitch, post(journeys::switch))
        .route(at::Users, get(users::page).post(users::add))
        .route(at::UserRole, post(users::give_role))
        .route(at::UserRevoke, post(users::revoke))
        .route(at::Carriers, get(carriers::page).post(carriers::save))
        .route(at::Account, get(account::page).post(account::change))
        .route(at::Audit, get(audit::page))
        .route(at::AuditExport, get(audit::export))
}
