//! What a visit of the past left in the outbox, the inbox and on the timeline.

use jiff::Timestamp;
use serde_json::json;
use tendon_care::appointment::VisitState;
use tendon_care::contact::Channel;
use tendon_care::decision::{Finding, Step};
use tendon_care::id::{Id as _, MessageId};
use tendon_care::language::Language;
use tendon_care::message::{Body, Cause, Content, Message, MessageState};
use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::Fact;
use tendon_store::{
    Commit, DecisionRow, EnrolmentRow, InboundRow, MessageMove, MessageRow, WakeAt, Write,
};

use super::super::town::{Kind, Town};
use super::history::{DAY, HOUR, MINUTE, Visit, via};

const JOURNEY: &str = "visit-reminder";
const STEP: &str = "recurring-1-day";

fn message_id(town: &Town, visit: &Visit, at: Timestamp) -> MessageId {
    town.id(visit.course.number, Kind::Message, visit.index, at)
}

/// The enrolment of a visit: ended where the visit is over, else waiting for its
/// day before.
pub(super) fn enrolment(town: &Town, visit: &Visit) -> Write {
    let due_at = visit.starts_at - DAY;
    let off = matches!(visit.state, VisitState::Cancelled { .. });
    let ahead = due_at > town.present && !off;
    let wake = ahead.then(|| WakeAt {
        step: STEP.to_owned(),
        at: due_at,
    });
    let reason = match visit.state {
        VisitState::Cancelled { .. } => "cancelled",
        VisitState::NoShow { .. } => "missed",
        _ => "came",
    };
    let ended_at = visit.starts_at.min(town.present);
    let state = if ahead {
        json!({ "waiting": { "step": STEP, "due_at": due_at } })
    } else {
        json!({ "ended": { "reason": { "exited": reason }, "at": ended_at } })
    };
    let stored = json!({
        "format": "tendon.enrolment", "format_version": 1, "journey": JOURNEY, "version": 1,
        "about": {
            "patient": visit.patient.to_string(),
            "episode": visit.episode.to_string(),
            "appointment": visit.id.to_string(),
        },
        "entered_at": visit.booked_at, "state": state, "previous": visit.booked_at,
    });
    Write::EnrolmentNew(Box::new(EnrolmentRow {
        id: town.id(
            visit.course.number,
            Kind::Enrolment,
            visit.index,
            visit.booked_at,
        ),
        journey: JOURNEY.to_owned(),
        journey_version: 1,
        subject: visit.id.uuid(),
        patient: visit.patient,
        appointment: Some(visit.id),
        episode: Some(visit.episode),
        state: stored.to_string(),
        wake,
        entered_at: visit.booked_at,
        ended: (!ahead).then(|| (ended_at, reason.to_owned())),
    }))
}

/// The reminder of a visit with its decision, and the answer to it.
pub(super) fn reminder(town: &Town, visit: &Visit, commit: &mut Commit) {
    let Some(at) = visit.reminded else { return };
    let number = visit.course.number;
    let id = message_id(town, visit, at);
    let thread = town.id(number, Kind::Thread, 0, visit.course.registered);
    let point = town.id(number, Kind::Contact, 0, visit.course.registered);
    commit.push(Write::MessageNew(Box::new(MessageRow {
        message: Message {
            id,
            patient: visit.patient,
            conversation: Some(thread),
            contact_point: Some(point),
            channel: Channel::Sms,
            purpose: Purpose::Care,
            language: Language::English,
            cause: Cause::Journey {
                enrolment: town.id(number, Kind::Enrolment, visit.index, visit.booked_at),
                journey: JOURNEY.to_owned(),
                version: 1,
                step: STEP.to_owned(),
            },
            appointment: Some(visit.id),
            content: Content {
                subject: None,
                text: Body::new("Bench PT: you have a visit tomorrow. Reply 1 yes, 2 move, 3 can't come. Stop: STOP"),
                html: None,
            },
            expires_at: visit.starts_at - HOUR * 3,
            state: MessageState::Queued { due_at: at },
        },
        template: Some("visit-reminder-1-day".to_owned()),
        prompt: Some("visit".to_owned()),
        appointment_start: Some(visit.starts_at),
        sender: None,
        segments: 1,
        priority: 100,
        created_at: at,
        carrier: None,
    })));
    let delivered = MessageState::Delivered {
        at: at + MINUTE,
        carrier_ref: id.to_string(),
    };
    commit.push(Write::MessageState(Box::new(MessageMove {
        carrier: Some("sandbox".to_owned()),
        ..MessageMove::to(id, 1, delivered)
    })));
    commit.push(Write::OutboxGone(id));
    commit.push(Write::Decision(Box::new(DecisionRow {
        id: town.id(number, Kind::Decision, visit.index, at),
        message: id,
        at,
        outcome: "send".to_owned(),
        reason: String::new(),
        until: None,
        chain: chain(),
        by: None,
    })));
    if let Some(at) = visit.answered {
        let id: MessageId = town.id(number, Kind::Inbound, visit.index, at);
        commit.push(Write::InboundNew(Box::new(InboundRow {
            id,
            conversation: thread,
            patient: visit.patient,
            contact_point: Some(point),
            channel: Channel::Sms,
            language: Language::English,
            appointment: Some(visit.id),
            body: Body::new("1 thank you, see you tomorrow"),
            carrier: "sandbox".to_owned(),
            carrier_ref: id.to_string(),
            intent: "confirm".to_owned(),
            at,
        })));
    }
}

fn chain() -> String {
    let passed = Finding::Passed.code();
    let checks: Vec<[&str; 3]> = Step::ALL
        .iter()
        .map(|step| [step.code(), passed, ""])
        .collect();
    json!(checks).to_string()
}

/// Everything that a timeline may say of a visit, the most telling first: how many
/// of them are kept is a matter of the size that was asked for.
pub(super) fn facts(town: &Town, visit: &Visit) -> Vec<(Timestamp, Fact)> {
    let appointment = visit.id;
    let mut facts = Vec::with_capacity(9);
    match visit.state {
        VisitState::Completed { at } => facts.push((at, Fact::VisitCompleted { appointment })),
        VisitState::NoShow { at, inferred } => {
            facts.push((
                at,
                Fact::VisitMissed {
                    appointment,
                    inferred,
                },
            ));
        }
        VisitState::Cancelled { at, by, late } => {
            facts.push((
                at,
                Fact::VisitCancelled {
                    appointment,
                    by,
                    late,
                },
            ));
        }
        _ => {}
    }
    let starts_at = visit.starts_at;
    facts.push((
        visit.booked_at,
        Fact::VisitBooked {
            appointment,
            starts_at,
        },
    ));
    if let Some(at) = visit.reminded {
        let message = message_id(town, visit, at);
        let channel = Channel::Sms;
        facts.push((at, Fact::MessageSent { message, channel }));
        facts.push((at + MINUTE, Fact::MessageDelivered { message }));
    }
    if let Some(at) = visit.answered {
        let message = town.id(visit.course.number, Kind::Inbound, visit.index, at);
        let (channel, intent) = (Channel::Sms, "confirm".to_owned());
        facts.push((
            at,
            Fact::MessageReceived {
                message,
                channel,
                intent,
            },
        ));
        facts.push((
            at,
            Fact::VisitConfirmed {
                appointment,
                via: via(visit),
            },
        ));
    }
    if matches!(visit.state, VisitState::Completed { .. }) {
        facts.push((starts_at - MINUTE * 5, Fact::VisitArrived { appointment }));
    }
    let enrolment = town.id(
        visit.course.number,
        Kind::Enrolment,
        visit.index,
        visit.booked_at,
    );
    let journey = JOURNEY.to_owned();
    facts.push((visit.booked_at, Fact::JourneyEntered { enrolment, journey }));
    if starts_at < town.present {
        let reason = "completed".to_owned();
        facts.push((starts_at, Fact::JourneyEnded { enrolment, reason }));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn an_enrolment_is_one_that_the_journeys_can_read() {
        let present = "2026-11-03T13:50:00Z".parse().unwrap();
        let zone = TimeZone::get("America/Chicago").unwrap();
        let town = Town::new(7, 400, present, &zone);
        let (mut ended, mut waiting) = (0, 0);
        for course in &town.courses {
            for visit in (0..course.count).filter_map(|index| town.visit(course, index)) {
                let Write::EnrolmentNew(row) = enrolment(&town, &visit) else {
                    panic!()
                };
                let read = tendon_journey::enrolment::v1::read(&row.state).unwrap();
                assert_eq!(read.about().appointment, Some(visit.id));
                assert_eq!(read.wake().is_some(), row.wake.is_some());
                assert_eq!(row.wake.is_some(), row.ended.is_none());
                *(if row.wake.is_some() {
                    &mut waiting
                } else {
                    &mut ended
                }) += 1;
            }
        }
        assert!(ended > 2_000 && waiting > 20, "{ended} {waiting}");
    }
}
