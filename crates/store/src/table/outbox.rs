//! Messages that wait for the dispatcher.

use jiff::Timestamp;
use tendon_care::id::{Id, MessageId};

use crate::commit::Binder;
use crate::sql::{Bound, params, statements};

statements! {
    PUT = "insert into outbox (practice_id, message_id, due_at, priority) values ($1, $2, $3, $4)";
    GONE = "delete from outbox where practice_id = $1 and message_id = $2";
    LATER = "update outbox set due_at = $3, started = false, lease = null, lease_until = 0 \
             where practice_id = $1 and message_id = $2";
    RECONCILE = "update outbox set due_at = $3, started = true, lease = null, lease_until = 0 \
                 where practice_id = $1 and message_id = $2";
    STARTED = "update outbox set started = true where practice_id = $1 and message_id = $2 and not started";
}

pub(crate) fn put(
    binder: Binder<'_>,
    message: MessageId,
    due_at: Timestamp,
    priority: i64,
) -> Bound {
    Bound::one(
        &PUT,
        params![binder.practice.uuid(), message.uuid(), due_at, priority],
    )
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

/// Fails when another worker has started it: nobody may call the carrier twice.
pub(crate) fn started(binder: Binder<'_>, message: MessageId) -> Bound {
    Bound::one(&STARTED, params![binder.practice.uuid(), message.uuid()])
}

/// Frees a message whose carrier is to be asked what became of it.
pub(crate) fn reconcile(binder: Binder<'_>, message: MessageId, due_at: Timestamp) -> Bound {
    let values = params![binder.practice.uuid(), message.uuid(), due_at];
    Bound::one(&RECONCILE, values)
}
