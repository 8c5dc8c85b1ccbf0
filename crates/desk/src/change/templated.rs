//! Messages made of a template.

use jiff::Timestamp;
use tendon_care::contact::Channel;
use tendon_care::id::AppointmentId;
use tendon_care::message::{Cause, Message, MessageState};
use tendon_store::MessageRow;

use super::Change;
use crate::error::DeskError;

impl Change<'_> {
    /// Makes a message of a template; its final words are found at dispatch, when
    /// the address and channel are known.
    pub(crate) fn templated(
        &self,
        cause: Cause,
        appointment: Option<AppointmentId>,
        asked: Asked,
    ) -> Result<MessageRow, DeskError> {
        let visit = appointment.and_then(|id| self.chart.visit(id));
        let patient = &self.chart.patient.value;
        let values = crate::letter::values(
            self.house,
            patient,
            visit.map(|v| &v.value),
            self.now,
            None,
            false,
        );
        let words = &self.house.catalogue;
        let content = words
            .render(&asked.template, patient.language, &values, asked.channel)
            .or_else(|_| words.render(&asked.template, patient.language, &values, Channel::Email))
            .map_err(|_| DeskError::Corrupt("the words of a message"))?;
        Ok(MessageRow {
            message: Message {
                id: self.desk.mint().id(),
                patient: patient.id,
                conversation: None,
                contact_point: None,
                channel: asked.channel,
                purpose: asked.purpose,
                language: patient.language,
                cause,
                appointment,
                content,
                expires_at: asked.expires_at,
                state: MessageState::Queued { due_at: self.now },
            },
            template: Some(asked.template),
            prompt: asked.prompt,
            appointment_start: visit.map(|visit| visit.starts_at),
            sender: None,
            segments: 0,
            priority: asked.priority,
            created_at: self.now,
            carrier: None,
        })
    }
}

/// A message of a template, as a step or a use case asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) template: String,
    pub(crate) channel: Channel,
    pub(crate) purpose: tendon_care::purpose::Purpose,
    pub(crate) expires_at: Timestamp,
    pub(crate) prompt: Option<String>,
    /// Lower goes first.
    pub(crate) priority: i64,
}
