//! Merges that a feed tells of.

use tendon_care::id::{Id, PatientId};
use tendon_exchange::field::Field;
use tendon_exchange::record::{MergeRecord, Record};
use tendon_store::{Action, AuditEntry, Commit, Write};

use super::{Worker, not_worth_the_run};
use crate::change::Origin;
use crate::error::DeskError;
use crate::import::entry::{Entry, Slot};
use crate::import::report::Verdict;
use crate::import::shelf::{KeyState, Known};
use crate::import::work::{Fresh, Told, alias, noted, parked_key};

impl Worker {
    /// Takes a merge in: the survivor is made where nobody knows them, and a
    /// retired number that nobody knows becomes a further key of the survivor.
    pub(super) async fn merge(&mut self, fresh: Fresh) -> Result<(), DeskError> {
        let Record::Merge(said) = &fresh.entry.record else {
            return Ok(());
        };
        let mut told = Told::default();
        let Some(survivor) = self.survivor(&fresh.entry, said, &mut told).await? else {
            self.absorb(told);
            return Ok(());
        };
        let entry = &fresh.entry;
        let reader = self.scene.reader();
        let survivor = reader.root_of(survivor).await?;
        let retired = match self.index.patient(&said.retired) {
            Some(retired) => Some(reader.root_of(retired).await?),
            None => None,
        };
        let verdict = match retired {
            Some(retired) if retired != survivor => {
                let desk = &self.scene.desk;
                let access = &self.scene.access;
                let merged = desk.merge_as(access, survivor, retired, Origin::Backfill);
                match merged.await {
                    Ok(_) => Verdict::Created,
                    Err(error) => return self.not_merged(entry, error),
                }
            }
            Some(_) => Verdict::Unchanged,
            None => Verdict::Created,
        };
        let mut commit = Commit::new(&self.scene.access);
        let (row, learnt) = noted(&fresh, None, survivor, KeyState::Own, None);
        commit.push(Write::Source(Box::new(row)));
        told.learnt.extend([learnt]);
        if retired.is_none() {
            let slot = Slot::patient(&said.retired);
            let known = Known::key_of(survivor.uuid(), KeyState::Retired);
            commit.push(alias(&slot, &known, survivor));
            told.learnt.insert(slot, known);
        }
        if entry.parked {
            commit.push(Write::ParkedGone(parked_key(entry)));
        }
        let audit = AuditEntry::new(&self.scene.access, self.scene.now, Action::Update, "import");
        commit.audit(audit.about(survivor).with("merge told by a feed"));
        self.scene.desk.db().commit(commit).await?;
        told.verdict(entry, verdict);
        self.absorb(told);
        self.forgive(std::slice::from_ref(&fresh));
        Ok(())
    }

    /// Rejects a merge that others did not let happen: it is not worth the run.
    fn not_merged(&mut self, entry: &Entry, error: DeskError) -> Result<(), DeskError> {
        let Some(reason) = not_worth_the_run(&error) else {
            return Err(error);
        };
        let mut told = Told::default();
        told.reject(entry, Field::Record, reason);
        self.absorb(told);
        Ok(())
    }

    /// Finds the survivor of a merge, or makes one of the message's description.
    async fn survivor(
        &mut self,
        entry: &Entry,
        said: &MergeRecord,
        told: &mut Told,
    ) -> Result<Option<PatientId>, DeskError> {
        if let Some(known) = self.index.patient(&said.survivor) {
            return Ok(Some(known));
        }
        let Some(person) = &said.survivor_record else {
            // The survivor may yet come.
            self.outcomes.waiting.push(entry.clone());
            return Ok(None);
        };
        let zone = &self.scene.house.practice.time_zone;
        let record = Record::Patient(person.clone());
        let described = Entry::new(entry.number, entry.origin.clone(), record, zone);
        let before = self.index.known(&described.slot());
        let fresh = Fresh {
            entry: described,
            before,
        };
        let known = self.index.patient(&person.key);
        if known.is_none() {
            Box::pin(self.take(vec![fresh])).await?;
        }
        let made = self.index.patient(&person.key);
        if made.is_none() {
            told.verdict(entry, Verdict::Rejected);
        }
        Ok(made)
    }
}
