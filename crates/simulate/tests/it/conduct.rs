//! What must never happen in a year, read from the finished database.
//!
//! Nothing here calls the gate or reads a rule pack: the limits are written out
//! once more, by hand, as a practice's lawyer would.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, time};
use jiff::{SignedDuration, Timestamp};
use tendon_care::consent::{Act, Entry};
use tendon_care::id::{AppointmentId, ContactPointId, PatientId};
use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::Fact;
use tendon_store::HandedOver;

use crate::world::{Lived, live};

/// Patients of the year; `TENDON_YEAR_PATIENTS` makes it another number.
fn patients() -> u32 {
    std::env::var("TENDON_YEAR_PATIENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(300)
}

#[tokio::test]
async fn a_year_keeps_hours_caps_and_everybodys_will() {
    let lived = live("conduct", patients(), 365, 11).await;
    let sent = handed_over(&lived).await;
    assert!(
        sent.len() > patients() as usize * 5,
        "{} messages",
        sent.len()
    );
    let mut by_patient: BTreeMap<PatientId, Vec<HandedOver>> = BTreeMap::new();
    for message in sent {
        by_patient.entry(message.patient).or_default().push(message);
    }
    let (mut stops, mut deaths, mut wrong) = (0, 0, 0);
    for (patient, sent) in &by_patient {
        let history = History::read(&lived, *patient).await;
        stops += usize::from(history.stopped_at.is_some());
        deaths += usize::from(history.died_at.is_some());
        wrong += usize::from(history.wrong_at.is_some());
        hours(sent);
        caps(sent);
        history.will(sent);
        history.visits(sent);
    }
    // A year in which nobody said stop would prove nothing.
    assert!(
        stops > 0 && deaths + wrong > 0,
        "{stops} stops, {deaths} deaths, {wrong} wrong numbers"
    );
    left_over(&lived).await;
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

/// Care messages leave between 8 and 20 in Chicago, where everybody here lives.
fn hours(sent: &[HandedOver]) {
    for message in sent.iter().filter(|message| !message.reply) {
        let local = message.at.in_tz("America/Chicago").unwrap().time();
        assert!(
            local >= time(8, 0, 0, 0) && local < time(20, 0, 0, 0),
            "{} at {local}",
            message.message
        );
    }
}

/// At most one care message a day and three in seven days; two and six of any kind.
fn caps(sent: &[HandedOver]) {
    let mut care: BTreeMap<Date, u32> = BTreeMap::new();
    let mut any: BTreeMap<Date, u32> = BTreeMap::new();
    for message in sent.iter().filter(|message| !message.reply) {
        let day = message.at.in_tz("America/Chicago").unwrap().date();
        *any.entry(day).or_default() += 1;
        if message.purpose == Purpose::Care {
            *care.entry(day).or_default() += 1;
        }
    }
    for (days, a_day, a_week) in [(&care, 1, 3), (&any, 2, 6)] {
        for (day, count) in days {
            assert!(*count <= a_day, "{count} on {day}");
            let week: u32 = days
                .iter()
                .filter(|(other, _)| (0..7).contains(&day.since(**other).unwrap().get_days()))
                .map(|(_, count)| count)
                .sum();
            assert!(week <= a_week, "{week} in the week to {day}");
        }
    }
}

/// What a patient's own timeline and ledger say.
struct History {
    stopped_at: Option<Timestamp>,
    resumed_at: Option<Timestamp>,
    died_at: Option<Timestamp>,
    wrong_at: Option<(ContactPointId, Timestamp)>,
    visits: HashMap<AppointmentId, Vec<(Timestamp, Standing)>>,
}

/// What is known of a visit from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open(Timestamp),
    Confirmed(Timestamp),
    Gone,
    Done,
    Missed,
}

impl History {
    async fn read(lived: &Lived, patient: PatientId) -> Self {
        let reader = lived.db.reader(&lived.access);
        let entries: Vec<Entry> = reader
            .consents(patient)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.entry)
            .collect();
        let first = |wanted: fn(&Act) -> bool| {
            entries
                .iter()
                .filter(|entry| wanted(&entry.act))
                .map(|entry| entry.captured_at)
                .min()
        };
        let stopped_at = first(|act| matches!(act, Act::Revoked { .. }));
        let resumed_at = entries
            .iter()
            .filter(|entry| matches!(entry.act, Act::Granted { .. }))
            .map(|entry| entry.captured_at)
            .filter(|at| stopped_at.is_some_and(|stop| *at > stop))
            .min();
        let mut facts = reader.timeline(patient, None, u16::MAX).await.unwrap();
        facts.reverse();
        let mut history = Self {
            stopped_at,
            resumed_at,
            died_at: None,
            wrong_at: None,
            visits: HashMap::new(),
        };
        for touchpoint in facts {
            history.learn(touchpoint.happened_at, &touchpoint.fact);
        }
        history
    }

    fn learn(&mut self, at: Timestamp, fact: &Fact) {
        let mut note = |visit: AppointmentId, standing| {
            self.visits.entry(visit).or_default().push((at, standing));
        };
        match fact {
            Fact::VisitBooked {
                appointment,
                starts_at,
            } => note(*appointment, Standing::Open(*starts_at)),
            Fact::VisitMoved {
                appointment, to, ..
            } => note(*appointment, Standing::Open(*to)),
            Fact::VisitCancelled { appointment, .. } | Fact::VisitVoided { appointment } => {
                note(*appointment, Standing::Gone);
            }
            Fact::VisitCompleted { appointment } | Fact::VisitArrived { appointment } => {
                note(*appointment, Standing::Done);
            }
            Fact::VisitMissed { appointment, .. } => note(*appointment, Standing::Missed),
            Fact::VisitConfirmed { appointment, .. } => {
                let before = self
                    .visits
                    .get(appointment)
                    .and_then(|all| all.last().copied());
                if let Some((_, Standing::Open(start) | Standing::Confirmed(start))) = before {
                    let standing = Standing::Confirmed(start);
                    self.visits
                        .entry(*appointment)
                        .or_default()
                        .push((at, standing));
                }
            }
            Fact::PatientDeceased {} => self.died_at = Some(at),
            Fact::AddressWrong { contact_point } => {
                self.wrong_at.get_or_insert((*contact_point, at));
            }
            _ => {}
        }
    }

    /// Nothing but the one confirmation goes to who said stop, who died, or to a
    /// number that belongs to somebody else.
    fn will(&self, sent: &[HandedOver]) {
        for message in sent {
            let after =
                |moment: Option<Timestamp>| moment.is_some_and(|moment| message.at > moment);
            assert!(!after(self.died_at), "{} to the dead", message.message);
            let late = SignedDuration::from_mins(5);
            let answer = |moment: Option<Timestamp>| {
                message.reply && moment.is_some_and(|moment| message.at <= moment + late)
            };
            let wrong_at = self
                .wrong_at
                .filter(|(address, _)| message.contact_point == Some(*address))
                .map(|(_, at)| at);
            if after(wrong_at) {
                assert!(answer(wrong_at), "{message:?} to a wrong number");
            }
            if after(self.stopped_at) && !after(self.resumed_at) {
                let safety = message.reply && message.purpose == Purpose::Safety;
                assert!(
                    answer(self.stopped_at) || safety,
                    "{} after a stop",
                    message.message
                );
            }
        }
    }

    /// A reminder speaks of a visit that stands, at the time at which it stands.
    fn visits(&self, sent: &[HandedOver]) {
        for message in sent.iter().filter(|message| !message.reply) {
            let Some((visit, planned_for)) = message.visit else {
                continue;
            };
            let known = self.visits.get(&visit).map_or(&[][..], Vec::as_slice);
            let standing = known
                .iter()
                .rev()
                .find(|(at, _)| *at <= message.at)
                .map(|(_, s)| *s);
            let template = message.template.as_deref().unwrap_or_default();
            let right = match template {
                "missed-visit" => standing == Some(Standing::Missed),
                "early-check" => standing == Some(Standing::Done),
                // Who has said yes is not asked again, but may be told once more.
                _ if !message.asks && standing == Some(Standing::Confirmed(planned_for)) => true,
                _ => standing == Some(Standing::Open(planned_for)),
            };
            assert!(right, "{template} {} while {standing:?}", message.message);
        }
    }
}

/// Nothing that is due is left lying, and nothing is in flight.
async fn left_over(lived: &Lived) {
    assert_eq!(lived.db.backlog(lived.until).await.unwrap(), (0, 0));
    assert!(
        lived
            .db
            .verify_audit(lived.access.practice)
            .await
            .unwrap()
            .is_ok()
    );
}
