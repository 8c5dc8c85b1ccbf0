//! Each limit is broken in a finished database, and seen to be.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use tendon_care::appointment::CancelledBy;
use tendon_care::consent::{Act, Extent, RevokedVia, ScopeMode};
use tendon_care::contact::{Channel, ContactPoint};
use tendon_care::id::{ConsentId, ContactPointId, Id, MessageId, PatientId, TouchpointId};
use tendon_care::message::MessageState;
use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_store::{Commit, HandedOver, MessageMove, Write};
use tendon_testkit::database::Engine;

use super::facts::Facts;
use super::limits::{HOME, Limit, breaches};
use crate::world::{Lived, Span, live};

/// A finished database that somebody tampers with.
struct Tampered {
    lived: Lived,
    tripped: BTreeSet<Limit>,
    broken: BTreeSet<(Limit, MessageId)>,
    /// Patients whose record was tampered with: each limit is broken for others.
    used: BTreeSet<PatientId>,
    number: u8,
}

#[tokio::test]
async fn every_limit_can_be_broken_and_is_then_seen() {
    let span = Span {
        patients: 45,
        days: 100,
        seed: 3,
    };
    let mut tampered = Tampered {
        lived: live(Engine::sqlite("trip"), span).await,
        tripped: BTreeSet::new(),
        broken: BTreeSet::new(),
        used: BTreeSet::new(),
        number: 0,
    };
    let found = breaches(&Facts::read(&tampered.lived).await);
    assert!(found.is_empty(), "{found:#?}");
    tampered.at_night().await;
    tampered.too_many().await;
    tampered.too_many_for_a_household().await;
    tampered.against_their_will().await;
    tampered.against_their_second_no().await;
    tampered.past_a_wrong_number().await;
    tampered.about_visits().await;
    assert_eq!(tampered.tripped, BTreeSet::from(Limit::ALL));
}

impl Tampered {
    /// Commits writes, after which a message breaks a limit that it kept before.
    async fn breaks(&mut self, limit: Limit, message: MessageId, writes: Vec<Write>) {
        let mut commit = Commit::new(&self.lived.access);
        commit.extend(writes);
        self.lived.db.commit(commit).await.unwrap();
        let found = breaches(&Facts::read(&self.lived).await);
        let found: BTreeSet<_> = found.iter().map(|one| (one.limit, one.message)).collect();
        let broken = (limit, message);
        assert!(
            !self.broken.contains(&broken),
            "{limit:?} was broken before"
        );
        assert!(found.contains(&broken), "{limit:?} was broken and not seen");
        self.broken = found;
        self.tripped.insert(limit);
    }

    /// Returns at least so many messages of one patient whom nobody has used yet.
    async fn unused(&mut self, least: usize, kind: fn(&HandedOver) -> bool) -> Vec<HandedOver> {
        let facts = Facts::read(&self.lived).await;
        let (patient, sent) = facts
            .people
            .keys()
            .filter(|patient| !self.used.contains(patient))
            .find_map(|patient| {
                let own = facts.sent.iter().filter(|sent| sent.patient == *patient);
                let own: Vec<HandedOver> = own.filter(|sent| kind(sent)).cloned().collect();
                (own.len() >= least).then_some((*patient, own))
            })
            .expect("somebody with enough messages");
        self.used.insert(patient);
        sent
    }

    fn random(&mut self) -> [u8; 10] {
        self.number += 1;
        [self.number; 10]
    }

    /// Writes down that a message left at another time, or to another address.
    async fn left(&self, sent: &HandedOver, at: Timestamp, to: Option<ContactPointId>) -> Write {
        let reader = self.lived.db.reader(&self.lived.access);
        let row = reader.message(sent.message).await.unwrap().unwrap();
        let to_state = MessageState::Sending { at, attempt: 1 };
        Write::MessageState(Box::new(MessageMove {
            contact_point: to,
            ..MessageMove::to(sent.message, row.version, to_state)
        }))
    }

    fn fact(&mut self, sent: &HandedOver, at: Timestamp, fact: Fact) -> Write {
        Write::Touchpoint(Touchpoint {
            id: TouchpointId::from_parts(at, self.random()),
            patient: sent.patient,
            happened_at: at,
            fact,
            backfilled: false,
        })
    }

    async fn at_night(&mut self) {
        let sent = self.unused(1, reminds).await.remove(0);
        let night = self.left(&sent, hour(&sent, 7), None).await;
        self.breaks(Limit::Hours, sent.message, vec![night]).await;
    }

    /// All on the day of the first, or on that day and those after it.
    async fn too_many(&mut self) {
        for (limit, count, days) in [
            (Limit::CareADay, 2, 0),
            (Limit::CareAWeek, 4, 1),
            (Limit::AnyADay, 3, 0),
            (Limit::AnyAWeek, 7, 1),
        ] {
            let sent = self.unused(count, of_care).await;
            let mut writes = Vec::new();
            for (n, one) in (0..).zip(&sent[..count]) {
                let later =
                    SignedDuration::from_hours(24 * days * n) + SignedDuration::from_mins(n);
                writes.push(self.left(one, hour(&sent[0], 9) + later, None).await);
            }
            let last = sent[count - 1].message;
            self.breaks(limit, last, writes).await;
        }
    }

    /// Two of one person and one of another, to the phone that they share.
    async fn too_many_for_a_household(&mut self) {
        for (limit, count, days) in [(Limit::HouseholdADay, 2, 0), (Limit::HouseholdAWeek, 6, 1)] {
            let sent = self.unused(count, of_care).await;
            let other = self.unused(1, of_care).await.remove(0);
            let phone = sent[0].contact_point;
            let mut writes = Vec::new();
            for (n, one) in (0..).zip(sent[..count].iter().chain([&other])) {
                let later =
                    SignedDuration::from_hours(24 * days * n) + SignedDuration::from_mins(n);
                let at = hour(&sent[0], 9) + later;
                writes.push(self.left(one, at, phone).await);
            }
            self.breaks(limit, other.message, writes).await;
        }
    }

    async fn against_their_will(&mut self) {
        let sent = self.unused(2, of_care).await;
        let died = self.fact(&sent[0], sent[0].at, Fact::PatientDeceased {});
        self.breaks(Limit::Dead, sent[1].message, vec![died]).await;

        let sent = self.unused(2, of_care).await;
        let no = self.ledger(&sent[0], &revoked()).await;
        self.breaks(Limit::Stopped, sent[1].message, vec![no]).await;
    }

    /// A yes ends the no before it, and none that comes later.
    async fn against_their_second_no(&mut self) {
        let sent = self.unused(4, of_care).await;
        let reader = self.lived.db.reader(&self.lived.access);
        let known = reader.consents(sent[0].patient).await.unwrap();
        let given = known.into_iter().map(|row| row.entry.act);
        let granted = |act: &Act| matches!(act, Act::Granted { .. });
        let yes = given.into_iter().find(granted).expect("a yes");
        let mut writes = Vec::new();
        for (one, act) in sent.iter().zip([revoked(), yes, revoked()]) {
            writes.push(self.ledger(one, &act).await);
        }
        self.breaks(Limit::Stopped, sent[3].message, writes).await;
    }

    /// Enters a yes or a no into the patient's ledger, at the moment of a message.
    async fn ledger(&mut self, sent: &HandedOver, act: &Act) -> Write {
        let reader = self.lived.db.reader(&self.lived.access);
        let mut row = reader.consents(sent.patient).await.unwrap().remove(0);
        row.entry.id = ConsentId::from_parts(sent.at, self.random());
        row.entry.captured_at = sent.at;
        row.entry.act = act.clone();
        Write::Consent(Box::new(row))
    }

    /// The number is on file twice, for two people, and was called wrong for one.
    async fn past_a_wrong_number(&mut self) {
        let wrong = self.unused(1, by_text).await.remove(0);
        let other = self.unused(1, by_text).await.remove(0);
        let reader = self.lived.db.reader(&self.lived.access);
        let mut patient = reader.patient(other.patient).await.unwrap().unwrap();
        let known = reader.contact_points(wrong.patient).await.unwrap();
        let number = known
            .iter()
            .find(|point| Some(point.id) == wrong.contact_point);
        let again = ContactPoint {
            id: ContactPointId::from_parts(other.at, self.random()),
            rank: 9,
            ..number.unwrap().clone()
        };
        let id = again.id;
        patient.value.contact_points.push(again);
        let before = other.at - SignedDuration::from_hours(1);
        let told = Fact::AddressWrong {
            contact_point: wrong.contact_point.unwrap(),
        };
        let writes = vec![
            Write::Patient(Box::new(patient)),
            self.fact(&wrong, before, told),
            self.left(&other, other.at, Some(id)).await,
        ];
        self.breaks(Limit::WrongNumber, other.message, writes).await;
    }

    async fn about_visits(&mut self) {
        let sent = self.unused(1, reminds).await.remove(0);
        let (appointment, _) = sent.visit.unwrap();
        let off = Fact::VisitCancelled {
            appointment,
            by: CancelledBy::Patient,
            late: false,
        };
        let off = self.fact(&sent, sent.at, off);
        self.breaks(Limit::VisitGone, sent.message, vec![off]).await;

        let sent = self.unused(1, reminds).await.remove(0);
        let (appointment, starts_at) = sent.visit.unwrap();
        let moved = Fact::VisitMoved {
            appointment,
            from: starts_at,
            to: starts_at + SignedDuration::from_hours(24),
        };
        let moved = self.fact(&sent, sent.at, moved);
        self.breaks(Limit::VisitMoved, sent.message, vec![moved])
            .await;
    }
}

/// A no to everything.
fn revoked() -> Act {
    Act::Revoked {
        extent: Extent::Unqualified {
            topic: None,
            mode: ScopeMode::BrandAll,
        },
        via: RevokedVia::Staff,
    }
}

/// Tells a reminder of a visit that stands.
fn reminds(sent: &HandedOver) -> bool {
    let reminder = |name: &str| name.contains("reminder");
    !sent.reply && sent.template.as_deref().is_some_and(reminder)
}

fn of_care(sent: &HandedOver) -> bool {
    !sent.reply && sent.purpose == Purpose::Care
}

fn by_text(sent: &HandedOver) -> bool {
    !sent.reply && sent.channel == Channel::Sms
}

fn hour(sent: &HandedOver, hour: i8) -> Timestamp {
    let day = sent.at.in_tz(HOME).unwrap().date();
    let at = day.at(hour, 30, 0, 0).in_tz(HOME).unwrap();
    at.timestamp()
}
