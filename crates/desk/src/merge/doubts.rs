//! Doubts whether two records are one person, and what a person says about them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tendon_care::access::{Access, Permission};
use tendon_care::id::{PatientId, TaskId};
use tendon_care::task::{Task, TaskKind, TaskState};
use tendon_store::{Action, AuditEntry, Commit, CommitError, MatchReviewRow, Reader, Write};

use crate::desk::{Desk, TRIES};
use crate::error::DeskError;

/// Another record that may be the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The other record.
    pub other: PatientId,
    /// How likely they are one, from 0 to 1.
    pub posterior: f64,
    /// Which fields speak for it and against it, without their values.
    pub evidence: String,
    /// When it was noticed.
    pub found_at: Timestamp,
}

impl Desk {
    /// Returns the records that may be the same person as this one, the likeliest
    /// first, those that were merged as whom they were merged into.
    pub async fn doubts_about(
        &self,
        access: &Access,
        patient: PatientId,
    ) -> Result<Vec<Doubt>, DeskError> {
        access.require(Permission::MergePatients)?;
        let reader = self.reader(access);
        let (open, me) = (Open::read(reader).await?, reader.root_of(patient).await?);
        let mut seen = HashSet::new();
        let mut doubts: Vec<Doubt> = Vec::new();
        for row in &open.rows {
            let other = match (open.root(row.a), open.root(row.b)) {
                (a, b) if a == me => b,
                (a, b) if b == me => a,
                _ => continue,
            };
            if other != me && seen.insert(other) {
                doubts.push(Doubt {
                    other,
                    posterior: row.posterior,
                    evidence: row.evidence.clone(),
                    found_at: row.found_at,
                });
            }
        }
        Ok(doubts)
    }

    /// Keeps two records apart: they are two people, and nobody is asked again.
    ///
    /// *Errors*: the actor may not merge; there is no doubt about the two.
    pub async fn keep_apart(
        &self,
        access: &Access,
        one: PatientId,
        other: PatientId,
    ) -> Result<(), DeskError> {
        access.require(Permission::MergePatients)?;
        for _ in 0..TRIES {
            let answer = Answer::about(self.reader(access), one, other).await?;
            if answer.reviews.is_empty() {
                return Err(DeskError::Stale("nobody asks about these two any more"));
            }
            let commit = self.apart(access, [one, other], answer);
            match self.db().commit(commit).await {
                // Somebody else has answered, or made the two one.
                Err(CommitError::Conflict { .. }) => {}
                done => return Ok(done?),
            }
        }
        Err(DeskError::Busy)
    }

    fn apart(&self, access: &Access, pair: [PatientId; 2], answer: Answer) -> Commit {
        let now = self.now();
        let mut commit = Commit::new(access);
        for review in answer.reviews {
            let both = (review.a, review.b);
            commit.push(Write::MatchReviewSettled(both, now, "different"));
        }
        for task in answer.tasks {
            commit.push(Write::TaskSettled(task, now));
        }
        for patient in pair {
            let entry = AuditEntry::new(access, now, Action::Update, "patient");
            commit.audit(entry.about(patient).with("kept apart"));
        }
        commit
    }
}

/// The doubts that wait for a person, and who their records are by now.
struct Open {
    rows: Vec<MatchReviewRow>,
    roots: HashMap<PatientId, PatientId>,
}

impl Open {
    async fn read(reader: Reader<'_>) -> Result<Self, DeskError> {
        let roots = reader.retired_in_reviews().await?;
        Ok(Self {
            rows: reader.match_reviews(u16::MAX).await?,
            roots: roots.into_iter().collect(),
        })
    }

    fn root(&self, patient: PatientId) -> PatientId {
        self.roots.get(&patient).copied().unwrap_or(patient)
    }
}

/// What is settled once it is known whether two records are one person.
pub(super) struct Answer {
    /// The doubts about the two.
    pub(super) reviews: Vec<MatchReviewRow>,
    /// Tasks that asked this and ask nothing else.
    pub(super) tasks: Vec<TaskId>,
}

impl Answer {
    pub(super) async fn about(
        reader: Reader<'_>,
        one: PatientId,
        other: PatientId,
    ) -> Result<Self, DeskError> {
        let open = Open::read(reader).await?;
        let both = [reader.root_of(one).await?, reader.root_of(other).await?];
        let (mut reviews, mut left) = (Vec::new(), HashSet::new());
        for row in &open.rows {
            let pair = [open.root(row.a), open.root(row.b)];
            if pair.iter().all(|patient| both.contains(patient)) {
                reviews.push(row.clone());
            } else {
                left.extend(pair);
            }
        }
        let mut tasks = Vec::new();
        for patient in both.into_iter().filter(|patient| !left.contains(patient)) {
            let of_patient = reader.tasks_of(patient).await?.into_iter();
            let asks =
                |task: &Task| task.kind == TaskKind::ReviewMatch && task.state == TaskState::Open;
            tasks.extend(of_patient.filter(asks).map(|task| task.id));
        }
        Ok(Self { reviews, tasks })
    }
}
