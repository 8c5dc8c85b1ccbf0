//! No, yes, and "wrong number": what is said about the phone itself.
//!
//! Who wrote is not known where several patients have the phone. A no then counts
//! for each of them at this address, since a message too few can be mended by a
//! call; a yes brings back no more than what this very phone had stopped.

use jiff::SignedDuration;
use tendon_assist::{Class, OptOutScope, Prompt, Understanding};
use tendon_care::consent::{Act, Basis, Entry, Evidence, Extent, Ledger, RevokedVia, ScopeMode};
use tendon_care::contact::{Channel, Owner, Standing};
use tendon_care::id::{AppointmentId, PatientId};
use tendon_care::purpose::{Purpose, Purposes};
use tendon_care::task::{About, TaskKind};
use tendon_care::touchpoint::Fact;
use tendon_store::{Action, ConsentRow, Write};

use super::block::{lift, mirror};
use super::{Ear, Keyword, Spoken};
use crate::change::Change;
use crate::error::DeskError;

/// The version of the words of the START reply.
const START_WORDING: &str = "start-1";

/// A patient who has the address, with what was said before.
pub(super) struct Holder {
    pub(super) patient: PatientId,
    /// What the person's own record says.
    pub(super) said: Ledger,
    /// The same, with what was said elsewhere of addresses that they have.
    pub(super) ledger: Ledger,
}

impl Ear<'_, '_> {
    /// Stops what is asked to stop and says so once. Who says besides that the number
    /// is wrong is told goodbye, and who says that the patient has died is answered by
    /// a person only.
    pub(super) fn opt_out(
        &mut self,
        meaning: &Understanding,
        visit: Option<AppointmentId>,
        flagged: bool,
    ) -> Result<(), DeskError> {
        let died = self.spoken.adds(Class::Deceased);
        let wrong = self.spoken.is_wrong_number();
        let known_wrong = self.is_known_wrong();
        if died {
            self.deceased();
        }
        if wrong && !known_wrong {
            self.wrong_number();
        }
        self.stop(wrong);
        let asks = !died && !wrong && !flagged && self.spoken.form.is_none();
        let unclear = asks && meaning.unclear_cancel && visit.is_some();
        if unclear {
            self.ask_about_visit(visit);
        } else if asks {
            self.visit_beside(meaning, visit)?;
        }
        self.prompt = None;
        // A carrier that blocks the number has answered, and takes nothing more.
        let blocked = self.spoken.keyword == Some(Keyword::Stop);
        if flagged || blocked || died || known_wrong {
            return Ok(());
        }
        if wrong {
            return self.reply("wrong-party-goodbye", Purpose::Safety);
        }
        if unclear {
            self.prompt = Some(("stop_clarification".to_owned(), visit));
            return self.reply("stop-clarify", Purpose::Safety);
        }
        self.reply("stop-confirmed", Purpose::Safety)
    }

    /// Takes back what is meant and withdraws what waits of it. A stranger speaks for
    /// this address and not for the patient's others.
    fn stop(&mut self, only_here: bool) {
        let extent = match narrowed(self.spoken) {
            Some(purpose) => only(purpose),
            None if only_here => all_here(),
            None => Extent::Unqualified {
                topic: self.topic(),
                mode: self.mode(),
            },
        };
        let via = via(self.inbound.channel);
        record(self.change, self.spoken, &Act::Revoked { extent, via });
        for pending in self.change.chart.pending.clone() {
            let meant = narrowed(self.spoken).is_none_or(|one| one == pending.message.purpose);
            let here = !only_here || pending.message.channel == self.inbound.channel;
            if meant && here {
                self.change.withdraw(&pending, "consent_revoked");
            }
        }
    }

    /// CANCEL while a visit is asked about: everything stops, one text asks what was
    /// meant, and a person looks after the visit.
    fn ask_about_visit(&mut self, visit: Option<AppointmentId>) {
        let about = About {
            appointment: visit,
            message: Some(self.message),
            ..About::default()
        };
        let due_at = self.change.now() + SignedDuration::from_hours(2);
        self.change
            .open_task(TaskKind::ClarifyCancel, about, due_at);
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

    /// Brings back what was once granted here. Who writes START without ever having
    /// agreed to anything asks for the clinic's care texts and no more.
    pub(super) fn opt_in(&mut self) -> Result<(), DeskError> {
        lift(self.change, self.spoken, self.ledger);
        for owner in owners(self.change, self.spoken) {
            let again = self.ledger.restartable(owner, &self.inbound.from);
            let again = if again.is_empty() {
                Purposes::default().with(Purpose::Care)
            } else {
                again
            };
            grant(self.change, self.spoken, owner, again);
        }
        if self.spoken.keyword == Some(Keyword::Start) {
            return Ok(());
        }
        self.reply("start-confirmed", Purpose::Safety)
    }

    pub(super) fn wrong_party(&mut self) -> Result<(), DeskError> {
        // Who says it again has been told goodbye, and hears no more from us.
        if self.is_known_wrong() {
            return Ok(());
        }
        self.wrong_number();
        self.reply("wrong-party-goodbye", Purpose::Safety)
    }

    /// Tells whether somebody else has answered from the address before.
    fn is_known_wrong(&self) -> bool {
        let standing = self.point.as_ref().map(|point| point.standing);
        matches!(standing, Some(Standing::WrongParty { .. }))
    }

    /// Writes down that the address is somebody else's, for everybody who has it and
    /// not only for who was written to; a person finds the right one.
    fn wrong_number(&mut self) {
        let at = self.change.now();
        self.change
            .set_address_standing(&self.inbound.from, Standing::WrongParty { at });
        gone(self.change, self.spoken, "wrong_party");
        self.ask_a_person(TaskKind::WrongParty, 24);
    }

    /// Writes down that the carrier blocks the number or takes it again.
    pub(super) fn mirror_carrier(&mut self) {
        mirror(self.change, self.spoken);
        if self.spoken.keyword == Some(Keyword::Stop) {
            let at = self.change.now();
            self.change
                .set_address_standing(&self.inbound.from, Standing::Blocked { at });
        }
    }
}

/// What a text from a shared phone means for another patient who has the phone.
pub(super) fn overhear(change: &mut Change<'_>, spoken: &Spoken<'_>, holder: &Holder) {
    mirror(change, spoken);
    if spoken.is_wrong_number() {
        gone(change, spoken, "wrong_party");
    }
    if spoken.opts_out() {
        // Only here: who wrote may be another, and this one's own mailbox is not
        // theirs to close.
        let extent = narrowed(spoken).map_or_else(all_here, only);
        let via = via(spoken.inbound.channel);
        record(change, spoken, &Act::Revoked { extent, via });
        for pending in change.chart.pending.clone() {
            let here = pending.message.channel == spoken.inbound.channel;
            let meant = narrowed(spoken).is_none_or(|one| one == pending.message.purpose);
            if here && meant {
                change.withdraw(&pending, "consent_revoked");
            }
        }
        return;
    }
    if spoken.meaning.class == Class::OptIn {
        lift(change, spoken, &holder.ledger);
        for owner in owners(change, spoken) {
            if stopped_by_this_phone(holder, owner, spoken) {
                let again = holder.ledger.restartable(owner, &spoken.inbound.from);
                grant(change, spoken, owner, again);
            }
        }
    }
}

/// Tells whether all that this person ever took back came by message from this
/// address: a START from there may then undo it. What they said elsewhere, to
/// staff or on a page, is not for a housemate to undo. Who came to have the address
/// after it was stopped has taken nothing back themselves.
fn stopped_by_this_phone(holder: &Holder, owner: Owner, spoken: &Spoken<'_>) -> bool {
    let from_here = |entry: &Entry| match entry.act {
        Act::Revoked { via: said, .. } => {
            Some(said == via(spoken.inbound.channel) && entry.address == spoken.inbound.from)
        }
        _ => None,
    };
    let noes = |ledger: &Ledger| {
        let entries = ledger.entries().into_iter();
        let theirs = entries.filter(|entry| entry.person == owner);
        theirs.filter_map(from_here).collect::<Vec<bool>>()
    };
    noes(&holder.said).into_iter().all(|here| here)
        && noes(&holder.ledger).into_iter().any(|here| here)
}

/// Withdraws what would go to an address that turned out to be somebody else's.
fn gone(change: &mut Change<'_>, spoken: &Spoken<'_>, reason: &str) {
    let points = change.chart.patient.contact_points.clone();
    for point in points
        .iter()
        .filter(|point| point.address == spoken.inbound.from)
    {
        change.happened(Fact::AddressWrong {
            contact_point: point.id,
        });
    }
    for pending in change.chart.pending.clone() {
        if pending.message.channel == spoken.inbound.channel {
            change.withdraw(&pending, reason);
        }
    }
}

/// The one purpose that is to stop; `None` where all of them are. A carrier's own
/// STOP is always all, and so is a stranger's.
fn narrowed(spoken: &Spoken<'_>) -> Option<Purpose> {
    match spoken.meaning.opt_out {
        Some(OptOutScope::Purpose(purpose))
            if spoken.keyword != Some(Keyword::Stop) && !spoken.is_wrong_number() =>
        {
            Some(purpose)
        }
        _ => None,
    }
}

fn only(purpose: Purpose) -> Extent {
    Extent::Narrowed {
        purposes: Purposes::default().with(purpose),
        channel: None,
    }
}

/// Everything that comes to this address.
const fn all_here() -> Extent {
    Extent::Narrowed {
        purposes: Purposes::ALL,
        channel: None,
    }
}

const fn via(channel: Channel) -> RevokedVia {
    match channel {
        Channel::Sms => RevokedVia::Text,
        Channel::Email => RevokedVia::Email,
        Channel::Voice => RevokedVia::Call,
    }
}

/// Whose the address is on this chart: the patient's, a representative's, or both.
pub(super) fn owners(change: &Change<'_>, spoken: &Spoken<'_>) -> Vec<Owner> {
    let mut owners = Vec::new();
    for point in &change.chart.patient.contact_points {
        if point.address == spoken.inbound.from && !owners.contains(&point.owner) {
            owners.push(point.owner);
        }
    }
    owners
}

fn grant(change: &mut Change<'_>, spoken: &Spoken<'_>, owner: Owner, purposes: Purposes) {
    let language = change.chart.patient.language;
    for purpose in purposes.iter() {
        let act = Act::Granted {
            purpose,
            channel: None,
            basis: Basis::Keyword,
            wording_version: START_WORDING.to_owned(),
            language,
            unencrypted_warning_version: None,
        };
        let consent = enter_for(change, spoken, owner, act);
        change.happened(Fact::ConsentGranted { consent, purpose });
    }
    if !purposes.is_empty() {
        change.audit(Action::Create, "consent", "granted");
    }
}

/// Records a revocation for everybody on this chart who has the address.
fn record(change: &mut Change<'_>, spoken: &Spoken<'_>, act: &Act) {
    for owner in owners(change, spoken) {
        let consent = enter_for(change, spoken, owner, act.clone());
        change.happened(Fact::ConsentRevoked {
            consent,
            purpose: narrowed(spoken),
        });
        change.audit(Action::Create, "consent", "revoked");
    }
}

pub(super) fn enter_for(
    change: &mut Change<'_>,
    spoken: &Spoken<'_>,
    person: Owner,
    act: Act,
) -> tendon_care::id::ConsentId {
    let entry = Entry {
        id: change.desk().mint().id(),
        person,
        address: spoken.inbound.from.clone(),
        captured_at: change.now(),
        captured_by: change.access().actor,
        evidence: Evidence::Message(spoken.message),
        act,
    };
    let consent = entry.id;
    let (patient, strand) = (change.chart.patient.id, change.strand());
    change.write(Write::Consent(Box::new(ConsentRow {
        patient,
        strand,
        entry,
    })));
    consent
}
