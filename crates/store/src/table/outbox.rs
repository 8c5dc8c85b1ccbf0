//! Messages that wait for the dispatcher.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::{Id, MessageId};

use crate::commit::Binder;
use crate::sql::{Bound, params, statements};

statements! {
    PUT = "insert into outbox (practice_id, message_id, due_at, priority, channel) values ($1, $2, $3, $4, $5)";
    AGAIN = "insert into outbox (practice_id, message_id, due_at, priority, channel) \
             select $1, $2, $3, $4, channel from message where practice_id = $1 and message_id = $2";
    GONE = "delete from outbox where practice_id = $1 and message_id = $2";
    LATER = "update outbox set due_at = $3, started = false, lease = null, lease_until = 0 \
             where practice_id = $1 and message_id = $2";
    RECONCILE = "update outbox set due_at = $3, started = true, lease = null, lease_until = 0 \
                 where practice_id = $1 and message_id = $2";
    STARTED = "update outbox set started = true, lease_until = $3 \
               where practice_id = $1 and message_id = $2 and not started";
    LINE = "update outbox set channel = $3, lease = null, lease_until = 0 \
            where practice_id = $1 and message_id = $2 and not started";
}

pub(crate) fn put(
    binder: Binder<'_>,
    message: MessageId,
    due_at: Timestamp,
    priority: i64,
    channel: Channel,
) -> Bound {
    let practice = binder.practice.uuid();
    let values = params![practice, message.uuid(), due_at, priority, channel.code()];
    Bound::one(&PUT, values)
}

/// Puts a message back, into the line of the channel that it names.
pub(crate) fn again(
    binder: Binder<'_>,
    message: MessageId,
    due_at: Timestamp,
    priority: i64,
) -> Bound {
    let values = params![binder.practice.uuid(), message.uuid(), due_at, priority];
    Bound::one(&AGAIN, values)
}

pub(crate) fn gone(binder: Binder<'_>, message: MessageId) -> Bound {
    Bound::any(&GONE, params![binder.practice.uuid(), message.uuid()])
}

pub(crate) fn later(binder: Binder<'_>, message: MessageId, due_at: Timestamp) -> Bound {
    Bound::one(
        &LATER,
        params![binder.practice.uuid(), message.uuid(), due_at],
    )
}

/// Fails when another worker has started it: nobody may call the carrier twice. Nobody
/// asks what became of it before `until`.
pub(crate) fn started(binder: Binder<'_>, message: MessageId, until: Timestamp) -> Bound {
    let values = params![binder.practice.uuid(), message.uuid(), until];
    Bound::one(&STARTED, values)
}

/// Moves a message into the line of another channel.
pub(crate) fn line(binder: Binder<'_>, message: MessageId, channel: Channel) -> Bound {
    let values = params![binder.practice.uuid(), message.uuid(), channel.code()];
    Bound::one(&LINE, values)
}

/// Frees a message whose carrier is to be asked what became of it.
pub(crate) fn reconcile(binder: Binder<'_>, message: MessageId, due_at: Timestamp) -> Bound {
    let values = params![binder.practice.uuid(), message.uuid(), due_at];
    Bound::one(&RECONCILE, values)
}
