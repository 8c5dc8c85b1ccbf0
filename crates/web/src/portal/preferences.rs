//! What the patient wants to hear, how, and that it shall stop.

use std::collections::BTreeSet;

use axum::extract::State;
use tendon_care::contact::Channel;
use tendon_care::id::ContactPointId;
use tendon_care::purpose::{Purpose, Purposes};
use tendon_desk::{Greeting, Wanted};

use super::gate::{Guest, Turned};
use crate::pages::portal::preferences::{Done, Preferences, Way};
use crate::pages::portal::stop::Stop;
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;

/// Shows what is agreed.
pub(super) async fn page(
    State(app): State<App>,
    guest: Guest,
) -> Result<Page<Preferences>, Turned> {
    shown(&app, &guest, None).await
}

/// Keeps what was ticked.
pub(super) async fn save(
    State(app): State<App>,
    guest: Guest,
    fields: Fields,
) -> Result<Page<Preferences>, Turned> {
    let purposes: Purposes = fields
        .all("purpose")
        .filter_map(|code| code.parse::<Purpose>().ok())
        .collect();
    let ways: BTreeSet<ContactPointId> =
        fields.all("way").filter_map(|id| id.parse().ok()).collect();
    let wanted = Wanted { purposes, ways };
    let saved = app
        .desk()
        .set_portal_preferences(guest.pass(), &wanted)
        .await;
    saved.map_err(|error| guest.turned(error))?;
    shown(&app, &guest, Some(Done::Saved)).await
}

async fn shown(app: &App, guest: &Guest, done: Option<Done>) -> Result<Page<Preferences>, Turned> {
    let greeting = guest.greeted(app).await?;
    let agreed = app.desk().portal_preferences(guest.pass()).await;
    let agreed = agreed.map_err(|error| guest.turned(error))?;
    let ways = agreed
        .ways
        .into_iter()
        .filter(|way| way.channel != Channel::Voice);
    Ok(Page(Preferences {
        portal: guest.portal(&greeting),
        wanted: agreed.purposes,
        ways: ways
            .map(|way| Way {
                point: way.point,
                channel: way.channel,
                hint: way.hint,
                on: way.on,
            })
            .collect(),
        done,
    }))
}

/// Asks before everything stops. A link that is over or dead is good enough.
pub(super) async fn stop_form(State(app): State<App>, guest: Guest) -> Result<Page<Stop>, Turned> {
    let greeting = guest.greeted_at_any_age(&app).await?;
    Ok(stopping(guest, &greeting, false))
}

/// Stops everything.
pub(super) async fn stop(State(app): State<App>, guest: Guest) -> Result<Page<Stop>, Turned> {
    let greeting = guest.greeted_at_any_age(&app).await?;
    let stopped = app.desk().portal_stop(guest.link()).await;
    stopped.map_err(|error| guest.turned(error))?;
    Ok(stopping(guest, &greeting, true))
}

fn stopping(guest: Guest, greeting: &Greeting, done: bool) -> Page<Stop> {
    Page(Stop {
        portal: guest.portal(greeting),
        to: Url::PortalStop(guest.token),
        done,
    })
}

/// Asks before a kind of e-mail stops: mail scanners open links too (RFC 8058 §3).
pub(super) async fn way_out_form(
    State(app): State<App>,
    guest: Guest,
) -> Result<Page<Stop>, Turned> {
    leaving(&app, &guest, false).await
}

/// Stops a kind of e-mail.
pub(super) async fn way_out(State(app): State<App>, guest: Guest) -> Result<Page<Stop>, Turned> {
    let stopped = app.desk().unsubscribe(guest.link()).await;
    stopped.map_err(|error| guest.turned(error))?;
    leaving(&app, &guest, true).await
}

async fn leaving(app: &App, guest: &Guest, done: bool) -> Result<Page<Stop>, Turned> {
    let way = app.desk().way_out(guest.link()).await;
    let way = way.map_err(|error| guest.turned(error))?;
    let portal = guest.around(way.clinic, None, way.language);
    Ok(Page(Stop {
        portal,
        to: Url::Unsubscribe(guest.token.clone()),
        done: done || way.taken,
    }))
}
