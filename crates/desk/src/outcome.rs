//! What follows from a carrier's answer, at once or found out later.

use std::sync::Arc;

use jiff::SignedDuration;
use tendon_care::access::Access;
use tendon_care::consent::{Act, Entry, Evidence, EvidenceRef};
use tendon_care::id::{MessageId, TaskId};
use tendon_care::message::{Failure, FailureClass, MessageState};
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::Fact;
use tendon_channel::carrier::{Blind, Carrier, Found, Outcome, Outgoing, Receipt, Sender, Window};
use tendon_store::{Action, ClaimedMessage, ConsentRow, MessageMove, MessageRow, Versioned, Write};

use crate::change::Change;
use crate::desk::Desk;
use crate::dispatch::{channel_of, standing_after};
use crate::error::DeskError;

/// Seconds until a message is tried again after a passing failure: 1, 5, 15 and
/// 60 minutes, then it has failed.
const BACKOFF_SECS: [i64; 4] = [60, 300, 900, 3_600];

/// How long a carrier that cannot be reached is asked again before a person decides.
const ASK_FOR: SignedDuration = SignedDuration::from_mins(30);

/// Messages in the same words to the same address that are told apart when one of
/// them is looked for.
const MOST_TWINS: usize = 20;

/// Records a carrier's answer. A receipt or a colleague may have been faster, and
/// then it says nothing new.
pub(crate) async fn answered(
    desk: &Desk,
    access: &Access,
    message: MessageId,
    answer: Outcome,
) -> Result<(), DeskError> {
    let tries = match &answer {
        Outcome::Refused(_) => tries(desk, access, message).await?,
        Outcome::Accepted { .. } | Outcome::Unknown { .. } => 0,
    };
    desk.change_message(access, message, |change, row| {
        match (&answer, &row.message.state) {
            (Outcome::Accepted { carrier_ref }, state) if is_open(state) => {
                accepted(change, row, carrier_ref);
            }
            (
                Outcome::Refused(failure),
                MessageState::Sending { .. } | MessageState::Unknown { .. },
            ) => refused(change, row, failure, tries),
            (Outcome::Unknown { .. }, MessageState::Sending { at, .. }) => {
                let to = MessageState::Unknown { at: *at };
                change.write(moved(row, to));
                let ask_at = change.now() + SignedDuration::from_secs(30);
                change.write(Write::OutboxReconcile(row.message.id, ask_at));
            }
            _ => {}
        }
        Ok(())
    })
    .await
}

/// Counts how often it was decided to hand a message over.
async fn tries(desk: &Desk, access: &Access, message: MessageId) -> Result<usize, DeskError> {
    let decisions = desk.reader(access).decisions(message).await?;
    let sends = decisions.iter().filter(|made| made.outcome == "send");
    Ok(sends.count())
}

/// Tells whether nobody knows yet what the carrier did.
const fn is_lost(state: &MessageState) -> bool {
    matches!(
        state,
        MessageState::Sending { .. } | MessageState::Unknown { .. }
    )
}

/// Tells whether the carrier's answer is still wanted.
const fn is_open(state: &MessageState) -> bool {
    matches!(
        state,
        MessageState::Sending { .. } | MessageState::Unknown { .. } | MessageState::Parked { .. }
    )
}

/// Records a receipt that a carrier sent by itself, and tells whether it said
/// anything new. It may come before the carrier's own answer, twice, or late:
///
/// | from \ receipt | underway, sent | delivered | failed |
/// |---|---|---|---|
/// | queued, dropped | – | – | – |
/// | sending, unknown, parked | sent | delivered | failed |
/// | sent | – | delivered | failed |
/// | delivered | – | – | failed |
/// | failed | – | delivered | – |
pub(crate) fn reported(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    carrier_ref: &str,
    receipt: &Receipt,
) -> bool {
    use MessageState as S;
    let message = row.message.id;
    let before = &row.message.state;
    match (receipt, before) {
        (_, S::Queued { .. } | S::Dropped { .. })
        | (Receipt::Underway | Receipt::Sent, S::Sent { .. })
        | (Receipt::Underway | Receipt::Sent | Receipt::Delivered, S::Delivered { .. })
        | (Receipt::Underway | Receipt::Sent | Receipt::Failed(_), S::Failed { .. }) => false,
        (
            Receipt::Underway | Receipt::Sent,
            S::Sending { .. } | S::Unknown { .. } | S::Parked { .. },
        ) => {
            accepted(change, row, carrier_ref);
            true
        }
        (Receipt::Delivered, _) => {
            if is_open(before) {
                change.happened(Fact::MessageSent {
                    message,
                    channel: row.message.channel,
                });
            }
            settled(change, row);
            let (at, carrier_ref) = (change.now(), carrier_ref.to_owned());
            change.write(moved(row, S::Delivered { at, carrier_ref }));
            change.happened(Fact::MessageDelivered { message });
            true
        }
        (Receipt::Failed(failure), _) => {
            settled(change, row);
            failed(change, row, failure);
            true
        }
    }
}

/// Takes a message out of the outbox and closes the question about it.
fn settled(change: &mut Change<'_>, row: &Versioned<MessageRow>) {
    change.write(Write::OutboxGone(row.message.id));
    if let MessageState::Parked { task, .. } = row.message.state {
        close(change, task);
    }
}

/// Closes a task that what happened has answered, unless it is closed already.
fn close(change: &mut Change<'_>, task: TaskId) {
    change.write(Write::TaskSettled(task, change.now()));
    change.happened(Fact::TaskDone { task });
}

impl Desk {
    /// Asks the carrier what became of a message whose answer was lost.
    pub(crate) async fn reconcile(&self, claimed: &ClaimedMessage) -> Result<(), DeskError> {
        let access = Access::system(claimed.practice, "dispatcher");
        let row = &claimed.row;
        let message = row.message.id;
        let Some(outgoing) = self.outgoing_again(&access, row).await? else {
            return self.park(&access, row).await;
        };
        let carrier = match &row.carrier {
            Some(name) => self.carriers().named(name),
            None => self.carriers().of(channel_of(&outgoing.to)),
        };
        let Some(carrier) = carrier else {
            return self.park(&access, row).await;
        };
        let window = Window {
            since: outgoing.at,
            now: self.now(),
            but_not: Vec::new(),
        };
        let (since, now) = (window.since, window.now);
        match self.find(&access, carrier, &outgoing, window).await? {
            Found::Sent { carrier_ref, .. } => {
                self.change_message(&access, message, |change, row| {
                    if is_open(&row.message.state) {
                        accepted(change, row, &carrier_ref);
                    }
                    Ok(())
                })
                .await
            }
            Found::NotSent => {
                self.change_message(&access, message, |change, row| {
                    if is_lost(&row.message.state) {
                        let due_at = change.now();
                        change.write(moved(row, MessageState::Queued { due_at }));
                        change.write(Write::OutboxLater(row.message.id, due_at));
                    }
                    Ok(())
                })
                .await
            }
            Found::TooSoon { ask_again_at } => self.ask_again(&access, row, ask_again_at).await,
            Found::CannotTell { why } if why.may_ask_again() && now < since + ASK_FOR => {
                self.ask_again(&access, row, now + SignedDuration::from_secs(60))
                    .await
            }
            Found::CannotTell { .. } => self.park(&access, row).await,
        }
    }

    /// Asks until what is found is no other message of ours in the same words.
    async fn find(
        &self,
        access: &Access,
        carrier: &Arc<dyn Carrier>,
        outgoing: &Outgoing,
        mut window: Window,
    ) -> Result<Found, DeskError> {
        for _ in 0..MOST_TWINS {
            let found = carrier.reconcile(outgoing, window.clone()).await;
            let Found::Sent { carrier_ref, .. } = &found else {
                return Ok(found);
            };
            let reader = self.reader(access);
            let owner = reader.message_by_ref(carrier.name(), carrier_ref).await?;
            if owner.is_none_or(|owner| owner.message.id == outgoing.message) {
                return Ok(found);
            }
            window.but_not.push(carrier_ref.clone());
        }
        let why = Blind::Incomplete;
        Ok(Found::CannotTell { why })
    }

    async fn ask_again(
        &self,
        access: &Access,
        row: &Versioned<MessageRow>,
        at: jiff::Timestamp,
    ) -> Result<(), DeskError> {
        self.change_message(access, row.message.id, |change, row| {
            if !is_lost(&row.message.state) {
                return Ok(());
            }
            if let MessageState::Sending { at, .. } = row.message.state {
                change.write(moved(row, MessageState::Unknown { at }));
            }
            change.write(Write::OutboxReconcile(row.message.id, at));
            Ok(())
        })
        .await
    }

    /// Leaves the decision to a person: it is never sent again by itself.
    async fn park(&self, access: &Access, row: &Versioned<MessageRow>) -> Result<(), DeskError> {
        self.change_message(access, row.message.id, |change, row| {
            if !is_lost(&row.message.state) {
                return Ok(());
            }
            let (message, at) = (row.message.id, change.now());
            let about = About {
                message: Some(message),
                appointment: row.message.appointment,
                ..About::default()
            };
            let task = change.open_task(
                TaskKind::UnknownOutcome,
                about,
                at + SignedDuration::from_hours(1),
            );
            change.write(moved(row, MessageState::Parked { at, task }));
            change.write(Write::OutboxGone(message));
            change.happened(Fact::MessageParked { message });
            Ok(())
        })
        .await
    }

    /// Rebuilds what was handed over; `None` where its address is gone.
    async fn outgoing_again(
        &self,
        access: &Access,
        row: &Versioned<MessageRow>,
    ) -> Result<Option<Outgoing>, DeskError> {
        let message = &row.message;
        let points = self.reader(access).contact_points(message.patient).await?;
        let point = points
            .into_iter()
            .find(|point| Some(point.id) == message.contact_point);
        let (MessageState::Sending { at, .. } | MessageState::Unknown { at }) = message.state
        else {
            return Ok(None);
        };
        Ok(point.map(|point| Outgoing {
            message: message.id,
            to: point.address,
            content: message.content.clone(),
            purpose: message.purpose,
            language: message.language,
            sender: Sender::default(),
            in_reply_to: None,
            unsubscribe_url: None,
            attempt: 1,
            at,
        }))
    }
}

pub(crate) fn moved(row: &Versioned<MessageRow>, to: MessageState) -> Write {
    Write::MessageState(Box::new(MessageMove::to(row.message.id, row.version, to)))
}

pub(crate) fn accepted(change: &mut Change<'_>, row: &Versioned<MessageRow>, carrier_ref: &str) {
    let (message, at) = (row.message.id, change.now());
    settled(change, row);
    change.write(moved(
        row,
        MessageState::Sent {
            at,
            carrier_ref: carrier_ref.to_owned(),
        },
    ));
    change.happened(Fact::MessageSent {
        message,
        channel: row.message.channel,
    });
}

fn refused(change: &mut Change<'_>, row: &Versioned<MessageRow>, failure: &Failure, tries: usize) {
    let (message, now) = (row.message.id, change.now());
    let again = |change: &mut Change<'_>, due_at| {
        change.write(moved(row, MessageState::Queued { due_at }));
        change.write(Write::OutboxLater(message, due_at));
    };
    match failure.class {
        FailureClass::Transient => {
            // By tries and not by age: what was held for the night has been tried once.
            let wait = BACKOFF_SECS.into_iter().nth(tries.saturating_sub(1));
            match wait {
                Some(secs) if now + SignedDuration::from_secs(secs) < row.message.expires_at => {
                    again(change, now + SignedDuration::from_secs(secs));
                }
                _ => failed(change, row, failure),
            }
        }
        // The gate chooses the next address, or says that there is none.
        FailureClass::InvalidAddress | FailureClass::Blocked => {
            mark_address(change, row, failure.class);
            again(change, now);
        }
        FailureClass::Filtered | FailureClass::Rejected => failed(change, row, failure),
    }
}

fn failed(change: &mut Change<'_>, row: &Versioned<MessageRow>, failure: &Failure) {
    let (message, at) = (row.message.id, change.now());
    mark_address(change, row, failure.class);
    change.write(moved(
        row,
        MessageState::Failed {
            at,
            failure: failure.clone(),
        },
    ));
    change.write(Write::OutboxGone(message));
    change.happened(Fact::MessageFailed {
        message,
        class: failure.class.code().to_owned(),
    });
    let about = About {
        message: Some(message),
        appointment: row.message.appointment,
        ..About::default()
    };
    change.open_task(
        TaskKind::Undeliverable,
        about,
        at + SignedDuration::from_hours(4),
    );
}

/// Remembers that an address is impossible, or that its carrier refuses it,
/// which overrides every consent: for everybody who has it.
fn mark_address(change: &mut Change<'_>, row: &Versioned<MessageRow>, class: FailureClass) {
    let Some(standing) = standing_after(class, change.now()) else {
        return;
    };
    let points = &change.chart.patient.contact_points;
    let Some(point) = points
        .iter()
        .find(|point| Some(point.id) == row.message.contact_point)
        .cloned()
    else {
        return;
    };
    change.set_address_standing(&point.address, standing);
    if class == FailureClass::Blocked {
        let entry = Entry {
            id: change.desk().mint().id(),
            person: point.owner,
            address: point.address,
            captured_at: change.now(),
            captured_by: change.access().actor,
            evidence: Evidence::Feed(EvidenceRef::new(row.message.id.to_string())),
            act: Act::CarrierBlocked,
        };
        let patient = change.chart.patient.id;
        change.write(Write::Consent(Box::new(ConsentRow {
            patient,
            strand: change.strand(),
            entry,
        })));
        change.audit(Action::Create, "consent", "blocked by the carrier");
    }
}
