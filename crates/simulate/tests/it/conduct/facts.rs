//! What the database tells: what was handed to carriers, to which addresses, and
//! each patient's own timeline and ledger.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use tendon_care::consent::{Act, Extent};
use tendon_care::contact::Address;
use tendon_care::id::{AppointmentId, ContactPointId, PatientId};
use tendon_care::touchpoint::Fact;
use tendon_store::HandedOver;

use crate::world::Lived;

/// Everything that the limits are held against.
pub struct Facts {
    pub sent: Vec<HandedOver>,
    pub addresses: HashMap<ContactPointId, Address>,
    pub people: BTreeMap<PatientId, History>,
}

/// What a patient's own timeline and ledger say.
#[derive(Default)]
pub struct History {
    pub stops: Vec<Stop>,
    pub died_at: Option<Timestamp>,
    /// Addresses that turned out to belong to somebody else.
    pub wrong: Vec<(ContactPointId, Timestamp)>,
    pub visits: HashMap<AppointmentId, Vec<(Timestamp, Standing)>>,
}

/// A no in the ledger.
#[derive(Debug)]
pub struct Stop {
    pub at: Timestamp,
    /// For this address only, as who shares a phone says it for the others.
    pub only: Option<String>,
    /// When the next yes came; a later no is one of its own.
    pub until: Option<Timestamp>,
}

impl Stop {
    /// Tells whether it holds for an address at a moment.
    pub fn holds(&self, address: Option<&str>, at: Timestamp) -> bool {
        let here = self.only.is_none() || self.only.as_deref() == address;
        here && at > self.at && self.until.is_none_or(|until| at < until)
    }
}

/// What is known of a visit from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open(Timestamp),
    Confirmed(Timestamp),
    Gone,
    Done,
    Missed,
}

/// How much there was to go wrong.
#[derive(Debug)]
pub struct Told {
    pub sent: usize,
    pub stops: usize,
    pub deaths: usize,
    pub wrong_numbers: usize,
    /// What went to the same people afterwards, to other addresses of theirs.
    pub sent_elsewhere: usize,
    pub moved: usize,
    pub called_off: usize,
    pub shared_addresses: usize,
    pub far_away: usize,
}

impl Facts {
    pub async fn read(lived: &Lived) -> Self {
        let reader = lived.db.reader(&lived.access);
        let mut facts = Self {
            sent: handed_over(lived).await,
            addresses: HashMap::new(),
            people: BTreeMap::new(),
        };
        let patients: Vec<PatientId> = facts.sent.iter().map(|sent| sent.patient).collect();
        for patient in patients {
            if facts.people.contains_key(&patient) {
                continue;
            }
            for point in reader.contact_points(patient).await.unwrap() {
                facts.addresses.insert(point.id, point.address);
            }
            let history = History::read(lived, patient).await;
            facts.people.insert(patient, history);
        }
        facts
    }

    /// Returns where a message went.
    pub fn address(&self, sent: &HandedOver) -> Option<&Address> {
        self.addresses.get(&sent.contact_point?)
    }

    fn is_elsewhere(&self, sent: &HandedOver) -> bool {
        let wrong = &self.people[&sent.patient].wrong;
        wrong
            .iter()
            .any(|(point, at)| sent.at > *at && sent.contact_point != Some(*point))
    }

    pub fn told(&self) -> Told {
        let people = || self.people.values();
        let count = |holds: fn(&History) -> bool| people().filter(|one| holds(one)).count();
        let visits = || people().flat_map(|one| one.visits.values());
        let mut holders: HashMap<String, usize> = HashMap::new();
        for address in self.addresses.values() {
            *holders.entry(address.comparable()).or_default() += 1;
        }
        let began = |standing: &(Timestamp, Standing)| matches!(standing.1, Standing::Open(_));
        Told {
            sent: self.sent.len(),
            stops: count(|one| !one.stops.is_empty()),
            deaths: count(|one| one.died_at.is_some()),
            wrong_numbers: count(|one| !one.wrong.is_empty()),
            sent_elsewhere: self
                .sent
                .iter()
                .filter(|one| self.is_elsewhere(one))
                .count(),
            moved: visits()
                .filter(|known| known.iter().filter(|one| began(one)).count() > 1)
                .count(),
            called_off: visits()
                .filter(|known| known.last().is_some_and(|last| last.1 == Standing::Gone))
                .count(),
            shared_addresses: holders.values().filter(|count| **count > 1).count(),
            far_away: self
                .addresses
                .values()
                .filter(|address| super::limits::zone_of(address) != super::limits::HOME)
                .count(),
        }
    }
}

async fn handed_over(lived: &Lived) -> Vec<HandedOver> {
    let reader = lived.db.reader(&lived.access);
    let mut all: Vec<HandedOver> = Vec::new();
    loop {
        let after = all.last().map(|last| (last.at, last.message));
        let page = reader.handed_over(after, 1_000).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

impl History {
    async fn read(lived: &Lived, patient: PatientId) -> Self {
        let reader = lived.db.reader(&lived.access);
        let mut history = Self::default();
        let mut entries = reader.consents(patient).await.unwrap();
        entries.sort_by_key(|row| row.entry.captured_at);
        for row in entries {
            let at = row.entry.captured_at;
            match row.entry.act {
                Act::Revoked { extent, .. } => {
                    let narrowed = matches!(extent, Extent::Narrowed { .. });
                    let only = narrowed.then(|| row.entry.address.comparable());
                    let until = None;
                    history.stops.push(Stop { at, only, until });
                }
                Act::Granted { .. } => {
                    for stop in history.stops.iter_mut().filter(|stop| at > stop.at) {
                        stop.until.get_or_insert(at);
                    }
                }
                _ => {}
            }
        }
        let mut facts = reader.timeline(patient, None, u16::MAX).await.unwrap();
        facts.reverse();
        for touchpoint in facts {
            history.learn(touchpoint.happened_at, &touchpoint.fact);
        }
        history
    }

    fn learn(&mut self, at: Timestamp, fact: &Fact) {
        let (visit, standing) = match fact {
            Fact::VisitBooked {
                appointment,
                starts_at,
            } => (*appointment, Standing::Open(*starts_at)),
            Fact::VisitMoved {
                appointment, to, ..
            } => (*appointment, Standing::Open(*to)),
            Fact::VisitCancelled { appointment, .. } | Fact::VisitVoided { appointment } => {
                (*appointment, Standing::Gone)
            }
            Fact::VisitCompleted { appointment } | Fact::VisitArrived { appointment } => {
                (*appointment, Standing::Done)
            }
            Fact::VisitMissed { appointment, .. } => (*appointment, Standing::Missed),
            Fact::VisitConfirmed { appointment, .. } => {
                let Some(Standing::Open(start) | Standing::Confirmed(start)) =
                    self.standing(*appointment, at)
                else {
                    return;
                };
                (*appointment, Standing::Confirmed(start))
            }
            Fact::PatientDeceased {} => {
                self.died_at.get_or_insert(at);
                return;
            }
            Fact::AddressWrong { contact_point } => {
                self.wrong.push((*contact_point, at));
                return;
            }
            _ => return,
        };
        self.visits.entry(visit).or_default().push((at, standing));
    }

    /// Returns what was known of a visit at a moment.
    pub fn standing(&self, visit: AppointmentId, at: Timestamp) -> Option<Standing> {
        let known = self.visits.get(&visit)?;
        let last = known.iter().rev().find(|(since, _)| *since <= at)?;
        Some(last.1)
    }
}
