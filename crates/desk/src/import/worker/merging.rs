//! Merges that a feed tells of.

use tendon_care::id::{Id, PatientId};
use tendon_exchange::record::{MergeRecord, Record};
use tendon_store::{Action, AuditEntry, Commit, Write};

use super::Worker;
use crate::change::Origin;
use crate::error::DeskError;
use crate::import::entry::{Entry, Slot};
use crate::import::report::Verdict;
use crate::import::shelf::Known;
use crate::import::work::{Fresh, Told, alias, noted};

impl Worker {
    /// Takes a merge in: the survivor is made where nobody knows them, and a
    /// retired number that nobody knows becomes a further key of the survivor.
    pub(super) async fn merge(&mut self, entry: Entry) -> Result<(), DeskError> {
        let Record::Merge(said) = &entry.record else {
            return Ok(());
        };
        if self.index.known(&entry.slot()).is_some() {
            self.outcomes
                .verdicts
                .push((entry.kind(), Verdict::Unchanged));
            return Ok(());
        }
        let mut told = Told::default();
        let Some(survivor) = self.survivor(&entry, said, &mut told).await? else {
            self.absorb(told);
            return Ok(());
        };
        let reader = self.scene.reader();
        let survivor = reader.root_of(survivor).await?;
        let retired = match self.index.patient(&said.retired) {
            Some(retired) => Some(reader.root_of(retired).await?),
            None => None,
        };
        let verdict = match retired {
            Some(retired) if retired != survivor => {
                self.scene
                    .desk
                    .merge_as(&self.scene.access, survivor, retired, Origin::Backfill)
                    .await?;
                Verdict::Created
            }
            Some(_) => Verdict::Unchanged,
            None => Verdict::Created,
        };
        let fresh = Fresh {
            entry: entry.clone(),
            before: None,
        };
        let mut commit = Commit::new(&self.scene.access);
        let (row, learnt) = noted(&fresh, None, survivor, None);
        commit.push(Write::Source(Box::new(row)));
        told.learnt.extend([learnt]);
        if retired.is_none() {
            let slot = Slot::patient(&said.retired);
            commit.push(alias(&slot, survivor, survivor));
            let known = Known {
                entity: Some(survivor.uuid()),
                ..Known::default()
            };
            told.learnt.insert(slot, known);
        }
        let audit = AuditEntry::new(&self.scene.access, self.scene.now, Action::Update, "import");
        commit.audit(audit.about(survivor).with("merge told by a feed"));
        self.scene.desk.db().commit(commit).await?;
        told.verdict(&entry, verdict);
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
            told.reject(
                entry,
                entry.patient_field(),
                "names a survivor that nobody knows",
            );
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
