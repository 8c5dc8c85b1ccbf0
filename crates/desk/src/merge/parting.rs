//! Taking a merge back.

use std::collections::HashSet;

use tendon_care::access::Access;
use tendon_care::consent::{Act, Entry};
use tendon_care::contact::Owner;
use tendon_care::id::{Id, MergeId, MessageId, PatientId};
use tendon_care::message::MessageState;
use tendon_care::patient::{Life, Patient};
use tendon_care::touchpoint::Fact;
use tendon_store::{
    Action, ConsentRow, MergeRow, MessageMove, MessageRow, PatientRetired, Repoint, Restrand,
    Rethread, Versioned, WakeAt, Write,
};

use super::diff::DiffV1;
use super::{enrolment, is_dead, renamed, share_anew, stricter};
use crate::change::Change;
use crate::chart::Chart;
use crate::desk::Desk;
use crate::error::DeskError;

/// A merge about to be taken back.
pub(super) struct Parting {
    row: MergeRow,
    diff: DiffV1,
    pub(super) survivor: Chart,
    retired: Versioned<Patient>,
    withdrawn: Vec<(Versioned<MessageRow>, jiff::Timestamp, i64)>,
    /// What was taken back while the two were one.
    noes: Vec<Entry>,
    /// The strand that a no counts in on the retired record.
    strand: Option<PatientId>,
}

impl Parting {
    pub(super) async fn load(
        desk: &Desk,
        access: &Access,
        merge: MergeId,
    ) -> Result<Self, DeskError> {
        let reader = desk.reader(access);
        let row = reader
            .merge(merge)
            .await?
            .ok_or(DeskError::NotFound("merge"))?;
        if row.undone_at.is_some() {
            return Err(DeskError::Stale("the merge has been taken back already"));
        }
        let diff: DiffV1 =
            serde_json::from_str(&row.diff).map_err(|_| DeskError::Corrupt("a merge"))?;
        let missing = || DeskError::NotFound("patient");
        let survivor = Chart::load(reader, row.survivor)
            .await?
            .ok_or_else(missing)?;
        if survivor.patient.id != row.survivor {
            return Err(DeskError::Stale(
                "the survivor has been merged again since; take that merge back first",
            ));
        }
        let retired = reader.patient(row.retired).await?.ok_or_else(missing)?;
        let mut withdrawn = Vec::new();
        for (id, due_at, priority) in &diff.withdrawn {
            let id: MessageId = id.parse().map_err(|_| DeskError::Corrupt("a merge"))?;
            if let Some(message) = reader.message(id).await? {
                withdrawn.push((message, *due_at, *priority));
            }
        }
        let said = reader.consents(row.survivor).await?.into_iter();
        let noes = said
            .map(|consent| consent.entry)
            .filter(|entry| entry.captured_at >= row.merged_at && is_no(&entry.act));
        let speaks_for_others = reader.is_survivor(row.retired).await?;
        Ok(Self {
            noes: noes.collect(),
            strand: (!speaks_for_others).then_some(row.retired),
            row,
            diff,
            survivor,
            retired,
            withdrawn,
        })
    }

    pub(super) fn apart(self, mut change: Change<'_>) -> Result<Change<'_>, DeskError> {
        let corrupt = || DeskError::Corrupt("a merge");
        let mut retired = self.retired.value.clone();
        self.diff.had.give_back(&mut retired).ok_or_else(corrupt)?;
        let survivor = self.without(&mut retired);
        let goes_on = !is_dead(&retired) && !self.died_as_one(&survivor);
        if goes_on {
            self.send_after_all(&mut change);
        }
        self.hand_back_journeys(&mut change, goes_on);
        let (from, to) = (self.row.survivor, self.row.retired);
        change.write(Write::Repoint(Repoint {
            from,
            to,
            things: self.diff.things(),
        }));
        for (message, thread) in &self.diff.threads {
            change.write(Write::Rethread(Rethread {
                message: message.parse().map_err(|_| corrupt())?,
                to: thread.parse().map_err(|_| corrupt())?,
            }));
        }
        for (patient, consent) in &self.diff.strands {
            change.write(Write::Restrand(Restrand {
                patient: patient.parse().map_err(|_| corrupt())?,
                consent: consent.parse().map_err(|_| corrupt())?,
                strand: None,
            }));
        }
        change.set_patient(survivor);
        let version = self.retired.version;
        change.write(Write::PatientRetired(PatientRetired {
            patient: to,
            version,
            into: None,
        }));
        let points = retired.contact_points.clone();
        self.say_no_for_both(&mut change, &retired);
        change.write(Write::Patient(Box::new(Versioned {
            value: retired,
            version: version + 1,
        })));
        share_anew(&mut change, &points);
        for doubt in &self.diff.doubts {
            let review = doubt.dispelled(change.now()).ok_or_else(corrupt)?;
            change.write(Write::MatchReview(review));
        }
        change.write(Write::Merge(MergeRow {
            undone_at: Some(change.now()),
            ..self.row.clone()
        }));
        change.happened(Fact::PatientUnmerged { merge: self.row.id });
        change.audit(Action::Update, "patient", "merge taken back");
        Ok(change)
    }

    /// Repeats on the retired record what was taken back while the two were one: whose
    /// no it was is not known, and one too many can be lifted by the person.
    fn say_no_for_both(&self, change: &mut Change<'_>, retired: &Patient) {
        for no in &self.noes {
            let theirs = |proxy| retired.proxies.iter().any(|known| known.id == proxy);
            let person = match no.person {
                Owner::Proxy(proxy) if theirs(proxy) => no.person,
                Owner::Proxy(_) | Owner::Patient => Owner::Patient,
            };
            let entry = Entry {
                id: change.desk().mint().id(),
                person,
                ..no.clone()
            };
            change.write(Write::Consent(Box::new(ConsentRow {
                patient: retired.id,
                strand: self.strand,
                entry,
            })));
        }
    }

    /// Tells whether a death was recorded while the two were one: it may be either's.
    fn died_as_one(&self, survivor: &Patient) -> bool {
        match survivor.life {
            Life::Living => false,
            Life::Deceased { learnt_at } => learnt_at >= self.row.merged_at,
        }
    }

    /// Puts messages back into the outbox that were taken back as repeats.
    fn send_after_all(&self, change: &mut Change<'_>) {
        for (message, due_at, priority) in &self.withdrawn {
            let id = message.message.id;
            if matches!(message.message.state, MessageState::Dropped { .. }) {
                let to = MessageState::Queued { due_at: *due_at };
                let again = MessageMove::to(id, message.version, to);
                change.write(Write::MessageState(Box::new(again)));
                change.write(Write::OutboxAgain(id, *due_at, *priority));
            }
        }
    }

    /// Lets the journeys of the retired record go on about it; those that the merge
    /// had ended only where the person is known to live.
    fn hand_back_journeys(&self, change: &mut Change<'_>, goes_on: bool) {
        let things = self.diff.things().into_iter();
        let moved: HashSet<uuid::Uuid> = things
            .filter(|(kind, _)| kind == "enrolment")
            .map(|(_, id)| id)
            .collect();
        for running in &self.survivor.enrolments {
            if !moved.contains(&running.row.id.uuid()) {
                continue;
            }
            let mut row = renamed(&running.row, self.row.survivor, self.row.retired);
            let id = row.id.to_string();
            let ended = self.diff.ended.iter().find(|(ended, _)| *ended == id);
            if let Some((_, wake)) = ended.filter(|_| goes_on) {
                row.ended = None;
                row.wake = wake.clone().map(|(step, at)| WakeAt { step, at });
            } else if row.ended.is_some() {
                continue;
            }
            change.write(enrolment(running, row));
        }
    }

    /// Returns the survivor without what came from the retired record, and tells
    /// that one what has been learnt of its addresses meanwhile.
    fn without(&self, retired: &mut Patient) -> Patient {
        let mut survivor = self.survivor.patient.value.clone();
        for point in &mut retired.contact_points {
            let text = point.address.comparable();
            let mut known = survivor.contact_points.iter();
            if let Some(known) = known.find(|known| known.address.comparable() == text) {
                point.standing = stricter(point.standing, known.standing);
            }
        }
        let theirs: HashSet<_> = retired
            .contact_points
            .iter()
            .map(|point| point.id)
            .collect();
        survivor
            .contact_points
            .retain(|point| !theirs.contains(&point.id));
        let theirs: HashSet<_> = retired.proxies.iter().map(|proxy| proxy.id).collect();
        survivor.proxies.retain(|proxy| !theirs.contains(&proxy.id));
        survivor
            .identifiers
            .retain(|number| !retired.identifiers.contains(number));
        self.diff.filled.empty(&mut survivor);
        survivor
    }
}

const fn is_no(act: &Act) -> bool {
    matches!(act, Act::Revoked { .. } | Act::CarrierBlocked)
}
