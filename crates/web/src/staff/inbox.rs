//! Inbox: the threads and one of them, answering, and counting what is typed.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::id::{ConversationId, UserId};
use tendon_care::language::Language;
use tendon_care::task::{TaskKind, TaskState};
use tendon_desk::{Desk, Posted};
use tendon_store::{LastWords, MessageLine, ThreadLine as Line};

use super::patient::message_state;
use super::view::{self, View};
use super::words::{advice, measure};
use crate::pages::frame::Section;
use crate::pages::inbox::{By, Count, Folder, Inbox, Said as Spoken, Thread, ThreadLine};
use crate::pages::messages::channel_words;
use crate::pages::parts::{Advice, dotted};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::back::Back;
use crate::server::forgery::Fields;
use crate::server::once;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;

/// Threads in the list.
const THREADS: u16 = 60;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    show: String,
}

/// Shows the threads.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Page<Inbox>, Refusal> {
    let folder = if asked.show == "all" {
        Folder::All
    } else {
        Folder::Waiting
    };
    staff.looked_at(&app, "inbox", None).await?;
    Ok(Page(inbox(&app, &staff, folder, None).await?))
}

/// Shows one thread beside the others.
pub(crate) async fn thread(
    State(app): State<App>,
    staff: Staff,
    Of(thread): Of<ConversationId>,
) -> Result<Page<Inbox>, Refusal> {
    Ok(Page(open(&app, &staff, thread).await?))
}

/// Answers in a thread; words that the rules advise against come back with the advice.
pub(crate) async fn reply(
    State(app): State<App>,
    staff: Staff,
    Of(thread): Of<ConversationId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let words = fields.get("words").unwrap_or_default();
    let despite = fields.get("despite").is_some();
    let at = Url::ThreadReply(thread);
    let reply = async |desk: &Desk| desk.reply(staff.access(), thread, words, despite).await;
    match once::once(&app, &staff, &at, &fields, reply).await? {
        None | Some(Posted::Queued { .. }) => {
            let to = said::add(&Url::Thread(thread).to_string(), Said::Replied);
            Ok(Redirect::to(&to).into_response())
        }
        Some(Posted::Refused(measured)) => {
            let page = drafted(&app, &staff, thread, words, advice(&measured)).await?;
            Ok(Page(page).into_response())
        }
    }
}

/// Counts what is being typed.
pub(crate) async fn count(
    State(app): State<App>,
    staff: Staff,
    Of(thread): Of<ConversationId>,
    fields: Fields,
) -> Result<Page<Count>, Refusal> {
    let words = fields.get("words").unwrap_or_default();
    Ok(Page(Count {
        frame: staff.frame(&app, Section::Inbox).await?,
        thread,
        draft: words.to_owned(),
        measure: measure(words),
    }))
}

/// Ends the waiting of a thread that needs nothing more.
pub(crate) async fn done(
    State(app): State<App>,
    staff: Staff,
    Of(thread): Of<ConversationId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    app.desk().thread_done(staff.access(), thread).await?;
    Ok(back.after(Said::ThreadDone))
}

async fn drafted(
    app: &App,
    staff: &Staff,
    thread: ConversationId,
    words: &str,
    advice: Advice,
) -> Result<Inbox, Refusal> {
    let mut page = open(app, staff, thread).await?;
    if let Some(open) = &mut page.open {
        words.clone_into(&mut open.draft);
        open.measure = measure(words);
        open.advice = advice;
    }
    Ok(page)
}

async fn open(app: &App, staff: &Staff, thread: ConversationId) -> Result<Inbox, Refusal> {
    let row = staff
        .reader(app)
        .conversation(thread)
        .await?
        .ok_or(Refusal::NotFound)?;
    staff.looked_at(app, "thread", Some(row.patient)).await?;
    let folder = if row.waiting_since.is_some() {
        Folder::Waiting
    } else {
        Folder::All
    };
    let view = View::of(app, staff).await?;
    let open = talk(app, staff, thread, &view).await?;
    inbox(app, staff, folder, Some(open)).await
}

async fn inbox(
    app: &App,
    staff: &Staff,
    folder: Folder,
    open: Option<Thread>,
) -> Result<Inbox, Refusal> {
    let view = View::of(app, staff).await?;
    let reader = staff.reader(app);
    let rows = match folder {
        Folder::Waiting => reader.threads_waiting(THREADS).await?,
        Folder::All => reader.threads(THREADS).await?,
    };
    let owners = owners(app, staff).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.thread.id).collect();
    let words = reader.last_words(&ids).await?;
    let mut threads: Vec<(bool, ThreadLine)> = rows
        .iter()
        .map(|row| line(row, words.get(&row.thread.id), &view, &owners))
        .collect();
    if folder == Folder::All {
        threads.sort_by_key(|(_, line)| std::cmp::Reverse(line.at.timestamp()));
    }
    // A possible emergency before everything, then who waits longest.
    threads.sort_by_key(|(urgent, _)| !urgent);
    Ok(Inbox {
        frame: staff.frame(app, Section::Inbox).await?,
        now: view.now,
        folder,
        threads: threads.into_iter().map(|(_, line)| line).collect(),
        open,
    })
}

/// Returns who has taken the open work of which patient.
async fn owners(
    app: &App,
    staff: &Staff,
) -> Result<HashMap<tendon_care::id::PatientId, String>, Refusal> {
    let names: HashMap<UserId, String> = view::staff_names(app, staff).await?;
    let tasks = staff.reader(app).tasks_open(500).await?;
    let owned = tasks.into_iter().filter_map(|task| {
        let wanted = matches!(task.kind, TaskKind::Reply | TaskKind::RedFlag);
        let owner = task
            .owner
            .filter(|_| wanted)
            .and_then(|owner| names.get(&owner).cloned());
        Some((task.about.patient?, owner?))
    });
    Ok(owned.collect())
}

/// Makes a line; tells whether its words may mean danger.
fn line(
    row: &Line,
    last: Option<&LastWords>,
    view: &View,
    owners: &HashMap<tendon_care::id::PatientId, String>,
) -> (bool, ThreadLine) {
    let intent = last
        .and_then(|last| last.intent.as_deref())
        .map(view::intent);
    let urgent = intent
        .as_ref()
        .is_some_and(|chip| chip.tone == crate::pages::parts::Tone::Bad);
    let waits = row.thread.waiting_since.is_some();
    let line = ThreadLine {
        id: row.thread.id,
        name: row.name.clone(),
        words: last
            .map(|last| last.text.expose().to_owned())
            .unwrap_or_default(),
        at: view.at(row.thread.last_inbound_at.unwrap_or(row.thread.last_at)),
        unread: waits,
        intent: intent.filter(|_| waits),
        owner: owners.get(&row.thread.patient).filter(|_| waits).cloned(),
    };
    (urgent && waits, line)
}

async fn talk(
    app: &App,
    staff: &Staff,
    thread: ConversationId,
    view: &View,
) -> Result<Thread, Refusal> {
    let reader = staff.reader(app);
    let row = reader
        .conversation(thread)
        .await?
        .ok_or(Refusal::NotFound)?;
    let person = reader
        .patient(row.patient)
        .await?
        .ok_or(Refusal::NotFound)?
        .value;
    let mut said = reader.thread(thread).await?;
    // An answer of the same moment comes after what it answers.
    said.sort_by_key(|line| (line.created_at, !line.inbound));
    let names = view::staff_names(app, staff).await?;
    let tasks = reader.tasks_of(row.patient).await?;
    let danger = tasks
        .iter()
        .any(|task| task.kind == TaskKind::RedFlag && task.state == TaskState::Open);
    let mut hint = String::new();
    for point in &person.contact_points {
        if reader
            .conversation_with(row.patient, row.channel, &point.address)
            .await?
            == Some(thread)
        {
            hint = point.address.hint();
            break;
        }
    }
    let language = match person.language {
        Language::English => "",
        Language::Spanish => "Spanish",
    };
    Ok(Thread {
        id: thread,
        patient: Some(row.patient),
        name: person.name.full(),
        detail: dotted([hint.as_str(), language, channel_words(row.channel)]),
        alarm: danger.then(|| {
            "These words may mean danger. Call now; do not answer by text alone.".to_owned()
        }),
        said: said.iter().map(|line| spoken(line, view, &names)).collect(),
        closed: closed(&said, &hint, row.channel),
        once: once::name(app),
        draft: String::new(),
        measure: measure(""),
        advice: Advice::default(),
    })
}

/// Says why nothing can be sent, where that is so.
fn closed(said: &[MessageLine], hint: &str, channel: Channel) -> Option<String> {
    if hint.is_empty() {
        return Some(
            "This address is no longer on file. Write from the patient’s page.".to_owned(),
        );
    }
    if channel == Channel::Voice {
        return Some("Calls are answered by calling back.".to_owned());
    }
    let last = said
        .iter()
        .rev()
        .filter(|line| line.inbound)
        .find_map(|line| line.intent.as_deref());
    (last == Some("opt_out_all"))
        .then(|| "The last thing they wrote asks for no more messages. Call instead.".to_owned())
}

fn spoken(line: &MessageLine, view: &View, names: &HashMap<UserId, String>) -> Spoken {
    let unsent = matches!(
        line.state.as_str(),
        "dropped" | "failed" | "queued" | "parked"
    );
    let by = match (&line.journey, line.inbound) {
        (_, true) => By::Patient,
        (Some((journey, ..)), false) => By::Journey {
            name: view.journey_title(journey),
            message: line.id,
            unsent,
        },
        (None, false) => {
            // Without a sender it answered by itself: a confirmation, a word of help.
            let name = line.sender.and_then(|sender| names.get(&sender));
            By::Staff {
                name: name.map_or_else(|| "the practice".to_owned(), String::clone),
                message: line.id,
                unsent,
            }
        }
    };
    let chip = if line.inbound {
        line.intent.as_deref().map(view::intent)
    } else {
        Some(message_state(&line.state))
    };
    Spoken {
        at: view.at(line.created_at),
        by,
        words: line.text.expose().to_owned(),
        chip,
        did: String::new(),
    }
}
