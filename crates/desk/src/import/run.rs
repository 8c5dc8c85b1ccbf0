//! The run of an import: reads ahead, gathers batches, works on their clusters
//! side by side, and keeps what waits for its patient.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tendon_care::access::{Access, Permission};
use tendon_exchange::field::{Field, Names};
use tendon_exchange::record::ForeignKey;
use tendon_exchange::{Item, Position, Record, Severity};
use tendon_store::{Commit, Write};
use tokio::sync::mpsc;
use tokio::task::{self, JoinHandle, JoinSet};

use super::ImportOptions;
use super::arrival::Arrival;
use super::batch;
use super::entry::{Entry, Origin, Slot};
use super::parked;
use super::places::Places;
use super::report::{ImportReport, News, Verdict};
use super::scene::Scene;
use super::shelf::{Index, Known, Shelf, patient_keys};
use super::sieve::{Sifted, sift};
use super::stub::{self, Stub};
use super::waiting::{Held, Waiting};
use super::work::{Fresh, parked_key};
use super::worker::{Outcomes, Worker, first_or_again};
use crate::desk::Desk;
use crate::error::DeskError;

/// Bytes of a batch, at most, by [`Entry::weight`].
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Records and bytes that the reader hands over at once, and how many such
/// handfuls it may be ahead.
const HANDFUL: usize = 128;
const HANDFUL_BYTES: usize = 1024 * 1024;
const HANDFULS_AHEAD: usize = 16;

/// Bytes of records that wait for their patient in memory, for each record of a
/// batch; more are parked in the database. The usual batch makes 32 MB of it.
const WAITING_BYTES: usize = 8 * 1024;

/// Clusters that are worked on at once. Each waits for its commit, and the store
/// pays one fsync for all that wait.
const SIDE_BY_SIDE: usize = 64;

/// The clusters that are being worked on.
#[derive(Default)]
struct AtWork {
    tasks: JoinSet<Result<Outcomes, DeskError>>,
    stubs: HashMap<task::Id, Vec<Stub>>,
}

impl AtWork {
    fn start(&mut self, worker: Worker, cluster: batch::Cluster) {
        let stubs = Stub::of(&cluster);
        let task = self.tasks.spawn(worker.run(cluster));
        self.stubs.insert(task.id(), stubs);
    }

    /// Waits for the next one to be done; `None` once all are.
    async fn next(&mut self) -> Result<Option<Outcomes>, DeskError> {
        let (id, outcomes) = match self.tasks.join_next_with_id().await {
            None => return Ok(None),
            Some(Ok((id, done))) => (id, Some(done?)),
            Some(Err(died)) => (died.id(), None),
        };
        let stubs = self.stubs.remove(&id).unwrap_or_default();
        Ok(Some(outcomes.unwrap_or_else(|| stub::rejected(stubs))))
    }
}

/// A run of an import.
struct Run<'n> {
    scene: Arc<Scene>,
    places: Places,
    report: ImportReport,
    tell: &'n mut (dyn FnMut(News<'_>) + Send),
    waiting: Waiting,
    held: Held,
    /// Records wait in the database.
    parked: bool,
    number: u64,
    /// Records of a batch, at most.
    batch: usize,
    /// Batches done.
    batches: u64,
    /// Hashes of the keys that were told as rejected while they wait: they are
    /// forgiven when they are taken in before the run ends.
    told: HashSet<u64>,
}

impl Desk {
    /// Takes in the records of a reader; see [the module](self).
    ///
    /// *Errors*: the actor may not import; the database failed. Everything that
    /// was committed stays, and running again completes the rest.
    pub async fn import<I>(
        &self,
        access: &Access,
        items: I,
        options: &ImportOptions,
        tell: impl FnMut(News<'_>) + Send,
    ) -> Result<ImportReport, DeskError>
    where
        I: Iterator<Item = Item> + Send + 'static,
    {
        let source: Arc<str> = options.source_name.as_str().into();
        let arrivals = items.map(move |item| Arrival {
            item,
            source: Arc::clone(&source),
        });
        self.import_arrivals(access, arrivals, options, tell).await
    }

    /// Takes in records that know where they come from, such as those of
    /// [`read_fhir`](super::read_fhir).
    pub async fn import_arrivals<I>(
        &self,
        access: &Access,
        arrivals: I,
        options: &ImportOptions,
        mut tell: impl FnMut(News<'_>) + Send,
    ) -> Result<ImportReport, DeskError>
    where
        I: Iterator<Item = Arrival> + Send + 'static,
    {
        access.require(Permission::Import)?;
        let desk = match options.as_of {
            Some(at) => self.as_of(at),
            None => self.clone(),
        };
        let scene = Scene::open(desk, access.clone()).await?;
        let places = Places::load(&scene).await?;
        let parked = scene.reader().is_anything_parked().await?;
        let mut run = Run {
            scene: Arc::new(scene),
            places,
            report: ImportReport::default(),
            tell: &mut tell,
            waiting: Waiting::default(),
            held: Held::default(),
            parked,
            number: 0,
            batch: options.batch.max(1),
            batches: 0,
            told: HashSet::new(),
        };
        let done = run.all(arrivals).await;
        // Places were added by whom the house does not know.
        self.refresh();
        done?;
        Ok(run.report)
    }
}

/// Reads on a thread of its own, so that parsing and committing overlap.
fn read_ahead<I>(arrivals: I) -> (mpsc::Receiver<Vec<Arrival>>, JoinHandle<()>)
where
    I: Iterator<Item = Arrival> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(HANDFULS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let (mut handful, mut bytes) = (Vec::new(), 0);
        for arrival in arrivals {
            bytes += arrival.weight();
            handful.push(arrival);
            if handful.len() >= HANDFUL || bytes >= HANDFUL_BYTES {
                bytes = 0;
                // Whoever asked has gone: there is nobody to read for.
                if sender.blocking_send(std::mem::take(&mut handful)).is_err() {
                    return;
                }
            }
        }
        if !handful.is_empty() {
            let _ = sender.blocking_send(handful);
        }
    });
    (receiver, reading)
}

impl Run<'_> {
    async fn all<I>(&mut self, arrivals: I) -> Result<(), DeskError>
    where
        I: Iterator<Item = Arrival> + Send + 'static,
    {
        let (mut reader, reading) = read_ahead(arrivals);
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(handful) = reader.recv().await {
            for arrival in handful {
                if let Some(entry) = self.arrive(arrival) {
                    bytes += entry.weight();
                    batch.push(entry);
                }
            }
            if batch.len() >= self.batch || bytes >= BATCH_BYTES {
                self.batch(std::mem::take(&mut batch), false).await?;
                bytes = 0;
            }
            if self.held.is_full() {
                let held = self.held.drain();
                self.batch(held, true).await?;
            }
        }
        self.batch(batch, false).await?;
        let held = self.held.drain();
        self.batch(held, true).await?;
        if reading.await.is_err() {
            self.reading_died();
        }
        let left = self.waiting.drain();
        self.park(left).await?;
        (self.tell)(News::Progress(&self.report));
        Ok(())
    }

    /// Tells that the rest was not read; silence would pass for the end of the files.
    fn reading_died(&mut self) {
        let origin = Origin {
            source: "import".into(),
            position: Position::Source,
            names: Names::Plain,
        };
        let reason = "could not be read to its end because of a fault in this program; what had been read is taken in";
        self.report.count("unreadable", Verdict::Rejected);
        self.report.problems += 1;
        let problem = origin.problem((Field::Record, None), reason, Severity::Rejected);
        (self.tell)(News::Problem(&problem));
    }

    /// Tells what the reader had to say of an item and returns its record.
    fn arrive(&mut self, arrival: Arrival) -> Option<Entry> {
        let Arrival { item, source } = arrival;
        let (position, names, teller) = (item.position, item.names, item.teller);
        let rejected = |severity| severity == Severity::Rejected;
        if item.record.is_none() && item.problems.iter().any(|p| rejected(p.severity)) {
            self.report.count(kind_at(&position), Verdict::Rejected);
        }
        for problem in &item.problems {
            self.report.problems += 1;
            (self.tell)(News::Problem(problem));
        }
        self.number += 1;
        let origin = Origin {
            source,
            position,
            names,
        };
        let zone = &self.scene.house.practice.time_zone;
        let record = item.record?;
        Some(Entry::new(self.number, origin, record, zone).told_by(teller))
    }

    /// Works on a batch: what is news in it, places first, then every cluster.
    async fn batch(&mut self, entries: Vec<Entry>, last_call: bool) -> Result<(), DeskError> {
        let entries = self.held.join(entries);
        let entries = self.with_those_who_waited(entries).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let shelf = Arc::new(Shelf::load(self.scene.reader(), &entries).await?);
        let index = Index::new(shelf);
        let Sifted {
            mut fresh,
            held,
            gone,
            outcomes,
        } = sift(entries, &index, last_call);
        for entry in held {
            self.held.add(entry);
        }
        self.forget(&gone).await?;
        let before = self.places.count();
        for (kind, verdict) in self.places.settle(&self.scene, &fresh).await? {
            self.report.count(kind, verdict);
        }
        if self.places.count() != before {
            // The house decides by the zone of a place.
            self.scene.desk.refresh();
            let (desk, access) = (self.scene.desk.clone(), self.scene.access.clone());
            self.scene = Arc::new(Scene::open(desk, access).await?);
        }
        fresh.retain(|fresh| {
            !matches!(
                fresh.entry.record,
                Record::Location(_) | Record::Clinician(_)
            )
        });
        let (about_patients, others) = fresh
            .into_iter()
            .partition(|fresh: &Fresh| fresh.entry.awaits().is_some());
        let mut outcomes = vec![outcomes, self.keep_practice_documents(others).await?];
        let clusters = batch::part(about_patients, &index);
        self.work_on(clusters, index, &mut outcomes).await?;
        self.settle(outcomes).await?;
        self.batches += 1;
        // A load that grows the tables is planned anew each time it has doubled.
        if self.batches.is_power_of_two() {
            self.scene.desk.db().gather_statistics().await?;
        }
        (self.tell)(News::Progress(&self.report));
        Ok(())
    }

    async fn work_on(
        &self,
        clusters: Vec<batch::Cluster>,
        index: Index,
        outcomes: &mut Vec<Outcomes>,
    ) -> Result<(), DeskError> {
        let places = Arc::new(self.places.clone());
        let mut at_work = AtWork::default();
        for cluster in clusters {
            if at_work.tasks.len() == SIDE_BY_SIDE {
                outcomes.extend(at_work.next().await?);
            }
            let worker = Worker {
                scene: Arc::clone(&self.scene),
                places: Arc::clone(&places),
                index: index.clone(),
                outcomes: Outcomes::default(),
            };
            at_work.start(worker, cluster);
        }
        while let Some(done) = at_work.next().await? {
            outcomes.push(done);
        }
        Ok(())
    }

    /// Keeps documents that are about no patient.
    async fn keep_practice_documents(&self, fresh: Vec<Fresh>) -> Result<Outcomes, DeskError> {
        let mut outcomes = Outcomes::default();
        let mut commit = Commit::new(&self.scene.access);
        for fresh in fresh {
            let Record::Document(document) = &fresh.entry.record else {
                continue;
            };
            let slot = fresh.entry.slot();
            let known = Known::after(fresh.before.as_ref(), &fresh.entry);
            let verdict = (fresh.entry.kind(), first_or_again(&fresh));
            outcomes.verdicts.push(verdict);
            commit.push(Write::Source(Box::new(tendon_store::SourceRow {
                kind: slot.kind,
                system: slot.key.system,
                value: slot.key.value,
                entity: None,
                patient: None,
                hash: known.hash(),
                changed_at: known.changed_at,
                body: Some(document.json.clone()),
            })));
        }
        if !commit.is_empty() {
            self.scene.desk.db().commit(commit).await?;
        }
        Ok(outcomes)
    }

    /// Takes records out of the database that waited there and say nothing new.
    async fn forget(&self, gone: &[Entry]) -> Result<(), DeskError> {
        let mut commit = Commit::new(&self.scene.access);
        commit.extend(
            gone.iter()
                .map(|entry| Write::ParkedGone(parked_key(entry))),
        );
        if !commit.is_empty() {
            self.scene.desk.db().commit(commit).await?;
        }
        Ok(())
    }

    /// Counts and tells what became of a batch, in the order of arrival.
    async fn settle(&mut self, outcomes: Vec<Outcomes>) -> Result<(), DeskError> {
        let mut problems = Vec::new();
        for outcome in outcomes {
            for (kind, verdict) in outcome.verdicts {
                self.report.count(kind, verdict);
            }
            for kind in outcome.forgiven {
                self.report.forgive(kind);
            }
            problems.extend(outcome.problems);
            for entry in outcome.waiting {
                // What is parked already stays where it is.
                if !entry.parked {
                    self.waiting.add(entry);
                }
            }
        }
        problems.sort_by_key(|(number, _)| *number);
        for (_, problem) in &problems {
            self.report.problems += 1;
            (self.tell)(News::Problem(problem));
        }
        if self.waiting.bytes > WAITING_BYTES.saturating_mul(self.batch) {
            let all = self.waiting.drain();
            self.park(all).await?;
        }
        Ok(())
    }

    /// Brings in what waited for patients who are in this batch.
    async fn with_those_who_waited(
        &mut self,
        entries: Vec<Entry>,
    ) -> Result<Vec<Entry>, DeskError> {
        let mut keys: Vec<ForeignKey> = entries
            .iter()
            .filter(|entry| entry.person().is_some() || matches!(entry.record, Record::Merge(_)))
            .flat_map(patient_keys)
            .cloned()
            .collect();
        keys.sort();
        keys.dedup();
        let mut waited: Vec<Entry> = keys.iter().flat_map(|key| self.waiting.take(key)).collect();
        if self.parked {
            let zone = self.scene.house.practice.time_zone.clone();
            let mut wanted: HashMap<&str, Vec<String>> = HashMap::new();
            for key in &keys {
                wanted
                    .entry(&key.system)
                    .or_default()
                    .push(key.value.clone());
            }
            for (system, values) in wanted {
                for row in self.scene.reader().parked_for(system, &values).await? {
                    self.number += 1;
                    if let Some(mut entry) = parked::read(&row, self.number, &zone) {
                        entry.told = self.told.contains(&hash_of(&entry.slot()));
                        waited.push(entry);
                    }
                }
            }
        }
        waited.sort_by_key(|entry| entry.number);
        waited.extend(entries);
        Ok(waited)
    }

    /// Keeps records in the database until their patient comes, and tells that
    /// they are not taken in.
    async fn park(&mut self, entries: Vec<Entry>) -> Result<(), DeskError> {
        for some in entries.chunks(HANDFUL) {
            let mut commit = Commit::new(&self.scene.access);
            for entry in some {
                let row = parked::write(entry, self.scene.now);
                commit.extend(row.map(|row| Write::Parked(Box::new(row))));
            }
            if !commit.is_empty() {
                self.scene.desk.db().commit(commit).await?;
                self.parked = true;
            }
            for entry in some {
                let reason = match entry.record {
                    Record::Merge(_) => {
                        "names a survivor who is not known; it is kept and taken in when they come"
                    }
                    _ => {
                        "names a patient who is not known; it is kept and taken in when the patient comes"
                    }
                };
                let problem = entry.problem(Field::Patient, reason, Severity::Rejected);
                self.told.insert(hash_of(&entry.slot()));
                self.report.count(entry.kind(), Verdict::Rejected);
                self.report.problems += 1;
                (self.tell)(News::Problem(&problem));
            }
        }
        Ok(())
    }
}

fn hash_of(slot: &Slot) -> u64 {
    let mut hasher = DefaultHasher::new();
    slot.hash(&mut hasher);
    hasher.finish()
}

/// Returns the kind under which a record counts that could not be read.
fn kind_at(position: &Position) -> &'static str {
    let reference = match position {
        Position::Resource { reference, .. } => reference.split('/').next().unwrap_or_default(),
        _ => "",
    };
    match reference {
        "Patient" => "patient",
        "Appointment" | "Encounter" => "appointment",
        "Practitioner" => "clinician",
        "Location" => "location",
        "EpisodeOfCare" => "episode",
        "CarePlan" => "plan",
        "ServiceRequest" => "referral",
        "" => "unreadable",
        _ => "document",
    }
}
