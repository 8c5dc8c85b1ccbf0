use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::access::Actor;
use crate::appointment::{CancelledBy, VisitKind};
use crate::consent::{Act, Basis, Entry, Evidence, EvidenceRef, Extent, RevokedVia, ScopeMode};
use crate::contact::{Address, Email, Line, Phone, Standing as Works};
use crate::id::{AppointmentId, ConsentId, Id, LocationId, PatientId, ProxyId};
use crate::language::Language;
use crate::zone::State;

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
            ledger,
            place: Place::clinic(&clinic, State::from_code("IL")),
            person: vec![],
            there: vec![],
            expires_at: ts(NOON) + hours(24 * 60),
            now: ts(NOON),
            rules: Rules::defaults().unwrap(),
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

#[test]
fn a_plain_reminder_goes_by_text_and_every_check_is_told_in_order() {
    let decision = Scene::new().decide();
    assert_eq!(decision.outcome.code(), "send");
    let steps: Vec<Step> = decision.chain.iter().map(|check| check.step).collect();
    assert_eq!(steps, Step::ALL);
    assert!(
        decision
            .chain
            .iter()
            .all(|check| check.finding == Finding::Passed)
    );
    assert!(decision.chain[5].detail.starts_with("sms allowed by cns_"));
}

#[test]
fn a_drop_ends_the_chain_where_it_happened() {
    let decision = Scene::with(|scene| scene.paused = true).decide();
    let last = decision.chain.last().unwrap();
    assert_eq!(
        (last.step, last.finding),
        (Step::NotPaused, Finding::Failed)
    );
    assert_eq!(decision.chain.len(), 2);
    assert_eq!(decision.outcome.reason(), Some(Reason::Paused));
}

#[test]
fn the_dead_get_nothing_not_even_an_answer() {
    let dead = Life::Deceased {
        learnt_at: ts(NOON),
    };
    assert_eq!(outcome(|scene| scene.life = dead), "drop deceased");
    assert_eq!(
        outcome(|scene| {
            answer(scene);
            scene.life = dead;
        }),
        "drop deceased"
    );
}

#[test]
fn a_pause_stops_journeys_and_neither_staff_nor_safety_answers() {
    let paused = |change: fn(&mut Scene)| {
        outcome(|scene| {
            scene.paused = true;
            change(scene);
        })
    };
    assert_eq!(paused(|_| ()), "drop paused");
    assert_eq!(paused(|scene| scene.origin = Origin::Staff), "send sms 0");
    assert_eq!(paused(answer), "send sms 0");
    let chatty = |scene: &mut Scene| {
        answer(scene);
        scene.purpose = Purpose::Care;
    };
    assert_eq!(outcome(chatty), "send sms 0");
    assert_eq!(paused(chatty), "drop paused");
}

#[test]
fn a_message_stands_and_falls_with_its_visit() {
    let at = ts(NOON);
    let cancelled = VisitState::Cancelled {
        at,
        by: CancelledBy::Patient,
        late: false,
    };
    let confirmed = VisitState::Confirmed { at };
    let no_show = VisitState::NoShow { at, inferred: true };
    let done = VisitState::Completed { at };
    for (expects, state, expected) in [
        (Expects::Open, VisitState::Booked, "send sms 0"),
        (Expects::Open, confirmed.clone(), "send sms 0"),
        (Expects::Open, cancelled.clone(), "drop visit_cancelled"),
        (
            Expects::Open,
            VisitState::Void { at },
            "drop visit_cancelled",
        ),
        (
            Expects::Open,
            VisitState::Arrived { at },
            "drop visit_changed",
        ),
        (Expects::Open, no_show.clone(), "drop visit_changed"),
        (Expects::Unconfirmed, VisitState::Booked, "send sms 0"),
        (
            Expects::Unconfirmed,
            confirmed.clone(),
            "drop visit_confirmed",
        ),
        (
            Expects::Unconfirmed,
            cancelled.clone(),
            "drop visit_cancelled",
        ),
        (Expects::Missed, no_show.clone(), "send sms 0"),
        (Expects::Missed, done.clone(), "drop visit_changed"),
        (Expects::Completed, done, "send sms 0"),
        (Expects::Completed, no_show, "drop visit_changed"),
        (Expects::Cancelled, cancelled, "send sms 0"),
        (Expects::Cancelled, confirmed, "drop visit_changed"),
    ] {
        let found = outcome(|scene| {
            scene.expects = Some(expects);
            scene.visit.state = state.clone();
        });
        assert_eq!(found, expected, "{expects:?} {state:?}");
    }
    assert_eq!(
        outcome(|scene| scene.visit.starts_at += hours(1)),
        "drop visit_moved"
    );
    assert_eq!(outcome(|scene| scene.expects = None), "send sms 0");
}

#[test]
fn a_minor_is_written_to_through_the_representative_only() {
    let proxy = ProxyId::from_parts(Timestamp::UNIX_EPOCH, [7; 10]);
    assert_eq!(
        outcome(|scene| scene.recipient = Recipient::Nobody),
        "drop no_recipient"
    );
    let with_proxy = |scene: &mut Scene| scene.recipient = Recipient::Proxy(proxy);
    assert_eq!(outcome(with_proxy), "drop no_contact_point");
    let with_phone = |scene: &mut Scene| {
        with_proxy(scene);
        scene.points.push(ContactPoint {
            owner: Owner::Proxy(proxy),
            ..point(3, "+13125550199", 0)
        });
    };
    assert_eq!(outcome(with_phone), "drop consent_missing");
    let with_consent = |scene: &mut Scene| {
        with_phone(scene);
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(99, "2026-01-05T15:00:00Z", &scene.points[2], given);
        scene.ledger.push(given);
    };
    assert_eq!(outcome(with_consent), "send sms 2");
    // The child who writes of danger is answered.
    let child = |scene: &mut Scene| {
        answer(scene);
        scene.recipient = Recipient::Nobody;
    };
    assert_eq!(outcome(child), "send sms 0");
}

#[test]
fn a_text_is_tried_first_then_an_email_and_better_ranks_before_worse() {
    assert_eq!(
        outcome(|scene| scene.points[0].line = Line::Landline),
        "send email 1"
    );
    let blocked = Works::Blocked { at: ts(NOON) };
    assert_eq!(
        outcome(|scene| scene.points[0].standing = blocked),
        "send email 1"
    );
    let wrong = Works::WrongParty { at: ts(NOON) };
    let none = |scene: &mut Scene| {
        scene.points[0].standing = wrong;
        scene.points[1].standing = Works::Invalid { at: ts(NOON) };
    };
    assert_eq!(outcome(none), "drop no_contact_point");
    let second_phone = |scene: &mut Scene| {
        scene.points[0].rank = 5;
        scene.points.push(point(3, "+13125550199", 1));
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(99, "2026-01-05T15:00:00Z", &scene.points[2], given);
        scene.ledger.push(given);
    };
    assert_eq!(outcome(second_phone), "send sms 2");
}

#[test]
fn consent_is_asked_of_each_address_in_turn() {
    assert_eq!(
        outcome(|scene| scene.purpose = Purpose::Financial),
        "drop consent_missing"
    );
    assert_eq!(
        outcome(|scene| scene.ledger = Ledger::new()),
        "drop consent_missing"
    );
    let stop = |scene: &mut Scene| {
        let entry = entry(98, "2026-11-01T15:00:00Z", &scene.points[0], stopped());
        scene.ledger.push(entry);
    };
    assert_eq!(outcome(stop), "drop consent_revoked");
    let block = |scene: &mut Scene| {
        let entry = entry(
            98,
            "2026-11-01T15:00:00Z",
            &scene.points[0],
            Act::CarrierBlocked,
        );
        scene.ledger.push(entry);
    };
    // The carrier's block is the phone's alone.
    assert_eq!(outcome(block), "send email 1");
    let block_only = |scene: &mut Scene| {
        block(scene);
        scene.points.truncate(1);
    };
    assert_eq!(outcome(block_only), "drop carrier_blocked");
}

#[test]
fn the_answer_to_stop_follows_the_stop_and_nothing_else_does() {
    let stop = |scene: &mut Scene| {
        let entry = entry(98, "2026-11-20T17:59:59Z", &scene.points[0], stopped());
        scene.ledger.push(entry);
    };
    let confirmation = |scene: &mut Scene| {
        stop(scene);
        answer(scene);
        scene.expires_at = scene.now + SignedDuration::from_mins(5);
    };
    assert_eq!(outcome(confirmation), "send sms 0");
    let late = |scene: &mut Scene| {
        confirmation(scene);
        scene.now = scene.expires_at;
    };
    assert_eq!(outcome(late), "drop expired");
    let closed_today = |scene: &mut Scene| {
        scene.purpose = Purpose::Safety;
        scene.expects = None;
    };
    assert_eq!(outcome(closed_today), "send sms 0");
    let after_stop = |scene: &mut Scene| {
        stop(scene);
        closed_today(scene);
    };
    assert_eq!(outcome(after_stop), "drop consent_revoked");
}

#[test]
fn who_writes_wrong_number_is_answered_there_and_only_there() {
    let wrong = |scene: &mut Scene| {
        answer(scene);
        scene.points[0].standing = Works::WrongParty { at: ts(NOON) };
    };
    assert_eq!(outcome(wrong), "send sms 0");
    let invalid = |scene: &mut Scene| {
        answer(scene);
        scene.points[0].standing = Works::Invalid { at: ts(NOON) };
    };
    assert_eq!(outcome(invalid), "drop no_contact_point");
}

#[test]
fn a_night_message_waits_for_morning_and_is_dropped_when_morning_is_too_late() {
    let night = ts("2026-11-21T04:00:00Z");
    let morning = ts("2026-11-21T14:00:00Z");
    assert_eq!(
        outcome(|scene| scene.now = night),
        "hold quiet_hours 2026-11-21T14:00:00Z"
    );
    let stale = |scene: &mut Scene| {
        scene.now = night;
        scene.expires_at = morning;
    };
    assert_eq!(outcome(stale), "drop quiet_hours");
    let just_in_time = |scene: &mut Scene| {
        scene.now = night;
        scene.expires_at = morning + SignedDuration::from_nanos(1);
    };
    assert_eq!(
        outcome(just_in_time),
        "hold quiet_hours 2026-11-21T14:00:00Z"
    );
    assert_eq!(
        outcome(|scene| {
            answer(scene);
            scene.now = night;
        }),
        "send sms 0"
    );
    let closed = |scene: &mut Scene| {
        scene.purpose = Purpose::Safety;
        scene.expects = None;
        scene.now = night;
    };
    assert_eq!(outcome(closed), "hold quiet_hours 2026-11-21T13:00:00Z");
}

#[test]
fn the_area_code_of_the_phone_that_is_used_narrows_the_hours() {
    let honolulu = |scene: &mut Scene| scene.points[0] = point(1, "+18085550142", 0);
    let given = |scene: &mut Scene| {
        honolulu(scene);
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(97, "2026-01-05T15:00:00Z", &scene.points[0], given);
        scene.ledger.push(given);
        scene.now = ts("2026-11-20T15:00:00Z");
    };
    assert_eq!(outcome(given), "hold quiet_hours 2026-11-20T18:00:00Z");
    // By e-mail the same patient is reached at once: a mailbox has no area code.
    let by_mail = |scene: &mut Scene| {
        given(scene);
        scene.points[0].line = Line::Landline;
    };
    assert_eq!(outcome(by_mail), "send email 1");
}

#[test]
fn hours_that_never_meet_drop_the_message() {
    let guam = |scene: &mut Scene| {
        scene.purpose = Purpose::Marketing;
        scene.place = scene.place.clone().with_zone_name("Pacific/Guam");
    };
    assert_eq!(outcome(guam), "drop never_open");
}

fn sent(at: &str, purpose: Purpose) -> Sent {
    Sent {
        at: ts(at),
        purpose,
    }
}

#[test]
fn a_second_reminder_waits_for_tomorrow_and_a_fourth_for_the_week_to_pass() {
    let today =
        |scene: &mut Scene| scene.person = vec![sent("2026-11-20T14:30:00Z", Purpose::Care)];
    assert_eq!(outcome(today), "hold cap_day 2026-11-21T14:00:00Z");
    let yesterday =
        |scene: &mut Scene| scene.person = vec![sent("2026-11-20T01:59:00Z", Purpose::Care)];
    assert_eq!(outcome(yesterday), "send sms 0");
    let week = |scene: &mut Scene| {
        scene.person = vec![
            sent("2026-11-14T18:00:00Z", Purpose::Care),
            sent("2026-11-16T18:00:00Z", Purpose::Care),
            sent("2026-11-18T18:00:00Z", Purpose::Care),
        ];
    };
    // The message of Saturday the 14th counts until Friday the 20th is over.
    assert_eq!(outcome(week), "hold cap_week 2026-11-21T14:00:00Z");
    let stale = |scene: &mut Scene| {
        today(scene);
        scene.expires_at = ts("2026-11-21T14:00:00Z");
    };
    assert_eq!(outcome(stale), "drop cap_day");
    let reply = |scene: &mut Scene| {
        week(scene);
        answer(scene);
        scene.purpose = Purpose::Care;
    };
    assert_eq!(outcome(reply), "send sms 0");
}

#[test]
fn all_purposes_share_one_budget_and_promotion_has_a_small_one() {
    let two_today = |scene: &mut Scene| {
        scene.purpose = Purpose::CareOther;
        scene.person = vec![
            sent("2026-11-20T14:30:00Z", Purpose::Care),
            sent("2026-11-20T15:30:00Z", Purpose::Feedback),
        ];
    };
    assert_eq!(outcome(two_today), "hold cap_day 2026-11-21T14:00:00Z");
    let one_today = |scene: &mut Scene| {
        two_today(scene);
        scene.person.pop();
    };
    assert_eq!(outcome(one_today), "send sms 0");
    let promotions = |scene: &mut Scene| {
        scene.purpose = Purpose::Marketing;
        scene.person = vec![
            sent("2026-10-30T18:00:00Z", Purpose::Marketing),
            sent("2026-11-10T18:00:00Z", Purpose::Marketing),
        ];
    };
    assert_eq!(outcome(promotions), "hold cap_month 2026-11-30T16:00:00Z");
    // A safety message is never one too many.
    let safety = |scene: &mut Scene| {
        two_today(scene);
        scene.purpose = Purpose::Safety;
        scene.expects = None;
    };
    assert_eq!(outcome(safety), "send sms 0");
}

#[test]
fn a_household_shares_the_budget_of_its_phone() {
    let sisters = |scene: &mut Scene| {
        let contact_point = scene.points[0].id;
        scene.there = ["2026-11-20T14:30:00Z", "2026-11-20T15:30:00Z"]
            .map(|at| SentThere {
                contact_point,
                sent: sent(at, Purpose::Care),
            })
            .to_vec();
    };
    assert_eq!(outcome(sisters), "hold household_day 2026-11-21T14:00:00Z");
    // What went to the shared phone does not fill the own mailbox.
    let by_mail = |scene: &mut Scene| {
        sisters(scene);
        scene.points[0].line = Line::Landline;
    };
    assert_eq!(outcome(by_mail), "send email 1");
}

#[test]
fn days_are_counted_on_the_clock_of_every_zone() {
    // Half past three on Friday in Chicago is still Thursday in Honolulu: it counts
    // for Friday all the same, because either may be where the patient is.
    let islander = |scene: &mut Scene| {
        scene.place = scene.place.clone().with_zone_name("Pacific/Honolulu");
        scene.person = vec![sent("2026-11-20T09:30:00Z", Purpose::Care)];
        scene.now = ts("2026-11-20T19:00:00Z");
    };
    assert_eq!(outcome(islander), "hold cap_day 2026-11-21T18:00:00Z");
}

#[test]
fn a_day_with_a_clock_change_is_one_day() {
    for (sent_at, now, free) in [
        (
            "2026-03-08T13:30:00Z",
            "2026-03-09T00:30:00Z",
            "2026-03-09T13:00:00Z",
        ),
        (
            "2026-11-01T14:30:00Z",
            "2026-11-02T01:30:00Z",
            "2026-11-02T14:00:00Z",
        ),
        (
            "2028-02-29T14:30:00Z",
            "2028-03-01T01:30:00Z",
            "2028-03-01T14:00:00Z",
        ),
    ] {
        let found = outcome(|scene| {
            scene.person = vec![sent(sent_at, Purpose::Care)];
            scene.now = ts(now);
            scene.expires_at = ts(now) + hours(48);
        });
        assert_eq!(found, format!("hold cap_day {free}"));
    }
}

#[test]
fn a_held_message_wakes_when_both_the_hour_and_the_caps_allow() {
    // At night after a day that was used up, morning is soon enough.
    let night = |scene: &mut Scene| {
        scene.now = ts("2026-11-21T04:00:00Z");
        scene.person = vec![sent("2026-11-20T18:00:00Z", Purpose::Care)];
    };
    assert_eq!(outcome(night), "hold quiet_hours 2026-11-21T14:00:00Z");
    let week = |scene: &mut Scene| {
        night(scene);
        scene
            .person
            .push(sent("2026-11-18T18:00:00Z", Purpose::Care));
        scene
            .person
            .push(sent("2026-11-16T18:00:00Z", Purpose::Care));
    };
    assert_eq!(outcome(week), "hold cap_week 2026-11-23T14:00:00Z");
    let chain = Scene::with(week).decide().chain;
    let held: Vec<Step> = chain
        .iter()
        .filter(|check| check.finding == Finding::Held)
        .map(|check| check.step)
        .collect();
    assert_eq!(held, [Step::QuietHours, Step::Caps]);
}

#[test]
fn a_state_counts_hours_where_the_product_counts_days() {
    let text = "[[rule]]\nrule_id = \"cap.all.day\"\njurisdiction = \"product\"\n\
        value = { purposes = [\"P5\"], max = 9, per = \"1 day\", counts = \"both\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n\
        [[rule]]\nrule_id = \"cap.P5.month\"\njurisdiction = \"product\"\n\
        value = { purposes = [\"P5\"], max = 9, per = \"31 days\", counts = \"both\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n";
    let mut packs = crate::rules::RulePack::defaults().unwrap();
    packs.push(crate::rules::RulePack::parse("test", text).unwrap());
    let rules = Rules::layered(&packs).unwrap();
    let found = outcome(|scene| {
        scene.rules = rules;
        scene.purpose = Purpose::Marketing;
        let chicago = TimeZone::get("America/Chicago").unwrap();
        scene.place = Place::clinic(&chicago, State::from_code("FL"));
        scene.person = vec![
            sent("2026-11-19T20:00:00Z", Purpose::Marketing),
            sent("2026-11-19T21:00:00Z", Purpose::Marketing),
            sent("2026-11-20T16:00:00Z", Purpose::Marketing),
        ];
    });
    assert_eq!(found, "hold cap_hours 2026-11-20T20:00:00Z");
}

#[test]
fn a_cap_of_zero_never_frees() {
    let text = "[[rule]]\nrule_id = \"cap.P5.none\"\njurisdiction = \"IL\"\n\
        value = { purposes = [\"P5\"], max = 0, per = \"1 day\", counts = \"person\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n";
    let mut packs = crate::rules::RulePack::defaults().unwrap();
    packs.push(crate::rules::RulePack::parse("test", text).unwrap());
    let rules = Rules::layered(&packs).unwrap();
    let found = outcome(|scene| {
        scene.rules = rules;
        scene.purpose = Purpose::Marketing;
    });
    assert_eq!(found, "drop cap_day");
}

#[test]
fn no_detail_names_a_person_or_an_address() {
    for change in [
        |_: &mut Scene| (),
        answer,
        |scene: &mut Scene| scene.points.clear(),
    ] {
        let decision = Scene::with(change).decide();
        for check in &decision.chain {
            let detail = check.detail.to_lowercase();
            assert!(
                !detail.contains("0142") && !detail.contains("example"),
                "{detail}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]
    #[test]
    fn what_is_held_goes_out_when_it_wakes(
        minute in 0_i64..2 * 366 * 24 * 60,
        purpose in prop::sample::select(vec![Purpose::Care, Purpose::CareOther, Purpose::Feedback, Purpose::Marketing]),
        back in prop::collection::vec((0_i64..40 * 24 * 60, 0_usize..6), 0..8),
        zone in prop::sample::select(vec!["America/New_York", "America/Phoenix", "Pacific/Honolulu"]),
        state in prop::sample::select(vec!["AL", "IL", "FL", "TX"]),
    ) {
        let mut scene = Scene::with(|scene| {
            scene.purpose = purpose;
            scene.now = ts("2026-02-01T00:00:00Z") + SignedDuration::from_mins(minute);
            scene.expires_at = scene.now + hours(24 * 90);
            scene.expects = None;
            scene.place = scene.place.clone().with_zone_name(zone).with_region(&crate::patient::Region {
                state: Some(state.into()),
                zip: None,
            });
            scene.person = back.iter().map(|(minutes, purpose)| Sent {
                at: scene.now - SignedDuration::from_mins(*minutes),
                purpose: Purpose::ALL[*purpose],
            }).collect();
        });
        match scene.decide().outcome {
            Outcome::Hold { until, .. } => {
                prop_assert!(until > scene.now);
                scene.now = until - SignedDuration::from_nanos(1);
                prop_assert_eq!(scene.decide().outcome.code(), "hold");
                scene.now = until;
                prop_assert_eq!(scene.decide().outcome.code(), "send");
            }
            other => prop_assert_eq!(other.code(), "send"),
        }
    }
}
