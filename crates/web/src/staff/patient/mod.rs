//! Patient: one page of everything, and the acts on it.

mod acts;
mod facts;
mod timeline;

use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use tendon_care::access::Permission;
use tendon_care::id::{PatientId, TouchpointId};
use tendon_care::patient::{Life, Patient as Person};
use tendon_care::task::{TaskKind, TaskState};

use super::view::{self, View};
use crate::pages::frame::Section;
use crate::pages::icon::Icon;
use crate::pages::moment;
use crate::pages::parts::{Chip, Tone};
use crate::pages::patient::{Doubles, Draft, Patient, Show};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::once;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

pub(crate) use acts::{consent, pause, planned_move, planned_send, planned_skip, propose, write};
pub(crate) use facts::written;
pub(crate) use timeline::state as message_state;

/// Facts on one page of the timeline.
const FACTS: u16 = 60;

/// Facts looked through for a part of the timeline.
const LOOKED_THROUGH: u16 = 400;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    show: String,
    #[serde(default)]
    before: String,
}

/// Shows a patient.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Page<Patient>, Refusal> {
    Ok(Page(chart(&app, &staff, patient, &asked).await?))
}

/// Reads everything that the page shows; a merged record leads to its survivor.
async fn chart(
    app: &App,
    staff: &Staff,
    patient: PatientId,
    asked: &Asked,
) -> Result<Patient, Refusal> {
    let view = View::of(app, staff).await?;
    let reader = staff.reader(app);
    let patient = reader.root_of(patient).await?;
    let person = reader
        .patient(patient)
        .await?
        .ok_or(Refusal::NotFound)?
        .value;
    staff.looked_at(app, "chart", Some(patient)).await?;
    let show = Show::from_word(&asked.show);
    let visits = reader.appointments_of(patient).await?;
    let limit = if show == Show::Everything {
        FACTS
    } else {
        LOOKED_THROUGH
    };
    let mut told = reader
        .timeline(patient, cursor(&asked.before), limit)
        .await?;
    let more = told.len() == usize::from(limit);
    let older = told.last().filter(|_| more).map(|last| {
        let before = format!("{}.{}", last.happened_at.as_millisecond(), last.id);
        Url::Patient(patient)
            .with("show", show.word())
            .with("before", &before)
    });
    told.sort_by_key(|fact| std::cmp::Reverse((fact.happened_at, timeline::rank(&fact.fact))));
    let source = timeline::Source::read(
        reader,
        patient,
        &visits,
        &view,
        staff.may(Permission::ReadMessages),
    )
    .await?;
    let first = asked.before.is_empty();
    Ok(Patient {
        frame: staff.frame(app, Section::Patients).await?,
        id: patient,
        name: person.name.full(),
        about: about(&person, &view),
        flags: flags(app, staff, &person, &view).await?,
        paused: person.paused,
        show,
        planned: if first {
            facts::planned(app, staff, patient, &view).await?
        } else {
            vec![]
        },
        past: told
            .iter()
            .filter_map(|fact| source.event(fact, show))
            .collect(),
        older,
        plan: facts::plan(reader, patient, &visits, &view).await?,
        visits: facts::visits(&visits, &view, staff.may(Permission::EditVisits)),
        contacts: facts::contacts(&person, &view),
        consents: facts::consents(app, staff, &person, &view).await?,
        reachable: facts::reachable(&person),
        proxies: facts::proxies(&person),
        doubles: doubles(app, staff, patient).await?,
        draft: Draft {
            once: once::name(app),
            ..Draft::default()
        },
        now: view.now,
    })
}

/// Tells whether there are other records of the patient, to whom it concerns.
async fn doubles(app: &App, staff: &Staff, patient: PatientId) -> Result<Doubles, Refusal> {
    if !staff.may(Permission::MergePatients) {
        return Ok(Doubles::None);
    }
    let doubts = app.desk().doubts_about(staff.access(), patient).await?;
    if !doubts.is_empty() {
        return Ok(Doubles::Doubted);
    }
    let merges = staff.reader(app).merges_of(patient).await?;
    let stands = merges
        .iter()
        .any(|merge| merge.survivor == patient && merge.undone_at.is_none());
    Ok(if stands {
        Doubles::Merged
    } else {
        Doubles::None
    })
}

/// Reads where a page of the timeline begins.
fn cursor(text: &str) -> Option<(Timestamp, TouchpointId)> {
    let (at, id) = text.split_once('.')?;
    Some((
        Timestamp::from_millisecond(at.parse().ok()?).ok()?,
        id.parse().ok()?,
    ))
}

/// Returns what stands beside the name.
fn about(person: &Person, view: &View) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(preferred) = person.name.preferred() {
        about.push(format!("called {preferred}"));
    }
    if let Some(born) = person.birth_date {
        let age = person.age(view.now.date()).unwrap_or_default();
        about.push(format!("{age}, born {}", born.strftime("%b %-d, %Y")));
    }
    about.push(person.language.own_name().to_owned());
    about.extend(
        person
            .identifiers
            .iter()
            .take(2)
            .map(|number| format!("MRN {}", number.value.expose())),
    );
    about
}

/// Returns what must be known before anything is done.
async fn flags(
    app: &App,
    staff: &Staff,
    person: &Person,
    view: &View,
) -> Result<Vec<Chip>, Refusal> {
    let reader = staff.reader(app);
    let mut flags = Vec::new();
    let tasks = reader.tasks_of(person.id).await?;
    let open = |kind| {
        tasks
            .iter()
            .find(|task| task.kind == kind && task.state == TaskState::Open)
    };
    if open(TaskKind::RedFlag).is_some() {
        flags.push(Chip::new(Tone::Bad, "possible emergency").icon(Icon::Warn));
    }
    if let Life::Deceased { learnt_at } = person.life {
        let since = moment::short(view.at(learnt_at).date(), view.now.date());
        flags.push(Chip::new(
            Tone::Plain,
            format!("deceased, known since {since}"),
        ));
    }
    if person.is_minor(view.now.date()) {
        flags.push(Chip::new(Tone::Info, "minor"));
    }
    if person.paused {
        flags.push(Chip::new(Tone::Info, "automation paused").icon(Icon::Pause));
    }
    let episodes = reader.episodes(person.id).await?;
    flags.extend(
        episodes
            .last()
            .map(|episode| view::episode_chip(episode.state.code())),
    );
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use tendon_care::id::Id as _;

    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nonsense_begins_anew() {
        let id = TouchpointId::from_parts(Timestamp::UNIX_EPOCH, [3; 10]);
        let at = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
        assert_eq!(
            cursor(&format!("{}.{id}", at.as_millisecond())),
            Some((at, id))
        );
        for bad in ["", ".", "12", "12.tch_1", "x.tch_1"] {
            assert_eq!(cursor(bad), None, "{bad}");
        }
    }
}
