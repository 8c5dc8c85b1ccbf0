//! Sandbox: what the sandbox carrier took, and answering in the patient's place.
//! The answer goes the way of any text that comes in.

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::id::{ConversationId, MessageId, PatientId};
use tendon_care::message::Body;
use tendon_desk::{DeskError, Inbound};

use super::view::View;
use crate::pages::frame::Section;
use crate::pages::parts::dotted;
use crate::pages::sandbox::{Mail, Phone, Sandbox, Shelf, Text};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;

/// The name under which messages remember the carrier.
const CARRIER: &str = "sandbox";

/// Phones, and texts on each.
const PHONES: u16 = 12;
const TEXTS: usize = 12;

/// Mails on the shelf.
const MAILS: u16 = 30;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    show: String,
}

/// Shows the phones, or the mails.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Page<Sandbox>, Refusal> {
    if !app.surface().sandbox {
        return Err(Refusal::NotFound);
    }
    let show = if asked.show == "mails" {
        Shelf::Mails
    } else {
        Shelf::Texts
    };
    let view = View::of(&app, &staff).await?;
    staff.looked_at(&app, "sandbox", None).await?;
    Ok(Page(Sandbox {
        frame: staff.frame(&app, Section::Sandbox).await?,
        show,
        phones: if show == Shelf::Texts {
            phones(&app, &staff, &view).await?
        } else {
            vec![]
        },
        mails: if show == Shelf::Mails {
            mails(&app, &staff, &view).await?
        } else {
            vec![]
        },
    }))
}

async fn phones(app: &App, staff: &Staff, view: &View) -> Result<Vec<Phone>, Refusal> {
    let reader = staff.reader(app);
    let rang = reader
        .threads_carried(Channel::Sms, CARRIER, PHONES)
        .await?;
    let patients: Vec<PatientId> = rang.iter().map(|(_, patient)| *patient).collect();
    let cards = reader.cards(&patients, view.instant()).await?;
    let mut phones = Vec::with_capacity(rang.len());
    for (thread, patient) in rang {
        let card = cards.get(&patient);
        let mut said = reader.thread(thread).await?;
        said.sort_by_key(|line| (line.state_at, !line.inbound));
        let shown = said
            .iter()
            .filter(|line| line.inbound || matches!(line.state.as_str(), "sent" | "delivered"));
        let texts: Vec<Text> = shown
            .map(|line| Text {
                at: view.at(line.state_at),
                message: (!line.inbound).then_some(line.id),
                words: line.text.expose().to_owned(),
            })
            .collect();
        let skip = texts.len().saturating_sub(TEXTS);
        phones.push(Phone {
            thread,
            name: card.map(|card| card.name.clone()).unwrap_or_default(),
            hint: card.and_then(|card| card.hint.clone()).unwrap_or_default(),
            texts: texts.into_iter().skip(skip).collect(),
        });
    }
    Ok(phones)
}

async fn mails(app: &App, staff: &Staff, view: &View) -> Result<Vec<Mail>, Refusal> {
    let reader = staff.reader(app);
    let mut mails = Vec::new();
    for message in reader.mails_carried(CARRIER, MAILS).await? {
        let Some(row) = reader.message(message).await? else {
            continue;
        };
        let person = reader.patient(row.message.patient).await?;
        let point = row.message.contact_point;
        let to = person.as_ref().map(|person| {
            let address = person
                .contact_points
                .iter()
                .find(|known| Some(known.id) == point);
            dotted([
                person.name.full(),
                address
                    .map(|known| known.address.hint())
                    .unwrap_or_default(),
            ])
        });
        let content = &row.message.content;
        mails.push(Mail {
            message,
            at: view.at(row.created_at),
            to: to.unwrap_or_default(),
            subject: content
                .subject
                .as_ref()
                .map(|subject| subject.expose().to_owned())
                .unwrap_or_default(),
            words: content.text.expose().to_owned(),
        });
    }
    Ok(mails)
}

/// Says something in the patient's place.
pub(crate) async fn answer(
    State(app): State<App>,
    staff: Staff,
    Of(thread): Of<ConversationId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    if !app.surface().sandbox {
        return Err(Refusal::NotFound);
    }
    let words = fields.get("words").unwrap_or_default().trim();
    if words.is_empty() {
        return Err(DeskError::invalid("words", "must not be empty").into());
    }
    let inbound = inbound(&app, &staff, thread, words).await?;
    app.desk().hear(&inbound).await?;
    Ok(Redirect::to(&said::add(
        &Url::Sandbox.to_string(),
        Said::Answered,
    )))
}

/// Makes the text as the carrier would have brought it: from the address that the
/// thread is with.
async fn inbound(
    app: &App,
    staff: &Staff,
    thread: ConversationId,
    words: &str,
) -> Result<Inbound, Refusal> {
    let reader = staff.reader(app);
    let row = reader
        .conversation(thread)
        .await?
        .ok_or(Refusal::NotFound)?;
    for point in reader.contact_points(row.patient).await? {
        if reader
            .conversation_with(row.patient, row.channel, &point.address)
            .await?
            == Some(thread)
        {
            return Ok(Inbound {
                practice: staff.access().practice,
                from: point.address,
                channel: row.channel,
                body: Body::new(words),
                carrier: CARRIER.to_owned(),
                carrier_ref: app.desk().mint().id::<MessageId>().to_string(),
            });
        }
    }
    Err(Refusal::Stale(
        "the address of this thread is no longer on file".to_owned(),
    ))
}
