//! Journeys: what Tendon does by itself, with a switch for each.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::Redirect;
use jiff::SignedDuration;
use tendon_desk::Journeys;

use crate::pages::frame::Section;
use crate::pages::settings::journeys::{JourneyFacts, Journeys as Shown};
use crate::pages::urls::{Name, Url};
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;
use crate::staff::view::{View, spaced};

/// Shows the journeys.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Shown>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let reader = staff.reader(&app);
    let inside: HashMap<String, u64> = reader.journey_counts().await?.into_iter().collect();
    let week = view.instant() - SignedDuration::from_hours(7 * 24);
    let sent: HashMap<String, u64> = reader.sends_by_journey(week).await?.into_iter().collect();
    let journeys = view.house.journeys();
    // The list is by version, so the newest of a name is the one that stays.
    let newest: BTreeMap<&str, _> = journeys
        .all()
        .into_iter()
        .map(|journey| (journey.name(), journey))
        .collect();
    let number = |counts: &HashMap<String, u64>, name: &str| {
        u32::try_from(counts.get(name).copied().unwrap_or(0)).unwrap_or(u32::MAX)
    };
    let facts = newest.into_iter().filter_map(|(name, journey)| {
        Some(JourneyFacts {
            name: Name::parse(name)?,
            title: journey.title().to_owned(),
            explained: journey.description().to_owned(),
            steps: Journeys::noticed(journey).into_iter().map(spaced).collect(),
            sentences: Journeys::explained(journey).into_iter().skip(1).collect(),
            version: journey.version(),
            inside: number(&inside, name),
            sent: number(&sent, name),
            on: journeys
                .current()
                .iter()
                .any(|current| current.name() == name),
        })
    });
    Ok(Page(Shown {
        frame: staff.frame(&app, Section::Settings).await?,
        journeys: facts.collect(),
    }))
}

/// Switches one on or off.
pub(crate) async fn switch(
    State(app): State<App>,
    staff: Staff,
    Of(name): Of<Name>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let on = fields.get("to") == Some("on");
    app.desk()
        .switch_journey(staff.access(), &name.to_string(), on)
        .await?;
    let said = if on {
        Said::SwitchedOn
    } else {
        Said::SwitchedOff
    };
    Ok(Redirect::to(&said::add(&Url::Journeys.to_string(), said)))
}
