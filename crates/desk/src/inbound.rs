//! What a person writes back: understood, recorded and acted upon in one commit.
//!
//! A phone may belong to several patients. What is said about the phone itself
//! (stop, start, wrong number) holds for all of them, in the same commit; anything
//! else is for the one whom the practice last wrote to.

mod block;
mod consent;
mod ear;
mod form;
mod stray;

use tendon_assist::{Class, Context, Prompt, Understanding, understand};
use tendon_care::access::Access;
use tendon_care::contact::{Address, Channel};
use tendon_care::id::{AppointmentId, ConversationId, MessageId, PatientId, PracticeId};
use tendon_care::message::Body;
use tendon_store::ConversationRow;

use self::consent::Holder;
use self::ear::{Ear, hear};
pub(crate) use self::form::{FormMessage, FormWords};
use crate::change::Origin;
use crate::desk::{Desk, TRIES};
use crate::error::DeskError;
use crate::portal::patient_access;

/// A message that a carrier brought.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Whose number it was sent to.
    pub practice: PracticeId,
    /// Who wrote.
    pub from: Address,
    /// How.
    pub channel: Channel,
    /// The words.
    pub body: Body,
    /// Which carrier brought it.
    pub carrier: String,
    /// The carrier's id: the same one twice is a repeat.
    pub carrier_ref: String,
}

/// What became of an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Recorded and acted upon.
    Taken {
        /// What it means.
        class: Class,
    },
    /// The carrier had brought it before.
    Repeated,
    /// Nobody here has that address: kept, with a task for staff.
    Stranger,
}

/// What the carrier itself took a text for, and has already acted on and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// It blocks the number.
    Stop,
    /// It has lifted its block.
    Start,
    /// It has answered with help.
    Help,
}

/// What is known before the chart is read.
struct Thread {
    id: ConversationId,
    known: Option<ConversationRow>,
    prompt: Prompt,
    visit: Option<AppointmentId>,
}

impl Desk {
    /// Takes a message that a person wrote.
    pub async fn hear(&self, inbound: &Inbound) -> Result<Heard, DeskError> {
        self.hear_keyword(inbound, None).await
    }

    /// Takes a message that the carrier has acted on by its own list.
    pub async fn hear_keyword(
        &self,
        inbound: &Inbound,
        keyword: Option<Keyword>,
    ) -> Result<Heard, DeskError> {
        let system = Access::system(inbound.practice, "inbound");
        let reader = self.reader(&system);
        for _ in 0..TRIES {
            if reader
                .inbound_known(&inbound.carrier, &inbound.carrier_ref)
                .await?
            {
                return Ok(Heard::Repeated);
            }
            match self.take_in(&system, inbound, keyword).await {
                // The same request came twice at once; or the first two texts of a
                // person, who now has a thread; or a merge. A carrier may not ask again,
                // so who it was is found out anew.
                Err(DeskError::Stale(_) | DeskError::Busy) => {}
                heard => return heard,
            }
        }
        Err(DeskError::Busy)
    }

    async fn take_in(
        &self,
        system: &Access,
        inbound: &Inbound,
        keyword: Option<Keyword>,
    ) -> Result<Heard, DeskError> {
        let reader = self.reader(system);
        let threads = reader
            .conversations_at(inbound.channel, &inbound.from)
            .await?;
        let patients = self.holders(system, inbound, &threads).await?;
        let Some((patient, others)) = patients.split_first() else {
            return self.keep_stray(system, inbound, keyword).await;
        };
        let writer = self.holder(system, *patient).await?;
        let thread = Thread::find(self, threads, *patient);
        let meaning = self.meaning(system, inbound, &thread, &writer).await?;
        let spoken = Spoken {
            inbound,
            keyword,
            form: None,
            message: self.mint().id(),
            meaning: &meaning,
        };
        let mut holders = vec![writer];
        if spoken.is_about_the_phone() {
            for other in others {
                holders.push(self.holder(system, *other).await?);
            }
        }
        let patients: Vec<PatientId> = holders.iter().map(|holder| holder.patient).collect();
        let access = patient_access(inbound.practice, *patient);
        self.change_all(&access, &patients, Origin::Live, |changes| {
            for change in changes {
                let id = change.chart.patient.id;
                let mut known = holders.iter().enumerate();
                match known.find(|(_, holder)| holder.patient == id) {
                    Some((0, writer)) => hear(change, &spoken, &thread, writer)?,
                    Some((_, other)) => consent::overhear(change, &spoken, other),
                    // Merged at this very moment.
                    None => return Err(DeskError::Busy),
                }
            }
            Ok(())
        })
        .await?;
        Ok(Heard::Taken {
            class: meaning.class,
        })
    }

    async fn holder(&self, access: &Access, patient: PatientId) -> Result<Holder, DeskError> {
        let reader = self.reader(access);
        let points = reader.contact_points(patient).await?;
        let said = reader.ledger(patient).await?;
        Ok(Holder {
            patient,
            ledger: self
                .with_all_about(access, patient, &points, said.clone())
                .await?,
            said,
        })
    }

    async fn meaning(
        &self,
        access: &Access,
        inbound: &Inbound,
        thread: &Thread,
        writer: &Holder,
    ) -> Result<Understanding, DeskError> {
        let known = self.reader(access).patient(writer.patient).await?;
        let known = known.ok_or(DeskError::NotFound("patient"))?;
        let context = Context {
            prompt: thread.prompt,
            language: known.language,
            opted_out: block::is_stopped(&writer.ledger, &inbound.from),
        };
        Ok(understand(inbound.body.expose(), &context))
    }

    /// Finds everybody who has the address, first who is thought to have written:
    /// the patient of the latest thread there, or the first who has it.
    async fn holders(
        &self,
        access: &Access,
        inbound: &Inbound,
        threads: &[ConversationRow],
    ) -> Result<Vec<PatientId>, DeskError> {
        let reader = self.reader(access);
        let mut patients = Vec::new();
        for patient in reader.patients_at(&inbound.from).await? {
            let patient = reader.root_of(patient).await?;
            if !patients.contains(&patient) {
                patients.push(patient);
            }
        }
        let latest = threads
            .iter()
            .find_map(|thread| patients.iter().position(|known| *known == thread.patient));
        if let Some(latest) = latest
            && let Some(before) = patients.get_mut(..=latest)
        {
            before.rotate_right(1);
        }
        Ok(patients)
    }
}

/// Something that was written, and what it means.
struct Spoken<'a> {
    inbound: &'a Inbound,
    keyword: Option<Keyword>,
    /// What the form asks that they were written on; the form itself sees to that.
    form: Option<Class>,
    message: MessageId,
    meaning: &'a Understanding,
}

impl Spoken<'_> {
    /// Returns what is recorded as the meaning.
    fn class(&self) -> Class {
        let heard = self.meaning.class;
        self.form
            .filter(|_| !heard.is_red_flag() && !self.opts_out())
            .unwrap_or(heard)
    }

    fn opts_out(&self) -> bool {
        if self.form.is_some() {
            // "I would rather stop by later": on a form only a plain STOP is one.
            return matches!(self.meaning.class, Class::OptOutAll | Class::OptOutCategory);
        }
        self.keyword == Some(Keyword::Stop)
            || self.meaning.says(Class::OptOutAll)
            || self.meaning.says(Class::OptOutCategory)
    }

    /// Tells whether it means this besides an opt-out, which comes first of them.
    fn adds(&self, class: Class) -> bool {
        self.form.is_none() && self.opts_out() && self.meaning.says(class)
    }

    /// Tells whether who wrote is not the patient.
    fn is_wrong_number(&self) -> bool {
        self.meaning.class == Class::WrongParty || self.adds(Class::WrongParty)
    }

    /// Tells whether it holds for everybody who has the phone.
    fn is_about_the_phone(&self) -> bool {
        self.opts_out()
            || self.keyword.is_some()
            || matches!(self.meaning.class, Class::OptIn | Class::WrongParty)
    }
}

impl Thread {
    fn find(desk: &Desk, threads: Vec<ConversationRow>, patient: PatientId) -> Self {
        let known = threads.into_iter().find(|thread| thread.patient == patient);
        let asked = known.as_ref().and_then(|thread| thread.prompt.as_ref());
        Self {
            id: known
                .as_ref()
                .map_or_else(|| desk.mint().id(), |thread| thread.id),
            prompt: prompt_of(known.as_ref()),
            visit: asked.and_then(|(_, visit)| *visit),
            known,
        }
    }
}

fn prompt_of(thread: Option<&ConversationRow>) -> Prompt {
    match thread
        .and_then(|thread| thread.prompt.as_ref())
        .map(|(prompt, _)| prompt.as_str())
    {
        Some("visit") => Prompt::Visit,
        Some("stop_clarification") => Prompt::StopClarification,
        _ => Prompt::None,
    }
}
