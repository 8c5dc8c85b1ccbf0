//! Two records turn out to be one person, and sometimes to be two after all.
//!
//! A merge is one transaction and destroys nothing: the retired record stays as
//! an alias that names its survivor, everything it had belongs to the survivor,
//! and a sealed diff knows how to take it back. The stricter of the two wins:
//! each record's consents stay a strand of their own, a death of one holds for
//! both, and so does a pause, unless it was a source that took the retired record
//! out of use. What comes later for the retired record reaches the survivor,
//! over any number of merges.
//!
//! Taking a merge back gives each record what it had. What came in between, such
//! as a visit booked meanwhile, stays with the survivor, because nobody can know
//! whose it was. What was stopped stays so where the person may have died.
//! *Source*: domain rules for HL7 A40 and A37.

mod diff;
mod doubts;
mod parting;

use std::collections::HashSet;

use tendon_care::access::{Access, Permission};
use tendon_care::contact::{ContactPoint, Standing};
use tendon_care::id::{ConsentId, Id, MergeId, PatientId};
use tendon_care::message::MessageState;
use tendon_care::patient::{Life, Patient};
use tendon_care::touchpoint::Fact;
use tendon_store::{
    Action, AddressKey, EnrolmentRow, MatchVerdict, MergeRow, MessageRow, PatientRetired, Reader,
    Repoint, Restrand, Rethread, TwinThread, Versioned, Write,
};

use crate::change::{Change, Origin};
use crate::chart::{Chart, Running};
use crate::desk::{Desk, TRIES};
use crate::error::DeskError;
pub use doubts::Doubt;

use diff::{DiffV1, DoubtV1, FilledV1, HadV1};
use doubts::Answer;
use parting::Parting;

/// The reason on record of what a merge ends or takes back.
const MERGED: &str = "merged";

impl Desk {
    /// Merges two records: everything of `retired` becomes `survivor`'s. Records
    /// that were merged before stand for their survivors.
    ///
    /// *Errors*: the actor may not merge; one of them is not there; they are one
    /// already, which is also how a circle is refused.
    pub async fn merge(
        &self,
        access: &Access,
        survivor: PatientId,
        retired: PatientId,
    ) -> Result<MergeId, DeskError> {
        access.require(Permission::MergePatients)?;
        self.merge_as(access, survivor, retired, Origin::Live).await
    }

    pub(crate) async fn merge_as(
        &self,
        access: &Access,
        survivor: PatientId,
        retired: PatientId,
        origin: Origin,
    ) -> Result<MergeId, DeskError> {
        let house = self.house(access.practice).await?;
        for _ in 0..TRIES {
            let pair = Pair::load(self, access, survivor, retired).await?;
            let change = Change::new(self, &house, access, origin, pair.survivor.clone());
            let merge = self.mint().id();
            let change = pair.merge(merge, change)?;
            if self.settle(access, vec![change]).await? {
                return Ok(merge);
            }
        }
        Err(DeskError::Busy)
    }

    /// Takes a merge back: each record stands on its own again, with what it had.
    ///
    /// *Errors*: the actor may not; there is no such merge; it was taken back
    /// already, or the survivor was merged again since.
    pub async fn unmerge(&self, access: &Access, merge: MergeId) -> Result<(), DeskError> {
        access.require(Permission::MergePatients)?;
        let house = self.house(access.practice).await?;
        for _ in 0..TRIES {
            let parting = Parting::load(self, access, merge).await?;
            let chart = parting.survivor.clone();
            let change = Change::new(self, &house, access, Origin::Live, chart);
            let change = parting.apart(change)?;
            if self.settle(access, vec![change]).await? {
                return Ok(());
            }
        }
        Err(DeskError::Busy)
    }
}

/// Two records about to be one.
struct Pair {
    survivor: Chart,
    retired: Chart,
    things: Vec<(String, uuid::Uuid)>,
    twins: Vec<TwinThread>,
    /// Consents that speak for all records of their patient: whose, and which.
    for_all: Vec<(PatientId, ConsentId)>,
    /// Who asked whether they are one.
    answer: Answer,
    /// Somebody paused the retired record.
    paused: bool,
}

impl Pair {
    async fn load(
        desk: &Desk,
        access: &Access,
        survivor: PatientId,
        retired: PatientId,
    ) -> Result<Self, DeskError> {
        let reader = desk.reader(access);
        let missing = || DeskError::NotFound("patient");
        let survivor = Chart::load(reader, survivor).await?.ok_or_else(missing)?;
        let retired = Chart::load(reader, retired).await?.ok_or_else(missing)?;
        let (a, b) = (survivor.patient.id, retired.patient.id);
        if a == b {
            return Err(DeskError::Stale("these records are one already"));
        }
        let mut for_all = Vec::new();
        for patient in [a, b] {
            let said = reader.consents(patient).await?.into_iter();
            let said = said.filter(|row| row.strand.is_none());
            for_all.extend(said.map(|row| (patient, row.entry.id)));
        }
        Ok(Self {
            paused: retired.patient.paused && paused_by_somebody(reader, b).await?,
            things: reader.belongings(b).await?,
            twins: reader.twin_threads(b, a).await?,
            for_all,
            answer: Answer::about(reader, a, b).await?,
            survivor,
            retired,
        })
    }

    /// Says what is to be written, on the survivor's change.
    fn merge(self, merge: MergeId, mut change: Change<'_>) -> Result<Change<'_>, DeskError> {
        let (survivor, retired) = (self.survivor.patient.id, self.retired.patient.id);
        let mut diff = DiffV1 {
            had: HadV1::of(&self.retired.patient),
            ..DiffV1::default()
        };
        let died = is_dead(&self.survivor.patient) != is_dead(&self.retired.patient);
        self.take_back_repeats(&mut change, &mut diff, died);
        self.hand_over_journeys(&mut change, &mut diff, died);
        self.retire(&mut change);
        self.move_belongings(&mut change, &mut diff);
        let joined = self.joined(&mut diff);
        if joined.life != self.survivor.patient.life {
            diff.filled.died = true;
        }
        change.set_patient(joined);
        share_anew(&mut change, &self.retired.patient.contact_points);
        if died {
            change.stop_everything("deceased");
            change.happened(Fact::PatientDeceased {});
        }
        for review in self.answer.reviews {
            diff.doubts.push(DoubtV1::of(&review));
            let both = (review.a, review.b);
            change.write(Write::MatchReviewSettled(
                both,
                change.now(),
                MatchVerdict::Same,
            ));
        }
        for task in self.answer.tasks {
            change.write(Write::TaskSettled(task, change.now()));
        }
        let diff = serde_json::to_string(&diff).map_err(|_| DeskError::Corrupt("a merge"))?;
        change.write(Write::Merge(MergeRow {
            id: merge,
            survivor,
            retired,
            merged_at: change.now(),
            undone_at: None,
            diff,
        }));
        change.happened(Fact::PatientMerged { retired, merge });
        change.audit(Action::Update, "patient", "merged");
        Ok(change)
    }

    /// Takes back what waits to be sent twice: the same words about the same time.
    fn take_back_repeats(&self, change: &mut Change<'_>, diff: &mut DiffV1, died: bool) {
        // What a person wrote is never a repeat.
        let said = |row: &MessageRow| Some((row.template.clone()?, row.appointment_start));
        let known = self.survivor.pending.iter();
        let known: HashSet<_> = known.filter_map(|row| said(row)).collect();
        for message in &self.retired.pending {
            if died || said(message).is_some_and(|said| known.contains(&said)) {
                if let MessageState::Queued { due_at } = message.message.state {
                    let id = message.message.id.to_string();
                    diff.withdrawn.push((id, due_at, message.priority));
                }
                change.withdraw(message, if died { "deceased" } else { MERGED });
            }
        }
    }

    /// Lets the journeys of the retired record go on about the survivor. One that
    /// the survivor is in as well ends.
    fn hand_over_journeys(&self, change: &mut Change<'_>, diff: &mut DiffV1, died: bool) {
        let (survivor, retired) = (self.survivor.patient.id, self.retired.patient.id);
        let is_in = |journey: &str| {
            let mut running = self
                .survivor
                .enrolments
                .iter()
                .filter(|one| one.is_running());
            running.any(|one| one.row.journey == journey && one.row.subject == survivor.uuid())
        };
        for running in self
            .retired
            .enrolments
            .iter()
            .filter(|one| one.is_running())
        {
            let mut row = renamed(&running.row, retired, survivor);
            let twice = row.subject == retired.uuid() && is_in(&row.journey);
            if died || twice {
                let wake = row.wake.take().map(|wake| (wake.step, wake.at));
                diff.ended.push((row.id.to_string(), wake));
                let reason = if died { "deceased" } else { MERGED };
                row.ended = Some((change.now(), reason.to_owned()));
            }
            change.write(enrolment(running, row));
        }
    }

    /// Empties the retired record and makes it an alias.
    fn retire(&self, change: &mut Change<'_>) {
        let Versioned { value, version } = &self.retired.patient;
        let emptied = Patient {
            identifiers: Vec::new(),
            contact_points: Vec::new(),
            proxies: Vec::new(),
            ..value.clone()
        };
        change.write(Write::Patient(Box::new(Versioned {
            value: emptied,
            version: *version,
        })));
        change.write(Write::PatientRetired(PatientRetired {
            patient: value.id,
            version: version + 1,
            into: Some(self.survivor.patient.id),
        }));
    }

    fn move_belongings(&self, change: &mut Change<'_>, diff: &mut DiffV1) {
        let (survivor, retired) = (self.survivor.patient.id, self.retired.patient.id);
        for twin in &self.twins {
            if let Some(message) = twin.message {
                let to = twin.other;
                change.write(Write::Rethread(Rethread { message, to }));
                diff.threads
                    .push((message.to_string(), twin.own.to_string()));
            }
        }
        // What was said for all of a patient's records speaks for its own from now
        // on: a yes said on one side must not undo a no said on the other.
        for (patient, consent) in &self.for_all {
            let (patient, consent) = (*patient, *consent);
            let strand = Some(patient);
            change.write(Write::Restrand(Restrand {
                patient,
                consent,
                strand,
            }));
            diff.strands
                .push((patient.to_string(), consent.to_string()));
        }
        let left: HashSet<uuid::Uuid> = self.twins.iter().map(|twin| twin.own.uuid()).collect();
        let things = self.things.iter().filter(|(_, id)| !left.contains(id));
        let things: Vec<_> = things.cloned().collect();
        diff.set_things(&things);
        change.write(Write::Repoint(Repoint {
            from: retired,
            to: survivor,
            things,
        }));
    }

    /// Returns the survivor with what the retired record knew besides.
    fn joined(&self, diff: &mut DiffV1) -> Patient {
        let mut joined = self.survivor.patient.value.clone();
        let retired = &self.retired.patient.value;
        diff.filled = FilledV1::fill(&mut joined, retired, self.paused);
        if let (Life::Living, Life::Deceased { .. }) = (joined.life, retired.life) {
            joined.life = retired.life;
        }
        let numbers = retired.identifiers.iter();
        let new = numbers
            .filter(|number| !joined.identifiers.contains(number))
            .cloned();
        joined.identifiers.extend(new.collect::<Vec<_>>());
        joined.proxies.extend(retired.proxies.iter().cloned());
        for point in &retired.contact_points {
            let same = |known: &&mut ContactPoint| {
                known.owner == point.owner
                    && known.address.comparable() == point.address.comparable()
            };
            if let Some(known) = joined.contact_points.iter_mut().find(same) {
                known.standing = stricter(known.standing, point.standing);
                continue;
            }
            let rank = u16::try_from(joined.contact_points.len()).unwrap_or(u16::MAX);
            joined.contact_points.push(ContactPoint {
                rank,
                ..point.clone()
            });
        }
        joined
    }
}

/// Tells whether it was a person who paused a record, staff or the patient. A source
/// that takes a record out of use does so because it is a double, and the one that
/// survives is in use.
async fn paused_by_somebody(reader: Reader<'_>, patient: PatientId) -> Result<bool, DeskError> {
    const PAGE: u16 = 200;
    let mut before = None;
    loop {
        let page = reader.timeline(patient, before, PAGE).await?;
        let paused = page
            .iter()
            .find(|touchpoint| matches!(touchpoint.fact, Fact::AutomationPaused { .. }));
        if let Some(paused) = paused {
            return Ok(!paused.backfilled);
        }
        match page.last() {
            Some(last) if page.len() == usize::from(PAGE) => {
                before = Some((last.happened_at, last.id));
            }
            _ => return Ok(false),
        }
    }
}

fn is_dead(patient: &Patient) -> bool {
    matches!(patient.life, Life::Deceased { .. })
}

/// Returns the standing that permits less; of two that permit, the verified one.
fn stricter(one: Standing, other: Standing) -> Standing {
    match (one.usable(), other.usable()) {
        (true, false) => other,
        (true, true) if matches!(one, Standing::Unverified) => other,
        _ => one,
    }
}

/// Counts anew who shares the addresses.
fn share_anew(change: &mut Change<'_>, points: &[ContactPoint]) {
    for point in points {
        change.write(Write::AddressShared(AddressKey::new(&point.address)));
    }
}

/// Returns an enrolment in which one patient's id stands for another's: its
/// stored state names the patient whose facts it hears.
fn renamed(row: &EnrolmentRow, from: PatientId, to: PatientId) -> EnrolmentRow {
    EnrolmentRow {
        state: row.state.replace(&from.to_string(), &to.to_string()),
        ..row.clone()
    }
}

fn enrolment(running: &Running, row: EnrolmentRow) -> Write {
    Write::Enrolment(Box::new(Versioned {
        value: row,
        version: running.version.unwrap_or(1),
    }))
}
