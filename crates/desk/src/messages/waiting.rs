//! What staff do with messages that wait, or whose fate nobody knows.

use jiff::Timestamp;
use tendon_care::access::{Access, Permission};
use tendon_care::id::MessageId;
use tendon_care::message::MessageState;
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, MessageRow, Versioned, Write};

use super::PRIORITY;
use crate::change::Change;
use crate::desk::Desk;
use crate::error::DeskError;
use crate::outcome::{accepted, moved};

/// What staff do with a message that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAct {
    /// Not before then.
    Hold {
        /// Until when.
        until: Timestamp,
    },
    /// At another time, earlier or later.
    Move {
        /// When.
        to: Timestamp,
    },
    /// Now, as far as the gate lets it.
    SendNow,
    /// Not at all: one of a journey's.
    Skip,
    /// Not at all: one of staff's own.
    Withdraw,
}

/// What a person found out about a message whose fate nobody knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It went out.
    WasSent,
    /// It did not, and shall.
    SendAgain,
}

impl MessageAct {
    /// Returns the code used in the audit trail, forms and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hold { .. } => "hold",
            Self::Move { .. } => "move",
            Self::SendNow => "send_now",
            Self::Skip => "skip",
            Self::Withdraw => "withdraw",
        }
    }
}

impl Desk {
    /// Holds, moves, skips or sends a message that waits. The decision is written
    /// down with who made it.
    pub async fn on_message(
        &self,
        access: &Access,
        message: MessageId,
        act: MessageAct,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        self.change_message(access, message, |change, row| {
            if !matches!(row.message.state, MessageState::Queued { .. }) {
                return Err(DeskError::Stale("the message is no longer waiting"));
            }
            let now = change.now();
            match act {
                MessageAct::Hold { until } => put_off(change, row, until, "hold", "held_by_staff"),
                MessageAct::Move { to } => {
                    put_off(change, row, to.max(now), "move", "moved_by_staff")
                }
                MessageAct::SendNow => put_off(change, row, now, "move", "sent_now_by_staff"),
                MessageAct::Skip => {
                    change.withdraw(row, "skipped_by_staff");
                    Ok(())
                }
                MessageAct::Withdraw => {
                    change.withdraw(row, "withdrawn_by_staff");
                    Ok(())
                }
            }?;
            change.audit(Action::Update, "message", act.code());
            Ok(())
        })
        .await
    }

    /// Settles a message whose fate nobody knew.
    pub async fn resolve_parked(
        &self,
        access: &Access,
        message: MessageId,
        resolution: Resolution,
    ) -> Result<(), DeskError> {
        access.require(Permission::WriteMessages)?;
        self.change_message(access, message, |change, row| {
            let MessageState::Parked { task, .. } = row.message.state else {
                return Err(DeskError::Stale("the message is settled"));
            };
            let now = change.now();
            match resolution {
                Resolution::WasSent => {
                    // The carrier's own id is not known; ours is as good, and unique.
                    accepted(change, row, &format!("seen-{message}"));
                    change.decided(message, "send", "seen_by_staff", None);
                }
                Resolution::SendAgain => {
                    if now >= row.message.expires_at {
                        return Err(DeskError::Stale("the message is no longer timely"));
                    }
                    change.write(moved(row, MessageState::Queued { due_at: now }));
                    change.write(Write::OutboxAgain(message, now, PRIORITY));
                    change.write(Write::TaskSettled(task, now));
                    change.happened(Fact::TaskDone { task });
                    change.decided(message, "move", "again_by_staff", None);
                }
            }
            change.audit(Action::Update, "message", "settled");
            Ok(())
        })
        .await
    }
}

fn put_off(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    to: Timestamp,
    outcome: &'static str,
    reason: &'static str,
) -> Result<(), DeskError> {
    if to < change.now() {
        return Err(DeskError::invalid("at", "must not be in the past"));
    }
    if to >= row.message.expires_at {
        return Err(DeskError::invalid(
            "at",
            "comes after the message is of use",
        ));
    }
    let message = row.message.id;
    change.write(moved(row, MessageState::Queued { due_at: to }));
    change.write(Write::OutboxLater(message, to));
    change.decided(message, outcome, reason, Some(to));
    change.happened(Fact::MessageHeld {
        message,
        reason: reason.to_owned(),
    });
    Ok(())
}
