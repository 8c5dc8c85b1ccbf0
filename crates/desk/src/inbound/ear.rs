//! What follows from what somebody wrote: danger first, then what is said about the
//! phone, then the rest.

use jiff::SignedDuration;
use tendon_assist::{Class, Level, Understanding};
use tendon_care::consent::Ledger;
use tendon_care::contact::ContactPoint;
use tendon_care::id::{AppointmentId, MessageId};
use tendon_care::message::Cause;
use tendon_care::patient::Life;
use tendon_care::purpose::Purpose;
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::{Fact, Via};
use tendon_store::{AddressKey, ConversationRow, InboundRow, Write};

use super::consent::Holder;
use super::{Inbound, Keyword, Spoken, Thread};
use crate::change::{Asked, Change};
use crate::error::DeskError;
use crate::visits::{self, VisitAct};

/// An inbound message in the making.
pub(super) struct Ear<'c, 'd> {
    pub(super) change: &'c mut Change<'d>,
    pub(super) spoken: &'c Spoken<'c>,
    pub(super) inbound: &'c Inbound,
    pub(super) thread: &'c Thread,
    pub(super) ledger: &'c Ledger,
    pub(super) message: MessageId,
    pub(super) point: Option<ContactPoint>,
    /// What the next reply answers, after this one.
    pub(super) prompt: Option<(String, Option<AppointmentId>)>,
    /// A person must answer.
    pub(super) waits: bool,
}

/// Records what somebody wrote, and what follows from it.
pub(super) fn hear(
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

    pub(super) fn pause(&mut self) {
        let mut patient = self.change.chart.patient.value.clone();
        if !patient.paused {
            patient.paused = true;
            self.change.set_patient(patient);
            self.change
                .happened(Fact::AutomationPaused { paused: true });
        }
    }

    /// A text that says so stops everything at once; a person makes it final.
    pub(super) fn deceased(&mut self) {
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
        if self.tell_visit(visit, act)? {
            self.prompt = None;
            self.reply_about(words, Purpose::Care, Some(visit))?;
        }
        Ok(())
    }

    /// Moves a visit as the person says; where it cannot move so, a person is asked.
    fn tell_visit(&mut self, visit: AppointmentId, act: VisitAct) -> Result<bool, DeskError> {
        match visits::apply(self.change, visit, act, Via::Text) {
            Ok(()) => Ok(true),
            Err(DeskError::Visit(_) | DeskError::Stale(_)) => {
                self.ask_a_person(TaskKind::Reply, 4);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Does what is said of the visit beside an opt-out, such as "3 STOP": that is
    /// answered once, and not about the visit.
    pub(super) fn visit_beside(
        &mut self,
        meaning: &Understanding,
        visit: Option<AppointmentId>,
    ) -> Result<(), DeskError> {
        let acts = [
            (Class::CancelVisit, VisitAct::CannotCome),
            (Class::Reschedule, VisitAct::AskToMove),
            (Class::Confirm, VisitAct::Confirm),
        ];
        let said = acts.into_iter().find(|(class, _)| meaning.says(*class));
        match (said, visit) {
            (Some((_, act)), Some(visit)) => self.tell_visit(visit, act).map(|_| ()),
            (Some(_), None) => {
                self.ask_a_person(TaskKind::Reply, 4);
                Ok(())
            }
            (None, _) => Ok(()),
        }
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

    pub(super) fn ask_a_person(&mut self, kind: TaskKind, hours: i64) {
        let about = About {
            message: Some(self.message),
            ..About::default()
        };
        let due_at = self.change.now() + SignedDuration::from_hours(hours);
        self.change.open_task(kind, about, due_at);
        self.waits = true;
    }

    pub(super) fn reply(&mut self, words: &'static str, purpose: Purpose) -> Result<(), DeskError> {
        self.reply_about(words, purpose, None)
    }

    /// Answers where the person wrote from; answers are not capped.
    pub(super) fn reply_about(
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
