//! Today: the lists of the day, read together.

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::extract::State;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tendon_care::appointment::{Appointment, CancelledBy, VisitKind, VisitState};
use tendon_care::contact::Phone;
use tendon_care::id::{AppointmentId, PatientId, UserId};
use tendon_care::language::Language;
use tendon_care::task::{Task, TaskKind};
use tendon_store::{
    MessageFilter, MessageLine, PatientCard, Reader, ThreadLine, UnbookedPlan, Versioned,
    VisitAhead,
};

use super::view::{self, View};
use crate::pages::frame::Section;
use crate::pages::moment;
use crate::pages::parts::{Chip, Tone, count, dotted};
use crate::pages::today::{Opening, Shown, Today, Unbooked, Unconfirmed, Waiting, Work};
use crate::server::App;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::server::session::{Staff, small};

/// Rows of a panel; the others move up as these are done.
const ROWS: usize = 12;

/// The same, as the database is told.
const ROWS_READ: u16 = 12;

/// Rows that are counted at most.
const COUNTED: u16 = 500;

/// Messages of a patient among which the one about a visit is looked for.
const RECENT: u16 = 10;

/// Weeks of the arrival rate.
const WEEKS: i64 = 12;

/// A visit of the book.
type Booked = Versioned<Appointment>;

/// Shows what needs a person now.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Today>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let reader = staff.reader(&app);
    let now = view.instant();
    let day = view.now.date();
    let (from, until) = (
        view.start_of(day),
        view.start_of(day.saturating_add(1.day())),
    );
    let book = reader.book(from, until).await?;
    let (plans, plans_in_all) = nothing_booked(&app, reader, now).await?;
    let waiting = reader.threads_waiting(COUNTED).await?;
    let answered: HashSet<PatientId> = waiting.iter().map(|line| line.thread.patient).collect();
    // What waits in a thread stands among the replies and not twice.
    let mut tasks = reader.tasks_open(COUNTED).await?;
    tasks.retain(|task| {
        task.kind != TaskKind::Reply
            || task
                .about
                .patient
                .is_none_or(|who| !answered.contains(&who))
    });
    tasks.sort_by_key(|task| (task.kind != TaskKind::RedFlag, task.due_at));

    let open: Vec<&Booked> = book
        .iter()
        .filter(|line| is_unconfirmed(line, now))
        .collect();
    let free: Vec<&Booked> = book
        .iter()
        .filter(|line| is_free(line, &book, now))
        .collect();
    let shown = shown_patients(&open, &free, &plans, &tasks);
    let cards = reader.cards(&shown, now).await?;
    let ids: Vec<_> = open.iter().take(ROWS).map(|line| line.id).collect();
    let ahead = reader.visits_ahead(&ids).await?;
    let names = view::staff_names(&app, &staff).await?;
    staff.looked_at(&app, "today", None).await?;

    let counted = book
        .iter()
        .filter(|line| !matches!(line.state, VisitState::Cancelled { .. }));
    Ok(Page(Today {
        frame: staff.frame(&app, Section::Today).await?,
        place: places(&view),
        visits: small(counted.count()),
        confirmed: small(book.iter().filter(|line| is_sure(&line.state)).count()),
        arrival: arrival(&app, reader, &view).await?,
        unconfirmed: shown_of(&open, |line| unconfirmed(line, &view, &cards, &ahead)),
        openings: shown_of(&free, |line| opening(line, &view, &cards)),
        unbooked: Shown {
            first: unbooked(reader, &plans, &view, &cards).await?,
            total: u32::try_from(plans_in_all).unwrap_or(u32::MAX),
        },
        replies: replies(reader, &waiting, &view).await?,
        tasks: works(reader, &tasks, &view, &cards, &names).await?,
        now: view.now,
    }))
}

/// Says which places the lists are about.
fn places(view: &View) -> String {
    let names: Vec<&str> = view
        .house
        .locations
        .values()
        .map(|place| place.name.as_str())
        .collect();
    if names.len() > 3 {
        count(small(names.len()), "location", "locations")
    } else {
        dotted(names)
    }
}

fn shown_of<T, U>(all: &[T], make: impl Fn(&T) -> U) -> Shown<U> {
    Shown {
        first: all.iter().take(ROWS).map(make).collect(),
        total: small(all.len()),
    }
}

/// Lists the patients whose cards the rows need.
fn shown_patients(
    open: &[&Booked],
    free: &[&Booked],
    plans: &[UnbookedPlan],
    tasks: &[Task],
) -> Vec<PatientId> {
    let visits = open.iter().take(ROWS).chain(free.iter().take(ROWS));
    let of_visits = visits.map(|line| line.patient);
    let of_plans = plans.iter().take(ROWS).map(|plan| plan.patient);
    let of_tasks = tasks
        .iter()
        .take(ROWS)
        .filter_map(|task| task.about.patient);
    let all: HashSet<PatientId> = of_visits.chain(of_plans).chain(of_tasks).collect();
    all.into_iter().collect()
}

fn is_unconfirmed(line: &Booked, now: Timestamp) -> bool {
    line.state == VisitState::Booked && line.starts_at > now
}

fn is_sure(state: &VisitState) -> bool {
    use VisitState::{Arrived, Completed, Confirmed, InProgress};
    matches!(
        state,
        Confirmed { .. } | Arrived { .. } | InProgress { .. } | Completed { .. }
    )
}

/// Tells whether a visit that was called off left a time that nobody has taken.
fn is_free(visit: &Booked, book: &[Booked], now: Timestamp) -> bool {
    let off = matches!(visit.state, VisitState::Cancelled { .. });
    let end =
        |visit: &Booked| visit.starts_at + SignedDuration::from_mins(i64::from(visit.minutes));
    let taken = || {
        book.iter().any(|other| {
            let stands = !matches!(
                other.state,
                VisitState::Cancelled { .. } | VisitState::NoShow { .. }
            );
            let same = other.location == visit.location && other.clinician == visit.clinician;
            stands && same && other.starts_at < end(visit) && end(other) > visit.starts_at
        })
    };
    off && visit.starts_at > now && !taken()
}

fn unconfirmed(
    visit: &Booked,
    view: &View,
    cards: &HashMap<PatientId, PatientCard>,
    ahead: &HashMap<AppointmentId, VisitAhead>,
) -> Unconfirmed {
    let ahead = ahead.get(&visit.id).copied().unwrap_or_default();
    let card = cards.get(&visit.patient);
    let number = u16::try_from(ahead.completed_before + 1).unwrap_or(u16::MAX);
    let before = ahead.missed_before + ahead.completed_before;
    let few = |n: u64| u8::try_from(n).unwrap_or(u8::MAX);
    Unconfirmed {
        visit: visit.id,
        patient: visit.patient,
        name: card.map(|card| card.name.clone()).unwrap_or_default(),
        at: view.visit_at(visit),
        clinician: view.clinician(visit.clinician).to_owned(),
        number: match visit.kind {
            VisitKind::Evaluation => None,
            VisitKind::Recurring => ahead.planned.map(|of| (number, of.max(number))),
        },
        language: card.map_or(Language::English, |card| card.language),
        unanswered: few(ahead.messages_sent),
        // At the visit itself the journey only ends.
        next_message: ahead
            .wakes_at
            .filter(|at| *at < visit.starts_at)
            .map(|at| view.at(at)),
        missed: (few(ahead.missed_before), few(before)),
        phone: phone(cards, visit.patient),
    }
}

fn phone(cards: &HashMap<PatientId, PatientCard>, patient: PatientId) -> Option<String> {
    let phone = cards.get(&patient).and_then(|card| card.phone.as_ref());
    phone.map(|phone| Phone::expose(phone).to_owned())
}

fn opening(visit: &Booked, view: &View, cards: &HashMap<PatientId, PatientCard>) -> Opening {
    let freed = match visit.state {
        VisitState::Cancelled { at, by, .. } => {
            let who = match by {
                CancelledBy::Patient => "called off by the patient",
                CancelledBy::Clinic => "called off by us",
                CancelledBy::Unknown => "called off",
            };
            format!("{who} {}", moment::relative(&view.at(at), &view.now))
        }
        _ => String::new(),
    };
    Opening {
        visit: visit.id,
        at: view.visit_at(visit),
        clinician: match view.clinician(visit.clinician) {
            "" => "no clinician".to_owned(),
            name => name.to_owned(),
        },
        minutes: visit.minutes,
        freed,
        patient: visit.patient,
        name: cards
            .get(&visit.patient)
            .map(|card| card.name.clone())
            .unwrap_or_default(),
    }
}

/// Returns the first plans with nothing booked. To find them is the dearest thing on
/// this page, and every open one asks again whenever something changes.
async fn nothing_booked(
    app: &App,
    reader: Reader<'_>,
    now: Timestamp,
) -> Result<crate::server::Unbooked, Refusal> {
    let practice = reader.access().practice;
    let asked = match app.unbooked().get(practice, now) {
        Ok(known) => return Ok(known),
        Err(asked) => asked,
    };
    let found = reader.plans_unbooked(now, ROWS_READ).await?;
    app.unbooked().keep(practice, asked, now, found.clone());
    Ok(found)
}

/// The journey that proposes to book the rest of a plan.
const PROPOSALS: &str = "plan-unbooked";

async fn unbooked(
    reader: Reader<'_>,
    plans: &[UnbookedPlan],
    view: &View,
    cards: &HashMap<PatientId, PatientCard>,
) -> Result<Vec<Unbooked>, Refusal> {
    let mut first = Vec::with_capacity(ROWS);
    for plan in plans.iter().take(ROWS) {
        let since = plan.last_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let filter = of_patient(plan.patient, "", since, 50);
        let sent = reader.messages(&filter).await?;
        let proposed = |line: &&MessageLine| {
            let ours = line
                .journey
                .as_ref()
                .is_some_and(|(journey, ..)| journey == PROPOSALS);
            ours && matches!(line.state.as_str(), "sent" | "delivered")
        };
        first.push(Unbooked {
            patient: plan.patient,
            name: plan.name.clone(),
            done: plan.completed,
            planned: plan.plan.visits,
            left: plan.plan.visits.saturating_sub(plan.completed),
            // A visit ahead that was called off is none that took place.
            last_visit: plan
                .last_at
                .filter(|at| *at <= view.instant())
                .map(|at| view.at(at)),
            proposals: u8::try_from(sent.iter().filter(proposed).count()).unwrap_or(u8::MAX),
            phone: phone(cards, plan.patient),
        });
    }
    Ok(first)
}

fn of_patient(patient: PatientId, state: &str, since: Timestamp, limit: u16) -> MessageFilter {
    MessageFilter {
        patient: Some(patient),
        state: state.to_owned(),
        since,
        before: None,
        limit,
    }
}

async fn replies(
    reader: Reader<'_>,
    waiting: &[ThreadLine],
    view: &View,
) -> Result<Shown<Waiting>, Refusal> {
    let shown: Vec<_> = waiting
        .iter()
        .take(ROWS)
        .map(|line| line.thread.id)
        .collect();
    let words = reader.last_words(&shown).await?;
    Ok(shown_of(waiting, |line| {
        let last = words.get(&line.thread.id);
        let intent = last.and_then(|last| last.intent.as_deref());
        Waiting {
            thread: line.thread.id,
            name: line.name.clone(),
            words: last
                .map(|last| last.text.expose().to_owned())
                .unwrap_or_default(),
            since: view.at(line.thread.waiting_since.unwrap_or(line.thread.last_at)),
            intent: intent.map_or_else(|| Chip::new(Tone::Info, "wrote"), view::intent),
        }
    }))
}

async fn works(
    reader: Reader<'_>,
    tasks: &[Task],
    view: &View,
    cards: &HashMap<PatientId, PatientCard>,
    names: &HashMap<UserId, String>,
) -> Result<Shown<Work>, Refusal> {
    let mut shown = shown_of(tasks, |task| work(task, view, cards, names));
    for (line, task) in shown.first.iter_mut().zip(tasks) {
        line.words = wished(reader, task).await?;
    }
    Ok(shown)
}

/// Returns what the patient last wrote about the visit that wants another time.
async fn wished(reader: Reader<'_>, task: &Task) -> Result<Option<String>, Refusal> {
    let (TaskKind::MoveVisit | TaskKind::RebookVisit, Some(patient)) =
        (task.kind, task.about.patient)
    else {
        return Ok(None);
    };
    let recent = of_patient(patient, "received", Timestamp::UNIX_EPOCH, RECENT);
    let said = reader.messages(&recent).await?;
    let about = |line: &&MessageLine| line.appointment == task.about.appointment;
    Ok(said
        .iter()
        .find(about)
        .map(|line| line.text.expose().to_owned()))
}

fn work(
    task: &Task,
    view: &View,
    cards: &HashMap<PatientId, PatientCard>,
    names: &HashMap<UserId, String>,
) -> Work {
    let patient = task.about.patient;
    let card = patient.and_then(|patient| cards.get(&patient));
    Work {
        task: task.id,
        what: view::task_words(task.kind),
        patient: card.map(|card| (card.id, card.name.clone())),
        words: None,
        due: view.at(task.due_at),
        owner: task.owner.map(|owner| {
            names
                .get(&owner)
                .cloned()
                .unwrap_or_else(|| "taken".to_owned())
        }),
        phone: patient.and_then(|patient| phone(cards, patient)),
        urgent: task.kind == TaskKind::RedFlag,
    }
}

/// Returns the arrival rate of the last weeks in percent, oldest first: visits
/// kept among those that count. A week without visits is left out. Twelve weeks of
/// a large practice are a hundred thousand visits, and they change slowly.
async fn arrival(app: &App, reader: Reader<'_>, view: &View) -> Result<Vec<f64>, Refusal> {
    let practice = reader.access().practice;
    if let Some((_, rates)) = app.arrivals().fresh(practice, view.instant()) {
        return Ok(rates);
    }
    let today = view.start_of(view.now.date());
    let from = today - SignedDuration::from_hours(24 * 7 * WEEKS);
    let mut weeks: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (day, kept, all) in reader.arrivals_by_day(from, today).await? {
        let week = weeks.entry(day.div_euclid(7)).or_default();
        *week = (week.0 + kept, week.1 + all);
    }
    let rate =
        |(kept, all): (u32, u32)| (all > 0).then(|| f64::from(kept) * 100.0 / f64::from(all));
    let rates: Vec<f64> = weeks.into_values().filter_map(rate).collect();
    app.arrivals().keep(practice, view.instant(), rates.clone());
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use tendon_care::id::{Id as _, LocationId};

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn line(n: u8, minute: i64, state: VisitState) -> Booked {
        let value = Appointment {
            id: AppointmentId::from_parts(at(0), [n; 10]),
            patient: PatientId::from_parts(at(0), [n; 10]),
            episode: None,
            location: LocationId::from_parts(at(0), [1; 10]),
            clinician: None,
            kind: VisitKind::Recurring,
            starts_at: at(minute),
            minutes: 40,
            booked_at: at(0),
            state,
        };
        Versioned { value, version: 1 }
    }

    fn off() -> VisitState {
        VisitState::Cancelled {
            at: at(1),
            by: CancelledBy::Patient,
            late: true,
        }
    }

    #[test]
    fn a_time_is_free_until_somebody_has_it() {
        let gone = line(1, 600, off());
        assert!(is_free(&gone, std::slice::from_ref(&gone), at(500)));
        assert!(
            !is_free(&gone, std::slice::from_ref(&gone), at(601)),
            "it is over"
        );
        let later = [gone.clone(), line(2, 640, VisitState::Booked)];
        assert!(
            is_free(&gone, &later, at(500)),
            "the next one begins when it ends"
        );
        let taken = [gone.clone(), line(2, 620, VisitState::Booked)];
        assert!(!is_free(&gone, &taken, at(500)));
        let missed = [
            gone.clone(),
            line(
                2,
                620,
                VisitState::NoShow {
                    at: at(1),
                    inferred: false,
                },
            ),
        ];
        assert!(is_free(&gone, &missed, at(500)));
    }

    #[test]
    fn who_is_confirmed_or_late_for_asking_is_not_asked() {
        assert!(is_unconfirmed(&line(1, 10, VisitState::Booked), at(9)));
        assert!(!is_unconfirmed(&line(1, 10, VisitState::Booked), at(10)));
        assert!(!is_unconfirmed(
            &line(1, 10, VisitState::Confirmed { at: at(1) }),
            at(9)
        ));
        assert!(is_sure(&VisitState::Completed { at: at(1) }));
        assert!(!is_sure(&off()));
    }
}
