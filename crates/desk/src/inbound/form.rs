//! Words that came with a form on the patient's page.
//!
//! They stand in the thread with the address that the link was sent to, so that
//! staff read and answer them where they answer everything else. What the form
//! asks is done by the form; the words are heard for danger and for a plain STOP
//! all the same, since that is where people write them.

use tendon_assist::{Class, Context, Prompt, understand};
use tendon_care::access::Access;
use tendon_care::contact::ContactPoint;
use tendon_care::id::{AppointmentId, Id as _, MessageId, PatientId};
use tendon_care::language::Language;
use tendon_care::message::Body;

use super::{Holder, Inbound, Spoken, Thread, hear};
use crate::change::Change;
use crate::desk::Desk;
use crate::dispatch::channel_of;
use crate::error::DeskError;

/// The name of the patient's page among the carriers.
const CARRIER: &str = "portal";

/// A form with words on it.
pub(crate) struct FormWords {
    /// What the form asks.
    pub(crate) asks: Class,
    /// The visit it is about.
    pub(crate) visit: AppointmentId,
    /// The words as staff read them.
    pub(crate) shown: Body,
    /// What of it the person typed freely.
    pub(crate) typed: Body,
    /// The language of the page.
    pub(crate) language: Language,
}

/// A form with words on it, and the thread that it belongs to.
pub(crate) struct FormMessage {
    words: FormWords,
    inbound: Inbound,
    thread: Thread,
    writer: Holder,
    message: MessageId,
}

impl Desk {
    /// Finds the thread of a form: the one with the address of its link.
    pub(crate) async fn form_message(
        &self,
        access: &Access,
        patient: PatientId,
        point: &ContactPoint,
        words: FormWords,
    ) -> Result<FormMessage, DeskError> {
        let reader = self.reader(access);
        let channel = channel_of(&point.address);
        let threads = reader.conversations_at(channel, &point.address).await?;
        let message: MessageId = self.mint().id();
        Ok(FormMessage {
            inbound: Inbound {
                practice: access.practice,
                from: point.address.clone(),
                channel,
                body: words.shown.clone(),
                carrier: CARRIER.to_owned(),
                carrier_ref: message.uuid().simple().to_string(),
            },
            thread: Thread {
                visit: Some(words.visit),
                ..Thread::find(self, threads, patient)
            },
            writer: self.holder(access, patient).await?,
            message,
            words,
        })
    }
}

impl FormMessage {
    /// Keeps the words in the thread, before what the form asks is done.
    pub(crate) fn keep(&self, change: &mut Change<'_>) -> Result<(), DeskError> {
        let context = Context {
            prompt: Prompt::Visit,
            language: self.words.language,
            opted_out: false,
        };
        let meaning = understand(self.words.typed.expose(), &context);
        let spoken = Spoken {
            inbound: &self.inbound,
            keyword: None,
            form: Some(self.words.asks),
            message: self.message,
            meaning: &meaning,
        };
        hear(change, &spoken, &self.thread, &self.writer)
    }
}
