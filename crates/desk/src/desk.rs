//! The handle that every use case hangs on.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_care::id::{Id, MessageId, PatientId, PracticeId};
use tendon_care::rules::Rules;
use tendon_care::{Clock, Mint, Randomness};
use tendon_store::{Commit, CommitError, Db, MessageRow, Once, Reader, Versioned};

use crate::carriers::Carriers;
use crate::change::{Change, Origin};
use crate::chart::Chart;
use crate::error::DeskError;
use crate::house::House;
use crate::turns::Turns;

/// How often a use case decides again when others change the same record.
pub(crate) const TRIES: usize = 8;

/// Tasks that share the patients of a round; more than cores are of no use.
const LANES: usize = 4;

/// The use cases of Tendon. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    db: Db,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    /// Ids are made by this one. It goes on where the other stands still, so that rows
    /// lie in the order in which they were made.
    ids: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    carriers: Carriers,
    turns: Turns,
    public_url: String,
    rules: Arc<Rules>,
    side_by_side: usize,
    houses: RwLock<HashMap<PracticeId, Arc<House>>>,
}

/// What a desk is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// The one source of randomness.
    pub randomness: Arc<dyn Randomness>,
    /// Who carries messages.
    pub carriers: Carriers,
    /// Where patients reach the portal, without a slash at the end.
    pub public_url: String,
    /// The law and the limits.
    pub rules: Arc<Rules>,
    /// Patients that the workers handle side by side. With 1 everything happens
    /// in one order: a simulation with the same seed is the same to the byte.
    pub side_by_side: usize,
}

impl Desk {
    /// Makes a desk.
    pub fn new(parts: Parts) -> Self {
        let ids = Arc::clone(&parts.clock);
        Self::with_ids_of(ids, parts)
    }

    fn with_ids_of(ids: Arc<dyn Clock>, parts: Parts) -> Self {
        let Parts {
            db,
            clock,
            randomness,
            carriers,
            public_url,
            rules,
            side_by_side,
        } = parts;
        let houses = RwLock::default();
        Self {
            db,
            inner: Arc::new(Inner {
                clock,
                ids,
                randomness,
                turns: Turns::new(&carriers),
                carriers,
                public_url,
                rules,
                side_by_side: side_by_side.max(1),
                houses,
            }),
        }
    }

    /// Returns a desk for the same practices whose clock stands at a moment: what
    /// is loaded as of then is decided as of then.
    pub(crate) fn as_of(&self, at: Timestamp) -> Self {
        #[derive(Debug)]
        struct Stopped(Timestamp);
        impl Clock for Stopped {
            fn now(&self) -> Timestamp {
                self.0
            }
        }
        let parts = Parts {
            db: self.db.clone(),
            clock: Arc::new(Stopped(at)),
            randomness: Arc::clone(&self.inner.randomness),
            carriers: self.inner.carriers.clone(),
            public_url: self.inner.public_url.clone(),
            rules: Arc::clone(&self.inner.rules),
            side_by_side: self.inner.side_by_side,
        };
        Self::with_ids_of(Arc::clone(&self.inner.ids), parts)
    }

    /// Returns the database, for reading.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Returns a desk for one request: its first commit that does something
    /// carries the request's key, so that asking again does nothing again.
    #[must_use]
    pub fn once(&self, once: Arc<Once>) -> Self {
        Self {
            db: self.db.once(once),
            inner: Arc::clone(&self.inner),
        }
    }

    /// Returns the present.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns what makes ids and tokens.
    pub fn mint(&self) -> Mint<'_> {
        Mint::new(&*self.inner.ids, &*self.inner.randomness)
    }

    /// Returns who carries messages.
    pub fn carriers(&self) -> &Carriers {
        &self.inner.carriers
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    /// Returns where patients reach the portal.
    pub fn public_url(&self) -> &str {
        &self.inner.public_url
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.inner.rules
    }

    /// Returns what a practice has set up.
    pub async fn house(&self, practice: PracticeId) -> Result<Arc<House>, DeskError> {
        let known = self
            .inner
            .houses
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&practice)
            .cloned();
        if let Some(house) = known {
            return Ok(house);
        }
        let access = Access::system(practice, "settings");
        let house =
            Arc::new(House::load(self.db().reader(&access), Arc::clone(self.rules())).await?);
        let mut houses = self
            .inner
            .houses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        houses.insert(practice, Arc::clone(&house));
        Ok(house)
    }

    /// Forgets what was set up, so that it is read again: after a change of
    /// settings here, and now and then for changes on other nodes.
    pub fn refresh(&self) {
        self.inner
            .houses
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn reader<'a>(&'a self, access: &'a Access) -> Reader<'a> {
        self.db().reader(access)
    }

    /// Decides on a patient and commits what follows: facts, journeys' reactions
    /// and the audit row, all or none. Decides again when others were faster.
    pub(crate) async fn change<T>(
        &self,
        access: &Access,
        patient: PatientId,
        origin: Origin,
        decide: impl Fn(&mut Change<'_>) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        self.change_all(access, &[patient], origin, |changes| match changes {
            [change, ..] => decide(change),
            [] => Err(DeskError::NotFound("patient")),
        })
        .await
    }

    /// Decides on a patient whose chart was just read, and reads it again only where
    /// others change the same record meanwhile.
    pub(crate) async fn change_read<T>(
        &self,
        access: &Access,
        chart: Chart,
        origin: Origin,
        decide: impl Fn(&mut Change<'_>) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let house = self.house(access.practice).await?;
        let patient = chart.patient.id;
        let mut change = Change::new(self, &house, access, origin, chart);
        let answer = decide(&mut change)?;
        if self.settle(access, vec![change]).await? {
            return Ok(answer);
        }
        self.change(access, patient, origin, decide).await
    }

    /// Decides on several patients at once, such as all who have a phone: the
    /// changes come in the order of `patients`, those who are one person by now
    /// once, and are committed together or not at all.
    pub(crate) async fn change_all<T>(
        &self,
        access: &Access,
        patients: &[PatientId],
        origin: Origin,
        decide: impl Fn(&mut [Change<'_>]) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let house = self.house(access.practice).await?;
        for _ in 0..TRIES {
            let mut changes: Vec<Change<'_>> = Vec::with_capacity(patients.len());
            for patient in patients {
                let chart = Chart::load(self.reader(access), *patient).await?;
                let chart = chart.ok_or(DeskError::NotFound("patient"))?;
                if changes
                    .iter()
                    .all(|known| known.chart.patient.id != chart.patient.id)
                {
                    changes.push(Change::new(self, &house, access, origin, chart));
                }
            }
            let answer = decide(&mut changes)?;
            if self.settle(access, changes).await? {
                return Ok(answer);
            }
        }
        Err(DeskError::Busy)
    }

    /// Decides on an outgoing message of any state, read anew for each try: what
    /// two carriers' answers or a person and a receipt say at the same time is
    /// decided one after the other.
    pub(crate) async fn change_message<T>(
        &self,
        access: &Access,
        message: MessageId,
        decide: impl Fn(&mut Change<'_>, &Versioned<MessageRow>) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let house = self.house(access.practice).await?;
        for _ in 0..TRIES {
            let row = self.reader(access).message(message).await?;
            let row = row.ok_or(DeskError::NotFound("message"))?;
            let chart = Chart::load(self.reader(access), row.message.patient).await?;
            let chart = chart.ok_or(DeskError::NotFound("patient"))?;
            let mut change = Change::new(self, &house, access, Origin::Live, chart);
            let answer = decide(&mut change, &row)?;
            if self.settle(access, vec![change]).await? {
                return Ok(answer);
            }
        }
        Err(DeskError::Busy)
    }

    /// Commits what was decided; `false` where others were faster.
    pub(crate) async fn settle(
        &self,
        access: &Access,
        changes: Vec<Change<'_>>,
    ) -> Result<bool, DeskError> {
        let (mut commit, mut last) = (Commit::new(access), Vec::new());
        for change in changes {
            let (writes, standings) = change.finish()?;
            commit.absorb(writes);
            last.extend(standings);
        }
        commit.extend(last);
        if commit.is_empty() {
            return Ok(true);
        }
        match self.db().commit(commit).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs one piece of work for each patient, side by side or one by one.
    /// Returns the sum of what they answer.
    pub(crate) async fn for_each_patient<W, F>(
        &self,
        work: Vec<W>,
        run: impl Fn(Self, W) -> F,
    ) -> usize
    where
        F: Future<Output = usize> + Send + 'static,
    {
        let mut failed = 0;
        if self.inner.side_by_side == 1 {
            for piece in work {
                failed += run(self.clone(), piece).await;
            }
            return failed;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for piece in work {
            if tasks.len() >= self.inner.side_by_side {
                failed += tasks.join_next().await.map_or(0, |done| done.unwrap_or(1));
            }
            tasks.spawn(run(self.clone(), piece));
        }
        while let Some(done) = tasks.join_next().await {
            failed += done.unwrap_or(1);
        }
        failed
    }

    /// Runs one piece of work for each patient, all at once or one by one, where none
    /// waits for anybody outside. Returns the sum of what they answer.
    ///
    /// A task for each would cost more than the work: a few take a share each, and
    /// commits that are begun together are committed together.
    pub(crate) async fn for_all_patients<W, F>(
        &self,
        mut work: Vec<W>,
        run: impl Fn(Self, W) -> F,
    ) -> usize
    where
        F: Future<Output = usize> + Send + 'static,
    {
        if self.inner.side_by_side == 1 {
            return self.for_each_patient(work, run).await;
        }
        let share = work.len().div_ceil(LANES).max(1);
        let mut lanes = tokio::task::JoinSet::new();
        while !work.is_empty() {
            let rest = work.split_off(share.min(work.len()));
            let lane: Vec<F> = work
                .into_iter()
                .map(|piece| run(self.clone(), piece))
                .collect();
            lanes.spawn(async move {
                let done = futures_util::future::join_all(lane).await;
                done.into_iter().sum()
            });
            work = rest;
        }
        let mut failed = 0;
        while let Some(done) = lanes.join_next().await {
            failed += done.unwrap_or(share);
        }
        failed
    }

    /// Returns a random lease number.
    pub(crate) fn lease_id(&self) -> uuid::Uuid {
        // Any id's bytes will do: a lease is never shown.
        self.mint().id::<tendon_care::id::TimerId>().uuid()
    }
}
