//! A year in the life of a practice, event by event.
//!
//! A heap of what people will do next is merged with what the product has due.
//! The clock moves to the earlier of the two; the act goes through a use case;
//! then the workers run until nothing is due. With one seed the whole year is
//! the same, to the byte.

mod intake;
mod shift;
mod texts;
mod visits;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tendon_care::access::Access;
use tendon_care::contact::Address;
use tendon_care::id::{AppointmentId, LocationId, PatientId, PracticeId};
use tendon_care::practice::{Clinician, Location, OpenHours};
use tendon_channel::carrier::Outgoing;
use tendon_desk::{Desk, DeskError};

use crate::behaviour;
use crate::calendar::Calendar;
use crate::clock::SteppedClock;
use crate::person::Person;

/// Who works in the synthetic practice.
const CLINICIANS: [&str; 6] = [
    "Dr. Chen",
    "J. Patel",
    "M. Ortiz",
    "Dr. Walsh",
    "A. Novak",
    "T. Brooks",
];
const PLACES: [(&str, &str); 2] = [
    ("Riverside", "412 River Street"),
    ("Lincoln Park", "88 Grant Avenue"),
];

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

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Patients referred.
    pub patients: u64,
    /// Visits booked.
    pub booked: u64,
    /// Visits completed.
    pub completed: u64,
    /// Visits missed without a word.
    pub missed: u64,
    /// Visits called off.
    pub cancelled: u64,
    /// Messages that left.
    pub messages: u64,
    /// Texts that patients wrote.
    pub replies: u64,
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
    Start { person: usize, visit: AppointmentId },
    Finish { person: usize, visit: AppointmentId },
    Write { person: usize, words: &'static str },
    Rebook { person: usize },
    Watch { person: usize },
    Die { person: usize },
    Shift,
}

type Sent = Arc<Mutex<Vec<(String, bool)>>>;

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
    by_phone: HashMap<String, usize>,
    by_patient: HashMap<PatientId, usize>,
    heap: BinaryHeap<Reverse<(Timestamp, u64, Act)>>,
    order: u64,
    sent: Sent,
    places: Vec<LocationId>,
    clinicians: Vec<tendon_care::id::ClinicianId>,
    texts: u64,
    report: Report,
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
            calendar: Calendar::new(zone, CLINICIANS.len()),
            settings,
            people: Vec::new(),
            by_phone: HashMap::new(),
            by_patient: HashMap::new(),
            heap: BinaryHeap::new(),
            order: 0,
            sent: Sent::default(),
            places: Vec::new(),
            clinicians: Vec::new(),
            texts: 0,
            report: Report::default(),
        }
    }

    /// Listens to messages on behalf of the patients. Hand it to the sandbox
    /// carrier before the year is made: `sent` is what [`Year::hears`] gave.
    pub fn listener(sent: Ears) -> Box<dyn Fn(&Outgoing) + Send + Sync> {
        Box::new(move |outgoing: &Outgoing| {
            let Address::Phone(phone) = &outgoing.to else {
                return;
            };
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
                .push((phone.expose().to_owned(), asks));
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
        let span = self
            .settings
            .until
            .duration_since(self.settings.from)
            .as_secs_f64()
            .max(1.0);
        let mut said = 0.0;
        loop {
            let act = self.heap.peek().map(|Reverse((at, _, _))| *at);
            let due = self
                .desk
                .next_due()
                .await
                .map_err(failed("look at the clock"))?;
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
            self.drain().await?;
            let done = next.duration_since(self.settings.from).as_secs_f64() / span;
            if done - said > 0.01 {
                said = done;
                progress(done);
            }
        }
        self.clock.advance_to(self.settings.until);
        progress(1.0);
        Ok(self.report)
    }

    async fn set_up(&mut self) -> Result<(), SimulateError> {
        let zone =
            jiff::tz::TimeZone::get("America/Chicago").map_err(|_| SimulateError::Settings)?;
        let time =
            |hour| jiff::civil::Time::new(hour, 0, 0, 0).map_err(|_| SimulateError::Settings);
        let open = Some(OpenHours {
            from: time(8)?,
            until: time(18)?,
        });
        for (name, street) in PLACES {
            let id = self.desk.mint().id();
            let location = Location {
                id,
                name: name.into(),
                time_zone: zone.clone(),
                phone: None,
                street: Some(street.into()),
                hours: [open, open, open, open, open, None, None],
            };
            self.desk
                .put_location(&self.access, location)
                .await
                .map_err(failed("open a place"))?;
            self.places.push(id);
        }
        for name in CLINICIANS {
            let id = self.desk.mint().id();
            let clinician = Clinician {
                id,
                display_name: name.into(),
            };
            self.desk
                .put_clinician(&self.access, clinician)
                .await
                .map_err(failed("hire a clinician"))?;
            self.clinicians.push(id);
        }
        Ok(())
    }

    /// Spreads referrals over the working hours of the span.
    fn plan_referrals(&mut self) {
        let (first, last) = (
            self.calendar.day(self.settings.from),
            self.calendar.day(self.settings.until),
        );
        let days = first.until(last).map_or(1, |span| span.get_days()).max(1);
        for _ in 0..self.settings.patients {
            let day = first
                .checked_add(self.dice.random_range(0..days).days())
                .unwrap_or(first);
            let (hour, minute) = (self.dice.random_range(8..17), self.dice.random_range(0..60));
            if let Some(at) = self.calendar.at(day, hour, minute) {
                self.plan(at.max(self.settings.from), Act::Refer);
            }
        }
    }

    fn plan(&mut self, at: Timestamp, act: Act) {
        // Times are taken at the desk or on the phone, while somebody is there.
        let at = match act {
            Act::Rebook { .. } | Act::Call { .. } => self.calendar.desk_hours(at),
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

    /// Lets the product do what is due, and the patients read what came.
    async fn drain(&mut self) -> Result<(), SimulateError> {
        for _ in 0..1_000 {
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
            if stepped.failed + sent.failed > 0 {
                return Err(SimulateError::Stuck {
                    left: stepped.failed + sent.failed,
                });
            }
            self.read_messages();
            if stepped.claimed + sent.claimed == 0 {
                return Ok(());
            }
        }
        Err(SimulateError::Stuck { left: 1 })
    }

    fn read_messages(&mut self) {
        let messages =
            std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        for (phone, asks) in messages {
            self.report.messages += 1;
            let Some(index) = self.by_phone.get(&phone).copied() else {
                continue;
            };
            let now = self.now();
            let Some(person) = self.people.get_mut(index).filter(|_| asks) else {
                continue;
            };
            let next = person
                .visits
                .iter_mut()
                .filter(|visit| visit.open && visit.starts_at > now);
            if let Some(visit) = next.min_by_key(|visit| visit.starts_at) {
                visit.reminders += 1;
            }
            let person = person.clone();
            if let Some(words) = behaviour::answer(&mut self.dice, &person) {
                let at = self.later(0.02..5.0);
                self.plan(
                    at,
                    Act::Write {
                        person: index,
                        words,
                    },
                );
            }
        }
    }

    async fn perform(&mut self, act: Act) -> Result<(), SimulateError> {
        match act {
            Act::Refer => self.refer().await,
            Act::Call { person } => self.call(person).await,
            Act::CallOff { person, visit } => self.call_off(person, visit).await,
            Act::Start { person, visit } => self.start(person, visit).await,
            Act::Finish { person, visit } => self.finish(person, visit).await,
            Act::Write { person, words } => self.write(person, words).await,
            Act::Rebook { person } => self.book_next(person, 1).await,
            Act::Watch { person } => self.watch(person).await,
            Act::Die { person } => self.die(person).await,
            Act::Shift => self.shift().await,
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
