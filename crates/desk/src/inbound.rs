//! What a person writes back: understood, recorded and acted upon in one commit.
//!
//! A phone may belong to several patients. What is said about the phone itself
//! (stop, start, wrong number) holds for all of them, in the same commit; anything
//! else is for the one whom the practice last wrote to.

mod consent;
mod form;
mod stray;

use jiff::SignedDuration;
use tendon_assist::{Class, Context, Level, Prompt, Understanding, understand};
use tendon_care::access::Access;
use tendon_care::consent::{Act, Ledger};
use tendon_care::contact::{Address, Channel, ContactPoint};
use tendon_care::id::{AppointmentId, ConversationId, MessageId, PatientId, PracticeId};
use tendon_care::message::{Body, Cause};
use tendon_care::patient::Life;
use tendon_care::purpose::Purpose;
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::{Fact, Via};
use tendon_store::{AddressKey, ConversationRow, InboundRow, Write};

use self::consent::Holder;
pub(crate) use self::form::{FormMessage, FormWords};
use crate::change::{Asked, Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;
use crate::portal::patient_access;
use crate::visits::{self, VisitAct};

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
        let repeated = || reader.inbound_known(&inbound.carrier, &inbound.carrier_ref);
        if repeated().await? {
            return Ok(Heard::Repeated);
        }
        match self.take_in(&system, inbound, keyword).await {
            // The same request came twice at once, and the other was faster.
            Err(DeskError::Stale(_)) if repeated().await? => Ok(Heard::Repeated),
            heard => heard,
        }
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
                    // Merged at this very moment; the carrier brings it again.
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
        let ledger = self.reader(access).ledger(patient).await?;
        Ok(Holder { patient, ledger })
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
            opted_out: writer.ledger.entries().iter().any(|entry| {
                entry.address == inbound.from && matches!(entry.act, Act::Revoked { .. })
            }),
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

/// An inbound message in the making.
struct Ear<'c, 'd> {
    change: &'c mut Change<'d>,
    spoken: &'c Spoken<'c>,
    inbound: &'c Inbound,
    thread: &'c Thread,
    ledger: &'c Ledger,
    message: MessageId,
    point: Option<ContactPoint>,
    /// What the next reply answers, after this one.
    prompt: Option<(String, Option<AppointmentId>)>,
    /// A person must answer.
    waits: bool,
}

fn hear(
    change: &mut Change<'_>,
    spoken: &Spoken<'_>,
    thread: &Thread,
    writer: &Holder,
) -> Result<(), DeskError> {
    let Spoken {
        inbound,
        message,
        meaning,
        ..
    } = *spoken;
    let points = &change.chart.patient.contact_points;
    let point = points
        .iter()
        .find(|point| point.address == inbound.from)
        .cloned();
    let (patient, now) = (change.chart.patient.id, change.now());
    let visit = open_visit(change, thread.visit);
    change.happened(Fact::MessageReceived {
        message,
        channel: inbound.channel,
        intent: spoken.class().code().to_owned(),
    });
    let mut ear = Ear {
        prompt: thread
            .known
            .as_ref()
            .and_then(|thread| thread.prompt.clone()),
        change,
        spoken,
        inbound,
        thread,
        ledger: &writer.ledger,
        message,
        point,
        waits: false,
    };
    ear.act(meaning, visit)?;
    let Ear {
        change,
        prompt,
        waits,
        point,
        ..
    } = ear;
    let waited = thread
        .known
        .as_ref()
        .and_then(|thread| thread.waiting_since);
    change.write(Write::Conversation(ConversationRow {
        id: thread.id,
        patient,
        channel: inbound.channel,
        address: Some(AddressKey::new(&inbound.from)),
        prompt,
        last_at: now,
        last_inbound_at: Some(now),
        waiting_since: if waits { waited.or(Some(now)) } else { waited },
    }));
    change.write(Write::InboundNew(Box::new(InboundRow {
        id: message,
        conversation: thread.id,
        patient,
        contact_point: point.map(|point| point.id),
        channel: inbound.channel,
        language: meaning.language,
        appointment: visit,
        body: inbound.body.clone(),
        carrier: inbound.carrier.clone(),
        carrier_ref: inbound.carrier_ref.clone(),
        intent: spoken.class().code().to_owned(),
        at: now,
    })));
    Ok(())
}

/// The visit that a reply is about: the one that was asked about while it is
/// open, else the next one.
fn open_visit(change: &Change<'_>, asked: Option<AppointmentId>) -> Option<AppointmentId> {
    let chart = &change.chart;
    asked
        .and_then(|id| chart.visit(id))
        .filter(|visit| visit.is_open())
        .or_else(|| chart.upcoming(change.now()).next())
        .map(|visit| visit.id)
}

impl Ear<'_, '_> {
    /// Acts by the classes in their order of urgency; an opt-out counts wherever
    /// it stands in the sentence.
    fn act(
        &mut self,
        meaning: &Understanding,
        visit: Option<AppointmentId>,
    ) -> Result<(), DeskError> {
        let flagged = self.red_flag(meaning)?;
        self.mirror_carrier();
        if self.spoken.opts_out() {
            return self.opt_out(meaning, visit, flagged);
        }
        if flagged || self.spoken.form.is_some() {
            return Ok(());
        }
        match meaning.class {
            // The carrier has answered.
            Class::Help if self.spoken.keyword == Some(Keyword::Help) => Ok(()),
            Class::Help => self.reply("help", Purpose::Safety),
            Class::OptIn => self.opt_in(),
            Class::WrongParty => self.wrong_party(),
            Class::Deceased => {
                self.deceased();
                Ok(())
            }
            Class::Confirm => self.on_visit(visit, VisitAct::Confirm, "visit-confirmed"),
            Class::Reschedule => self.on_visit(visit, VisitAct::AskToMove, "visit-move-asked"),
            Class::CancelVisit => self.on_visit(visit, VisitAct::CannotCome, "visit-cannot-come"),
            Class::LanguageSwitch => self.switch_language(meaning),
            Class::Thanks
            | Class::TapbackPositive
            | Class::TapbackNegative
            | Class::AutoReply
            | Class::Spam
            | Class::Smalltalk => Ok(()),
            _ => {
                self.ask_a_person(TaskKind::Reply, 4);
                Ok(())
            }
        }
    }

    /// Answers danger with the fixed words of its level and pages a person.
    fn red_flag(&mut self, meaning: &Understanding) -> Result<bool, DeskError> {
        let Some(flag) = &meaning.red_flag else {
            if meaning.unreadable {
                self.reply("red-flag-emergency", Purpose::Safety)?;
                self.ask_a_person(TaskKind::Reply, 1);
            }
            return Ok(meaning.unreadable);
        };
        self.change.happened(Fact::RedFlagRaised {
            message: self.message,
            level: flag.level.letter().to_string(),
        });
        let about = About {
            message: Some(self.message),
            ..About::default()
        };
        let minutes = match flag.level {
            Level::Emergency | Level::Crisis => 5,
            Level::Abuse | Level::Urgent => 120,
        };
        let due_at = self.change.now() + SignedDuration::from_mins(minutes);
        self.change.open_task(TaskKind::RedFlag, about, due_at);
        self.waits = true;
        if meaning.class != flag.level.class() {
            // Denied, long past or about somebody else: a clinician sees it, and
            // the rest of the message is acted upon as well.
            return Ok(false);
        }
        let words = match flag.level {
            Level::Emergency => "red-flag-emergency",
            Level::Crisis => "red-flag-crisis",
            Level::Abuse => "red-flag-abuse",
            Level::Urgent => "red-flag-urgent",
        };
        self.reply(words, Purpose::Safety)?;
        if flag.level == Level::Emergency {
            // Nothing automatic until a person has looked.
            self.pause();
        }
        Ok(true)
    }

    fn pause(&mut self) {
        let mut patient = self.change.chart.patient.value.clone();
        if !patient.paused {
            patient.paused = true;
            self.change.set_patient(patient);
            self.change
                .happened(Fact::AutomationPaused { paused: true });
        }
    }

    /// A text that says so stops everything at once; a person makes it final.
    fn deceased(&mut self) {
        let mut patient = self.change.chart.patient.value.clone();
        if patient.life == Life::Living {
            patient.paused = true;
            self.change.set_patient(patient);
            self.change
                .happened(Fact::AutomationPaused { paused: true });
            for pending in self.change.chart.pending.clone() {
                self.change.withdraw(&pending, "deceased");
            }
        }
        self.ask_a_person(TaskKind::Reply, 4);
    }

    fn on_visit(
        &mut self,
        visit: Option<AppointmentId>,
        act: VisitAct,
        words: &'static str,
    ) -> Result<(), DeskError> {
        let Some(visit) = visit else {
            self.ask_a_person(TaskKind::Reply, 4);
            return Ok(());
        };
        match visits::apply(self.change, visit, act, Via::Text) {
            Ok(()) => {}
            Err(DeskError::Visit(_) | DeskError::Stale(_)) => {
                self.ask_a_person(TaskKind::Reply, 4);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.prompt = None;
        self.reply_about(words, Purpose::Care, Some(visit))
    }

    fn switch_language(&mut self, meaning: &Understanding) -> Result<(), DeskError> {
        let Some(language) = meaning.wants_language else {
            self.ask_a_person(TaskKind::Reply, 4);
            return Ok(());
        };
        let mut patient = self.change.chart.patient.value.clone();
        patient.language = language;
        self.change.set_patient(patient);
        self.change.happened(Fact::PatientChanged {});
        self.reply("language-switched", Purpose::Care)
    }

    fn ask_a_person(&mut self, kind: TaskKind, hours: i64) {
        let about = About {
            message: Some(self.message),
            ..About::default()
        };
        let due_at = self.change.now() + SignedDuration::from_hours(hours);
        self.change.open_task(kind, about, due_at);
        self.waits = true;
    }

    fn reply(&mut self, words: &'static str, purpose: Purpose) -> Result<(), DeskError> {
        self.reply_about(words, purpose, None)
    }

    /// Answers where the person wrote from; answers are not capped.
    fn reply_about(
        &mut self,
        words: &'static str,
        purpose: Purpose,
        visit: Option<AppointmentId>,
    ) -> Result<(), DeskError> {
        let asked = Asked {
            template: words.to_owned(),
            channel: self.inbound.channel,
            purpose,
            expires_at: self.change.now() + SignedDuration::from_hours(2),
            prompt: None,
            priority: 0,
        };
        let mut row = self.change.templated(Cause::Reply, visit, asked)?;
        row.message.contact_point = self.point.as_ref().map(|point| point.id);
        row.message.conversation = Some(self.thread.id);
        self.change.send(row);
        Ok(())
    }
}
