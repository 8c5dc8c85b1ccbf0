//! A year in the life of a practice, event by event.
//!
//! A heap of what people will do next is merged with what the product has due.
//! The clock moves to the earlier of the two; the act goes through a use case;
//! then the workers run until nothing is due. With one seed the whole year is
//! the same, to the byte.

mod booking;
mod intake;
mod leaving;
mod opening;
mod shift;
mod texts;
mod visits;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tendon_care::access::Access;
use tendon_care::contact::Address;
use tendon_care::id::{AppointmentId, ClinicianId, LocationId, MessageId, PatientId, PracticeId};
use tendon_channel::carrier::Outgoing;
use tendon_desk::{Desk, DeskError};

use crate::calendar::Calendar;
use crate::clock::SteppedClock;
use crate::outcome::Report;
use crate::person::Person;
use crate::words::Text;

/// How large, when and from which seed.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Patients who are referred within the span.
    pub patients: u32,
    /// The first moment.
    pub from: Timestamp,
    /// The last moment; visits beyond it stay on the book.
    pub until: Timestamp,
    /// The seed.
    pub seed: u64,
}

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The product refused something that a practice does every day.
    #[error("the simulated practice could not {doing}")]
    Desk {
        /// What it was doing.
        doing: &'static str,
        /// Why not.
        #[source]
        source: DeskError,
    },
    /// Work that is due is not getting done.
    #[error("{left} pieces of work were left undone")]
    Stuck {
        /// How many.
        left: usize,
    },
    /// The settings make no sense, or a name table is empty.
    #[error("the simulation's settings make no sense")]
    Settings,
}

/// What somebody does next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Refer,
    Call { person: usize },
    CallOff { person: usize, visit: AppointmentId },
    Move { person: usize, visit: AppointmentId },
    Start { person: usize, visit: AppointmentId },
    Finish { person: usize, visit: AppointmentId },
    Write { person: usize, text: Text },
    Rebook { person: usize },
    Quit { person: usize },
    ClearBook { person: usize },
    Die { person: usize },
    Receipt { message: MessageId, delivered: bool },
    Shift,
    Night,
}

/// What was heard of a message.
#[derive(Clone, Debug)]
struct Heard {
    address: String,
    by_text: bool,
    message: MessageId,
    /// It asks for an answer.
    asks: bool,
}

type Sent = Arc<Mutex<Vec<Heard>>>;

/// A year in the making.
#[derive(Debug)]
pub struct Year {
    desk: Desk,
    clock: Arc<SteppedClock>,
    access: Access,
    settings: Settings,
    dice: ChaCha8Rng,
    calendar: Calendar,
    people: Vec<Person>,
    by_address: HashMap<String, Vec<usize>>,
    by_patient: HashMap<PatientId, usize>,
    heap: BinaryHeap<Reverse<(Timestamp, u64, Act)>>,
    order: u64,
    sent: Sent,
    places: Vec<LocationId>,
    clinicians: Vec<ClinicianId>,
    numbers: u32,
    texts: u64,
}

fn failed(doing: &'static str) -> impl Fn(DeskError) -> SimulateError {
    move |source| SimulateError::Desk { doing, source }
}

impl Year {
    /// Prepares a year for a practice that exists and has a desk on `clock`. The
    /// desk's carrier must call [`Year::listener`] with every message.
    pub fn new(
        desk: Desk,
        clock: Arc<SteppedClock>,
        practice: PracticeId,
        settings: Settings,
    ) -> Self {
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap_or(jiff::tz::TimeZone::UTC);
        Self {
            desk,
            clock,
            access: Access::system(practice, "simulate"),
            dice: ChaCha8Rng::seed_from_u64(settings.seed),
            calendar: Calendar::new(zone, opening::clinicians(&settings)),
            settings,
            people: Vec::new(),
            by_address: HashMap::new(),
            by_patient: HashMap::new(),
            heap: BinaryHeap::new(),
            order: 0,
            sent: Sent::default(),
            places: Vec::new(),
            clinicians: Vec::new(),
            numbers: 0,
            texts: 0,
        }
    }

    /// Listens to messages on behalf of the patients. Hand it to the sandbox
    /// carrier before the year is made: `sent` is what [`Year::hears`] gave.
    pub fn listener(sent: Ears) -> Box<dyn Fn(&Outgoing) + Send + Sync> {
        Box::new(move |outgoing: &Outgoing| {
            let text = outgoing.content.text.expose();
            // A text that offers answers asks for one.
            let asks = text.contains('1')
                && text.contains('2')
                && text.contains('3')
                && text.contains(": ");
            let asks = asks && (text.contains("Reply 1") || text.contains("Responda: 1"));
            sent.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Heard {
                    address: outgoing.to.comparable(),
                    by_text: matches!(outgoing.to, Address::Phone(_)),
                    message: outgoing.message,
                    asks,
                });
        })
    }

    /// Lets the year hear what a listener hears.
    #[must_use]
    pub fn hears(mut self, ears: &Ears) -> Self {
        self.sent = Arc::clone(&ears.0);
        self
    }

    /// Runs the whole span. `progress` is called now and then with the share done.
    pub async fn run(mut self, progress: impl Fn(f64)) -> Result<Report, SimulateError> {
        self.set_up().await?;
        self.plan_referrals();
        self.plan_shifts();
        self.plan_nights();
        let span = self
            .settings
            .until
            .duration_since(self.settings.from)
            .as_secs_f64()
            .max(1.0);
        let mut said = 0.0;
        let mut due = self.next_due().await?;
        loop {
            let act = self.heap.peek().map(|Reverse((at, _, _))| *at);
            let next = [act, due].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= self.settings.until) else {
                break;
            };
            self.clock.advance_to(next);
            if act.is_some_and(|act| act <= next)
                && let Some(Reverse((_, _, act))) = self.heap.pop()
            {
                self.perform(act).await?;
            }
            due = self.drain().await?;
            let done = next.duration_since(self.settings.from).as_secs_f64() / span;
            if done - said > 0.01 {
                said = done;
                progress(done);
            }
        }
        self.clock.advance_to(self.settings.until);
        progress(1.0);
        let mut report = Report::of(&self.people, self.settings.until);
        report.replies = self.texts;
        report.messages = self.count_messages().await?;
        Ok(report)
    }

    /// Counts what was handed to carriers, by purpose class.
    async fn count_messages(
        &self,
    ) -> Result<BTreeMap<tendon_care::purpose::Purpose, u64>, SimulateError> {
        let reader = self.desk.db().reader(&self.access);
        let mut counts = BTreeMap::new();
        let mut after: Option<(Timestamp, MessageId)> = None;
        loop {
            let page = reader
                .handed_over(after, 5_000)
                .await
                .map_err(|error| failed("count its messages")(error.into()))?;
            let Some(last) = page.last() else {
                return Ok(counts);
            };
            after = Some((last.at, last.message));
            for message in &page {
                *counts.entry(message.purpose).or_default() += 1;
            }
        }
    }

    fn plan(&mut self, at: Timestamp, act: Act) {
        // Times are taken at the desk or on the phone, while somebody is there.
        let at = match act {
            Act::Rebook { .. } | Act::Call { .. } | Act::Quit { .. } | Act::ClearBook { .. } => {
                self.calendar.desk_hours(at)
            }
            _ => at,
        };
        self.order += 1;
        self.heap.push(Reverse((at, self.order, act)));
    }

    fn now(&self) -> Timestamp {
        self.desk.now()
    }

    fn later(&mut self, hours: std::ops::Range<f64>) -> Timestamp {
        let hours = self.dice.random_range(hours);
        self.now() + span(hours)
    }

    fn chance(&mut self) -> f64 {
        self.dice.random_range(0.0..1.0)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, SimulateError> {
        let due = self.desk.next_due().await;
        due.map_err(failed("look at the clock"))
    }

    /// Lets the product do what is due, and the patients read what came. Returns when
    /// something is due next.
    async fn drain(&mut self) -> Result<Option<Timestamp>, SimulateError> {
        let mut left = 0;
        for _ in 0..1_000 {
            let due = self.next_due().await?;
            if due.is_none_or(|due| due > self.now()) {
                return Ok(due);
            }
            let stepped = self
                .desk
                .step_due()
                .await
                .map_err(failed("step its journeys"))?;
            let sent = self
                .desk
                .dispatch_due()
                .await
                .map_err(failed("send its messages"))?;
            left = stepped.failed + sent.failed;
            if left > 0 {
                break;
            }
            self.read_messages();
        }
        Err(SimulateError::Stuck { left: left.max(1) })
    }

    async fn perform(&mut self, act: Act) -> Result<(), SimulateError> {
        match act {
            Act::Refer => self.refer().await,
            Act::Call { person } => self.call(person).await,
            Act::CallOff { person, visit } => self.call_off(person, visit).await,
            Act::Start { person, visit } => self.start(person, visit).await,
            Act::Finish { person, visit } => self.finish(person, visit).await,
            Act::Move { person, visit } => self.move_visit(person, visit).await,
            Act::Write { person, text } => self.write(person, text).await,
            Act::Rebook { person } => self.book_on(person).await,
            Act::Quit { person } => self.quit(person).await,
            Act::ClearBook { person } => self.clear_book(person).await,
            Act::Die { person } => self.die(person).await,
            Act::Receipt { message, delivered } => self.receive(message, delivered).await,
            Act::Shift => self.shift().await,
            Act::Night => self.night().await,
        }
    }
}

/// A number of hours, to the second.
fn span(hours: f64) -> SignedDuration {
    let exact = SignedDuration::try_from_secs_f64(hours * 3_600.0).unwrap_or_default();
    SignedDuration::from_secs(exact.as_secs())
}

/// What a listener heard and the year will read.
#[derive(Clone, Debug, Default)]
pub struct Ears(Sent);

/// A visit that was settled another way meanwhile is no error: two people act
/// on the same book. Tells whether the act was done.
fn ignore_settled(done: Result<(), DeskError>, doing: &'static str) -> Result<bool, SimulateError> {
    match done {
        Ok(()) => Ok(true),
        Err(DeskError::Visit(_)) => Ok(false),
        Err(source) => Err(SimulateError::Desk { doing, source }),
    }
}
