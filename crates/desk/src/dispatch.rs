//! The dispatcher: decides about each message at the last moment, hands it to
//! its carrier, and records what came of it.
//!
//! The order is what makes it safe to kill at any instruction. First the
//! decision and "the carrier is being called" are committed; then the carrier is
//! called; then its answer is committed. A process that dies in between leaves a
//! started message whose lease runs out, and the next worker asks the carrier
//! what became of it instead of calling again.

mod hand_over;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::Access;
use tendon_care::contact::{Address, Channel, Standing};
use tendon_care::decision::{Decision, Outcome as Verdict};
use tendon_care::gate::{self, Expects, Request, Sent, SentThere, Subject, TEXT_THEN_EMAIL};
use tendon_care::id::{ContactPointId, ConversationId, MessageId, PatientId};
use tendon_care::message::{Cause, Message, MessageState};
use tendon_care::touchpoint::Fact;
use tendon_care::zone::{Place, State};
use tendon_channel::carrier::Outgoing;
use tendon_store::{
    Attention, ClaimedMessage, DecisionRow, Lease, MessageMove, MessageRow, Versioned, Write,
};
use tokio_util::sync::CancellationToken;

use crate::change::{Change, Origin};
use crate::chart::Chart;
use crate::desk::{Desk, TRIES};
use crate::error::DeskError;
use crate::outcome;

/// How long a worker may hold a message before it calls the carrier.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// How far back sends are counted; no cap looks further.
const CAP_WINDOW: SignedDuration = SignedDuration::from_hours(32 * 24);

/// Messages that one round takes.
const BATCH: u16 = 128;

/// What a round of the dispatcher did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages looked at.
    pub claimed: usize,
    /// Messages whose handling failed for now; their leases run out.
    pub failed: usize,
}

/// What is read before the decision, besides the chart.
pub(crate) struct Known {
    attention: Attention,
    ledger: tendon_care::consent::Ledger,
    pub(crate) to_person: Vec<Sent>,
    pub(crate) to_address: Vec<SentThere>,
    threads: Vec<(ContactPointId, Channel, ConversationId)>,
}

impl Desk {
    /// Claims the messages that are due and handles them, one line after the other.
    pub async fn dispatch_due(&self) -> Result<Round, DeskError> {
        let mut all = Round::default();
        for line in Channel::ALL {
            let round = self.dispatch_until(line, &CancellationToken::new()).await?;
            all.claimed += round.claimed;
            all.failed += round.failed;
        }
        Ok(all)
    }

    /// Claims what is due in the line of one channel: the messages of one patient one
    /// after the other, so that a cap sees each before the next. Begins nothing more
    /// once `stop` is given: what has begun is finished and the rest is handed back for
    /// others to claim.
    pub(crate) async fn dispatch_until(
        &self,
        line: Channel,
        stop: &CancellationToken,
    ) -> Result<Round, DeskError> {
        let now = self.now();
        let lease = Lease {
            id: self.lease_id(),
            now,
            until: now + LEASE,
            limit: BATCH,
        };
        let claims = self.db().claim_messages(&lease, line).await?;
        for broken in &claims.unreadable {
            tracing::error!(message = %broken.id, error = %broken.error, "message cannot be read; it is set aside");
        }
        let mut round = Round {
            claimed: claims.ready.len() + claims.unreadable.len(),
            failed: claims.unreadable.len(),
        };
        let mut by_patient: BTreeMap<PatientId, Vec<ClaimedMessage>> = BTreeMap::new();
        for message in claims.ready {
            by_patient
                .entry(message.row.message.patient)
                .or_default()
                .push(message);
        }
        // Patients side by side: one slow answer must not hold up the others.
        let work = by_patient.into_values().collect();
        let each = |desk: Self, messages| {
            let stop = stop.clone();
            async move { desk.dispatch_each(messages, &stop).await }
        };
        round.failed += self.for_each_patient(work, each).await;
        if stop.is_cancelled() {
            self.db().release(lease.id).await?;
        }
        Ok(round)
    }

    async fn dispatch_each(
        &self,
        messages: Vec<ClaimedMessage>,
        stop: &CancellationToken,
    ) -> usize {
        let mut failed = 0;
        for message in messages {
            if stop.is_cancelled() {
                break;
            }
            let id = message.row.message.id;
            let done = if message.started {
                self.reconcile(&message).await
            } else {
                self.dispatch(&message).await
            };
            if let Err(error) = done {
                failed += 1;
                tracing::warn!(message = %id, error = %error, "message not handled; it is tried again");
            }
        }
        failed
    }

    async fn dispatch(&self, claimed: &ClaimedMessage) -> Result<(), DeskError> {
        let access = Access::system(claimed.practice, "dispatcher");
        let (id, line) = (claimed.row.message.id, claimed.row.message.channel);
        // Before it is noted that the carrier is called: whoever waits is not being sent.
        let turn = self.turns().at(line).await;
        let handed = self.judged(&access, &claimed.row.message).await?;
        let Some(outgoing) = handed else {
            return Ok(());
        };
        let Some(carrier) = self.carriers().of(line) else {
            return Err(DeskError::Corrupt(
                "a message for a channel without a carrier",
            ));
        };
        let answer = carrier.send(&outgoing).await;
        drop(turn);
        outcome::answered(self, &access, id, answer).await
    }

    /// Decides about a message, from what is true now for each try, and returns what
    /// is to be handed over once that is committed.
    async fn judged(
        &self,
        access: &Access,
        message: &Message,
    ) -> Result<Option<Outgoing>, DeskError> {
        let house = self.house(access.practice).await?;
        for _ in 0..TRIES {
            let chart = Chart::load(self.reader(access), message.patient).await?;
            let chart = chart.ok_or(DeskError::NotFound("patient"))?;
            let pending = chart.pending.iter();
            let mut pending = pending.filter(|row| row.message.id == message.id);
            let Some(row) = pending.next().cloned() else {
                // Withdrawn or moved to another state since it was claimed.
                return Ok(None);
            };
            let known = self.known(access, chart.patient.id).await?;
            let mut change = Change::new(self, &house, access, Origin::Live, chart);
            let handed = judge(&mut change, &row, &known)?;
            if self.settle(access, vec![change]).await? {
                return Ok(handed);
            }
        }
        Err(DeskError::Busy)
    }

    pub(crate) async fn known(
        &self,
        access: &Access,
        patient: PatientId,
    ) -> Result<Known, DeskError> {
        let reader = self.reader(access);
        // Before the sends are counted, or what goes out in between is overlooked.
        let attention = reader.attention(patient).await?;
        let since = self.now() - CAP_WINDOW;
        let counted = |sends: Vec<(Timestamp, tendon_care::purpose::Purpose, bool)>| {
            sends
                .into_iter()
                .filter(|(_, _, reply)| !reply)
                .map(|(at, purpose, _)| Sent { at, purpose })
                .collect::<Vec<_>>()
        };
        let (mut to_address, mut threads) = (Vec::new(), Vec::new());
        let points = reader.contact_points(patient).await?;
        for point in &points {
            let sends = reader.sends_to_address(&point.address, since).await?;
            let there = counted(sends).into_iter().map(|sent| SentThere {
                contact_point: point.id,
                sent,
            });
            to_address.extend(there);
            let channel = channel_of(&point.address);
            let thread = reader
                .conversation_with(patient, channel, &point.address)
                .await?;
            threads.extend(thread.map(|thread| (point.id, channel, thread)));
        }
        Ok(Known {
            attention,
            ledger: self.whole_ledger(access, patient, &points).await?,
            to_person: counted(reader.sends_to_patient(patient, since).await?),
            to_address,
            threads,
        })
    }
}

/// Puts the message before the gate and writes down what it says. Returns what
/// is to be handed over, once that is committed.
fn judge(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    known: &Known,
) -> Result<Option<Outgoing>, DeskError> {
    let decision = decide(change, row, known);
    let (id, now) = (row.message.id, change.now());
    if let Verdict::Send { channel, .. } = decision.outcome
        && channel != row.message.channel
    {
        line_up(change, row, channel);
        return Ok(None);
    }
    record(change, id, &decision);
    match decision.outcome {
        Verdict::Send {
            contact_point,
            channel,
        } => hand_over::hand_over(change, row, known, contact_point, channel).map(Some),
        Verdict::Hold { until, reason } => {
            let to = MessageState::Queued { due_at: until };
            change.write(Write::MessageState(Box::new(MessageMove::to(
                id,
                row.version,
                to,
            ))));
            change.write(Write::OutboxLater(id, until));
            change.happened(Fact::MessageHeld {
                message: id,
                reason: reason.code().to_owned(),
            });
            Ok(None)
        }
        Verdict::Drop { reason } => {
            let to = MessageState::Dropped { at: now };
            change.write(Write::MessageState(Box::new(MessageMove::to(
                id,
                row.version,
                to,
            ))));
            change.write(Write::OutboxGone(id));
            change.happened(Fact::MessageDropped {
                message: id,
                reason: reason.code().to_owned(),
            });
            Ok(None)
        }
    }
}

/// Has a message wait for another channel than the one that it was written for. It is
/// decided there, so that no text waits behind a letter.
fn line_up(change: &mut Change<'_>, row: &Versioned<MessageRow>, channel: Channel) {
    let id = row.message.id;
    change.write(Write::MessageState(Box::new(MessageMove {
        channel: Some(channel),
        ..MessageMove::to(id, row.version, row.message.state.clone())
    })));
    change.write(Write::OutboxLine(id, channel));
}

fn decide(change: &Change<'_>, row: &MessageRow, known: &Known) -> Decision {
    foresee(change, row, known, change.now())
}

/// Decides as if it were `now`, with what is known of this patient at present.
pub(crate) fn foresee(
    change: &Change<'_>,
    row: &MessageRow,
    known: &Known,
    now: Timestamp,
) -> Decision {
    let house = change.house();
    let patient = &change.chart.patient.value;
    let message = &row.message;
    let visit = message.appointment.and_then(|id| change.chart.visit(id));
    let clinic = visit.map_or(&house.practice.time_zone, |visit| {
        house.zone_of(visit.location)
    });
    let place = place(patient, clinic, house.practice.state.as_deref());
    let today = place.local_date(now);
    let origin = match (&message.cause, message.contact_point) {
        (Cause::Reply, Some(to)) if row.sender.is_some() => gate::Origin::StaffAnswer { to },
        (Cause::Reply, Some(to)) => gate::Origin::Answer { to },
        (Cause::Staff, _) => gate::Origin::Staff,
        _ => gate::Origin::Automation,
    };
    let fixed = [message.channel];
    let channels: &[Channel] = if row.template.is_some() && message.cause != Cause::Reply {
        &TEXT_THEN_EMAIL
    } else {
        &fixed
    };
    let carried = change.desk().carriers().carried();
    let subject = match (visit, expects(row), row.appointment_start) {
        (Some(visit), Some(expects), Some(planned_for)) => Subject::Visit {
            visit: &visit.value,
            planned_for,
            expects,
        },
        _ => Subject::General,
    };
    let request = Request {
        purpose: message.purpose,
        origin,
        life: patient.life,
        paused: patient.paused,
        recipient: patient.recipient(today),
        subject,
        channels,
        carried: &carried,
        contact_points: &patient.contact_points,
        ledger: &known.ledger,
        place: &place,
        sent_to_person: &known.to_person,
        sent_to_address: &known.to_address,
        expires_at: message.expires_at,
    };
    gate::decide(&request, &house.rules, now)
}

/// Lists every place where the recipient may be.
fn place(
    patient: &tendon_care::patient::Patient,
    clinic: &jiff::tz::TimeZone,
    clinic_state: Option<&str>,
) -> Place {
    let place =
        Place::clinic(clinic, clinic_state.and_then(State::from_code)).with_region(&patient.region);
    match &patient.time_zone {
        Some(name) => place.with_zone_name(name),
        None => place,
    }
}

/// What a message takes for granted about its visit. Messages that staff write
/// and answers to the person take nothing for granted.
fn expects(row: &MessageRow) -> Option<Expects> {
    let template = row.template.as_deref()?;
    if row.message.cause == Cause::Reply {
        return None;
    }
    Some(match template {
        "missed-visit" => Expects::Missed,
        "visit-cancelled" => Expects::Cancelled,
        "early-check" => Expects::Completed,
        _ if row.prompt.is_some() => Expects::Unconfirmed,
        _ => Expects::Open,
    })
}

fn record(change: &mut Change<'_>, message: MessageId, decision: &Decision) {
    let until = match decision.outcome {
        Verdict::Hold { until, .. } => Some(until),
        Verdict::Send { .. } | Verdict::Drop { .. } => None,
    };
    let row = DecisionRow {
        id: change.desk().mint().id(),
        message,
        at: change.now(),
        outcome: decision.outcome.code().to_owned(),
        reason: decision
            .outcome
            .reason()
            .map_or("sent", |reason| reason.code())
            .to_owned(),
        until,
        chain: crate::chain::write(&decision.chain),
        by: None,
    };
    change.write(Write::Decision(Box::new(row)));
}

pub(crate) const fn channel_of(address: &Address) -> Channel {
    match address {
        Address::Phone(_) => Channel::Sms,
        Address::Email(_) => Channel::Email,
    }
}

/// An address that a carrier has called impossible or blocked.
pub(crate) fn standing_after(
    class: tendon_care::message::FailureClass,
    at: Timestamp,
) -> Option<Standing> {
    use tendon_care::message::FailureClass as F;
    match class {
        F::InvalidAddress => Some(Standing::Invalid { at }),
        F::Blocked => Some(Standing::Blocked { at }),
        F::Filtered | F::Transient | F::Rejected => None,
    }
}
