//! What carriers report by themselves about messages that they took.

use tendon_care::access::Access;
use tendon_care::id::{MessageId, PracticeId};
use tendon_channel::carrier::Receipt;

use crate::desk::Desk;
use crate::error::DeskError;
use crate::outcome;

/// A carrier's report about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose message.
    pub practice: PracticeId,
    /// Which carrier.
    pub carrier: String,
    /// The carrier's id of the message.
    pub carrier_ref: String,
    /// Our id, where the carrier gives it back: a report may arrive before the
    /// carrier's answer has told us its own.
    pub message: Option<MessageId>,
    /// What became of the message.
    pub receipt: Receipt,
}

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// The message moved on.
    Taken,
    /// Nothing new: a repeat, or one that a later report overtook.
    Known,
    /// No message of this practice's is meant.
    Unknown,
}

impl Desk {
    /// Records what a carrier reports. Reports may come twice, late or in any order.
    pub async fn report(&self, report: &Report) -> Result<Reported, DeskError> {
        let access = Access::system(report.practice, "receipts");
        let Some(message) = self.reported_message(&access, report).await? else {
            return Ok(Reported::Unknown);
        };
        let taken = self
            .change_message(&access, message, |change, row| {
                let (reference, receipt) = (&report.carrier_ref, &report.receipt);
                Ok(outcome::reported(change, row, reference, receipt))
            })
            .await?;
        Ok(if taken {
            Reported::Taken
        } else {
            Reported::Known
        })
    }

    /// Finds the message by the carrier's id, else by our own. One that travels
    /// with another carrier, or under another id of this one, is not meant.
    async fn reported_message(
        &self,
        access: &Access,
        report: &Report,
    ) -> Result<Option<MessageId>, DeskError> {
        use tendon_care::message::MessageState as S;
        let reader = self.reader(access);
        let by_ref = reader
            .message_by_ref(&report.carrier, &report.carrier_ref)
            .await?;
        if let Some(row) = by_ref {
            return Ok(Some(row.message.id));
        }
        let Some(message) = report.message else {
            return Ok(None);
        };
        let row = reader.message(message).await?.filter(|row| {
            let same_carrier = row.carrier.as_deref() == Some(&report.carrier);
            // Our own answer may have been written between the two looks.
            let has_another = match &row.message.state {
                S::Sent { carrier_ref, .. } | S::Delivered { carrier_ref, .. } => {
                    *carrier_ref != report.carrier_ref
                }
                _ => false,
            };
            same_carrier && !has_another
        });
        Ok(row.map(|row| row.message.id))
    }
}
