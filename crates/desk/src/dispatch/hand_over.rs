//! Handing a message over: its words, its address and its thread, and the note that
//! the carrier is being called.

use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::{Channel, ContactPoint};
use tendon_care::id::{ContactPointId, ConversationId};
use tendon_care::message::{Cause, Content, Message, MessageState};
use tendon_care::purpose::Purpose;
use tendon_care::segment;
use tendon_channel::carrier::{Outgoing, Sender};
use tendon_store::{
    AddressKey, AttentionTaken, ConversationRow, LinkRow, MessageMove, MessageRow, Versioned,
    WayOutRow, Write,
};

use super::Known;
use crate::change::Change;
use crate::error::DeskError;
use crate::{letter, link};

/// How much longer a message is held than its carrier may take for an answer, so that
/// nobody asks what became of one that is still being handed over.
const SLACK: SignedDuration = SignedDuration::from_secs(30);

/// Chooses words, address and thread, and notes that the carrier is being called.
pub(super) fn hand_over(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    known: &Known,
    point: ContactPointId,
    channel: Channel,
) -> Result<Outgoing, DeskError> {
    let now = change.now();
    let message = &row.message;
    let patient = change.chart.patient.value.clone();
    let point = patient
        .contact_points
        .iter()
        .find(|known| known.id == point);
    let point = point
        .ok_or(DeskError::Corrupt("the address of a decision"))?
        .clone();
    take_attention(change, message, &point, known);
    let content = worded(change, row, &point, channel)?;
    let segments = match channel {
        Channel::Sms => {
            u16::try_from(segment::segments(content.text.expose()).parts).unwrap_or(u16::MAX)
        }
        Channel::Email | Channel::Voice => 0,
    };
    let conversation = thread(change, row, known, &point, channel);
    let carrier = change.desk().carriers().of(channel);
    let patience = carrier.map_or(SignedDuration::ZERO, |carrier| carrier.patience());
    let carrier = carrier.map(|carrier| carrier.name().to_owned());
    let unsubscribe_url = (channel == Channel::Email)
        .then(|| way_out(change, message.purpose, point.id))
        .flatten();
    let attempt = 1;
    change.write(Write::OutboxStarted(message.id, now + patience + SLACK));
    change.write(Write::MessageState(Box::new(MessageMove {
        contact_point: Some(point.id),
        channel: Some(channel),
        conversation: Some(conversation),
        carrier,
        content: Some((content.clone(), segments)),
        ..MessageMove::to(
            message.id,
            row.version,
            MessageState::Sending { at: now, attempt },
        )
    })));
    Ok(Outgoing {
        message: message.id,
        to: point.address,
        content,
        purpose: message.purpose,
        language: message.language,
        sender: Sender {
            name: Some(change.house().practice.name.clone()),
            reply_to: None,
        },
        in_reply_to: None,
        unsubscribe_url,
        attempt,
        at: now,
    })
}

/// Lets the commit fail where another node has sent something that the caps count
/// since this one counted. First of all writes, so that this is the conflict that
/// is told.
fn take_attention(change: &mut Change<'_>, message: &Message, point: &ContactPoint, known: &Known) {
    // No cap counts a reply.
    if message.cause == Cause::Reply {
        return;
    }
    let taken = AttentionTaken {
        patient: change.chart.patient.id,
        shared: point.shared.then(|| AddressKey::new(&point.address)),
        seen: known.attention.clone(),
    };
    change.write(Write::AttentionTaken(Box::new(taken)));
}

/// Makes the one-click way out that mail about feedback and promotion carries.
/// Reminders carry none: one slip of a thumb must not end them, and the page behind
/// their link ends them just as well.
fn way_out(change: &mut Change<'_>, purpose: Purpose, point: ContactPointId) -> Option<String> {
    if !matches!(purpose, Purpose::Feedback | Purpose::Marketing) {
        return None;
    }
    let (token, token_hash) = link::new_token(&change.desk().mint());
    change.write(Write::WayOutNew(WayOutRow {
        id: change.desk().mint().id(),
        token_hash,
        patient: change.chart.patient.id,
        contact_point: point,
        purpose,
        created_at: change.now(),
        used_at: None,
    }));
    Some(link::way_out_url(change.desk().public_url(), &token))
}

/// Words a templated message for the chosen channel and address, with a link of
/// its own; anything else goes as it was written.
fn worded(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    point: &ContactPoint,
    channel: Channel,
) -> Result<Content, DeskError> {
    let Some(template) = &row.template else {
        return Ok(row.message.content.clone());
    };
    if row.message.cause == Cause::Reply {
        return Ok(row.message.content.clone());
    }
    let now = change.now();
    let patient = change.chart.patient.value.clone();
    let visit = row
        .message
        .appointment
        .and_then(|id| change.chart.visit(id))
        .map(|v| v.value.clone());
    let (token, hash) = link::new_token(&change.desk().mint());
    let url = link::url(change.desk().public_url(), &token);
    let house = change.house();
    let values = letter::values(
        house,
        &patient,
        visit.as_ref(),
        now,
        Some(url),
        point.shared,
    );
    let content = house
        .catalogue
        .render(template, patient.language, &values, channel)
        .map_err(|_| DeskError::Corrupt("the words of a message"))?;
    if content.text.expose().contains(&token) {
        change.write(Write::LinkNew(LinkRow {
            id: change.desk().mint().id(),
            token_hash: hash,
            patient: patient.id,
            appointment: row.message.appointment,
            contact_point: Some(point.id),
            created_at: now,
            expires_at: link::expiry(house, now),
            verified_until: Timestamp::UNIX_EPOCH,
            proof_hash: None,
            failures: 0,
        }));
    }
    Ok(content)
}

/// Finds or begins the thread, and says in it what the next reply answers.
fn thread(
    change: &mut Change<'_>,
    row: &Versioned<MessageRow>,
    known: &Known,
    point: &ContactPoint,
    channel: Channel,
) -> ConversationId {
    let id = known
        .threads
        .iter()
        .find(|(of, by, _)| *of == point.id && *by == channel)
        .map_or_else(|| change.desk().mint().id(), |(_, _, thread)| *thread);
    let address = Some(AddressKey::new(&point.address));
    let prompt = row
        .prompt
        .clone()
        .map(|prompt| (prompt, row.message.appointment));
    change.write(Write::ConversationSpoken(ConversationRow {
        id,
        patient: change.chart.patient.id,
        channel,
        address,
        prompt,
        last_at: change.now(),
        last_inbound_at: None,
        waiting_since: None,
    }));
    id
}
