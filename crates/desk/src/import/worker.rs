//! Works through one cluster: finds out who each person is, sieves out what is
//! known already, and commits what is new, a few records of one patient at a time.

mod merging;
mod parts;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tendon_care::id::{Id, PatientId};
use tendon_care::matching::{Model, Suspect, Verdict as Match, blocks, decide};
use tendon_care::patient::Patient;
use tendon_exchange::record::{PatientRecord, Record};
use tendon_exchange::{Problem, Severity};
use tendon_store::{Action, AuditEntry, Commit, Write};

use super::batch::Cluster;
use super::entry::{Entry, Slot};
use super::person::{NAMELESS, described, name_field, new_patient};
use super::places::Places;
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{Index, Known};
use super::work::{Fresh, Told, Work, noted, parked_key};
use crate::change::{Change, Origin};
use crate::chart::Chart;
use crate::error::DeskError;
use parts::{MOST_RECORDS, best_description, blank, contradicting, parts, review};

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

impl Worker {
    /// Works through the cluster in order of arrival; merges come between what
    /// was said before them and after.
    pub(super) async fn run(mut self, cluster: Cluster) -> Result<Outcomes, DeskError> {
        let mut people: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
        for (person, entry) in cluster.entries {
            if matches!(entry.record, Record::Merge(_)) {
                self.take_people(std::mem::take(&mut people)).await?;
                self.merge(entry).await?;
            } else {
                people.entry(person).or_default().push(entry);
            }
        }
        self.take_people(people).await?;
        Ok(self.outcomes)
    }

    async fn take_people(&mut self, people: BTreeMap<usize, Vec<Entry>>) -> Result<(), DeskError> {
        for entries in people.into_values() {
            let fresh = self.sieve(entries).await?;
            if !fresh.is_empty() {
                self.take(fresh).await?;
            }
        }
        Ok(())
    }

    /// Counts what says nothing new as unchanged and returns the rest.
    ///
    /// Of several words under one key only the last counts for that: where a file
    /// holds a record in two versions, reading it once more changes nothing.
    async fn sieve(&mut self, entries: Vec<Entry>) -> Result<Vec<Fresh>, DeskError> {
        let mut last: HashMap<Slot, usize> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if !is_stale(entry, self.index.known(&entry.slot())) {
                last.insert(entry.slot(), at);
            }
        }
        let is_said = |slot: &Slot| {
            let print = self.index.known(slot).and_then(|known| known.print);
            let newest = last.get(slot).and_then(|at| entries.get(*at));
            print.is_some() && newest.is_some_and(|newest| print == Some(newest.print))
        };
        let said: HashSet<Slot> = last.keys().filter(|slot| is_said(slot)).cloned().collect();
        let mut now: HashMap<Slot, Known> = HashMap::new();
        let (mut fresh, mut gone) = (Vec::new(), Vec::new());
        for entry in entries {
            let slot = entry.slot();
            let before = now.get(&slot).copied().or_else(|| self.index.known(&slot));
            let same = before.is_some_and(|known| known.print == Some(entry.print));
            let stale = is_stale(&entry, before);
            if stale && !same {
                let reason = "is older than what is known from the same source";
                let problem = entry
                    .origin
                    .problem("changed_at", reason, Severity::Ignored);
                self.outcomes.problems.push((entry.number, problem));
            }
            if same || stale || said.contains(&slot) {
                if entry.parked {
                    gone.push(Write::ParkedGone(parked_key(&entry)));
                } else {
                    self.outcomes
                        .verdicts
                        .push((entry.kind(), Verdict::Unchanged));
                }
                continue;
            }
            let known = Known {
                entity: before.and_then(|known| known.entity),
                print: Some(entry.print),
                changed_at: entry.changed_at,
            };
            now.insert(slot, known);
            fresh.push(Fresh { entry, before });
        }
        if !gone.is_empty() {
            let mut commit = Commit::new(&self.scene.access);
            commit.extend(gone);
            self.scene.desk.db().commit(commit).await?;
        }
        Ok(fresh)
    }

    /// Takes what is new of one person.
    async fn take(&mut self, fresh: Vec<Fresh>) -> Result<(), DeskError> {
        let known = fresh.iter().find_map(|fresh| {
            let keys = super::shelf::patient_keys(&fresh.entry);
            keys.into_iter().find_map(|key| self.index.patient(key))
        });
        let who = match known {
            Some(patient) => Who::Known(patient),
            None => match self.identify(&fresh).await? {
                Some(who) => who,
                None => return Ok(()),
            },
        };
        if let Who::Known(patient) = who
            && fresh
                .iter()
                .all(|fresh| matches!(fresh.entry.record, Record::Document(_)))
        {
            return self.keep_documents(patient, &fresh).await;
        }
        let mut who = who;
        for part in parts(fresh, self.scene.now) {
            let Some(patient) = self.decide(&who, part).await? else {
                return Ok(());
            };
            who = Who::Known(patient);
        }
        Ok(())
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
                self.keep_out(fresh, entry.patient_field(), why.words());
                return Ok(None);
            }
        };
        let mut told = Told::default();
        let patient = new_patient(&self.scene, &self.index, entry, said, &mut told);
        self.absorb(told);
        let Some(patient) = patient else {
            self.keep_out(fresh, name_field(entry), NAMELESS);
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
    fn keep_out(&mut self, fresh: &[Fresh], field: &str, reason: &str) {
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
                let (row, learnt) = noted(fresh, None, patient, Some(document.json.clone()));
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
    async fn decide(
        &mut self,
        who: &Who,
        part: Vec<Fresh>,
    ) -> Result<Option<PatientId>, DeskError> {
        for _ in 0..TRIES {
            let Some((chart, is_new)) = self.chart(who).await? else {
                return Err(DeskError::NotFound("patient"));
            };
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
                touched: std::collections::BTreeSet::new(),
                told: Told::default(),
            };
            let part = if is_new {
                part.clone()
            } else {
                contradicting(&mut work, part.clone())
            };
            if let Who::New {
                suspects, entry, ..
            } = who
            {
                work.registered(entry);
                review(&mut work, suspects);
            }
            if part.is_empty() {
                self.absorb(work.told);
                return Ok(Some(patient));
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
                // A record is not worth the run.
                Err(DeskError::Stale(reason)) => {
                    let mut told = Told::default();
                    for fresh in &part {
                        told.reject(&fresh.entry, "record", reason);
                    }
                    self.absorb(told);
                    return Ok((!is_new).then_some(patient));
                }
                Err(error) => return Err(error),
            }
        }
        Err(DeskError::Busy)
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
        if is_new
            || !part
                .iter()
                .any(|f| matches!(f.entry.record, Record::Patient(_)))
        {
            return Ok(Vec::new());
        }
        let mut ids: Vec<uuid::Uuid> = part
            .iter()
            .filter(|fresh| matches!(fresh.entry.record, Record::Patient(_)))
            .filter_map(|fresh| fresh.before.and_then(|known| known.entity))
            .collect();
        ids.push(chart.patient.id.uuid());
        ids.sort_unstable();
        ids.dedup();
        let mut said = Vec::new();
        for id in ids {
            said.extend(
                self.scene
                    .reader()
                    .sources_of(super::entry::PATIENT, id)
                    .await?,
            );
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
        let mut named: HashSet<uuid::Uuid> = self.index.named_episodes().collect();
        let of_visits = |fresh: &Fresh| !matches!(fresh.entry.record, Record::Patient(_));
        if !is_new && part.iter().any(of_visits) {
            for episode in &chart.episodes {
                let id = episode.id.uuid();
                if !named.contains(&id)
                    && !self
                        .scene
                        .reader()
                        .sources_of("episode", id)
                        .await?
                        .is_empty()
                {
                    named.insert(id);
                }
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

/// Tells whether a record was said before what is known.
fn is_stale(entry: &Entry, known: Option<Known>) -> bool {
    let times = known
        .and_then(|known| known.changed_at)
        .zip(entry.changed_at);
    times.is_some_and(|(known, said)| said < known)
}

fn first_or_again(fresh: &Fresh) -> Verdict {
    match fresh.before {
        Some(_) => Verdict::Updated,
        None => Verdict::Created,
    }
}
