//! Carriers: through whom texts and mails travel. They are set up in the server's
//! settings; the page says what stands.

use axum::extract::State;
use axum::response::Redirect;
use tendon_care::contact::Channel;

use crate::pages::frame::Section;
use crate::pages::icon::Icon;
use crate::pages::settings::carriers::{CarrierFacts, CarrierState, Carriers};
use crate::pages::urls::{Name, Url};
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;

/// Every carrier that Tendon knows, with its words.
const KNOWN: [(&str, &str, Icon); 3] = [
    ("sandbox", "Sandbox", Icon::Sandbox),
    ("twilio", "Twilio-compatible", Icon::Text),
    ("smtp", "SMTP", Icon::Mail),
];

/// Shows the carriers.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Carriers>, Refusal> {
    let carriers = KNOWN.iter().filter_map(|(name, title, icon)| {
        let unset = carries(&app, name).is_empty();
        // The sandbox is not a thing that anybody sets up.
        if unset && *name == "sandbox" {
            return None;
        }
        Some(CarrierFacts {
            name: Name::parse(name)?,
            icon: *icon,
            title: (*title).to_owned(),
            state: if unset {
                CarrierState::Unset
            } else {
                CarrierState::Works
            },
            facts: facts(&app, name),
        })
    });
    Ok(Page(Carriers {
        frame: staff.frame(&app, Section::Settings).await?,
        carriers: carriers.collect(),
        numbers: app.desk().text_numbers(staff.access()).await?,
    }))
}

/// Sets the numbers at which the practice gets texts.
pub(crate) async fn save(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let numbers = fields.get("numbers").unwrap_or_default();
    app.desk().put_text_numbers(staff.access(), numbers).await?;
    let to = said::add(&Url::Carriers.to_string(), Said::Saved);
    Ok(Redirect::to(&to))
}

/// Lists what a carrier takes.
fn carries(app: &App, name: &str) -> Vec<&'static str> {
    let ways = [(Channel::Sms, "texts"), (Channel::Email, "e-mail")];
    let taken = ways.into_iter().filter(|(channel, _)| {
        app.desk()
            .carriers()
            .of(*channel)
            .is_some_and(|carrier| carrier.name() == name)
    });
    taken.map(|(_, words)| words).collect()
}

fn facts(app: &App, name: &str) -> Vec<(&'static str, String)> {
    let carries = carries(app, name);
    if carries.is_empty() {
        return vec![];
    }
    let leaves = if name == "sandbox" {
        "nothing"
    } else {
        "what the rules let go"
    };
    vec![
        ("Carries", carries.join(" and ")),
        ("Leaves this machine", leaves.to_owned()),
    ]
}
