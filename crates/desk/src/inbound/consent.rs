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
use tendon_store::ConsentRow;
use tendon_store::Write;

use super::{Ear, Keyword, Spoken};
use crate::change::Change;
use crate::error::DeskError;

/// The version of the words of the START reply.
const START_WORDING: &str = "start-1";

/// A patient who has the address, with what was said before.
pub(super) struct Holder {
    pub(super) patient: PatientId,
    pub(super) ledger: Ledger,
}

impl Ear<'_, '_> {
    /// Stops what is asked to stop and says so once.
    pub(super) fn opt_out(
        &mut self,
        meaning: &Understanding,
        visit: Option<AppointmentId>,
        answered: bool,
    ) -> Result<(), DeskError> {
        let extent = match narrowed(self.spoken) {
            Some(purpose) => only(purpose),
            None => Extent::Unqualified {
                topic: self.topic(),
                mode: self.mode(),
            },
        };
        let via = via(self.inbound.channel);
        record(self.change, self.spoken, &Act::Revoked { extent, via });
        for pending in self.change.chart.pending.clone() {
            let meant = narrowed(self.spoken).is_none_or(|one| one == pending.message.purpose);
            if meant {
                self.change.withdraw(&pending, "consent_revoked");
            }
        }
        // CANCEL while a visit is asked about: everything stops, one text asks
        // what was meant, and a person looks after the visit.
        let unclear = meaning.says(Class::CancelVisit)
            && self.thread.prompt == Prompt::Visit
            && visit.is_some();
        if unclear && !answered {
            let about = About {
                appointment: visit,
                message: Some(self.message),
                ..About::default()
            };
            let due_at = self.change.now() + SignedDuration::from_hours(2);
            self.change
                .open_task(TaskKind::ClarifyCancel, about, due_at);
        }
        self.prompt = None;
        // A carrier that blocks the number has answered, and takes nothing more.
        if answered || self.spoken.keyword == Some(Keyword::Stop) {
            return Ok(());
        }
        if unclear {
            self.prompt = Some(("stop_clarification".to_owned(), visit));
            return self.reply("stop-clarify", Purpose::Safety);
        }
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

    /// Brings back what was once granted here. Who writes START without ever having
    /// agreed to anything asks for the clinic's care texts and no more.
    pub(super) fn opt_in(&mut self) -> Result<(), DeskError> {
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
        let point = self.point.as_ref().map(|point| point.standing);
        // Who says it again has been told goodbye, and hears no more from us.
        if matches!(point, Some(Standing::WrongParty { .. })) {
            return Ok(());
        }
        let at = self.change.now();
        self.reply("wrong-party-goodbye", Purpose::Safety)?;
        // For everybody who has this address, not only for who was written to.
        self.change
            .set_address_standing(&self.inbound.from, Standing::WrongParty { at });
        gone(self.change, self.spoken, "wrong_party");
        self.ask_a_person(TaskKind::WrongParty, 24);
        Ok(())
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
    if spoken.opts_out() {
        let extent = narrowed(spoken).map_or(
            // Only here: who wrote may be another, and this one's own mailbox is
            // not theirs to close.
            Extent::Narrowed {
                purposes: Purposes::ALL,
                channel: None,
            },
            only,
        );
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
    match spoken.meaning.class {
        Class::WrongParty => gone(change, spoken, "wrong_party"),
        Class::OptIn => {
            for owner in owners(change, spoken) {
                if stopped_by_this_phone(&holder.ledger, owner, spoken) {
                    let again = holder.ledger.restartable(owner, &spoken.inbound.from);
                    grant(change, spoken, owner, again);
                }
            }
        }
        _ => {}
    }
}

/// Tells whether all that this person ever took back came by message from this
/// address: a START from there may then undo it. What they said elsewhere, to
/// staff or on a page, is not for a housemate to undo.
fn stopped_by_this_phone(ledger: &Ledger, owner: Owner, spoken: &Spoken<'_>) -> bool {
    let entries = ledger.entries();
    let mut noes = entries
        .iter()
        .filter(|entry| entry.person == owner)
        .filter_map(|entry| match entry.act {
            Act::Revoked { via, .. } => Some((entry, via)),
            _ => None,
        })
        .peekable();
    let from_here = via(spoken.inbound.channel);
    noes.peek().is_some()
        && noes.all(|(entry, via)| via == from_here && entry.address == spoken.inbound.from)
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

/// Writes the carrier's own act into the ledger: a block overrides every yes here,
/// and lifting it gives none.
fn mirror(change: &mut Change<'_>, spoken: &Spoken<'_>) {
    match spoken.keyword {
        Some(Keyword::Stop) => enter(change, spoken, &Act::CarrierBlocked),
        Some(Keyword::Start) => {
            enter(change, spoken, &Act::CarrierLifted);
            let blocked = change.chart.patient.contact_points.iter().any(|point| {
                point.address == spoken.inbound.from
                    && matches!(point.standing, Standing::Blocked { .. })
            });
            if blocked {
                change.set_address_standing(&spoken.inbound.from, Standing::Unverified);
            }
        }
        Some(Keyword::Help) | None => {}
    }
}

/// The one purpose that is to stop; `None` where all of them are. A carrier's own
/// STOP is always all.
fn narrowed(spoken: &Spoken<'_>) -> Option<Purpose> {
    match spoken.meaning.opt_out {
        Some(OptOutScope::Purpose(purpose)) if spoken.keyword != Some(Keyword::Stop) => {
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

const fn via(channel: Channel) -> RevokedVia {
    match channel {
        Channel::Sms => RevokedVia::Text,
        Channel::Email => RevokedVia::Email,
        Channel::Voice => RevokedVia::Call,
    }
}

/// Whose the address is on this chart: the patient's, a representative's, or both.
fn owners(change: &Change<'_>, spoken: &Spoken<'_>) -> Vec<Owner> {
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
}

/// Records a revocation for everybody on this chart who has the address.
fn record(change: &mut Change<'_>, spoken: &Spoken<'_>, act: &Act) {
    for owner in owners(change, spoken) {
        let consent = enter_for(change, spoken, owner, act.clone());
        change.happened(Fact::ConsentRevoked {
            consent,
            purpose: narrowed(spoken),
        });
    }
}

fn enter(change: &mut Change<'_>, spoken: &Spoken<'_>, act: &Act) {
    for owner in owners(change, spoken) {
        enter_for(change, spoken, owner, act.clone());
    }
}

fn enter_for(
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
