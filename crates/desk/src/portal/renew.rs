//! A fresh link in place of one that is over.

use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::ContactPoint;
use tendon_care::message::{Cause, Message, MessageState};
use tendon_care::patient::Life;
use tendon_care::purpose::Purpose;
use tendon_store::{LinkRow, MessageFilter, MessageRow, Write};

use super::{Pass, PortalError, Visitor};
use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::dispatch::channel_of;
use crate::error::DeskError;
use crate::{letter, link};

/// The message that carries the link.
const TEMPLATE: &str = "link-sign-in-note";

/// How long after it was made a link can be renewed.
const RENEWABLE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Renewals closer together than this are one.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

impl Desk {
    /// Sends a fresh link to the address that the old one went to, and nowhere
    /// else: who found an old link gains nothing by it.
    ///
    /// Asked again within minutes, it answers the same and sends nothing.
    pub async fn renew_link(&self, token: &str) -> Result<(), PortalError> {
        let visitor = self.link_holder(Pass::link(token)).await?;
        let now = self.now();
        let too_old = now.duration_since(visitor.link.created_at) > RENEWABLE;
        let sent_to = |point: &ContactPoint| Some(point.id) == visitor.link.contact_point;
        let points = &visitor.patient.contact_points;
        // Where the address left the file, nothing can be sent to it any more.
        let gone = !points.iter().any(sent_to);
        if too_old || gone || visitor.patient.life != Life::Living {
            return Err(PortalError::Expired);
        }
        if self.renewed_lately(&visitor, now).await? {
            return Ok(());
        }
        let (access, patient) = (&visitor.access, visitor.id());
        self.change(access, patient, Origin::Live, |change| {
            let points = change.chart.patient.contact_points.clone();
            let point = points
                .iter()
                .find(|point| sent_to(point))
                .ok_or(DeskError::NotFound("contact"))?;
            let row = fresh(change, &visitor, point)?;
            change.send(row);
            Ok(())
        })
        .await?;
        Ok(())
    }

    async fn renewed_lately(&self, visitor: &Visitor, now: Timestamp) -> Result<bool, PortalError> {
        let recent = MessageFilter {
            patient: Some(visitor.id()),
            state: String::new(),
            since: now - PAUSE,
            before: None,
            limit: 50,
        };
        let sent = self.reader(&visitor.access).messages(&recent).await?;
        Ok(sent
            .iter()
            .any(|line| line.template.as_deref() == Some(TEMPLATE)))
    }
}

/// Words the message at once: an answer is sent as it was written.
fn fresh(
    change: &mut Change<'_>,
    visitor: &Visitor,
    point: &ContactPoint,
) -> Result<MessageRow, DeskError> {
    let (now, house) = (change.now(), change.house());
    let patient = change.chart.patient.value.clone();
    let channel = channel_of(&point.address);
    let (token, token_hash) = link::new_token(&change.desk().mint());
    let url = link::url(change.desk().public_url(), &token);
    let values = letter::values(house, &patient, None, now, Some(url), point.shared);
    let content = house
        .catalogue
        .render(TEMPLATE, patient.language, &values, channel)
        .map_err(|_| DeskError::Corrupt("the words of a message"))?;
    change.write(Write::LinkNew(LinkRow {
        id: change.desk().mint().id(),
        token_hash,
        patient: patient.id,
        appointment: visitor.link.appointment,
        contact_point: Some(point.id),
        created_at: now,
        expires_at: link::expiry(house, now),
        verified_until: Timestamp::UNIX_EPOCH,
        proof_hash: None,
        failures: 0,
    }));
    Ok(MessageRow {
        message: Message {
            id: change.desk().mint().id(),
            patient: patient.id,
            conversation: None,
            contact_point: Some(point.id),
            channel,
            purpose: Purpose::Care,
            language: patient.language,
            cause: Cause::Reply,
            appointment: visitor.link.appointment,
            content,
            expires_at: now + SignedDuration::from_hours(24),
            state: MessageState::Queued { due_at: now },
        },
        template: Some(TEMPLATE.to_owned()),
        prompt: None,
        appointment_start: None,
        sender: None,
        segments: 0,
        priority: 0,
        created_at: now,
        carrier: None,
    })
}
