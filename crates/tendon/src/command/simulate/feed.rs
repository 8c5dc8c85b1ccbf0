//! A patient's timeline as the messages that a scheduling system would have sent.

use std::collections::HashMap;

use jiff::Timestamp;
use tendon_care::appointment::Appointment;
use tendon_care::id::AppointmentId;
use tendon_care::touchpoint::{Fact, Touchpoint};
use tendon_exchange::hl7::{Endpoint, Envelope, Outgoing};
use tendon_exchange::record::{AppointmentRecord, Moment, PatientRecord, VisitStatus};

use super::chart::Chart;
use super::export::Names;

/// What is sent.
pub(super) enum Message {
    /// ADT^A04.
    Registered(Box<PatientRecord>),
    /// ADT^A31.
    PersonUpdated(Box<PatientRecord>),
    /// SIU^S12.
    Booked(Box<AppointmentRecord>),
    /// SIU^S13.
    Moved(Box<AppointmentRecord>),
    /// SIU^S14.
    Changed(Box<AppointmentRecord>),
    /// SIU^S15.
    Cancelled(Box<AppointmentRecord>),
    /// SIU^S26.
    Missed(Box<AppointmentRecord>),
}

impl Message {
    pub(super) fn outgoing(&self) -> Outgoing<'_> {
        match self {
            Self::Registered(person) => Outgoing::Registered(person),
            Self::PersonUpdated(person) => Outgoing::PersonUpdated(person),
            Self::Booked(visit) => Outgoing::Booked(visit),
            Self::Moved(visit) => Outgoing::Moved(visit),
            Self::Changed(visit) => Outgoing::Changed(visit),
            Self::Cancelled(visit) => Outgoing::Cancelled(visit),
            Self::Missed(visit) => Outgoing::Missed(visit),
        }
    }
}

/// A visit as it stood when a message about it was sent.
struct Known<'v> {
    visit: &'v Appointment,
    starts_at: Timestamp,
    status: VisitStatus,
}

/// Returns what was sent about a patient, in the order in which it happened.
pub(super) fn messages(
    chart: &Chart,
    names: &Names,
    facts: &[Touchpoint],
) -> Vec<(Timestamp, Message)> {
    let mut known: HashMap<AppointmentId, Known<'_>> = chart
        .visits
        .iter()
        .map(|visit| {
            let known = Known {
                visit,
                starts_at: visit.starts_at,
                status: VisitStatus::Booked,
            };
            (visit.id, known)
        })
        .collect();
    let mut sent = Vec::new();
    for touchpoint in facts {
        let at = touchpoint.happened_at;
        let person = |dead| Box::new(chart.person(dead, Some(at)));
        match &touchpoint.fact {
            Fact::PatientRegistered {} => sent.push((at, Message::Registered(person(false)))),
            Fact::PatientChanged {} => sent.push((at, Message::PersonUpdated(person(false)))),
            Fact::PatientDeceased {} => sent.push((at, Message::PersonUpdated(person(true)))),
            fact => {
                if let Some((visit, to)) = change(fact)
                    && let Some(known) = known.get_mut(&visit)
                {
                    sent.push((at, known.take(to, at, chart, names)));
                }
            }
        }
    }
    sent
}

/// What becomes of a visit.
#[derive(Clone, Copy)]
enum To {
    Booked(Timestamp),
    Moved(Timestamp),
    Status(VisitStatus),
}

fn change(fact: &Fact) -> Option<(AppointmentId, To)> {
    use VisitStatus as S;
    Some(match fact {
        Fact::VisitBooked {
            appointment,
            starts_at,
        } => (*appointment, To::Booked(*starts_at)),
        Fact::VisitMoved {
            appointment, to, ..
        } => (*appointment, To::Moved(*to)),
        Fact::VisitConfirmed { appointment, .. } => (*appointment, To::Status(S::Confirmed)),
        Fact::VisitReinstated { appointment } => (*appointment, To::Status(S::Booked)),
        Fact::VisitArrived { appointment } => (*appointment, To::Status(S::Arrived)),
        Fact::VisitCompleted { appointment } => (*appointment, To::Status(S::Completed)),
        Fact::VisitCancelled {
            appointment, by, ..
        } => (*appointment, To::Status(S::Cancelled(*by))),
        Fact::VisitMissed { appointment, .. } => (*appointment, To::Status(S::NoShow)),
        Fact::VisitVoided { appointment } => (*appointment, To::Status(S::Void)),
        _ => return None,
    })
}

impl Known<'_> {
    fn take(&mut self, to: To, at: Timestamp, chart: &Chart, names: &Names) -> Message {
        let message = match to {
            To::Booked(starts_at) => {
                self.starts_at = starts_at;
                Message::Booked
            }
            To::Moved(starts_at) => {
                self.starts_at = starts_at;
                self.status = VisitStatus::Booked;
                Message::Moved
            }
            To::Status(status) => {
                self.status = status;
                match status {
                    VisitStatus::Cancelled(_) => Message::Cancelled,
                    VisitStatus::NoShow => Message::Missed,
                    _ => Message::Changed,
                }
            }
        };
        let moved = matches!(to, To::Moved(_));
        message(Box::new(AppointmentRecord {
            starts_at: Some(Moment::Exact(self.starts_at)),
            status: Some(self.status),
            status_at: None,
            changed_at: Some(Moment::Exact(at)),
            moved,
            patient_record: Some(Box::new(chart.person(false, None))),
            ..names.visit(chart, self.visit)
        }))
    }
}

/// Returns the envelope of the message with a number.
pub(super) fn envelope(number: u64, sent_at: Timestamp) -> Envelope {
    let named = |name: &str| Endpoint {
        name: name.to_owned(),
        universal_id: String::new(),
        universal_id_type: String::new(),
    };
    Envelope {
        sending_application: named("SIMULATOR"),
        sending_facility: named("RIVERSIDE"),
        receiving_application: named("TENDON"),
        receiving_facility: named("RIVERSIDE"),
        control_id: format!("SIM{number:09}"),
        sent_at,
    }
}
