//! A scene to decide in, and what is decided there.

mod checks;
mod limits;

use std::sync::LazyLock;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::*;
use crate::access::Actor;
use crate::appointment::{Appointment, CancelledBy, VisitKind};
use crate::consent::{
    Act, Basis, Entry, Evidence, EvidenceRef, Extent, Ledger, RevokedVia, ScopeMode,
};
use crate::contact::{Address, Email, Line, Phone, Standing as Works};
use crate::id::{AppointmentId, ConsentId, Id, LocationId, PatientId, ProxyId};
use crate::language::Language;
use crate::zone::State;

static DEFAULTS: LazyLock<Rules> = LazyLock::new(|| Rules::defaults().unwrap());

/// Noon in Chicago on a Friday without anything special about it.
const NOON: &str = "2026-11-20T18:00:00Z";

fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn point(number: u8, text: &str, rank: u16) -> ContactPoint {
    let address = if text.contains('@') {
        Address::Email(Email::parse(text).unwrap())
    } else {
        Address::Phone(Phone::from_e164(text).unwrap())
    };
    ContactPoint {
        id: ContactPointId::from_parts(Timestamp::UNIX_EPOCH, [number; 10]),
        owner: Owner::Patient,
        address,
        line: Line::Mobile,
        standing: Works::Unverified,
        shared: false,
        rank,
    }
}

fn entry(number: u8, at: &str, point: &ContactPoint, act: Act) -> Entry {
    Entry {
        id: ConsentId::from_parts(ts(at), [number; 10]),
        person: point.owner,
        address: point.address.clone(),
        captured_at: ts(at),
        captured_by: Actor::System { worker: "test" },
        evidence: Evidence::Feed(EvidenceRef::new("A04")),
        act,
    }
}

fn granted(purpose: Purpose, basis: Basis) -> Act {
    Act::Granted {
        purpose,
        channel: None,
        basis,
        wording_version: "care-1".into(),
        language: Language::English,
        unencrypted_warning_version: None,
    }
}

fn stopped() -> Act {
    Act::Revoked {
        extent: Extent::Unqualified {
            topic: Some(Purpose::Care),
            mode: ScopeMode::BrandAll,
        },
        via: RevokedVia::Text,
    }
}

/// A patient of a clinic in Chicago with a mobile and a mailbox, both given, and a
/// visit on the next Tuesday.
struct Scene {
    purpose: Purpose,
    origin: Origin,
    life: Life,
    paused: bool,
    recipient: Recipient,
    visit: Appointment,
    expects: Option<Expects>,
    planned_for: Timestamp,
    points: Vec<ContactPoint>,
    carried: Vec<Channel>,
    ledger: Ledger,
    place: Place,
    person: Vec<Sent>,
    there: Vec<SentThere>,
    expires_at: Timestamp,
    now: Timestamp,
    rules: Rules,
}

impl Scene {
    fn new() -> Self {
        let points = vec![point(1, "+13125550142", 0), point(2, "ana@example.org", 1)];
        let mut ledger = Ledger::new();
        let written = [Purpose::CareOther, Purpose::Feedback, Purpose::Marketing];
        for (number, point) in (0_u8..).zip(&points) {
            let given = granted(Purpose::Care, Basis::NumberGiven);
            ledger.push(entry(number, "2026-01-05T15:00:00Z", point, given));
            for (extra, purpose) in (10_u8..).zip(written) {
                let act = granted(purpose, Basis::Written);
                ledger.push(entry(
                    10 * extra + number,
                    "2026-01-05T15:00:00Z",
                    point,
                    act,
                ));
            }
        }
        let clinic = TimeZone::get("America/Chicago").unwrap();
        let starts_at = ts("2026-11-24T16:00:00Z");
        Self {
            purpose: Purpose::Care,
            origin: Origin::Automation,
            life: Life::Living,
            paused: false,
            recipient: Recipient::Patient,
            visit: Appointment {
                id: AppointmentId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
                patient: PatientId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
                episode: None,
                location: LocationId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]),
                clinician: None,
                kind: VisitKind::Recurring,
                starts_at,
                minutes: 45,
                booked_at: ts("2026-11-01T16:00:00Z"),
                state: VisitState::Booked,
            },
            expects: Some(Expects::Open),
            planned_for: starts_at,
            points,
            carried: TEXT_THEN_EMAIL.to_vec(),
            ledger,
            place: Place::clinic(&clinic, State::from_code("IL")),
            person: vec![],
            there: vec![],
            expires_at: ts(NOON) + hours(24 * 60),
            now: ts(NOON),
            rules: DEFAULTS.clone(),
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut scene = Self::new();
        change(&mut scene);
        scene
    }

    fn decide(&self) -> Decision {
        let subject = self
            .expects
            .map_or(Subject::General, |expects| Subject::Visit {
                visit: &self.visit,
                planned_for: self.planned_for,
                expects,
            });
        let request = Request {
            purpose: self.purpose,
            origin: self.origin,
            life: self.life,
            paused: self.paused,
            recipient: self.recipient,
            subject,
            channels: &TEXT_THEN_EMAIL,
            carried: &self.carried,
            contact_points: &self.points,
            ledger: &self.ledger,
            place: &self.place,
            sent_to_person: &self.person,
            sent_to_address: &self.there,
            expires_at: self.expires_at,
        };
        decide(&request, &self.rules, self.now)
    }

    /// Writes the outcome in one line.
    fn outcome(&self) -> String {
        match self.decide().outcome {
            Outcome::Send {
                contact_point,
                channel,
            } => {
                let at = self
                    .points
                    .iter()
                    .position(|point| point.id == contact_point);
                format!("send {} {}", channel.code(), at.unwrap())
            }
            Outcome::Hold { until, reason } => format!("hold {} {until}", reason.code()),
            Outcome::Drop { reason } => format!("drop {}", reason.code()),
        }
    }
}

fn outcome(change: impl FnOnce(&mut Scene)) -> String {
    Scene::with(change).outcome()
}

fn answer(scene: &mut Scene) {
    scene.purpose = Purpose::Safety;
    scene.origin = Origin::Answer {
        to: scene.points[0].id,
    };
    scene.expects = None;
}
