//! What a person writes back: understood, recorded and acted upon in one commit.

use jiff::SignedDuration;
use tendon_assist::{Class, Context, Level, OptOutScope, Prompt, Understanding, understand};
use tendon_care::access::{Access, Actor, PurposeOfUse, Scope};
use tendon_care::consent::{Act, Basis, Entry, Evidence, Extent, RevokedVia, ScopeMode};
use tendon_care::contact::{Address, Channel, ContactPoint, Standing};
use tendon_care::id::{AppointmentId, ConversationId, MessageId, PatientId, PracticeId};
use tendon_care::message::{Body, Cause};
use tendon_care::patient::Life;
use tendon_care::purpose::Purpose;
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::{Fact, Via};
use tendon_store::{AddressKey, ConsentRow, ConversationRow, InboundRow, Write};

use crate::change::{Asked, Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;
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
    /// Nobody here has that address.
    Stranger,
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
        let system = Access::system(inbound.practice, "inbound");
        let reader = self.reader(&system);
        if reader
            .inbound_known(&inbound.carrier, &inbound.carrier_ref)
            .await?
        {
            return Ok(Heard::Repeated);
        }
        let Some(patient) = self.writer(&system, inbound).await? else {
            return Ok(Heard::Stranger);
        };
        let known = reader
            .conversations_at(inbound.channel, &inbound.from)
            .await?;
        let known = known.into_iter().find(|thread| thread.patient == patient);
        let thread = Thread {
            id: known
                .as_ref()
                .map_or_else(|| self.mint().id(), |thread| thread.id),
            prompt: prompt_of(known.as_ref()),
            visit: known
                .as_ref()
                .and_then(|thread| thread.prompt.as_ref())
                .and_then(|(_, visit)| *visit),
            known,
        };
        let access = Access {
            practice: inbound.practice,
            actor: Actor::Patient { id: patient },
            scope: Scope::Practice,
            purpose: PurposeOfUse::PatientRequest,
        };
        let ledger = reader.ledger(patient).await?;
        let class = self
            .change(&access, patient, Origin::Live, |change| {
                let context = Context {
                    prompt: thread.prompt,
                    language: change.chart.patient.language,
                    opted_out: ledger.entries().iter().any(|entry| {
                        entry.address == inbound.from && matches!(entry.act, Act::Revoked { .. })
                    }),
                };
                let meaning = understand(inbound.body.expose(), &context);
                hear(change, inbound, &thread, &meaning)?;
                Ok(meaning.class)
            })
            .await?;
        Ok(Heard::Taken { class })
    }

    /// Finds who wrote: the patient of the latest thread at that address, or the
    /// only one who has it.
    async fn writer(
        &self,
        access: &Access,
        inbound: &Inbound,
    ) -> Result<Option<PatientId>, DeskError> {
        let reader = self.reader(access);
        let holders = reader.patients_at(&inbound.from).await?;
        let threads = reader
            .conversations_at(inbound.channel, &inbound.from)
            .await?;
        let latest = threads
            .into_iter()
            .map(|thread| thread.patient)
            .find(|id| holders.contains(id));
        Ok(latest.or_else(|| holders.first().copied()))
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
    inbound: &'c Inbound,
    thread: &'c Thread,
    message: MessageId,
    point: Option<ContactPoint>,
    /// What the next reply answers, after this one.
    prompt: Option<(String, Option<AppointmentId>)>,
    /// A person must answer.
    waits: bool,
}

fn hear(
    change: &mut Change<'_>,
    inbound: &Inbound,
    thread: &Thread,
    meaning: &Understanding,
) -> Result<(), DeskError> {
    let points = &change.chart.patient.contact_points;
    let point = points
        .iter()
        .find(|point| point.address == inbound.from)
        .cloned();
    let message: MessageId = change.desk().mint().id();
    let (patient, now) = (change.chart.patient.id, change.now());
    let visit = open_visit(change, thread.visit);
    change.happened(Fact::MessageReceived {
        message,
        channel: inbound.channel,
        intent: meaning.class.code().to_owned(),
    });
    let mut ear = Ear {
        prompt: thread
            .known
            .as_ref()
            .and_then(|thread| thread.prompt.clone()),
        change,
        inbound,
        thread,
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
        intent: meaning.class.code().to_owned(),
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
        if meaning.says(Class::OptOutAll) || meaning.says(Class::OptOutCategory) {
            return self.opt_out(meaning, visit, flagged);
        }
        if flagged {
            return Ok(());
        }
        match meaning.class {
            Class::Help => self.reply("help", Purpose::Safety),
            Class::OptIn => self.opt_in(),
            Class::WrongParty => self.wrong_party(),
            Class::Deceased => self.deceased(),
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
            _ => self.ask_a_person(TaskKind::Reply, 4),
        }
    }

    /// Answers danger with the fixed words of its level and pages a person.
    fn red_flag(&mut self, meaning: &Understanding) -> Result<bool, DeskError> {
        let Some(flag) = &meaning.red_flag else {
            if meaning.unreadable {
                self.reply("red-flag-emergency", Purpose::Safety)?;
                self.ask_a_person(TaskKind::Reply, 1)?;
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

    fn opt_out(
        &mut self,
        meaning: &Understanding,
        visit: Option<AppointmentId>,
        answered: bool,
    ) -> Result<(), DeskError> {
        let scope = meaning.opt_out.unwrap_or(OptOutScope::Everything);
        let extent = match scope {
            OptOutScope::Everything => Extent::Unqualified {
                topic: self.topic(),
                mode: self.mode(),
            },
            OptOutScope::Purpose(purpose) => Extent::Narrowed {
                purposes: std::iter::once(purpose).collect(),
                channel: None,
            },
        };
        let via = match self.inbound.channel {
            Channel::Sms => RevokedVia::Text,
            Channel::Email => RevokedVia::Email,
            Channel::Voice => RevokedVia::Call,
        };
        self.consent(Act::Revoked { extent, via });
        let purpose = match scope {
            OptOutScope::Everything => None,
            OptOutScope::Purpose(purpose) => Some(purpose),
        };
        if purpose.is_none() {
            for pending in self.change.chart.pending.clone() {
                self.change.withdraw(&pending, "consent_revoked");
            }
        }
        if answered {
            return Ok(());
        }
        // CANCEL while a visit is asked about: everything stops, one text asks
        // what was meant, and a person looks after the visit.
        if meaning.says(Class::CancelVisit)
            && self.thread.prompt == Prompt::Visit
            && visit.is_some()
        {
            let about = About {
                appointment: visit,
                message: Some(self.message),
                ..About::default()
            };
            let due_at = self.change.now() + SignedDuration::from_hours(2);
            self.change
                .open_task(TaskKind::ClarifyCancel, about, due_at);
            self.prompt = Some(("stop_clarification".to_owned(), visit));
            return self.reply("stop-clarify", Purpose::Safety);
        }
        self.prompt = None;
        self.reply("stop-confirmed", Purpose::Safety)
    }

    /// The purpose of what was answered: the visit, where one was asked about.
    fn topic(&self) -> Option<Purpose> {
        (self.thread.prompt == Prompt::Visit).then_some(Purpose::Care)
    }

    fn mode(&self) -> ScopeMode {
        let house = self.change.house();
        let today = self
            .change
            .now()
            .to_zoned(house.practice.time_zone.clone())
            .date();
        house.rules.for_date(today).terms().mode
    }

    fn opt_in(&mut self) -> Result<(), DeskError> {
        let language = self.change.chart.patient.language;
        for purpose in [Purpose::Care, Purpose::CareOther] {
            self.consent(Act::Granted {
                purpose,
                channel: None,
                basis: Basis::Keyword,
                wording_version: "start-1".to_owned(),
                language,
                unencrypted_warning_version: None,
            });
        }
        self.reply("start-confirmed", Purpose::Safety)
    }

    fn consent(&mut self, act: Act) {
        let Some(point) = &self.point else { return };
        let entry = Entry {
            id: self.change.desk().mint().id(),
            person: point.owner,
            address: point.address.clone(),
            captured_at: self.change.now(),
            captured_by: self.change.access().actor,
            evidence: Evidence::Message(self.message),
            act,
        };
        let consent = entry.id;
        let fact = match &entry.act {
            Act::Granted { purpose, .. } => Fact::ConsentGranted {
                consent,
                purpose: *purpose,
            },
            _ => Fact::ConsentRevoked {
                consent,
                purpose: None,
            },
        };
        let (patient, strand) = (self.change.chart.patient.id, self.change.strand());
        self.change.write(Write::Consent(Box::new(ConsentRow {
            patient,
            strand,
            entry,
        })));
        self.change.happened(fact);
    }

    fn wrong_party(&mut self) -> Result<(), DeskError> {
        let at = self.change.now();
        self.reply("wrong-party-goodbye", Purpose::Safety)?;
        // For everybody who has this address, not only for who was written to.
        let key = AddressKey::new(&self.inbound.from);
        self.change
            .write(Write::AddressStanding(key, Standing::WrongParty { at }));
        if let Some(point) = &self.point {
            self.change.happened(Fact::AddressWrong {
                contact_point: point.id,
            });
        }
        for pending in self.change.chart.pending.clone() {
            if pending.message.channel == self.inbound.channel {
                self.change.withdraw(&pending, "wrong_party");
            }
        }
        self.ask_a_person(TaskKind::WrongParty, 24)
    }

    /// A text that says so stops everything at once; a person makes it final.
    fn deceased(&mut self) -> Result<(), DeskError> {
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
        self.ask_a_person(TaskKind::Reply, 4)
    }

    fn on_visit(
        &mut self,
        visit: Option<AppointmentId>,
        act: VisitAct,
        words: &'static str,
    ) -> Result<(), DeskError> {
        let Some(visit) = visit else {
            return self.ask_a_person(TaskKind::Reply, 4);
        };
        match visits::apply(self.change, visit, act, Via::Text) {
            Ok(()) => {}
            Err(DeskError::Visit(_) | DeskError::Stale(_)) => {
                return self.ask_a_person(TaskKind::Reply, 4);
            }
            Err(error) => return Err(error),
        }
        self.prompt = None;
        self.reply_about(words, Purpose::Care, Some(visit))
    }

    fn switch_language(&mut self, meaning: &Understanding) -> Result<(), DeskError> {
        let Some(language) = meaning.wants_language else {
            return self.ask_a_person(TaskKind::Reply, 4);
        };
        let mut patient = self.change.chart.patient.value.clone();
        patient.language = language;
        self.change.set_patient(patient);
        self.change.happened(Fact::PatientChanged {});
        self.reply("language-switched", Purpose::Care)
    }

    fn ask_a_person(&mut self, kind: TaskKind, hours: i64) -> Result<(), DeskError> {
        let about = About {
            message: Some(self.message),
            ..About::default()
        };
        let due_at = self.change.now() + SignedDuration::from_hours(hours);
        self.change.open_task(kind, about, due_at);
        self.waits = true;
        Ok(())
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
