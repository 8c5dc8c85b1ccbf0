//! Works through one cluster: finds out who each person is, leaves out what is
//! another's, and commits the rest, a few records of one patient at a time.

mod judge;
mod merging;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use tendon_care::id::{Id, PatientId};
use tendon_care::matching::{Model, Suspect, Verdict as Match, blocks, decide};
use tendon_care::patient::Patient;
use tendon_exchange::Problem;
use tendon_exchange::field::Field;
use tendon_exchange::record::{ForeignKey, PatientRecord, Record};
use tendon_store::{Action, AuditEntry, Commit, Write};

use super::batch::Cluster;
use super::entry::{EPISODE, Entry, PATIENT, Slot};
use super::person::{NAMELESS, described, new_patient};
use super::places::Places;
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{Index, KeyState, patient_keys};
use super::work::{Fresh, Told, Work, noted, parked_key};
use crate::change::{Change, Origin};
use crate::chart::Chart;
use crate::error::DeskError;
use judge::judge;
pub(super) use parts::REVIEW_WITHIN;
use parts::{MOST_RECORDS, best_description, blank, parts, review};

/// How often a decision is taken again when others change the same patient.
const TRIES: usize = 8;

/// What became of a cluster.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    pub(super) verdicts: Vec<(&'static str, Verdict)>,
    pub(super) problems: Vec<(u64, Problem)>,
    /// Records told as rejected while they waited, and taken in now.
    pub(super) forgiven: Vec<&'static str>,
    /// Records whose patient nobody has told of yet.
    pub(super) waiting: Vec<Entry>,
}

/// Works through one cluster.
pub(super) struct Worker {
    pub(super) scene: Arc<Scene>,
    pub(super) places: Arc<Places>,
    pub(super) index: Index,
    pub(super) outcomes: Outcomes,
}

/// Who a person turned out to be.
enum Who {
    Known(PatientId),
    New {
        patient: Box<Patient>,
        suspects: Vec<Suspect<PatientId>>,
        /// The record that describes them.
        entry: Box<Entry>,
    },
}

/// Some records of one person, decided on together.
struct Part<'a> {
    records: Vec<Fresh>,
    disputed: &'a BTreeSet<ForeignKey>,
    /// The chart, where it was just read.
    at_hand: Option<Chart>,
}

/// Why a record was left when others were always faster.
const BUSY: &str =
    "could not be taken in, since others kept changing the same patient; import it again";

/// Returns why one record is rejected where an error need not end the run.
fn not_worth_the_run(error: &DeskError) -> Option<&'static str> {
    match error {
        DeskError::Stale(reason) => Some(reason),
        DeskError::Busy => Some(BUSY),
        _ => None,
    }
}

impl Worker {
    /// Works through the cluster in order of arrival. Merges come last, since those
    /// whom they name may be told of anywhere around them; what waited for a number
    /// that a merge makes known follows.
    pub(super) async fn run(mut self, cluster: Cluster) -> Result<Outcomes, DeskError> {
        let mut people: BTreeMap<usize, Vec<Fresh>> = BTreeMap::new();
        let mut merges = Vec::new();
        for (person, fresh) in cluster.entries {
            if matches!(fresh.entry.record, Record::Merge(_)) {
                merges.push(fresh);
            } else {
                people.entry(person).or_default().push(fresh);
            }
        }
        for fresh in people.into_values() {
            self.take(fresh).await?;
        }
        if merges.is_empty() {
            return Ok(self.outcomes);
        }
        for merge in merges {
            self.merge(merge).await?;
        }
        for fresh in self.no_longer_waiting().into_values() {
            self.take(fresh).await?;
        }
        Ok(self.outcomes)
    }

    /// Brings back what waits for patients who have become known.
    fn no_longer_waiting(&mut self) -> BTreeMap<ForeignKey, Vec<Fresh>> {
        let mut back: BTreeMap<ForeignKey, Vec<Fresh>> = BTreeMap::new();
        for entry in std::mem::take(&mut self.outcomes.waiting) {
            match entry.patient().cloned() {
                Some(key) if self.index.patient(&key).is_some() => {
                    let before = self.index.known(&entry.slot());
                    let fresh = Fresh { entry, before };
                    back.entry(key).or_default().push(fresh);
                }
                _ => self.outcomes.waiting.push(entry),
            }
        }
        back
    }

    /// Takes what is new of one person.
    async fn take(&mut self, fresh: Vec<Fresh>) -> Result<(), DeskError> {
        let known = fresh.iter().find_map(|fresh| {
            let keys = patient_keys(&fresh.entry);
            keys.into_iter().find_map(|key| self.index.patient(key))
        });
        let who = match known {
            Some(patient) => Who::Known(patient),
            None => match self.identify(&fresh).await? {
                Some(who) => who,
                None => return Ok(()),
            },
        };
        let only_documents = fresh
            .iter()
            .all(|fresh| matches!(fresh.entry.record, Record::Document(_)));
        if let Who::Known(patient) = who
            && only_documents
            && !self.names_a_disputed_number(&fresh)
        {
            return self.keep_documents(patient, &fresh).await;
        }
        let Some((chart, is_new)) = self.chart(&who).await? else {
            return Err(DeskError::NotFound("patient"));
        };
        let own = match &who {
            Who::Known(_) => Vec::new(),
            Who::New { entry, .. } => patient_keys(entry),
        };
        let judged = judge(&self.index, &chart.patient, &own, fresh);
        self.absorb(judged.told);
        self.outcomes.waiting.extend(judged.waiting);
        let mut parts = parts(judged.kept, self.scene.now);
        if parts.is_empty() && !is_new && self.is_newly_disputed(&judged.disputed) {
            // Nothing but that the number is in dispute.
            parts.push(Vec::new());
        }
        let mut who = who;
        let mut at_hand = Some(chart);
        for part in parts {
            let part = Part {
                records: part,
                disputed: &judged.disputed,
                at_hand: at_hand.take(),
            };
            let Some(patient) = self.decide(&who, part).await? else {
                return Ok(());
            };
            who = Who::Known(patient);
        }
        Ok(())
    }

    fn names_a_disputed_number(&self, fresh: &[Fresh]) -> bool {
        let mut keys = fresh.iter().filter_map(|fresh| fresh.entry.patient());
        keys.any(|key| self.is_disputed(key))
    }

    fn is_newly_disputed(&self, keys: &BTreeSet<ForeignKey>) -> bool {
        keys.iter().any(|key| !self.is_disputed(key))
    }

    fn is_disputed(&self, key: &ForeignKey) -> bool {
        let known = self.index.known(&Slot::patient(key));
        known.is_some_and(|known| known.state == KeyState::Disputed)
    }

    /// Finds out who a person is that no key names. `None` where nobody can tell
    /// yet, or where the records must stay out; both are noted.
    async fn identify(&mut self, fresh: &[Fresh]) -> Result<Option<Who>, DeskError> {
        let Some((entry, said)) = best_description(fresh) else {
            let waiting = fresh.iter().map(|fresh| fresh.entry.clone());
            self.outcomes.waiting.extend(waiting);
            return Ok(None);
        };
        let suspects = match self.candidates(said).await? {
            Match::Same { who, .. } => return Ok(Some(Who::Known(who))),
            Match::Review { suspects } => suspects,
            Match::Separate => Vec::new(),
            Match::Quarantine { why, .. } => {
                self.keep_out(fresh, Field::Patient, why.words());
                return Ok(None);
            }
        };
        let mut told = Told::default();
        let patient = new_patient(&self.scene, &self.index, entry, said, &mut told);
        // A record of the patient's own is described once more, and told of then.
        if !matches!(entry.record, Record::Patient(_)) {
            self.absorb(told);
        }
        let Some(patient) = patient else {
            self.keep_out(fresh, Field::Name, NAMELESS);
            return Ok(None);
        };
        let entry = Box::new(entry.clone());
        Ok(Some(Who::New {
            patient: Box::new(patient),
            suspects,
            entry,
        }))
    }

    /// Asks matching who a description is, among those who share a blocking key.
    async fn candidates(&self, said: &PatientRecord) -> Result<Match<PatientId>, DeskError> {
        let reader = self.scene.reader();
        let person = described(said);
        let near = reader.patients_in_blocks(&blocks(&person)).await?;
        let known = reader.people(&near).await?;
        Ok(decide(&person, &known, &Model::default()))
    }

    /// Rejects the descriptions of somebody; what else is about them waits.
    fn keep_out(&mut self, fresh: &[Fresh], field: Field, reason: &str) {
        let mut told = Told::default();
        for fresh in fresh {
            if fresh.entry.person().is_some() {
                told.reject(&fresh.entry, field, reason);
            } else {
                self.outcomes.waiting.push(fresh.entry.clone());
            }
        }
        self.absorb(told);
    }

    /// Keeps documents without looking at the rest of the patient.
    async fn keep_documents(
        &mut self,
        patient: PatientId,
        fresh: &[Fresh],
    ) -> Result<(), DeskError> {
        for part in fresh.chunks(MOST_RECORDS) {
            let mut told = Told::default();
            let mut commit = Commit::new(&self.scene.access);
            for fresh in part {
                let Record::Document(document) = &fresh.entry.record else {
                    continue;
                };
                let (row, learnt) = noted(
                    fresh,
                    None,
                    patient,
                    KeyState::Own,
                    Some(document.json.clone()),
                );
                commit.push(Write::Source(Box::new(row)));
                if fresh.entry.parked {
                    commit.push(Write::ParkedGone(parked_key(&fresh.entry)));
                }
                told.learnt.extend([learnt]);
                told.verdict(&fresh.entry, first_or_again(fresh));
            }
            let entry =
                AuditEntry::new(&self.scene.access, self.scene.now, Action::Update, "import");
            commit.audit(
                entry
                    .about(patient)
                    .with(format!("{} documents", part.len())),
            );
            self.scene.desk.db().commit(commit).await?;
            self.forgive(part);
            self.absorb(told);
        }
        Ok(())
    }

    /// Decides on some records of one patient and commits what follows, again
    /// when others were faster. Returns the patient.
    async fn decide(&mut self, who: &Who, part: Part<'_>) -> Result<Option<PatientId>, DeskError> {
        let Part {
            records: part,
            disputed,
            mut at_hand,
        } = part;
        let is_new = matches!(who, Who::New { .. });
        for _ in 0..TRIES {
            let chart = match at_hand.take() {
                Some(chart) => Some(chart),
                None => self.chart(who).await?.map(|(chart, _)| chart),
            };
            let chart = chart.ok_or(DeskError::NotFound("patient"))?;
            let patient = chart.patient.id;
            let said = self.words_on(&chart, &part, is_new).await?;
            let named = self.named_courses(&chart, &part, is_new).await?;
            let scene = Arc::clone(&self.scene);
            let change = Change::new(
                &scene.desk,
                &scene.house,
                &scene.access,
                Origin::Backfill,
                chart,
            );
            let mut work = Work {
                scene: &scene,
                places: &self.places,
                index: &self.index,
                change,
                is_new,
                said,
                named,
                touched: BTreeSet::new(),
                disputed: disputed.clone(),
                told: Told::default(),
            };
            if let Who::New {
                suspects, entry, ..
            } = who
            {
                work.registered(entry);
                review(&mut work, suspects);
            }
            work.take_all(&part)?;
            let Work { change, told, .. } = work;
            let after = change.chart.patient.value.clone();
            match self
                .scene
                .desk
                .settle(&self.scene.access, vec![change])
                .await
            {
                Ok(true) => {
                    self.forgive(&part);
                    self.absorb(told);
                    self.index.learn_numbers(&after);
                    return Ok(Some(patient));
                }
                Ok(false) => {}
                Err(error) => {
                    let reason = not_worth_the_run(&error).ok_or(error)?;
                    self.reject_all(&part, reason);
                    return Ok((!is_new).then_some(patient));
                }
            }
        }
        self.reject_all(&part, BUSY);
        Ok(match who {
            Who::Known(patient) => Some(*patient),
            Who::New { .. } => None,
        })
    }

    fn reject_all(&mut self, part: &[Fresh], reason: &str) {
        let mut told = Told::default();
        for fresh in part {
            told.reject(&fresh.entry, Field::Record, reason);
        }
        self.absorb(told);
    }

    async fn chart(&self, who: &Who) -> Result<Option<(Chart, bool)>, DeskError> {
        match who {
            Who::Known(patient) => {
                let chart = Chart::load(self.scene.reader(), *patient).await?;
                Ok(chart.map(|chart| (chart, false)))
            }
            Who::New { patient, .. } => Ok(Some((blank(patient), true))),
        }
    }

    /// Reads what every source says of a patient, where addresses may change.
    async fn words_on(
        &self,
        chart: &Chart,
        part: &[Fresh],
        is_new: bool,
    ) -> Result<Vec<tendon_store::SaidOf>, DeskError> {
        let speaks = |fresh: &Fresh| matches!(fresh.entry.record, Record::Patient(_));
        if is_new || !(part.is_empty() || part.iter().any(speaks)) {
            return Ok(Vec::new());
        }
        let mut ids: Vec<uuid::Uuid> = part
            .iter()
            .filter(|fresh| speaks(fresh))
            .filter_map(|fresh| self.index.known(&fresh.entry.thing())?.entity)
            .collect();
        ids.push(chart.patient.id.uuid());
        ids.sort_unstable();
        ids.dedup();
        let mut said = Vec::new();
        for id in ids {
            said.extend(self.scene.reader().sources_of(PATIENT, id).await?);
        }
        Ok(said)
    }

    /// Finds the courses of care of a patient that sources have named.
    async fn named_courses(
        &self,
        chart: &Chart,
        part: &[Fresh],
        is_new: bool,
    ) -> Result<HashSet<uuid::Uuid>, DeskError> {
        let of_visits = |fresh: &Fresh| !matches!(fresh.entry.record, Record::Patient(_));
        let asks = !is_new && part.iter().any(of_visits);
        let mut named = HashSet::new();
        for episode in &chart.episodes {
            let id = episode.id.uuid();
            let mut is_named = self.index.names_episode(id);
            if !is_named && asks {
                let reader = self.scene.reader();
                is_named = !reader.sources_of(EPISODE, id).await?.is_empty();
            }
            if is_named {
                named.insert(id);
            }
        }
        Ok(named)
    }

    fn absorb(&mut self, told: Told) {
        self.outcomes.verdicts.extend(told.verdicts);
        self.outcomes.problems.extend(told.problems);
        self.index.learn(told.learnt);
    }

    fn forgive(&mut self, taken: &[Fresh]) {
        let told = taken.iter().filter(|fresh| fresh.entry.told);
        self.outcomes
            .forgiven
            .extend(told.map(|fresh| fresh.entry.kind()));
    }
}

pub(super) fn first_or_again(fresh: &Fresh) -> Verdict {
    match &fresh.before {
        Some(_) => Verdict::Updated,
        None => Verdict::Created,
    }
}
